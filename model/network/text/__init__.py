"""The text encoder, and classification with its embeddings."""
