from __future__ import annotations

import io
import stat
import struct
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.errors import UserError
from mlci.github.artifact import LARGEST_ARCHIVE, LARGEST_RESULTS, MOST_ENTRIES, download, quoted, results_in
from mlci.github.client import Access, ApiError, Client

CONTENT = b'{"version": 1}\n'
CENTRAL, LOCAL = b"PK\x01\x02", b"PK\x03\x04"
FLAGS = {CENTRAL: 8, LOCAL: 6}
METHOD, SIZE = 10, 24  # places in an entry of the table of contents


def zipped(*entries, method=zipfile.ZIP_DEFLATED):
    """A zip archive of (name, content) pairs; a name may be a `ZipInfo`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return buffer.getvalue()


def named(name, mode=stat.S_IFREG | 0o644):
    """An entry of this very name and mode, whatever zipfile would make of it."""
    info = zipfile.ZipInfo("x")
    info.filename, info.external_attr = name, mode << 16
    return info


def patched(content, signature, offset, value):
    """The archive with bytes of its first record of a kind changed."""
    start = content.index(signature) + offset
    return content[:start] + value + content[start + len(value) :]


def refusal(content):
    """Why an archive is refused."""
    with pytest.raises(UserError) as caught:
        results_in(content, "mlci-results")
    assert (caught.value.code, caught.value.hint[:19]) == ("MLCI511", "Nothing was posted.")
    return caught.value.message


@pytest.mark.parametrize(
    "entries",
    [
        [("results.json", CONTENT)],
        [("mlci-out/results.json", CONTENT)],
        [("mlci-out/", b""), ("mlci-out/results.json", CONTENT), ("mlci-out/models/m/results.json", b"other")],
        [("report.md", b"# ..."), ("results.json", CONTENT), ("predictions/a b.parquet", b"PAR1")],
        [(named("results.json", 0), CONTENT)],
    ],
)
@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
def test_results_in__the_one_entry(entries, method):
    """`results.json` is read at the top or in a folder there, whatever lies beside it."""
    assert results_in(zipped(*entries, method=method), "mlci-results") == CONTENT


def test_results_in__behind_other_bytes():
    """A zip archive may have other bytes before it, as the format allows."""
    assert results_in(b"#!/bin/sh\n" + zipped(("results.json", CONTENT)), "x") == CONTENT


BESIDE = ("results.json", CONTENT)
BROKEN = "it is no zip archive, or a damaged one"
PACKED = "its results.json is packed in a way that mlci does not read"
NONE = "it holds no results.json at its top"
TWICE = "it holds results.json more than once"


def twice():
    """The same name two times, which zipfile only writes under a warning."""
    with pytest.warns(UserWarning, match="Duplicate name"):
        return zipped(("results.json", b"1"), ("results.json", b"2"))


def encrypted(content):
    """The archive with its first entry said to be encrypted."""
    for signature, offset in FLAGS.items():
        content = patched(content, signature, offset, b"\x01\x00")
    return content


ODD = {
    "empty": (lambda: b"", BROKEN),
    "HTML": (lambda: b"<html>not found</html>", BROKEN),
    "no entry": (zipped, NONE),
    "too deep": (lambda: zipped(("a/b/results.json", CONTENT)), NONE),
    "capitals": (lambda: zipped(("RESULTS.JSON", CONTENT)), NONE),
    "a folder": (lambda: zipped((named("results.json/"), b"")), NONE),
    "two places": (lambda: zipped(BESIDE, ("a/results.json", CONTENT)), TWICE),
    "twice": (twice, TWICE),
    "absolute": (lambda: zipped(BESIDE, (named("/etc/x"), b"")), "its entry “/etc/x” is an absolute path"),
    "up": (lambda: zipped(BESIDE, (named("../b"), b"")), "its entry “../b” leads out of the archive"),
    "up amid": (lambda: zipped(BESIDE, (named("a/../../b"), b"")), "its entry “a/../../b” leads out of the archive"),
    "backslash": (lambda: zipped(BESIDE, (named("a\\b"), b"")), "its entry “a\\b” has a backslash in its name"),
    "drive": (lambda: zipped(BESIDE, (named("C:x"), b"")), "its entry “C:x” begins with a drive letter"),
    "NUL": (lambda: zipped((named("a\0.txt"), b"")), "its entry “a\\u0000.txt” has a NUL character in its name"),
    "nameless": (lambda: zipped(BESIDE, (named(""), b"")), "its entry “” has no name"),
    "link": (
        lambda: zipped((named("results.json", stat.S_IFLNK | 0o777), b"/etc/passwd")),
        "its entry “results.json” is a symbolic link",
    ),
    "fifo": (lambda: zipped(BESIDE, (named("f", stat.S_IFIFO), b"")), "its entry “f” is no regular file"),
    "LZMA": (lambda: zipped(BESIDE, method=zipfile.ZIP_LZMA), PACKED),
    "bzip2": (lambda: zipped(BESIDE, method=zipfile.ZIP_BZIP2), PACKED),
    "unknown method": (lambda: patched(zipped(BESIDE), CENTRAL, METHOD, b"\x63"), PACKED),
    "many entries": (
        lambda: zipped(*((str(i), b"") for i in range(MOST_ENTRIES)), BESIDE),
        f"it holds more than {MOST_ENTRIES:,} entries",
    ),
    "large table": (
        lambda: zipped(*((f"{i:01000}", b"") for i in range(1_100))),
        "its table of contents is too large",
    ),
    "bomb": (
        lambda: zipped(("results.json", b" " * (LARGEST_RESULTS + 1))),
        "its results.json unpacks to more than 300 times its size",
    ),
    "large": (
        lambda: zipped(("results.json", b" " * (LARGEST_RESULTS + 1)), method=zipfile.ZIP_STORED),
        "its results.json is larger than 16 MB",
    ),
    "encrypted": (lambda: encrypted(zipped(BESIDE)), "its entry “results.json” is encrypted"),
    "another encrypted": (
        lambda: encrypted(zipped(("report.md", b""), BESIDE)),
        "its entry “report.md” is encrypted",
    ),
    "checksum": (lambda: zipped(BESIDE, method=zipfile.ZIP_STORED).replace(b"version", b"vErsion"), BROKEN),
    "said too small": (lambda: patched(zipped(BESIDE), CENTRAL, SIZE, struct.pack("<L", 3)), BROKEN),
    "two names": (lambda: patched(zipped(BESIDE), LOCAL, 30, b"R"), BROKEN),
    "cut": (lambda: zipped(BESIDE)[:-30], BROKEN),
}


@pytest.mark.parametrize("what", ODD)
def test_results_in__refuses(what):
    """Whatever is odd about an archive is named, and nothing of it is taken."""
    make, why = ODD[what]
    assert refusal(make()) == f"The artifact “mlci-results” is refused: {why}."


def test_results_in__a_size_that_is_said_too_large_is_counted():
    """What counts is what comes, not what the archive says of it."""
    content = patched(zipped(BESIDE), CENTRAL, SIZE, struct.pack("<L", 1 << 30))
    assert results_in(content, "mlci-results") == CONTENT


@given(st.data())
def test_results_in__damage_is_refused_or_harmless(data):
    """However an archive is damaged, the outcome is the content or a refusal."""
    method = data.draw(st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))
    content = bytearray(zipped(("a.txt", b"a" * 40), ("results.json", CONTENT), method=method))
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    content = content[data.draw(st.integers(0, 8)) : len(content) - data.draw(st.integers(0, 8))]
    try:
        found = results_in(bytes(content), "x")
    except UserError as error:
        found = error.code
    assert found in {CONTENT, "MLCI511"}


@given(st.text(max_size=300))
def test_quoted__is_one_visible_line(name):
    """A stranger's name is told on one line, without anything that hides, and in at most 100 characters."""
    told = quoted(name)
    assert len(told) <= 100
    assert all(each.isprintable() or each == "\u00a0" or ord(each) > 0x2FF for each in told)


