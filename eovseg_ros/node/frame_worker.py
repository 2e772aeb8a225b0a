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

from eovseg_model.inference import ImageSizeError
from eovseg_ros.messages import ImageError, SegmentedFrame, image_to_rgb, image_warning
from eovseg_ros.node.live_vocabulary import LiveVocabulary, VocabularySnapshot
from eovseg_ros.node.mailbox import Mailbox
from eovseg_ros.node.outputs.frame_publisher import FramePublisher
from eovseg_ros.node.outputs.overlay_painter import OverlayPainter
from eovseg_ros.node.parameters import NodeParameters
from eovseg_ros.node.predictor import Predictor
from eovseg_ros.node.reporting.frame_statistics import FrameStatistics, FrameTiming
from eovseg_ros.node.reporting.log_limit import LogLimit
from eovseg_ros.node.threads.publishing_order import PublishingOrder
from eovseg_ros.node.threads.supervised_thread import SupervisedThread

_STOP_SECONDS = 1.0  # that frames in hand have to be finished in


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
        self.image_error = ""  # why an image could not be read, until a later one is published
        self._error = ""  # why a frame failed, until a later one is published
        self._predictor = predictor
        self._vocabulary = vocabulary
        self._publisher = publisher
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
        self._dropping = False  # what is not published by now never will be
        self._taking = threading.Lock()  # one thread looks for work, the others are at it
        self._taken = -math.inf  # when the last image was, seconds of the steady clock
        self._order = PublishingOrder()
        self._begun: dict[int, float] = {}  # seconds of the steady clock by ticket of the work in hand
        self._warned: set[str] = set()  # as few as there are encodings
        self._threads = [
            SupervisedThread(
                self._do_next, name="frame worker", stopping=self._stopping.is_set, log_error=logger.error
            )
            for _ in range(threads)
        ]

    @property
    def error(self) -> str:
        """What went wrong with a thread, the newest frame or its overlay, empty where nothing did."""
        threads = (thread.error for thread in self._threads)
        return next(filter(None, threads), "") or self._error or self._painter.error

    @property
    def frame_seconds(self) -> float:
        """How long the oldest frame in hand has been worked on, 0 without one."""
        return max((time.monotonic() - begun for begun in self._begun.copy().values()), default=0.0)

    @property
    def skipped_overlays(self) -> int:
        """Number of frames that a newer one replaced before their overlay was drawn."""
        return self._painter.skipped

    def stop(self) -> None:
        """Finish, publish and draw the frames in hand, and end the threads; an image that waits is dropped.

        Frames that take longer than a second are dropped, too: their threads end once the model returns.
        """
        self._stopping.set()
        self.mailbox.close()
        deadline = time.monotonic() + _STOP_SECONDS
        ended = [thread.join(deadline - time.monotonic()) for thread in self._threads]
        self._dropping = not all(ended)
        ended.append(self._painter.stop(deadline - time.monotonic()))
        if not all(ended):
            self._logger.warning(f"the frame in hand was not finished in {_STOP_SECONDS} s and is dropped")

    def _do_next(self) -> None:
        """Wait for work and do it, or return to be called again."""
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
        """A vocabulary to announce or an image to segment, to be called with a ticket; None: look again."""
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
        """Seconds until max_rate allows another frame."""
        rate = self._parameters().max_rate
        return self._taken + 1 / rate - time.monotonic() if rate else 0.0

    def _announce(self, snapshot: VocabularySnapshot, ticket: int) -> None:
        self._order.wait_for(ticket)  # frames of the vocabulary before it come first
        self._publisher.publish_vocabulary(snapshot)
        self._logger.info(f"vocabulary {snapshot.version} is live: {len(snapshot.labels)} classes")

    def _attempt(self, work: Callable[[int], None], ticket: int) -> None:
        try:
            work(ticket)
        except (ImageError, ImageSizeError) as error:
            self._order.wait_for(ticket)  # the error that is reported is the newest image's
            self.image_error = str(error)
            count = self._statistics.count_bad()
            if self._bad_images.allows(self.image_error):
                self._logger.warning(f"skipped a bad image ({count} so far): {error}")
        except BaseException as error:  # one frame lost is better than a robot without eyes
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
        frame = SegmentedFrame(
            header=image.message.header,
            rgb=rgb,
            panoptic=prediction.label_image.astype(np.uint16),
            segments=prediction.segments,
            vocabulary_version=snapshot.version,
            class_count=len(snapshot.labels),
        )
        self._order.wait_for(ticket)
        if self._dropping:
            return
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
