"""Cache folder for downloads and encoded text."""

import os
from pathlib import Path

from platformdirs import user_cache_path


def cache_folder() -> Path:
    """Return $EOVSEG_CACHE or else the platform's cache folder; it need not exist."""
    return Path(os.environ.get("EOVSEG_CACHE") or user_cache_path("eovseg"))
