from .observation import TrackableFeatures as TrackableFeatures
from .observation import TrackableResult as TrackableResult
from .tracker import Tracker as Tracker
from .tracking_config import TrackingConfig as TrackingConfig
