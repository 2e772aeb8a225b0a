"""Arguments that ROS cannot read are refused in one line that says what to write."""

import pytest
import rclpy

from eovseg_ros.processes import ArgumentError, check_ros_arguments, init_ros

AT = "YAML needs quotes around a word that begins with @: write "


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["-p", "vocabulary:=[mug, @lvis]"], AT + "[mug, '@lvis'], or set=coco_panoptic without quotes"),
        (["-p", "vocabulary:=@lvis"], AT + "['@lvis'], or"),
        (["-p", "vocabulary:=[@~/my_set.json, 'mug']"], AT + "['@~/my_set.json', 'mug'], or"),
        (["-p", "vocabulary:=['mug"], "this is not valid YAML: found unexpected end of stream"),
        (["-p", "vocabulary:=[a:b]"], "quote strings that contain a colon"),
        (
            ["-p", "vocabulary:=[on, mug]"],
            "quote strings that contain a colon, and words such as yes, no and 1",
        ),
        (["-p", "threads:="], "the value is missing; an empty string is written threads:=\"''\""),
        (["-p", "threads"], "write it as threads:=value"),
        (["-p", "my threads:=1"], "'my threads' is not a valid parameter name"),
        (["--params-file", "/no/such.yaml"], "--params-file /no/such.yaml: no such file"),
        (["--params-file", "/"], "--params-file /: this is a folder"),
        (["-r", "image"], "-r image: write it as image:=/other/name"),
        (["-r", "image:=/a b"], "'/a b' is not a valid topic name"),
        (["-r", "image:=//a"], "'//a' is not a valid topic name"),
        (["-r", "__node:=left-camera"], "'left-camera' is not a valid node name"),
        (["-r", "__node:=5th"], "'5th' is not a valid node name"),
        (["-r", "__ns:=robot"], "'robot' is not a valid namespace: it begins with /"),
        (["--log-level", "loud"], "'loud' is not a log level: debug, info, warn, error or fatal"),
        (["--parameter", "a:=1"], "unknown ROS arguments ['--parameter', 'a:=1']"),
        (["-p"], "trailing -p flag"),
        (["--enclave", "x"], "Enclave name is not valid"),
    ],
)
def test_a_wrong_argument_is_explained_in_one_line(words, reason, capfd):
    with pytest.raises(ArgumentError) as caught:
        init_ros(["--ros-args", *words])
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")  # rcl has no line of its own


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "/**:\n  ros__parameters:\n    vocabulary: [@lvis]\n",
            "line 3: " + AT + "vocabulary: ['@lvis'], or",
        ),
        ("/**:\n  ros__parameters:\n    a: 1\n     b: 2\n", "line 4: this is not valid YAML: mapping values"),
        ("threads: 1\n", "the form is /**: {ros__parameters: {name: value}}"),
        ("/**:\n  ros__parameters:\n    vocabulary: [mug, 1]\n", "words such as yes, no and 1"),
        ("[" * 100_000, "this is not valid YAML: RecursionError"),
        (b"\xff\xfe\x00", "is not UTF-8 text"),
    ],
)
def test_a_wrong_file_is_explained_with_its_line(tmp_path, text, reason):
    path = tmp_path / "parameters.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ArgumentError) as caught:
        init_ros(["--ros-args", "--params-file", str(path)])
    assert f"--params-file {path}: " in str(caught.value) and reason in str(caught.value)
    assert "\n" not in str(caught.value)


def test_arguments_are_checked_without_a_start(tmp_path, capfd):
    path = tmp_path / "parameters.yaml"
    path.write_text("/**: {ros__parameters: {threads: 2}}")
    check_ros_arguments(["--ros-args", "--params-file", str(path), "-r", "image:=/camera"])
    with pytest.raises(ArgumentError, match="-r image: write it as"):
        check_ros_arguments(["--ros-args", "-r", "image"])
    assert not rclpy.ok() and capfd.readouterr() == ("", "")


def test_ros_starts_after_a_refusal():
    with pytest.raises(ArgumentError):
        init_ros(["--ros-args", "-r", "image"])
    init_ros(["--ros-args", "-r", "image:=/camera/image_raw"])
    assert rclpy.ok()
    rclpy.shutdown()
