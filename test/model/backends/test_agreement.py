"""The comparison of an engine's output with that of torch, with differences made by hand."""

import math

import pytest
import torch

from eovseg_model.backends.engines.agreement import TOLERANCES, describe_difference
from eovseg_model.network.eovseg import EOVSegOutput


def output(classes=(3.0, 4.0), masks=(0.0, 10.0), final=(1.0, 0.0), embeddings=(1.0,)) -> EOVSegOutput:
    """Norms of 5, 10, 1, 1 and 1."""
    return EOVSegOutput(*map(torch.tensor, (classes, masks, final, (0.0, 1.0), embeddings)))


def test_the_same_output_agrees():
    assert describe_difference(output(), output(), "fp32") == ""


@pytest.mark.parametrize(
    ("precision", "tolerance"), [("fp32", 0.01), ("tf32", 0.1), ("fp16", 0.3), ("bf16", 0.3)]
)
def test_each_precision_has_its_tolerance(precision, tolerance):
    """The second output differs by a share of its norm of 10."""
    assert TOLERANCES[precision] == tolerance
    assert describe_difference(output(masks=(9.9 * tolerance, 10.0)), output(), precision) == ""
    found = describe_difference(output(masks=(10.1 * tolerance, 10.0)), output(), precision)
    assert found == f"mask_logits by {1.01 * tolerance:.1%} (at most {tolerance:.0%})"


def test_a_difference_of_the_tolerance_itself_agrees(monkeypatch):
    monkeypatch.setitem(TOLERANCES, "fp32", 0.25)
    assert describe_difference(output(masks=(2.5, 10.0)), output(), "fp32") == ""


def test_the_difference_is_relative_to_what_torch_computes():
    """From (3, 4) to (3, 0) is 4 of 5, and back 4 of 3."""
    assert describe_difference(output((3.0, 0.0)), output(), "fp32") == "class_logits by 80.0% (at most 1%)"
    assert describe_difference(output(), output((3.0, 0.0)), "fp32") == "class_logits by 133.3% (at most 1%)"


def test_every_output_that_differs_is_named():
    found = describe_difference(output((6.0, 8.0), embeddings=(0.0,)), output(), "fp16")
    assert found == "class_logits by 100.0%, class_embeddings by 100.0% (at most 30%)"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("place", [0, 1])
def test_an_output_of_which_a_part_is_no_number_differs(value, place):
    masks = [0.0, 10.0]
    masks[place] = value
    assert describe_difference(output(masks=masks), output(), "bf16").startswith("mask_logits by ")


def test_another_shape_differs_and_the_outputs_after_it_are_compared():
    found = describe_difference(output((3.0, 4.0, 0.0), final=(2.0, 0.0)), output(), "fp32")
    assert found == (
        "class_logits has the shape (3,) instead of (2,), final_class_logits by 100.0% (at most 1%)"
    )


def test_where_torch_computes_zeros_the_difference_is_relative_to_a_millionth():
    zeros = output((0.0, 0.0))
    assert describe_difference(output((0.0, 0.9e-8)), zeros, "fp32") == ""
    assert describe_difference(output((0.0, 1.1e-8)), zeros, "fp32") == "class_logits by 1.1% (at most 1%)"
