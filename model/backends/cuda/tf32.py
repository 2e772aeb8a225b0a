"""TensorFloat-32 in products of float32 tensors on GPUs: off, unless it is asked for."""

import contextlib
import threading
from collections.abc import Iterator

import torch


class Tf32Switches:
    """PyTorch's switches, which belong to the process, set while networks run and restored afterwards.

    cuDNN's convolutions use TF32 by default. If networks with and without it run at the same time, none uses
    it. Switches that the program has set by PyTorch's newer names, `fp32_precision`, are left alone.
    """

    def __init__(self) -> None:
        self._changing = threading.Lock()
        self._running = {True: 0, False: 0}  # networks by whether they use TF32
        self._before: tuple[bool, str] | None = None

    @contextlib.contextmanager
    def set(self, allowed: bool) -> Iterator[None]:
        """Set both switches, of convolutions and of matrix products."""
        with self._changing:
            if not any(self._running.values()):
                self._before = _read()
            self._running[allowed] += 1
            self._apply()
        try:
            yield
        finally:
            with self._changing:
                self._running[allowed] -= 1
                self._apply()

    def _apply(self) -> None:
        if self._before is None:
            return
        if any(self._running.values()):
            allowed = not self._running[False]
            _write(allowed, "high" if allowed else "highest")
        else:
            _write(*self._before)


TF32_SWITCHES = Tf32Switches()


def _read() -> tuple[bool, str] | None:
    try:
        return torch.backends.cudnn.allow_tf32, torch.get_float32_matmul_precision()
    except RuntimeError:  # set by the newer names
        return None


def _write(convolutions: bool, products: str) -> None:
    torch.backends.cudnn.allow_tf32 = convolutions
    if torch.get_float32_matmul_precision() != products:
        torch.set_float32_matmul_precision(products)
