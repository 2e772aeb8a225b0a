"""Functions that read what others wrote: any input gives a valid result or the function's own error."""

import io
import string
import zipfile

import cv2
import numpy as np
import pytest
import yaml
from hostile import KNOWN_FORMATS, picture_files
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sensor_msgs.msg import CompressedImage, Image

from eovseg_model.simulation.frame import Frame, TrueSegment
from eovseg_model.simulation.recording import Recording
from eovseg_model.simulation.recording_format import RecordingHeader, read_header
from eovseg_model.simulation.recording_writer import write_recording
from eovseg_model.vocabulary import Vocabulary, VocabularyError, load_vocabulary
from eovseg_ros.messages import ImageError, image_to_rgb, image_warning
from eovseg_ros.messages.encodings.compressed_format import check_format, parse_format
from eovseg_ros.messages.encodings.names import PICTURES
from eovseg_ros.node.parameter_checks import check, convert
from eovseg_ros.node.parameters import NodeParameters, ParameterError, parameter_specs
from eovseg_ros.node.startup.start_values import start_values
from eovseg_ros.node.startup.yaml_values import read_value

bounded = settings(
    derandomize=True,
    deadline=None,
    max_examples=150,
    database=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.filter_too_much,
        HealthCheck.function_scoped_fixture,
    ],
)
SIZES = st.one_of(st.integers(0, 7), st.sampled_from((1, 2, 4, 8, 2**16, 2**32 - 1)))
ENCODINGS = st.one_of(st.sampled_from((*PICTURES, "16UC1", "32FC1", "NV12", "64FC4")), st.text(max_size=12))
FORMATS = st.one_of(st.sampled_from(KNOWN_FORMATS), st.text(max_size=40))
NAMES = st.sampled_from(tuple(parameter_specs()))
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=30), st.binary(max_size=8)
)
VALUES = st.one_of(SCALARS, st.lists(SCALARS, max_size=5))
PIECES = st.sampled_from(
    ("mug", "MUG", "cup", ",", "|", "|stuff", "|thing", "@", "set=", "coco_panoptic", " ", "\t")
)
ENTRIES = st.one_of(st.text(max_size=90), st.lists(PIECES, max_size=6).map("".join))


@given(SIZES, SIZES, ENCODINGS, st.one_of(st.none(), SIZES), st.binary(max_size=400), st.integers(0, 255))
@bounded
def test_an_image_becomes_rgb_of_its_size_or_an_image_error(height, width, encoding, step, data, endian):
    message = Image(height=height, width=width, encoding=encoding, is_bigendian=endian)
    message.step = min(step if step is not None else 3 * width, 2**32 - 1)
    message.data = data
    assert isinstance(image_warning(message), str)
    try:
        rgb = image_to_rgb(message, max_pixels=1000)
    except ImageError as error:
        assert 0 < len(str(error)) < 1000
    else:
        assert rgb.shape == (height, width, 3) and rgb.dtype == np.uint8 and height * width <= 1000


@given(st.integers(1, 6), st.integers(1, 6), st.sampled_from(PICTURES), st.integers(0, 5), st.data())
@bounded
def test_images_of_the_right_number_of_bytes_can_be_read_in_many_encodings(
    height, width, encoding, padding, data
):
    message = Image(height=height, width=width, encoding=encoding)
    message.step = width * data.draw(st.sampled_from((1, 2, 3, 4, 6, 8))) + padding
    rows = data.draw(st.sampled_from((1.0, 1.5, 3.0)))
    count = int(rows * height * message.step)
    message.data = data.draw(st.binary(min_size=count, max_size=count))
    try:
        rgb = image_to_rgb(message)
    except ImageError:
        return
    assert rgb.shape == (height, width, 3) and rgb.dtype == np.uint8


