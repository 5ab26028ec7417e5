from __future__ import annotations

import pytest

from mlci.difference import difference
from mlci.results import EnvironmentResult, Side


def side(packages=None, python="3.11.7", kind="requirements", **installed):
    """A winner with what it loaded, and what was installed beside it; underscores in names are hyphens."""
    names = {name.replace("_", "-"): version for name, version in installed.items()}
    environment = EnvironmentResult(kind=kind, python=python, packages=names)
    return Side(winner="w", train_rows=8, packages=packages or {}, environment=environment)


def packages(candidate, baseline):
    """What of the packages differs, as a reader says it."""
    found = difference(candidate, baseline).packages
    return [f"{each.name} {each.before or '-'} → {each.after or '-'}" for each in found]


def test_packages__what_was_loaded_stands_first():
    """Of the rest of an environment, only what differs is told, and nothing twice."""
    candidate = side({"python": "3.12.1", "scikit-learn": "1.9.1"}, "3.12.1", scikit_learn="1.9.1", zlib="2", same="1")
    baseline = side({"python": "3.11.7", "scikit-learn": "1.8.0"}, "3.11.7", scikit_learn="1.8.0", zlib="1", same="1")

    assert packages(candidate, baseline) == ["python 3.11.7 → 3.12.1", "scikit-learn 1.8.0 → 1.9.1", "zlib 1 → 2"]


def test_packages__of_a_command_are_those_of_its_environment():
    """A command does not tell what it loads."""
    assert packages(side(torch="2.9.0", new="1"), side(torch="2.8.0", old="1", python="3.10.2")) == [
        "python 3.10.2 → 3.11.7",
        "torch 2.8.0 → 2.9.0",
        "old 1 → -",
        "new - → 1",
    ]


def test_packages__of_environments_of_two_kinds():
    """All that mlci's own environment has beside is no difference of the model's."""
    assert packages(side(numpy="2.4.0"), side(kind="own", numpy="2.3.0", rich="15")) == ["numpy 2.3.0 → 2.4.0"]


@pytest.mark.parametrize("loaded", ["typing_extensions", "Typing.Extensions", "typing-extensions"])
def test_packages__are_one_by_any_spelling(loaded):
    """Metadata and resolvers spell names differently."""
    candidate = side({loaded: "4.16"}, typing_extensions="4.16")
    baseline = side({loaded: "4.15"}, typing_extensions="4.15")

    assert packages(candidate, baseline) == [f"{loaded} 4.15 → 4.16"]


def test_packages__of_results_that_do_not_know_environments():
    """Results of an earlier version tell what was loaded."""
    mine, theirs = (Side(winner="w", train_rows=8, packages={"numpy": version}) for version in ("2", "1"))

    assert packages(mine, theirs) == ["numpy 1 → 2"]
