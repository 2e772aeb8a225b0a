"""Decoders for the encodings of image messages."""
