"""Images to tracked segments."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from eovseg_model.inference import SegmentFeatures
from eovseg_model.tracking import Tracker, TrackingConfig
from eovseg_ros.bags.labelling.model import LabelModel
from eovseg_ros.bags.labelling.settings import LabelSettings
from eovseg_ros.bags.reading.images import BagImage
from eovseg_ros.messages import SegmentedFrame, SpaceError, image_to_rgb, image_warning

if TYPE_CHECKING:
    from eovseg_model.inference import PanopticResult


class LabelledFrame(NamedTuple):
    """A segmented image, why it has no depth (empty if it has, or if none is wanted), and a warning.

    features has a row for each segment.
    """

    frame: SegmentedFrame
    depth_error: str
    warning: str
    features: SegmentFeatures


def predict(model: LabelModel, rgb: np.ndarray) -> "PanopticResult":
    """Segment an image (H, W, 3) as the model's settings say. Raises ImageSizeError."""
    own = model.settings
    return model.predictor(
        rgb,
        short_side=own.short_side,
        vocabulary=model.vocabulary,
        object_threshold=own.object_threshold,
        overlap_threshold=own.overlap_threshold,
    )


class FrameLabeller:
    """Segments the images of a bag and follows the objects of each camera, as the node does."""

    def __init__(
        self,
        model: LabelModel,
        settings: LabelSettings,
        saved: Mapping[str, Mapping[str, np.ndarray]],
    ) -> None:
        """Continue with what trackers have saved, by camera."""
        self._model = model
        self._settings = settings
        config = TrackingConfig(memory=settings.track_memory, smoothing=settings.smoothing)
        self._trackers = {camera.name: Tracker(config) for camera in settings.cameras}
        for name, arrays in saved.items():
            self._trackers[name].restore(arrays)

    def save(self) -> dict[str, dict[str, np.ndarray]]:
        """Return the states of all trackers, by camera."""
        return {name: tracker.save() for name, tracker in self._trackers.items()}

    def label(self, image: BagImage) -> LabelledFrame:
        """Segment an image. Raises BrokenMessage, ImageError or ImageSizeError if it cannot be read."""
        message = image.message
        rgb = image_to_rgb(message, max_pixels=self._settings.max_pixels)
        result = predict(self._model, rgb)
        stamp = message.header.stamp
        seconds = stamp.sec + 1e-9 * stamp.nanosec
        segments = (
            self._trackers[image.camera.name].update(result, seconds or image.log_time / 1e9)
            if self._settings.tracking
            else result.segments
        )
        embeddings = zip(result.segments, result.segment_features.embeddings, strict=True)
        try:
            space, depth_error = image.space((rgb.shape[0], rgb.shape[1])), ""
        except SpaceError as error:
            space, depth_error = None, str(error)
        frame = SegmentedFrame(
            header=message.header,
            rgb=rgb,
            panoptic=result.label_image.astype(np.uint16, copy=False),
            segments=segments,
            vocabulary_version=1,
            class_count=len(self._model.vocabulary.vocabulary.labels),
            embeddings={s.id: row for s, row in embeddings} if self._settings.embeddings else {},
            space=space,
        )
        return LabelledFrame(frame, depth_error, image_warning(message), result.segment_features)
