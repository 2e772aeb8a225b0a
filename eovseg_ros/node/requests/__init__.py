"""Handling of service requests: every request is answered, and none ends the executor."""
