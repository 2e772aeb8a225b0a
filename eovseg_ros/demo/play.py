"""Run a robot's camera and the node, change the vocabulary meanwhile, and save a video and images."""

import argparse
import sys
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path

import rclpy
from rclpy.executors import ExternalShutdownException

from eovseg_ros.clients import ClientError
from eovseg_ros.demo.acts import ACTS
from eovseg_ros.demo.arguments import parse_arguments
from eovseg_ros.demo.camera import DemoCamera
from eovseg_ros.demo.live_demo import LiveDemo
from eovseg_ros.demo.speed import show_speed
from eovseg_ros.processes import ChildProcess, ProgramFailure, use_own_graph

_INPUTS = {"image": "/camera/image_raw", "depth": "/camera/depth", "camera_info": "/camera/camera_info"}


def main(arguments: list[str] | None = None) -> int:
    """Play all acts; return 1 if nothing was published. The speed test at the end cannot fail the demo."""
    options, camera = parse_arguments(arguments)
    domain = use_own_graph()
    options.output.mkdir(parents=True, exist_ok=True)
    print(
        f"{camera.title}\ncamera and node in ROS_DOMAIN_ID={domain}; logs and images in {options.output}",
        flush=True,
    )
    node = {
        "checkpoint": options.checkpoint,
        "vocabulary": ACTS[0].vocabulary,
        "use_depth": True,
        "points_stride": 1,
    }
    try:
        status = _play_acts(options, camera, node)
        if status == 0:
            _show_speed(options)
            print("\nmake play: type your own words into a page and see them live", flush=True)
        return status
    except (KeyboardInterrupt, ExternalShutdownException):
        return 130


def _play_acts(options: argparse.Namespace, camera: DemoCamera, node: dict[str, object]) -> int:
    with ExitStack() as stack:
        start = stack.enter_context
        processes = [
            start(ChildProcess(camera.module, options.output / "camera.log", parameters=camera.parameters)),
            start(
                ChildProcess(
                    "eovseg_ros.node.main",
                    options.output / "node.log",
                    parameters=node,
                    remappings=_INPUTS,
                )
            ),
        ]
        rclpy.init()
        stack.callback(rclpy.try_shutdown)
        demo = LiveDemo(options.output)
        stack.callback(demo.close)
        try:
            return _play(demo, processes, options.seconds)
        except (ClientError, ProgramFailure) as error:
            print(f"demo: {error}", file=sys.stderr)
            return 1


def _play(demo: LiveDemo, processes: list[ChildProcess], seconds: float) -> int:
    demo.wait_for_frames(processes)
    pictures: list[Path] = []
    for number, act in enumerate(ACTS, start=1):
        pictures += demo.play(number, act, seconds / len(ACTS))
    for process in processes:
        process.check_running()
    print(f"\n{demo.summary()}\nvideo:    {demo.video}")
    for path in (*pictures, *demo.draw_clouds()):
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
    except (ProgramFailure, OSError) as error:
        print(f"   no frame rate measured: {error}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
