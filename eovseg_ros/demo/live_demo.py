"""The part of the demo with a live camera."""

import time
from pathlib import Path

import rclpy
from rclpy.node import Node

from eovseg_model.drawing import segment_title
from eovseg_ros.clients import ClientError, NodeClient
from eovseg_ros.demo.acts import Act
from eovseg_ros.demo.recorder import DemoRecorder
from eovseg_ros.demo.space.cloud_recorder import CloudRecorder
from eovseg_ros.demo.space.true_positions import TruePositions, position_table
from eovseg_ros.msg import CameraStatus, Vocabulary
from eovseg_ros.processes import ChildProcess

_START_SECONDS = 60.0  # timeout of the start and of requests
_LINE_PERIOD = 2.0  # seconds between two lines of numbers
_PICTURES = 3  # images saved per act
_CLOUD_PICTURE = 2  # that of them of which the cloud is saved, too
_CLOUD_SECONDS = 5.0  # after the end of an act, timeout of the cloud


class LiveDemo:
    """Plays acts on a running node, prints what it receives and saves images."""

    def __init__(self, folder: Path) -> None:
        self._node = Node("eovseg_demo")
        self._client = NodeClient(self._node, "/eovseg")
        self._recorder = DemoRecorder(self._node, folder, self._caption)
        self._clouds = CloudRecorder(self._node, folder)
        self._positions = TruePositions(self._node)
        self._start = time.monotonic()

    @property
    def frames(self) -> int:
        """Number of frames received on all topics."""
        return self._recorder.frames

    def wait_for_frames(self, processes: list[ChildProcess]) -> None:
        """Wait for the first frame. Raises ProgramFailure if a process ends, ClientError on timeout."""
        deadline = time.monotonic() + _START_SECONDS
        while not self.frames:
            for process in processes:
                process.check_running()
            if time.monotonic() > deadline:
                raise ClientError(
                    f"no frame in {_START_SECONDS:.0f} s:\n" + "\n".join(p.log for p in processes)
                )
            rclpy.spin_once(self._node, timeout_sec=0.1)

    def play(self, number: int, act: Act, seconds: float) -> list[Path]:
        """Set the act's vocabulary, print lines for `seconds` and return the images saved."""
        print(f"\n{number}. {act.title}", flush=True)
        if number == 1:  # the node was started with it
            print(f"   {_summary(self._client.get_vocabulary(_START_SECONDS))}", flush=True)
        else:
            asked = time.monotonic()
            vocabulary = self._client.set_vocabulary(act.vocabulary, _START_SECONDS)
            print(f"   live after {time.monotonic() - asked:.1f} s: {_summary(vocabulary)}", flush=True)
        pictures: list[Path] = []
        end, next_line = time.monotonic() + seconds, time.monotonic() + _LINE_PERIOD / 2
        while time.monotonic() < end or len(pictures) < _PICTURES:  # a busy machine may take longer
            rclpy.spin_once(self._node, timeout_sec=0.1)
            if time.monotonic() >= next_line:
                next_line += _LINE_PERIOD
                self._print_line()
            taken = 1 - (end - time.monotonic()) / seconds
            if taken > (len(pictures) + 0.5) / _PICTURES and len(pictures) < _PICTURES:
                name, late = f"{number}_{act.name}", time.monotonic() > end + _CLOUD_SECONDS
                path = self._save_picture(name, len(pictures) + 1, late)
                pictures += [path] if path else []
        return pictures

    def _save_picture(self, name: str, number: int, late: bool) -> Path | None:
        """Save a picture, of one of them also the cloud; None if it is not there yet, unless it is late."""
        if number != _CLOUD_PICTURE:
            return self._recorder.save_picture(f"{name}_{number}")
        if late:
            self._clouds.stop()
            reason = self._camera.depth_error if self._camera else ""
            print(f"   no points and positions: {reason or 'see node.log'}", flush=True)
            return self._recorder.save_picture(f"{name}_{number}")
        self._clouds.ask()
        stamp = self._clouds.newest
        pairs = self._positions.pairs(stamp) if stamp else None
        if stamp is None or pairs is None or stamp not in self._recorder.recent:
            return None
        self._clouds.keep(f"{name}_cloud", self._recorder.recent[stamp].segments)
        print(position_table(pairs), flush=True)
        return self._recorder.save_picture(f"{name}_{number}", stamp)

    def draw_clouds(self) -> list[Path]:
        """Draw the clouds and return the paths of the images."""
        return self._clouds.draw()

    def close(self) -> None:
        """Finish the video and destroy the node."""
        self._recorder.close()
        self._node.destroy_node()

    def summary(self) -> str:
        """Return a line about all frames and one about their positions."""
        seconds = time.monotonic() - self._start
        camera = self._camera
        dropped = camera.replaced if camera else "?"
        return (
            f"{self.frames} frames in {seconds:.0f} s, {dropped} camera images replaced by newer ones, "
            f"vocabularies {', '.join(map(str, sorted(self._recorder.versions)))}\n"
            f"{self._positions.summary()}"
        )

    @property
    def video(self) -> Path:
        """The video's path."""
        return self._recorder.video

    @property
    def _camera(self) -> CameraStatus | None:
        return self._client.status.cameras[0] if self._client.status else None

    def _print_line(self) -> None:
        camera, last = self._camera, self._recorder.last
        if camera is None or last is None:
            return
        segments = sorted(last.segments.segments, key=lambda s: -s.pixel_area)
        names = [f"{segment_title(s)} {s.score:.0%}" for s in segments]
        print(
            f"   {time.monotonic() - self._start:3.0f} s  camera {camera.rate_in:4.1f} Hz"
            f"  out {camera.rate_out:4.1f} Hz  latency {camera.latency_p50:5.1f} ms"
            f"  v{last.segments.vocabulary_version}  {', '.join(names)}",
            flush=True,
        )

    def _caption(self, version: int) -> str:
        vocabulary = self._client.vocabularies.get(version)
        rate = f"{self._camera.rate_out:.1f}" if self._camera else "?"
        return f"{rate} Hz   {_summary(vocabulary, most=20)}" if vocabulary else ""


def _summary(vocabulary: Vocabulary, most: int = 8) -> str:
    labels = ", ".join(vocabulary.labels[:most]) + (", ..." if len(vocabulary.labels) > most else "")
    return f"vocabulary {vocabulary.version}, {len(vocabulary.labels)} classes: {labels}"
