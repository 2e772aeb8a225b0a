"""The trained demo model on the graph: camera, node and this checker are three processes."""

import pytest

pytest.importorskip("pybullet", reason="needs PyBullet: no wheel past Python 3.11")

from graph import LATCHED, stamp_of
from sensor_msgs.msg import Image

from eovseg_model.simulation.catalog import CATALOG, KEPT_OUT_NAMES, TRAINED_NAMES, vocabulary_entries
from eovseg_ros.messages.images import image_to_array
from eovseg_ros.msg import PanopticSegmentation, Vocabulary


def by_stamp(messages):
    return {stamp_of(message): message for message in list(messages)}


class Comparison:
    """What the node says beside what the camera knows, frame by frame."""

    def __init__(self, graph):
        self.truth = graph.collect(PanopticSegmentation, "/camera/truth/segments")
        self.truth_maps = graph.collect(Image, "/camera/truth/panoptic")
        self.found = graph.collect(PanopticSegmentation, "/eovseg/segments")
        self.found_maps = graph.collect(Image, "/eovseg/panoptic")

    def right(self, version):
        """Names of true segments of 300 pixels or more that one of the same name covers, IoU over 0.5."""
        truth, truth_maps = by_stamp(self.truth), by_stamp(self.truth_maps)
        found, found_maps = by_stamp(self.found), by_stamp(self.found_maps)
        names = set()
        for stamp in truth.keys() & truth_maps.keys() & found.keys() & found_maps.keys():
            if found[stamp].vocabulary_version != version:
                continue
            true_map, found_map = image_to_array(truth_maps[stamp]), image_to_array(found_maps[stamp])
            for t in (t for t in truth[stamp].segments if t.pixel_area >= 300):
                for s in (s for s in found[stamp].segments if s.label == t.label):
                    both = ((true_map == t.id) & (found_map == s.id)).sum()
                    if both / (t.pixel_area + s.pixel_area - both) > 0.5:
                        names.add(t.label)
        return names


def test_a_kept_out_name_is_found_after_the_switch(graph, start):
    vocabularies = graph.collect(Vocabulary, "/eovseg/vocabulary", LATCHED)
    comparison = Comparison(graph)
    start(
        "eovseg_ros.simulation.sim_camera",
        parameters={"seed": 2_000_000, "kept_out": True, "rate": 4.0, "scene_period": 0.5, "replay": 60},
    )
    start(
        "eovseg_ros.node.main",
        parameters={"vocabulary": list(vocabulary_entries(TRAINED_NAMES))},
        remappings={"image": "/camera/image_raw"},
    )
    trained = set(TRAINED_NAMES)
    graph.wait(lambda: {"floor", "wall"} < comparison.right(1) & trained, 90, "a thing, floor and wall")
    assert not {s.label for m in comparison.found for s in m.segments} & set(KEPT_OUT_NAMES)

    assert graph.set("/eovseg", vocabulary=list(vocabulary_entries(CATALOG)))[0].successful
    graph.wait(lambda: len(vocabularies) == 2, 60, "the new vocabulary")
    graph.wait(lambda: comparison.right(2) & set(KEPT_OUT_NAMES), 60, "a kept-out name")
    labels = vocabularies[1].labels
    for message in comparison.found:
        if message.vocabulary_version == 2:
            assert all(s.label == labels[s.class_id] for s in message.segments)
