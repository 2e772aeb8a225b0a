"""Every data set is read from its official layout, and what is missing from it is named."""

import json
import shutil

import numpy as np
import pytest
from official_layouts import LAYOUTS, numbers, write_coco, write_pascal_voc

from eovseg_model.data.annotated import AnnotatedSet, check_classes
from eovseg_model.data.layout import DatasetError
from eovseg_model.data.semantic import semantic_map
from eovseg_model.data.sets.pascal import context_59_indices
from eovseg_model.evaluation.datasets import DATASETS
from eovseg_model.vocabulary.vocabulary import Vocabulary

# What PICTURE's letters are in id maps, segments (id, class, crowd) and semantic truth (-1 void).
PANOPTIC = {
    "coco": ({"a": 11, "b": 300, "c": 70_000}, [(11, 0, False), (300, 2, True), (70_000, 132, False)]),
    "ade20k": ({"a": 11, "b": 300, "c": 0}, [(11, 0, False), (300, 7, False)]),
    "cityscapes": ({"a": 7, "b": 26_001, "c": 26}, [(7, 0, False), (26_001, 13, False), (26, 13, True)]),
    "simulation": ({"a": 1, "b": 2, "c": 0}, [(1, 0, False), (2, 52, False)]),
    "ade20k_150": ({"a": 1, "b": 8, "c": 150}, [(1, 0, False), (8, 7, False), (150, 149, False)]),
    "ade20k_847": ({"a": 1, "b": 301, "c": 847}, [(1, 0, False), (301, 300, False), (847, 846, False)]),
    "pascal_context_59": ({"a": 1, "b": 37, "c": 0}, [(1, 0, False), (37, 36, False)]),
    "pascal_context_459": ({"a": 2, "b": 284, "c": 1}, [(1, 0, False), (2, 1, False), (284, 283, False)]),
    "pascal_voc_20": ({"a": 1, "b": 20, "c": 0}, [(1, 0, False), (20, 19, False)]),
    "cityscapes_19": ({"a": 1, "b": 14, "c": 14}, [(1, 0, False), (14, 13, False)]),
}
SEMANTIC = {
    "coco": (0, 2, 132),
    "ade20k": (0, 7, 149),  # from the label files: c is void in the panoptic truth
    "cityscapes": (0, 13, 13),
    "simulation": (0, 52, -1),
    "ade20k_150": (0, 7, 149),
    "ade20k_847": (0, 300, 846),
    "pascal_context_59": (0, 36, -1),
    "pascal_context_459": (1, 283, 0),
    "pascal_voc_20": (0, 19, -1),
    "cityscapes_19": (0, 13, 13),
}


def opened(name: str, root) -> AnnotatedSet:
    LAYOUTS[name](root)
    return DATASETS[name].open(root)


@pytest.mark.parametrize("name", DATASETS)
def test_official_layout(name, tmp_path):
    data = opened(name, tmp_path)
    assert len(data.samples) == 1
    image, id_map, segments = data.samples[0]
    letters, expected = PANOPTIC[name]
    assert image.shape == (4, 6, 3) and image.dtype == np.uint8
    assert id_map.dtype == np.int32 and np.array_equal(id_map, numbers({**letters, ".": 0}))
    assert segments == expected
    labels = data.semantic.labels(0) if data.semantic else semantic_map(data.samples[0])
    a, b, c = SEMANTIC[name]
    assert np.array_equal(labels, numbers({"a": a, "b": b, "c": c, ".": -1}))
    assert data.samples.image_files[0].is_file()


@pytest.mark.parametrize("name", DATASETS)
def test_the_vocabulary_has_the_classes_of_the_set(name, tmp_path):
    check_classes(opened(name, tmp_path).samples.categories, Vocabulary.parse(DATASETS[name].vocabulary))


@pytest.mark.parametrize(("name", "category"), [("coco", 0), ("ade20k", 7)])
def test_instances(name, category, tmp_path):
    instances = opened(name, tmp_path).instances
    assert instances is not None
    (instance,) = instances[0]
    assert (instance.category, instance.is_crowd, instance.area) == (category, False, 12)


