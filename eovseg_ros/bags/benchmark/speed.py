"""Speed of the labelling of a bag, compared with that of the model alone."""

import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from eovseg_ros.bags.benchmark.recorded_bag import IMAGE_TOPIC, read_recording, write_recorded_bag
from eovseg_ros.bags.labelling.bag_labeller import BagLabeller
from eovseg_ros.bags.labelling.model import LabelModel
from eovseg_ros.bags.labelling.settings import LabelSettings
from eovseg_ros.bags.reading.cameras import parse_cameras

_TURN = 10  # images; the model and the labelling take turns, as other load of the machine comes and goes


class Speed(NamedTuple):
    """Frames per second of the model alone and of the labelling, and how the memory grew meanwhile, MB.

    processor_share is the model's share of the processor time of the labelling, which other load of the
    machine does not change.
    """

    model: float
    labelling: float
    processor_share: float
    growth: float


def measure_speed(model: LabelModel, seconds: float, folder: Path) -> Speed:
    """Label a bag of some seconds at 10 Hz; after every 10 images, segment the same ones without a bag."""
    labeller = BagLabeller(model, LabelSettings(cameras=tuple(parse_cameras([IMAGE_TOPIC]))), "benchmark")
    recording = read_recording()
    frames = max(20, round(recording.rate * seconds))
    bag = write_recorded_bag(folder / "bag.mcap", recording, 0, frames, depth=False)
    alone, interruptions = np.zeros(2), np.zeros(2)  # seconds, and those of the processor
    memory: list[float] = []  # after each tenth of the bag

    def take_turns(done: int) -> None:
        nonlocal alone, interruptions
        stopped = _now()
        if done % _TURN == 0 or done == frames:
            first = (done - 1) // _TURN * _TURN
            pictures = [recording.rgb(number % len(recording)) for number in range(first, done)]
            begun = _now()
            _segment(model, pictures)
            alone += _now() - begun
        if done * 10 // frames > len(memory):
            memory.append(_resident())
        interruptions += _now() - stopped

    _segment(model, [recording.rgb(0), recording.rgb(1)])  # the first images take longer
    begun = _now()
    report = labeller.label(bag, folder / "labels.mcap", take_turns)
    labelling = _now() - begun - interruptions
    assert report.fine and report.counts.frames == frames, report.error
    return Speed(
        model=float(frames / alone[0]),
        labelling=float(frames / labelling[0]),
        processor_share=float(alone[1] / labelling[1]),
        growth=memory[-1] - memory[1],
    )


def _now() -> np.ndarray:
    return np.array([time.perf_counter(), time.process_time()])


def _segment(model: LabelModel, pictures: list[np.ndarray]) -> None:
    for rgb in pictures:
        model.predictor(rgb, vocabulary=model.vocabulary)


def _resident() -> float:
    """Return the memory of this process in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6
