"""The text encoder, and the classification of embeddings by its rows."""
