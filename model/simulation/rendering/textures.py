"""Procedural surface textures for floors, walls and tables."""

import numpy as np

SIZE = 128


def random_pattern(rng: np.random.Generator, contrast: float) -> np.ndarray:
    """Return a tileable grey pattern (128, 128, 3) uint8; `contrast` is 0 (uniform) to 1 (black/white)."""
    pattern = _PATTERNS[rng.integers(len(_PATTERNS))](rng)
    grain = rng.uniform(-0.5, 0.5, (SIZE, SIZE)) * rng.uniform(0.0, 0.3)
    grey = 1.0 - contrast * np.clip(pattern + grain, 0.0, 1.0)
    return np.repeat((255 * grey).astype(np.uint8)[:, :, None], 3, axis=2)


def _axes() -> tuple[np.ndarray, np.ndarray]:
    y, x = np.indices((SIZE, SIZE)) / SIZE
    return y, x


def _plain(rng: np.random.Generator) -> np.ndarray:
    return np.full((SIZE, SIZE), 0.3)


def _checker(rng: np.random.Generator) -> np.ndarray:
    y, x = _axes()
    cells = 2 * rng.integers(1, 3)
    return (np.floor(y * cells) + np.floor(x * cells)) % 2


def _stripes(rng: np.random.Generator) -> np.ndarray:
    y, x = _axes()
    return np.floor((y if rng.random() < 0.5 else x) * 2 * rng.integers(1, 5)) % 2


def _tiles(rng: np.random.Generator) -> np.ndarray:
    y, x = _axes()
    count = rng.integers(2, 4)
    return ((y * count % 1 < 0.08) | (x * count % 1 < 0.08)).astype(float)


def _planks(rng: np.random.Generator) -> np.ndarray:
    y, _ = _axes()
    count = rng.integers(3, 7)
    shade = rng.uniform(0.0, 0.7, count)[(y * count).astype(int)]
    streaks = np.repeat(rng.uniform(0.0, 0.3, (SIZE, 1)), SIZE, axis=1)
    return np.where(y * count % 1 < 0.06, 1.0, shade + streaks)


def _blotches(rng: np.random.Generator) -> np.ndarray:
    y, x = _axes()
    waves = np.zeros((SIZE, SIZE))
    for _ in range(6):
        fy, fx = rng.integers(-4, 5, 2)
        waves += np.cos(2 * np.pi * (fy * y + fx * x) + rng.uniform(0, 2 * np.pi))
    return 0.5 + waves / 8


_PATTERNS = (_plain, _checker, _stripes, _tiles, _planks, _blotches)
