"""The stand-in node with faults: the first pixel of an image says what goes wrong with it."""

import sys

from fake_node import FakePredictor

from eovseg_ros.node.run_node import run_node
from eovseg_ros.processes import run_program

MEMORY, CUDA_MEMORY, EXIT, OVERFLOW = (255, 0, 1), (255, 0, 2), (255, 0, 3), (255, 0, 4)


class FaultyPredictor(FakePredictor):
    """Raises what the first pixel asks for."""

    def __call__(self, image, **settings):
        pixel = tuple(image[0, 0].tolist())
        if pixel == MEMORY:
            raise MemoryError("Unable to allocate 12.0 GiB")
        if pixel == CUDA_MEMORY:
            import torch

            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        if pixel == EXIT:
            sys.exit(3)
        if pixel == OVERFLOW:
            raise RecursionError("maximum recursion depth exceeded")
        return super().__call__(image, **settings)


if __name__ == "__main__":
    run_program(lambda ending: run_node(ending, sys.argv[1:], lambda parameters: FaultyPredictor()))
