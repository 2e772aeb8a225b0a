from .recorded_camera_node import ROBOT_VIEW as ROBOT_VIEW
