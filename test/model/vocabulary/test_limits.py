"""Limits of vocabularies: sizes, what counts as a file, and how much of a value a message quotes."""

import json
import os
import socket
import threading

import pytest

from eovseg_model.vocabulary.limits import quoted
from eovseg_model.vocabulary.regular_file import read_regular_file
from eovseg_model.vocabulary.vocabulary import (
    VOCABULARY_FOLDER,
    Vocabulary,
    VocabularyClass,
    VocabularyError,
    load_vocabulary,
    named_files,
)


def names(count, letter="n"):
    return [f"{letter}{i}" for i in range(count)]


def test_a_class_has_at_most_64_names():
    assert len(VocabularyClass(tuple(names(64))).names) == 64
    assert len(Vocabulary.parse([",".join(names(64))]).synonyms) == 64
    for make in (lambda: VocabularyClass(tuple(names(65))), lambda: Vocabulary.parse([",".join(names(65))])):
        with pytest.raises(VocabularyError, match="'n0' has 65 names; use at most 64 per class, or split it"):
            make()


@pytest.mark.parametrize("suffix", ["json", "txt"])
def test_files_have_the_same_limit_of_synonyms(tmp_path, suffix):
    file = tmp_path / f"many.{suffix}"
    classes = [{"names": ["mug"]}, {"names": names(3000)}]
    file.write_text(
        json.dumps({"classes": classes}) if suffix == "json" else "1:mug\n2:" + ",".join(names(3000))
    )
    with pytest.raises(VocabularyError, match=f"{file}: (class 1|line 2): class 'n0' has 3000 names"):
        load_vocabulary(file)


def test_all_classes_together_have_at_most_16384_names():
    full = [",".join(names(64, f"c{i} ")) for i in range(256)]
    assert len(Vocabulary.parse(full).synonyms) == 16_384
    with pytest.raises(VocabularyError, match="16385 names in all classes are too many; use at most 16384"):
        Vocabulary.parse([*full, "mug"])


def test_there_are_at_most_4096_classes(tmp_path):
    assert len(Vocabulary.parse(names(4096))) == 4096
    file = tmp_path / "many.json"
    file.write_text(json.dumps({"classes": [{"names": [name]} for name in names(4096)]}))
    assert len(load_vocabulary(file)) == 4096
    file.write_text(json.dumps({"classes": [{"names": [name]} for name in names(4097)]}))
    with pytest.raises(VocabularyError, match="4097 classes are too many; use at most 4096"):
        load_vocabulary(file)


@pytest.mark.parametrize("path", sorted(VOCABULARY_FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_the_named_vocabularies_keep_to_the_limits(path):
    assert len(load_vocabulary(path.stem)) > 0


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("[" * 100_000, "nested too deeply"),
        ('{"classes": ' + "[" * 100_000, "nested too deeply"),
        ('{"a":' * 100_000, "nested too deeply"),
        ('{"classes": [' + "9" * 5000 + "]}", "cannot read the file: ValueError"),
        ('{"classes": [{"names": ["\\ud800"]}]}', "surrogates"),
        (" " * 4_000_001, "cannot read the file: it has more than 4 MB"),
        (b"\xff\xfe\x00", "not UTF-8"),
        ("", "invalid JSON"),
        ("\0", "invalid JSON"),
    ],
    ids=range(9),
)
def test_a_hostile_file_is_refused_by_its_name(tmp_path, content, reason):
    file = tmp_path / "d.json"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(VocabularyError, match=reason) as caught:
        Vocabulary.parse([f"@{file}"])
    assert str(caught.value).startswith(f"{file}: ")
    assert len(str(caught.value)) < 600


def test_a_file_may_have_four_million_bytes(tmp_path):
    file = tmp_path / "d.json"
    file.write_text('{"classes": [{"names": ["mug"]}]}'.ljust(4_000_000))
    assert load_vocabulary(file).labels == ("mug",)


def test_a_path_may_have_4096_characters():
    with pytest.raises(VocabularyError, match="cannot read the file: File name too long"):
        load_vocabulary("/a" * 2046 + ".txt")
    with pytest.raises(VocabularyError, match="is too long; use at most 4096 characters"):
        load_vocabulary("/a" * 2046 + "b.txt")


def test_an_id_of_a_text_file_has_at_most_20_digits(tmp_path):
    file = tmp_path / "d.txt"
    file.write_text("9" * 20 + ":mug\n1:cup")
    assert load_vocabulary(file).labels == ("cup", "mug")
    file.write_text("9" * 21 + ":mug")
    with pytest.raises(VocabularyError, match="line 1: '9{21}:mug' must start with an id"):
        load_vocabulary(file)
    file.write_text("1" * 5000 + ":mug")
    with pytest.raises(VocabularyError, match="line 1: '1{60}' must start with an id"):
        load_vocabulary(file)


