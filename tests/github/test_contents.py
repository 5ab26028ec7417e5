from __future__ import annotations

import pytest
from github_api import Fault

from mlci.errors import ReportError, UserError
from mlci.github import contents
from mlci.github.client import Access, ApiError, Client

REF = "c0ffee" + "0" * 34
TEMPLATE = '{% extends "base" %}\n'


@pytest.fixture
def client(github):
    """A client that never waits."""
    return Client(Access(repository="octo/flights", api_url=github.url, token="t0ken", timeout=5.0, patience=0.0))  # noqa: S106 - the stand-in's


@pytest.mark.parametrize(
    "path", ["mlci.yml", "a/b/c.txt", "a b/ä#1?x=%2F&y.md", ".github/mlci/comment.md.j2", "x;y=1:z@w.txt", "…/✅.md"]
)
@pytest.mark.parametrize("text", ["", "naïve\n✅\n", "x" * 100_000])
def test_text__of_a_file(github, client, path, text):
    """A file's text at a commit, whatever its name holds, in one call."""
    github.file(path, ref=REF, text=text)
    assert (contents.text(client, path, REF), len(github.requests)) == (text, 1)


def test_text__without_needless_parts(github, client):
    """A path may be written with needless parts, and a file with a byte order mark."""
    github.file("a/b.txt", ref=REF, text="\ufeffhello")
    assert contents.text(client, "./a//./b.txt", REF) == "hello"


def test_text__of_a_file_that_is_not_there(github, client):
    """None where there is no such file, or not at this commit."""
    github.file("mlci.yml", ref="0" * 40, text="version: 1")
    assert contents.text(client, "mlci.yml", REF) is None


@pytest.mark.parametrize("path", ["/etc/passwd", "../secrets", "a/../../b", "", ".", "a\nb", "a\0", "/"])
def test_text__inside_of_the_repository_alone(github, client, path):
    """A path that leads out, or to no file, is refused before anybody is asked."""
    with pytest.raises(UserError, match="it is no path inside of the repository"):
        contents.text(client, path, REF)
    assert github.requests == []


ENTRY = {
    "name": "x", "path": "x", "sha": "a" * 40, "size": 3, "url": "", "html_url": None, "git_url": None,
    "download_url": None,
}  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"type": "symlink", "target": "/etc/passwd"}, "a symbolic link that leads out of the repository"),
        ({"type": "submodule", "submodule_git_url": "https://example.com/x.git"}, "a submodule"),
        ({"type": "wormhole"}, "no file"),
    ],
)
def test_text__of_what_is_no_file(github, client, answer, why):
    """Links that lead out and submodules have no text."""
    github.fail(Fault(method="GET", path=r"/contents/", status=200, body={**ENTRY, "url": f"{github.url}/x", **answer}))
    with pytest.raises(UserError) as caught:
        contents.text(client, "x", REF)
    assert caught.value.code == "MLCI515"
    assert caught.value.message == f"The file “x” of the repository cannot be read: it is {why}."


def test_text__of_a_folder(github, client):
    """A folder has no text."""
    github.file("a/b.txt", ref=REF, text="x")
    with pytest.raises(UserError) as caught:
        contents.text(client, "a", REF)
    assert caught.value.message == "The file “a” of the repository cannot be read: it is a folder."


@pytest.mark.parametrize(
    ("data", "why"),
    [(b"x" * (contents.LARGEST + 1), "it is larger than 1 MiB"), (b"ab\xff", "it is not UTF-8 text (byte 2)")],
)
def test_text__of_what_is_no_text(github, client, data, why):
    """Large and binary files are refused."""
    github.file("x.bin", ref=REF, text=data)
    with pytest.raises(UserError) as caught:
        contents.text(client, "x.bin", REF)
    assert caught.value.message == f"The file “x.bin” of the repository cannot be read: {why}."


