"""Command line of the evaluation of positions and boxes."""

import argparse
import sys

import numpy as np

from ...simulation import PyBulletMissing


def main(arguments: list[str] | None = None) -> int:
    """Measure the things of simulated scenes and print how exact it is; return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        from ...inference import EOVSegPredictor
        from ...simulation import TEST, vocabulary_entries
        from .judging import ThingScore, noisy_depth, score_view, views_of
        from .report import summary
        from .truth import FARTHEST, FEWEST_PIXELS
    except PyBulletMissing as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    size = (options.width, options.height)
    scores: dict[str, list[ThingScore]] = {"true masks": []}
    predictor = None
    if options.own_masks:
        scores["masks of tiny"] = []
        predictor = EOVSegPredictor.from_checkpoint("tiny", vocabulary=vocabulary_entries(), device="cpu")
    seed = TEST.start if options.seed is None else options.seed
    for number in range(seed, seed + options.scenes):
        rng = np.random.default_rng(number)
        for truth, view in views_of(number, options.views, size):
            depth = noisy_depth(view, options.noise, rng)
            scores["true masks"] += score_view(truth, view, depth)
            if predictor:
                label_image = predictor(view.frame.rgb).label_image
                scores["masks of tiny"] += score_view(truth, view, depth, label_image)
    if not scores["true masks"]:
        print("error: no thing is near enough in these views; use more scenes", file=sys.stderr)
        return 1
    print(
        f"{options.scenes} scenes from seed {seed}, {options.views} views of {size[0]}x{size[1]} each, depth "
        f"noise {options.noise:g} m at 1 m; things of at least {FEWEST_PIXELS} pixels within {FARTHEST:g} m\n"
    )
    print(summary(scores))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m eovseg_model.evaluation.geometry",
        description="Measure positions and boxes of the things in simulated scenes, and compare them with "
        "rays cast into the scenes. Needs PyBullet.",
    )
    add = parser.add_argument
    add("--scenes", type=int, default=20, metavar="N", help="number of scenes (default: %(default)s)")
    add("--views", type=int, default=3, metavar="N", help="views of each (default: %(default)s)")
    add("--seed", type=int, metavar="SEED", help="seed of the first scene (default: the first test seed)")
    add("--width", type=int, default=640, metavar="PIXELS", help="image width (default: %(default)s)")
    add("--height", type=int, default=480, metavar="PIXELS", help="image height (default: %(default)s)")
    text = "standard deviation of the depth at 1 m, growing with its square (default: %(default)g)"
    add("--noise", type=float, default=0.0, metavar="METRES", help=text)
    add("--own-masks", action="store_true", help="also measure inside the masks of the tiny demo model")
    return parser


if __name__ == "__main__":
    sys.exit(main())
