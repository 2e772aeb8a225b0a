"""The cache of engines: complete entries, built once, rebuilt only where that helps, read-only if need be."""

import hashlib
import os
import shutil
import threading

import pytest
import torch
from filelock import FileLock

from eovseg_model.backends.engines.engine_cache import MOST_BYTES, EngineCache
from eovseg_model.backends.names import BackendError
from eovseg_model.export import fingerprint


def get_from(cache, parts, build, load):
    """What the engine backend does."""
    engine = cache.load(parts, load)
    return engine if engine is not None else cache.build(parts, build, load)


def write_word(folder, word="engine"):
    (folder / "file").write_text(word)


def read_word(folder):
    return (folder / "file").read_text()


def test_cache_builds_once_and_anew_where_a_file_is_broken(tmp_path):
    built = []

    def build(folder):
        built.append(folder)
        write_word(folder)

    def get(*parts):
        return get_from(EngineCache(tmp_path), parts, build, read_word)

    assert get("weights", "1.0") == get("weights", "1.0") == "engine"
    assert len(built) == 1
    next(tmp_path.glob("engines/*/file")).write_text("half an eng")
    assert get("weights", "1.0") == "engine" and len(built) == 2
    assert get("weights", "2.0") == "engine" and len(built) == 3


def test_cache_builds_anew_what_does_not_load(tmp_path):
    words = iter(["stale", "fresh"])

    def load(folder):
        if read_word(folder) == "stale" and load.strict:
            raise RuntimeError("another version wrote this")
        return read_word(folder)

    def get():
        return get_from(EngineCache(tmp_path), ("key",), lambda folder: write_word(folder, next(words)), load)

    load.strict = False
    assert get() == "stale"
    load.strict = True
    assert get() == "fresh"


def test_engines_are_found_where_they_were(tmp_path):
    """The first 32 digits of the SHA-256 of the parts, with NUL in between."""
    cache = EngineCache(tmp_path / "new" / "cache")
    assert get_from(cache, ("weights", "1.0"), write_word, read_word) == "engine"
    name = hashlib.sha256(b"weights\0" + b"1.0").hexdigest()[:32]
    assert (tmp_path / "new" / "cache" / "engines" / name / "file").read_text() == "engine"


def test_a_build_makes_the_folders_of_the_cache(tmp_path):
    assert EngineCache(tmp_path / "a" / "b").build(("key",), write_word, read_word) == "engine"


def test_failed_build_leaves_nothing(tmp_path):
    def build(folder):
        write_word(folder)
        raise RuntimeError("no memory")

    with pytest.raises(RuntimeError, match="no memory"):
        get_from(EngineCache(tmp_path), ("key",), build, read_word)
    assert [path.suffix for path in (tmp_path / "engines").iterdir()] == [".lock"]


def test_what_a_killed_builder_left_is_cleared_away(tmp_path):
    folder = tmp_path / "engines"
    get_from(EngineCache(tmp_path), ("key",), write_word, read_word)
    (entry,) = (path for path in folder.iterdir() if path.is_dir())
    entry.rename(entry.with_suffix(".building"))  # half of the same one
    (folder / "other.building").mkdir()
    assert get_from(EngineCache(tmp_path), ("key",), write_word, read_word) == "engine"
    assert [path.name for path in folder.iterdir() if path.is_dir()] == [entry.name]


def test_the_engines_used_least_recently_make_room(tmp_path):
    """Three of six letters fit, manifests included; the one that is used again stays."""
    built, manifest = [], 76

    def get(word):
        cache = EngineCache(tmp_path, most_bytes=3 * (len(word) + manifest))
        assert (
            get_from(cache, (word,), lambda f: (built.append(word), write_word(f, word)), read_word) == word
        )
        for age, path in enumerate(sorted(tmp_path.glob("engines/*/manifest.json"), key=os.path.getmtime)):
            assert path.stat().st_size == manifest
            os.utime(path, (age, age))  # clocks are too coarse

    for word in ("first_", "second", "third_"):
        get(word)
    get("first_")
    get("fourth")
    assert len(built) == 4
    get("first_")
    assert len(built) == 4
    get("second")
    assert built == ["first_", "second", "third_", "fourth", "second"]


def test_eight_gigabytes_are_kept_and_what_cannot_be_removed_does_not_matter(tmp_path, monkeypatch):
    assert MOST_BYTES == 8_000_000_000
    (tmp_path / "engines/stuck.building").mkdir(parents=True)
    remove = shutil.rmtree

    def refuse(folder, ignore_errors=False):
        if folder.name != "stuck.building":
            remove(folder, ignore_errors=ignore_errors)
        elif not ignore_errors:
            raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(shutil, "rmtree", refuse)
    assert get_from(EngineCache(tmp_path), ("key",), write_word, read_word) == "engine"


def test_an_engine_that_another_process_removes_meanwhile_does_not_matter(tmp_path):
    """A link to nothing fails in the same way as a file that has gone."""
    (tmp_path / "engines/old").mkdir(parents=True)
    (tmp_path / "engines/old/file").symlink_to("gone")
    assert get_from(EngineCache(tmp_path), ("key",), write_word, read_word) == "engine"


