"""Free functions from results to messages."""

from collections.abc import Mapping, Sequence

from builtin_interfaces.msg import Time
from geometry_msgs.msg import Point
from sensor_msgs.msg import Image, RegionOfInterest
from std_msgs.msg import Header

from eovseg_model.drawing import LabelledSegment
from eovseg_model.inference import Region
from eovseg_ros.messages.images import array_to_image
from eovseg_ros.messages.segmented_frame import SegmentedFrame
from eovseg_ros.msg import PanopticSegmentation, Segment, Vocabulary


def panoptic_image(frame: SegmentedFrame) -> Image:
    """Write the segment ids as 16UC1."""
    return array_to_image(frame.panoptic, "16UC1", frame.header)


def semantic_image(frame: SegmentedFrame) -> Image:
    """Write class index + 1 as mono8, or as 16UC1 past 254 classes."""
    encoding = "mono8" if frame.semantic.itemsize == 1 else "16UC1"
    return array_to_image(frame.semantic, encoding, frame.header)


def segments_message(frame: SegmentedFrame) -> PanopticSegmentation:
    """Write the segments that have pixels, in the order of their ids."""
    return panoptic_segmentation(
        frame.header, frame.panoptic.shape, frame.segments, frame.regions, frame.vocabulary_version
    )


def panoptic_segmentation(
    header: Header,
    shape: tuple[int, ...],
    segments: Sequence[LabelledSegment],
    regions: Mapping[int, Region],
    vocabulary_version: int,
) -> PanopticSegmentation:
    """Write segments and the regions measured for their ids; a segment without a region is left out."""
    ordered = sorted((s for s in segments if s.id in regions), key=lambda s: s.id)
    return PanopticSegmentation(
        header=header,
        vocabulary_version=vocabulary_version,
        height=shape[0],
        width=shape[1],
        segments=[_segment(s, regions[s.id]) for s in ordered],
    )


def vocabulary_message(
    stamp: Time, version: int, entries: Sequence[str], labels: Sequence[str], is_thing: Sequence[bool]
) -> Vocabulary:
    """Announce a vocabulary that went live at `stamp`; entries as its request wrote them."""
    return Vocabulary(
        header=Header(stamp=stamp),
        version=version,
        entries=list(entries),
        labels=list(labels),
        is_thing=[bool(t) for t in is_thing],
    )


def _segment(segment: LabelledSegment, region: Region) -> Segment:
    return Segment(
        id=int(segment.id),
        class_id=int(segment.class_id),
        label=segment.label,
        is_thing=bool(segment.is_thing),
        score=float(segment.score),
        area=region.area,
        bbox=RegionOfInterest(x_offset=region.x, y_offset=region.y, width=region.width, height=region.height),
        centroid=Point(x=region.centroid_x, y=region.centroid_y, z=0.0),
    )
