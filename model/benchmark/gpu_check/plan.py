"""The parts of the check, the most important ones first."""

from collections.abc import Iterator

from .part import Part
from .setting import QUICK, Setting

ARRAYS_VARIANT = "s"  # of the parity arrays


def plan(setting: Setting, device_type: str) -> list[Part]:
    """Return the parts in their order: time may not suffice for the last ones.

    On a CPU, which has no fp16, those with several cameras and threads are in fp32. A quick check compiles
    nothing.
    """
    half = "fp16" if device_type == "cuda" else "fp32"
    parts = _parts(setting.variants, half)
    return [part for part in parts if part.backend != "compile" or setting != QUICK]


def _parts(variants: tuple[str, ...], half: str) -> Iterator[Part]:
    first, *others = variants
    yield Part(kind="environment", tf32=False)  # in the process of the next parts
    yield Part(
        kind="parity arrays", variant=ARRAYS_VARIANT, backend="reference", precision="fp32", tf32=False
    )
    yield Part(kind="parity", variant=first, backend="reference", precision="fp32", tf32=False)
    yield Part(kind="parity", variant=first, backend="torch", precision="fp32")
    for precision in ("fp16", "bf16", "tf32"):
        yield Part(kind="agreement", variant=first, backend="torch", precision=precision)
    for backend, precision in (("torch", "fp16"), ("torch", "fp32")):
        yield from _speeds(variants, backend, precision)
    for backend in ("tensorrt_rtx", "tensorrt"):
        yield from _speeds(variants, backend, "fp16")
    yield from _together(first, "torch", half)
    yield from _stages(first, half)
    yield from _together(first, "tensorrt_rtx", "fp16")
    yield from _speeds(variants, "torch", "bf16")
    yield from _together(first, "tensorrt", "fp16")
    yield from _speeds(variants, "torch", "tf32")
    for variant in others:
        yield from _together(variant, "torch", half)
        yield from _stages(variant, half)
    yield from _speeds(variants, "reference", "fp32")
    for backend, precision in (
        *(("tensorrt_rtx", "fp32"), ("tensorrt", "fp32")),
        *(("compile", "fp16"), ("compile", "fp32"), ("compile", "bf16")),
    ):
        yield from _speeds(variants, backend, precision)


def _speeds(variants: tuple[str, ...], backend: str, precision: str) -> Iterator[Part]:
    for variant in variants:
        yield Part(kind="speed", variant=variant, backend=backend, precision=precision)


def _together(variant: str, backend: str, precision: str) -> Iterator[Part]:
    yield Part(kind="cameras", variant=variant, backend=backend, precision=precision)
    yield Part(kind="threads", variant=variant, backend=backend, precision=precision)


def _stages(variant: str, half: str) -> Iterator[Part]:
    for backend, precision in (("torch", half), ("reference", "fp32")):
        yield Part(kind="stages", variant=variant, backend=backend, precision=precision)
