"""A network from its config, its variants for ablations, and what is done to it as a whole."""
