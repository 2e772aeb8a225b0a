"""A stand-in for the run time of tensorrt_rtx and for CUDA's streams, on machines without a GPU.

An engine is a JSON file with its inputs and outputs. The stand-in finds inputs and outputs by the addresses
that it was given, so that a wrong buffer gives wrong numbers, and writes down every call with the stream that
was current. It raises AssertionError for calls in an order that the real one forbids.
"""

import contextlib
import ctypes
import enum
import json
import threading
from types import SimpleNamespace

import torch
from torch.utils._python_dispatch import TorchDispatchMode

VERSION = "9.9.9"
NAMES = {torch.float32: "FLOAT", torch.int64: "INT64", torch.bool: "BOOL"}


class FakeTensorRTRTX(SimpleNamespace):
    """Put into sys.modules as tensorrt_rtx; compute maps inputs by name to outputs by name, CPU tensors."""

    def __init__(self, compute):
        self.__spec__ = "found"
        self.calls = []  # (what, stream) in their order, of streams and tensors, too
        self.compute = compute
        self.validity = (0, 0), ""  # an EngineValidity and flags, and an error for the log
        self.runs = True
        self.kernels = []  # every cache that was made
        self.streams = None
        fake = self

        class ILogger:
            INTERNAL_ERROR, ERROR, WARNING = range(3)

        class EngineValidity(enum.IntEnum):
            VALID, SUBOPTIMAL, INVALID = range(3)

        class EngineInvalidityDiagnostics(enum.IntFlag):
            VERSION_MISMATCH, UNSUPPORTED_CC, OLD_CUDA_DRIVER, MALFORMED_ENGINE = 1, 2, 4, 32

        class Runtime:
            def __init__(self, log):
                self.log = log

            def get_engine_validity(self, content):
                (validity, flags), error = fake.validity
                if error:
                    self.log.log(ILogger.ERROR, error)
                return EngineValidity(validity), flags

            def deserialize_cuda_engine(self, content):
                assert fake.streams.device_is_current()
                return _Engine(fake, self.log, json.loads(content))

        super().__init__(
            __version__=VERSION,
            ILogger=ILogger,
            EngineValidity=EngineValidity,
            EngineInvalidityDiagnostics=EngineInvalidityDiagnostics,
            Runtime=Runtime,
            DataType=enum.Enum("DataType", "FLOAT HALF INT64 BOOL"),
            CudaGraphStrategy=enum.Enum("CudaGraphStrategy", "DISABLED WHOLE_GRAPH_CAPTURE"),
            **vars(self),
        )

    def use(self, streams):
        """Run on these streams."""
        self.streams = streams
        streams.calls = self.calls

    def __hash__(self):
        return id(self)

    def __eq__(self, other):
        return self is other


def describe(tensors):
    """The bytes of an engine with inputs and outputs like these tensors by name."""
    return json.dumps({name: (list(t.shape), NAMES[t.dtype]) for name, t in tensors.items()}).encode()


class _Engine:
    def __init__(self, fake, log, tensors):
        self.fake, self.log, self.tensors = fake, log, tensors
        self.num_io_tensors = len(tensors)

    def get_tensor_name(self, index):
        return list(self.tensors)[index]

    def get_tensor_shape(self, name):
        return self.tensors[name][0]

    def get_tensor_dtype(self, name):
        return self.fake.DataType[self.tensors[name][1]]

    def create_runtime_config(self):
        return _Config(self.fake)

    def create_execution_context(self, config):
        assert config.cuda_graph_strategy is self.fake.CudaGraphStrategy.WHOLE_GRAPH_CAPTURE
        assert config.cache is not None, "the cache of kernels comes before the context"
        assert self.fake.streams.device_is_current()
        return _Context(self, config.cache)


class _Config:
    cuda_graph_strategy = None
    cache = None

    def __init__(self, fake):
        self.fake = fake

    def create_runtime_cache(self):
        self.fake.kernels.append(_Kernels())
        return self.fake.kernels[-1]

    def set_runtime_cache(self, cache):
        assert not cache.compiled
        self.cache = cache


