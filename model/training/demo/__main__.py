"""Train the demo model."""

from .train import main

main()
