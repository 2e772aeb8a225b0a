"""Tracks in the node's messages, with a stand-in for the model, over DDS."""

import time

from graph import LATCHED, image_publisher, squares, stamp_of

from eovseg_model.drawing import name_colour
from eovseg_ros.msg import PanopticSegmentation, Vocabulary

CUP, BALL, FLOOR = range(3)


class Camera:
    """Publishes pictures and waits for the segments of each."""

    def __init__(self, graph, start_fake, **parameters):
        self.graph = graph
        self.segments = graph.collect(PanopticSegmentation, "/eovseg/segments")
        self.vocabularies = graph.collect(Vocabulary, "/eovseg/vocabulary", LATCHED)
        self.node = start_fake(**parameters)
        self.publisher = image_publisher(graph)

    def show(self, *colours):
        """The tracks and labels by segment id."""
        picture = self.graph.picture(squares(*colours))

        def answered():
            self.publisher.publish(picture)  # again: what comes before discovery is lost
            time.sleep(0.05)
            return self.segments and stamp_of(self.segments[-1]) == stamp_of(picture)

        self.graph.wait(answered, what="the segments of a picture")
        self.message = self.segments[-1]
        return {s.id: (s.track_id, s.label) for s in self.message.segments}


def test_the_same_object_has_the_same_track_and_all_stuff_of_a_name(graph, start_fake):
    camera = Camera(graph, start_fake)
    camera.show((3, BALL), (7, FLOOR))
    first = camera.show((3, BALL), (7, FLOOR))
    assert {label for _, label in first.values()} == {"ball", "floor"} and 0 not in dict(first.values())
    more = camera.show((3, BALL), (7, FLOOR), (9, CUP))
    again = camera.show((3, BALL), (7, FLOOR), (9, CUP))
    assert (more[3], more[7]) == (again[3], again[7]) == (first[3], first[7])
    tracks = [track for track, _ in again.values()]
    assert len(set(tracks)) == 3 and 0 not in tracks
    assert len(camera.message.segments[0].embedding) == 0


def test_a_new_vocabulary_keeps_the_tracks_and_brings_colours(graph, start_fake):
    camera = Camera(graph, start_fake)
    camera.show((3, CUP), (4, BALL))
    before = camera.show((3, CUP), (4, BALL))
    graph.set("/eovseg", vocabulary=["mug", "sphere"])
    graph.wait(lambda: camera.vocabularies[-1].version == 2, what="the new vocabulary")
    after = camera.show((3, CUP), (4, BALL))
    assert [track for track, _ in after.values()] == [track for track, _ in before.values()] != [0, 0]
    assert [label for _, label in after.values()] == ["mug", "sphere"]
    vocabulary = camera.vocabularies[-1]
    expected = [tuple(part / 255 for part in name_colour(n, is_thing=True)) for n in ("mug", "sphere")]
    for colour, rgb in zip(vocabulary.colors, expected, strict=True):
        assert all(abs(a - b) < 1e-6 for a, b in zip((colour.r, colour.g, colour.b), rgb, strict=True))


def test_tracking_can_be_switched_off_and_embeddings_on_while_the_node_runs(graph, start_fake):
    camera = Camera(graph, start_fake)
    camera.show((3, CUP))
    assert camera.show((3, CUP))[3][0] > 0
    graph.set("/eovseg", tracking=False, publish_embeddings=True)
    assert camera.show((3, CUP)) == {3: (0, "cup")}
    assert len(camera.message.segments[0].embedding) == 8
    graph.set("/eovseg", tracking=True, publish_embeddings=False)
    assert camera.show((3, CUP))[3][0] > 0
