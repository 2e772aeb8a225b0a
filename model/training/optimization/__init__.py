"""Training loop, optimizers, learning rates and processes."""
