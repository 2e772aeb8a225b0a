"""A pretend CUDA device for machines without a GPU: tensors that say "cuda:0" and compute on the CPU.

    with simulated_cuda() as cuda:
        predictor = EOVSegPredictor.from_checkpoint("tiny", vocabulary=["mug"], device="cuda")
        result = predictor(image)
        assert cuda.waits() == {"inference.panoptic.fuse_panoptic": 1}

A device tensor refuses what a real one refuses: numpy, and to be mixed with CPU tensors. It has the values of
the CPU, random numbers included. Every copy between host and device and every wait of the host is counted,
with the function and the line of this package that caused it. Threads that are started in the block belong to
it. After the block torch is as it was; the device's tensors keep working and are not counted. One thing
stays, as after `FakeTensorMode`: where there is no driver, a guard that lets PyTorch do without one.

Pinned memory, streams, events and graphs are simulated as far as simulated_streams.py describes.

What it cannot show: kernels that only CUDA has (cuDNN and fused attention are switched off), rounding, speed,
memory, work of two streams at the same time, several devices, and what asks CUDA's runtime itself.
"""

import linecache
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import Any, Literal, NamedTuple, NoReturn
from unittest import mock

import simulated_streams
import torch
from torch.autograd.graph import Node
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

DEVICE = torch.device("cuda:0")
PACKAGES = ("eovseg_model", "eovseg_ros")
INDEXING = ("index", "index_put", "index_put_", "_index_put_impl_")  # their indices may lie on the CPU
SCALARS_REFUSED = ("cat", "stack")  # elsewhere a CPU tensor without dimensions counts as a number
RESULTS_OF_UNKNOWN_SIZE = (
    *("nonzero", "masked_select", "unique_dim", "_unique", "_unique2", "unique_consecutive", "bincount"),
    "repeat_interleave",
)
READ_BY_HOST = ("_local_scalar_dense", "equal", *RESULTS_OF_UNKNOWN_SIZE)

Kind = Literal["copy to device", "copy to host", "wait"]


class Crossing(NamedTuple):
    """Something between host and device.

    function is "module.function" without the package, line that function's source line; of the caller where
    no function of this package is involved. waits: whether the host waits for the device. Copies do, but for
    those that are `non_blocking`; if they go to the host, it has to be to pinned memory.
    """

    kind: Kind
    waits: bool
    operator: str
    function: str
    line: str


class SimulatedCuda:
    """What crossed between host and device so far."""

    def __init__(self) -> None:
        self.crossings: Counter[Crossing] = Counter()
        self._lock = threading.Lock()

    def total(self, kind: Kind) -> int:
        """Number of crossings of one kind; one that is a copy and a wait is a copy here."""
        return sum(number for crossing, number in self.crossings.items() if crossing.kind == kind)

    def waits(self) -> dict[str, int]:
        """How often each function let the host wait for the device."""
        totals: Counter[str] = Counter()
        for crossing, number in self.crossings.items():
            if crossing.waits:
                totals[crossing.function] += number
        return dict(totals)

    def forget(self) -> None:
        """Start counting anew."""
        with self._lock:
            self.crossings.clear()

    def record(self, kind: Kind, operator: str, *, waits: bool = True) -> None:
        """Count a crossing of the code that is running."""
        crossing = Crossing(kind, waits, operator, *_running_code())
        with self._lock:
            self.crossings[crossing] += 1


_active: SimulatedCuda | None = None  # who counts


@contextmanager
def simulated_cuda() -> Iterator[SimulatedCuda]:
    """A device "cuda:0" inside the block, and the only one: see the module. Blocks do not nest."""
    global _active
    assert _active is None, "there is a simulated device already"
    torch._C._ensureCUDADeviceGuardSet()
    with ExitStack() as stack:
        stack.enter_context(mock.patch.object(simulated_streams, "note_wait", _note_wait))
        for name, stand_in in (_CUDA_FUNCTIONS | simulated_streams.FUNCTIONS).items():
            stack.enter_context(mock.patch.object(torch.cuda, name, stand_in))
        for owner, name, wrap in (
            (threading.Thread, "run", _run_with_device),
            (torch.Tensor, "backward", _simulate_backward),
        ):
            stack.enter_context(mock.patch.object(owner, name, wrap(getattr(owner, name))))
        stack.enter_context(torch.backends.cudnn.flags(enabled=False))
        stack.enter_context(sdpa_kernel(SDPBackend.MATH))
        swaps = torch.__future__.get_swap_module_params_on_conversion()
        stack.callback(torch.__future__.set_swap_module_params_on_conversion, swaps)
        torch.__future__.set_swap_module_params_on_conversion(True)  # Module.to changes parameters' type
        _active = SimulatedCuda()
        try:
            with _Device():
                yield _active
        finally:
            _active = None


