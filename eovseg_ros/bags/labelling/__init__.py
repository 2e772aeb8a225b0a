"""Images to tracked segments, and bags to files of results."""
