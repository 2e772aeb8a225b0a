"""Muon: against the singular values that it promises, and against torch's own."""

import copy

import numpy as np
import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import nn

from eovseg_model.training.optimization.muon import Muon, orthogonalise
from eovseg_model.training.optimization.optimizer import make_optimizer


@pytest.mark.parametrize("shape", [(6, 6), (5, 40), (40, 5)])
def test_singular_values_come_near_one_and_vectors_stay(shape):
    rng = np.random.default_rng(0)
    matrices = rng.normal(size=(3, *shape)).astype(np.float32)
    results = orthogonalise(torch.from_numpy(matrices)).numpy()
    for matrix, result in zip(matrices, results, strict=True):
        u, _, vt = np.linalg.svd(matrix, full_matrices=False)
        rotated = u.T @ result @ vt.T  # diagonal where the singular vectors are the same
        values = np.diag(rotated)
        assert np.abs(rotated - np.diag(values)).max() < 1e-3
        assert 0.65 < values.min() and values.max() < 1.2


def test_diagonal_matrix_follows_the_quintic():
    """By hand: singular values 3/5 and 4/5, five times a x + b x^3 + c x^5."""
    expected = np.array([0.6, 0.8])
    for _ in range(5):
        expected = 3.4445 * expected - 4.7750 * expected**3 + 2.0315 * expected**5
    result = orthogonalise(torch.diag(torch.tensor([3.0, 4.0]))[None])[0]
    np.testing.assert_allclose(result.numpy(), np.diag(expected), atol=1e-5)


def test_updates_are_those_of_torch():
    """torch's Muon iterates in bfloat16, so the two agree within that; three steps, so momentum counts."""
    torch.manual_seed(0)
    start = torch.randn(32, 48)
    mine, theirs = nn.Parameter(start.clone()), nn.Parameter(start.clone())
    ours = Muon([{"params": [mine], "weight_decay": 0.1, "orthogonal": True}], lr=0.01)
    reference = torch.optim.Muon([theirs], lr=0.01, weight_decay=0.1, adjust_lr_fn="match_rms_adamw")
    for _ in range(3):
        gradient = torch.randn_like(start)
        mine.grad, theirs.grad = gradient.clone(), gradient.clone()
        ours.step()
        reference.step()
    moved = (theirs - start).norm()
    assert (mine - theirs).norm() < 0.03 * moved


def test_convolution_is_a_matrix_of_its_outputs():
    torch.manual_seed(0)
    gradient = torch.randn(8, 4, 3, 3)
    filters, matrix = nn.Parameter(torch.zeros(8, 4, 3, 3)), nn.Parameter(torch.zeros(8, 36))
    filters.grad, matrix.grad = gradient.clone(), gradient.flatten(1)
    optimizer = Muon([{"params": [filters, matrix], "orthogonal": True}], lr=0.1)
    optimizer.step()
    assert filters.detach().abs().min() > 0
    torch.testing.assert_close(filters.flatten(1), matrix)


def test_everything_else_gets_adamw():
    """Vectors, depthwise filters and kernels of three taps; bit for bit torch's AdamW."""
    torch.manual_seed(0)
    layers = nn.ModuleDict(
        {
            "linear": nn.Linear(8, 8),
            "depthwise": nn.Conv2d(8, 8, 3, groups=8),
            "taps": nn.Linear(8, 3),
            "norm": nn.LayerNorm(8),
        }
    )
    same_layers = copy.deepcopy(layers)
    spared = {"norm.weight", "norm.bias"}
    made = {"learning_rate": 0.01, "weight_decay": 0.1, "spared": spared}
    optimizers = make_optimizer(layers, **made, muon=True), make_optimizer(same_layers, **made)
    for _ in range(2):
        for parameter, other in zip(layers.parameters(), same_layers.parameters(), strict=True):
            parameter.grad = torch.randn_like(parameter)
            other.grad = parameter.grad.clone()
        for optimizer in optimizers:
            optimizer.step()
    other_values = dict(same_layers.named_parameters())
    same = {n for n, p in layers.named_parameters() if torch.equal(p, other_values[n])}
    assert same == set(other_values) - {"linear.weight"}


def test_goes_on_from_its_state():
    torch.manual_seed(0)
    start, gradients = torch.randn(8, 8), torch.randn(4, 8, 8)
    whole = nn.Parameter(start.clone())
    optimizer = Muon([{"params": [whole], "orthogonal": True}], lr=0.1)
    for i, gradient in enumerate(gradients):
        if i == 2:
            half = nn.Parameter(whole.detach().clone())
            resumed = Muon([{"params": [half], "orthogonal": True}], lr=0.1)
            resumed.load_state_dict(copy.deepcopy(optimizer.state_dict()))
        whole.grad = gradient.clone()
        optimizer.step()
    for gradient in gradients[2:]:
        half.grad = gradient.clone()
        resumed.step()
    assert torch.equal(whole, half)


SHAPES = [(8, 8), (8, 8), (4, 16), (16, 4), (8, 8)]


def step_once() -> list[torch.Tensor]:
    torch.manual_seed(0)
    parameters = [nn.Parameter(torch.zeros(shape)) for shape in SHAPES]
    for parameter in parameters:
        parameter.grad = torch.randn_like(parameter)
    Muon([{"params": parameters, "orthogonal": True}], lr=0.1).step()
    return [p.detach() for p in parameters]


def one_of_two(rank: int, folder: str) -> None:
    dist.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2)
    torch.save(step_once(), f"{folder}/{rank}.pt")
    dist.destroy_process_group()


def test_two_processes_that_share_the_work_get_what_one_gets(tmp_path):
    mp.spawn(one_of_two, args=(str(tmp_path),), nprocs=2)
    for rank in range(2):
        for alone, shared in zip(step_once(), torch.load(tmp_path / f"{rank}.pt"), strict=True):
            torch.testing.assert_close(shared, alone)


def test_matrices_without_a_gradient_stay():
    frozen = nn.Parameter(torch.ones(8, 8))
    Muon([{"params": [frozen], "orthogonal": True}], lr=0.1).step()
    assert torch.equal(frozen, torch.ones(8, 8))