class DeviceTensor(torch.Tensor):
    """A tensor on the simulated device; `on_cpu` has its values."""

    on_cpu: torch.Tensor
    __torch_function__ = torch._C._disabled_torch_function_impl

    @staticmethod
    def __new__(cls, on_cpu: torch.Tensor) -> "DeviceTensor":
        tensor = torch.Tensor._make_wrapper_subclass(
            cls,
            on_cpu.shape,
            strides=on_cpu.stride(),
            storage_offset=on_cpu.storage_offset(),
            dtype=on_cpu.dtype,
            device=DEVICE,
        )
        tensor.on_cpu = on_cpu
        return tensor

    def __repr__(self, **options: Any) -> str:
        return f"DeviceTensor({self.on_cpu})"

    def numpy(self, **options: Any) -> NoReturn:
        """What PyTorch says of a real one."""
        raise TypeError(
            "can't convert cuda:0 device type tensor to numpy. "
            "Use Tensor.cpu() to copy the tensor to host memory first."
        )

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NoReturn:
        self.numpy()

    def data_ptr(self) -> int:
        """Where the values are."""
        return self.on_cpu.data_ptr()

    def untyped_storage(self) -> torch.UntypedStorage:
        """Who shares memory with whom, which safetensors asks."""
        return self.on_cpu.untyped_storage()

    def __deepcopy__(self, memo: dict[int, Any]) -> torch.Tensor:
        """On the device, too."""
        if id(self) not in memo:
            copied = self.detach().clone()
            memo[id(self)] = (
                torch.nn.Parameter(copied, self.requires_grad)
                if isinstance(self, torch.nn.Parameter)
                else copied
            )
        return memo[id(self)]

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Saved as what it becomes with `map_location="cpu"`."""
        return self.cpu().__reduce_ex__(protocol)

    def tolist(self) -> Any:
        """Numbers, in lists by dimension: a copy to the host, as of a real one."""
        return self.cpu().tolist()

    @classmethod
    def __torch_dispatch__(
        cls, operator: Callable, types: Sequence[type], args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        return _run(operator, args, kwargs or {})


class _Device(TorchDispatchMode):
    """Sees operators without a device tensor among their inputs, in the thread that enters it."""

    def __enter__(self) -> "_Device":
        self._lifting = torch._C._only_lift_cpu_tensors()
        torch._C._set_only_lift_cpu_tensors(True)  # torch.tensor(1.0, device="cuda") is a copy to see
        return super().__enter__()

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        torch._C._set_only_lift_cpu_tensors(self._lifting)

    def __torch_dispatch__(
        self, operator: Callable, types: Sequence[type], args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        return _run(operator, args, kwargs or {})


def _run(operator: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    """Check and count what an operator means for a device, and compute it on the CPU."""
    name = operator.overloadpacket.__name__
    if name == "_pin_memory":
        return args[0].clone()
    pinned = kwargs.get("pin_memory")
    if pinned is not None:
        kwargs = {key: value for key, value in kwargs.items() if key != "pin_memory"}
    inputs = [x for x in tree_leaves((args, kwargs)) if isinstance(x, torch.Tensor)]
    ours = {id(x.on_cpu): x for x in inputs if isinstance(x, DeviceTensor)}
    asked = kwargs.get("device")
    on_device = bool(ours) if asked is None else torch.device(asked).type == "cuda"
    if on_device and asked is not None:
        kwargs = {**kwargs, "device": torch.device("cpu")}
    if name == "copy_":
        on_device = isinstance(args[0], DeviceTensor)
    if name in ("copy_", "_to_copy"):
        source = args[1] if name == "copy_" else args[0]
        late = bool(kwargs.get("non_blocking") or (name == "copy_" and args[2:] and args[2]))
        from_device = isinstance(source, DeviceTensor)
        if from_device and not on_device:  # to other memory the host waits in any case
            late = late and name == "copy_" and getattr(args[0], "is_simulated_pinned", False)
        _record_copy(name, from_device=from_device, to_device=on_device, late=late)
        if late and from_device and not on_device:
            target, values = args[0], args[1].on_cpu.clone()
            simulated_streams.current_stream().add_late_copy(lambda: target.copy_(values))
            return target
    elif ours and asked is None:
        _refuse_a_mix(name, args, inputs)
    if ours:
        _record_reading(name, args)
    before = args, kwargs
    args, kwargs = tree_map(_on_cpu, (args, kwargs))
    result = operator(*args, **kwargs)
    if pinned:
        result.is_simulated_pinned = True
    if not on_device or name in ("_local_scalar_dense", "equal"):
        return result

    def wrap(value: Any) -> Any:
        """An operator in place gives the tensor that it was given."""
        if not isinstance(value, torch.Tensor):
            return value
        tensor = ours[id(value)] if id(value) in ours else DeviceTensor(value)
        assert tensor.shape == value.shape, f"{name} changes a tensor's shape in place: not simulated"
        return tensor

    wrapped = tree_map(wrap, result)
    if (recording := simulated_streams.recording()) is not None:
        recording.append((operator, *before, wrapped))
    return wrapped


def _on_cpu(value: Any) -> Any:
    return value.on_cpu if isinstance(value, DeviceTensor) else value


def _record_copy(operator: str, *, from_device: bool, to_device: bool, late: bool) -> None:
    if to_device and not from_device:
        _record("copy to device", operator, waits=not late)
    elif from_device and not to_device:
        _record("copy to host", operator, waits=not late)


def _refuse_a_mix(name: str, args: tuple, inputs: Sequence[torch.Tensor]) -> None:
    """Raise RuntimeError for CPU tensors beside device tensors, as CUDA does; count those that it copies."""
    strangers = [x for x in inputs if not isinstance(x, DeviceTensor)]
    if name in INDEXING and isinstance(args[0], DeviceTensor):
        indices = [x for x in args[1] if isinstance(x, torch.Tensor)]
        for _ in (x for x in indices if not isinstance(x, DeviceTensor)):
            _record("copy to device", name)
        strangers = [x for x in tree_leaves(args[2:3]) if isinstance(x, torch.Tensor)]
        strangers = [x for x in strangers if not isinstance(x, DeviceTensor)]
    if any(x.dim() or name in SCALARS_REFUSED for x in strangers):
        raise RuntimeError(
            "Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu! "
            f"(when computing {name})"
        )


def _record_reading(name: str, args: tuple) -> None:
    """Count it where the host has to know a value: a number, or the size of the result."""
    masks = name in INDEXING and any(
        isinstance(x, DeviceTensor) and x.dtype in (torch.bool, torch.uint8) for x in args[1]
    )
    if masks or name in READ_BY_HOST:
        _record("wait", name)


def _note_wait(operator: str) -> None:
    _record("wait", operator)


def _synchronize(device: Any = None) -> None:
    _record("wait", "synchronize")
    simulated_streams.current_stream().arrive()


def _record(kind: Kind, operator: str, *, waits: bool = True) -> None:
    simulated_streams.refuse_while_recording(operator)
    if _active:
        _active.record(kind, operator, waits=waits)


def _running_code() -> tuple[str, str]:
    """Function and line of this package that is running; elsewhere of whoever uses torch."""
    frame: FrameType | None = sys._getframe(1)
    caller = None
    while frame:
        if frame.f_code.co_name.startswith("<") and frame.f_back:
            frame = frame.f_back  # a comprehension goes by the name of its function
        module = frame.f_globals.get("__name__", "")
        if module.split(".")[0] in PACKAGES:
            return _describe(frame)
        if (
            caller is None
            and module not in (__name__, "simulated_streams")
            and module.split(".")[0] != "torch"
        ):
            caller = frame
        frame = frame.f_back
    return _describe(caller) if caller else ("autograd", "")  # a thread of C++


def _describe(frame: FrameType) -> tuple[str, str]:
    module = frame.f_globals.get("__name__", "")
    package, _, rest = module.partition(".")
    name = rest if package in PACKAGES else module
    line = linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()
    return f"{name}.{frame.f_code.co_name}", f"{frame.f_lineno}: {line}"


def _run_with_device(run: Callable[[threading.Thread], None]) -> Callable[[threading.Thread], None]:
    def run_with_device(thread: threading.Thread) -> None:
        with _Device():
            run(thread)

    return run_with_device


def _simulate_backward(backward: Callable) -> Callable:
    """Let `Tensor.backward` go through the graph in Python: autograd's engine asks the driver for streams."""

    def simulated_backward(tensor: torch.Tensor, *args: Any, **kwargs: Any) -> None:
        if not isinstance(tensor, DeviceTensor):
            return backward(tensor, *args, **kwargs)
        assert not args and not kwargs and tensor.grad_fn, "only scalar.backward() is simulated"
        with torch.no_grad():
            _propagate(tensor.grad_fn, torch.ones_like(tensor))

    return simulated_backward


