"""Hostile messages and requests, made from a seed."""

import functools
import random
import struct

import cv2
import numpy as np
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rcl_interfaces.msg import Parameter, ParameterValue
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header
from std_srvs.srv import SetBool

from eovseg_ros.messages.encodings.names import PICTURES
from eovseg_ros.node.parameters import parameter_specs
from eovseg_ros.srv import SegmentImage, SetVocabulary

KNOWN_FORMATS = (
    *(
        "jpeg",
        "png",
        "bgr8; jpeg compressed bgr8",
        "rgb8; png compressed bgr8",
        "mono8; jpeg compressed mono8",
    ),
    *(
        "bayer_rggb8; png compressed bayer_rggb8",
        "16UC1; png compressed",
        "32FC1; compressedDepth png",
        "h264",
    ),
    *("rgb8; tiff compressed rgb8", "", ";", "; compressed", "zstd", "hevc; h265", "bgr8;jpeg compressed"),
)
_TEXTS = (
    "",
    " ",
    "mug",
    "\n",
    "\x00",
    "@",
    "@nothing",
    "@/dev/zero",
    "@/dev/stdin",
    "@/etc/passwd",
    "@/proc/kmsg",
)
_TEXTS += (
    "@~nobody/x.txt",
    "@" + "a" * 5000 + ".json",
    "x" * 100_000,
    "mug," * 5000,
    "|",
    "a|b",
    "@@",
    "set=",
)
_TEXTS += (
    "\u202e\u0301\u0301" * 20,
    "\U0001f9f8" * 100,
    "mug|stuff",
    "@coco_panoptic",
    "%s%n",
    "{0}",
    "'",
    "\\",
)
_NUMBERS = (0, -1, 1, 2, 2**31, 2**63 - 1, -(2**63))
_REALS = (0.0, -0.0, 1e-10, 1e-320, 1e308, -1e308, float("nan"), float("inf"), float("-inf"), 0.5, -1.0)
# Transitions that end the node are none that it should survive in service.
ENDING = {Transition.TRANSITION_UNCONFIGURED_SHUTDOWN, Transition.TRANSITION_INACTIVE_SHUTDOWN}
ENDING |= {Transition.TRANSITION_ACTIVE_SHUTDOWN, Transition.TRANSITION_DESTROY}


@functools.cache
def picture_files():
    """A small picture as JPEG, PNG (8 and 16 bits, grey, alpha), TIFF, WebP, BMP and PPM."""
    rgb = np.random.default_rng(0).integers(0, 256, (12, 16, 3), np.uint8)
    grey, deep = rgb[:, :, 0], rgb.astype(np.uint16) * 257
    alpha = cv2.cvtColor(rgb, cv2.COLOR_RGB2RGBA)
    endings = {".jpg": rgb, ".png": rgb, ".tiff": rgb, ".webp": rgb, ".bmp": rgb, ".ppm": rgb}
    files = [cv2.imencode(ending, array)[1].tobytes() for ending, array in endings.items()]
    return (*files, *(cv2.imencode(".png", array)[1].tobytes() for array in (grey, deep, alpha)))


def hostile_image(chance):
    """An image whose size, step, encoding or data are wrong, or by chance right."""
    message = Image(header=_header(chance))
    message.encoding = chance.choice((*PICTURES, "16UC1", "32FC1", "", "rgb888", "\x00", "rgb8" * 5000))
    message.width, message.height = (_size(chance) for _ in range(2))
    channels = chance.choice((1, 2, 3, 4, 6, 8))
    message.step = min(
        2**32 - 1, message.width * channels + chance.choice((0, 0, 0, 1, -1 if message.width else 0))
    )
    rows = message.height * chance.choice((1, 1, 1, 1.5, 2, 3))
    count = int(min(rows * message.step, 40_000)) + chance.choice((0, 0, 0, 1, 1000))
    message.data = chance.randbytes(count)
    message.is_bigendian = chance.choice((0, 1, 255))
    return message


