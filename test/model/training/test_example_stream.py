"""What every process sees in every step."""

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric
from official_layouts import write_coco, write_scenes
from squares import RECIPE, SIZE, Squares

from eovseg_model.data.augmentation import LargeScaleJitter
from eovseg_model.data.sample import AnnotatedSegment, PanopticSample
from eovseg_model.training.supervised.example_stream import ExampleStream, draw_order
from eovseg_model.training.supervised.examples import Examples, number_segments
from eovseg_model.training.supervised.recipe import RecipeError
from eovseg_model.training.supervised.training_sets import TRAINING_SETS, TrainingSet
from eovseg_model.vocabulary.vocabulary import Vocabulary

COUNTS = (1, 2, 3, 4, 1, 2, 3)


class Process:
    """A Fabric as one of several processes has it, each with as many segments as this one."""

    device = torch.device("cpu")

    def __init__(self, rank: int, world_size: int) -> None:
        self.global_rank, self.world_size = rank, world_size

    def to_device(self, value):
        return value

    def all_reduce(self, value, reduce_op):
        assert reduce_op == "mean"
        return value


def stream(fabric, accumulate: int = 1) -> ExampleStream:
    vocabulary = Vocabulary.parse(["a", "b", "c", "d"])
    data = TrainingSet(Squares(COUNTS), vocabulary, (0, 1, 2, 3))
    examples = Examples(data, LargeScaleJitter(SIZE, (1.0, 1.0)))
    return ExampleStream(fabric, examples, replace(RECIPE, accumulate=accumulate))


def images_of(parts) -> list[int]:
    """Sums of pixels stand for images and their flips."""
    return [int(image.sum()) for part in parts for image in part.images]


def test_every_image_once_an_epoch_in_an_order_of_its_own():
    keys = list(islice(draw_order(7, 3, 0), 21))
    epochs = [[key.image for key in keys[i : i + 7]] for i in (0, 7, 14)]
    assert all(sorted(epoch) == list(range(7)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 3
    assert len({key.seed for key in keys}) == 21
    assert list(islice(draw_order(7, 3, 9), 12)) == keys[9:]
    assert list(islice(draw_order(7, 4, 0), 21)) != keys


def test_two_processes_in_two_parts_share_what_one_has():
    one = list(islice(stream(Fabric(accelerator="cpu"))(0), 3))
    two = [list(islice(stream(Process(rank, 2), accumulate=2)(0), 3)) for rank in (0, 1)]
    for step in range(3):
        shares = [images_of(two[rank][step]) for rank in (0, 1)]
        assert [len(s) for s in shares] == [2, 2] and [len(two[0][step]), len(one[step])] == [2, 1]
        assert sorted(shares[0] + shares[1]) == sorted(images_of(one[step]))


def test_a_later_step_is_the_same_without_those_before_it():
    fabric = Fabric(accelerator="cpu")
    everything = list(islice(stream(fabric)(0), 4))
    drawn = torch.rand(1)
    (again,) = islice(stream(fabric)(3), 1)
    assert images_of(again) == images_of(everything[3])
    assert torch.equal(torch.rand(1), drawn)


def test_masks_are_counted_over_parts():
    """Images of a step in two parts: half of its segments."""
    (parts,) = islice(stream(Fabric(accelerator="cpu"), accumulate=2)(0), 1)
    count = sum(len(classes) for part in parts for classes in part.classes)
    assert [part.num_masks for part in parts] == [count / 2] * 2


def test_a_batch_that_cannot_be_shared_out_is_refused():
    with pytest.raises(RecipeError, match=r"processes \* accumulate = 3 \* 1; got 4"):
        stream(Process(0, 3))


def test_crowds_and_categories_without_a_class_are_void():
    id_map = np.array([[7, 7, 9, 70_000, 0]], np.int32)
    segments = [AnnotatedSegment(7, 0, False), AnnotatedSegment(9, 1, True)]
    segments += [AnnotatedSegment(70_000, 2, False)]
    image = np.zeros((1, 5, 3), np.uint8)
    labels, classes = number_segments(PanopticSample(image, id_map, segments), class_of=(5, 6, 4))
    assert labels.tolist() == [[1, 1, 0, 2, 0]] and classes == [5, 4]
    labels, classes = number_segments(PanopticSample(image, id_map, segments), class_of=(-1, 6, 4))
    assert labels.tolist() == [[0, 0, 0, 1, 0]] and classes == [4]


def test_coco_is_read_from_its_training_split(tmp_path):
    write_coco(tmp_path)
    for path in sorted(tmp_path.rglob("*val2017*"), reverse=True):  # what is deeper first
        path.rename(path.with_name(path.name.replace("val", "train")))
    data = TRAINING_SETS["coco"](tmp_path)
    labels, classes = number_segments(data.samples[0], data.class_of)
    assert classes == [0, 132] and set(np.unique(labels)) == {0, 1, 2}  # without the crowd
    assert data.vocabulary.labels[0] == "person"


def test_kept_out_names_of_the_simulation_have_no_class(tmp_path):
    write_scenes(tmp_path)
    data = TRAINING_SETS["simulation"](tmp_path)
    names = [c.name for c in data.samples.categories]
    assert data.class_of[names.index("red mug")] == -1
    table = data.class_of[names.index("table")]
    assert data.vocabulary.classes[table].names == ("table", "desk")
    assert sorted(c for c in data.class_of if c >= 0) == list(range(len(data.vocabulary)))
