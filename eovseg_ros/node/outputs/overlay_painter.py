"""The thread that draws ~/overlay while the worker processes the next frame."""

import threading
import time
import traceback
from collections.abc import Callable

from rclpy.impl.rcutils_logger import RcutilsLogger

from eovseg_model.drawing import draw_overlay
from eovseg_ros.messages import SegmentedFrame
from eovseg_ros.node.mailbox import Mailbox
from eovseg_ros.node.outputs.frame_publisher import FramePublisher
from eovseg_ros.node.reporting.frame_statistics import FrameStatistics
from eovseg_ros.node.reporting.log_limit import LogLimit
from eovseg_ros.node.threads.supervised_thread import SupervisedThread


class OverlayPainter:
    """Draws and publishes the newest frame; frames that arrive faster than that have no overlay."""

    def __init__(
        self,
        *,
        publisher: FramePublisher,
        statistics: FrameStatistics,
        opacity: Callable[[], float],
        logger: RcutilsLogger,
    ) -> None:
        self._error = ""
        self._publisher = publisher
        self._statistics = statistics
        self._opacity = opacity
        self._logger = logger
        self._failures = LogLimit()
        self._stopping = threading.Event()
        self._dropping = False
        self._frames: Mailbox[SegmentedFrame] = Mailbox()
        self._thread = SupervisedThread(
            self._draw_next,
            name="overlay painter",
            stopping=lambda: self._stopping.is_set() and not self._frames.occupied,
            log_error=logger.error,
        )

    @property
    def error(self) -> str:
        """Why the last overlay failed, empty if it did not."""
        return self._thread.error or self._error

    @property
    def skipped(self) -> int:
        """Number of frames that a newer one replaced before they were drawn."""
        return self._frames.replaced

    def hand_over(self, frame: SegmentedFrame) -> None:
        """Queue a frame, replacing one that is not drawn yet; returns at once."""
        self._frames.put(frame)

    def forget_error(self) -> None:
        """Clear the error, because ~/overlay has no subscriber."""
        self._error = ""

    def stop(self, seconds: float) -> bool:
        """Draw the queued frame and end the thread; after `seconds`, drop the frame and return False."""
        self._stopping.set()
        self._frames.nudge()
        ended = self._thread.join(seconds)
        self._dropping = not ended
        return ended

    def _draw_next(self) -> None:
        frame = self._frames.take()
        if frame is not None:
            self._attempt(frame)

    def _attempt(self, frame: SegmentedFrame) -> None:
        try:
            started = time.monotonic()
            picture = draw_overlay(
                frame.rgb, frame.panoptic, frame.segments, opacity=self._opacity(), regions=frame.regions
            )
            if self._dropping:
                return
            self._statistics.count_drawn(started, time.monotonic())
            self._publisher.publish_overlay(picture, frame.header)
            self._error = ""
        except BaseException as error:  # the node must work without overlays
            if self._dropping or not self._publisher.usable:
                return  # the publishers are gone
            self._error = f"overlay: {type(error).__name__}: {error}"
            count = self._statistics.count_failed()
            if self._failures.allows(self._error):
                self._logger.error(
                    f"an overlay failed ({count} failed frames so far): {traceback.format_exc()}"
                )
