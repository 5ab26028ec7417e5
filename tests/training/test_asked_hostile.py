"""Files of a repository that are made to break what reads them."""

from __future__ import annotations

import pytest

from mlci.config.environment import Environment
from mlci.errors import TrainingError
from mlci.results import Finding
from mlci.training import asked, interpreters, places, uv

PROJECT = '[project]\nname = "a"\nversion = "1"\n'
DIGITS = "9" * 5_000


@pytest.fixture
def read(tmp_path):
    """Writes files and links, and reads what a configuration asks for."""

    def read(files, links=(), **keys):
        for name, content in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        for name, target in links:
            (tmp_path / name).symlink_to(target)
        return asked.recipe(Environment(**keys), tmp_path, (tmp_path,), "`late`")

    return read


@pytest.mark.parametrize(
    ("files", "links", "keys"),
    [
        ({}, [("loop", "loop")], {"requirements": "loop"}),
        ({}, [("loop", "loop")], {"requirements": "loop/r.txt"}),
        ({"r.txt": "-r a\0b.txt\n"}, [], {"requirements": "r.txt"}),
        ({}, [], {"requirements": "a\0b"}),
        ({"r.txt": f"-r {'a' * 300}\n"}, [], {"requirements": "r.txt"}),
        ({"r.txt": b"-r caf\xe9.txt\n"}, [], {"requirements": "r.txt"}),
        ({"s.py": "# /// script\n"}, [], {"requirements": "s.py"}),
        ({}, [("pyproject.toml", "/dev/zero")], {"project": "."}),
    ],
)
def test_recipe__is_refused_in_a_sentence(read, files, links, keys):
    """Whatever cannot be read is the user's error, in a sentence that a report can hold."""
    with pytest.raises(TrainingError) as caught:
        read(files, links, **keys)

    error = caught.value
    assert Finding(code=error.code, severity="fail", message=error.message, hint=error.hint).code == "MLCI214"


def test_recipe__of_poetry_alone(read):
    """Dependencies that stand where only Poetry looks are not taken for none."""
    poetry = '[tool.poetry]\nname = "a"\n[tool.poetry.dependencies]\nnumpy = "^2"\n'

    with pytest.raises(TrainingError, match="to Poetry alone") as caught:
        read({"pyproject.toml": poetry}, project=".")

    assert "[project] table" in caught.value.hint
    built = '[build-system]\nrequires = ["poetry-core"]\nbuild-backend = "poetry.core.masonry.api"\n'
    assert read({"pyproject.toml": poetry + built}, project=".").unknown  # what the build says no file tells
    assert read({"pyproject.toml": poetry + PROJECT}, project=".").kind == "project"


@pytest.mark.parametrize("above", ["tool = 3\n", "[tool]\nuv = 3\n", f"x = {DIGITS}\n"])
def test_recipe__what_stands_above_a_project(read, above):
    """A pyproject.toml above that is none of uv's is none of its business."""
    found = read({"pyproject.toml": above, "sub/pyproject.toml": PROJECT}, project="sub")

    assert (found.name, found.locked) == ("sub/pyproject.toml", False)


def test_recipe__settings_without_an_end(read):
    """A link to a device that never ends is not read beside requirements: it lies outside of the repository."""
    found = read({"r.txt": "alpha\n"}, [("pyproject.toml", "/dev/zero")], requirements="r.txt")

    assert [*found.texts] == ["r.txt"]


def test_recipe__a_comment_ends_with_its_line(read):
    """What follows a comment that ends in a backslash is read by uv, so that it belongs to the key as well."""
    found = read(
        {"r.txt": "# note \\\n-r other.txt\nbeta # x \\\n-r more.txt\nalpha\\\n==1\n", "other.txt": "", "more.txt": ""},
        requirements="r.txt",
    )

    assert [*found.texts] == ["r.txt", "other.txt", "more.txt"]


def test_recipe__all_files_together(read, monkeypatch):
    """Many files share one limit, and a file with many names is read once."""
    monkeypatch.setattr(asked, "LARGEST", 1_000)
    again = "".join(f"-r l{at}.txt\n" for at in range(20))
    found = read(
        {"r.txt": again, "x.txt": "a" * 500}, [(f"l{at}.txt", "x.txt") for at in range(20)], requirements="r.txt"
    )
    assert len(found.texts) == 2

    with pytest.raises(TrainingError, match="larger than"):
        read({"r.txt": "-r x.txt\n-r y.txt\n", "x.txt": "a" * 600, "y.txt": "b" * 600}, requirements="r.txt")


def test_recipe__settings_with_many_names(read, monkeypatch):
    """Settings that many folders share by links are read once, and count towards the limit of all."""
    monkeypatch.setattr(asked, "LARGEST", 2_000)
    shared = f'{PROJECT}[tool.uv]\nindex-url = "https://example.com/{"a" * 500}"\n'
    folders = ["a", "a/b", "a/b/c"]
    links = [(f"{each}/pyproject.toml", "../" * (each.count("/") + 1) + "x.toml") for each in folders]

    found = read({"x.toml": shared, "a/b/c/main.py": ""}, links, project="a/b/c")

    assert [*found.texts] == ["a/b/c/pyproject.toml", "x.toml [tool.uv]"]


def test_recipe__an_entry_that_is_no_text(read):
    """An entry in another encoding is shown as a report can hold it."""
    found = read({"r.txt": b"-e caf\xe9\n"}, requirements="r.txt")

    assert found.unknown.encode("utf-8") == b"-e caf\\udce9"


def test_recipe__requirements_elsewhere(read, tmp_path_factory):
    """An absolute path that `sandbox.read` opens is told to uv from where it runs."""
    folder = tmp_path_factory.mktemp("shared")
    (folder / "r.txt").write_text("alpha\n")
    root = tmp_path_factory.mktemp("root")
    found = asked.recipe(Environment(requirements=str(folder / "r.txt")), root, (root, folder), "`late`")

    command = uv.commands(root / "uv", found, root / "python", root / "venv")[1]
    assert (found.folder / command[command.index("--requirements") + 1]).resolve() == folder / "r.txt"


@pytest.mark.parametrize("request_", [DIGITS, "a" * 5_000, "~nobodyxx/python", "./a\0b", f"./{'a' * 300}", "a\0b"])
def test_named__is_none(tmp_path, request_):
    """An interpreter that cannot be named is not there."""
    assert (interpreters.wanted(request_), interpreters.named(request_, tmp_path, {"PATH": "/usr/bin"})) == (None, None)


def test_is_place__a_long_line():
    """A line of a hundred thousand spaces is looked at once, not a hundred thousand times."""
    assert places.is_place("a" + " " * 100_000 + "!@ x") is False


@pytest.mark.parametrize("log", ["\n" * 65_536, " " * 65_536, "hint:" + "\n " * 30_000])
def test_said__of_empty_lines(log):
    """A log of nothing but lines is read once."""
    assert uv.said(log).sentence
