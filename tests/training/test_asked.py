"""What environments are made from: which files count, what changes a key, and which entries no file tells."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.config.environment import Environment as Asked
from mlci.errors import Location
from mlci.training import asked, environments, interpreters, places

FILES = {
    "requirements.txt": "-r lists/train.txt\n--constraint=lists/limits.txt\nalpha\n",
    "lists/train.txt": "beta==1 \\\n  --hash=sha256:00\n-rmore.txt\n",
    "lists/more.txt": "gamma  # ours\n",
    "lists/limits.txt": "alpha<2\n",
    "uv.toml": "prerelease = 'allow'\n",
}
PROJECT = {
    "pyproject.toml": '[project]\nname = "thing"\nversion = "1"\ndependencies = ["alpha"]\n',
    "uv.lock": 'version = 1\n[[package]]\nname = "thing"\nsource = { virtual = "." }\n',
    ".python-version": "3.11\n",
}
ASKED = {"requirements": Asked(requirements="requirements.txt"), "project": Asked(project=".")}
CONTENT = {"requirements": FILES, "project": PROJECT}


@pytest.fixture(scope="session")
def digest(tmp_path_factory):
    """The digest of a repository with some files."""
    folder = tmp_path_factory.mktemp("asked")

    def digest(files: dict[str, str], of: Asked) -> str:
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
        try:
            return asked.recipe(of, folder, (folder,), "`m`").digest
        finally:
            for name in files:
                (folder / name).unlink()

    return digest


@pytest.mark.parametrize("kind", ["requirements", "project"])
@given(data=st.data())
def test_digest__changes_with_every_file_and_with_nothing_else(digest, kind, data):
    """A character added to any file that counts changes the key; other files, and the same text again, do not."""
    files = CONTENT[kind]
    name = data.draw(st.sampled_from(sorted(files)))
    added = "#" + data.draw(st.text(string.ascii_letters + string.digits, max_size=5))
    at = data.draw(st.sampled_from(["", "\n"]))
    before = digest(files, ASKED[kind])

    assert digest({**files, name: f"{files[name]}{at}{added}\n"}, ASKED[kind]) != before
    assert digest({**files, "other.txt": added}, ASKED[kind]) == before


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (Asked(project="."), Asked(project=".", extras=("more",))),
        (Asked(project=".", extras=("more",)), Asked(project=".", groups=("more",))),
        (Asked(project="."), Asked(project=".", python="3.12")),
    ],
)
def test_digest__changes_with_what_the_configuration_says(digest, first, second):
    """Extras, groups and the version of Python are part of the key."""
    assert digest(PROJECT, first) != digest(PROJECT, second)


@given(texts=st.lists(st.text()), cut=st.integers(0, 5))
def test_digest__tells_where_a_text_ends(texts, cut):
    """What moves from one file to the next is another content."""
    joined = ["".join(texts[:cut]), *texts[cut:]] if cut else texts

    assert (asked.digest(joined) == asked.digest(texts)) == (joined == texts)


def test_key__changes_with_the_interpreter(tmp_path):
    """The same files with another Python are another environment."""
    (tmp_path / "requirements.txt").write_text("alpha\n")
    recipe = asked.recipe(ASKED["requirements"], tmp_path, (tmp_path,), "`m`")
    mine = interpreters.own()
    other = interpreters.Interpreter(mine.path, "3.99.0", mine.tag, mine.prefix)

    assert environments.key_of(recipe, mine) != environments.key_of(recipe, other)


@pytest.mark.parametrize(
    ("line", "is_known"),
    [
        ("alpha==1.0", True),
        ("alpha[more]>=1,<2 ; python_version < '4/5'", True),
        ("alpha @ https://example.com/alpha.whl", True),
        ("git+https://example.com/alpha.git@main", True),
        ("alpha@git+ssh://git@example.com/alpha", True),
        ("--index-url https://example.com/simple", True),
        ("--no-binary :all:", True),
        ("-e .", False),
        ("--editable=git+https://example.com/alpha.git", False),
        (".", False),
        ("./pkg[more]", False),
        ("pkg/alpha", False),
        ("/srv/alpha", False),
        ("~/alpha", False),
        ("alpha-1.0-py3-none-any.whl", False),
        ("alpha @ file:///srv/alpha", False),
        ("alpha@./pkg", False),
        ("file:pkg", False),
        ("git+file:///srv/alpha", False),
        ("${WHERE}/alpha", False),
        ("-f wheels", False),
        ("--find-links=./wheels", False),
        ("--index-url file:///srv/simple", False),
        ("-r https://example.com/requirements.txt", False),
        ("-r ${WHERE}.txt", False),
    ],
)
def test_requirements__entries_that_no_file_tells(tmp_path, line, is_known):
    """A folder, a file or a list from elsewhere: an environment with it is neither shared nor kept."""
    (tmp_path / "requirements.txt").write_text(f"# first\nbeta\n{line}\n")

    unknown = asked.recipe(ASKED["requirements"], tmp_path, (tmp_path,), "`m`").unknown

    assert unknown == ("" if is_known else line)


@pytest.mark.parametrize(
    ("added", "is_known"),
    [
        ("", True),
        ('[tool.uv]\nindex-url = "https://example.com/simple"\n', True),
        ('[tool.uv.sources]\nalpha = { git = "https://example.com/alpha" }\n', True),
        ('[tool.uv.sources]\nalpha = { path = "../alpha" }\n', False),
        ("[tool.uv.sources]\nalpha = { workspace = true }\n", False),
        ('[tool.uv]\nfind-links = ["wheels"]\n', False),
        ('[tool.uv.pip]\nfind-links = ["wheels"]\n', False),
        ('[[tool.uv.index]]\nname = "ours"\nurl = "./simple"\n', False),
        ('[dependency-groups]\ndev = ["beta @ file:///srv/beta", {include-group = "x"}]\n', False),
        ('[project.optional-dependencies]\nmore = ["./beta"]\n', False),
    ],
)
def test_project__entries_that_no_file_tells(tmp_path, added, is_known):
    """Sources and indexes on this machine count wherever uv reads them."""
    (tmp_path / "pyproject.toml").write_text(PROJECT["pyproject.toml"] + added)

    assert (asked.recipe(ASKED["project"], tmp_path, (tmp_path,), "`m`").unknown == "") is is_known


@pytest.mark.parametrize(
    ("document", "unknown"),
    [
        ({}, "a project whose build tells what it depends on"),
        ({"project": {"dynamic": ["version"], "dependencies": ["alpha"]}}, ""),
        ({"project": {"dynamic": ["dependencies"]}}, "dependencies that are dynamic"),
    ],
)
def test_project__dependencies_that_a_build_tells(document, unknown):
    """What a build computes stands in no file that the key knows."""
    assert places.of_project(document) == unknown


@pytest.mark.parametrize(
    ("source", "is_known"),
    [
        ('{ registry = "https://example.com/simple" }', True),
        ('{ editable = "." }', True),
        ('{ registry = "wheels" }', False),
        ('{ editable = "packages/a" }', False),
        ('{ directory = "vendor/a" }', False),
        ('{ path = "a.whl" }', False),
    ],
)
def test_lock__packages_that_are_folders(source, is_known):
    """The project itself is not installed; another folder's content stands in no lock."""
    document = places.toml(f'[[package]]\nname = "alpha"\nsource = {source}\n')

    assert places.of_lock(document, ".") == ("" if is_known else "alpha")


