import pytest
import torch

from eovseg_model.checkpoint import loading
from eovseg_model.checkpoint.atomic import replacing


def test_a_file_is_replaced_as_a_whole(tmp_path):
    path = tmp_path / "result.json"
    path.write_text("old")
    with replacing(path) as draft:
        draft.write_text("new")
        assert path.read_text() == "old" and draft.suffix == ".json"
    assert path.read_text() == "new" and list(tmp_path.iterdir()) == [path]


def test_a_file_stays_where_writing_fails(tmp_path):
    path = tmp_path / "result.json"
    path.write_text("old")
    with pytest.raises(OSError, match="No space left"), replacing(path) as draft:
        draft.write_text("ne")
        raise OSError(28, "No space left on device")
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_weights_stay_where_the_disk_is_full(tmp_path, monkeypatch):
    path = tmp_path / "weights.safetensors"
    model = torch.nn.Linear(2, 1)
    loading.save_weights(model, path, {}, torch.float32)
    before = path.read_bytes()

    def fail(entries, draft, metadata):
        draft.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(loading, "save_file", fail)
    with pytest.raises(OSError, match="No space left"):
        loading.save_weights(model, path, {}, torch.float32)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]
