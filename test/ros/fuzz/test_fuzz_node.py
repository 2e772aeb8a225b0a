"""A node that gets hostile messages and requests stays alive, answers, and segments good images as before."""

import os
import random

import cv2
import numpy as np
import pytest
from attack import GOOD_VOCABULARY, Attack
from graph import squares
from sensor_msgs.msg import CompressedImage

from eovseg_model.simulation import Recording
from eovseg_ros.simulation import ROBOT_VIEW

GROWTH = 150_000  # kB over all rounds; no request may keep what it brought
# kB; the model caches what depends on image sizes and vocabularies, which levels off at 0.4 GB here.
GROWTH_OF_THE_MODEL = 700_000


def as_png(image, rgb):
    """The same picture as a compressed image."""
    content = cv2.imencode(".png", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))[1].tobytes()
    return CompressedImage(header=image.header, format="rgb8; png compressed bgr8", data=content)


@pytest.fixture
def traps(tmp_path):
    """Files that a vocabulary may name: a pipe, a folder, deep JSON, a huge file, one without permission."""
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "deep.json").write_text("[" * 100_000)
    (tmp_path / "binary.txt").write_bytes(bytes(range(256)) * 100)
    with (tmp_path / "huge.txt").open("wb") as file:
        file.truncate(10**12)  # takes no room on the disk
    (tmp_path / "link.json").symlink_to("link.json")
    (tmp_path / "many.txt").write_text("\n".join(f"{i}:name {i}" for i in range(100_000)))
    return sorted(str(path) for path in tmp_path.iterdir())


def attack(graph, node, rgb, transport, traps, events, seed, with_cleanup=True, most=GROWTH):
    """Fire events at a node; the growth of its memory after the first rounds, kB."""

    def good_image():
        image = graph.picture(rgb)
        return image if transport == "raw" else as_png(image, rgb)

    fired = Attack(
        graph,
        node,
        random.Random(seed),
        good_image,
        transport=transport,
        files=traps,
        with_cleanup=with_cleanup,
    )
    fired.run(events)
    assert fired.counts.total() >= events and all(
        fired.counts[kind] for kind in ("image", "bytes", "set", "call", "service")
    )
    assert fired.bad_images() > events / 20  # the node did look at them
    growth = fired.memory[-1] - min(fired.memory[:2])
    assert growth < most, fired.memory


@pytest.mark.parametrize(
    ("transport", "events"),
    [
        ("raw", 2500),
        ("compressed", 1200),
        pytest.param("raw", 15_000, marks=pytest.mark.slow),
        pytest.param("compressed", 6000, marks=pytest.mark.slow),
    ],
)
def test_a_node_survives_hostile_messages_and_requests(graph, start_fake, traps, transport, events):
    node = start_fake(image_transport=transport, diagnostics_rate=5.0)
    attack(graph, node, squares((7, 1), (9, 2)), transport, traps, events, seed=events)


@pytest.mark.slow
def test_the_real_model_survives_them_too(graph, start, traps):
    parameters = {"vocabulary": GOOD_VOCABULARY, "diagnostics_rate": 5.0, "backend": "torch"}
    node = start("eovseg_ros.node.main", parameters=parameters)
    node.wait_for_log("segmenting /image", 120)
    rgb = np.ascontiguousarray(Recording(ROBOT_VIEW).rgb(100))
    attack(graph, node, rgb, "raw", traps, 1500, seed=1, with_cleanup=False, most=GROWTH_OF_THE_MODEL)


def test_a_node_shut_down_by_a_transition_still_answers(graph, start_fake):
    from lifecycle_msgs.msg import Transition
    from lifecycle_msgs.srv import ChangeState, GetState

    node = start_fake()
    change = graph.node.create_client(ChangeState, "/eovseg/change_state")
    state = graph.node.create_client(GetState, "/eovseg/get_state")
    request = ChangeState.Request(transition=Transition(id=Transition.TRANSITION_ACTIVE_SHUTDOWN))
    assert graph.call(change, request).success
    for number in (1, 2, 3, 4, 5, 6, 7, 99):  # none of them is possible any more
        assert not graph.call(change, ChangeState.Request(transition=Transition(id=number))).success
    assert graph.call(state, GetState.Request()).current_state.label == "finalized"
    node.check_running()
