"""Evaluate positions and boxes on simulated scenes: `python -m eovseg_model.evaluation.geometry`."""
