"""Speed of the labelling of bags, compared with that of the model alone."""

import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from eovseg_ros.bags.labelling.bag_labeller import BagLabeller
from eovseg_ros.bags.labelling.model import LabelModel
from eovseg_ros.bags.labelling.settings import LabelSettings
from eovseg_ros.bags.message_types import IMAGE, encode_message, message_class
from eovseg_ros.bags.reading.cameras import parse_cameras
from eovseg_ros.bags.reading.records import Topic
from eovseg_ros.bags.writing.channels import source_channel
from eovseg_ros.bags.writing.mcap_file import McapFile

_RECORDING = Path(__file__).parents[2] / "simulation/recordings/robot_view.zip"
_TOPIC = "/camera/image_raw"
_ROUNDS = 10  # the model and the labelling take turns, as other load of the machine comes and goes


class Speed(NamedTuple):
    """Frames per second of the model alone and of the labelling, and how the memory grew meanwhile, MB."""

    model: float
    labelling: float
    growth: float


def measure_speed(model: LabelModel, seconds: float, folder: Path) -> Speed:
    """Label a bag of some seconds at 10 Hz in ten parts, and before each segment its images without a bag."""
    labeller = BagLabeller(model, LabelSettings(cameras=tuple(parse_cameras([_TOPIC]))), "benchmark")
    frames = max(2, round(10 * seconds / _ROUNDS))
    alone = labelling = 0.0
    memory: list[float] = []
    for i in range(_ROUNDS):
        pictures = _pictures(i * frames, frames)
        bag = _write_bag(folder / f"{i}.mcap", pictures)
        if i == 0:
            _segment(model, pictures[:2])  # the first images take longer
        begun = time.perf_counter()
        _segment(model, pictures)
        between = time.perf_counter()
        report = labeller.label(bag, folder / f"{i}_labels.mcap")
        ended = time.perf_counter()
        assert report.fine and report.counts.frames == frames, report.error
        alone, labelling = alone + between - begun, labelling + ended - between
        memory.append(_resident())
        bag.unlink()
    return Speed(_ROUNDS * frames / alone, _ROUNDS * frames / labelling, memory[-1] - memory[1])


def _segment(model: LabelModel, pictures: list[np.ndarray]) -> None:
    for rgb in pictures:
        model.predictor(rgb, vocabulary=model.vocabulary)


def _pictures(first: int, count: int) -> list[np.ndarray]:
    """Return images of the recorded camera (240, 320, 3), which begins again at its end."""
    import cv2

    from eovseg_model.simulation import Recording

    recording = Recording(_RECORDING)
    numbers = [i % len(recording) for i in range(first, first + count)]
    return [cv2.resize(recording.rgb(i), (320, 240), interpolation=cv2.INTER_AREA) for i in numbers]


def _write_bag(path: Path, pictures: list[np.ndarray]) -> Path:
    file = McapFile(path, [source_channel(Topic(_TOPIC, IMAGE, len(pictures)))])
    for i, rgb in enumerate(pictures, 1):
        stamp = message_class("builtin_interfaces/msg/Time")(sec=i // 10, nanosec=i % 10 * 10**8)
        message = message_class(IMAGE)(
            header=message_class("std_msgs/msg/Header")(stamp=stamp, frame_id="camera"),
            height=240,
            width=320,
            encoding="rgb8",
            is_bigendian=0,
            step=960,
            data=rgb.reshape(-1),
        )
        file.add(0, i * 10**8, encode_message(message))
        if file.full:
            file.end_chunk()
    file.finish({})
    return path


def _resident() -> float:
    """Return the memory of this process in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6
