"""The node's own services together."""

from collections.abc import Callable

from eovseg_ros.node.lifecycle_guard import GuardedLifecycleNode
from eovseg_ros.node.live_vocabulary import LiveVocabulary
from eovseg_ros.node.parameters import NodeParameters
from eovseg_ros.node.predictor import Predictor
from eovseg_ros.node.requests.parameter_requests import ParameterRequests
from eovseg_ros.node.services.enable_service import EnableService
from eovseg_ros.node.services.image_segmenter import OneOffModel
from eovseg_ros.node.services.segment_service import SegmentService
from eovseg_ros.node.services.vocabulary_service import VocabularyService


class NodeServices:
    """~/segment, ~/set_vocabulary and ~/enable.

    `predictor` and `vocabulary` return None while the node is not configured.
    """

    def __init__(
        self,
        node: GuardedLifecycleNode,
        *,
        requests: ParameterRequests,
        predictor: Callable[[], Predictor | None],
        vocabulary: Callable[[], LiveVocabulary | None],
        parameters: Callable[[], NodeParameters],
    ) -> None:
        def model() -> OneOffModel | None:
            loaded, live = predictor(), vocabulary()
            return OneOffModel(loaded, live.snapshot, parameters()) if loaded and live else None

        self._segment = SegmentService(node, model=model)
        VocabularyService(node, requests=requests, vocabulary=vocabulary)
        EnableService(node)

    def cancel(self) -> None:
        """Answer all requests that need the model, which is released."""
        self._segment.cancel()

    def close(self) -> None:
        """End the threads; does not wait for them."""
        self._segment.close()
