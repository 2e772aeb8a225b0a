"""The threads that take waiting images, segment them and publish the results."""

import functools
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from rclpy.impl.rcutils_logger import RcutilsLogger

from eovseg_ros.node.cameras.camera_stream import CameraStream
from eovseg_ros.node.cameras.received_image import ReceivedImage
from eovseg_ros.node.cameras.waiting_images import WaitingImages
from eovseg_ros.node.live_vocabulary import LiveVocabulary, VocabularySnapshot
from eovseg_ros.node.parameters import NodeParameters
from eovseg_ros.node.predictor import Prediction, Predictor
from eovseg_ros.node.threads.supervised_thread import SupervisedThread

_STOP_SECONDS = 1.0  # timeout for frames in progress


class _Turn(NamedTuple):
    """An image that a thread works on, since `taken` seconds of the monotonic clock."""

    stream: CameraStream
    image: ReceivedImage
    ticket: int
    taken: float


class FrameWorker:
    """Segments the newest images of all cameras, on `threads` threads; no image can end a thread."""

    def __init__(
        self,
        *,
        streams: Mapping[str, CameraStream],
        predictor: Predictor,
        vocabulary: LiveVocabulary,
        announce: Callable[[VocabularySnapshot], None],
        parameters: Callable[[], NodeParameters],
        logger: RcutilsLogger,
        threads: int,
    ) -> None:
        self.images: WaitingImages[ReceivedImage] = WaitingImages(streams)
        self._streams = streams
        self._predictor = predictor
        self._vocabulary = vocabulary
        self._announce = announce
        self._parameters = parameters
        self._logger = logger
        self._stopping = threading.Event()
        self._taking = threading.Lock()  # one thread waits for work at a time
        self._threads = [
            SupervisedThread(
                self._do_next, name="frame worker", stopping=self._stopping.is_set, log_error=logger.error
            )
            for _ in range(threads)
        ]

    @property
    def error(self) -> str:
        """Error that stopped a thread; empty without one."""
        return next(filter(None, (thread.error for thread in self._threads)), "")

    def stop(self) -> None:
        """Finish, publish and draw the frames in progress, drop waiting images, and end the threads.

        Frames that take more than a second are also dropped; their threads end when the model returns.
        """
        self._stopping.set()
        self.images.close()
        deadline = time.monotonic() + _STOP_SECONDS
        ended = [thread.join(deadline - time.monotonic()) for thread in self._threads]
        for stream in self._streams.values():
            stream.dropping = not all(ended)
        ended += [stream.painter.stop(deadline - time.monotonic()) for stream in self._streams.values()]
        if not all(ended):
            self._logger.warning(f"a frame in progress was not finished in {_STOP_SECONDS} s and is dropped")

    def _do_next(self) -> None:
        """Wait for work and do it; may return without any."""
        with self._taking:
            work = self._next_work()
        if work:
            work()

    def _next_work(self) -> Callable[[], None] | None:
        """Return a vocabulary to publish or images to segment, with tickets in their cameras' orders."""
        if self._vocabulary.adopt():
            tickets = [(stream, stream.order.draw()) for stream in self._streams.values()]
            return functools.partial(self._go_live, self._vocabulary.snapshot, tickets)
        parameters = self._parameters()
        interval = 1 / parameters.max_rate if parameters.max_rate else 0.0
        taken = self.images.take(most=parameters.batch_cameras, interval=interval)
        now = time.monotonic()
        turns = [_Turn(self._streams[name], image, self._streams[name].begin(), now) for name, image in taken]
        return functools.partial(self._segment, turns, self._vocabulary.snapshot) if turns else None

    def _go_live(self, snapshot: VocabularySnapshot, tickets: Sequence[tuple[CameraStream, int]]) -> None:
        """Publish a vocabulary after all frames of the one before and before all of its own."""
        try:
            for stream, ticket in tickets:
                stream.order.wait_for(ticket)
            self._announce(snapshot)
        finally:
            for stream, ticket in tickets:
                stream.order.done(ticket)

    def _segment(self, turns: Sequence[_Turn], snapshot: VocabularySnapshot) -> None:
        """Decode images, segment those of the same size together, and publish."""
        parameters = self._parameters()
        try:
            by_size: dict[tuple[int, ...], list[tuple[_Turn, np.ndarray]]] = {}
            for turn in turns:
                try:
                    rgb = turn.stream.decode(turn.image.message, parameters.max_pixels)
                except BaseException as error:
                    turn.stream.fail(turn.ticket, error)
                else:
                    by_size.setdefault(rgb.shape, []).append((turn, rgb))
            for pairs in by_size.values():
                self._segment_together(pairs, snapshot, parameters)
        finally:
            for turn in turns:
                turn.stream.end(turn.ticket)

    def _segment_together(
        self,
        pairs: Sequence[tuple[_Turn, np.ndarray]],
        snapshot: VocabularySnapshot,
        parameters: NodeParameters,
    ) -> None:
        started = time.monotonic()
        try:
            predictions = self._predict([rgb for _, rgb in pairs], snapshot, parameters)
        except BaseException as error:
            for turn, _ in pairs:
                turn.stream.fail(turn.ticket, error)
            return
        times = started, time.monotonic()
        for ((stream, image, ticket, taken), rgb), prediction in zip(pairs, predictions, strict=True):
            try:
                stream.publish(ticket, image, rgb, prediction, snapshot, parameters, times, taken)
            except BaseException as error:
                stream.fail(ticket, error)

    def _predict(
        self, images: Sequence[np.ndarray], snapshot: VocabularySnapshot, parameters: NodeParameters
    ) -> Sequence[Prediction]:
        settings: dict[str, Any] = {
            "short_side": parameters.short_side,
            "vocabulary": snapshot.encoded,
            "object_threshold": parameters.object_threshold,
            "overlap_threshold": parameters.model_overlap_threshold,
        }
        if len(images) == 1:
            return [self._predictor(images[0], **settings)]
        return self._predictor.segment_batch(images, **settings)
