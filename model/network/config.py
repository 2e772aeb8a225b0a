"""Configurations of the EOV-Seg variants: a dataclass per part, an entry per variant."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class ResNetConfig:
    """CLIP's modified ResNet (open_clip `ModifiedResNet`), with or without a dense neck.

    With `dense_dim` 0, CLIP's attention pool reads res5. Otherwise it reads the output of a top-down neck,
    which combines res3..res5 at stride 8 with `dense_dim` channels.
    """

    layers: tuple[int, int, int, int]
    width: int
    heads: int
    image_size: int = 224
    dense_dim: int = 0

    @property
    def channels(self) -> tuple[int, int, int, int]:
        """Channels of res2..res5."""
        return self.width * 4, self.width * 8, self.width * 16, self.width * 32


@dataclass(frozen=True, kw_only=True)
class ConvNeXtConfig:
    """CLIP's ConvNeXt (timm trunk, MLP head)."""

    timm_name: str
    channels: tuple[int, int, int, int]
    image_size: int


@dataclass(frozen=True, kw_only=True)
class TextConfig:
    """CLIP's text transformer."""

    width: int
    heads: int
    layers: int
    quick_gelu: bool
    context_length: int = 77
    vocab_size: int = 49408


@dataclass(frozen=True, kw_only=True)
class SpatialConfig:
    """First blocks of a CLIP ViT, the paper's spatial awareness extractor.

    Block index 0, 5 or 11 in table 3 means 1, 6 or 12 blocks; fusion="masks" means no extractor.
    """

    width: int = 768
    heads: int = 12
    patch_size: int = 16
    grid_size: int = 14
    num_blocks: int = 1


@dataclass(frozen=True, kw_only=True)
class EOVSegConfig:
    """An EOV-Seg variant; field names follow the paper's symbols."""

    name: str
    backbone: ResNetConfig | ConvNeXtConfig
    text: TextConfig
    spatial: SpatialConfig = SpatialConfig()
    text_dim: int  # D, width of text and class embeddings
    aggregator_dim: int  # A, width of the lite aggregator before its last 1x1 convolution
    hidden_dim: int = 256
    tdee_dim: int = 512
    num_kernels: int = 100  # N, learned object kernels
    num_stages: int = 3
    num_heads: int = 8
    ffn_dim: int = 2048
    alpha: float = 0.4  # ensemble weight of the out-of-vocabulary branch for seen classes
    beta: float = 0.8  # ensemble weight of the out-of-vocabulary branch for unseen classes
    ensemble_on_valid_masks: bool = True  # skip the ensemble for masks without a pixel on the CLIP grid
    vas: bool = True  # table 4: with Vocabulary-Aware Selection
    fusion: Literal["tdee", "sum", "masks"] = "tdee"  # table 4: TDEE or only E_m; "sum" is E_m + E_s
    short_side: int = 640  # pixels of the short side in evaluation
    overlap_threshold: float = 0.8  # minimum share of its mask that a segment must win in evaluation
    training_vocabulary: str = "coco_panoptic"  # classes seen in training, a file in vocabulary/data
    open_clip: tuple[str, str] | None = None  # open_clip model name and pretrained tag


CONFIGS: dict[str, EOVSegConfig] = {
    config.name: config
    for config in (
        EOVSegConfig(
            name="s",
            backbone=ResNetConfig(layers=(3, 4, 6, 3), width=64, heads=32),
            text=TextConfig(width=512, heads=8, layers=12, quick_gelu=True),
            text_dim=1024,
            aggregator_dim=128,
            open_clip=("RN50-quickgelu", "openai"),
        ),
        EOVSegConfig(
            name="m",
            backbone=ResNetConfig(layers=(4, 6, 10, 6), width=80, heads=40, image_size=288),
            text=TextConfig(width=640, heads=10, layers=12, quick_gelu=True),
            text_dim=640,
            aggregator_dim=128,
            open_clip=("RN50x4-quickgelu", "openai"),
        ),
        EOVSegConfig(
            name="l",
            backbone=ConvNeXtConfig(
                timm_name="convnext_large", channels=(192, 384, 768, 1536), image_size=320
            ),
            text=TextConfig(width=768, heads=12, layers=16, quick_gelu=False),
            text_dim=768,
            aggregator_dim=96,
            ensemble_on_valid_masks=False,
            open_clip=("convnext_large_d_320", "laion2b_s29b_b131k_ft_soup"),
        ),
        EOVSegConfig(
            name="tiny",
            backbone=ResNetConfig(layers=(2, 4, 4, 1), width=16, heads=4, dense_dim=128),
            text=TextConfig(width=64, heads=4, layers=2, quick_gelu=True),
            spatial=SpatialConfig(width=48, heads=3),
            text_dim=96,
            aggregator_dim=48,
            hidden_dim=96,
            tdee_dim=192,
            num_kernels=20,
            num_heads=4,
            ffn_dim=256,
            short_side=216,
            overlap_threshold=0.6,
            training_vocabulary="simulation_captions",
        ),
    )
}
