"""Which seeds belong to which set of scenes, so that no scene is ever in two."""

TRAINING = range(0, 1_000_000)
VALIDATION = range(1_000_000, 2_000_000)
TEST = range(2_000_000, 3_000_000)


def check_seeds(first: int, scenes: int, include_kept_out: bool) -> None:
    """ValueError unless the scenes lie in one set, and not in training where they show kept-out names."""
    for seeds in (TRAINING, VALIDATION, TEST):
        if scenes > 0 and first in seeds and first + scenes - 1 in seeds:
            break
    else:
        raise ValueError(
            f"{scenes} scenes from seed {first} on are not within one set; use seeds from {TRAINING.start} "
            f"(training), {VALIDATION.start} (validation) or {TEST.start} (test) on, fewer than 1000000"
        )
    if include_kept_out and seeds is TRAINING:
        raise ValueError(
            f"seed {first} is a training seed, and training scenes show no kept-out names; "
            f"leave --kept-out away or use seeds from {VALIDATION.start} on"
        )
