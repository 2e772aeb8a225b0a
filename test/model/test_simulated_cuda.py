"""The simulated device refuses what CUDA refuses, counts what crosses, and leaves torch as it was."""

import copy
import io
import threading

import numpy as np
import pytest
import torch
from simulated_cuda import DeviceTensor, simulated_cuda
from torch import nn

from eovseg_model.inference.preprocess import to_input


@pytest.fixture
def cuda():
    with simulated_cuda() as cuda:
        yield cuda


def test_a_tensor_of_the_device_says_so_and_has_the_values_of_the_cpu(cuda):
    x = torch.arange(6.0).view(2, 3).to("cuda")
    y = (x.T @ x).softmax(0)[:, 1:]
    assert isinstance(y, DeviceTensor) and y.device == torch.device("cuda:0") and y.is_cuda
    assert (y.shape, y.stride(), y.dtype) == ((3, 2), (3, 1), torch.float32)
    expected = torch.arange(6.0).view(2, 3)
    assert torch.equal(y.cpu(), (expected.T @ expected).softmax(0)[:, 1:])
    assert torch.cuda.is_available()


def test_a_view_shares_memory(cuda):
    x = torch.zeros(2, 2, device="cuda")
    x[0].copy_(torch.ones(2, device="cuda"))
    x[:, 1] += 4
    assert x.tolist() == [[1, 5], [0, 4]]


def test_random_numbers_are_those_of_the_cpu(cuda):
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    assert torch.equal(torch.rand(3, device="cuda").cpu(), expected)


@pytest.mark.parametrize(
    "read",
    [
        np.asarray,
        np.array,
        np.unique,
        lambda x: x.numpy(),
        lambda x: x.detach().numpy(),
    ],
)
def test_numpy_is_refused(cuda, read):
    with pytest.raises(TypeError, match="Use Tensor.cpu"):
        read(torch.ones(3, device="cuda"))


MIXES = {
    "sum": lambda x, y: x + y,
    "sum, the other way": lambda x, y: y + x,
    "in place": lambda x, y: x.add_(y),
    "concatenation": lambda x, y: torch.cat([x, y]),
    "concatenation with a number": lambda x, y: torch.stack([x[0], y[0]]),
    "CPU tensor and a number of the device": lambda x, y: y * x[0],
    "choice": lambda x, y: torch.where(x > 0, x, y),
    "layer": lambda x, y: nn.functional.linear(x, y[None]),
    "comparison": lambda x, y: x == y,
    "indices of the device for a CPU tensor": lambda x, y: y[x.long()],
    "CPU values into a tensor of the device": lambda x, y: x.index_put_((torch.arange(3),), y),
}


@pytest.mark.parametrize("mix", MIXES.values(), ids=MIXES)
def test_a_mix_with_cpu_tensors_is_refused(cuda, mix):
    with pytest.raises(RuntimeError, match="on the same device"):
        mix(torch.ones(3, device="cuda"), torch.ones(3))


def test_a_cpu_number_is_no_mix_and_cpu_indices_are_copied(cuda):
    x = torch.arange(3.0, device="cuda")
    cuda.forget()
    y = torch.where(x > 1, x * torch.tensor(2.0), torch.tensor(-1.0))
    assert not cuda.crossings
    z = y[torch.tensor([2, 0])]
    assert cuda.total("copy to device") == 1
    assert z.tolist() == [4, -1]


COPY_IN, COPY_OUT, WAIT = "copy to device", "copy to host", "wait"
CROSSINGS = {  # what a tensor of the device and a CPU tensor are used for: crossings, and how many are waits
    "nothing": (lambda x, y: (x * 2).sum(), [], 0),
    "to": (lambda x, y: y.to("cuda"), [COPY_IN], 1),
    "to, late": (lambda x, y: y.to("cuda", non_blocking=True), [COPY_IN], 0),
    "to another tensor's device": (lambda x, y: y.to(x), [COPY_IN], 1),
    "to, there already": (lambda x, y: x.to("cuda"), [], 0),
    "another type": (lambda x, y: x.double(), [], 0),
    "tensor": (lambda x, y: torch.tensor([1.0], device="cuda"), [COPY_IN], 1),
    "as_tensor": (lambda x, y: torch.as_tensor(np.ones(2), device="cuda"), [COPY_IN], 1),
    "zeros": (lambda x, y: torch.zeros(2, device="cuda"), [], 0),
    "copy_ in": (lambda x, y: x.copy_(y), [COPY_IN], 1),
    "copy_ in, late": (lambda x, y: x.copy_(y, non_blocking=True), [COPY_IN], 0),
    "copy_ out": (lambda x, y: y.copy_(x), [COPY_OUT], 1),
    "cpu": (lambda x, y: x.cpu(), [COPY_OUT], 1),
    "tolist": (lambda x, y: x.tolist(), [COPY_OUT], 1),
    "item": (lambda x, y: x[0].item(), [WAIT], 1),
    "float": (lambda x, y: float(x[0]), [WAIT], 1),
    "bool": (lambda x, y: bool(x[0] > 0), [WAIT], 1),
    "int": (lambda x, y: int(x[0]), [WAIT], 1),
    "as an index": (lambda x, y: [1, 2][x[0].long()], [WAIT], 1),
    "nonzero": (lambda x, y: x.nonzero(), [WAIT], 1),
    "mask": (lambda x, y: x[x > 0], [WAIT], 1),
    "mask on the left": (lambda x, y: x.__setitem__(x > 0, 2.0), [WAIT], 1),
    "unique": (lambda x, y: x.unique(), [WAIT], 1),
    "equal": (lambda x, y: torch.equal(x, x), [WAIT], 1),
    "synchronize": (lambda x, y: torch.cuda.synchronize(), [WAIT], 1),
}