def hostile_compressed(chance):
    """A picture file that is damaged, cut or of another format than it says."""
    content = bytearray(chance.choice(picture_files()) if chance.random() < 0.9 else chance.randbytes(300))
    for _ in range(chance.choice((0, 1, 3, 30))):
        content[chance.randrange(len(content))] = chance.randrange(256)
    if chance.random() < 0.3:
        content = content[: chance.randrange(len(content))]
    form = chance.choice((*KNOWN_FORMATS, "png" * 5000, "\x00", "\U0001f9f8"))
    return CompressedImage(header=_header(chance), format=form, data=bytes(content))


def hostile_bytes(chance, message):
    """A message as DDS carries it, with bytes changed, cut off or made up."""
    content = bytearray(serialize_message(message))
    kind = chance.randrange(4)
    if kind == 0:  # lengths of strings and arrays are among the first bytes
        for _ in range(chance.randint(1, 8)):
            content[chance.randrange(min(len(content), 64))] = chance.randrange(256)
    elif kind == 1:
        # At least the header: Fast DDS delivers nothing more of a publisher after an empty sample.
        content = content[: chance.randrange(4, len(content))]
    elif kind == 2:
        content[chance.randrange(4, 40) :] = chance.randbytes(60)
    else:  # a length of billions
        place = chance.randrange(4, 60)
        content[place : place + 4] = struct.pack("<I", chance.choice((2**32 - 1, 2**31, 2**24)))
    return bytes(content)


def hostile_parameter(chance, files=()):
    """A parameter with a name, a type and a value that need not fit together."""
    names = (
        *parameter_specs(),
        "use_sim_time",
        "",
        "nothing",
        "x" * 1000,
        "a.b",
        "\U0001f9f8",
        "qos_overrides.x",
    )
    name = "vocabulary" if chance.random() < 0.3 else chance.choice(names)
    value = ParameterValue(type=chance.choice((*range(10), 10, 77, 255)))
    value.bool_value = chance.random() < 0.5
    value.integer_value, value.double_value = chance.choice(_NUMBERS), chance.choice(_REALS)
    value.string_value = chance.choice(_texts(files))
    value.byte_array_value = [bytes([n]) for n in chance.randbytes(chance.choice((0, 3)))]
    value.bool_array_value = [True] * chance.choice((0, 3))
    value.integer_array_value = chance.sample(_NUMBERS, 3)
    value.double_array_value = chance.sample(_REALS, 3)
    value.string_array_value = hostile_entries(chance, files)
    return Parameter(name=name, value=value)


def hostile_entries(chance, files=()):
    """Entries of a vocabulary, of which few are valid."""
    return [chance.choice(_texts(files)) for _ in range(chance.choice((0, 1, 2, 2, 5)))]


def hostile_service_request(chance, files=()):
    """A request to one of the node's own services; few deactivate the node, which then reads no images."""
    kind = chance.choices((SegmentImage, SetVocabulary, SetBool), (10, 6, 1))[0]
    if kind is SetBool:
        return SetBool.Request(data=chance.random() < 0.7)
    if kind is SetVocabulary:
        return SetVocabulary.Request(entries=hostile_entries(chance, files))
    entries = hostile_entries(chance, files) if chance.random() < 0.5 else []
    return SegmentImage.Request(image=hostile_image(chance), vocabulary=entries)


def hostile_transition(chance):
    """A request for a transition by a number and a label that may not exist or not agree."""
    number = chance.choice((*range(10), chance.randrange(256), 99))
    label = chance.choice(("", "configure", "activate", "deactivate", "nothing", "x" * 10_000, "\x00"))
    if number in ENDING or "shutdown" in label:
        number, label = 255, ""
    return ChangeState.Request(transition=Transition(id=number, label=label))


def _texts(files):
    return (*_TEXTS, *(f"@{path}" for path in files))


def _header(chance):
    header = Header(frame_id=chance.choice(("camera", "", "x" * 10_000, "\x00", "\U0001f9f8")))
    header.stamp.sec = chance.choice((0, 1, 2**31 - 1, -(2**31)))
    header.stamp.nanosec = chance.choice((0, 10**9, 2**32 - 1))
    return header


def _size(chance: random.Random) -> int:
    return chance.choice((0, 1, 2, 3, 4, 8, 16, chance.randrange(64), chance.choice((2**16, 2**32 - 1))))
