"""The published recipe on a panoptic data set."""
