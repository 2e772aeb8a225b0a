"""The two CLIPs' weights as open_clip downloads them: what the training of S, M or L begins with."""

from torch import Tensor, nn

from .loading import CheckpointError, matching
from .published import CNN_CLIP, VIT_CLIP, published_name

VIT = ("ViT-B-16-quickgelu", "openai")  # open_clip name and pretrained tag of the spatial extractor


def load_clip(model: nn.Module, cnn: tuple[str, str]) -> None:
    """Put CLIP's weights into the frozen parts of a freshly built model; the rest stays as it is.

    cnn is the open_clip name and pretrained tag of the variant, `config.open_clip`. What open_clip has in
    its cache is not downloaded again. Raises CheckpointError offline, and for weights that do not fit.
    """
    expected = {
        k: v for k, v in model.state_dict().items() if published_name(k).startswith((CNN_CLIP, VIT_CLIP))
    }
    clips = {CNN_CLIP: cnn}
    if any(published_name(k).startswith(VIT_CLIP) for k in expected):
        clips[VIT_CLIP] = VIT
    # The published names are open_clip's own behind a prefix.
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
    except Exception as error:  # every way to download has its own errors
        reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        raise CheckpointError(
            f"open_clip has no weights {tag!r} of {name} here and cannot download them (offline?): {reason}. "
            "Run this once with a connection, or copy open_clip's cache from a machine that has one"
        ) from error
