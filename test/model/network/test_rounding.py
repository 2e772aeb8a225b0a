"""Outputs are finite, and near float32, where hardware of fewer bits rounds after every operator."""

import copy
from functools import lru_cache

import pytest
import torch
from networks import network_of, share_of_equal_pixels
from rounding import run_rounded
from torch import Tensor, nn

from eovseg_model.benchmark.synthetic import synthetic_picture, synthetic_text
from eovseg_model.export.program import ExportableNetwork, export_program
from eovseg_model.export.text_padding import TextShape, cut_output, pad_text
from eovseg_model.inference.predictor import EOVSegPredictor
from eovseg_model.inference.preprocess import to_input
from eovseg_model.network.decoding import decoder
from eovseg_model.network.decoding.decoder import DecoderStage
from eovseg_model.network.eovseg import EOVSeg, EOVSegOutput
from eovseg_model.network.features.spatial import SpatialExtractor
from eovseg_model.network.layers import masked_mean
from eovseg_model.network.text.classification import PADDING, TextEmbeddings, class_logits, geometric_ensemble

BOTH = (torch.bfloat16, torch.float16)
SMALL = (64, 96)
CLASSES = 150
SHAPE = TextShape(embeddings=160, synonyms=8)
SCENES = 4


class FormerPooling(nn.Module):
    """A softmax over the pixels of a mask, the others filled with the least float32."""

    def forward(self, score: Tensor, mask: Tensor) -> Tensor:
        return score.masked_fill(~mask, torch.finfo(torch.float32).min).softmax(-1) * mask


class FormerLogarithm(nn.Module):
    def forward(self, probability: Tensor) -> Tensor:
        return torch.log(probability + 1e-8)


class FormerSum(nn.Module):
    def forward(self, features: Tensor, mask: Tensor) -> Tensor:
        return mask.float() @ features


FORMER = [  # a module, its inputs, the types in which it gives no finite numbers
    (FormerPooling(), (torch.zeros(1, 4), torch.zeros(1, 4, dtype=torch.bool)), BOTH),
    (FormerLogarithm(), (torch.tensor([0.0, 1.0]),), (torch.float16,)),
    (FormerSum(), (torch.full((70_000, 2), 1.5), torch.ones(1, 70_000, dtype=torch.bool)), (torch.float16,)),
]


@pytest.mark.parametrize("exported", [False, True])
@pytest.mark.parametrize(("module", "inputs", "broken"), FORMER)
def test_what_few_bits_do_not_hold_is_found(module, inputs, broken, exported):
    network = torch.export.export(module, inputs).module() if exported else module
    assert torch.isfinite(module(*inputs)).all()
    for dtype in BOTH:
        (found,) = run_rounded(network, inputs, dtype)
        assert bool(torch.isfinite(found).all()) == (dtype not in broken)


@pytest.mark.parametrize("exported", [False, True])
def test_inputs_weights_and_results_are_rounded(exported):
    """1 + 2**-9 is 1 in bfloat16; 3 * 3 * 57 is 513, of which it holds 512."""
    layer = nn.Linear(1, 1, bias=False).requires_grad_(False)
    for inputs, weight, expected in ((1 + 2**-9, 1.0, 1.0), (1.0, 1 + 2**-9, 1.0), (9.0, 57.0, 512.0)):
        layer.weight.fill_(weight)
        x = torch.tensor([[inputs]])
        network = torch.export.export(layer, (x,)).module() if exported else layer
        (found,) = run_rounded(network, (x,), torch.bfloat16)
        assert found.item() == expected


@lru_cache(maxsize=1)
def plain_network(variant: str) -> EOVSeg:
    return network_of(variant).eval()


@torch.no_grad()
def with_masks(model: EOVSeg, masks: str) -> EOVSeg:
    """The model itself, or one whose masks are empty at every stage."""
    if masks == "some":
        return model
    model = copy.deepcopy(model, {id(model.text_encoder): nn.Identity()})
    model.decoder.object_kernels.zero_()
    for stage in model.decoder.stages:
        for parameter in stage.mask_kernel[-1].parameters():
            parameter.zero_()
    return model


def inputs_of(model: EOVSeg, classes: int) -> tuple[Tensor, ...]:
    """A picture, and a vocabulary in padding."""
    text, _ = synthetic_text(classes, model.config.text_dim)
    padded, seen = pad_text(text, torch.arange(classes) % 2 == 0, SHAPE)
    return to_input(synthetic_picture(SMALL, 0), torch.device("cpu")), *padded, seen


