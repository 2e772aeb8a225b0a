"""Train the demo model."""

import sys

from ...simulation import PyBulletMissing
from .train import main

try:
    main()
except PyBulletMissing as error:
    sys.exit(f"error: {error}")
