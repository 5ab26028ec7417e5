from __future__ import annotations

import pytest

from mlci.report import look
from mlci.results import Change, ColumnChange, DatasetChange, Difference, FileChange


@pytest.fixture
def told(make):
    """The clues for a difference, without what is the same."""

    def first(difference, *, datasets=None, files=()):
        results = make("same")
        model = results.models["income"].model_copy(update={"difference": difference, "side": None})
        data = datasets or {"adult": results.datasets["adult"].model_copy(update={"change": None})}
        update = {"models": {"income": model}, "datasets": data, "files": files, "base": results.base}
        words = str(look.first(results.model_copy(update=update), model)).replace("\u00a0", " ")
        return words.removeprefix("What to look at first: ")

    return first


def change(name, before, after):
    """A change of a parameter, a feature or a package."""
    return Change(name=name, before=before, after=after)


@pytest.mark.parametrize(
    ("params", "files", "expected"),
    [
        ([change("max_depth", "None", "2")], ("pipeline.py",), "pipeline.py changed max_depth from none to 2."),
        ([change("max_depth", "None", "2")], (), "max_depth went from none to 2."),
        (
            [change("model__max_depth", "None", "2"), change("model__alpha", "0.1", "1.0")],
            ("a/fit.py", "data.sql"),
            "a/fit.py changed max_depth from none to 2 and alpha from 0.1 to 1.0; a/fit.py and data.sql changed.",
        ),
        (
            [change("prep__columns", "['a', 'b']", "['a', 'b', 'c', 'd']")],
            ("pipeline.py",),
            "pipeline.py added c and d to columns.",
        ),
        ([change("prep__columns", "['a', 'b']", "['b']")], ("pipeline.py",), "pipeline.py removed a from columns."),
        ([change("prep__columns", "['a', 'b']", "['b']")], (), "columns lost a."),
        ([change("prep__columns", "['a']", "['b']")], (), "in columns, a gave way to b."),
        (
            [
                change("steps", "['scaler', 'model']", "['bins', 'model']"),
                change("scaler", "StandardScaler", ""),
                change("scaler__with_mean", "True", ""),
                change("bins", "", "KBinsDiscretizer"),
                change("bins__n_bins", "", "5"),
            ],
            ("pipeline.py",),
            "pipeline.py replaced scaler by bins in steps.",
        ),
        ([change(f"p{i}", "1", "2") for i in range(5)], (), "p0 went from 1 to 2 and 4 more."),
    ],
)
def test_first__parameters(told, params, files, expected):
    """Parameters in the words of a reviewer: what was changed, added, removed or replaced."""
    assert told(Difference(params=tuple(params), files=files)) == expected


@pytest.mark.parametrize(
    ("difference", "expected"),
    [
        (
            Difference(winner=change("winner", "linear", "boosted"), params=(change("a", "1", "2"),)),
            "the winner is now boosted (linear on main).",
        ),
        (Difference(features_removed=("age",)), "age is no longer a feature."),
        (
            Difference(features_added=("a", "b"), features_removed=("c",)),
            "c is no longer a feature; a and b are new features.",
        ),
        (
            Difference(features_retyped=(change("age", "Int64", "String"),)),
            "the feature age went from Int64 to String.",
        ),
        (
            Difference(packages=(change("zstd", "1", "2"), change("scikit-learn", "1.5.0", "1.6.0"))),
            "scikit-learn went from 1.5.0 to 1.6.0 (and 1 more package).",
        ),
        (Difference(packages=(change("xgboost", "", "2.1"),)), "xgboost was added."),
        (Difference(files=("features.py", "model.py")), "features.py and model.py changed."),
    ],
)  # fmt: skip
def test_first__the_most_telling(told, difference, expected):
    """The winner before its parameters, features before packages, packages before files."""
    assert told(difference) == expected


def test_first__the_data(make, told):
    """Rows and columns of the model's own dataset."""
    columns = (ColumnChange(column="age", what="removed", before="Int64"),)
    moved = DatasetChange(status="changed", rows_before=44_010, columns=columns)
    data = make("same").datasets["adult"].model_copy(update={"change": moved})
    assert (
        told(Difference(), datasets={"adult": data})
        == "adult has 10 fewer rows than on main; in adult, age was removed."
    )


def test_first__the_diff_where_nothing_else_is_known(told):
    """Without any other difference, the files of the diff."""
    assert told(Difference(), files=(FileChange(path="x" * 90 + "/notes.md"),)).startswith("notes.md changed.")
