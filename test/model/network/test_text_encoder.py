"""Text features against open_clip's own text tower, prompt by prompt."""

import open_clip
import torch
import torch.nn.functional as F

from eovseg_model.network.assembly.build import build_model
from eovseg_model.network.config import CONFIGS
from eovseg_model.network.text.encoder import PROMPT_TEMPLATES


def test_embeddings_equal_open_clip_at_full_context():
    """Ours cuts the context to the longest prompt and batches; the tower itself gets all 77 tokens of one."""
    torch.manual_seed(0)
    encoder = build_model(CONFIGS["tiny"]).text_encoder
    names = ["mug", "a much longer name of a thing"]
    with torch.no_grad():
        embeddings = encoder(names)
        for name, row in zip(names, embeddings, strict=True):
            tokens = open_clip.tokenize([template.format(name) for template in PROMPT_TEMPLATES])
            features = F.normalize(encoder.tower(tokens), dim=-1).mean(0)
            torch.testing.assert_close(row, F.normalize(features, dim=0), rtol=1e-4, atol=1e-5)


def test_fourteen_templates_use_the_name_once():
    assert len(set(PROMPT_TEMPLATES)) == 14
    assert all(template.count("{}") == 1 for template in PROMPT_TEMPLATES)
