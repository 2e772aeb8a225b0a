"""Segment an image file with the library alone: python examples/segment_image.py IMAGE OVERLAY [NAME ...]."""

import sys

import numpy as np
from PIL import Image

from eovseg_model import EOVSegPredictor
from eovseg_model.drawing import draw_overlay

image_file, overlay_file, *names = sys.argv[1:]
image = np.array(Image.open(image_file).convert("RGB"))  # (H, W, 3) uint8
predictor = EOVSegPredictor.from_checkpoint("tiny", vocabulary=names or ["@simulation_trained"])
result = predictor(image)
for segment in result.segments:
    print(f"{segment.id:3} {segment.label:20} {segment.score:4.0%} {segment.area:7} pixels")
overlay = draw_overlay(image, result.label_image, result.segments, opacity=0.5)
Image.fromarray(overlay).save(overlay_file)