def assert_finite(network, inputs) -> None:
    for dtype in BOTH:
        found = run_rounded(network, inputs, dtype)
        assert all(torch.isfinite(part).all() for part in found) and len(found) == 5, dtype


@pytest.mark.parametrize("masks", ["some", "none"])
@pytest.mark.parametrize(
    "variant", ["tiny", "s", *(pytest.param(v, marks=pytest.mark.slow) for v in ("m", "l"))]
)
def test_plain_network_is_finite(variant, masks):
    model = with_masks(plain_network(variant), masks)
    for classes in (1, CLASSES):
        assert_finite(ExportableNetwork(model), inputs_of(model, classes))


@pytest.mark.parametrize("masks", ["some", "none"])
@pytest.mark.parametrize(
    "variant", ["tiny", "s", *(pytest.param(v, marks=pytest.mark.slow) for v in ("m", "l"))]
)
@torch.no_grad()
def test_exported_graph_is_finite_and_near_in_bfloat16(variant, masks):
    """Relative errors were 0.15 at most: random weights have many mask logits next to 0."""
    model = with_masks(plain_network(variant), masks)
    graph = export_program(model, SMALL, SHAPE, one_operator_deform=True).module()
    for classes in (1, CLASSES):
        inputs = inputs_of(model, classes)
        assert_finite(graph, inputs)
        expected = cut_output(EOVSegOutput(*ExportableNetwork(model)(*inputs)), classes)
        found = cut_output(EOVSegOutput(*run_rounded(graph, inputs, torch.bfloat16)), classes)
        assert bool(expected.mask_logits.any()) == (masks == "some")
        for a, b in zip(found, expected, strict=True):
            assert float((a - b).norm()) <= 0.25 * float(b.norm())


class RoundedGraph:
    """A backend: the graph that OpenVINO gets, rounded to bfloat16."""

    def __init__(self, model: EOVSeg) -> None:
        self._model = model
        self._graph: nn.Module | None = None

    def __call__(self, images: Tensor, text: TextEmbeddings, seen: Tensor) -> EOVSegOutput:
        padded, padded_seen = pad_text(text, seen, SHAPE)
        if self._graph is None:
            size = (images.shape[2], images.shape[3])
            self._graph = export_program(self._model, size, SHAPE, one_operator_deform=True).module()
        found = run_rounded(self._graph, (images, *padded, padded_seen), torch.bfloat16)
        return cut_output(EOVSegOutput(*found), len(seen))


def test_demo_model_says_the_same_of_97_of_100_pixels_in_bfloat16():
    """98.7 on average, 94.9 at least."""
    model = plain_network("tiny")
    exact, rounded = (
        EOVSegPredictor(model, ("@simulation_trained",), backend=backend)
        for backend in (None, RoundedGraph(model))
    )
    assert share_of_equal_pixels(exact, rounded, SCENES) >= 0.97


@torch.no_grad()
def test_sums_over_whole_maps_fit_half_precision():
    """Features of 20 over 512 x 512 pixels of a map: 5.2 million; over one pixel 20."""
    features = 20 + torch.randn(1, 4, 512, 512, generator=torch.Generator().manual_seed(0))
    mask = torch.ones(1, 3, 512, 512, dtype=torch.bool)
    mask[0, 1] = mask[0, 2] = False
    mask[0, 1, 6, 8] = True

    class Mean(nn.Module):
        def forward(self, features: Tensor, mask: Tensor) -> Tensor:
            return masked_mean(features, mask)

    class SpatialMean(nn.Module):
        """Of every second pixel, repeated by the last upsampling."""

        def __init__(self) -> None:
            super().__init__()
            self.extractor = SpatialExtractor(vit=nn.Identity(), width=4)
            self.extractor.upsampling[3].weight.copy_(torch.eye(4)[:, :, None, None].expand(4, 4, 2, 2))
            self.extractor.upsampling[3].bias.zero_()

        def forward(self, features: Tensor, mask: Tensor) -> Tensor:
            return self.extractor.masked_mean(features[:, :, ::2, ::2], mask)

    for module, pixels in ((Mean(), features), (SpatialMean(), features[:, :, ::2, ::2])):
        (found,) = run_rounded(module, (features, mask), torch.float16)
        torch.testing.assert_close(found[0, 0], pixels[0].mean((1, 2)), rtol=2e-3, atol=0)
        torch.testing.assert_close(found[0, 1], features[0, :, 6, 8], rtol=2e-3, atol=0)
        assert not found[0, 2].any()


