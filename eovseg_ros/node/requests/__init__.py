"""Requests to the node's services, each of which gets an answer, and the executor that survives them."""
