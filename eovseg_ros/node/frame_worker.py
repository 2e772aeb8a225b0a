"""The threads that take images from the mailbox, segment them and publish the results."""

import functools
import math
import threading
import time
import traceback
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from rclpy.impl.rcutils_logger import RcutilsLogger
from sensor_msgs.msg import CompressedImage, Image

from eovseg_model.inference import ImageSizeError
from eovseg_ros.messages import ImageError, SegmentedFrame, image_to_rgb, image_warning
from eovseg_ros.node.frame_tracker import FrameTracker
from eovseg_ros.node.live_vocabulary import LiveVocabulary, VocabularySnapshot
from eovseg_ros.node.mailbox import Mailbox
from eovseg_ros.node.outputs.frame_publisher import FramePublisher
from eovseg_ros.node.outputs.overlay_painter import OverlayPainter
from eovseg_ros.node.parameters import NodeParameters
from eovseg_ros.node.predictor import Prediction, Predictor
from eovseg_ros.node.reporting.frame_statistics import FrameStatistics, FrameTiming
from eovseg_ros.node.reporting.log_limit import LogLimit
from eovseg_ros.node.threads.publishing_order import PublishingOrder
from eovseg_ros.node.threads.supervised_thread import SupervisedThread

_STOP_SECONDS = 1.0  # timeout for frames in progress


class ReceivedImage(NamedTuple):
    """An image message and its arrival in seconds of the monotonic clock."""

    message: Image | CompressedImage
    received: float


