"""The service ~/set_vocabulary."""

from collections.abc import Callable

from rclpy.parameter import Parameter

from eovseg_ros.node.lifecycle_guard import GuardedLifecycleNode
from eovseg_ros.node.live_vocabulary import LiveVocabulary, VocabularyNotLive
from eovseg_ros.node.requests.parameter_requests import ParameterRequests
from eovseg_ros.node.requests.waiting import end_of
from eovseg_ros.node.services.coroutine_service import RequestRefused, create_coroutine_service
from eovseg_ros.node.services.node_states import why_not_ready
from eovseg_ros.srv import SetVocabulary


class VocabularyService:
    """Sets the parameter `vocabulary`, and answers when the vocabulary is live or is known not to be.

    `vocabulary` returns None while the node is not configured.
    """

    def __init__(
        self,
        node: GuardedLifecycleNode,
        *,
        requests: ParameterRequests,
        vocabulary: Callable[[], LiveVocabulary | None],
    ) -> None:
        self._node = node
        self._requests = requests
        self._vocabulary = vocabulary
        create_coroutine_service(node, SetVocabulary, "~/set_vocabulary", self._answer)

    async def _answer(self, request: SetVocabulary.Request) -> SetVocabulary.Response:
        parameter = Parameter("vocabulary", Parameter.Type.STRING_ARRAY, list(request.entries))
        result = await self._requests.set_together([parameter.to_parameter_msg()])
        if not result.successful:
            raise RequestRefused(result.reason)
        vocabulary = self._vocabulary()
        if vocabulary is None:
            raise RequestRefused(
                f"the parameter 'vocabulary' is set, but not live: {why_not_ready(self._node)}"
            )
        outcome = vocabulary.outcome  # of this request: no other callback has run since it was made
        await end_of(outcome, self._node)
        try:
            return SetVocabulary.Response(success=True, version=outcome.result())
        except VocabularyNotLive as error:
            raise RequestRefused(str(error)) from error
