"""What a soak test sent to the node and what came back, compared."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from eovseg_ros.msg import CameraStatus, PanopticSegmentation, Vocabulary


class SentImage(NamedTuple):
    """An image on its way: when it was sent, seconds of the steady clock, and its size in pixels."""

    moment: float
    height: int
    width: int


class SoakLedger:
    """Match answers with images by their stamps, and labels with the vocabulary version that they name."""

    def __init__(self) -> None:
        self.sent = 0  # images
        self.latencies: list[float] = []  # ms, of each answer
        self.errors: list[str] = []
        self.wrong_versions: list[str] = []
        self.lost: list[str] = []  # images that had to be answered and were not
        self._waiting: dict[int, SentImage] = {}  # by stamp, ns
        self._vocabularies: dict[int, Vocabulary] = {}
        self._unchecked: list[PanopticSegmentation] = []  # their vocabulary has not arrived yet
        self._newest_version = 0

    def send(self, stamp: int, image: SentImage) -> None:
        """Note an image that is sent."""
        self.sent += 1
        self._waiting[stamp] = image

    def forget_images(self) -> None:
        """Count images and answers anew; an image that is still on its way must not be."""
        self.sent = 0
        self.latencies.clear()
        self._waiting.clear()

    @property
    def vocabulary_count(self) -> int:
        """How many vocabularies went live."""
        return len(self._vocabularies)

    def is_answered(self, stamp: int) -> bool:
        """Whether the image of this stamp has an answer."""
        return stamp not in self._waiting

    def give_up(self, stamp: int, seconds: float) -> None:
        """Note that an image has no answer though no newer one replaced it."""
        image = self._waiting[stamp]
        self.lost.append(f"no answer in {seconds:.0f} s to image {self.sent} ({image.width}x{image.height})")

    def receive(self, message: PanopticSegmentation, moment: float) -> None:
        """Take an answer."""
        stamp = message.header.stamp.sec * 10**9 + message.header.stamp.nanosec
        image = self._waiting.pop(stamp, None)
        if image is None:
            self.errors.append(f"an answer to no image, or a second one: stamp {stamp}")
            return
        self.latencies.append(1000 * (moment - image.moment))
        if (message.height, message.width) != (image.height, image.width):
            self.errors.append(
                f"an answer of {message.width}x{message.height} to an image of {image.width}x{image.height}"
            )
        if message.vocabulary_version < self._newest_version:
            self.wrong_versions.append(
                f"version {message.vocabulary_version} after {self._newest_version}: older than before"
            )
        self._newest_version = max(self._newest_version, message.vocabulary_version)
        if message.vocabulary_version in self._vocabularies:
            self._check_labels(message)
        else:
            self._unchecked.append(message)

    def receive_vocabulary(self, message: Vocabulary) -> None:
        """Take a vocabulary that is live; answers that name its version may have come before it."""
        self._vocabularies[message.version] = message
        expected = [entry.partition("|")[0].partition(",")[0] for entry in message.entries]
        if list(message.labels) != expected:
            self.errors.append(f"version {message.version} has labels {message.labels}, not {expected}")
        for answer in [a for a in self._unchecked if a.vocabulary_version == message.version]:
            self._unchecked.remove(answer)
            self._check_labels(answer)

    def is_live(self, entries: Sequence[str]) -> bool:
        """Whether these entries are those of the newest vocabulary."""
        newest = self._vocabularies.get(max(self._vocabularies, default=0))
        return newest is not None and list(newest.entries) == list(entries)

    def close(self, before: CameraStatus, after: CameraStatus) -> int:
        """Check the node's own counters over the test; returns how many images it replaced by newer ones."""

        def count(name: str) -> int:
            return getattr(after, name) - getattr(before, name)

        for answer in self._unchecked:
            self.wrong_versions.append(f"version {answer.vocabulary_version} was never announced")
        inside = count("received") - count("replaced") - count("published")
        inside -= count("bad_images") + count("failed_frames")
        if inside:
            self.lost.append(f"{inside} images that the node received and does not account for")
        if unheard := count("published") - len(self.latencies):
            self.errors.append(f"{unheard} answers more were published than received")
        for name in ("bad_images", "failed_frames"):
            if count(name):
                reason = after.frame_error or after.image_error
                self.errors.append(f"{name}: {count(name)} ({reason})")
        return count("replaced")

    def _check_labels(self, message: PanopticSegmentation) -> None:
        vocabulary = self._vocabularies[message.vocabulary_version]
        for segment in message.segments:
            known = segment.class_id < len(vocabulary.labels)
            if not known or segment.label != vocabulary.labels[segment.class_id]:
                version = message.vocabulary_version
                self.wrong_versions.append(
                    f"'{segment.label}' is not class {segment.class_id} of version {version}"
                )


def slope_per_thousand(frames: Sequence[float], values: Sequence[float]) -> float:
    """Growth of values per 1,000 frames by least squares; 0 for fewer than two."""
    if len(frames) < 2:
        return 0.0
    return 1000 * float(np.polyfit(frames, values, 1)[0])