@given(st.sampled_from(picture_files()), FORMATS, st.data())
@bounded
def test_a_damaged_picture_becomes_rgb_or_an_image_error(picture, form, data):
    damaged = bytearray(picture)
    for _ in range(data.draw(st.integers(0, 8))):
        damaged[data.draw(st.integers(0, min(len(damaged), 120) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.one_of(st.just(len(damaged)), st.integers(0, len(damaged))))
    message = CompressedImage(format=form, data=bytes(damaged[:cut]))
    assert isinstance(image_warning(message), str)
    try:
        rgb = image_to_rgb(message, max_pixels=10_000)
    except ImageError as error:
        assert 0 < len(str(error)) < 1000
    else:
        assert rgb.ndim == 3 and rgb.shape[2] == 3 and rgb.dtype == np.uint8
        assert rgb.shape[0] * rgb.shape[1] <= 10_000


@given(FORMATS)
@bounded
def test_any_format_of_a_compressed_image_is_parsed(text):
    form = parse_format(text)
    assert form.codec == form.codec.strip().lower() and ";" not in form.raw
    try:
        check_format(text)
    except ImageError as error:
        assert len(str(error)) < 1000


@given(st.lists(st.one_of(ENTRIES, SCALARS), max_size=6))
@bounded
def test_entries_become_a_vocabulary_of_distinct_names_or_a_vocabulary_error(entries):
    assume(
        not any(isinstance(e, str) and ("/" in e or e.rstrip().endswith((".json", ".txt"))) for e in entries)
    )
    try:
        vocabulary = Vocabulary.parse(entries)
    except VocabularyError as error:
        assert 0 < len(str(error)) < 4000
        return
    names = [name.casefold() for name in vocabulary.synonyms]
    assert len(set(names)) == len(names) and all(name.strip() for name in names)
    assert len(vocabulary.labels) == len(vocabulary.is_thing) == len(vocabulary) > 0


@given(
    st.sampled_from((".json", ".txt")),
    st.one_of(st.binary(max_size=200), st.text(max_size=100), st.lists(PIECES)),
)
@bounded
def test_any_vocabulary_file_is_read_or_refused_with_its_name(tmp_path_factory, ending, content):
    path = tmp_path_factory.getbasetemp() / f"fuzz{ending}"
    if isinstance(content, list):
        content = "\n".join(f"{i}:{piece}" for i, piece in enumerate(content))
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    try:
        assert len(load_vocabulary(path)) > 0
    except VocabularyError as error:
        assert str(path) in str(error)


@given(NAMES, VALUES)
@bounded
def test_a_parameter_value_is_taken_in_its_own_type_and_range_or_refused(name, value):
    spec, default = parameter_specs()[name], getattr(NodeParameters, name)
    try:
        taken = check(name, value, default, spec)
    except ParameterError as error:
        assert f"'{name}'" in str(error) and len(str(error)) < 1000
        return
    assert type(taken) is type(default)
    assert not spec.choices or taken in spec.choices
    if spec.low is not None and taken != spec.special:
        assert spec.low <= taken <= spec.high


@given(NAMES, SCALARS)
@bounded
def test_a_converted_value_has_the_parameters_type_or_is_the_value(name, value):
    default = getattr(NodeParameters, name)
    converted = convert(value, default)
    assert type(converted) is type(default) or converted is value


@given(st.dictionaries(NAMES, VALUES, max_size=4))
@bounded
def test_a_set_of_parameters_is_taken_or_refused_as_a_whole(values):
    assume(not any("/" in str(entry) for entry in values.values()))
    before = NodeParameters()
    try:
        after = before.replaced(values)
    except ParameterError:
        return
    for name in parameter_specs():
        assert name in values or getattr(after, name) == getattr(before, name)


@given(st.text(max_size=40))
@bounded
def test_any_text_after_the_assignment_is_a_value_or_a_yaml_error(text):
    try:
        read_value(text)
    except yaml.YAMLError:
        pass


@given(
    st.lists(
        st.one_of(
            st.sampled_from(("--ros-args", "--", "-p", "-r", "--params-file", "--log-level", "__node:=a")),
            st.tuples(NAMES, st.text(string.printable, max_size=12)).map(":=".join),
            st.text(string.printable, max_size=12),
        ),
        max_size=8,
    )
)
@bounded
def test_any_command_line_gives_start_values_or_a_parameter_error(words):
    try:
        values = start_values(["--ros-args", *words])
    except ParameterError:
        return
    assert values.keys() <= {*parameter_specs(), "use_sim_time", "start_type_description_service"}


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                ("rate", "frames", "width", "scenes", "intrinsics", "fx", "segments", "first_frame", "id")
            ),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=8,
)
HEADER = RecordingHeader(
    rate=4.0,
    frames=2,
    width=16,
    height=12,
    fx=20.0,
    fy=20.0,
    cx=8.0,
    cy=6.0,
    depth_scale=250.0,
    first_frames=(0,),
    segments=((TrueSegment(1, "floor", False),),),
)


