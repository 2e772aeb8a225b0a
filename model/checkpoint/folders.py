"""Where downloads and encoded text are kept."""

import os
from pathlib import Path

from platformdirs import user_cache_path


def cache_folder() -> Path:
    """$EOVSEG_CACHE, or the platform's cache folder; there or not."""
    return Path(os.environ.get("EOVSEG_CACHE") or user_cache_path("eovseg"))
