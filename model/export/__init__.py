"""The network as one graph that other runtimes take."""
