from .tracker import Tracker as Tracker
from .tracking_config import TrackingConfig as TrackingConfig
