"""Results as a data set in COCO's panoptic format."""

import json
import shutil
from pathlib import Path
from typing import Any

import cv2

from eovseg_model.data import coco_categories, encode_ids, to_coco_segments
from eovseg_model.vocabulary import Vocabulary, VocabularyClass
from eovseg_ros.bags.exporting.results import LabelledImage, read_labelled_images, read_vocabulary
from eovseg_ros.bags.labelling.settings import LabelSettings
from eovseg_ros.bags.plain_text import valid
from eovseg_ros.bags.writing.metadata import read_metadata

_RESULTS = "results_fingerprint"  # name of the entry
_JPEG = (cv2.IMWRITE_JPEG_QUALITY, 95)


def write_coco(bag: Path, results: Path, target: Path, settings: LabelSettings) -> None:
    """Write the folder `target` with images/, panoptic/ and panoptic.json; it appears when it is complete.

    `eovseg_model.data.CocoPanoptic.from_folder` reads it. Raises BagError and OSError.
    """
    part = target.with_name(f"{target.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    for folder in ("images", "panoptic"):
        (part / folder).mkdir(parents=True)
    images = part / "images.json.part"  # long lists are not kept in memory
    with (
        (part / "panoptic.json").open("w", encoding="utf-8") as out,
        images.open("w", encoding="utf-8") as more,
    ):
        info = {"description": f"images of {bag.name}, labelled by eovseg-bags", _RESULTS: _identity(results)}
        out.write(f'{{"info": {_text(info)},\n"categories": {_text(_categories(results))},\n"annotations": [')
        for i, labelled in enumerate(read_labelled_images(bag, results, settings), 1):
            image, annotation = _write(part, i, labelled)
            separator = "\n" if i == 1 else ",\n"
            out.write(separator + _text(annotation))
            more.write(separator + _text(image))
        more.flush()
        out.write('],\n"images": [')
        with images.open(encoding="utf-8") as written:
            shutil.copyfileobj(written, out)
        out.write("]}\n")
    images.unlink()
    part.rename(target)


def is_of_other_results(folder: Path, results: Path) -> bool:
    """Whether a folder of `write_coco` was made from other results. Raises OSError."""
    with (folder / "panoptic.json").open(encoding="utf-8") as file:
        return f'"{_RESULTS}": "{_identity(results)}"' not in file.readline()


def _identity(results: Path) -> str:
    return read_metadata(results).get("fingerprint", "")


def _text(value: Any) -> str:
    return valid(json.dumps(value, ensure_ascii=False))


def _write(part: Path, number: int, labelled: LabelledImage) -> tuple[dict[str, Any], dict[str, Any]]:
    """Write both pictures; return the entries of the image and of its segments."""
    name = f"{labelled.camera}_{number:06d}".lstrip("_")
    pictures = (
        (f"images/{name}.jpg", labelled.rgb, _JPEG),
        (f"panoptic/{name}.png", encode_ids(labelled.panoptic), ()),
    )
    for file, rgb, options in pictures:
        _, data = cv2.imencode(Path(file).suffix, rgb[:, :, ::-1], options)
        (part / file).write_bytes(data.tobytes())  # OpenCV does not say that the disk is full
    height, width = labelled.panoptic.shape
    image = {
        "id": number,
        "file_name": f"{name}.jpg",
        "height": height,
        "width": width,
        "camera": labelled.camera,
        "stamp": labelled.stamp,
        "log_time": labelled.log_time,
    }
    annotation = {
        "image_id": number,
        "file_name": f"{name}.png",
        "segments_info": to_coco_segments(labelled.panoptic, labelled.segments),
    }
    return image, annotation


def _categories(results: Path) -> list[dict[str, Any]]:
    message = read_vocabulary(results)
    if message is None:
        return []
    pairs = zip(message.labels, message.is_thing, strict=True)
    return coco_categories(Vocabulary(tuple(VocabularyClass((name,), bool(thing)) for name, thing in pairs)))
