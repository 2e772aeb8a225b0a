"""What new layers start from when S, M and L are trained: the published code's numbers."""

import pytest
import torch
from torch import Tensor, nn

from eovseg_model.network.assembly.build import build_model
from eovseg_model.network.config import CONFIGS
from eovseg_model.training.supervised.initialisation import initialise


@pytest.fixture(scope="module")
def pair():
    """A network before and after."""
    torch.manual_seed(0)
    model = build_model(CONFIGS["tiny"])
    before = {name: value.clone() for name, value in model.state_dict().items()}
    initialise(model)
    return before, model


def is_uniform_up_to(values: Tensor, bound: float) -> bool:
    """A uniform distribution has its bound and a standard deviation of a 1.7th of it."""
    return bool(values.abs().max() <= bound) and values.std().item() == pytest.approx(bound / 3**0.5, rel=0.1)


def test_the_aggregator_is_xavier_uniform(pair):
    aggregator = pair[1].aggregator
    assert is_uniform_up_to(aggregator.location.weight, (6 / (50 + 96)) ** 0.5)  # 48 + 2 channels to 96
    assert is_uniform_up_to(aggregator.fuse.weight, (6 / (9 * 48 + 9 * 48)) ** 0.5)
    assert is_uniform_up_to(aggregator.top_down[0].dcn_offset.weight, (6 / (9 * 256 + 9 * 27)) ** 0.5)
    assert is_uniform_up_to(aggregator.bias, (6 / (48 + 1)) ** 0.5)
    assert not aggregator.top_down[0].dcn_offset.bias.any()


def test_linear_layers_of_the_stages_are_small_and_without_bias(pair):
    linears = [m for m in pair[1].decoder.stages.modules() if isinstance(m, nn.Linear)]
    weights = torch.cat([m.weight.flatten() for m in linears])
    assert weights.std().item() == pytest.approx(0.02, rel=0.02)
    assert abs(weights.mean().item()) < 1e-4
    assert not any(m.bias.any() for m in linears if m.bias is not None)


def test_nothing_else_is_drawn_anew(pair):
    before, model = pair
    after = model.state_dict()
    changed = {name.split(".")[0] for name in before if not torch.equal(before[name], after[name])}
    assert changed == {"aggregator", "decoder"}
    assert torch.equal(before["decoder.object_kernels"], after["decoder.object_kernels"])
