"""The command `eovseg`: one file a subcommand, started by `main.py`; needs no ROS."""
