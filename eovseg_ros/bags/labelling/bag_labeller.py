"""Labels a bag into a file, which appears when it is complete."""

import itertools
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from eovseg_model.inference import ImageSizeError
from eovseg_ros.bags.embeddings.keeping import KeptEmbeddings, can_continue
from eovseg_ros.bags.errors import BagError, BrokenMessage
from eovseg_ros.bags.labelling.frames import FrameLabeller, LabelledFrame
from eovseg_ros.bags.labelling.identity import differences, fingerprint_of
from eovseg_ros.bags.labelling.model import LabelModel
from eovseg_ros.bags.labelling.report import BagReport, Counts, Status, count_reason
from eovseg_ros.bags.labelling.settings import LabelSettings
from eovseg_ros.bags.message_types import encode_message
from eovseg_ros.bags.plain_text import reason_of
from eovseg_ros.bags.reading.bag import Bag, open_bag
from eovseg_ros.bags.reading.cameras import check_topics
from eovseg_ros.bags.reading.images import BagImage, read_images
from eovseg_ros.bags.writing.channels import camera_channels, vocabulary_channel
from eovseg_ros.bags.writing.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from eovseg_ros.bags.writing.full_disk import saying_full_disk
from eovseg_ros.bags.writing.mcap_file import McapFile
from eovseg_ros.bags.writing.messages import label_image_message, segments_message, vocabulary_message
from eovseg_ros.bags.writing.metadata import RESULT, read_metadata

CHUNK = 32  # images; a run that is killed loses no more work
Progress = Callable[[int], None]  # is told the number of images that are done


