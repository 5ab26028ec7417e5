"""The ledger: who holds the title, and who takes it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledgers import QUESTION, entry, ran

from mlci.baseline.ledger import best, entries_of, judged, parse, text_of
from mlci.errors import UserError


def test_entries_of__the_first_commit_holds_the_title():
    """A model that was never recorded is its own best."""
    (found,) = entries_of(ran(reference=False), ())

    assert found == entry("b", best=True, value=0.9, holdout="25 % of the rows")


@pytest.mark.parametrize(("status", "takes"), [("better", True), ("same", False), ("inconclusive", False)])
@pytest.mark.parametrize("same_as_base", [True, False])
def test_entries_of__the_title_goes_to_what_is_better_for_certain(status, takes, same_as_base):
    """A greater score alone does not take the title: else it would go to whoever was lucky."""
    (found,) = entries_of(ran(status=status, same_as_base=same_as_base), (entry(best=True),))

    assert found.best is takes


@pytest.mark.parametrize(("tries", "takes"), [(0, True), (1, True), (40, False)])
def test_entries_of__trying_often_is_paid_for(tries, takes):
    """What would be better for certain at the first try is not at the fortieth: somebody is lucky in forty."""
    others = [entry("c").model_copy(update={"commit": f"{at:040x}"}) for at in range(tries)]

    (found,) = entries_of(ran(status="better", low=0.007), (entry(best=True), *others))

    assert found.best is takes


def test_entries_of__a_commit_is_recorded_once():
    """A run that is repeated adds nothing."""
    assert entries_of(ran("a"), (entry("a"),)) == ()


def test_best__of_the_same_question():
    """A title that was won with another target, or by another model, says nothing."""
    entries = (
        entry("a", best=True),
        entry("b", best=True, question="price (regression)"),
        entry("c", model="other", best=True),
        entry("d"),
    )

    assert best(entries, "m", QUESTION) == entries[0]


def test_judged__counts_commits_of_one_holdout():
    """A holdout that is drawn anew begins to count anew."""
    entries = (
        entry("a", holdout="old"),
        entry("b", holdout="new"),
        entry("b", holdout="new"),
        entry("c", holdout="new"),
    )

    assert judged(entries, "m", "new") == 2


@given(st.lists(st.builds(entry, st.sampled_from("abc"), st.text(max_size=9), best=st.booleans())))
def test_parse__reads_what_was_written(entries):
    """What is written is read back."""
    assert parse(text_of(entries), "ledger") == tuple(entries)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("nonsense", r"Line 2 of the ledger .*: the line: Invalid JSON"),
        ('{"version": 2}', r"version: Input should be 1"),
        (text_of([entry()]).replace("a" * 40, "main"), "commit: String should match"),
    ],
)
def test_parse__what_is_no_entry(line, message):
    """A broken line is named by its number."""
    with pytest.raises(UserError, match=message):
        parse(f"{text_of([entry()])}{line}", "ledger.jsonl")
