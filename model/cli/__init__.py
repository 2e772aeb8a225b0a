"""The command `eovseg`."""
