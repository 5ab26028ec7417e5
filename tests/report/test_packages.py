"""What a report says of packages that differ between the two sides."""

from __future__ import annotations

import pytest

from mlci.report import folds, look
from mlci.results import Change, Difference


def change(name, before, after):
    """A package's two versions."""
    return Change(name=name, before=before, after=after)


@pytest.mark.parametrize(
    ("packages", "told"),
    [
        ((), ""),
        ((change("scikit-learn", "1.8.0", "1.9.1"),), "scikit-learn 1.8.0 → 1.9.1"),
        (
            (change("zstd", "1", "2"), change("scikit-learn", "1.8.0", "1.9.1")),
            "scikit-learn 1.8.0 → 1.9.1 (and 1 more package)",
        ),
        ((change("xgboost", "", "2.1"),), "xgboost added"),
        ((change("xgboost", "2.1", ""),), "xgboost removed"),
    ],
)
def test_packages__in_one_clause(packages, told):
    """The one that tells most, with both versions, and how many more there are."""
    assert str(look.packages(Difference(packages=packages))) == told


def test_changes__name_the_package_before_it_is_unfolded(make):
    """The title of what changed has the versions, so that nobody has to open it to see them."""
    results = make("worse")
    name, model = next(iter(results.models.items()))
    moved = Difference(packages=(change("scikit-learn", "1.8.0", "1.9.1"),))

    fold = folds.changes(results, model.model_copy(update={"difference": moved}))

    assert str(fold.answer).startswith("scikit-learn 1.8.0 → 1.9.1"), name
