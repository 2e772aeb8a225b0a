"""The demo: `python -m eovseg_ros.demo`."""
