"""Maximum size of an image."""

MAX_PIXELS = 7680 * 4320  # 33 megapixels, a frame of 8K video: 100 MB when decoded
