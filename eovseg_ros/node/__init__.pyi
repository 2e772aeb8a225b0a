from .space.depth_match import DepthMatch as DepthMatch
from .space.depth_match import SpaceSettings as SpaceSettings
from .space.nearest_in_time import NearestInTime as NearestInTime
from .space.target_frame import TargetFrame as TargetFrame
