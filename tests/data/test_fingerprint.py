"""Fingerprints are of contents, and of nothing else."""

from __future__ import annotations

import hashlib

import pytest

from mlci.data.fingerprint import fingerprint


@pytest.fixture
def file(tmp_path):
    """Write a file in a folder of its own."""

    def written(content: bytes, name: str = "x"):
        folder = tmp_path / f"{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        (folder / name).write_bytes(content)
        return folder / name

    return written


def test_fingerprint__one_file_is_sha256sum(file):
    """One file's fingerprint is what `sha256sum` prints."""
    assert fingerprint([file(b"abc")]) == f"sha256:{hashlib.sha256(b'abc').hexdigest()}"


def test_fingerprint__names_and_folders_do_not_matter(file):
    """The same contents under other names have the same fingerprint."""
    assert fingerprint([file(b"a", "p"), file(b"b")]) == fingerprint([file(b"a"), file(b"b", "q")])


def test_fingerprint__order_and_bounds_matter(file):
    """Files in another order, or cut at another place, are other data."""
    cuts = [(b"ab", b"c"), (b"a", b"bc"), (b"c", b"ab"), (b"abc",)]
    assert len({fingerprint([file(part) for part in parts]) for parts in cuts}) == len(cuts)


def test_fingerprint__missing_file(tmp_path):
    """A file that is gone is an OSError, for the reader to word."""
    with pytest.raises(FileNotFoundError):
        fingerprint([tmp_path / "gone"])
