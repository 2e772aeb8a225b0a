"""The soak test: what its ledger finds wrong in hand-made answers, and a short run of the real node."""

import random

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from std_msgs.msg import Header

from eovseg_ros.benchmarks.resident_memory import resident_kb
from eovseg_ros.benchmarks.soak import MemorySample, measure_soak, memory_grows
from eovseg_ros.benchmarks.soak_camera import SoakCamera, mosaic_rggb
from eovseg_ros.benchmarks.soak_ledger import SentImage, SoakLedger, slope_per_thousand
from eovseg_ros.messages import image_to_rgb
from eovseg_ros.msg import CameraStatus, PanopticSegmentation, Segment, Vocabulary


def answer(stamp, version, *labels, size=(60, 80)):
    """An answer whose segment i is of class i."""
    segments = [Segment(id=i + 1, class_id=i, label=label) for i, label in enumerate(labels)]
    return PanopticSegmentation(
        header=Header(stamp=Time(nanosec=stamp)),
        vocabulary_version=version,
        height=size[0],
        width=size[1],
        segments=segments,
    )


def vocabulary(version, *labels):
    return Vocabulary(version=version, entries=[f"{label},other {label}" for label in labels], labels=labels)


def ledger_of(*stamps):
    """A ledger to which images of 60x80 were sent, one a second."""
    ledger = SoakLedger()
    for i, stamp in enumerate(stamps):
        ledger.send(stamp, SentImage(float(i), 60, 80))
    return ledger


def faults(ledger):
    return len(ledger.errors), len(ledger.wrong_versions), len(ledger.lost)


def test_right_answers_are_no_faults_and_give_the_latency():
    ledger = ledger_of(1, 2)
    ledger.receive_vocabulary(vocabulary(1, "mug", "ball"))
    ledger.receive(answer(1, 1, "mug", "ball"), 0.25)
    assert ledger.is_answered(1) and not ledger.is_answered(2)
    ledger.receive(answer(2, 1), 1.125)
    assert ledger.latencies == [250.0, 125.0]
    replaced = ledger.close(
        CameraStatus(received=10, published=8, replaced=2),
        CameraStatus(received=12, published=10, replaced=2),
    )
    assert replaced == 0 and faults(ledger) == (0, 0, 0)


def test_a_label_of_another_version_is_found_whichever_of_the_two_messages_comes_first():
    ledger = ledger_of(1, 2)
    ledger.receive_vocabulary(vocabulary(1, "mug"))
    ledger.receive(answer(1, 1, "ball"), 1.0)
    ledger.receive(answer(2, 2, "mug"), 1.0)
    assert faults(ledger) == (0, 1, 0)
    ledger.receive_vocabulary(vocabulary(2, "ball"))
    assert faults(ledger) == (0, 2, 0)


def test_a_class_id_past_the_end_and_a_version_that_goes_back_are_wrong():
    ledger = ledger_of(1, 2)
    ledger.receive_vocabulary(vocabulary(1, "mug"))
    ledger.receive_vocabulary(vocabulary(2, "mug"))
    ledger.receive(answer(1, 2, "mug", "ball"), 1.0)
    assert faults(ledger) == (0, 1, 0)
    ledger.receive(answer(2, 1, "mug"), 1.0)
    assert faults(ledger) == (0, 2, 0)


def test_a_version_that_is_never_announced_is_wrong():
    ledger = ledger_of(1)
    ledger.receive(answer(1, 3, "mug"), 1.0)
    assert faults(ledger) == (0, 0, 0)
    ledger.close(CameraStatus(), CameraStatus(received=1, published=1))
    assert faults(ledger) == (0, 1, 0)


def test_second_answers_and_answers_of_another_size_are_errors():
    ledger = ledger_of(1)
    ledger.receive(answer(1, 1, size=(80, 60)), 1.0)
    assert faults(ledger) == (1, 0, 0)
    ledger.receive(answer(1, 1), 1.0)
    assert faults(ledger) == (2, 0, 0)


def test_a_vocabulary_whose_labels_are_not_its_entries_is_an_error():
    ledger = SoakLedger()
    ledger.receive_vocabulary(
        Vocabulary(version=1, entries=["floor|stuff", "mug,cup"], labels=["floor", "mug"])
    )
    assert faults(ledger) == (0, 0, 0)
    ledger.receive_vocabulary(Vocabulary(version=2, entries=["mug", "ball"], labels=["ball", "mug"]))
    assert faults(ledger) == (1, 0, 0)


def test_images_that_the_node_does_not_account_for_are_lost():
    ledger = ledger_of(1, 2, 3)
    ledger.receive(answer(3, 0), 3.0)
    ledger.receive_vocabulary(vocabulary(0))
    # Three received, one replaced, one published: one is missing.
    assert ledger.close(CameraStatus(), CameraStatus(received=3, replaced=1, published=1)) == 1
    assert faults(ledger) == (0, 0, 1)


def test_bad_images_failed_frames_and_answers_that_never_came_are_errors():
    ledger = ledger_of(1, 2, 3)
    ledger.close(CameraStatus(), CameraStatus(received=3, published=1, bad_images=1, failed_frames=1))
    assert faults(ledger) == (3, 0, 0)


def test_an_image_without_answer_is_lost():
    ledger = ledger_of(1)
    ledger.give_up(1, 20.0)
    assert ledger.lost == ["no answer in 20 s to image 1 (80x60)"]


def test_slope_of_a_straight_line_and_of_too_few_points():
    assert slope_per_thousand([0, 500, 1000], [100, 103, 106]) == pytest.approx(6)
    assert slope_per_thousand([7], [100]) == 0


def test_memory_is_judged_after_the_warm_up_and_beyond_noise():
    # 100 MB in the first quarter only.
    assert not memory_grows([MemorySample(i, 1e6 + min(i, 5000) * 20) for i in range(0, 20001, 100)])
    # 2 kB an image to the end: 30 MB after the warm-up.
    assert memory_grows([MemorySample(i, 1e6 + i * 2) for i in range(0, 20001, 100)])
    # The same slope over 1,000 images could be noise.
    assert not memory_grows([MemorySample(i, 1e6 + i * 2) for i in range(0, 1001, 100)])


def test_resident_memory_grows_by_what_is_written():
    import os

    before = resident_kb(os.getpid())
    block = np.ones(50_000_000, np.uint8)
    assert 40_000 < resident_kb(os.getpid()) - before < 60_000
    del block


def test_the_camera_repeats_itself_by_seed_and_its_images_can_be_read():
    first, second = (SoakCamera(random.Random(3)) for _ in range(2))
    formats = set()
    for _ in range(300):
        one, other = first.image(Header()), second.image(Header())
        assert (one.encoding, one.width, one.data) == (other.encoding, other.width, other.data)
        assert image_to_rgb(one).shape == (one.height, one.width, 3)
        formats.add((one.encoding, one.width))
    assert len(formats) > 3


def test_a_mosaic_has_red_green_green_blue():
    rgb = np.full((2, 2, 3), (1, 2, 3), np.uint8)
    assert mosaic_rggb(rgb).tolist() == [[1, 2], [2, 3]]


@pytest.mark.slow
def test_a_short_run_of_the_real_node_passes(capfd):
    assert measure_soak(["--frames", "40", "--short-side", "64", "--backend", "torch"]) == 0
    printed = capfd.readouterr().out
    assert "40 sent" in printed and "wrong versions: 0" in printed and printed.endswith("passed\n")