def test_results_in__a_name_cannot_speak_for_itself():
    """A name with line breaks, colours and workflow commands is one line of the message."""
    evil = "\n::error::owned\r\n\x1b[31m\u202egnp/../" + "x" * 5_000
    message = refusal(zipped(BESIDE, (named(evil), b"")))
    assert message.startswith(
        "The artifact “mlci-results” is refused: its entry “ ::error::owned \\u001b[31m\\u202egnp/../x"
    )
    assert (len(message) < 200, message.isprintable()) == (True, True)


# --- from GitHub -------------------------------------------------------------------------------------------------


@pytest.fixture
def client(github):
    """A client that never waits."""
    return Client(Access(repository="octo/flights", api_url=github.url, token="t0ken", timeout=5.0, patience=0.0))  # noqa: S106 - the stand-in's


@pytest.fixture
def fetch(client):
    """Download the results of run 99, or tell why they are refused."""

    def fetched(name="mlci-results"):
        try:
            return download(client, 99, name)
        except UserError as error:
            return error.message

    return fetched


def test_download__the_newest_of_this_name_in_two_calls(github, fetch):
    """A rerun uploads anew: the newest of the run's artifacts with this name is taken."""
    github.artifact(run_id=99, name="mlci-results", content=zipped(("results.json", b"old")))
    github.artifact(run_id=99, name="mlci-results", content=zipped(BESIDE))
    github.artifact(run_id=99, name="other", content=zipped(("results.json", b"other")))
    github.artifact(run_id=98, name="mlci-results", content=zipped(("results.json", b"another run")))
    assert (fetch(), len(github.requests)) == (CONTENT, 2)