def _propagate(root: Node, gradient: torch.Tensor) -> None:
    """Add the gradients of what root computed to the `.grad` of the leaves; hooks are not called."""
    edges: Counter[Node] = Counter()  # into each node, those not gone through yet
    found = [root]
    while found:
        for follower, _ in found.pop().next_functions:
            if follower:
                if follower not in edges:
                    found.append(follower)
                edges[follower] += 1
    received: dict[Node, list[torch.Tensor | None]] = {root: [gradient]}
    ready = [root]
    while ready:
        node = ready.pop()
        result = node(*received.pop(node))
        results = result if isinstance(result, tuple) else (result,)
        for (follower, slot), part in zip(node.next_functions, results, strict=False):
            if not follower:
                continue
            inputs = received.setdefault(follower, [None] * len(follower._input_metadata))
            if part is not None:
                expected = follower._input_metadata[slot]
                part = part.sum_to_size(expected.shape).to(expected.dtype)
                before = inputs[slot]
                inputs[slot] = part if before is None else before + part
            edges[follower] -= 1
            if not edges[follower]:
                ready.append(follower)


_CUDA_FUNCTIONS: dict[str, Callable] = {
    "_lazy_init": lambda: None,
    "is_available": lambda: True,
    "device_count": lambda: 1,
    "current_device": lambda: 0,
    "get_device_name": lambda device=None: "simulated",
    "get_device_capability": lambda device=None: (7, 5),  # no engine of TensorRT for RTX is for it
    "synchronize": _synchronize,
    "is_bf16_supported": lambda including_emulation=True: True,
}
