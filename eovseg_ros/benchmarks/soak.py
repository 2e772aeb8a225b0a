"""Run the node on many images while vocabulary, image size, encoding and subscribers change at random.

Status 1 if memory grows, an image is lost, an error occurs, or labels are not of the vocabulary they name.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import numpy as np
import rclpy
from rclpy.executors import ExternalShutdownException

from eovseg_model.backends import DEFAULT_BACKEND, DEFAULT_DEVICE, DEFAULT_PRECISION
from eovseg_ros.benchmarks.resident_memory import resident_kb
from eovseg_ros.benchmarks.soak_driver import WORDS, SoakDriver
from eovseg_ros.benchmarks.soak_ledger import SoakLedger, slope_per_thousand
from eovseg_ros.processes import ChildProcess, ProgramFailure, use_own_graph

_START_SECONDS = 240.0  # that loading the model may take
_WARM_UP = 0.25  # part of the images after which memory must not grow
_MOST_GROWTH = 1000.0  # kB for 1,000 images
_NOISE = 20_000.0  # kB; growth over the whole test that is not judged
_PROGRESS = 20.0  # seconds between two lines
_SHOWN = 5  # faults of a kind


class MemorySample(NamedTuple):
    """Resident memory of the node after so many images."""

    images: int
    kb: float


def measure_soak(arguments: list[str] | None = None) -> int:
    """Run; 1 where something is wrong."""
    parser = build_parser()
    options = parser.parse_args(arguments)
    if options.frames < 1:
        parser.error("--frames must be at least 1")
    use_own_graph()
    names = ("checkpoint", "variant", "device", "backend", "precision", "threads", "parallel_frames")
    parameters = {name: getattr(options, name) for name in (*names, "short_side")}
    parameters |= {"vocabulary": WORDS, "diagnostics_rate": 10.0}
    try:
        with ExitStack() as stack:
            log = Path(stack.enter_context(tempfile.TemporaryDirectory()), "node.log")
            node = stack.enter_context(ChildProcess("eovseg_ros.node.main", log, parameters=parameters))
            rclpy.init()
            stack.callback(rclpy.try_shutdown)
            driver = SoakDriver(options.seed, node.check_running)
            stack.callback(driver.close)
            return _run(driver, node, options.frames)
    except ProgramFailure as error:
        print(f"eovseg-ros benchmark soak: {error}", file=sys.stderr)
        return 1
    except (KeyboardInterrupt, ExternalShutdownException):
        return 130


def _run(driver: SoakDriver, node: ChildProcess, frames: int) -> int:
    ledger = driver.ledger
    driver.warm_up(_START_SECONDS)
    before = driver.status
    print(f"backend {before.serving} on {before.device}; {frames} images", flush=True)
    start = shown = time.monotonic()
    samples = [MemorySample(0, resident_kb(node.pid))]
    while ledger.sent < frames:
        driver.round(frames - ledger.sent)
        if ledger.sent >= samples[-1].images + max(1, frames // 400):
            samples.append(MemorySample(ledger.sent, resident_kb(node.pid)))
        if time.monotonic() > shown + _PROGRESS:
            shown = time.monotonic()
            _print_progress(ledger, shown - start, samples[-1])
    seconds = time.monotonic() - start
    driver.finish()
    replaced = ledger.close(before.cameras[0], driver.status.cameras[0])
    return _report(ledger, samples, seconds, replaced)


def _print_progress(ledger: SoakLedger, seconds: float, sample: MemorySample) -> None:
    p50, p99 = np.percentile(ledger.latencies, (50, 99))
    faults = len(ledger.errors) + len(ledger.wrong_versions) + len(ledger.lost)
    print(
        f"{ledger.sent:7d} images in {seconds:5.0f} s: p50 {p50:.1f} ms, p99 {p99:.1f} ms, "
        f"{sample.kb / 1000:.0f} MB, {faults} faults",
        flush=True,
    )


def _report(ledger: SoakLedger, samples: Sequence[MemorySample], seconds: float, replaced: int) -> int:
    """Print all figures and return the exit status."""
    p50, p99 = np.percentile(ledger.latencies or [np.nan], (50, 99))
    answers = len(ledger.latencies)
    print(f"images: {ledger.sent} sent, {answers} answered, {replaced} replaced by newer ones in the node,")
    overwritten = ledger.sent - answers - replaced
    print(f"        {overwritten} replaced in the queue of the subscription, which holds one")
    print(f"rate: {answers / seconds:.1f} answers/s over {seconds:.0f} s")
    print(f"latency, from sending to the answer: p50 {p50:.1f} ms, p99 {p99:.1f} ms")
    print(f"vocabularies: {ledger.vocabulary_count} went live")
    grows = _report_memory(samples)
    kinds = {"lost images": ledger.lost, "wrong versions": ledger.wrong_versions, "errors": ledger.errors}
    for name, faults in kinds.items():
        print(f"{name}: {len(faults)}")
        for fault in faults[:_SHOWN]:
            print(f"  {fault}")
    bad = grows or any(kinds.values())
    print("FAILED" if bad else "passed")
    return int(bad)


def _report_memory(samples: Sequence[MemorySample]) -> bool:
    grows = memory_grows(samples)
    late = _after_warm_up(samples)
    slope = slope_per_thousand([s.images for s in late], [s.kb for s in late])
    print(
        f"memory: {samples[0].kb / 1000:.0f} MB at first, {samples[-1].kb / 1000:.0f} MB at last; "
        f"{slope:+.0f} kB per 1,000 images after the first {late[0].images}: "
        f"{'GROWS' if grows else 'does not grow'}"
    )
    return grows


def memory_grows(samples: Sequence[MemorySample]) -> bool:
    """Whether memory grows after the warm-up, by too much and by more than noise."""
    late = _after_warm_up(samples)
    slope = slope_per_thousand([s.images for s in late], [s.kb for s in late])
    return slope > _MOST_GROWTH and slope * (late[-1].images - late[0].images) / 1000 > _NOISE


def _after_warm_up(samples: Sequence[MemorySample]) -> list[MemorySample]:
    return [sample for sample in samples if sample.images >= _WARM_UP * samples[-1].images]


def build_parser() -> argparse.ArgumentParser:
    """The parser of the command line."""
    parser = argparse.ArgumentParser(prog="eovseg-ros benchmark soak", description=__doc__)
    parser.add_argument("--frames", type=int, default=20_000, help="images to send (default: 20000)")
    parser.add_argument("--seed", type=int, default=0, help="of the random changes (default: 0)")
    parser.add_argument("--variant", default="tiny", help="of the model (default: tiny)")
    parser.add_argument("--checkpoint", default="", help="weights (default: those of the package)")
    parser.add_argument("--device", default=DEFAULT_DEVICE, help="of the model (default: %(default)s)")
    parser.add_argument("--backend", default=DEFAULT_BACKEND, help="of the model (default: %(default)s)")
    parser.add_argument("--precision", default=DEFAULT_PRECISION, help="of the model (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=1, help="of the model (default: 1)")
    parser.add_argument("--parallel-frames", type=int, default=1, help="of the node (default: 1)")
    parser.add_argument("--short-side", type=int, default=96, help="of the model's input (default: 96)")
    return parser


if __name__ == "__main__":
    sys.exit(measure_soak())
