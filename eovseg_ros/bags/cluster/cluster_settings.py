"""How a run uses a cluster."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ClusterSettings:
    """address is Ray's, workers the number of bags at the same time; 0: as many as fit into the cluster.

    gpus is the share of a GPU that a worker takes; None: a whole one if the cluster has GPUs and the model
    may use them. Bags of at least one and a half times slice_seconds are cut into slices; 0: none is. upload
    is a URL of fsspec to which results are copied, or empty.
    """

    address: str = "auto"
    workers: int = 0
    gpus: float | None = None
    slice_seconds: float = 300.0
    upload: str = ""
    attempts: int = 3  # workers that may be lost with a bag before it is given up
