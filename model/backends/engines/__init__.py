"""Engines of fixed sizes: building, caching and running."""
