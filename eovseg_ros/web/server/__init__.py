"""The web server: pictures, segments and snapshots over HTTP, and the page."""
