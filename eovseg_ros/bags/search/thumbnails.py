"""Small pictures of what was found."""

import cv2
import numpy as np

from eovseg_ros.bags.search.hit import Hit

_MARK = (0, 220, 255)  # BGR


def thumbnail(hit: Hit) -> np.ndarray:
    """Return the preview (H, W, 3) uint8 BGR with a frame around the object."""
    image = cv2.imdecode(np.frombuffer(hit.preview, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        return np.zeros((180, 240, 3), np.uint8)
    scale = image.shape[0] / hit.size[0], image.shape[1] / hit.size[1]
    x, y, width, height = hit.box
    left, top = round(x * scale[1]) - 2, round(y * scale[0]) - 2
    right, bottom = round((x + width) * scale[1]) + 1, round((y + height) * scale[0]) + 1
    cv2.rectangle(image, (left, top), (right, bottom), (0, 0, 0), 4)
    cv2.rectangle(image, (left, top), (right, bottom), _MARK, 2)
    return image


def caption(hit: Hit) -> list[str]:
    """Return lines of text: the bag, then time, camera, track and score."""
    time = f"{hit.offset / 1e9:.1f} s"
    if hit.frames > 1:
        time += f" (seen {hit.first / 1e9:.1f} to {hit.last / 1e9:.1f} s)"
    details = [f"camera {hit.camera}"] if hit.camera else []
    details += [f"track {hit.track_id}"] if hit.track_id else []
    return [hit.bag, time, ", ".join([*details, f"score {hit.score:.2f}"])]
