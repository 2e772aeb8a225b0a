"""Data sets of one or two tiny images, each in its official layout with its true number of classes."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from scipy.io import savemat

from eovseg_model.data.coco_panoptic import encode_ids
from eovseg_model.simulation.catalog import vocabulary_entries
from eovseg_model.vocabulary.vocabulary import Vocabulary, load_vocabulary

# Four rows of six pixels in letters, which every layout writes in its own numbers; . is void.
PICTURE = ["aab...", "aabbcc", "aabbcc", "....cc"]


def numbers(values: dict[str, int]) -> np.ndarray:
    """PICTURE with a number for every letter (4, 6)."""
    return np.array([[values[letter] for letter in row] for row in PICTURE])


def write_coco(root: Path) -> None:
    """Segments a = 11 (class 0), b = 300 a crowd (class 2), c = 70000 (class 132)."""
    ids = [*range(1, 81), *range(92, 145)]  # gaps, as COCO has
    categories = _categories("coco_panoptic", ids)
    categories.reverse()  # their order in the file does not matter
    panoptic = _panoptic({"a": (11, 1, 0), "b": (300, 3, 1), "c": (70_000, 144, 0)}, categories)
    _image(root / "val2017" / "7.jpg")
    _png(root / "panoptic_val2017" / "7.png", encode_ids(panoptic.pop("ids")))
    _json(root / "annotations" / "panoptic_val2017.json", panoptic)
    _json(root / "annotations" / "instances_val2017.json", _instances(panoptic, category_id=1))


def write_ade20k(root: Path) -> None:
    """Panoptic a = 11 (class 0), b = 300 (class 7, bed), c void; semantic a, b, c = 0, 7, 149."""
    panoptic = _panoptic({"a": (11, 0, 0), "b": (300, 7, 0)}, _categories("ade20k_150", range(150)))
    _image(root / "images" / "validation" / "7.jpg")
    _png(root / "ade20k_panoptic_val" / "7.png", encode_ids(panoptic.pop("ids")))
    _json(root / "ade20k_panoptic_val.json", panoptic)
    _json(root / "ade20k_instance_val.json", _instances(panoptic, category_id=7))
    _png(root / "annotations" / "validation" / "7.png", numbers({"a": 1, "b": 8, "c": 150, ".": 0}))


def write_ade20k_847(root: Path) -> None:
    """a, b, c = 0, 300, 846."""
    _image(root / "images_detectron2" / "validation" / "7.jpg")
    labels = numbers({"a": 0, "b": 300, "c": 846, ".": 65535}).astype(np.uint16)
    folder = root / "annotations_detectron2" / "validation"
    folder.mkdir(parents=True)
    Image.fromarray(labels).save(folder / "7.tif")


def write_pascal_context(root: Path) -> None:
    """Label numbers a = 2 aeroplane, b = 284 person, c = 1 accordion, which is not among the 59."""
    voc = root / "VOC2010"
    _image(voc / "JPEGImages" / "2008_7.jpg")
    _text(voc / "ImageSets" / "Main" / "val.txt", "2008_7\n")
    (voc / "trainval").mkdir()
    labels = numbers({"a": 2, "b": 284, "c": 1, ".": 0}).astype(np.uint16)
    savemat(voc / "trainval" / "2008_7.mat", {"LabelMap": labels})


def write_pascal_voc(root: Path) -> None:
    """a = 1 aeroplane, b = 20 tv monitor, c = 0 background; void is 255."""
    voc = root / "VOC2012"
    _image(voc / "JPEGImages" / "2007_7.jpg")
    _text(voc / "ImageSets" / "Segmentation" / "val.txt", "2007_7\n")
    palette = Image.fromarray(numbers({"a": 1, "b": 20, "c": 0, ".": 255}).astype(np.uint8)).convert("P")
    (voc / "SegmentationClass").mkdir()
    palette.putpalette(list(range(256)) * 3)
    palette.save(voc / "SegmentationClass" / "2007_7.png")


def write_cityscapes(root: Path) -> None:
    """Label ids a = 7 road, b = 26 a car, c = 26 a group of cars; their train ids are 0 and 13."""
    ids = [7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33]
    segments = {"a": (7, 7, 0), "b": (26_001, 26, 0), "c": (26, 26, 1)}
    panoptic = _panoptic(segments, _categories("cityscapes_19", ids))
    name = "ulm_000000_000019"
    panoptic["images"] = [{"id": name, "file_name": f"{name}_gtFine_leftImg8bit.png"}]
    panoptic["annotations"][0].update(image_id=name, file_name=f"{name}_gtFine_panoptic.png")
    _image(root / "leftImg8bit" / "val" / "ulm" / f"{name}_leftImg8bit.png")
    folder = root / "gtFine"
    pngs = folder / "cityscapes_panoptic_val"
    _png(pngs / f"{name}_gtFine_panoptic.png", encode_ids(panoptic.pop("ids")))
    _json(folder / "cityscapes_panoptic_val.json", panoptic)
    labels = numbers({"a": 0, "b": 13, "c": 13, ".": 255})
    _png(folder / "val" / "ulm" / f"{name}_gtFine_labelTrainIds.png", labels)


def write_scenes(root: Path) -> None:
    """Segments a = 1 (class 0) and b = 2 (class 52, table), as the simulation's renderer writes them."""
    names = Vocabulary.parse(vocabulary_entries())
    panoptic = _panoptic({"a": (1, 1, 0), "b": (2, 53, 0)}, _categories_of(names, range(1, 54)))
    _image(root / "images" / "7.jpg")
    _png(root / "panoptic" / "7.png", encode_ids(panoptic.pop("ids")))
    _json(root / "panoptic.json", panoptic)


