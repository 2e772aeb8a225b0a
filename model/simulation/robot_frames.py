"""Frames of the simulated robot's camera, scene after scene."""

import itertools
from collections.abc import Iterator

from .frame import Frame
from .scenes.scene import Scene, SceneConfig


def rendered_frames(
    *, seed: int, kept_out: bool, frames_per_scene: int, step: float, size: tuple[int, int]
) -> Iterator[Frame]:
    """Render an endless sequence of scenes along the robot's path, `step` seconds between frames.

    Args:
        seed: seed of the first scene; it increases by one per scene.
        kept_out: whether to include objects that are kept out of training.
        size: width and height in pixels.
    """
    config = SceneConfig(include_kept_out=kept_out)
    for number in itertools.count(seed):
        with Scene(seed=number, config=config) as scene:
            for i in range(frames_per_scene):
                yield scene.render(i * step, width=size[0], height=size[1])
