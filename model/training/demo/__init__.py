"""The demo model's training on simulated scenes: `python -m eovseg_model.training.demo`."""
