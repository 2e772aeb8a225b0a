"""Embeddings of segments beside the results of a bag, and new names from them."""
