"""Where the data goes: a viewer on this machine, a viewer elsewhere, or a file."""

from pathlib import Path
from typing import NamedTuple


class Destination(NamedTuple):
    """One of the first two, or neither: then a viewer is started on this machine, if none runs."""

    file: Path | None = None  # .rrd
    address: str = ""  # of a viewer, as `viewer_url` reads it
    memory_limit: str = "2GB"  # of the viewer that is started; it drops the oldest data first
