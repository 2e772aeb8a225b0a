"""Objects in labelled bags, found by a description."""