def test_download__one_that_has_expired_is_passed_over(github, fetch):
    """What GitHub no longer has is not asked for."""
    github.artifact(run_id=99, name="mlci-results", content=zipped(BESIDE))
    github.artifact(run_id=99, name="mlci-results", content=b"", expired=True)
    assert fetch() == CONTENT


@pytest.mark.parametrize("name", ["mlci-results", "mlci results #1 & more"])
def test_download__by_any_name(github, fetch, name):
    """An artifact's name may hold anything."""
    github.artifact(run_id=99, name=name, content=zipped(BESIDE))
    assert fetch(name) == CONTENT


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ([], "the workflow run 99 has none of this name"),
        ([{"run_id": 98}], "the workflow run 99 has none of this name"),
        ([{"name": "mlci"}], "the workflow run 99 has none of this name"),
        ([{"expired": True}], "it has expired"),
        ([{"size": 20_000_001}], "it is larger than 20 MB"),
        ([{"content": b"no zip"}], BROKEN),
    ],
)
def test_download__refuses(github, fetch, given, why):
    """What cannot be used is named, with the reason."""
    for each in given:
        github.artifact(**{"run_id": 99, "name": "mlci-results", "content": zipped(BESIDE), **each})
    assert fetch() == f"The artifact “mlci-results” is refused: {why}."


def test_download__says_which_step_is_missing(client):
    """Where there is no artifact, the hint shows the step that uploads it."""
    with pytest.raises(UserError) as caught:
        download(client, 99, "mlci-results")
    assert "actions/upload-artifact with `name: mlci-results` and `path: mlci-out/results.json`" in caught.value.hint


def test_download__counts_what_comes(github, client):
    """An archive that is larger than GitHub says of it is not read to its end."""
    github.artifact(run_id=99, name="mlci-results", content=b"x" * (LARGEST_ARCHIVE + 1), size=10)
    with pytest.raises(ApiError, match="could not download the artifact “mlci-results”") as caught:
        download(client, 99, "mlci-results")
    assert caught.value.code == "MLCI507"


def test_download__gives_the_token_to_github_alone(github, fetch):
    """The store behind the API's redirect is asked without the token."""
    github.artifact(run_id=99, name="mlci-results", content=zipped(BESIDE))
    fetch()
    assert [each.status for each in github.downloads] == [200]
    assert all(each.method == "GET" for each in [*github.requests, *github.downloads])


def test_download__a_permission_that_is_missing(github, client):
    """The error names the permission."""
    github.token("t0ken", login="github-actions[bot]", app="github-actions", permissions={"contents": "read"})
    with pytest.raises(ApiError) as caught:
        download(client, 99, "mlci-results")
    assert (caught.value.code, "actions: read" in caught.value.hint) == ("MLCI501", True)
