"""Training of the demo model on simulated scenes: `python -m eovseg_model.training.demo`."""
