"""A recorded robot camera: images, depth and ground truth of a recording on /camera."""

from pathlib import Path

from builtin_interfaces.msg import Time
from rcl_interfaces.msg import SetParametersResult
from rclpy.parameter import Parameter

from eovseg_model.simulation import Recording
from eovseg_ros.simulation.camera_frame import RecordedFrame
from eovseg_ros.simulation.camera_messages import FrameMessages
from eovseg_ros.simulation.camera_node import CameraNode, check_number, check_switch

ROBOT_VIEW = Path(__file__).parent / "recordings" / "robot_view.zip"
_FIRST_STAMP = 10**9  # ns, first of the recorded stamps: 0 would mean "no time"


class RecordedCamera(CameraNode):
    """Plays a recording; data without a subscriber is not decoded."""

    def __init__(self) -> None:
        super().__init__("recorded_camera")
        file = self.word("file", str(ROBOT_VIEW), "Path of the recording.")
        rate = self.number("rate", 0.0, (0.0, 1000.0), "Frames per second, at least 0.1; 0: as recorded.")
        if 0 < rate < 0.1:
            raise ValueError(f"'rate' must be 0 or a number from 0.1 to 1000, got {rate}")
        width = self.number("width", 0, (0, 8192), "Width to resize to, pixels; 0: as recorded.")
        height = self.number("height", 0, (0, 8192), "Height to resize to, pixels; 0: as recorded.")
        self._loop = self.switch("loop", True, "Start over at the end.")
        stamps = self.word(
            "stamps",
            "now",
            "now: time of publication; recorded: seconds since the recording's start, plus 1. Stamps always "
            "increase: each start over and each seek backwards adds the recording's length.",
            ("now", "recorded"),
        )
        reliable = self.switch("reliable", True, "Publish as RELIABLE; false: BEST_EFFORT, as many drivers.")
        self._playing = self.switch("playing", True, "Play; false: pause.", live=True)
        self._recording = Recording(file)
        self._last_position = (len(self._recording) - 1) / self._recording.rate
        self._next = self._frame_at(
            self.number(
                "position",
                0.0,
                (0.0, self._last_position),
                "Seconds from the recording's start; set it to seek.",
                live=True,
            )
        )
        self._newest = -1  # index of the frame published last
        self._rounds = 0  # how often playback went back
        self._recorded_stamps = stamps == "recorded"
        header = self._recording.header
        self._size = (width or header.width, height or header.height)
        rate = rate or self._recording.rate
        self._topics = self.create_topics(reliable)
        self.add_on_set_parameters_callback(self._set)
        self.create_timer(1 / rate, self._step)
        self.get_logger().info(
            f"playing {self._recording.seconds:g} s of {file}: {self._size[0]}x{self._size[1]} "
            f"at {rate:g} Hz on /camera/image_raw"
        )

    def _set(self, parameters: list[Parameter]) -> SetParametersResult:
        values = {parameter.name: parameter.value for parameter in parameters}
        try:
            playing = check_switch("playing", values.get("playing", self._playing))
            if "position" in values:
                position = check_number("position", values["position"], (0.0, self._last_position))
                self._next = self._frame_at(position)
        except ValueError as error:
            return SetParametersResult(successful=False, reason=str(error))
        self._playing = playing
        return SetParametersResult(successful=True)

    def _frame_at(self, seconds: float) -> int:
        return int(seconds * self._recording.rate + 1e-6)  # 2.3 * 10 is 22.999...

    def _step(self) -> None:
        """Publish the next frame, if there is one."""
        frames = len(self._recording)
        if self._next == frames and self._loop:
            self._next = 0
        if not self._playing or self._next == frames:
            return
        self._rounds += self._next <= self._newest
        self._newest = self._next
        self._next += 1
        frame = RecordedFrame(self._recording, self._newest, self._size)
        self._topics.publish(FrameMessages(frame, self._size), self._stamp(self._newest))
        if self._next == frames and not self._loop:
            self.get_logger().info("played to the end; set 'position' to play again")

    def _stamp(self, i: int) -> Time:
        if not self._recorded_stamps:
            return self.get_clock().now().to_msg()
        frames = self._rounds * len(self._recording) + i
        seconds, nanoseconds = divmod(_FIRST_STAMP + round(frames * 1e9 / self._recording.rate), 10**9)
        return Time(sec=seconds, nanosec=nanoseconds)
