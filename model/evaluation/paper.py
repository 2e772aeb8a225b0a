"""Results of the paper for S, M and L (tables 1 and 2)."""

from typing import NamedTuple


class Reported(NamedTuple):
    """A row: percent, frames per second on an RTX 3090, millions of parameters, G multiply-adds."""

    pq: float | None
    sq: float | None
    rq: float | None
    ap: float | None
    miou: float
    frames_per_second: float
    parameters: float
    multiply_adds: float


TABLE_1 = {  # ADE20K, open-vocabulary panoptic segmentation
    "s": Reported(15.1, 57.0, 18.9, 7.2, 21.9, 23.8, 71, 133),
    "m": Reported(18.7, 63.5, 23.2, 8.5, 25.5, 18.4, 127, 176),
    "l": Reported(24.5, 70.2, 30.1, 13.7, 32.1, 11.6, 225, 377),
}
TABLE_2 = {  # mIoU of open-vocabulary semantic segmentation
    "ade20k_847": {"s": 6.6, "m": 7.8, "l": 12.8},
    "pascal_context_459": {"s": 11.5, "m": 12.2, "l": 16.8},
    "ade20k_150": {"s": 21.9, "m": 25.5, "l": 32.1},
    "pascal_context_59": {"s": 46.0, "m": 51.8, "l": 56.9},
    "pascal_voc_20": {"s": 87.2, "m": 91.2, "l": 94.8},
}
TABLE_2_FRAMES_PER_SECOND = {"s": 24.5, "m": 18.9, "l": 11.8}


def reported(dataset: str, variant: str) -> Reported | None:
    """Return the paper's row for a data set of `eovseg evaluate` and a variant, or None."""
    if variant not in TABLE_1:
        return None
    row = TABLE_1[variant]
    if dataset == "ade20k":
        return row
    if dataset not in TABLE_2:
        return None
    miou, rate = TABLE_2[dataset][variant], TABLE_2_FRAMES_PER_SECOND[variant]
    return row._replace(pq=None, sq=None, rq=None, ap=None, miou=miou, frames_per_second=rate)
