"""Run a camera, the node and the web console until Ctrl-C."""

import argparse
from contextlib import ExitStack
from pathlib import Path

from eovseg_ros.demo.acts import ACTS
from eovseg_ros.demo.camera import DemoCamera, choose_camera
from eovseg_ros.processes import ChildProcess, use_own_graph
from eovseg_ros.web import main as serve_console

_INPUTS = {"image": "/camera/image_raw", "depth": "/camera/depth", "camera_info": "/camera/camera_info"}
_VOCABULARY = next(act.vocabulary for act in ACTS if act.name == "shapes")


def play_live(arguments: list[str] | None = None) -> int:
    """Play until Ctrl-C; return the status of the console, whose arguments are taken, too."""
    options, camera, others = _parse(arguments)
    domain = use_own_graph()
    options.output.mkdir(parents=True, exist_ok=True)
    print(f"{camera.title}\ncamera and node in ROS_DOMAIN_ID={domain}; logs in {options.output}", flush=True)
    with ExitStack() as stack:
        for module, parameters, remappings in (
            (camera.module, camera.parameters, None),
            ("eovseg_ros.node.main", {"vocabulary": _VOCABULARY, "use_depth": True}, _INPUTS),
        ):
            log = options.output / f"{'node' if remappings else 'camera'}.log"
            process = ChildProcess(module, log, parameters=parameters, remappings=remappings)
            stack.enter_context(process)
        return serve_console(others)


def _parse(arguments: list[str] | None) -> tuple[argparse.Namespace, DemoCamera, list[str]]:
    parser = argparse.ArgumentParser(
        prog="eovseg-ros play",
        description=__doc__,
        epilog="Arguments of `eovseg-ros web` are taken, too: --host, --port, --token.",
    )
    parser.add_argument(
        "--camera",
        choices=("auto", "sim", "recorded"),
        default="auto",
        help="simulated, recorded, or auto: simulated if PyBullet is available (default: auto)",
    )
    parser.add_argument("--rate", type=float, default=10.0, help="rate of the camera in Hz (default: 10)")
    parser.add_argument("--seed", type=int, default=3_000_000, help="seed of the first simulated scene")
    parser.add_argument(
        "--output", type=Path, default=Path("demo_output"), help="folder of the logs (default: demo_output)"
    )
    options, others = parser.parse_known_args(arguments)
    try:
        return options, choose_camera(options.camera, rate=options.rate, seed=options.seed), others
    except ValueError as error:
        parser.error(str(error))
