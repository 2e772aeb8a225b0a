"""Segmentation of a single image apart from the stream."""

from collections.abc import Callable
from typing import NamedTuple

from builtin_interfaces.msg import Time

from eovseg_model.inference import ImageSizeError
from eovseg_model.vocabulary import VocabularyError
from eovseg_ros.messages import (
    ImageError,
    SegmentedFrame,
    image_to_rgb,
    panoptic_image,
    segments_message,
    vocabulary_message,
)
from eovseg_ros.node.live_vocabulary import VocabularySnapshot, encode_in_parts
from eovseg_ros.node.parameters import NodeParameters
from eovseg_ros.node.predictor import Predictor, embeddings_by_id
from eovseg_ros.node.requests.vocabulary_reader import VocabularyReader
from eovseg_ros.node.services.coroutine_service import RequestRefused
from eovseg_ros.srv import SegmentImage


class OneOffModel(NamedTuple):
    """What segments an image: the model, the live vocabulary, and the parameters."""

    predictor: Predictor
    snapshot: VocabularySnapshot
    parameters: NodeParameters


class ImageSegmenter:
    """Answers requests of SegmentImage; slow, for a thread of its own."""

    def __init__(self) -> None:
        # Its own, so that the files of one-off vocabularies cannot delay those of the parameter.
        self._reader = VocabularyReader()

    def __call__(
        self, request: SegmentImage.Request, model: OneOffModel, unwanted: Callable[[], bool]
    ) -> SegmentImage.Response:
        """Return the segments. Raises RequestRefused for an invalid image or vocabulary."""
        parameters = model.parameters
        try:
            rgb = image_to_rgb(request.image, max_pixels=parameters.max_pixels)
            snapshot = self._snapshot(request.vocabulary, model, unwanted)
            prediction = model.predictor(
                rgb,
                short_side=parameters.short_side,
                vocabulary=snapshot.encoded,
                object_threshold=parameters.object_threshold,
                overlap_threshold=parameters.model_overlap_threshold,
                one_off=True,
            )
        except (ImageError, ImageSizeError) as error:
            raise RequestRefused(str(error)) from error
        frame = SegmentedFrame(
            header=request.image.header,
            rgb=rgb,
            panoptic=prediction.label_image.astype("uint16", copy=False),
            segments=prediction.segments,
            vocabulary_version=snapshot.version,
            class_count=len(snapshot.labels),
            embeddings=embeddings_by_id(prediction) if parameters.publish_embeddings else {},
        )
        return SegmentImage.Response(
            success=True,
            segmentation=segments_message(frame),
            panoptic=panoptic_image(frame),
            vocabulary=vocabulary_message(
                Time(), snapshot.version, snapshot.entries, snapshot.labels, snapshot.is_thing
            ),
        )

    def _snapshot(
        self, entries: list[str], model: OneOffModel, unwanted: Callable[[], bool]
    ) -> VocabularySnapshot:
        """Return the live vocabulary, or that of the request as version 0."""
        if not entries:
            return model.snapshot
        names = model.parameters.requested_vocabulary({"vocabulary": entries})
        assert names
        try:
            vocabulary = self._reader.read(names).result()
        except VocabularyError as error:
            raise RequestRefused(f"'vocabulary' refused: {error}") from error
        encoded = encode_in_parts(model.predictor, vocabulary, unwanted)
        if encoded is None:
            raise RequestRefused("the request was cancelled")
        return VocabularySnapshot(0, tuple(entries), encoded)
