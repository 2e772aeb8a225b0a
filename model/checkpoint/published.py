"""Names of the published checkpoints, and what they are called here: the only place that knows them."""

import re
from collections.abc import Container, Mapping

from torch import Tensor

PREFIXES = ("cnn_backbone.", "vit_backbone.", "lite_aggr.", "light_weight_decoder.")
VIT_BLOCKS = "spatial_extractor.vit.blocks."

# First match wins; None drops the entry: inference never uses it.
_RENAMES: tuple[tuple[str, str | None], ...] = (
    (r"light_weight_decoder\.criterion\..*", None),
    (r"cnn_backbone\.clip_model\.logit_scale", "clip_logit_scale"),
    (r"cnn_backbone\.clip_model\.visual\.(.*)", r"backbone.tower.\1"),
    (r"cnn_backbone\.clip_model\.(.*)", r"text_encoder.tower.\1"),
    (r"vit_backbone\.clip_model\.visual\.transformer\.resblocks\.(.*)", r"spatial_extractor.vit.blocks.\1"),
    (
        r"vit_backbone\.clip_model\.visual\.((?:conv1|ln_pre)\..*|class_embedding|positional_embedding)",
        r"spatial_extractor.vit.\1",
    ),
    (r"vit_backbone\..*", None),
    (r"light_weight_decoder\.output_upscaling\.(.*)", r"spatial_extractor.upsampling.\1"),
    (r"lite_aggr\.deconv\.lateral_conv(\d)\.(.*)", r"aggregator.lateral.<3-\1>.\2"),
    (r"lite_aggr\.deconv\.deform_conv(\d)\.(.*)", r"aggregator.top_down.<\1-1>.\2"),
    (r"lite_aggr\.deconv\.conv_a(\d)\.(.*)", r"aggregator.reduce.<\1-2>.\2"),
    (r"lite_aggr\.deconv\.output_conv\.(.*)", r"aggregator.fuse.\1"),
    (r"lite_aggr\.deconv\.bias", "aggregator.bias"),
    (r"lite_aggr\.loc_conv\.(.*)", r"aggregator.location.\1"),
    (r"light_weight_decoder\.vas\.embed_conv\.(depthwise|pointwise)\.norm\.(.*)", r"vas.\1_bn.\2"),
    (r"light_weight_decoder\.vas\.embed_conv\.(.*)", r"vas.\1"),
    (r"light_weight_decoder\.vas\.guide_fc\.(.*)", r"vas.guide.\1"),
    (r"light_weight_decoder\.vas\.(scale|offset)", r"vas.\1"),
    (r"light_weight_decoder\.object_kernels\.weight", "decoder.object_kernels"),
    (r"light_weight_decoder\.mask_heads\.(\d)\.(.*)", r"decoder.stages.\1.\2"),
    (r"void_embedding\.weight", "void_row.embedding"),
)

# Inside a decoder stage; applied after the table above.
_STAGE_RENAMES: tuple[tuple[str, str], ...] = (
    (r"tdee\.dynamic_layer\.", "instance_embedding.fusion.mask_parameters."),
    (r"tdee\.input_layer\.", "instance_embedding.fusion.spatial_parameters."),
    (r"tdee\.update_router\.", "instance_embedding.fusion.mask_router."),
    (r"tdee\.input_router\.", "instance_embedding.fusion.spatial_router."),
    (r"tdee\.norm_in\.", "instance_embedding.fusion.mask_router_norm."),
    (r"tdee\.input_norm_in\.", "instance_embedding.fusion.spatial_router_norm."),
    (r"tdee\.norm_out\.", "instance_embedding.fusion.mask_norm."),
    (r"tdee\.input_norm_out\.", "instance_embedding.fusion.spatial_norm."),
    (r"tdee\.fc_layer\.", "instance_embedding.fusion.output."),
    (r"tdee\.fc_norm\.", "instance_embedding.fusion.output_norm."),
    (r"f_atten\.weight_linear\.", "feature_attention.kernel."),
    (r"f_atten\.", "feature_attention."),
    (r"f_atten_norm\.", "feature_norm."),
    (r"k_atten\.weight_linear\.", "kernel_attention.kernel."),
    (r"k_atten\.", "kernel_attention."),
    (r"k_atten_norm\.", "kernel_norm."),
    (r"s_atten\.", "self_attention."),
    (r"s_atten_norm\.", "self_attention_norm."),
    (r"ffn\.layers\.0\.0\.", "ffn.layers.0."),
    (r"mask_fcs\.", "mask_kernel."),
    (r"fc_mask\.", "mask_kernel.3."),
    (r"_mask_pooling_proj\.", "instance_embedding.mask_embedding."),
    (r"_spatial_mask_pooling_proj\.", "instance_embedding.spatial_embedding."),
    (r"class_embed\.", "class_embedding."),
)


def is_published(state_dict: Mapping[str, Tensor]) -> bool:
    """Whether the names are those of a published checkpoint."""
    return any(name.startswith(PREFIXES) for name in state_dict)


def our_name(published: str) -> str | None:
    """Our name of a published entry; None where inference never uses it; KeyError if unknown."""
    for pattern, replacement in _RENAMES:
        match = re.fullmatch(pattern, published)
        if match is None:
            continue
        if replacement is None:
            return None
        name = re.sub(r"<(\d)-(\d)>", lambda m: str(int(m[1]) - int(m[2])), match.expand(replacement))
        return _stage_name(name)
    raise KeyError(published)


def _stage_name(name: str) -> str:
    match = re.fullmatch(r"(decoder\.stages\.\d\.)(.*)", name)
    if match is None:
        return name
    for pattern, replacement in _STAGE_RENAMES:
        if re.match(pattern, match[2]):
            return match[1] + re.sub(pattern, replacement, match[2], count=1)
    return name


def rename(state_dict: Mapping[str, Tensor], wanted: Container[str]) -> dict[str, Tensor]:
    """A published state dict under our names, without what inference never uses.

    That includes the ViT's blocks that are not among the wanted names. Unknown entries keep their
    names, so that the check against the variant reports them.
    """
    renamed = {}
    for name, tensor in state_dict.items():
        try:
            ours = our_name(name)
        except KeyError:
            ours = name
        if ours is not None and (ours in wanted or not ours.startswith(VIT_BLOCKS)):
            renamed[ours] = tensor
    return renamed
