"""Tracks as arrays, without loss, so that a sequence can be continued later."""

from collections.abc import Mapping, Sequence

import numpy as np

from .masks import GridMask
from .track import Track


def tracks_to_arrays(tracks: Sequence[Track]) -> dict[str, np.ndarray]:
    """Return arrays from which `tracks_from_arrays` makes equal tracks; those of no track are empty."""
    if not tracks:
        return {"ids": np.zeros(0, np.int64)}
    known = [track.probabilities for track in tracks if track.probabilities is not None]
    return {
        "ids": np.array([track.id for track in tracks], np.int64),
        "stamps": np.array([track.stamp for track in tracks], np.float64),
        "velocities": np.stack([track.velocity for track in tracks]),
        "kernels": np.stack([track.kernel for track in tracks]),
        "has_probabilities": np.array([track.probabilities is not None for track in tracks]),
        "probabilities": np.stack(known) if known else np.zeros((0, 0), np.float32),
        "centres": np.stack([track.mask.centre for track in tracks]),
        "cells": np.array([len(track.mask.rows) for track in tracks], np.int64),
        "rows": np.concatenate([track.mask.rows for track in tracks]).astype(np.uint8),
        "columns": np.concatenate([track.mask.columns for track in tracks]).astype(np.uint8),
    }


def tracks_from_arrays(arrays: Mapping[str, np.ndarray]) -> list[Track]:
    """Return the tracks of `tracks_to_arrays`."""
    if not len(arrays["ids"]):
        return []
    ends = np.cumsum(arrays["cells"])[:-1]
    rows, columns = (np.split(arrays[name].astype(np.intp), ends) for name in ("rows", "columns"))
    known = iter(arrays["probabilities"])
    return [
        Track(
            kernel=arrays["kernels"][i],
            mask=GridMask(rows[i], columns[i], arrays["centres"][i]),
            stamp=float(arrays["stamps"][i]),
            probabilities=next(known) if arrays["has_probabilities"][i] else None,
            id=int(arrays["ids"][i]),
            velocity=arrays["velocities"][i],
        )
        for i in range(len(arrays["ids"]))
    ]
