"""docs/api.md shows the signatures that the code has."""

import inspect
from pathlib import Path

import pytest

from eovseg_model.checkpoint import clip, loading
from eovseg_model.data import coco_results
from eovseg_model.drawing.overlay import draw_overlay
from eovseg_model.geometry.box import upright_box
from eovseg_model.geometry.depth import depth_in_metres
from eovseg_model.geometry.segment_geometry import measure_geometry
from eovseg_model.geometry.transforms import transform_points, up_in_camera
from eovseg_model.inference.mask_sizes import upsample_masks
from eovseg_model.inference.panoptic import fuse_instances, fuse_panoptic, fuse_semantic
from eovseg_model.inference.predictor import EOVSegPredictor
from eovseg_model.inference.regions import measure_regions
from eovseg_model.inference.results import PanopticResult
from eovseg_model.network.assembly.complexity import count
from eovseg_model.vocabulary.vocabulary import Vocabulary, load_vocabulary

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "api.md").read_text()
SHOWN = {
    "EOVSegPredictor.from_checkpoint": EOVSegPredictor.from_checkpoint,
    "predictor": EOVSegPredictor.__call__,
    "predictor.encode": EOVSegPredictor.encode,
    "predictor.segment_batch": EOVSegPredictor.segment_batch,
    "Vocabulary.parse": Vocabulary.parse,
    "load_vocabulary": load_vocabulary,
    "fuse_panoptic": fuse_panoptic,
    "fuse_semantic": fuse_semantic,
    "fuse_instances": fuse_instances,
    "upsample_masks": upsample_masks,
    "read_state_dict": loading.read_state_dict,
    "load_weights": loading.load_weights,
    "save_weights": loading.save_weights,
    "load_clip": clip.load_clip,
    "data.to_coco_panoptic": coco_results.to_coco_panoptic,
    "data.coco_categories": coco_results.coco_categories,
    "drawing.draw_overlay": draw_overlay,
    "inference.measure_regions": measure_regions,
    "depth_in_metres": depth_in_metres,
    "measure_geometry": measure_geometry,
    "upright_box": upright_box,
    "transform_points": transform_points,
    "up_in_camera": up_in_camera,
    "network.count": count,
}


@pytest.mark.parametrize("name", SHOWN)
def test_signature(name):
    signature = inspect.signature(SHOWN[name])
    bare = [p.replace(annotation=p.empty) for p in signature.parameters.values() if p.name != "self"]
    shown = str(signature.replace(parameters=bare, return_annotation=signature.empty)).replace("'", '"')
    assert f"`{name}{shown}`" in PAGE


def test_every_attribute_of_a_result_is_there():
    names = {name for name in PanopticResult.__annotations__ if not name.startswith("_")}
    for name in {*names, "label_image", "semantic", "instances"}:
        assert f"| `{name}` |" in PAGE
    assert "docs/api.md" in (ROOT / "README.md").read_text()
