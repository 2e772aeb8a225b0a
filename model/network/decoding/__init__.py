"""Decoder: masks, embeddings and classes of queries from features."""