@pytest.mark.parametrize("name", CROSSINGS)
def test_what_crosses_is_counted(cuda, name):
    use, kinds, waits = CROSSINGS[name]
    x, y = torch.ones(3, device="cuda"), torch.ones(3)
    cuda.forget()
    use(x, y)
    assert [c.kind for c in cuda.crossings.elements()] == kinds
    assert sum(cuda.waits().values()) == waits


def test_a_crossing_names_the_function_and_the_line_of_the_package_that_caused_it(cuda):
    picture = np.zeros((2, 2, 3), np.uint8)
    to_input(picture, torch.device("cuda"))  # the first one also copies what it keeps there
    cuda.forget()
    images = to_input(picture, torch.device("cuda"))
    images.cpu()
    package, here = sorted(cuda.crossings, key=lambda crossing: crossing.kind)
    assert package.function == "inference.host_copies.to_device"
    assert ".to(device, non_blocking=True)" in package.line
    assert here.function.startswith("test_simulated_cuda.test_a_crossing_names")
    assert here.line.endswith(": images.cpu()")
    assert cuda.waits() == {here.function: 1}


def test_a_thread_of_the_block_has_the_device(cuda):
    made = []

    def work() -> None:
        made.append((torch.zeros(2, device="cuda") + torch.tensor([1.0, 2.0], device="cuda")).tolist())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert made == [[1, 2]]
    assert (cuda.total("copy to device"), cuda.total("copy to host")) == (1, 1)


def network() -> nn.Sequential:
    """With batch norm, attention and weights that are used twice; the norm's parameters are broadcast."""
    torch.manual_seed(0)
    layer = nn.Linear(8, 8)
    return nn.Sequential(
        nn.Conv1d(3, 8, 3, bias=False),
        nn.BatchNorm1d(8),
        nn.ReLU(inplace=True),
        Attention(),
        layer,
        nn.GELU(),
        layer,
    )


