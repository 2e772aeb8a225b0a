"""The recording that comes with the package."""

import numpy as np
import pytest

from eovseg_model.evaluation.metrics.panoptic_quality import ClassifiedSegment, PanopticQuality
from eovseg_model.inference.predictor import EOVSegPredictor
from eovseg_model.simulation.catalog import CATALOG, KEPT_OUT_NAMES, vocabulary_entries
from eovseg_model.simulation.recording import Recording
from eovseg_ros.simulation.recorded_camera_node import ROBOT_VIEW

SCENE_FRAMES = 80
JUDGED = [scene * SCENE_FRAMES + i for scene in range(7) for i in (20, 60)]


@pytest.fixture(scope="module")
def recording():
    with Recording(ROBOT_VIEW) as recording:
        yield recording


def test_it_is_about_a_minute_at_10_hz_and_at_most_10_mb(recording):
    assert ROBOT_VIEW.stat().st_size <= 10e6
    assert recording.rate == 10 and 50 <= recording.seconds <= 70
    assert (recording.header.width, recording.header.height) == (320, 240)
    assert recording.header.first_frames == tuple(range(0, len(recording), SCENE_FRAMES))


def test_every_frame_has_a_picture_depth_and_truth(recording):
    names = set()
    for i in range(len(recording)):
        frame = recording.frame(i)
        assert frame.rgb.std() > 10
        assert 0.3 < frame.depth.min() < frame.depth.max() < 12  # metres, in a room
        assert set(np.unique(frame.segment_ids)) - {0} == {s.id for s in frame.segments}
        labels = {s.label for s in frame.segments}
        assert {"floor", "wall"} < labels <= set(CATALOG)
        names |= labels
    assert len(names & set(KEPT_OUT_NAMES)) >= 3  # for the demo's second act


def quality(predictor, frames):
    """PQ in percent, and the share of pixels whose class is the true one."""
    pq, right = PanopticQuality(len(CATALOG)), []
    for frame in frames:
        result = predictor(frame.rgb)
        pq.update(result.label_image, labelled(result.segments), frame.segment_ids, labelled(frame.segments))
        found = classes(result.label_image, result.segments)
        right.append((found == classes(frame.segment_ids, frame.segments)).mean())
    return pq.mean().pq, np.mean(right)


def labelled(segments):
    return [ClassifiedSegment(s.id, CATALOG.index(s.label)) for s in segments]


def classes(ids, segments):
    """(H, W) index into the catalog, -1 for void."""
    table = np.full(256, -1)
    for segment in segments:
        table[segment.id] = CATALOG.index(segment.label)
    return table[ids]


@pytest.fixture(scope="module")
def predictor():
    return EOVSegPredictor.from_checkpoint("tiny", None, vocabulary_entries(CATALOG), backend="torch")


@pytest.fixture(scope="module")
def recorded_quality(recording, predictor):
    return quality(predictor, [recording.frame(i) for i in JUDGED])


def test_the_demo_model_is_right_on_its_pictures(recorded_quality):
    pq, pixels = recorded_quality
    assert pq > 50 and pixels > 0.9


def test_compression_costs_the_model_less_than_3_pq_and_a_hundredth_of_the_pixels(
    recorded_quality, predictor
):
    pytest.importorskip("pybullet", reason="needs PyBullet: no wheel past Python 3.11")
    from eovseg_model.simulation.scenes.scene import Scene, SceneConfig

    rendered = []
    for number in JUDGED:
        scene_number, i = divmod(number, SCENE_FRAMES)
        with Scene(3_000_000 + scene_number, SceneConfig(include_kept_out=True)) as scene:
            rendered.append(scene.render(i / 10))
    pq, pixels = quality(predictor, rendered)
    assert recorded_quality[0] > pq - 3
    assert recorded_quality[1] > pixels - 0.01
