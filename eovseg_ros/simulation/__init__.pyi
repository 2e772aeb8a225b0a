from .recorded_camera import ROBOT_VIEW as ROBOT_VIEW