class BagLabeller:
    """Labels bags with one model; `command` is noted in the results."""

    def __init__(self, model: LabelModel, settings: LabelSettings, command: str) -> None:
        self._model = model
        self._settings = settings
        self._command = command

    def label(
        self, path: Path, target: Path, progress: Progress = lambda _: None, *, overwrite: bool = False
    ) -> BagReport:
        """Write the results of a bag to the .mcap file `target`, or continue what a run before began.

        overwrite replaces results of other settings. A bag that cannot be read is reported. Raises DiskFull;
        the same call continues later.
        """
        report = BagReport(str(path), str(target), Status.LABELLED)
        started = time.monotonic()
        try:
            with saying_full_disk(f"labelling {path} into {target}"), open_bag(path) as bag:
                check_topics(self._settings.cameras, bag.topics)
                fingerprint = self.fingerprint(path)
                if target.exists() and not (overwrite and self._are_others(target, fingerprint)):
                    self._take_over_finished(target, fingerprint, report)
                else:
                    self._label(bag, path, target, fingerprint, report, progress)
            _state(target).unlink(missing_ok=True)
        except BagError as error:
            report.status, report.error = Status.FAILED, str(error)
        except OSError as error:
            report.status, report.error = Status.FAILED, reason_of(error)
        report.seconds = time.monotonic() - started
        return report

    def _label(
        self, bag: Bag, path: Path, target: Path, fingerprint: str, report: BagReport, progress: Progress
    ) -> None:
        part = target.with_name(f"{target.name}.part")
        begun = read_checkpoint(_state(target))
        usable = begun and begun.fingerprint == fingerprint and part.exists()
        wanted = self._settings.keep_embeddings
        if usable and begun and wanted:
            usable = can_continue(target, begun.images)
        if begun is None or not usable or part.stat().st_size < begun.size:
            begun = Checkpoint(fingerprint, size=0, images=0)
        report.counts = Counts(**begun.counts)
        names = [camera.name for camera in self._settings.cameras]
        cameras = [camera_channels(name, compressed=self._settings.compressed) for name in names]
        channels = [vocabulary_channel(), *itertools.chain.from_iterable(cameras)]
        file = McapFile(part, channels, size=begun.size)
        kept = KeptEmbeddings(target, wanted=wanted, images=begun.images)
        try:
            self._write(bag, file, kept, begun, report, target, progress)
            file.finish(
                {RESULT: self._metadata(path, fingerprint, report), "rosbag2": {"ROS_DISTRO": "jazzy"}}
            )
        finally:
            file.close()
            kept.close()
        part.replace(target)

    def _write(
        self,
        bag: Bag,
        file: McapFile,
        kept: KeptEmbeddings,
        begun: Checkpoint,
        report: BagReport,
        target: Path,
        progress: Progress,
    ) -> None:
        """Label all images after those that are done; end with the bag, or where it breaks off."""
        settings, counts = self._settings, report.counts
        labeller = FrameLabeller(self._model, settings, begun.trackers)
        first_channel = {camera.name: 1 + 3 * i for i, camera in enumerate(settings.cameras)}
        images = read_images(bag, settings.cameras, settings.selection, settings.depth)
        done = begun.images
        try:
            for image in itertools.islice(images, done, None):
                if done == 0:
                    file.add(0, image.log_time, encode_message(self._vocabulary(image.log_time)))
                labelled = _attempt(labeller, image, counts)
                if labelled:
                    number = first_channel[image.camera.name]
                    for channel, data in enumerate(self._messages(labelled), number):
                        file.add(channel, image.log_time, data)
                    kept.add(image.camera.name, image.log_time, labelled.frame, labelled.features)
                done += 1
                if file.full or done % CHUNK == 0:
                    kept.end_block(done)  # first: there is a block for every checkpoint
                    size = file.end_chunk()
                    state = Checkpoint(begun.fingerprint, size, done, counts.as_dict(), labeller.save())
                    write_checkpoint(_state(target), state)
                progress(done)
        except BagError as error:
            report.status, report.error = Status.INCOMPLETE, str(error)
        if not done and report.status == Status.LABELLED:
            topics = ", ".join(camera.image_topic for camera in settings.cameras)
            count_reason(counts.warnings, f"no image of {topics} in the bag, or in the chosen part of it")
        kept.finish(done)

    def _messages(self, labelled: LabelledFrame) -> Sequence[bytes]:
        frame, compressed = labelled.frame, self._settings.compressed
        messages = (
            label_image_message(frame.panoptic, frame.header, compressed=compressed),
            label_image_message(frame.semantic, frame.header, compressed=compressed),
            segments_message(frame),
        )
        return [encode_message(message) for message in messages]

    def _vocabulary(self, moment: int) -> Any:
        vocabulary = self._model.vocabulary.vocabulary
        return vocabulary_message(
            moment, self._model.settings.entries, vocabulary.labels, vocabulary.is_thing
        )

    def _metadata(self, path: Path, fingerprint: str, report: BagReport) -> dict[str, str]:
        return {
            **self._model.identity,
            "settings": json.dumps(self._settings.as_dict(), ensure_ascii=False),
            "command": self._command,
            "bag": path.name,
            "status": str(report.status),
            "error": report.error,
            "counts": json.dumps(report.counts.as_dict(), ensure_ascii=False),
            "fingerprint": fingerprint,
        }

    def fingerprint(self, path: Path) -> str:
        """Return a hash of all that determines the results of a bag. Raises BagError and OSError."""
        return fingerprint_of(path, self._model.identity, self._settings)

    def must_label(self, path: Path, target: Path) -> bool:
        """Whether there are no results of a bag, or others. Raises BagError and OSError."""
        return not target.exists() or self._are_others(target, self.fingerprint(path))

    def _are_others(self, target: Path, fingerprint: str) -> bool:
        return read_metadata(target).get("fingerprint") != fingerprint

    def _take_over_finished(self, target: Path, fingerprint: str, report: BagReport) -> None:
        """Report what the run did that finished the results. Raises BagError if they are of another kind."""
        metadata = read_metadata(target)
        if self._are_others(target, fingerprint):
            other = ", ".join(differences(metadata, self._model.identity, self._settings)) or "the bag"
            raise BagError(
                f"{target} exists and is of other settings, other words or another bag (different: {other}): "
                "choose another --out, or replace it with --overwrite"
            )
        report.status, report.error = Status.SKIPPED, metadata["error"]
        report.counts = Counts(**json.loads(metadata["counts"]))


def _attempt(labeller: FrameLabeller, image: BagImage, counts: Counts) -> LabelledFrame | None:
    """Label an image, or count why it is skipped."""
    from eovseg_ros.messages import ImageError

    try:
        labelled = labeller.label(image)
    except (BrokenMessage, ImageError, ImageSizeError) as error:
        count_reason(counts.skipped, f"{image.camera.image_topic}: {error}")
        return None
    counts.frames += 1
    if labelled.depth_error:
        count_reason(counts.without_depth, labelled.depth_error)
    if labelled.warning:
        count_reason(counts.warnings, labelled.warning)
    return labelled


def _state(target: Path) -> Path:
    return target.with_name(f"{target.name}.state")
