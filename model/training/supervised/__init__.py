"""Training with the published recipe on a panoptic data set."""