def make_pipe(path):
    os.mkfifo(path)


def make_socket(path):
    socket.socket(socket.AF_UNIX).bind(os.path.relpath(path))


def make_unreadable_link(path):
    path.symlink_to("/proc/self/mem")


def make_loop(path):
    path.symlink_to(path)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: path.mkdir(), "Is a directory"),
        (make_pipe, "not a regular file"),
        (make_socket, "not a regular file"),
        (lambda path: path.symlink_to("/dev/zero"), "not a regular file"),
        (make_unreadable_link, "Input/output error"),
        (make_loop, "Too many levels of symbolic links"),
        (lambda path: path.symlink_to("/no/such/file"), "No such file"),
        (lambda path: None, "No such file"),
    ],
)
@pytest.mark.timeout(20)
def test_what_is_no_regular_file_is_refused_by_its_name_and_at_once(tmp_path, monkeypatch, make, reason):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "d.json"
    make(path)
    with pytest.raises(VocabularyError, match=reason) as caught:
        Vocabulary.parse([f"@{path}"])
    assert str(caught.value).startswith(f"{path}: cannot read the file: ")


def test_a_pipe_that_somebody_writes_to_is_refused_too(tmp_path):
    path = tmp_path / "d.json"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    writer = threading.Thread(target=path.write_text, args=('{"classes": []}',))
    writer.start()
    with pytest.raises(VocabularyError, match="not a regular file"):
        load_vocabulary(path)
    writer.join(5)
    os.close(reader)


@pytest.mark.timeout(20)
def test_a_file_that_is_replaced_by_a_pipe_or_a_terminal_after_the_check_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "d.json"
    path.write_text("{}")
    status, opened = os.stat(path), []
    path.unlink()
    os.mkfifo(path)
    really_open = os.open
    monkeypatch.setattr(os, "open", lambda path, flags: opened.append(flags) or really_open(path, flags))
    monkeypatch.setattr(os, "stat", lambda path: status)
    with pytest.raises(OSError, match="not a regular file"):
        read_regular_file(path, 100)
    assert opened[0] & os.O_NOCTTY  # else it would become the terminal of the process


@pytest.mark.parametrize("most", [3, 4])
def test_a_file_has_no_more_bytes_than_are_allowed(tmp_path, most):
    (tmp_path / "a").write_bytes(b"x" * most)
    assert read_regular_file(tmp_path / "a", most) == b"x" * most
    (tmp_path / "a").write_bytes(b"x" * (most + 1))
    with pytest.raises(OSError, match="it has more than 0 MB"):
        read_regular_file(tmp_path / "a", most)


def test_a_link_to_a_file_is_read(tmp_path):
    (tmp_path / "real.json").write_text('{"classes": [{"names": ["mug"]}]}')
    (tmp_path / "link.json").symlink_to("real.json")
    assert Vocabulary.parse([f"@{tmp_path}/link.json"]).labels == ("mug",)


@pytest.mark.parametrize(
    "entries",
    [
        ["x" * 10_000],
        [",".join(["y" * 10_000] * 2)],
        [f"mug|{'z' * 10_000}"],
        ["," * 10_000],
        ["@" + "a" * 10_000],
        ["@" + "a" * 10_000 + ".json"],
        ["@/" + "a/" * 100_000],
        [f"@a,{'b' * 10_000}"],
        [f"mug,@{'b' * 10_000}"],
        [["mug"] * 10_000],
        "x" * 10_000,
        ["mug" + " " * 10_000 + "cup"] * 2,
        ["\ud800" * 70],
    ],
    ids=range(13),
)
def test_a_message_quotes_little_of_a_long_entry(entries):
    with pytest.raises(VocabularyError) as caught:
        Vocabulary.parse(entries)
    assert len(str(caught.value)) < 1000


def test_quoted_values():
    assert quoted("mug") == "'mug'"
    assert quoted("a" * 198) == "'" + "a" * 198 + "'"
    assert quoted("a" * 10_000_000) == "'" + "a" * 199 + "..."
    assert quoted([1, 2]) == "[1, 2]"
    assert (quoted({"a": 1}), quoted(3)) == ("{'a': 1}", "3")


def test_the_files_among_entries():
    entries = [
        "mug,cup",
        "@coco_panoptic",
        "set=lvis",
        "@~/a.json",
        "set=b.txt",
        "@c/d",
        "@e,f",
        "@default",
        "@",
    ]
    assert named_files(entries) == ("~/a.json", "b.txt", "c/d", "e,f")
