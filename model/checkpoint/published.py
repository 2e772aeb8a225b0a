"""Mapping between parameter names of the published checkpoints and ours."""

from collections.abc import Container, Mapping, Sequence

from torch import Tensor

PREFIXES = ("cnn_backbone.", "vit_backbone.", "lite_aggr.", "light_weight_decoder.")
CNN_CLIP, VIT_CLIP = "cnn_backbone.clip_model.", "vit_backbone.clip_model."
VIT_BLOCKS = "spatial_extractor.vit.blocks."
NUM_STAGES = 3

# Unused in inference: the ViT's text tower, its layers after the blocks, and the weights of the losses.
_UNUSED = (
    *(f"{VIT_CLIP}{part}" for part in ("transformer.", "token_embedding.", "positional_embedding")),
    *(f"{VIT_CLIP}{part}" for part in ("ln_final.", "text_projection", "logit_scale")),
    f"{VIT_CLIP}visual.ln_post.",
    f"{VIT_CLIP}visual.proj",
    "light_weight_decoder.criterion.",
)

# (published prefix, our prefix) inside one decoder stage.
_STAGE_PAIRS = (
    ("tdee.dynamic_layer.", "instance_embedding.fusion.mask_parameters."),
    ("tdee.input_layer.", "instance_embedding.fusion.spatial_parameters."),
    ("tdee.update_router.", "instance_embedding.fusion.mask_router."),
    ("tdee.input_router.", "instance_embedding.fusion.spatial_router."),
    ("tdee.norm_in.", "instance_embedding.fusion.mask_router_norm."),
    ("tdee.input_norm_in.", "instance_embedding.fusion.spatial_router_norm."),
    ("tdee.norm_out.", "instance_embedding.fusion.mask_norm."),
    ("tdee.input_norm_out.", "instance_embedding.fusion.spatial_norm."),
    ("tdee.fc_layer.", "instance_embedding.fusion.output."),
    ("tdee.fc_norm.", "instance_embedding.fusion.output_norm."),
    ("f_atten.weight_linear.", "feature_attention.kernel."),
    ("f_atten.", "feature_attention."),
    ("f_atten_norm.", "feature_norm."),
    ("k_atten.weight_linear.", "kernel_attention.kernel."),
    ("k_atten.", "kernel_attention."),
    ("k_atten_norm.", "kernel_norm."),
    ("s_atten.", "self_attention."),
    ("s_atten_norm.", "self_attention_norm."),
    ("ffn.layers.0.0.", "ffn.layers.0."),
    ("fc_mask.", "mask_kernel.3."),
    ("mask_fcs.", "mask_kernel."),
    ("_mask_pooling_proj.", "instance_embedding.mask_embedding."),
    ("_spatial_mask_pooling_proj.", "instance_embedding.spatial_embedding."),
    ("class_embed.", "class_embedding."),
    ("", ""),
)

# (published prefix, our prefix) of all names; the first match is used, in both directions.
_PAIRS = (
    (f"{CNN_CLIP}logit_scale", "clip_logit_scale"),
    (f"{CNN_CLIP}visual.", "backbone.tower."),
    (CNN_CLIP, "text_encoder.tower."),
    (f"{VIT_CLIP}visual.transformer.resblocks.", VIT_BLOCKS),
    (f"{VIT_CLIP}visual.", "spatial_extractor.vit."),
    ("light_weight_decoder.output_upscaling.", "spatial_extractor.upsampling."),
    *((f"lite_aggr.deconv.lateral_conv{i}.", f"aggregator.lateral.{3 - i}.") for i in range(4)),
    *((f"lite_aggr.deconv.deform_conv{i}.", f"aggregator.top_down.{i - 1}.") for i in (1, 2, 3)),
    *((f"lite_aggr.deconv.conv_a{i}.", f"aggregator.reduce.{i - 2}.") for i in (2, 3, 4, 5)),
    ("lite_aggr.deconv.output_conv.", "aggregator.fuse."),
    ("lite_aggr.deconv.bias", "aggregator.bias"),
    ("lite_aggr.loc_conv.", "aggregator.location."),
    *((f"light_weight_decoder.vas.{name}", f"vas.{name}") for name in ("scale", "offset")),
    ("light_weight_decoder.vas.guide_fc.", "vas.guide."),
    ("light_weight_decoder.vas.embed_conv.depthwise.norm.", "vas.depthwise_bn."),
    ("light_weight_decoder.vas.embed_conv.pointwise.norm.", "vas.pointwise_bn."),
    ("light_weight_decoder.vas.embed_conv.", "vas."),
    ("light_weight_decoder.object_kernels.weight", "decoder.object_kernels"),
    *(
        (f"light_weight_decoder.mask_heads.{stage}.{theirs}", f"decoder.stages.{stage}.{ours}")
        for stage in range(NUM_STAGES)
        for theirs, ours in _STAGE_PAIRS
    ),
    ("void_embedding.weight", "void_row.embedding"),
)
_REVERSED = tuple((ours, theirs) for theirs, ours in _PAIRS)


def is_published(state_dict: Mapping[str, Tensor]) -> bool:
    """Return whether the names are those of a published checkpoint."""
    return any(name.startswith(PREFIXES) for name in state_dict)


def our_name(published: str) -> str | None:
    """Return our name of a published entry, None if inference does not use it; unknown names are kept."""
    return None if published.startswith(_UNUSED) else _translate(published, _PAIRS)


def published_name(ours: str) -> str:
    """Return the published name of one of our entries; unknown names are kept."""
    return _translate(ours, _REVERSED)


def rename(state_dict: Mapping[str, Tensor], wanted: Container[str]) -> dict[str, Tensor]:
    """Return a published state dict under our names, without the entries unused in inference.

    ViT blocks that are not among the wanted names are unused, too. Unknown entries keep their names, so
    that the check against the variant reports them.
    """
    renamed = {}
    for name, tensor in state_dict.items():
        ours = our_name(name)
        if ours is not None and (ours in wanted or not ours.startswith(VIT_BLOCKS)):
            renamed[ours] = tensor
    return renamed


def _translate(name: str, pairs: Sequence[tuple[str, str]]) -> str:
    for beginning, replacement in pairs:
        if name.startswith(beginning):
            return replacement + name[len(beginning) :]
    return name
