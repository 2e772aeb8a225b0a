"""What the node says of itself: counters, status, diagnostics and log."""
