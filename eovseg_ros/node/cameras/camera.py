"""One camera of the node, through the states of the lifecycle."""

from collections.abc import Callable

from rclpy.lifecycle import LifecycleNode
from sensor_msgs.msg import CompressedImage, Image

from eovseg_ros.node.cameras.camera_stream import CameraStream
from eovseg_ros.node.cameras.received_image import ReceivedImage
from eovseg_ros.node.cameras.waiting_images import WaitingImages
from eovseg_ros.node.frame_tracker import FrameTracker
from eovseg_ros.node.inputs.image_input import ImageInput
from eovseg_ros.node.inputs.space_input import SpaceInput
from eovseg_ros.node.outputs.frame_publisher import FramePublisher
from eovseg_ros.node.parameters import NodeParameters
from eovseg_ros.node.reporting.camera_report import CameraReport
from eovseg_ros.node.reporting.frame_statistics import FrameStatistics
from eovseg_ros.node.space.target_frame import TargetFrame


class Camera:
    """Has publishers while the node is configured, a stream and subscriptions while it is active.

    Its tracker lives as long as the node, so that no track id is used again.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._prefix = f"{name}/" if name else ""
        self._tracker = FrameTracker()
        self._statistics = FrameStatistics()
        self._publisher: FramePublisher | None = None
        self._stream: CameraStream | None = None
        self._images: WaitingImages[ReceivedImage] | None = None
        self._input: ImageInput | None = None
        self._space_input: SpaceInput | None = None

    def create_publishers(self, node: LifecycleNode, parameters: NodeParameters) -> None:
        """Create the publishers of the results."""
        self._publisher = FramePublisher(
            node, prefix=self._prefix, overlay=parameters.overlay, use_depth=parameters.use_depth
        )

    def open_stream(self, node: LifecycleNode, parameters: Callable[[], NodeParameters]) -> CameraStream:
        """Return what a worker needs; statistics begin anew."""
        assert self._publisher
        self._statistics = FrameStatistics()
        self._stream = CameraStream(
            name=self.name,
            publisher=self._publisher,
            tracker=self._tracker,
            statistics=self._statistics,
            parameters=parameters,
            logger=node.get_logger(),
        )
        return self._stream

    def subscribe(
        self,
        node: LifecycleNode,
        images: WaitingImages[ReceivedImage],
        parameters: Callable[[], NodeParameters],
        target: TargetFrame | None,
    ) -> None:
        """Put received images among those that wait for the worker."""
        fixed = parameters()
        self._images = images
        if fixed.use_depth:
            self._space_input = SpaceInput(
                node,
                prefix=self._prefix,
                tolerance=lambda: parameters().depth_tolerance,
                rectified=fixed.rectified,
                target=target,
            )
        self._input = ImageInput(
            node, prefix=self._prefix, transport=fixed.image_transport, on_image=self._receive
        )
        node.get_logger().info(f"segmenting {self._input.topic}")

    def unsubscribe(self) -> None:
        """End the subscriptions."""
        for part in (self._input, self._space_input):
            if part:
                part.close()
        self._input = self._space_input = self._images = None

    def close_stream(self) -> None:
        """Forget the stream after the worker has ended."""
        self._stream = None

    def destroy_publishers(self) -> None:
        """Destroy the publishers of the results."""
        if self._publisher:
            self._publisher.close()
        self._publisher = None

    def report(self) -> CameraReport:
        """Return topics, counters and errors."""
        image_input, space_input, stream, images = self._input, self._space_input, self._stream, self._images
        return CameraReport(
            name=self.name,
            image_topic=image_input.topic if image_input else "",
            depth_topic=space_input.topic if space_input else "",
            silence=image_input.silence if image_input else "",
            lost=image_input.lost if image_input else 0,
            frames=self._statistics.report(),
            replaced=images.replaced(self.name) if images else 0,
            image_error=stream.image_error if stream else "",
            depth_error=stream.depth_error if stream else "",
            frame_error=stream.error if stream else "",
            frame_seconds=stream.frame_seconds if stream else 0.0,
            skipped_overlays=stream.painter.skipped if stream else 0,
        )

    def _receive(self, message: Image | CompressedImage, moment: float) -> None:
        self._statistics.count_received(moment)
        if images := self._images:
            depth = self._space_input.expect(message.header) if self._space_input else None
            images.put(self.name, ReceivedImage(message, moment, depth))