def test_text__a_content_that_is_none(github, client):
    """An answer that is not GitHub's is an error of the API, not of the repository."""
    broken = {**ENTRY, "type": "file", "url": f"{github.url}/x", "encoding": "base64", "content": "a"}
    github.fail(Fault(method="GET", path=r"/contents/", status=200, body=broken))
    with pytest.raises(ApiError) as caught:
        contents.text(client, "x", REF)
    assert caught.value.code == "MLCI507"


def test_text__where_github_does_not_tell(github, client):
    """A failure other than 404 is not taken for a missing file."""
    github.fail(Fault(method="GET", path=r"/contents/", status=500, times=None))
    with pytest.raises(ApiError):
        contents.text(client, "x", REF)


# --- the report's template ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("config", "files", "template"),
    [
        (None, {}, None),
        (None, {"mlci.yml": "version: 1"}, None),
        (None, {"mlci.yml": "report: {charts: false}"}, None),
        (None, {"mlci.yml": "report: {template: a.j2}"}, "a.j2"),
        (None, {"mlci.yaml": "report:\n  template: .github/mlci/a b.j2"}, ".github/mlci/a b.j2"),
        (None, {"pyproject.toml": "[tool.mlci.report]\ntemplate = 'a.j2'"}, "a.j2"),
        (None, {"pyproject.toml": "[project]\nname = 'x'"}, None),
        ("sub/ml.yml", {"sub/ml.yml": "report: {template: t/a.j2}", "mlci.yml": "report: {template: x}"}, "sub/t/a.j2"),
        ("./sub/ml.toml", {"sub/ml.toml": "[tool.mlci]\nreport = {template = './a.j2'}"}, "sub/a.j2"),
        ("gone.yml", {"mlci.yml": "report: {template: a.j2}"}, None),
    ],
)
def test_template_of__as_the_commit_has_it(github, client, config, files, template):
    """The template is named by the configuration of the commit, and lies below its folder."""
    for path, text in files.items():
        github.file(path, ref=REF, text=text)
    if template:
        github.file(template, ref=REF, text=TEMPLATE)
    assert contents.template_of(client, config, REF) == (TEMPLATE if template else None)


@pytest.mark.parametrize(
    "text",
    [
        "report: [",
        "report: {template: 7}",
        "report: {templat: a.j2}",
        "report: a.j2",
        "- report",
        "7",
        "",
        b"\xff\xfe",
        "a: &a [x]\nb: &b [*a, *a]\n" + "report: " + "[" * 60 + "]" * 60,
    ],
)
def test_template_of__a_configuration_that_does_not_load(github, client, text):
    """A configuration that does not load names no template: the run itself says what is wrong with it."""
    github.file("mlci.yml", ref=REF, text=text)
    assert contents.template_of(client, None, REF) is None


@pytest.mark.parametrize("config", ["/etc/passwd", "../mlci.yml", "sub"])
def test_template_of__no_configuration_of_the_repository(github, client, config):
    """A configuration outside of the repository, or a folder, names no template."""
    github.file("sub/mlci.yml", ref=REF, text="report: {template: a.j2}")
    assert contents.template_of(client, config, REF) is None


@pytest.mark.parametrize("name", ["gone.j2", "../a.j2", "/a.j2", "folder", "../subway/a.j2", "latin.j2"])
def test_template_of__one_that_cannot_be_read(github, client, name):
    """A template that is named and cannot be read, or lies elsewhere, is told with its place."""
    files = {"a.j2": "x", "subway/a.j2": "x", "sub/folder/a.j2": "x", "sub/latin.j2": b"\xe9"}
    for path, text in {**files, "sub/mlci.yml": f"version: 1\nreport:\n  template: {name}"}.items():
        github.file(path, ref=REF, text=text)
    with pytest.raises(ReportError) as caught:
        contents.template_of(client, "sub/mlci.yml", REF)
    assert (str(caught.value.location), caught.value.code) == ("sub/mlci.yml:3:13", "MLCI420")
    assert caught.value.message == f"The report template “{name}” cannot be read as UTF-8 text of this repository."
