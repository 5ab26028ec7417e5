"""Profiles, against Polars' eager statistics."""

from __future__ import annotations

import polars as pl
import pytest

from mlci.data.profile import Profile, levels, profile


def test_profile__of_each_type(table):
    """Numbers have a mean and a spread of their finite values, texts have levels, and all have a share of nulls."""
    numbers = [float(i) for i in range(18)]
    frame = {
        "x": [*numbers, float("inf"), float("nan")],
        "few": [*[None] * 11, *[1] * 9],
        "s": ["ab"[i % 2] for i in range(20)],
        "t": pl.date_range(pl.date(2024, 1, 1), pl.date(2024, 1, 20), eager=True),
    }
    finite = pl.Series(numbers)
    assert profile(table(frame)) == {
        "x": Profile(nulls=0.05, mean=pytest.approx(finite.mean()), std=pytest.approx(finite.std())),
        "few": Profile(nulls=0.55),
        "s": Profile(nulls=0.0, levels=2),
        "t": Profile(nulls=0.0),
    }


def test_levels__of_the_columns_asked_for(table):
    """Levels are the different texts; nulls are none."""
    assert levels(table({"s": ["a", "b", "a", None], "t": ["x"] * 4}), ["s"]) == {"s": {"a", "b"}}
