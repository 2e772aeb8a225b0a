"""Counts of parameters and multiply-adds, against arithmetic by hand and the published figures."""

import pytest

from eovseg_model.network.assembly.complexity import count
from eovseg_model.network.config import CONFIGS


def parts(*arguments) -> dict:
    return {part.name: part for part in count(*arguments)}


@pytest.mark.parametrize(("variant", "parameters", "operations"), [("s", 75.3, 113e9), ("l", 229.4, 337e9)])
def test_whole_networks(variant, parameters, operations):
    """About as many operations as an independent count, which leaves the deformable convolutions out."""
    whole = [part for part in count(variant, (640, 640), 150) if part.multiply_adds is not None]
    assert round(sum(part.parameters for part in whole) / 1e6, 1) == parameters
    p2, p3, p4, p5 = (channels // 2 for channels in CONFIGS[variant].backbone.channels)
    deformable = 9 * (20 * 20 * p5 * p4 + 40 * 40 * p4 * p3 + 80 * 80 * p3 * p2)
    assert sum(part.multiply_adds for part in whole) - deformable == pytest.approx(operations, rel=0.03)


def test_spatial_extractor_by_hand():
    """At 32x32: 4 patches of 3x16x16 and 5 tokens through one ViT block of 768, then two 2x2 upsamplings."""
    width, tokens = 768, 5
    patches = 4 * width * 3 * 16 * 16
    block = tokens * width * width * (3 + 1 + 4 + 4) + 2 * tokens * tokens * width
    upsampling = (4 + 16) * 4 * width * width
    assert parts("s", (32, 32), 1)["spatial_extractor"].multiply_adds == patches + block + upsampling


def test_the_vocabulary_costs_what_it_should():
    """A class more: its row through the guide, and a product with it for every pixel of the stride-4 map."""
    dim = CONFIGS["s"].text_dim
    one, two = (parts("s", (64, 64), classes)["vas"].multiply_adds for classes in (1, 2))
    assert two - one == dim * dim + 16 * 16 * dim


def test_the_text_encoder_is_named_but_not_counted():
    assert parts("tiny", (64, 64), 3)["text_encoder"].multiply_adds is None
