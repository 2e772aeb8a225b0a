"""Losses and the matching of proposals with the truth."""
