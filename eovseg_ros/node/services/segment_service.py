"""The service ~/segment."""

from collections.abc import Callable

from eovseg_ros.node.lifecycle_guard import GuardedLifecycleNode
from eovseg_ros.node.requests.waiting import end_of
from eovseg_ros.node.services.coroutine_service import RequestRefused, create_coroutine_service
from eovseg_ros.node.services.image_segmenter import ImageSegmenter, OneOffModel
from eovseg_ros.node.services.node_states import why_not_ready
from eovseg_ros.node.services.request_queue import RequestQueue
from eovseg_ros.srv import SegmentImage

_MOST_WAITING = 4  # requests; each holds an image


class SegmentService:
    """Segments images of requests in a thread of its own, one at a time, apart from the stream.

    `model` returns None while the node is not configured.
    """

    def __init__(self, node: GuardedLifecycleNode, *, model: Callable[[], OneOffModel | None]) -> None:
        self._node = node
        self._model = model
        self._segment = ImageSegmenter()
        self._queue: RequestQueue[tuple[SegmentImage.Request, OneOffModel], SegmentImage.Response]
        self._queue = RequestQueue(
            lambda item, unwanted: self._segment(*item, unwanted),
            name="image requests",
            most_waiting=_MOST_WAITING,
            log_error=node.get_logger().error,
        )
        create_coroutine_service(node, SegmentImage, "~/segment", self._answer)

    def cancel(self) -> None:
        """Answer all requests with the reason that the model is released."""
        self._queue.cancel(RequestRefused("the node was cleaned up before the image was segmented"))

    def close(self) -> None:
        """End the thread after the request in progress; does not wait for it."""
        self._queue.close()

    async def _answer(self, request: SegmentImage.Request) -> SegmentImage.Response:
        model = self._model()
        if model is None:
            raise RequestRefused(why_not_ready(self._node))
        response = self._queue.put((request, model))
        if response is None:
            raise RequestRefused(
                f"{_MOST_WAITING} earlier requests wait for the model: try again when one of them is answered"
            )
        await end_of(response, self._node)
        return response.result()
