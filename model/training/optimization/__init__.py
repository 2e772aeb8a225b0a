"""Steps, optimizers, learning rates and processes of any training."""