def test_an_empty_folder_lacks_every_part(tmp_path):
    with pytest.raises(DatasetError) as error:
        DATASETS["coco"].open(tmp_path)
    annotations = tmp_path / "annotations"
    assert str(error.value) == (
        f"panoptic_val2017.json: 3 of 3 parts missing: {tmp_path}/val2017 (the images); "
        f"{tmp_path}/panoptic_val2017 (PNGs of segment ids); "
        f"{annotations}/panoptic_val2017.json (images, segments and categories)"
    )


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("coco", "val2017"),
        ("coco", "panoptic_val2017/7.png"),
        ("coco", "annotations/instances_val2017.json"),
        ("ade20k", "ade20k_panoptic_val.json"),
        ("ade20k", "ade20k_instance_val.json"),
        ("ade20k", "annotations/validation/7.png"),
        ("ade20k_150", "annotations/validation"),
        ("ade20k_847", "annotations_detectron2/validation/7.tif"),
        ("pascal_context_59", "VOC2010/trainval/2008_7.mat"),
        ("pascal_context_459", "VOC2010/ImageSets/Main/val.txt"),
        ("pascal_voc_20", "VOC2012/SegmentationClass"),
        ("pascal_voc_20", "VOC2012/JPEGImages/2007_7.jpg"),
        ("cityscapes", "leftImg8bit/val/ulm/ulm_000000_000019_leftImg8bit.png"),
        ("cityscapes", "gtFine/val/ulm/ulm_000000_000019_gtFine_labelTrainIds.png"),
        ("cityscapes_19", "leftImg8bit/val"),
        ("simulation", "panoptic"),
    ],
)
def test_what_is_missing_is_named_with_its_place(name, part, tmp_path):
    LAYOUTS[name](tmp_path)
    path = tmp_path / part
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    with pytest.raises(DatasetError, match=f"missing.*{path}"):
        DATASETS[name].open(tmp_path)


def test_the_number_of_missing_files_is_said(tmp_path):
    write_pascal_voc(tmp_path)
    (tmp_path / "VOC2012/ImageSets/Segmentation/val.txt").write_text("2007_7\n2007_8\n2007_9\n")
    with pytest.raises(DatasetError, match="2 of 3 images missing; expected the first at .*2007_8.jpg"):
        DATASETS["pascal_voc_20"].open(tmp_path)


def test_a_folder_without_images_is_no_set(tmp_path):
    for folder in ("images/validation", "annotations/validation"):
        (tmp_path / folder).mkdir(parents=True)
    with pytest.raises(DatasetError, match="no images found"):
        DATASETS["ade20k_150"].open(tmp_path)


def test_instances_of_another_set_are_refused(tmp_path):
    write_coco(tmp_path)
    file = tmp_path / "annotations/instances_val2017.json"
    file.write_text(json.dumps({"images": [{"id": 7, "file_name": "8.jpg"}], "annotations": []}))
    with pytest.raises(DatasetError, match="1 images are missing in .*; the first is 7.jpg"):
        DATASETS["coco"].open(tmp_path)


def test_pngs_may_lie_where_coco_zips_them(tmp_path):
    write_coco(tmp_path)
    (tmp_path / "panoptic_val2017").rename(tmp_path / "annotations/panoptic_val2017")
    assert len(DATASETS["coco"].open(tmp_path).samples) == 1


def test_another_vocabulary_is_refused(tmp_path):
    categories = opened("cityscapes", tmp_path).samples.categories
    with pytest.raises(DatasetError, match="19 classes, but its vocabulary has 20"):
        check_classes(categories, Vocabulary.parse(["@pascal_voc_20"]))
    entries = ["@cityscapes_19"]
    classes = Vocabulary.parse(entries).classes
    with pytest.raises(DatasetError, match="'road' is stuff in the data set, but 'bicycle' is a thing"):
        check_classes(categories, Vocabulary(classes[::-1]))


def test_the_59_among_the_459():
    """Label numbers as the data set's own list of 59 has them: bag 9, table 397, tv monitor 427, wood 458."""
    indices = context_59_indices()
    assert (indices >= 0).sum() == 59
    assert [indices[number - 1] for number in (2, 9, 284, 397, 427, 458, 1)] == [0, 1, 36, 49, 54, 58, -1]
