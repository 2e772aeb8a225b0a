"""Sequences with a moving camera and moving objects: `python -m eovseg_model.simulation.sequences`."""
