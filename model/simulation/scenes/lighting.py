"""Lighting of a scene and exposure of its camera."""

import math
from typing import NamedTuple

import numpy as np

from .scene_config import SceneConfig


class Lighting(NamedTuple):
    """A distant lamp, ambient light, and the camera's exposure and noise."""

    direction: tuple[float, float, float]  # towards the lamp
    colour: tuple[float, float, float]
    ambient: float
    diffuse: float
    specular: float
    shadow: bool
    exposure: float
    noise: float  # standard deviation, relative to white

    @classmethod
    def random(cls, rng: np.random.Generator, config: SceneConfig) -> "Lighting":
        """Draw a light within the config's ranges."""
        elevation, azimuth = math.radians(rng.uniform(*config.light_elevation)), rng.uniform(0.0, 2 * math.pi)
        flat = math.cos(elevation)
        red, green, blue = 1.0 - rng.uniform(0.0, config.light_tint, 3)
        return cls(
            direction=(flat * math.cos(azimuth), flat * math.sin(azimuth), math.sin(elevation)),
            colour=(red, green, blue),
            ambient=rng.uniform(*config.ambient),
            diffuse=rng.uniform(*config.diffuse),
            specular=rng.uniform(*config.specular),
            shadow=bool(rng.random() < config.shadow_share),
            exposure=rng.uniform(*config.exposure),
            noise=rng.uniform(*config.noise),
        )

    def expose(self, rgb: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Apply exposure and noise from `rng` to (H, W, 3) uint8."""
        grain = rng.standard_normal(rgb.shape, dtype=np.float32) * (255 * self.noise)
        return np.clip(rgb * np.float32(self.exposure) + grain, 0, 255).astype(np.uint8)
