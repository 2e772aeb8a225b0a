"""Recordings instead of topics: label bags with the model, without ROS."""
