"""Tracks of a camera: what the parameters and stamps of a node mean for the tracker."""

from collections.abc import Sequence

from builtin_interfaces.msg import Time

from eovseg_model.inference import LabelledSegment
from eovseg_model.tracking import Tracker, TrackingConfig
from eovseg_ros.node.parameters import NodeParameters
from eovseg_ros.node.predictor import Prediction


class FrameTracker:
    """Follows objects through the frames of a camera, which come in the order of their images."""

    def __init__(self) -> None:
        self._tracker = Tracker()

    def update(
        self, prediction: Prediction, stamp: Time, received: float, parameters: NodeParameters
    ) -> Sequence[LabelledSegment]:
        """Return the prediction's segments with their tracks, or as they are if tracking is off.

        received is the arrival in seconds, for cameras that leave the stamp 0.
        """
        if not parameters.tracking:
            return prediction.segments
        self._tracker.config = TrackingConfig(memory=parameters.track_memory, smoothing=parameters.smoothing)
        seconds = stamp.sec + 1e-9 * stamp.nanosec
        return self._tracker.update(prediction, seconds or received)
