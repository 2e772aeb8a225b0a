"""A stand-in for tf2_ros, which PyPI does not have; its interface is that of ros2/geometry2, branch jazzy.

As there, a buffer interpolates but does not extrapolate, keeps 10 s, refuses what is older, and time 0 means
the newest. Unlike there, /tf and /tf_static carry geometry_msgs/TransformStamped: PyPI has no tf2_msgs.
"""

from bisect import bisect

import numpy as np
from geometry_msgs.msg import Quaternion, TransformStamped, Vector3
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.duration import Duration
from rclpy.qos import DurabilityPolicy, QoSProfile
from scipy.spatial.transform import Rotation, Slerp

CACHE_TIME = 10 * 10**9
NO_TIME = Duration()


class TransformException(Exception):
    pass


class ConnectivityException(TransformException):
    pass


class LookupException(TransformException):
    pass


class ExtrapolationException(TransformException):
    pass


class InvalidArgumentException(TransformException):
    pass


class Buffer:
    def __init__(self, cache_time=None, node=None):
        assert cache_time is None and node is None
        self._moving = {}  # by child: (parent, [nanoseconds], [TransformStamped])
        self._static = {}  # by child: TransformStamped

    def set_transform(self, transform, authority):
        parent, stamps, transforms = self._moving.setdefault(
            transform.child_frame_id, (transform.header.frame_id, [], [])
        )
        stamp = nanoseconds(transform.header.stamp)
        if stamps and stamp < stamps[-1] - CACHE_TIME:
            return  # tf2 logs TF_OLD_DATA
        place = bisect(stamps, stamp)
        stamps.insert(place, stamp)
        transforms.insert(place, transform)
        while stamps[0] < stamps[-1] - CACHE_TIME:
            del stamps[0], transforms[0]

    def set_transform_static(self, transform, authority):
        self._static[transform.child_frame_id] = transform

    def clear(self):
        """As in tf2, static transforms remain."""
        for _, stamps, transforms in self._moving.values():
            stamps.clear()
            transforms.clear()

    def lookup_transform(self, target_frame, source_frame, time, timeout=NO_TIME):
        assert timeout == NO_TIME
        for frame in (target_frame, source_frame):
            if not frame or frame.startswith("/"):
                what = "start with a '/'" if frame else "be empty"
                raise InvalidArgumentException(
                    f'Invalid argument "{frame}" passed to lookupTransform argument - '
                    f"in tf2 frame_ids cannot {what}"
                )
            parents = {t.header.frame_id for t in self._static.values()} | {
                p for p, _, _ in self._moving.values()
            }
            if frame not in parents | self._static.keys() | self._moving.keys():
                raise LookupException(f'"{frame}" passed to lookupTransform argument does not exist. ')
        above_target, above_source = self._to_root(target_frame), self._to_root(source_frame)
        if above_target[-1] != above_source[-1]:
            raise ConnectivityException(
                f"Could not find a connection between '{target_frame}' and '{source_frame}' because they are "
                "not part of the same tree.Tf has two or more unconnected trees."
            )
        root_from_target = self._root_from(above_target, nanoseconds(time))
        root_from_source = self._root_from(above_source, nanoseconds(time))
        matrix = np.linalg.inv(root_from_target) @ root_from_source
        found = TransformStamped(child_frame_id=source_frame)
        found.header.frame_id, found.header.stamp = target_frame, time
        x, y, z, w = Rotation.from_matrix(matrix[:3, :3]).as_quat()
        found.transform.rotation = Quaternion(x=x, y=y, z=z, w=w)
        found.transform.translation = Vector3(**dict(zip("xyz", matrix[:3, 3].tolist(), strict=True)))
        return found

    def _to_root(self, frame):
        frames = [frame]
        while frame in self._static or frame in self._moving:
            frame = self._static[frame].header.frame_id if frame in self._static else self._moving[frame][0]
            frames.append(frame)
        return frames

    def _root_from(self, frames, time):
        matrix = np.eye(4)
        for child in frames[:-1]:
            matrix = self._parent_from(child, time) @ matrix
        return matrix

    def _parent_from(self, child, time):
        if child in self._static:
            return matrix_of([self._static[child]], 0.0)
        _, stamps, transforms = self._moving[child]
        if not stamps:
            raise LookupException(f'"{child}" has no data')
        time = time or stamps[-1]
        if time > stamps[-1] or time < stamps[0]:
            direction, edge, found = (
                ("future", "latest", stamps[-1]) if time > stamps[-1] else ("past", "earliest", stamps[0])
            )
            raise ExtrapolationException(
                f"Lookup would require extrapolation into the {direction}.  Requested time {time / 1e9:.6f} "
                f"but the {edge} data is at time {found / 1e9:.6f}, when looking up transform from frame "
                "[...] to frame [...]"
            )
        place = max(bisect(stamps, time) - 1, 0)
        both = transforms[place : place + 2]
        span = stamps[place + 1] - stamps[place] if len(both) == 2 else 1
        return matrix_of(both, (time - stamps[place]) / span)


class TransformListener:
    def __init__(self, buffer, node, *, spin_thread=False, qos=None, static_qos=None):
        assert not spin_thread
        self.node = node
        self.buffer = buffer
        group = ReentrantCallbackGroup()
        static = QoSProfile(depth=100, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self.tf_sub = node.create_subscription(
            TransformStamped, "/tf", self.callback, qos or QoSProfile(depth=100), callback_group=group
        )
        self.tf_static_sub = node.create_subscription(
            TransformStamped, "/tf_static", self.static_callback, static_qos or static, callback_group=group
        )

    def __del__(self):
        self.unregister()

    def unregister(self):
        self.node.destroy_subscription(self.tf_sub)
        self.node.destroy_subscription(self.tf_static_sub)

    def callback(self, transform):
        self.buffer.set_transform(transform, "default_authority")

    def static_callback(self, transform):
        self.buffer.set_transform_static(transform, "default_authority")


def nanoseconds(time):
    """As tf2_py does, of a message or of rclpy's Time."""
    return time.sec * 10**9 + time.nanosec if hasattr(time, "sec") else time.nanoseconds


def matrix_of(transforms, share):
    """Interpolate between one or two transforms."""
    places = np.array([[getattr(t.transform.translation, axis) for axis in "xyz"] for t in transforms])
    turns = Rotation.from_quat([[getattr(t.transform.rotation, axis) for axis in "xyzw"] for t in transforms])
    matrix = np.eye(4)
    if len(transforms) == 1:
        matrix[:3, :3], matrix[:3, 3] = turns.as_matrix()[0], places[0]
    else:
        matrix[:3, :3] = Slerp([0, 1], turns)(share).as_matrix()
        matrix[:3, 3] = places[0] + share * (places[1] - places[0])
    return matrix
