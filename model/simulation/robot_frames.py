"""What the simulated robot's camera sees, scene after scene."""

import itertools
from collections.abc import Iterator

from .frame import Frame
from .scenes.scene import Scene, SceneConfig


def rendered_frames(
    *, seed: int, kept_out: bool, frames_per_scene: int, step: float, size: tuple[int, int]
) -> Iterator[Frame]:
    """Render scene after scene along the robot's path without end, `step` seconds between two frames.

    Args:
        seed: of the first scene; the next has the next.
        kept_out: whether things are there that training never showed.
        size: width and height in pixels.
    """
    config = SceneConfig(include_kept_out=kept_out)
    for number in itertools.count(seed):
        with Scene(seed=number, config=config) as scene:
            for i in range(frames_per_scene):
                yield scene.render(i * step, width=size[0], height=size[1])
