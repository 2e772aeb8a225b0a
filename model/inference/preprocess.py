"""Conversion of RGB images to the network's input (paper, Evaluation Protocols)."""

import functools
import math
from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from .device_resize import resize_pixels
from .host_copies import to_device
from .input_size import IMAGE_SHORT_SIDE, STRIDE, check_input_size

PIXEL_MEAN = (123.675, 116.28, 103.53)
PIXEL_STD = (58.395, 57.12, 57.375)
MAX_LONG_SIDE = 2560


def check_image(image: np.ndarray) -> None:
    """Raise ValueError unless image is an (H, W, 3) uint8 array with at least one pixel."""
    if not isinstance(image, np.ndarray) or image.ndim != 3 or image.shape[2] != 3:
        shape = getattr(image, "shape", type(image).__name__)
        raise ValueError(f"image must be an (H, W, 3) RGB array, got {shape}")
    if image.dtype != np.uint8:
        raise ValueError(f"image must be uint8 with values 0..255, got {image.dtype}")
    if 0 in image.shape:
        raise ValueError(f"image has no pixels: shape {image.shape}")


def check_batch(images: Sequence[np.ndarray]) -> None:
    """Raise ValueError unless there is at least one image and all have the same size; see `check_image`."""
    if len(images) == 0:
        raise ValueError("a batch needs at least one image, got none")
    for image in images:
        check_image(image)
        if image.shape != images[0].shape:
            one, other = (f"{shape[1]}x{shape[0]}" for shape in (images[0].shape, image.shape))
            raise ValueError(
                f"the images of a batch must have one size, got {one} and {other}; segment them one by one"
            )


def check_output_size(output_size: Sequence[int] | None) -> None:
    """Raise ValueError unless output_size is None or (height, width) with at least one pixel."""
    if output_size is not None and (len(output_size) != 2 or min(output_size) < 1):
        raise ValueError(f"output_size must be (height, width), both at least 1, got {output_size}")


def resized_shape(height: int, width: int, short_side: int) -> tuple[int, int]:
    """Return (height, width) after scaling the short side to short_side, the long side to at most 2560."""
    scale = min(short_side / min(height, width), MAX_LONG_SIDE / max(height, width))
    return max(1, math.floor(height * scale + 0.5)), max(1, math.floor(width * scale + 0.5))


def resize_image(image: np.ndarray, short_side: int) -> np.ndarray:
    """Resize (H, W, 3) uint8 with PIL's bilinear filter; IMAGE_SHORT_SIDE keeps the size."""
    shape = _resized(image, short_side)
    if shape == image.shape[:2]:
        return image
    return np.asarray(Image.fromarray(image).resize(shape[::-1], Image.Resampling.BILINEAR))


def prepare(
    images: Sequence[np.ndarray], short_side: int, device: torch.device
) -> tuple[Tensor, tuple[int, int]]:
    """Resize, normalise and pad B images of one size (H, W, 3) uint8 RGB.

    On GPUs after the only copy to the device. Returns the network's input (B, 3, H', W') float32 and the size
    (height, width) of the images inside it. Raises ImageSizeError if an image is too large in it.
    """
    shape = _resized(images[0], short_side)
    check_input_size((images[0].shape[0], images[0].shape[1]), shape)
    if device.type == "cuda":
        return _normalise_and_pad(resize_pixels(to_device(images, device), shape)), shape
    resized = [resize_image(image, short_side) for image in images]
    return _normalise_and_pad(to_device(resized, device)), shape


def to_input(image: np.ndarray, device: torch.device) -> Tensor:
    """Normalise (H, W, 3) uint8 RGB and pad it with zeros to multiples of 32: (1, 3, H', W') float32."""
    return _normalise_and_pad(to_device([image], device))


def _resized(image: np.ndarray, short_side: int) -> tuple[int, int]:
    height, width = image.shape[:2]
    return (height, width) if short_side == IMAGE_SHORT_SIDE else resized_shape(height, width, short_side)


def _normalise_and_pad(pixels: Tensor) -> Tensor:
    B, height, width, _ = pixels.shape
    x = torch.zeros(B, 3, height + -height % STRIDE, width + -width % STRIDE, device=pixels.device)
    inside = x[:, :, :height, :width]
    inside.copy_(pixels.permute(0, 3, 1, 2))
    inside.copy_(normalise(inside))
    return x


def normalise(images: Tensor) -> Tensor:
    """Subtract the mean from RGB (..., 3, H, W), floats from 0 to 255, and divide by the deviation."""
    mean, std = mean_and_deviation(images.device)
    return (images - mean).div_(std)


@functools.cache
def mean_and_deviation(device: torch.device) -> tuple[Tensor, Tensor]:
    """Return PIXEL_MEAN and PIXEL_STD, (3, 1, 1) each; cached, because the host waits for the copy."""
    with torch.inference_mode(False):  # inference tensors could not be used in training
        mean, std = (torch.tensor(values, device=device) for values in (PIXEL_MEAN, PIXEL_STD))
    return mean.view(3, 1, 1), std.view(3, 1, 1)
