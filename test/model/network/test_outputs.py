"""What the network says of each query beside masks and classes."""

import pytest
import torch
import torch.nn.functional as F
from networks import network_of

from eovseg_model.network.text.classification import TextEmbeddings


@pytest.fixture(scope="module")
def run():
    """Two images and three classes, of which the first two have several names."""
    torch.manual_seed(0)
    model, features = network_of("tiny"), []
    embeddings = F.normalize(torch.randn(6, 96), dim=-1)
    text = TextEmbeddings(embeddings, torch.tensor([[0, 4, 0], [1, 2, 3], [5, 5, 5]]))
    arguments = torch.randn(2, 3, 64, 96), text, torch.tensor([True, False, True])
    hook = model.vas.register_forward_hook(lambda _module, _inputs, output: features.append(output))
    with torch.no_grad():
        output = model(*arguments)
    hook.remove()
    return model, arguments, features[0], output


@torch.no_grad()
def test_object_kernels_are_those_that_predict_the_masks(run):
    model, _, features, output = run
    kernels = model.decoder.stages[-1].mask_kernel(output.object_kernels)  # (B, N, C)
    masks = torch.einsum("bnc,bchw->bnhw", kernels, features)
    torch.testing.assert_close(masks, output.mask_logits, rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_the_cosine_of_class_embeddings_and_text_is_the_class_logit(run):
    """A class's logit is that of its best name: scale * cosine; void, the last class, has a learned text."""
    model, (_, text, _), _, output = run
    assert torch.allclose(output.class_embeddings.norm(dim=-1), torch.ones(2, 20))
    cosine = output.class_embeddings @ text.embeddings.T  # (B, N, T)
    best = torch.stack([cosine[..., group].amax(-1) for group in text.groups], dim=-1)
    scale = model.decoder.stages[-1].logit_scale.exp()
    torch.testing.assert_close(scale * best, output.class_logits[..., :-1], rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_class_embeddings_give_the_class_logits_and_those_of_other_words(run):
    model, (_, text, _), _, output = run
    found = model.classify_embeddings(output.class_embeddings, text)
    torch.testing.assert_close(found, output.class_logits, rtol=1e-4, atol=1e-4)
    other = TextEmbeddings(text.embeddings[[5, 0]], torch.tensor([[0], [1]]))
    void, scale = output.class_logits[..., -1], model.decoder.stages[-1].logit_scale.exp()
    cosine = output.class_embeddings @ other.embeddings.T
    found = model.classify_embeddings(output.class_embeddings, other)
    torch.testing.assert_close(found, torch.cat([scale * cosine, void[..., None]], -1), rtol=1e-4, atol=1e-4)
