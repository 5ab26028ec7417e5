"""The sentence for columns that the table lacks."""

from __future__ import annotations

import pytest

from mlci.expectations.absent import GUESSED, SHOWN, _nearest, absent


def test_absent__none():
    """Nothing is said where all columns are there."""
    assert not absent(["a", "b"], ["b", "a", "c"])


@pytest.mark.parametrize("columns", [[], [f"column {at}" for at in range(1000)]])
def test_absent__guess(columns):
    """The nearest name is guessed, however wide the table is."""
    said = absent(["amuont", "wholly else"], [*columns, "amount"])
    assert said == "columns `amuont`, `wholly else` are not in the data (did you mean 'amount'?)"


def test_absent__few_are_compared():
    """Of a wide table few names are compared letter by letter, and long ones never."""
    assert len(_nearest("column 7x", [f"column {at}" for at in range(1000)])) == GUESSED
    assert _nearest("x" * (SHOWN + 1), ["x" * SHOWN]) == []
    assert _nearest("x", ["x" * (SHOWN + 1)]) == []


def test_absent__half_of_a_character():
    """A name that cannot be written is shown by its number."""
    assert absent(["\ud800"], []) == "column `\\ud800` is not in the data"
