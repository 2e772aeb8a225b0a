"""What a frame with depth is to RViz, PCL and planners: clouds, markers and detections."""
