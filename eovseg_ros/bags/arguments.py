"""The arguments of `eovseg-bags label`."""

import argparse
import os
from pathlib import Path

from eovseg_model.backends import BACKENDS, DEFAULT_BACKEND, DEFAULT_DEVICE, DEFAULT_PRECISION, PRECISIONS
from eovseg_model.data import MAX_PIXELS
from eovseg_ros.bags.cluster.arguments import add_cluster_arguments
from eovseg_ros.bags.errors import UsageError
from eovseg_ros.bags.exporting.export_settings import ExportSettings
from eovseg_ros.bags.jobs.task_settings import TaskSettings
from eovseg_ros.bags.labelling.settings import LabelSettings, ModelSettings
from eovseg_ros.bags.number_arguments import number, whole_number
from eovseg_ros.bags.reading.cameras import parse_cameras
from eovseg_ros.bags.reading.images import DepthSettings
from eovseg_ros.bags.reading.selection import Selection


def add_label_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add = parser.add_argument
    add("bags", nargs="+", type=Path, metavar="BAG", help="a rosbag2 folder, or an .mcap or .db3 file")
    add("--out", type=Path, required=True, metavar="DIR", help="folder of the results")
    text = "Image or CompressedImage; repeat it for several cameras, if need be as NAME=TOPIC"
    add("--image-topic", action="append", required=True, metavar="TOPIC", help=text)
    text = "depth images registered to the image topic; repeat it for several cameras"
    add("--depth-topic", action="append", default=[], metavar="TOPIC", help=text)
    text = "default: camera_info beside the image topic"
    add("--camera-info-topic", action="append", default=[], metavar="TOPIC", help=text)

    words = parser.add_argument_group("model and words; defaults are those of the node")
    add = words.add_argument
    text = "'mug,cup' 'floor|stuff' @lvis (default: @default, the variant's own)"
    add("--vocabulary", nargs="+", default=["@default"], metavar="ENTRY", help=text)
    add("--variant", choices=("tiny", "s", "m", "l"), default="tiny")
    add("--checkpoint", default="", metavar="FILE", help="weights (default: as in the node)")
    add("--device", default=DEFAULT_DEVICE, help="auto, cpu, cuda, cuda:1, ... (default: %(default)s)")
    add("--backend", choices=BACKENDS, default=DEFAULT_BACKEND, help="default: %(default)s")
    add("--precision", choices=PRECISIONS, default=DEFAULT_PRECISION, help="default: %(default)s")
    text = "pixels of the short side after resizing; 0: the variant's default, -1: no resizing (default: 0)"
    add("--short-side", type=int, default=0, metavar="PIXELS", help=text)
    text = "minimum score of a segment (default: 0)"
    add("--object-threshold", type=number(0, 1), default=0.0, metavar="SHARE", help=text)
    text = "minimum share of its mask that a segment must win (default: 0.8, tiny 0.6)"
    add("--overlap-threshold", type=number(0, 1), metavar="SHARE", help=text)
    text = f"skip larger images (default: {MAX_PIXELS})"
    add("--max-pixels", type=whole_number(1), default=MAX_PIXELS, metavar="N", help=text)

    chosen = parser.add_argument_group("images")
    add = chosen.add_argument
    add("--every", type=whole_number(1), default=1, metavar="N", help="every n-th image of each camera")
    add(
        "--rate",
        type=number(0),
        default=0.0,
        metavar="HZ",
        help="at most that many images a second (default: all)",
    )
    text = "seconds from the bag's first message"
    add("--start", type=number(0), default=0.0, metavar="SECONDS", help=text)
    add("--end", type=number(0), default=0.0, metavar="SECONDS", help=f"{text} (default: its end)")
    text = "at most that many images of each camera (default: all)"
    add("--limit", type=whole_number(0), default=0, metavar="N", help=text)
    text = "most seconds between an image and its depth (default: 0.05)"
    add("--depth-tolerance", type=number(0), default=0.05, metavar="SECONDS", help=text)
    add("--rectified", action="store_true", help="the images are rectified: use P of camera_info")

    results = parser.add_argument_group("results")
    add = results.add_argument
    add("--raw", action="store_true", help="write panoptic and semantic as Image, not as PNG")
    add("--no-tracking", action="store_true", help="every image by itself")
    text = "seconds for which an unseen object is remembered (default: 10)"
    add("--track-memory", type=number(0.1), default=10.0, metavar="SECONDS", help=text)
    text = "weight of the past in names and scores (default: 0.8)"
    add("--smoothing", type=number(0, 0.99), default=0.8, metavar="SHARE", help=text)
    add("--embeddings", action="store_true", help="write the class embedding of each segment")
    text = "store what relabel and find need beside the results"
    add("--keep-embeddings", action="store_true", help=text)
    text = "also write all messages of the bag and the results to one file, NAME_full.mcap"
    add("--copy", action="store_true", help=text)
    text = "also write the images and results as a data set of COCO's panoptic format, DIR/NAME"
    add("--coco", type=Path, metavar="DIR", help=text)
    add("--video", action="store_true", help="also write an overlay video of each camera, NAME.mp4")
    add("--overwrite", action="store_true", help="replace results of other settings")

    work = parser.add_argument_group("work")
    add = work.add_argument
    text = "bags at the same time, each in a process (default: 1)"
    add("--jobs", type=whole_number(1), metavar="N", help=text)
    text = "CPU threads of each job's model (default: the cores divided by the jobs)"
    add("--threads", type=whole_number(1), metavar="N", help=text)
    add_cluster_arguments(parser)


def read_settings(options: argparse.Namespace, command: str) -> TaskSettings:
    """Return what the arguments ask for. Raises UsageError if they do not fit together."""
    if options.end and options.end <= options.start:
        raise UsageError(f"--end {options.end:g} is not after --start {options.start:g}")
    cameras = parse_cameras(options.image_topic, options.depth_topic, options.camera_info_topic)
    return TaskSettings(
        label=LabelSettings(
            model=ModelSettings(
                variant=options.variant,
                checkpoint=options.checkpoint,
                device=options.device,
                backend=options.backend,
                precision=options.precision,
                short_side=options.short_side,
                vocabulary=tuple(options.vocabulary),
                object_threshold=options.object_threshold,
                overlap_threshold=options.overlap_threshold,
            ),
            cameras=tuple(cameras),
            selection=Selection(
                every=options.every,
                rate=options.rate,
                start=options.start,
                end=options.end,
                limit=options.limit,
            ),
            depth=DepthSettings(tolerance=options.depth_tolerance, rectified=options.rectified),
            tracking=not options.no_tracking,
            track_memory=options.track_memory,
            smoothing=options.smoothing,
            embeddings=options.embeddings,
            keep_embeddings=options.keep_embeddings,
            compressed=not options.raw,
            max_pixels=options.max_pixels,
        ),
        threads=options.threads or _threads(options),
        command=command,
        overwrite=options.overwrite,
        exports=ExportSettings(copy=options.copy, video=options.video, coco=options.coco),
    )


def _threads(options: argparse.Namespace) -> int:
    """Return the number for each job: 1 on a cluster, whose machines may have any number of cores."""
    if options.cluster:
        return 1
    jobs = min(options.jobs or 1, len(options.bags))
    return max(1, len(os.sched_getaffinity(0)) // jobs)
