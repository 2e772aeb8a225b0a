"""The arguments of `eovseg-bags label` for clusters."""

import argparse

from eovseg_ros.bags.cluster.cluster_settings import ClusterSettings
from eovseg_ros.bags.errors import UsageError
from eovseg_ros.bags.number_arguments import number


def add_cluster_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add = parser.add_argument_group("cluster").add_argument
    text = (
        "use the machines of a Ray cluster, by default of the one that runs here; --jobs is then the number "
        "of bags at the same time on all machines (default: as many as fit), --threads the CPUs of each "
        "(default: 1)"
    )
    add("--cluster", nargs="?", const="auto", metavar="ADDRESS", help=text)
    text = "GPUs of each bag, such as 0.5 (default: 1 if the cluster has GPUs)"
    add("--gpus", type=number(0.0), metavar="SHARE", help=text)
    text = (
        "let several machines do slices of that length of a long bag, 0 for none; needs a shared --out "
        "(default: 300)"
    )
    add("--slice", type=number(0.0), default=300.0, metavar="SECONDS", help=text)
    text = "copy the results to s3://bucket/folder or another URL of fsspec; --out is then a local folder"
    add("--upload", default="", metavar="URL", help=text)


def read_cluster(options: argparse.Namespace) -> ClusterSettings | None:
    """Return what the arguments ask for, None without a cluster. Raises UsageError."""
    if not options.cluster:
        for name, value in (("--gpus", options.gpus), ("--upload", options.upload)):
            if value:
                raise UsageError(f"{name} needs --cluster")
        return None
    return ClusterSettings(
        address=options.cluster,
        workers=options.jobs or 0,
        gpus=options.gpus,
        slice_seconds=0.0 if options.upload else options.slice,
        upload=options.upload,
    )
