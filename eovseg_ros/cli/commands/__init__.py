"""The commands of `eovseg-ros`: each adds its arguments to the parser, and runs."""