LAYOUTS: dict[str, Callable[[Path], None]] = {
    "coco": write_coco,
    "ade20k": write_ade20k,
    "ade20k_150": write_ade20k,
    "ade20k_847": write_ade20k_847,
    "pascal_context_59": write_pascal_context,
    "pascal_context_459": write_pascal_context,
    "pascal_voc_20": write_pascal_voc,
    "cityscapes": write_cityscapes,
    "cityscapes_19": write_cityscapes,
    "simulation": write_scenes,
}


def _categories(vocabulary: str, ids: Sequence[int]) -> list[dict[str, Any]]:
    return _categories_of(load_vocabulary(vocabulary), ids)


def _categories_of(vocabulary: Vocabulary, ids: Sequence[int]) -> list[dict[str, Any]]:
    columns = zip(ids, vocabulary.labels, vocabulary.is_thing, strict=True)
    return [{"id": i, "name": label, "isthing": int(thing)} for i, label, thing in columns]


def _panoptic(segments: dict[str, tuple[int, int, int]], categories: list[dict[str, Any]]) -> dict[str, Any]:
    """COCO's JSON for one image of segments (id, category id, crowd), and its id map."""
    values = {letter: 0 for letter in "abc."} | {letter: s[0] for letter, s in segments.items()}
    infos = [{"id": i, "category_id": c, "iscrowd": crowd} for i, c, crowd in segments.values()]
    return {
        "images": [{"id": 7, "file_name": "7.jpg"}],
        "annotations": [{"image_id": 7, "file_name": "7.png", "segments_info": infos}],
        "categories": categories,
        "ids": numbers(values),
    }


def _instances(panoptic: dict[str, Any], category_id: int) -> dict[str, Any]:
    """One instance, a polygon around the left half."""
    square = [[0, 0, 3, 0, 3, 4, 0, 4]]
    annotation = {"id": 1, "image_id": 7, "category_id": category_id, "segmentation": square, "area": 12}
    return {"images": panoptic["images"], "annotations": [annotation]}


def _image(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (6, 4), (10, 20, 30)).save(path)


def _png(path: Path, values: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values.astype(np.uint8)).save(path)


def _json(path: Path, content: Any) -> None:
    _text(path, json.dumps(content))


def _text(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
