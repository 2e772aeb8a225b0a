"""Checksums of files, in the format of `sha256sum -c`."""

import hashlib
import subprocess

import pytest

from eovseg_model.checkpoint.checksums import (
    ChecksumError,
    compare_with_record,
    record_of,
    sha256_of,
    write_record,
)

# Of nothing and of "abc", from FIPS 180-2.
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "tiny.safetensors"
    path.write_bytes(b"abc")
    return path


def test_known_checksums(file, tmp_path):
    assert sha256_of(file) == ABC
    (tmp_path / "empty").touch()
    assert sha256_of(tmp_path / "empty") == EMPTY


def test_a_file_of_several_megabytes(tmp_path):
    content = bytes(range(256)) * 10_000
    (tmp_path / "large").write_bytes(content)
    assert sha256_of(tmp_path / "large") == hashlib.sha256(content).hexdigest()


def test_the_record_is_read_by_sha256sum(file):
    write_record(file, "0" * 64)
    write_record(file, ABC)
    assert record_of(file) == file.parent / "tiny.safetensors.sha256"
    assert record_of(file).read_text() == f"{ABC}  tiny.safetensors\n"
    done = subprocess.run(["sha256sum", "-c", record_of(file).name], cwd=file.parent, capture_output=True)
    assert done.returncode == 0


def test_a_file_is_compared_with_its_record(file):
    compare_with_record(file, EMPTY)  # no record, no difference
    write_record(file, ABC)
    compare_with_record(file, ABC)
    with pytest.raises(ChecksumError) as caught:
        compare_with_record(file, EMPTY)
    assert str(caught.value) == (
        f"SHA-256 of tiny.safetensors is {EMPTY}, but {record_of(file)} records {ABC}"
    )


def test_an_empty_record_is_a_difference(file):
    record_of(file).touch()
    with pytest.raises(ChecksumError, match="records $"):
        compare_with_record(file, ABC)
