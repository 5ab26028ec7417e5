"""Entries of a ledger, and runs that add to it."""

from __future__ import annotations

from mlci.baseline.ledger import Entry, question_of
from mlci.results import BaselineResult, Comparison, Holdout, ModelResult, ReferenceResult, Results

QUESTION = question_of("late", "binary", "yes")


def sha(letter):
    """A commit."""
    return letter * 40


def entry(commit="a", model="m", **more):
    """An entry."""
    return Entry(**{"model": model, "commit": sha(commit), "question": QUESTION, "metric": "roc_auc", **more})


def ran(commit="b", status="same", *, reference=True, same_as_base=False, low=0.012):
    """A run on the base branch, whose model `m` was compared with the best commit; `low` is where it is better."""
    gains = {"gain": 0.02, "low": low, "high": 0.04 - low} if status == "better" else {"gain": 0.0}
    compared = Comparison(metric="roc_auc", rows=9, candidate=0.9, status=status, **gains)
    against = ReferenceResult(name="best", same_as_base=same_as_base, comparisons=() if same_as_base else (compared,))
    result = ModelResult(
        verdict="pass",
        dataset="d",
        task="binary",
        target="late",
        positive="yes",
        primary="roc_auc",
        winner="a",
        holdout=Holdout(rows=9, train_rows=9, how="25 % of the rows"),
        baseline=BaselineResult(source="retrained"),
        comparisons=(compared,),
        references=(against,) if reference else (),
    )
    return Results(mlci="1", verdict="pass", head={"sha": sha(commit)}, models={"m": result})
