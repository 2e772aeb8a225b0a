"""The command `eovseg-ros`, which needs no ros2 tools."""
