"""CLIP weights from open_clip, the starting point for training S, M or L."""

from torch import Tensor, nn

from .errors import CheckpointError
from .loading import matching
from .published import CNN_CLIP, VIT_CLIP, published_name

VIT = ("ViT-B-16-quickgelu", "openai")  # open_clip name and pretrained tag of the spatial extractor


def load_clip(model: nn.Module, cnn: tuple[str, str]) -> None:
    """Load CLIP's weights into the frozen parts of a newly built model; leave the other parts unchanged.

    cnn is the open_clip name and pretrained tag of the variant, `config.open_clip`. Weights in open_clip's
    cache are not downloaded again. Raises CheckpointError if a download fails or the weights do not fit.
    """
    expected = {
        k: v for k, v in model.state_dict().items() if published_name(k).startswith((CNN_CLIP, VIT_CLIP))
    }
    clips = {CNN_CLIP: cnn}
    if any(published_name(k).startswith(VIT_CLIP) for k in expected):
        clips[VIT_CLIP] = VIT
    # The published names are open_clip's names with a prefix.
    weights = {
        prefix + name: value for prefix, clip in clips.items() for name, value in _download(*clip).items()
    }
    model.load_state_dict(
        matching(weights, expected, " and ".join(n for n, _ in clips.values())), strict=False
    )


def _download(name: str, tag: str) -> dict[str, Tensor]:
    import open_clip  # slow to import, needed only here

    try:
        return open_clip.create_model(name, tag).state_dict()
    except Exception as error:  # each download method raises its own exceptions
        reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        raise CheckpointError(
            f"open_clip cannot download weights {tag!r} of {name} (offline?): {reason}. "
            "Run this once with an internet connection, or copy open_clip's cache from another machine"
        ) from error