@given(st.data())
@bounded
def test_a_changed_recording_header_is_valid_or_a_value_error(data):
    import json

    content = json.loads(HEADER.write())
    place = data.draw(st.sampled_from((content, content["intrinsics"], content["scenes"][0])))
    place[data.draw(st.sampled_from(tuple(place)))] = data.draw(JSON)
    try:
        header = read_header(json.dumps(content).encode())
    except ValueError as error:
        assert len(str(error)) < 1000
    else:
        assert header.rate > 0 and header.frames >= 1 and header.first_frames[0] == 0


@pytest.mark.parametrize(
    "text",
    [b"[" * 100_000, b'{"a":' * 100_000, b"\xff\xfe", b"", b"1" * 5000],
    ids=["lists", "objects", "not UTF-8", "empty", "a long number"],
)
def test_a_hostile_recording_header_is_a_value_error(text):
    with pytest.raises(ValueError):
        read_header(text)


@pytest.fixture(scope="module")
def recording_bytes(tmp_path_factory):
    """Two small frames in a ZIP file."""
    path = tmp_path_factory.mktemp("recording") / "two.zip"
    ids = np.ones((12, 16), np.int32)
    rgb, depth = np.full((12, 16, 3), 90, np.uint8), np.full((12, 16), 2.0, np.float32)
    frame = Frame(rgb, depth, ids, [TrueSegment(1, "floor", False)], 20.0, 20.0, 8.0, 6.0)
    write_recording(path, [frame, frame], rate=4.0, frames_per_scene=2, made_by="by hand")
    return path.read_bytes()


@given(data=st.data())
@bounded
def test_a_damaged_recording_is_read_or_a_value_error(recording_bytes, tmp_path_factory, data):
    damaged = bytearray(recording_bytes)
    # The directory of a ZIP file is at its end.
    places = st.one_of(st.integers(0, len(damaged) - 1), st.integers(len(damaged) - 500, len(damaged) - 1))
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(places)] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "damaged.zip"
    path.write_bytes(damaged[: data.draw(st.one_of(st.just(len(damaged)), st.integers(0, len(damaged))))])
    try:
        with Recording(path) as recording:
            frame = recording.frame(0)
            assert frame.rgb.shape == (*frame.depth.shape, 3)
    except ValueError as error:
        assert str(path) in str(error)


@pytest.mark.parametrize("value", [0, 1, 99, 255])
def test_a_damaged_byte_in_a_recordings_directory_is_harmless_or_a_value_error(
    recording_bytes, tmp_path, value
):
    """Among them: encrypted entries, unknown methods of compression, and a future version of ZIP."""
    directory = recording_bytes.index(b"PK\x01\x02")
    path = tmp_path / "damaged.zip"
    for place in range(directory, len(recording_bytes)):
        damaged = bytearray(recording_bytes)
        damaged[place] = value
        path.write_bytes(damaged)
        try:
            with Recording(path) as recording:
                recording.frame(0)
        except ValueError as error:
            assert str(path) in str(error)


def test_a_picture_in_a_recording_that_claims_a_huge_size_is_a_value_error(recording_bytes, tmp_path):
    path = tmp_path / "huge.zip"
    png = bytearray(cv2.imencode(".png", np.zeros((2, 2), np.uint16))[1].tobytes())
    png[16:24] = b"\x00\x1f\xff\xff" * 2  # 2 million pixels a side; the checksum is wrong, too
    with zipfile.ZipFile(io.BytesIO(recording_bytes)) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            new.writestr(name, bytes(png) if name.startswith("depth") else old.read(name))
    with Recording(path) as recording, pytest.raises(ValueError, match="huge.zip"):
        recording.depth(0)
