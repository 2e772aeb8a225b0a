"""Build a network from its config, replace parts for ablations, count operations and fold batch norms."""
