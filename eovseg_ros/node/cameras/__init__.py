"""One or several cameras of the node: their images, tracks, results and statistics."""
