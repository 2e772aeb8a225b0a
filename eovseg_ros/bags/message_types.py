"""Message types of ROS 2 Jazzy and of this package, without ROS."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eovseg_ros.bags.errors import BrokenMessage
from eovseg_ros.bags.plain_text import reason_of

if TYPE_CHECKING:
    from rosbags.typesys.store import Typestore

IMAGE = "sensor_msgs/msg/Image"
COMPRESSED_IMAGE = "sensor_msgs/msg/CompressedImage"
CAMERA_INFO = "sensor_msgs/msg/CameraInfo"
SEGMENTS = "eovseg_ros/msg/PanopticSegmentation"
VOCABULARY = "eovseg_ros/msg/Vocabulary"

_PACKAGE = Path(__file__).parents[1]
_PLACES = (_PACKAGE.parent / "msg", _PACKAGE / "bags/definitions")  # in the source, and installed


@cache
def typestore() -> "Typestore":
    """Return the types of Jazzy and those of this package."""
    from rosbags.typesys import Stores, get_types_from_msg, get_typestore

    store = get_typestore(Stores.ROS2_JAZZY)
    folder = next(place for place in _PLACES if (place / "Segment.msg").exists())
    types: dict[str, Any] = {}
    for path in sorted(folder.glob("*.msg")):
        types |= get_types_from_msg(path.read_text(encoding="utf-8"), f"eovseg_ros/msg/{path.stem}")
    store.register(types)
    return store


def message_class(name: str) -> Any:
    """Return the dataclass of a message type; all its fields must be given."""
    return typestore().types[name]


def decode_message(data: bytes, name: str) -> Any:
    """Return the message of a type from its bytes (CDR). Raises BrokenMessage."""
    try:
        return typestore().deserialize_cdr(data, name)
    except Exception as error:  # of the generated code: any, as the bytes may be anything
        raise BrokenMessage(f"{len(data)} bytes are no {name}: {reason_of(error)}") from error


def encode_message(message: Any) -> bytes:
    """Return the bytes of a message (CDR), the same as rclpy's."""
    return bytes(typestore().serialize_cdr(message, message.__msgtype__))


def definition(name: str) -> str:
    """Return the definition of a type and of all types in it, as MCAP files have it."""
    return typestore().generate_msgdef(name, ros_version=2)[0]


def type_hash(name: str) -> str:
    """Return the hash of a type (RIHS01), as ROS computes it."""
    return typestore().hash_rihs01(name)
