"""Results as COCO's panoptic files: what is written is what is read back."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from eovseg_model.data.coco_panoptic import CocoPanoptic, encode_ids
from eovseg_model.data.coco_results import coco_categories, to_coco_panoptic
from eovseg_model.inference.segments import Segment
from eovseg_model.vocabulary.vocabulary import Vocabulary

VOCABULARY = Vocabulary.parse(["floor,ground|stuff", "mug"])
MAP = np.array(
    [
        [0, 1, 1, 1],
        [0, 1, 2, 2],
        [3, 1, 2, 2],
    ],
    np.int32,
)
SEGMENTS = [
    Segment(1, 0, "floor", False, 0.9, 5),
    Segment(2, 1, "mug", True, 0.8, 4),
    Segment(3, 1, "mug", True, 0.7, 1),
]


def test_annotation():
    picture, annotation = to_coco_panoptic(SimpleNamespace(label_image=MAP, segments=SEGMENTS), 7, "a.png")
    assert picture.dtype == np.uint8
    assert picture[..., 0].tolist() == MAP.tolist() and not picture[..., 1:].any()
    assert (annotation["image_id"], annotation["file_name"]) == (7, "a.png")
    keys = ("id", "category_id", "isthing", "iscrowd", "area", "bbox", "score")
    assert [tuple(s[key] for key in keys) for s in annotation["segments_info"]] == [
        (1, 1, 0, 0, 5, [1, 0, 3, 3], 0.9),
        (2, 2, 1, 0, 4, [2, 1, 2, 2], 0.8),
        (3, 2, 1, 0, 1, [0, 2, 1, 1], 0.7),
    ]


def test_categories():
    assert coco_categories(VOCABULARY) == [
        {"id": 1, "name": "floor", "isthing": 0},
        {"id": 2, "name": "mug", "isthing": 1},
    ]


@pytest.mark.parametrize("factor", [1, 200, 50_000])  # ids up to 600: two bytes; up to 150,000: three
def test_round_trip(tmp_path, factor):
    segments = [Segment(s.id * factor, s.class_id, s.label, s.is_thing, s.score, s.area) for s in SEGMENTS]
    result = SimpleNamespace(label_image=MAP * factor, segments=segments)
    picture, annotation = to_coco_panoptic(result, 1, "a_panoptic.png")
    Image.fromarray(picture).save(tmp_path / "a_panoptic.png")
    Image.new("RGB", (4, 3)).save(tmp_path / "a.png")
    images = [{"id": 1, "file_name": "a.png", "height": 3, "width": 4}]
    content = {"images": images, "annotations": [annotation], "categories": coco_categories(VOCABULARY)}
    (tmp_path / "panoptic.json").write_text(json.dumps(content))
    data = CocoPanoptic(tmp_path, tmp_path, tmp_path / "panoptic.json")
    assert data[0].id_map.tolist() == (MAP * factor).tolist()
    assert [(s.id, s.category) for s in data[0].segments] == [(s.id, s.class_id) for s in segments]
    assert [(c.name, c.is_thing) for c in data.categories] == [("floor", False), ("mug", True)]


def test_ids_are_coded_lowest_byte_first():
    assert encode_ids(np.array([[0, 300]], np.uint16)).tolist() == [[[0, 0, 0], [44, 1, 0]]]
    assert encode_ids(np.array([[0, 255, 256, 70_000]])).tolist() == [
        [[0, 0, 0], [255, 0, 0], [0, 1, 0], [112, 17, 1]]
    ]
