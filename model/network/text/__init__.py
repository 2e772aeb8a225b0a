"""The text encoder, and the classification of embeddings by what it gives."""
