from __future__ import annotations

import pytest

from mlci.report import circumstances, holdouts, render, tables
from mlci.results import EnvironmentResult, Finding, WallResult

WHOLE = WallResult(user=True, files=True, network="namespace")
OPEN = WallResult(user=False, files=False, network="open")
ALLOWED = WallResult(user=False, files=None, network="allowed")


@pytest.fixture
def model(make):
    """A model both of whose sides have something changed."""

    def model(head=None, base=None):
        found = make("worse").models["income"]
        mine = found.side.model_copy(update=head or {})
        theirs = found.baseline.side.model_copy(update=head if base is None else base)
        baseline = found.baseline.model_copy(update={"side": theirs})
        return found.model_copy(update={"side": mine, "baseline": baseline})

    return model


def said(words):
    """A line as a reader hears it."""
    return str(words).replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("mine", "theirs", "expected"),
    [
        (
            WHOLE,
            WHOLE,
            "The code that trained ran as another user, without network, and could not read the datasets’ files.",
        ),
        (
            WHOLE.model_copy(update={"network": "filter"}),
            None,
            "The code that trained ran as another user, without network, and could not read the datasets’ files.",
        ),
        (
            WHOLE,
            OPEN,
            (
                "⚠️ The code that trained ran as mlci’s own user, with the network within reach, and could have read "
                "the datasets’ files, with the answers of the held-out rows."
            ),
        ),
        (
            ALLOWED,
            WHOLE,
            (
                "The code that trained ran as mlci’s own user, with the network (sandbox: {network: allow}), and could "
                "read the datasets’ files (sandbox: {files: allow})."
            ),
        ),
        (
            WHOLE,
            WHOLE.model_copy(update={"doors": ("/run/docker.sock",)}),
            (
                "⚠️ The code that trained ran as another user, without network, and could not read the datasets’ files. "
                "It could have left the wall through /run/docker.sock."
            ),
        ),
        (None, None, ""),
    ],
)
def test_walled__tells_of_the_side_that_could_do_more(model, mine, theirs, expected):
    """One line says what the code could do; results of an earlier version say nothing of it."""
    assert said(circumstances.walled(model({"wall": mine}, {"wall": theirs}))) == expected


@pytest.mark.parametrize(
    ("mine", "theirs", "expected"),
    [
        (None, None, ""),
        (True, True, "Reproducible: a second training with the same seed predicts the same on both sides."),
        (True, None, "Reproducible: a second training with the same seed predicts the same."),
        (
            False,
            True,
            "⚠️ Not reproducible: a second training with the same seed does not predict the same on this PR.",
        ),
        (
            False,
            False,
            "⚠️ Not reproducible: a second training with the same seed does not predict the same on this PR and main.",
        ),
    ],
)
def test_repeated__names_the_sides_that_are_not(model, mine, theirs, expected):
    """Where nobody looked, nothing is claimed."""
    found = model({"reproducible": mine}, {"reproducible": theirs})

    assert said(circumstances.repeated(found, "main")) == expected


def test_fold__of_the_holdout_says_both(model):
    """Whether the held-out rows were kept from the code belongs to what the holdout can tell."""
    lines = [said(each) for each in holdouts.fold(model({"reproducible": True}), "main").lines]

    assert [each.split()[0] for each in lines[-2:]] == ["The", "Reproducible:"]


def test_sides__environments(model):
    """Each side's kind, Python, number of packages, seed and threads."""
    project = EnvironmentResult(kind="project", python="3.11.7", key="k", packages={"numpy": "2.4.0"})
    rows = tables.sides(model({}, {"environment": project, "seed": 7})).rows

    assert [[said(cell) for cell in row.cells] for row in rows if said(row.cells[0]) == "environment"] == [
        ["environment", "from", "the project", "mlci’s own packages"],
        ["environment", "Python", "3.11.7", "3.11.7"],
        ["environment", "packages", "1", "3"],
        ["environment", "seed", "7", "0"],
        ["environment", "threads", "2", "2"],
    ]


def test_sides__another_python_stands_among_the_packages(model):
    """It is told once."""
    other = EnvironmentResult(kind="own", python="3.12.1")
    rows = tables.sides(model({}, {"environment": other})).rows

    assert [said(row.cells[1]) for row in rows if said(row.cells[0]) == "environment"] == [
        "from",
        "packages",
        "seed",
        "threads",
    ]


def test_terminal__says_what_did_not_hold(make, model):
    """A line where something did not, and none where all did."""
    finding = Finding(code="MLCI217", severity="info", message="Files were not walled off here.")
    results = make("worse")
    lacking = results.model_copy(update={"models": {"income": model({"wall": OPEN})}, "findings": (finding,)})

    assert "walled off" in render.terminal(lacking, color=False)
    assert not any(word in render.terminal(results, color=False) for word in ("walled", "without network", "MLCI217"))


@pytest.mark.parametrize("form", [render.markdown, render.html])
def test_reports__escape_what_a_stranger_says_of_an_environment(make, model, form):
    """Results of another job are data from a stranger."""
    hostile = EnvironmentResult(kind="own", python="<b>@all</b>", packages={"<i>x</i>": "1"})
    results = make("worse").model_copy(update={"models": {"income": model({"environment": hostile})}})

    assert "<b>@all" not in form(results)
    assert "<i>x" not in form(results)
