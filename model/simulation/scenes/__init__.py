"""What a scene holds and where the camera stands."""