def stage_inputs() -> tuple[DecoderStage, tuple[Tensor, Tensor, Tensor]]:
    """A stage; kernels, masks of all, one and no pixels, and features of 256 x 256 pixels about 4."""
    torch.manual_seed(0)
    sizes = {"hidden_dim": 32, "text_dim": 8, "num_heads": 2, "ffn_dim": 64}
    stage = DecoderStage(instance_embedding=nn.Identity(), **sizes).requires_grad_(False)
    masks = torch.full((1, 3, 256, 256), -1.0)
    masks[0, 0] = 1
    masks[0, 1, 3, 5] = 1
    return stage, (torch.randn(1, 3, 32), masks, 4 * torch.randn(1, 32, 1, 1) + torch.randn(1, 32, 256, 256))


class Refine(nn.Module):
    def __init__(self, stage: DecoderStage) -> None:
        super().__init__()
        self.stage = stage

    def forward(self, kernels: Tensor, masks: Tensor, features: Tensor) -> tuple[Tensor, Tensor]:
        return self.stage.refine(kernels, masks, features)


def test_decoder_stage_sums_in_half_precision():
    stage, inputs = stage_inputs()
    expected = stage.refine(*inputs)
    for a, b in zip(run_rounded(Refine(stage), inputs, torch.float16), expected, strict=True):
        for query in range(3):
            assert float((a[0, query] - b[0, query]).norm() / b[0, query].norm()) < 0.01


def test_weights_of_pixels_change_no_bit_in_float32(monkeypatch):
    stage, inputs = stage_inputs()
    expected = stage.refine(*inputs)
    monkeypatch.setattr(decoder, "pixel_weight", lambda mask: 1.0)
    assert all(torch.equal(a, b) for a, b in zip(stage.refine(*inputs), expected, strict=True))


def test_ensemble_equals_its_formula_and_half_precision_holds_it():
    """p_in^(1-a) p_out^a renormalised, times 1 - void, plus 1e-8, in float64; from sure to padding."""
    torch.manual_seed(0)
    in_logits, out_logits = 8 * torch.randn(2, 5, 7), 8 * torch.randn(2, 5, 6)
    in_logits[0, 0, -1] = 25  # nearly surely void
    in_logits[0, 1, 2] = 90
    in_logits[0, :, 3] = out_logits[0, :, 3] = PADDING
    weight = torch.tensor([0.4, 0.8, 0.4, 0.4, 0.8, 0.8])
    valid = torch.tensor([True, False, True, True, False]).expand(2, 5)
    a = (weight * valid.unsqueeze(-1)).double()
    full = in_logits.double().softmax(-1)
    p_in, p_out = in_logits.double()[..., :-1].softmax(-1), out_logits.double().softmax(-1)
    joint = p_in ** (1 - a) * p_out**a
    joint = joint / joint.sum(-1, keepdim=True) * full[..., :-1].sum(-1, keepdim=True)
    expected = torch.log(torch.cat([joint, full[..., -1:]], -1) + 1e-8)
    found = geometric_ensemble(in_logits, out_logits, weight, valid)
    torch.testing.assert_close(found.double(), expected, rtol=0, atol=2e-5)

    class Ensemble(nn.Module):
        def forward(self, *inputs: Tensor) -> Tensor:
            return geometric_ensemble(*inputs)

    (half,) = run_rounded(Ensemble(), (in_logits, out_logits, weight, valid), torch.float16)
    torch.testing.assert_close(half.double(), expected, rtol=0.01, atol=0.05)
    assert torch.isfinite(geometric_ensemble(in_logits * 0, out_logits * 0, weight, None)).all()


@pytest.mark.parametrize("dtype", BOTH)
def test_an_embedding_of_zeros_has_logits(dtype):
    class Logits(nn.Module):
        def forward(self, embedding: Tensor, embeddings: Tensor) -> Tensor:
            return class_logits(
                embedding, TextEmbeddings(embeddings, torch.tensor([[0], [1]])), torch.tensor(4.0)
            )

    (found,) = run_rounded(Logits(), (torch.zeros(1, 1, 4), torch.eye(4)[:2]), dtype)
    assert found.tolist() == [[[0.0, 0.0]]]
