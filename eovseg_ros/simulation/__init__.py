"""Cameras that need no hardware: simulated and recorded."""
