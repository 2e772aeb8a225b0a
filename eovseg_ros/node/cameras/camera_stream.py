"""What becomes of the images of one camera while the node is active."""

import time
import traceback
from collections.abc import Callable

import numpy as np
from rclpy.impl.rcutils_logger import RcutilsLogger
from sensor_msgs.msg import CompressedImage, Image

from eovseg_model.inference import ImageSizeError
from eovseg_ros.messages import (
    FrameSpace,
    ImageError,
    SegmentedFrame,
    SpaceError,
    image_to_rgb,
    image_warning,
)
from eovseg_ros.node.cameras.received_image import ReceivedImage
from eovseg_ros.node.frame_tracker import FrameTracker
from eovseg_ros.node.live_vocabulary import VocabularySnapshot
from eovseg_ros.node.outputs.frame_publisher import FramePublisher
from eovseg_ros.node.outputs.overlay_painter import OverlayPainter
from eovseg_ros.node.parameters import NodeParameters
from eovseg_ros.node.predictor import Prediction, embeddings_by_id
from eovseg_ros.node.reporting.frame_statistics import FrameStatistics, FrameTiming
from eovseg_ros.node.reporting.log_limit import LogLimit
from eovseg_ros.node.threads.publishing_order import PublishingOrder


class CameraStream:
    """Decodes images and publishes results in the order of the images; errors are logged and counted.

    For several worker threads. `order` gives a ticket to each image that a thread takes.
    """

    def __init__(
        self,
        *,
        name: str,
        publisher: FramePublisher,
        tracker: FrameTracker,
        statistics: FrameStatistics,
        parameters: Callable[[], NodeParameters],
        logger: RcutilsLogger,
    ) -> None:
        self.order = PublishingOrder()
        self.dropping = False  # results are not published any more
        self.image_error = ""  # why an image could not be read, until a later one is published
        self.depth_error = ""  # why the newest frame has no space
        self._error = ""  # why a frame failed, until a later one is published
        self._of_camera = f" of camera {name}" if name else ""
        self._publisher = publisher
        self._tracker = tracker
        self._statistics = statistics
        self._logger = logger
        self._bad_images = LogLimit()
        self._bad_depth = LogLimit()
        self._failures = LogLimit()
        self._begun: dict[int, float] = {}  # start of the work in progress by ticket, monotonic clock
        self._warned: set[str] = set()  # bounded by the number of encodings
        self.painter = OverlayPainter(
            publisher=publisher,
            statistics=statistics,
            opacity=lambda: parameters().overlay_opacity,
            logger=logger,
        )

    @property
    def error(self) -> str:
        """Error of the newest frame or its overlay; empty without one."""
        return self._error or self.painter.error

    @property
    def frame_seconds(self) -> float:
        """Processing time so far of the oldest frame in progress, 0 without one."""
        return max((time.monotonic() - begun for begun in self._begun.copy().values()), default=0.0)

    def begin(self) -> int:
        """Return the ticket of the image that is taken now; pass it to `end` after all work on it."""
        ticket = self.order.draw()
        self._begun[ticket] = time.monotonic()
        return ticket

    def end(self, ticket: int) -> None:
        """Wait for the images before, and let the next one be published."""
        self._begun.pop(ticket, None)
        self.order.done(ticket)

    def decode(self, message: Image | CompressedImage, max_pixels: int) -> np.ndarray:
        """Return the image (H, W, 3) uint8 RGB. Raises ImageError."""
        rgb = image_to_rgb(message, max_pixels=max_pixels)
        warning = image_warning(message)
        if warning and warning not in self._warned:
            self._warned.add(warning)
            self._logger.warning(warning)
        return rgb

    def publish(
        self,
        ticket: int,
        image: ReceivedImage,
        rgb: np.ndarray,
        prediction: Prediction,
        snapshot: VocabularySnapshot,
        parameters: NodeParameters,
        model_times: tuple[float, float],
        taken: float,
    ) -> None:
        """Track the segments, and publish a frame after those of the images before."""
        panoptic = prediction.label_image.astype(np.uint16, copy=False)
        self.order.wait_for(ticket)
        if self.dropping:
            return
        header = image.message.header
        frame = SegmentedFrame(
            header=header,
            rgb=rgb,
            panoptic=panoptic,
            segments=self._tracker.update(prediction, header.stamp, image.received, parameters),
            vocabulary_version=snapshot.version,
            class_count=len(snapshot.labels),
            embeddings=embeddings_by_id(prediction) if parameters.publish_embeddings else {},
            space=self._find_space(image, panoptic.shape),
        )
        self._publisher.publish_frame(frame, points_stride=parameters.points_stride)
        published = time.monotonic()
        self._error = self.image_error = ""
        self._statistics.count_published(FrameTiming(image.received, taken, *model_times, published))
        if self._publisher.overlay_wanted:
            self.painter.hand_over(frame)
        else:
            self.painter.forget_error()

    def fail(self, ticket: int, error: BaseException) -> None:
        """Count and log what went wrong with an image: losing it is better than ending the node."""
        self.order.wait_for(ticket)  # the reported error is that of the newest image
        if isinstance(error, (ImageError, ImageSizeError)):
            self.image_error = str(error)
            count = self._statistics.count_bad()
            if self._bad_images.allows(self.image_error):
                self._logger.warning(f"skipped a bad image{self._of_camera} ({count} so far): {error}")
            return
        if self.dropping or not self._publisher.usable:
            return  # the publishers are gone
        self._error = f"{type(error).__name__}: {error}"
        count = self._statistics.count_failed()
        if self._failures.allows(self._error):
            trace = "".join(traceback.format_exception(error))
            self._logger.error(f"a frame{self._of_camera} failed ({count} so far): {trace}")

    def _find_space(self, image: ReceivedImage, shape: tuple[int, ...]) -> FrameSpace | None:
        if image.depth is None:
            return None
        try:
            space = image.depth.space((shape[0], shape[1]))
        except SpaceError as error:
            self.depth_error = str(error)
            count = self._statistics.count_without_depth()
            if self._bad_depth.allows(self.depth_error):
                self._logger.warning(
                    f"a frame{self._of_camera} has no positions ({count} so far): {self.depth_error}"
                )
            return None
        self.depth_error = ""
        self._statistics.count_with_depth()
        return space
