"""Segment an image file with the library alone: python examples/segment_image.py IMAGE OVERLAY [NAME ...]."""

import sys

from PIL import Image

from eovseg_model import EOVSegPredictor
from eovseg_model.data import read_picture
from eovseg_model.drawing import draw_overlay

image_file, overlay_file, *names = sys.argv[1:]
image = read_picture(image_file)  # (H, W, 3) uint8 RGB
predictor = EOVSegPredictor.from_checkpoint("tiny", vocabulary=names or ["@simulation_trained"])
result = predictor(image)
for segment in result.segments:
    print(f"{segment.id:3} {segment.label:20} {segment.score:4.0%} {segment.area:7} pixels")
overlay = draw_overlay(image, result.label_image, result.segments, opacity=0.5)
Image.fromarray(overlay).save(overlay_file)
