"""Topics out."""
