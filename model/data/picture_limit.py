"""How large a picture may be."""

MAX_PIXELS = 7680 * 4320  # 33 megapixels, a frame of 8K video: 100 MB once decoded
