"""From features to masks, embeddings and classes of proposals."""