@pytest.mark.parametrize(
    "file", ['wheels = [{path = "a.whl"}]', 'archive = {path = "a.zip"}', 'directory = {path = "a"}']
)
def test_pylock__packages_that_are_files(tmp_path, file):
    """A pylock.toml tells of files by their paths."""
    (tmp_path / "pylock.toml").write_text(f'lock-version = "1.0"\n[[packages]]\nname = "alpha"\n{file}\n')

    assert asked.recipe(Asked(requirements="pylock.toml"), tmp_path, (tmp_path,), "`m`").unknown == "alpha"


def test_workspace__its_lock_is_that_of_a_member(tmp_path):
    """A member of a workspace is locked where the workspace is."""
    (tmp_path / "a").mkdir()
    (tmp_path / "pyproject.toml").write_text('[tool.uv.workspace]\nmembers = ["a"]\n')
    (tmp_path / "a" / "pyproject.toml").write_text(PROJECT["pyproject.toml"])
    (tmp_path / "uv.lock").write_text('version = 1\n[[package]]\nname = "thing"\nsource = { editable = "a" }\n')

    recipe = asked.recipe(Asked(project="a"), tmp_path, (tmp_path,), "`m`")

    assert (recipe.locked, recipe.name, recipe.unknown) == (True, "uv.lock", "")
    assert [*recipe.texts][:3] == ["a/pyproject.toml", "pyproject.toml", "uv.lock"]


def test_python__is_the_configurations_then_the_projects(tmp_path):
    """`python:` comes before .python-version, and both before requires-python."""
    (tmp_path / "pyproject.toml").write_text(PROJECT["pyproject.toml"] + 'requires-python = ">=3.10"\n')
    alone = asked.recipe(Asked(project="."), tmp_path, (tmp_path,), "`m`")
    (tmp_path / ".python-version").write_text("# pinned\n3.12\n")
    pinned = asked.recipe(Asked(project="."), tmp_path, (tmp_path,), "`m`")
    said = asked.recipe(Asked(project=".", python="3.11"), tmp_path, (tmp_path,), "`m`")

    assert [(each.python, each.requires) for each in (alone, pinned, said)] == [
        ("", ">=3.10"),
        ("3.12", ">=3.10"),
        ("3.11", ">=3.10"),
    ]


def test_includes__that_go_in_circles_end(tmp_path):
    """Two files that include each other are read once each."""
    (tmp_path / "requirements.txt").write_text("-r other.txt\n")
    (tmp_path / "other.txt").write_text("-r requirements.txt\nalpha\n")

    recipe = asked.recipe(ASKED["requirements"], tmp_path, (tmp_path,), "`m`")

    assert [*recipe.texts] == ["requirements.txt", "other.txt"]


def test_location__is_the_line_that_names_the_package(tmp_path):
    """Names are compared as indexes do; where no line names it, the file is the place."""
    (tmp_path / "requirements.txt").write_text("beta\nAlpha_Beta==2\n")
    recipe = asked.recipe(ASKED["requirements"], tmp_path, (tmp_path,), "`m`")

    assert recipe.told("Because you require alpha-beta==2") == Location("requirements.txt", 2)
    assert recipe.told("Because you require gamma") == Location("requirements.txt")