def test_an_engine_that_another_process_uses_makes_no_room(tmp_path):
    cache = EngineCache(tmp_path, most_bytes=0)
    get_from(cache, ("old",), write_word, read_word)
    (old,) = (path for path in (tmp_path / "engines").iterdir() if path.is_dir())
    with FileLock(tmp_path / "engines" / f"{old.name}.lock"):
        get_from(cache, ("new",), write_word, read_word)
    assert old.is_dir()
    get_from(cache, ("newer",), write_word, read_word)
    assert not old.exists()


@pytest.mark.parametrize("manifest", [None, "", "[]", "{", '{"file": "0"}', '{"missing": "0"}'])
def test_an_engine_without_a_sound_manifest_is_not_loaded(tmp_path, manifest):
    cache = EngineCache(tmp_path)
    get_from(cache, ("key",), write_word, read_word)
    (path,) = tmp_path.glob("engines/*/manifest.json")
    path.unlink() if manifest is None else path.write_text(manifest)
    assert cache.load(("key",), read_word) is None


def test_two_builders_build_once(tmp_path):
    built = []

    def get():
        get_from(EngineCache(tmp_path), ("key",), lambda f: (built.append(f), write_word(f)), read_word)

    threads = [threading.Thread(target=get) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(built) == 1


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("std::bad_alloc"),
        OSError(12, "Cannot allocate memory"),
        BackendError("fake fp32 engine for 64x96 returned NaN"),
    ],
    ids=repr,
)
def test_an_error_that_another_build_would_not_cure_leaves_a_good_engine_alone(tmp_path, error):
    built = []

    def build(folder):
        built.append(folder)
        write_word(folder)

    def load(folder):
        if load.fails:
            raise error
        return read_word(folder)

    load.fails = False
    assert get_from(EngineCache(tmp_path), ("key",), build, load) == "engine"
    load.fails = True
    with pytest.raises(type(error)):
        get_from(EngineCache(tmp_path), ("key",), build, load)
    load.fails = False
    assert get_from(EngineCache(tmp_path), ("key",), build, load) == "engine"
    assert len(built) == 1


def test_an_engine_that_does_not_load_stays_until_another_one_is_complete(tmp_path):
    def load(folder):
        if read_word(folder) == "stale":
            raise RuntimeError("another version wrote this")
        return read_word(folder)

    def fail(folder):
        raise OSError(28, "No space left on device")

    with pytest.raises(RuntimeError, match="another version"):
        get_from(EngineCache(tmp_path), ("key",), lambda folder: write_word(folder, "stale"), load)
    with pytest.raises(OSError, match="No space left"):
        get_from(EngineCache(tmp_path), ("key",), fail, load)
    assert EngineCache(tmp_path).load(("key",), read_word) == "stale"


def test_a_failed_touch_does_not_matter(tmp_path, monkeypatch):
    get_from(EngineCache(tmp_path), ("key",), write_word, read_word)

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.touch", refuse)
    assert EngineCache(tmp_path).load(("key",), read_word) == "engine"


class ReadOnlyLock:
    """Root may write anywhere, so the lock says what it would on a read-only file system."""

    def __init__(self, path, timeout=-1):
        pass

    def acquire(self):
        raise OSError(30, "Read-only file system")

    def release(self):
        pass


def test_a_read_only_cache_serves_what_it_has(tmp_path, monkeypatch):
    get_from(EngineCache(tmp_path), ("key",), write_word, read_word)
    monkeypatch.setattr("eovseg_model.backends.engines.engine_cache.FileLock", ReadOnlyLock)
    assert EngineCache(tmp_path).load(("key",), read_word) == "engine"
    assert EngineCache(tmp_path).load(("other",), read_word) is None
    assert EngineCache(tmp_path / "missing").load(("key",), read_word) is None


def test_a_cache_that_cannot_be_written_says_so(tmp_path):
    (tmp_path / "engines").write_text("a file where the folder should be")
    with pytest.raises(BackendError, match="cannot keep an engine in .*engines: .*set EOVSEG_CACHE"):
        get_from(EngineCache(tmp_path), ("key",), write_word, read_word)


def test_the_fingerprint_follows_sources_and_versions(tmp_path, monkeypatch):
    for name in ("network/layers.py", "export/program.py", "cli/main.py"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("a = 1")
    monkeypatch.setattr(fingerprint, "MODEL", tmp_path)
    compute = fingerprint.graph_fingerprint.__wrapped__
    first = compute()
    (tmp_path / "cli/main.py").write_text("a = 2")
    assert compute() == first
    (tmp_path / "network/layers.py").write_text("a = 2")
    second = compute()
    (tmp_path / "export/program.py").rename(tmp_path / "export/programs.py")
    third = compute()
    monkeypatch.setattr(fingerprint, "version", lambda package: f"{package} 99")
    assert len({first, second, third, compute()}) == 4
