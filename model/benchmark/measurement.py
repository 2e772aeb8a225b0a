"""Measure one case in a separate process: `python -m eovseg_model.benchmark.measurement CASE` prints JSON.

`eovseg benchmark` runs it twice per case: for the times, and for the peak memory without the second network
that the comparison needs.
"""

import copy
import json
import multiprocessing
import statistics
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch

from ..backends import load_backend
from ..checkpoint import enable_malloc_options, read_state_dict, save_weights
from ..inference import prepare
from ..network import CONFIGS, EOVSeg, load_model
from .case import BenchmarkCase
from .pipeline import Pipeline
from .progress import FRAMES_FOR_MEMORY, WARM_UP, tell_step
from .result import STAGES, Memory, Times
from .stage_clock import StageClock
from .synthetic import synthetic_model, synthetic_picture, synthetic_text


@torch.no_grad()
def measure_times(case: BenchmarkCase, repeats: int) -> Times:
    """Return medians over repeats; each measures the reference trunk, then the whole pipeline."""
    tell_step("generating random weights")
    plain, pictures, clock = _model(case), _pictures(case), StageClock(case.clock)
    model = copy.deepcopy(plain)
    pipeline = _pipeline(case, model, case.backend, case.precision)
    clock.watch(model)  # after the pipeline, so that engines are built from the unwrapped model
    images, _ = prepare(pictures, min(case.size), torch.device(case.device))
    trunk, total, stages = [], [], []
    for repeat in range(WARM_UP + repeats):
        warm = repeat >= WARM_UP
        tell_step(
            f"frame {repeat - WARM_UP + 1} of {repeats}" if warm else f"warm-up {repeat + 1} of {WARM_UP}"
        )
        start = clock.now()
        plain.backbone(images)
        middle = clock.now()
        clock.seconds.clear()
        pipeline(pictures, clock)
        end = clock.now()
        if warm:
            trunk.append(middle - start)
            total.append(end - middle)
            stages.append(dict(clock.seconds))
    names = [name for name in STAGES if name in stages[0]]
    tell_step("comparing with the reference network")
    agreement, segments, kept = _compare(_pipeline(case, plain, "reference", "fp32"), pipeline, pictures)
    return Times(
        statistics.median(trunk),
        statistics.median(total),
        statistics.median(a / b for a, b in zip(total, trunk, strict=True)),
        {n: statistics.median(s[n] for s in stages) for n in names},
        {n: statistics.median(s[n] / t for s, t in zip(stages, trunk, strict=True)) for n in names},
        agreement,
        segments,
        kept,
    )


@torch.no_grad()
def measure_memory(case: BenchmarkCase) -> Memory:
    """Return the peak of the process: Python, libraries, loading weights, encoding text, a few frames."""
    before = _peak_memory()
    tell_step("memory: weights")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "weights.safetensors"
        writer = multiprocessing.get_context("spawn").Process(
            target=_write_weights, args=(case.variant, file)
        )
        writer.start()
        writer.join()
        model = load_model(case.variant, read_state_dict(file), str(file)).to(case.device)
    model.text_encoder(["mug"])
    pipeline, pictures = _pipeline(case, model, case.backend, case.precision), _pictures(case)
    for frame in range(FRAMES_FOR_MEMORY):
        tell_step(f"memory: frame {frame + 1} of {FRAMES_FOR_MEMORY}")
        pipeline(pictures, StageClock())
    device = torch.device(case.device)
    on_device = torch.cuda.max_memory_allocated(device) if device.type == "cuda" else 0
    return Memory(_peak_memory(), before, on_device)


def _write_weights(variant: str, file: Path) -> None:
    save_weights(synthetic_model(variant), file, {}, torch.float32)


def _model(case: BenchmarkCase) -> EOVSeg:
    return synthetic_model(case.variant).to(case.device)


def _pictures(case: BenchmarkCase) -> list[np.ndarray]:
    return [synthetic_picture(case.picture_size, seed) for seed in range(case.batch)]


def _pipeline(case: BenchmarkCase, model: EOVSeg, backend: str, precision: str) -> Pipeline:
    text, seen = synthetic_text(case.vocabulary_size, CONFIGS[case.variant].text_dim, case.device)
    return Pipeline(load_backend(backend, model, precision, patient=True), text, seen, min(case.size))


def _compare(plain: Pipeline, fast: Pipeline, pictures: list[np.ndarray]) -> tuple[float, int, int]:
    """Return agreement of the maps, segments and kept queries; overlap 0 keeps many segments."""
    expected, logits = plain(pictures, StageClock(), overlap_threshold=0.0)
    found, _ = fast(pictures, StageClock(), overlap_threshold=0.0)
    same = torch.cat([(a.map == b.map).flatten() for a, b in zip(expected, found, strict=True)])
    kept = logits[0].argmax(-1) != logits.shape[-1] - 1
    return float(same.double().mean()), len(found[0].segments), int(kept.sum())


def _peak_memory() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * int(next(line for line in lines if line.startswith("VmHWM")).split()[1])


def main() -> None:
    enable_malloc_options()
    request = json.loads(sys.argv[1])
    case = BenchmarkCase(**request["case"] | {"size": tuple(request["case"]["size"])})
    torch.set_num_threads(case.threads)
    repeats = request["repeats"]
    result = measure_times(case, repeats) if repeats else measure_memory(case)
    print(json.dumps(result._asdict()))


if __name__ == "__main__":
    main()
