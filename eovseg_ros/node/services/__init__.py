"""The node's own services: segment one image, set the vocabulary, stop and go."""
