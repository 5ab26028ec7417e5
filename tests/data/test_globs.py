from __future__ import annotations

import glob

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlci.data.globs import matching

NAMES = st.sampled_from(["a", "b", "c.csv", ".d", "e.csv"])
PARTS = st.sampled_from(["**", "*", "a", "*.csv", ".*", "?", "[ab]", "c.csv"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder for the trees of one module."""
    return tmp_path_factory.mktemp("trees")


@settings(max_examples=300, deadline=None)
@given(
    paths=st.lists(st.lists(NAMES, min_size=1, max_size=4), max_size=8),
    pattern=st.lists(PARTS, max_size=4),
    last=PARTS.filter(lambda part: part != "**"),  # at the end it means folders as well, and a dataset is files
)
def test_matching__is_globs_own_without_links(folder, paths, pattern, last):
    """Where no link is, it gives what Python's own glob gives."""
    root = folder / str(len(list(folder.iterdir())))
    root.mkdir()
    for path in paths:
        place = root.joinpath(*path)
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.touch()
        except OSError:  # a file stands where a folder is to be
            continue
    text = "/".join(["**", *pattern, last])

    found = matching(text, root)

    expected = {each.rstrip("/") for each in glob.glob(text, root_dir=root, recursive=True)} - {""}  # noqa: PTH207 - the reference
    assert {each.rstrip("/") for each in found} - {""} == expected


def test_matching__links_in_circles(tmp_path):
    """Links that lead back are followed once at most: two of them made two to the fortieth ways."""
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "x.csv").touch()
    for name in ("one", "two", "three"):
        (tmp_path / "deep" / name).symlink_to(tmp_path)

    assert matching("**/x.csv", tmp_path) == ["deep/x.csv"]


def test_matching__a_folder_behind_a_link(tmp_path):
    """A folder that lies elsewhere is read by its link."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "x.csv").touch()
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "link").symlink_to(tmp_path / "elsewhere")

    assert matching("here/**/*.csv", tmp_path) == ["here/link/x.csv"]
