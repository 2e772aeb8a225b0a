"""List, download, convert and describe weights."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..checkpoint import PUBLISHED_FILES, cache_folder, converted_path
from .arguments.errors import CommandError

if TYPE_CHECKING:
    from torch import Tensor


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the actions."""
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    text = "list the variants, the sources of their weights, and whether they are in the cache"
    actions.add_parser("list", help=text, description=text).set_defaults(act=_list)
    text = "download the published weights of a variant and convert them into the cache"
    fetch = actions.add_parser("fetch", help=text, description=text)
    fetch.add_argument("variant", choices=PUBLISHED_FILES)
    fetch.add_argument("--url", help="URL of a mirror, instead of the authors' Google Drive")
    fetch.add_argument("--restart", action="store_true", help="delete earlier downloads and start over")
    fetch.set_defaults(act=_fetch)
    text = "check a published checkpoint and convert it to safetensors"
    convert = actions.add_parser("convert", help=text, description=text)
    convert.add_argument("source", type=Path, help="the published checkpoint")
    convert.add_argument(
        "target", type=Path, nargs="?", help="output .safetensors file (default: in the cache)"
    )
    convert.add_argument("--variant", choices=PUBLISHED_FILES, required=True)
    convert.set_defaults(act=_convert)
    text = "describe the content of a weights file"
    info = actions.add_parser("info", help=text, description=text)
    info.add_argument("file", type=Path)
    info.set_defaults(act=_info)


def run(arguments: argparse.Namespace) -> int:
    """Run an action; return 0."""
    arguments.act(arguments)
    return 0


def _list(arguments: argparse.Namespace) -> None:
    cache = cache_folder()
    print(f"{'variant':9}{'size':>9}  {'in the cache':32}source")
    print(f"{'tiny':9}{'':>9}  {'not needed':32}the package (demo weights)")
    for variant, published in PUBLISHED_FILES.items():
        here = "yes" if converted_path(cache, variant).exists() else f"no: eovseg weights fetch {variant}"
        print(f"{variant:9}{published.converted_bytes / 1e6:6.0f} MB  {here:32}{published.url}")
    print("S, M and L were published by the authors (Apache-2.0); the size is that of the converted file.")
    print(f"The cache is {cache}; set the environment variable EOVSEG_CACHE to change it.")


def _fetch(arguments: argparse.Namespace) -> None:
    from ..checkpoint import CheckpointError, ChecksumError, DownloadError, fetch

    variant = arguments.variant
    try:
        path = fetch(variant, cache_folder(), _expected(variant), arguments.url, arguments.restart)
    except DownloadError as error:
        raise CommandError(
            f"{error}. Run the command again to resume, or with --restart to start over. Without internet, "
            f"copy the file from another machine and run `eovseg weights convert FILE --variant {variant}`"
        ) from error
    except (ChecksumError, CheckpointError) as error:
        raise CommandError(str(error)) from error
    _say_where(path)


def _convert(arguments: argparse.Namespace) -> None:
    from ..checkpoint import CheckpointError, keep

    target = arguments.target or converted_path(cache_folder(), arguments.variant)
    if target.suffix != ".safetensors":
        raise CommandError(f"target must end in .safetensors; got {target}")
    if not arguments.source.is_file():
        raise CommandError(f"weights file not found: {arguments.source}")
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        keep(arguments.source, target, arguments.variant, _expected(arguments.variant))
    except CheckpointError as error:
        raise CommandError(str(error)) from error
    _say_where(target)


def _info(arguments: argparse.Namespace) -> None:
    from ..checkpoint import CheckpointError, is_published, read_metadata, read_state_dict, sha256_of

    try:
        entries = read_state_dict(arguments.file)
    except CheckpointError as error:
        raise CommandError(str(error)) from error
    kinds = ", ".join(sorted({str(value.dtype).removeprefix("torch.") for value in entries.values()}))
    count = sum(value.numel() for value in entries.values())
    rows = {
        "file": f"{arguments.file}, {arguments.file.stat().st_size / 1e6:.1f} MB",
        "SHA-256": sha256_of(arguments.file),
        "fits": _fitting(entries) or "no variant",
        "names": "published" if is_published(entries) else "ours",
        "content": f"{count:,} numbers ({kinds}) in {len(entries)} tensors",
        **read_metadata(arguments.file),
    }
    for name, value in rows.items():
        print(f"{name:15}{value}")


def _fitting(entries: Mapping[str, "Tensor"]) -> str | None:
    """Return the variant with these names and shapes, or None."""
    from ..checkpoint import CheckpointError, matching
    from ..network import CONFIGS

    for variant in CONFIGS:
        try:
            matching(entries, _expected(variant), variant)
        except CheckpointError:
            continue
        return variant
    return None


def _expected(variant: str) -> Mapping[str, "Tensor"]:
    """Return names and shapes of a variant, as meta tensors."""
    import torch

    from ..network import CONFIGS, build_model

    with torch.device("meta"):
        return build_model(CONFIGS[variant]).state_dict()


def _say_where(path: Path) -> None:
    print(f"{path} ({path.stat().st_size / 1e6:.0f} MB) is ready; its checksum is correct")
