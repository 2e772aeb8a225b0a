"""The command `eovseg-ros`: what the ros2 tools do for a running node, without needing them."""