class _Kernels:
    """An IRuntimeCache: of kernels that it was given or that a run has compiled."""

    compiled = False
    accepted = None

    def deserialize(self, content):
        self.accepted = content == b"kernels"
        return self.accepted

    def serialize(self):
        return memoryview(b"kernels" if self.compiled or self.accepted else b"nothing")


class _Context:
    def __init__(self, engine, kernels):
        self.engine, self.kernels = engine, kernels
        self.addresses = {}
        self.running = threading.Lock()

    def set_tensor_address(self, name, address):
        assert name not in self.addresses and name in self.engine.tensors and address
        self.addresses[name] = address
        return True

    def execute_async_v3(self, stream):
        fake = self.engine.fake
        assert self.addresses.keys() == self.engine.tensors.keys()
        assert fake.streams.device_is_current()
        assert self.running.acquire(blocking=False), "one context has one user at a time"
        fake.calls.append(("execute", fake.streams.name(stream)))
        if not fake.runs:
            self.running.release()
            self.engine.log.log(fake.ILogger.ERROR, "no memory\n  on the device")
            return False
        with fake.streams.unseen():
            outputs = fake.compute({name: self.tensor(name) for name in self.addresses})
            for name, value in outputs.items():
                self.tensor(name).copy_(value)
        self.kernels.compiled = True
        self.running.release()
        return True

    def tensor(self, name):
        """The memory at the address of an input or output, as a CPU tensor."""
        shape, kind = self.engine.tensors[name]
        dtype = next(dtype for dtype, text in NAMES.items() if text == kind)
        size = dtype.itemsize * torch.Size(shape).numel()
        memory = (ctypes.c_char * size).from_address(self.addresses[name])
        return torch.frombuffer(memory, dtype=dtype).view(shape)


class FakeStreams(TorchDispatchMode):
    """torch.cuda's streams, events and current device, as far as an engine uses them."""

    def __init__(self, monkeypatch):
        super().__init__()
        self.calls = []
        self._local = threading.local()
        for name, stand_in in {
            "Stream": lambda device: _Stream(self, "engine"),
            "Event": lambda: _Event(self),
            "current_stream": lambda device: _Stream(self, self.current),
            "device": self._use_device,
            "get_device_name": lambda device: "NVIDIA GeForce RTX 4090",
            "get_device_capability": lambda device=None: (8, 9),
        }.items():
            monkeypatch.setattr(torch.cuda, name, stand_in)

    @property
    def current(self):
        return getattr(self._local, "current", "caller")

    @current.setter
    def current(self, name):
        self._local.current = name

    def device_is_current(self):
        return getattr(self._local, "device", None) is not None

    def unseen(self):
        """What is not the caller's doing is not written down."""
        return self._use_device(None)

    def name(self, handle):
        return {1: "engine"}.get(handle, "default")

    @contextlib.contextmanager
    def _use_device(self, device):
        before, self._local.device = getattr(self._local, "device", None), device
        try:
            yield
        finally:
            self._local.device = before

    def __torch_dispatch__(self, operator, types, args=(), kwargs=None):
        name = operator.overloadpacket.__name__
        if name in ("copy_", "clone") and self.device_is_current():
            self.calls.append((name, self.current))
        return operator(*args, **(kwargs or {}))


class _Stream:
    def __init__(self, streams, name):
        self.streams, self.name = streams, name
        self.cuda_stream = int(name == "engine")

    def wait_stream(self, other):
        self.streams.calls.append((f"wait for {other.name}", self.name))

    def wait_event(self, event):
        self.streams.calls.append(("wait for event", self.name))

    def synchronize(self):
        """There is nothing to wait for: with simulated_cuda.py, late copies are made at once."""

    def add_late_copy(self, copy):
        copy()


class _Event:
    def __init__(self, streams):
        self.streams = streams

    def record(self, stream):
        self.streams.calls.append(("record event", stream.name))
