"""Writes the results of a bag anew with other words, without its images and without the network."""

import dataclasses
import hashlib
import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from eovseg_model.inference import class_probabilities
from eovseg_model.tracking import Tracker, TrackingConfig
from eovseg_ros.bags.embeddings.labelled_images import LabelledImage, read_labelled_images
from eovseg_ros.bags.embeddings.renaming import RenamedResult, rename
from eovseg_ros.bags.errors import BagError
from eovseg_ros.bags.labelling.model import LabelModel
from eovseg_ros.bags.message_types import encode_message
from eovseg_ros.bags.writing.channels import camera_channels, vocabulary_channel
from eovseg_ros.bags.writing.mcap_file import McapFile
from eovseg_ros.bags.writing.messages import label_image_message, segments_message, vocabulary_message
from eovseg_ros.bags.writing.metadata import RESULT, read_metadata
from eovseg_ros.messages import SegmentedFrame

CHUNK = 32  # images


class Relabeller:
    """Names the segments of files of results anew with the words of a model; `command` is noted in them."""

    def __init__(self, model: LabelModel, command: str) -> None:
        self._model = model
        self._command = command

    def relabel(
        self, source: Path, target: Path, progress: Callable[[int], None] = lambda _: None
    ) -> int | None:
        """Write the file `target`, which appears when it is complete; return the number of images.

        Returns None if it is there already, of the same words. Raises BagError, and OSError.
        """
        metadata = read_metadata(source)
        identity = self._identity(metadata)
        if target.exists():
            if read_metadata(target).get("fingerprint") != identity["fingerprint"]:
                raise BagError(f"{target} exists and is of other words or results: choose another --out")
            return None
        settings = json.loads(metadata["settings"])
        draft = target.with_name(f"{target.name}.part")
        names = [camera["name"] for camera in settings["cameras"]]
        compressed = settings["compressed"]
        cameras = [camera_channels(name, compressed=compressed) for name in names]
        file = McapFile(draft, [vocabulary_channel(), *itertools.chain.from_iterable(cameras)])
        try:
            count = 0
            writer = _Writer(self._model, settings)
            for count, image in enumerate(read_labelled_images(source, compressed=compressed), 1):
                if count == 1:
                    file.add(0, image.stored.log_time, encode_message(self._vocabulary(image)))
                number = 1 + 3 * names.index(image.stored.camera)
                for channel, message in enumerate(writer.messages(image), number):
                    file.add(channel, image.stored.log_time, encode_message(message))
                if file.full or count % CHUNK == 0:
                    file.end_chunk()
                progress(count)
            file.finish({RESULT: {**metadata, **identity}, "rosbag2": {"ROS_DISTRO": "jazzy"}})
            draft.replace(target)
        finally:
            file.close()
            draft.unlink(missing_ok=True)  # it cannot be continued
        return count

    def _identity(self, metadata: dict[str, str]) -> dict[str, str]:
        """Return what the metadata say of the new words."""
        own = self._model.identity
        words = {name: own.get(name, "") for name in ("vocabulary", "vocabulary_sha256")}
        parts = [metadata["fingerprint"], words]
        return {
            "vocabulary": words["vocabulary"],
            "vocabulary_sha256": words["vocabulary_sha256"],
            "command": self._command,
            "relabelled_from": metadata.get("vocabulary", ""),
            "fingerprint": hashlib.sha256(json.dumps(parts).encode()).hexdigest(),
        }

    def _vocabulary(self, image: LabelledImage) -> Any:
        vocabulary = self._model.vocabulary.vocabulary
        entries = self._model.settings.entries
        return vocabulary_message(image.stored.log_time, entries, vocabulary.labels, vocabulary.is_thing)


class _Writer:
    """Makes the messages of images; it follows the objects of each camera."""

    def __init__(self, model: LabelModel, settings: dict[str, Any]) -> None:
        self._model = model
        self._settings = settings
        self._trackers: dict[str, Tracker] = {}

    def messages(self, image: LabelledImage) -> tuple[Any, Any, Any]:
        """Return the panoptic image, the semantic image and the segments."""
        vocabulary = self._model.vocabulary.vocabulary
        stored = image.stored
        probabilities = (
            class_probabilities(self._model.predictor.model, stored.embeddings, self._model.vocabulary)
            if len(stored.ids)
            else np.zeros((0, len(vocabulary) + 1), np.float32)
        )
        threshold = self._settings["model"]["object_threshold"]
        result = rename(image.panoptic, stored, probabilities, vocabulary, threshold)
        segments = (
            self._tracker(stored.camera).update(result, (stored.stamp or stored.log_time) / 1e9)
            if self._settings["tracking"]
            else result.segments
        )
        rows = {s.id: row for s, row in zip(segments, result.segment_features.embeddings, strict=True)}
        frame = SegmentedFrame(
            header=image.segments.header,
            rgb=np.zeros((0, 0, 3), np.uint8),
            panoptic=result.label_image,
            segments=segments,
            vocabulary_version=1,
            class_count=len(vocabulary),
            embeddings=rows if self._settings["embeddings"] else {},
        )
        compressed = self._settings["compressed"]
        return (
            label_image_message(frame.panoptic, frame.header, compressed=compressed),
            label_image_message(frame.semantic, frame.header, compressed=compressed),
            _with_positions(segments_message(frame), image.segments, result),
        )

    def _tracker(self, camera: str) -> Tracker:
        if camera not in self._trackers:
            own = self._settings
            config = TrackingConfig(memory=own["track_memory"], smoothing=own["smoothing"])
            self._trackers[camera] = Tracker(config)
        return self._trackers[camera]


def _with_positions(message: Any, former: Any, result: RenamedResult) -> Any:
    """Add the positions of the former segments; of several that are one now, that of the largest."""
    known = {segment.id: segment for segment in former.segments}
    segments = []
    for segment in message.segments:
        origin = known[result.parts[segment.id][0]]
        segments.append(
            dataclasses.replace(
                segment, has_position=origin.has_position, position=origin.position, box=origin.box
            )
        )
    return dataclasses.replace(message, segments=segments, position_frame=former.position_frame)
