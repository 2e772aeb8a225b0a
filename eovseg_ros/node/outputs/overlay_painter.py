"""The thread that draws ~/overlay while the worker is at the next frame already."""

import queue
import threading
import time
import traceback
from collections.abc import Callable

from rclpy.impl.rcutils_logger import RcutilsLogger

from eovseg_model.drawing import draw_overlay
from eovseg_ros.messages import SegmentedFrame
from eovseg_ros.node.outputs.frame_publisher import FramePublisher
from eovseg_ros.node.reporting.frame_statistics import FrameStatistics

_WARNING_PERIOD = 5.0  # seconds between two error messages


class OverlayPainter:
    """Draw and publish one frame at a time: each that was handed over comes out, in order."""

    def __init__(
        self,
        *,
        publisher: FramePublisher,
        statistics: FrameStatistics,
        opacity: Callable[[], float],
        logger: RcutilsLogger,
    ) -> None:
        self.error = ""
        self._publisher = publisher
        self._statistics = statistics
        self._opacity = opacity
        self._logger = logger
        self._frames: queue.Queue[SegmentedFrame | None] = queue.Queue()
        self._thread = threading.Thread(target=self._run, name="overlay painter")
        self._thread.start()

    def hand_over(self, frame: SegmentedFrame) -> None:
        """Have a frame drawn; waits only while the one before it is still being drawn."""
        self._frames.join()
        self._frames.put(frame)

    def stop(self) -> None:
        """End the thread once the frame in hand is out."""
        self._frames.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (frame := self._frames.get()) is not None:
            self._attempt(frame)
            self._frames.task_done()

    def _attempt(self, frame: SegmentedFrame) -> None:
        try:
            started = time.monotonic()
            picture = draw_overlay(
                frame.rgb, frame.panoptic, frame.segments, opacity=self._opacity(), regions=frame.regions
            )
            self._statistics.count_drawn(started, time.monotonic())
            self._publisher.publish_overlay(picture, frame.header)
            self.error = ""
        except Exception as error:  # a robot without a picture still has its labels
            if not self._publisher.usable:
                return  # Ctrl-C took the publishers away
            self.error = f"overlay: {type(error).__name__}: {error}"
            count = self._statistics.count_failed()
            self._logger.error(
                f"an overlay failed ({count} failed frames so far): {traceback.format_exc()}",
                throttle_duration_sec=_WARNING_PERIOD,
            )