class Attention(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.scaled_dot_product_attention(x, x, x)


def train_once(module: nn.Module, device: str) -> dict[str, torch.Tensor]:
    """The gradients of a step, and the state after it."""
    module.to(device)
    images = torch.linspace(-1, 1, 60, device=device).view(2, 3, 10).requires_grad_()
    optimizer = torch.optim.AdamW(
        module.parameters(), lr=0.1, eps=1.0, fused=True
    )  # eps: rounding stays small
    (module(images).square().mean() + images.mean() * torch.tensor(2.0)).backward()
    optimizer.step()
    gradients = {f"gradient of {name}": p.grad for name, p in module.named_parameters()}
    return {**gradients, **module.state_dict(), "gradient of images": images.grad}


def test_a_step_of_training_gives_the_values_of_the_cpu():
    expected = train_once(network(), "cpu")
    with simulated_cuda():
        found = train_once(network(), "cuda")
        assert all(isinstance(value, DeviceTensor) for value in found.values())
        found = {name: value.cpu() for name, value in found.items()}
    torch.testing.assert_close(found, expected)


def test_mixed_precision_computes_in_bfloat16(cuda):
    with torch.autocast("cuda", torch.bfloat16):
        assert network().to("cuda")(torch.zeros(2, 3, 10, device="cuda")).dtype == torch.bfloat16


def test_a_module_comes_and_goes_and_is_saved(cuda):
    module = network()
    expected = copy.deepcopy(module.state_dict())
    module.to("cuda")
    assert all(isinstance(p, DeviceTensor) and isinstance(p, nn.Parameter) for p in module.parameters())
    file = io.BytesIO()
    torch.save(module.state_dict(), file)
    file.seek(0)
    module.cpu()
    assert not any(isinstance(p, DeviceTensor) for p in module.parameters())
    torch.testing.assert_close(module.state_dict(), expected)
    torch.testing.assert_close(torch.load(file, weights_only=True), expected)


def switches() -> list:
    cuda = torch.backends.cuda
    sdpa = (cuda.flash_sdp_enabled, cuda.mem_efficient_sdp_enabled, cuda.math_sdp_enabled)
    return [
        *(
            getattr(torch.cuda, name)
            for name in ("_lazy_init", "is_available", "device_count", "synchronize")
        ),
        threading.Thread.run,
        torch.Tensor.backward,
        torch.backends.cudnn.enabled,
        *(enabled() for enabled in sdpa),
        torch._C._only_lift_cpu_tensors(),
        torch.__future__.get_swap_module_params_on_conversion(),
    ]


@pytest.mark.parametrize("error", [None, ValueError])
def test_afterwards_all_is_as_it_was(error):
    before = switches()
    try:
        with simulated_cuda() as cuda:
            assert switches() != before
            x = torch.ones(3, device="cuda")
            if error:
                raise error
    except ValueError:
        assert error
    assert switches() == before
    assert type(torch.zeros(1)) is torch.Tensor
    cuda.forget()
    assert x.tolist() == [1, 1, 1] and not cuda.crossings  # goes on, and nobody counts
    if not torch.cuda.is_available():
        with pytest.raises((RuntimeError, AssertionError)):
            torch.zeros(1, device="cuda")
    weight = torch.ones(2, requires_grad=True)
    weight.sum().backward()
    assert weight.grad is not None and weight.grad.tolist() == [1, 1]


def test_blocks_do_not_nest(cuda):
    with pytest.raises(AssertionError, match="already"), simulated_cuda():
        pass
    assert torch.zeros(1, device="cuda").is_cuda


def test_a_deep_copy_is_on_the_device_and_has_memory_of_its_own(cuda):
    layer = nn.Linear(2, 2).to("cuda")
    other = copy.deepcopy(layer)
    assert isinstance(other.weight, nn.Parameter) and other.weight.is_cuda and other.weight.requires_grad
    assert torch.equal(other.weight.cpu(), layer.weight.cpu())
    assert other.weight.data_ptr() != layer.weight.data_ptr() == layer.weight.detach().data_ptr() != 0
    first, second = copy.deepcopy([layer.weight, layer.weight])
    assert first is second


def test_a_late_copy_to_pinned_memory_has_arrived_once_its_stream_is_waited_for(cuda):
    x, pinned = torch.ones(2, device="cuda"), torch.zeros(2, pin_memory=True)
    stream = torch.cuda.Stream("cuda")
    with torch.cuda.stream(stream):
        assert torch.cuda.current_stream("cuda") is stream
        pinned.copy_(x, non_blocking=True)
        x.zero_()  # given to the stream later
    torch.cuda.current_stream("cuda").synchronize()  # another one
    assert pinned.tolist() == [0, 0]
    event = torch.cuda.Event()
    event.record(stream)
    event.synchronize()
    assert pinned.tolist() == [1, 1]
    assert [(c.kind, c.waits) for c in cuda.crossings][0] == ("copy to host", False)
    assert (cuda.total("copy to host"), cuda.total("wait")) == (1, 2)


def test_a_late_copy_to_other_memory_waits(cuda):
    target = torch.zeros(2)
    target.copy_(torch.ones(2, device="cuda"), non_blocking=True)
    assert target.tolist() == [1, 1] and sum(cuda.waits().values()) == 1


def test_a_graph_computes_again_from_what_its_inputs_are_then(cuda):
    network = nn.Sequential(nn.Linear(3, 3), nn.ReLU(inplace=True), nn.Linear(3, 2)).to("cuda")
    buffer = torch.zeros(1, 3, device="cuda")
    graph = torch.cuda.CUDAGraph()
    with torch.no_grad(), torch.cuda.graph(graph):
        assert torch.cuda.is_current_stream_capturing()
        y = network(buffer)
        first, second = torch.cat([y, y + torch.arange(2.0, device="cuda")]).split(1)
    assert not torch.cuda.is_current_stream_capturing()
    x = torch.tensor([[1.0, -2.0, 3.0]], device="cuda")
    buffer.copy_(x)
    graph.replay()
    with torch.no_grad():
        expected = network(x)
    assert torch.equal(first.cpu(), expected.cpu())
    assert torch.equal(second.cpu(), expected.cpu() + torch.arange(2.0))


@pytest.mark.parametrize(
    "forbidden",
    [
        lambda x: x.sum().item(),
        lambda x: x[x > 0],
        lambda x: x + torch.tensor([1.0], device="cuda"),
        lambda x: x.cpu(),
        lambda x: torch.cuda.synchronize(),
    ],
)
def test_what_no_graph_holds_is_refused_while_it_is_recorded(cuda, forbidden):
    x = torch.ones(1, device="cuda")
    with pytest.raises(RuntimeError, match="not permitted when stream is capturing"):
        with torch.cuda.graph(torch.cuda.CUDAGraph()):
            forbidden(x)
    forbidden(x)
