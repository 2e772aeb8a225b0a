"""A simulated robot camera: images, depth and ground truth of random scenes on /camera."""

import itertools
from collections.abc import Iterator

from eovseg_model.simulation import rendered_frames
from eovseg_ros.simulation.camera_messages import FrameMessages
from eovseg_ros.simulation.camera_node import CameraNode


class SimCamera(CameraNode):
    """Renders live, or renders `replay` frames first and repeats them, at 30 Hz or more."""

    def __init__(self) -> None:
        super().__init__("sim_camera")
        rate = self.number("rate", 10.0, (0.1, 1000.0), "Frames per second.")
        width = self.number("width", 320, (8, 8192), "Width in pixels.")
        height = self.number("height", 240, (8, 8192), "Height in pixels.")
        period = self.number("scene_period", 10.0, (0.01, 1e6), "Duration of a scene, seconds.")
        seed = self.number("seed", 7, (0, 2**31), "Seed of the first scene; it increases by 1 per scene.")
        replay = self.number(
            "replay", 0, (0, 10_000), "Frames to render first and then repeat; 0: render live."
        )
        kept_out = self.switch("kept_out", False, "Also show objects that were not used in training.")
        reliable = self.switch("reliable", True, "Publish as RELIABLE; false: BEST_EFFORT, as many drivers.")
        frames = rendered_frames(
            seed=seed,
            kept_out=kept_out,
            frames_per_scene=max(1, round(rate * period)),
            step=1 / rate,
            size=(width, height),
        )
        messages: Iterator[FrameMessages] = (FrameMessages(frame, (width, height)) for frame in frames)
        if replay:
            self.get_logger().info(f"rendering {replay} frames ...")
            messages = itertools.cycle(list(itertools.islice(messages, replay)))
        self._messages = messages
        self._topics = self.create_topics(reliable)
        self.create_timer(1 / rate, self._publish)
        self.get_logger().info(f"publishing {width}x{height} at {rate:g} Hz on /camera/image_raw")

    def _publish(self) -> None:
        messages = next(self._messages)
        self._topics.publish(messages, self.get_clock().now().to_msg())