class FrameWorker:
    """Segments the newest image, up to `threads` images at a time; no image can end a thread.

    Results and errors are published in the order in which the images were taken.
    """

    def __init__(
        self,
        *,
        predictor: Predictor,
        vocabulary: LiveVocabulary,
        publisher: FramePublisher,
        tracker: FrameTracker,
        statistics: FrameStatistics,
        parameters: Callable[[], NodeParameters],
        logger: RcutilsLogger,
        threads: int,
    ) -> None:
        self.mailbox: Mailbox[ReceivedImage] = Mailbox()
        self.image_error = ""  # why an image could not be read, until a later one is published
        self._error = ""  # why a frame failed, until a later one is published
        self._predictor = predictor
        self._vocabulary = vocabulary
        self._publisher = publisher
        self._tracker = tracker
        self._statistics = statistics
        self._parameters = parameters
        self._logger = logger
        self._bad_images = LogLimit()
        self._failures = LogLimit()
        self._painter = OverlayPainter(
            publisher=publisher,
            statistics=statistics,
            opacity=lambda: parameters().overlay_opacity,
            logger=logger,
        )
        self._stopping = threading.Event()
        self._dropping = False  # unpublished results are dropped
        self._taking = threading.Lock()  # one thread waits for work at a time
        self._taken = -math.inf  # time of the last take, seconds of the monotonic clock
        self._order = PublishingOrder()
        self._begun: dict[int, float] = {}  # start of the work in progress by ticket, monotonic clock
        self._warned: set[str] = set()  # bounded by the number of encodings
        self._threads = [
            SupervisedThread(
                self._do_next, name="frame worker", stopping=self._stopping.is_set, log_error=logger.error
            )
            for _ in range(threads)
        ]

    @property
    def error(self) -> str:
        """Error of a thread, the newest frame or its overlay; empty without one."""
        threads = (thread.error for thread in self._threads)
        return next(filter(None, threads), "") or self._error or self._painter.error

    @property
    def frame_seconds(self) -> float:
        """Processing time so far of the oldest frame in progress, 0 without one."""
        return max((time.monotonic() - begun for begun in self._begun.copy().values()), default=0.0)

    @property
    def skipped_overlays(self) -> int:
        """Number of frames that were replaced before their overlay was drawn."""
        return self._painter.skipped

    def stop(self) -> None:
        """Finish, publish and draw the frames in progress, drop a waiting image, and end the threads.

        Frames that take more than a second are also dropped; their threads end when the model returns.
        """
        self._stopping.set()
        self.mailbox.close()
        deadline = time.monotonic() + _STOP_SECONDS
        ended = [thread.join(deadline - time.monotonic()) for thread in self._threads]
        self._dropping = not all(ended)
        ended.append(self._painter.stop(deadline - time.monotonic()))
        if not all(ended):
            self._logger.warning(f"a frame in progress was not finished in {_STOP_SECONDS} s and is dropped")

    def _do_next(self) -> None:
        """Wait for work and do it; may return without any."""
        with self._taking:
            work = self._next_work()
            if work is None:
                return
            ticket = self._order.draw()
        try:
            self._begun[ticket] = time.monotonic()
            self._attempt(work, ticket)
        finally:
            self._begun.pop(ticket, None)
            self._order.done(ticket)

    def _next_work(self) -> Callable[[int], None] | None:
        """Return a vocabulary to publish or an image to segment, to be called with a ticket, or None."""
        if self._vocabulary.adopt():
            return functools.partial(self._announce, self._vocabulary.snapshot)
        if (seconds := self._seconds_to_next()) > 0:
            self.mailbox.pause(seconds)
            return None
        image = self.mailbox.take()
        if image is None:
            return None
        self._taken = time.monotonic()
        return functools.partial(self._process, image, self._taken, self._vocabulary.snapshot)

    def _seconds_to_next(self) -> float:
        """Return the seconds until max_rate allows another frame."""
        rate = self._parameters().max_rate
        return self._taken + 1 / rate - time.monotonic() if rate else 0.0

    def _announce(self, snapshot: VocabularySnapshot, ticket: int) -> None:
        self._order.wait_for(ticket)  # frames of the previous vocabulary come first
        self._publisher.publish_vocabulary(snapshot)
        self._logger.info(f"vocabulary {snapshot.version} is live: {len(snapshot.labels)} classes")

    def _attempt(self, work: Callable[[int], None], ticket: int) -> None:
        try:
            work(ticket)
        except (ImageError, ImageSizeError) as error:
            self._order.wait_for(ticket)  # the reported error is that of the newest image
            self.image_error = str(error)
            count = self._statistics.count_bad()
            if self._bad_images.allows(self.image_error):
                self._logger.warning(f"skipped a bad image ({count} so far): {error}")
        except BaseException as error:  # losing a frame is better than ending the node
            self._order.wait_for(ticket)
            if self._dropping or not self._publisher.usable:
                return  # the publishers are gone
            self._error = f"{type(error).__name__}: {error}"
            count = self._statistics.count_failed()
            if self._failures.allows(self._error):
                self._logger.error(f"a frame failed ({count} so far): {traceback.format_exc()}")

    def _process(self, image: ReceivedImage, taken: float, snapshot: VocabularySnapshot, ticket: int) -> None:
        parameters = self._parameters()
        rgb = image_to_rgb(image.message, max_pixels=parameters.max_pixels)
        self._warn_once(image_warning(image.message))
        model_started = time.monotonic()
        prediction = self._predictor(
            rgb,
            short_side=parameters.short_side,
            vocabulary=snapshot.encoded,
            object_threshold=parameters.object_threshold,
            overlap_threshold=parameters.model_overlap_threshold,
        )
        model_ended = time.monotonic()
        panoptic = prediction.label_image.astype(np.uint16, copy=False)
        self._order.wait_for(ticket)
        if self._dropping:
            return
        header = image.message.header
        frame = SegmentedFrame(
            header=header,
            rgb=rgb,
            panoptic=panoptic,
            segments=self._tracker.update(prediction, header.stamp, image.received, parameters),
            vocabulary_version=snapshot.version,
            class_count=len(snapshot.labels),
            embeddings=_embeddings(prediction) if parameters.publish_embeddings else {},
        )
        self._publisher.publish_frame(frame)
        published = time.monotonic()
        self._error = self.image_error = ""
        self._statistics.count_published(
            FrameTiming(image.received, taken, model_started, model_ended, published)
        )
        if self._publisher.overlay_wanted:
            self._painter.hand_over(frame)
        else:
            self._painter.forget_error()

    def _warn_once(self, text: str) -> None:
        if text and text not in self._warned:
            self._warned.add(text)
            self._logger.warning(text)


def _embeddings(prediction: Prediction) -> dict[int, np.ndarray]:
    """Return the class embedding of each segment by its id."""
    rows = prediction.segment_features.embeddings
    return {segment.id: row for segment, row in zip(prediction.segments, rows, strict=True)}
