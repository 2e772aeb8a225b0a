"""Disjoint ranges of seeds for training, validation and test scenes."""

TRAINING = range(0, 1_000_000)
VALIDATION = range(1_000_000, 2_000_000)
TEST = range(2_000_000, 3_000_000)


def check_seeds(first: int, scenes: int, include_kept_out: bool) -> None:
    """Raise ValueError unless all seeds are in one range, and not in training with kept-out names."""
    if scenes < 1:
        raise ValueError(f"a data set needs at least one scene; got {scenes}")
    for seeds in (TRAINING, VALIDATION, TEST):
        if first in seeds and first + scenes - 1 in seeds:
            break
    else:
        raise ValueError(
            f"seeds {first} to {first + scenes - 1} are not within one range; use at most 1000000 seeds "
            f"from {TRAINING.start} (training), {VALIDATION.start} (validation) or {TEST.start} (test)"
        )
    if include_kept_out and seeds is TRAINING:
        raise ValueError(
            f"seed {first} is a training seed, and training scenes must not show kept-out names; "
            f"omit --kept-out or use seeds from {VALIDATION.start}"
        )
