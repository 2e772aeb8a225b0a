"""Engines of fixed sizes: what makes, keeps and runs them."""
