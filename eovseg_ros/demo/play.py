"""Run a robot's camera and the node, change the vocabulary meanwhile, and save a video and images."""

import argparse
import sys
import time
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path

import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node

from eovseg_model.drawing import segment_title
from eovseg_ros.clients import ClientError, NodeClient
from eovseg_ros.demo.acts import ACTS, Act
from eovseg_ros.demo.camera import DemoCamera, choose_camera
from eovseg_ros.demo.recorder import DemoRecorder
from eovseg_ros.demo.speed import show_speed
from eovseg_ros.msg import CameraStatus, Vocabulary
from eovseg_ros.processes import ChildProcess, use_own_graph

_START_SECONDS = 60.0  # timeout of the start and of requests
_LINE_PERIOD = 2.0  # seconds between two lines of numbers
_PICTURES = 3  # images saved per act


class Demo:
    """Plays acts on a running node, prints what it receives and saves images."""

    def __init__(self, folder: Path) -> None:
        self._node = Node("eovseg_demo")
        self._client = NodeClient(self._node, "/eovseg")
        self._recorder = DemoRecorder(self._node, folder, self._caption)
        self._start = time.monotonic()

    @property
    def frames(self) -> int:
        """Number of frames received on all topics."""
        return self._recorder.frames

    def wait_for_frames(self, processes: list[ChildProcess]) -> None:
        """Wait for the first frame. Raises RuntimeError if a process ends, ClientError on timeout."""
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
                path = self._recorder.save_picture(f"{number}_{act.name}_{len(pictures) + 1}")
                pictures += [path] if path else []
        return pictures

    def close(self) -> None:
        """Finish the video and destroy the node."""
        self._recorder.close()
        self._node.destroy_node()

    def summary(self) -> str:
        """Return one line about all frames."""
        seconds = time.monotonic() - self._start
        camera = self._camera
        dropped = camera.replaced if camera else "?"
        return (
            f"{self.frames} frames in {seconds:.0f} s, {dropped} camera images replaced by newer ones, "
            f"vocabularies {', '.join(map(str, sorted(self._recorder.versions)))}"
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
        names = [
            f"{segment_title(s)} {s.score:.0%}" for s in sorted(last.segments, key=lambda s: -s.pixel_area)
        ]
        print(
            f"   {time.monotonic() - self._start:3.0f} s  camera {camera.rate_in:4.1f} Hz"
            f"  out {camera.rate_out:4.1f} Hz  latency {camera.latency_p50:5.1f} ms"
            f"  v{last.vocabulary_version}  {', '.join(names)}",
            flush=True,
        )

    def _caption(self, version: int) -> str:
        vocabulary = self._client.vocabularies.get(version)
        rate = f"{self._camera.rate_out:.1f}" if self._camera else "?"
        return f"{rate} Hz   {_summary(vocabulary, most=20)}" if vocabulary else ""


def main(arguments: list[str] | None = None) -> int:
    """Play all acts; return 1 if nothing was published. The speed test at the end cannot fail the demo."""
    options, camera = _parse(arguments)
    domain = use_own_graph()
    options.output.mkdir(parents=True, exist_ok=True)
    print(
        f"{camera.title}\ncamera and node in ROS_DOMAIN_ID={domain}; logs and images in {options.output}",
        flush=True,
    )
    node = {
        "checkpoint": options.checkpoint,
        "vocabulary": ACTS[0].vocabulary,
    }
    try:
        status = _play_acts(options, camera, node)
        if status == 0:
            _show_speed(options)
        return status
    except (KeyboardInterrupt, ExternalShutdownException):
        return 130


def _play_acts(options: argparse.Namespace, camera: DemoCamera, node: dict[str, object]) -> int:
    remap = {"image": "/camera/image_raw"}
    with ExitStack() as stack:
        start = stack.enter_context
        processes = [
            start(ChildProcess(camera.module, options.output / "camera.log", parameters=camera.parameters)),
            start(
                ChildProcess(
                    "eovseg_ros.node.main",
                    options.output / "node.log",
                    parameters=node,
                    remappings=remap,
                )
            ),
        ]
        rclpy.init()
        stack.callback(rclpy.try_shutdown)
        demo = Demo(options.output)
        stack.callback(demo.close)
        try:
            return _play(demo, processes, options.seconds)
        except (ClientError, RuntimeError) as error:
            print(f"demo: {error}", file=sys.stderr)
            return 1


def _play(demo: Demo, processes: list[ChildProcess], seconds: float) -> int:
    demo.wait_for_frames(processes)
    pictures: list[Path] = []
    for number, act in enumerate(ACTS, start=1):
        pictures += demo.play(number, act, seconds / len(ACTS))
    for process in processes:
        process.check_running()
    print(f"\n{demo.summary()}\nvideo:    {demo.video}")
    for path in pictures:
        print(f"image:    {path}")
    return 0 if demo.frames else 1


def _show_speed(options: argparse.Namespace) -> None:
    print(f"\n{len(ACTS) + 1}. maximum frame rate on recorded images (an engine is built first)", flush=True)
    backend = options.fast_backend
    if not backend:
        backend = "openvino" if find_spec("openvino") else "torch"
        if backend == "torch":
            print("   OpenVINO is not installed (pip install openvino): using torch fp32", flush=True)
    try:
        show_speed(
            checkpoint=options.checkpoint,
            vocabulary=ACTS[0].vocabulary,
            backend=backend,
            seconds=options.fast_seconds,
        )
    except (RuntimeError, OSError) as error:
        print(f"   no frame rate measured: {error}", flush=True)


def _summary(vocabulary: Vocabulary, most: int = 8) -> str:
    labels = ", ".join(vocabulary.labels[:most]) + (", ..." if len(vocabulary.labels) > most else "")
    return f"vocabulary {vocabulary.version}, {len(vocabulary.labels)} classes: {labels}"


def _parse(arguments: list[str] | None) -> tuple[argparse.Namespace, DemoCamera]:
    parser = argparse.ArgumentParser(prog="eovseg-ros demo", description=__doc__)
    parser.add_argument("--seconds", type=float, default=44.0, help="duration of all acts (default: 44)")
    parser.add_argument(
        "--fast-seconds", type=float, default=6.0, help="duration of the speed test (default: 6)"
    )
    parser.add_argument(
        "--fast-backend",
        default="",
        help="backend of the speed test (default: openvino if installed, else torch)",
    )
    parser.add_argument(
        "--output", type=Path, default=Path("demo_output"), help="output folder (default: demo_output)"
    )
    parser.add_argument(
        "--camera",
        choices=("auto", "sim", "recorded"),
        default="auto",
        help="simulated, recorded, or auto: simulated if PyBullet is available (default: auto)",
    )
    parser.add_argument("--rate", type=float, default=10.0, help="rate of the camera in Hz (default: 10)")
    parser.add_argument(
        "--seed", type=int, default=3_000_000, help="seed of the first simulated scene (default: 3000000)"
    )
    parser.add_argument("--checkpoint", default="", help="weights of tiny (default: the package's)")
    options = parser.parse_args(arguments)
    try:
        return options, choose_camera(options.camera, rate=options.rate, seed=options.seed)
    except ValueError as error:
        parser.error(str(error))


if __name__ == "__main__":
    sys.exit(main())
