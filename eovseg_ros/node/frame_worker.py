"""The threads that take images from the mailbox, segment them and publish."""

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

from eovseg_ros.messages import ImageError, SegmentedFrame, image_to_rgb, image_warning
from eovseg_ros.node.live_vocabulary import LiveVocabulary, VocabularySnapshot
from eovseg_ros.node.mailbox import Mailbox
from eovseg_ros.node.outputs.frame_publisher import FramePublisher
from eovseg_ros.node.outputs.overlay_painter import OverlayPainter
from eovseg_ros.node.parameters import NodeParameters
from eovseg_ros.node.predictor import Predictor
from eovseg_ros.node.publishing_order import PublishingOrder
from eovseg_ros.node.reporting.frame_statistics import FrameStatistics, FrameTiming

_WARNING_PERIOD = 5.0  # seconds between two warnings of one kind


class ReceivedImage(NamedTuple):
    """An image message and when it came, seconds of the steady clock."""

    message: Image | CompressedImage
    received: float


class FrameWorker:
    """Segment the newest image, `threads` of them at a time; nothing that an image holds ends a thread.

    What becomes of the images is published in the order in which they were taken.
    """

    def __init__(
        self,
        *,
        predictor: Predictor,
        vocabulary: LiveVocabulary,
        publisher: FramePublisher,
        statistics: FrameStatistics,
        parameters: Callable[[], NodeParameters],
        logger: RcutilsLogger,
        threads: int,
    ) -> None:
        self.mailbox: Mailbox[ReceivedImage] = Mailbox()
        self.image_error = ""  # why the last image could not be read, empty where it could
        self._error = ""
        self._predictor = predictor
        self._vocabulary = vocabulary
        self._publisher = publisher
        self._statistics = statistics
        self._parameters = parameters
        self._logger = logger
        self._painter = OverlayPainter(
            publisher=publisher,
            statistics=statistics,
            opacity=lambda: parameters().overlay_opacity,
            logger=logger,
        )
        self._stopping = threading.Event()
        self._taking = threading.Lock()  # one thread looks for work, the others are at it
        self._taken = -math.inf  # when the last image was, seconds of the steady clock
        self._order = PublishingOrder()
        self._warned: set[str] = set()  # as few as there are encodings
        self._threads = [threading.Thread(target=self._run, name="frame worker") for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    @property
    def error(self) -> str:
        """What went wrong with the last frame or its overlay, empty where nothing did."""
        return self._error or self._painter.error

    def stop(self) -> None:
        """End the threads once the frames in hand are done and drawn; what waits is dropped."""
        self._stopping.set()
        self.mailbox.close()
        for thread in self._threads:
            while thread.is_alive():  # a wait without end would not notice a second Ctrl-C in every case
                thread.join(0.1)
        self._painter.stop()

    def _run(self) -> None:
        while not self._stopping.is_set():
            with self._taking:
                work = self._next_work()
            if work:
                ticket, step = work
                self._attempt(step)
                self._order.done(ticket)

    def _next_work(self) -> tuple[int, Callable[[], None]] | None:
        """A vocabulary to announce or an image to segment, and its ticket; None: look again."""
        if self._vocabulary.adopt():
            ticket = self._order.draw()
            return ticket, functools.partial(self._announce, self._vocabulary.snapshot, ticket)
        if (seconds := self._seconds_to_next()) > 0:
            self.mailbox.pause(seconds)
            return None
        image = self.mailbox.take()
        if image is None:
            return None
        self._taken = time.monotonic()
        ticket = self._order.draw()
        return ticket, functools.partial(self._process, image, self._taken, self._vocabulary.snapshot, ticket)

    def _seconds_to_next(self) -> float:
        """Seconds until max_rate allows another frame."""
        rate = self._parameters().max_rate
        return self._taken + 1 / rate - time.monotonic() if rate else 0.0

    def _announce(self, snapshot: VocabularySnapshot, ticket: int) -> None:
        self._order.wait_for(ticket)  # frames of the vocabulary before it come first
        self._publisher.publish_vocabulary(snapshot)
        self._logger.info(f"vocabulary {snapshot.version} is live: {len(snapshot.labels)} classes")

    def _attempt(self, work: Callable[[], None]) -> None:
        try:
            work()
            self._error = ""
        except ImageError as error:
            self.image_error = str(error)
            count = self._statistics.count_bad()
            self._logger.warning(
                f"skipped a bad image ({count} so far): {error}", throttle_duration_sec=_WARNING_PERIOD
            )
        except Exception as error:  # one frame lost is better than a robot without eyes
            if not self._publisher.usable:
                return  # Ctrl-C took the publishers away
            self._error = f"{type(error).__name__}: {error}"
            count = self._statistics.count_failed()
            self._logger.error(
                f"a frame failed ({count} so far): {traceback.format_exc()}",
                throttle_duration_sec=_WARNING_PERIOD,
            )

    def _process(self, image: ReceivedImage, taken: float, snapshot: VocabularySnapshot, ticket: int) -> None:
        parameters = self._parameters()
        rgb = image_to_rgb(image.message, max_pixels=parameters.max_pixels)
        self._warn_once(image_warning(image.message))
        self.image_error = ""
        model_started = time.monotonic()
        prediction = self._predictor(
            rgb,
            short_side=parameters.short_side,
            vocabulary=snapshot.encoded,
            object_threshold=parameters.object_threshold,
            overlap_threshold=parameters.model_overlap_threshold,
        )
        model_ended = time.monotonic()
        frame = SegmentedFrame(
            header=image.message.header,
            rgb=rgb,
            panoptic=prediction.label_image.astype(np.uint16),
            segments=prediction.segments,
            vocabulary_version=snapshot.version,
            class_count=len(snapshot.labels),
        )
        self._order.wait_for(ticket)
        if self._stopping.is_set():
            return
        self._publisher.publish_frame(frame)
        published = time.monotonic()
        self._statistics.count_published(
            FrameTiming(image.received, taken, model_started, model_ended, published)
        )
        if self._publisher.overlay_wanted:
            self._painter.hand_over(frame)
        else:
            self._painter.error = ""

    def _warn_once(self, text: str) -> None:
        if text and text not in self._warned:
            self._warned.add(text)
            self._logger.warning(text)
