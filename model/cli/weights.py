"""List, fetch, convert and describe weights."""

import argparse
from pathlib import Path

from .errors import CommandError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the actions."""
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="the variants, and whether their weights are here")
    listing.set_defaults(act=_list)
    fetch = actions.add_parser("fetch", help="download the authors' weights of a variant and convert them")
    fetch.add_argument("variant", choices=("s", "m", "l"))
    fetch.add_argument("--url", help="a mirror instead of the authors' Google Drive")
    fetch.set_defaults(act=_fetch)
    convert = actions.add_parser("convert", help="check a published checkpoint and write it as safetensors")
    convert.add_argument("source", type=Path)
    convert.add_argument("target", type=Path, help="a .safetensors file")
    convert.add_argument("--variant", choices=("s", "m", "l"), required=True)
    convert.set_defaults(act=_convert)
    info = actions.add_parser("info", help="what a weights file holds")
    info.add_argument("file", type=Path)
    info.set_defaults(act=_info)


def run(arguments: argparse.Namespace) -> int:
    """Do one action; 0 when it is done."""
    from ..checkpoint.loading import CheckpointError

    try:
        arguments.act(arguments)
    except CheckpointError as error:
        raise CommandError(str(error)) from error
    return 0


def _list(arguments: argparse.Namespace) -> None:
    from ..checkpoint.published_files import DRIVE_IDS, converted_path, published_url
    from ..predictor import DEMO_WEIGHTS
    from ..text_cache import cache_folder

    print(f"tiny  {DEMO_WEIGHTS}  (comes with the package)")
    for variant in DRIVE_IDS:
        path = converted_path(cache_folder(), variant)
        where = str(path) if path.exists() else f"not here: eovseg weights fetch {variant}"
        print(f"{variant:4}  {where}  ({published_url(variant)})")


def _fetch(arguments: argparse.Namespace) -> None:
    from ..checkpoint.download import fetch
    from ..checkpoint.published_files import converted_path, downloaded_path, published_url
    from ..text_cache import cache_folder

    target = converted_path(cache_folder(), arguments.variant)
    if target.exists():
        print(f"{target} is here already; remove it to fetch it anew")
        return
    source = downloaded_path(cache_folder(), arguments.variant)
    checksum = fetch(arguments.url or published_url(arguments.variant), source)
    print(f"{source.name}: SHA-256 {checksum}")
    _write_converted(source, target, arguments.variant, checksum)
    source.unlink()  # its checksum stays


def _convert(arguments: argparse.Namespace) -> None:
    from ..checkpoint.download import sha256_of
    from ..checkpoint.loading import CheckpointError

    if arguments.target.suffix != ".safetensors":
        raise CommandError(f"{arguments.target} must end in .safetensors")
    if not arguments.source.is_file():
        raise CheckpointError(f"there is no weights file {arguments.source}")
    _write_converted(arguments.source, arguments.target, arguments.variant, sha256_of(arguments.source))


def _write_converted(source: Path, target: Path, variant: str, checksum: str) -> None:
    import torch

    from ..build import build_model
    from ..checkpoint.loading import convert, read_state_dict
    from ..config import CONFIGS

    with torch.device("meta"):
        expected = build_model(CONFIGS[variant]).state_dict()
    metadata = {"variant": variant, "source": source.name, "source_sha256": checksum}
    convert(read_state_dict(source), expected, target, metadata)
    print(f"wrote {target} ({target.stat().st_size / 1e6:.0f} MB)")


def _info(arguments: argparse.Namespace) -> None:
    from ..checkpoint.download import sha256_of
    from ..checkpoint.loading import read_metadata, read_state_dict
    from ..checkpoint.published import is_published

    entries = read_state_dict(arguments.file)
    kinds = sorted({str(value.dtype).removeprefix("torch.") for value in entries.values()})
    print(f"{arguments.file}: {arguments.file.stat().st_size / 1e6:.1f} MB, SHA-256 {sha256_of(arguments.file)}")
    print(f"{len(entries)} entries, {sum(v.numel() for v in entries.values()):,} numbers ({', '.join(kinds)})")
    print("names: " + ("the authors'" if is_published(entries) else "ours"))
    for key, value in sorted(read_metadata(arguments.file).items()):
        print(f"{key}: {value}")
