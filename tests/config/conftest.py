"""Configurations as text, small and whole."""

from __future__ import annotations

import pytest

SMALL = """\
version: 1
datasets:
  adult:
    path: data/adult.csv
models:
  income:
    dataset: adult
    target: income
    task: binary
    positive: ">50K"
    candidates:
      boosted: pipeline:boosted
    primary: roc_auc
    metrics: [accuracy]
    slices: [sex, {age: [25, 40, 60]}]
    gates:
      roc_auc: {min: 0.85, max_regression: 0.005}
      fit_seconds: {max_increase: 50%}
"""


@pytest.fixture
def small() -> str:
    """A small valid configuration."""
    return SMALL


@pytest.fixture
def write(tmp_path):
    """Write a configuration and return its folder."""

    def write(text: str, name: str = "mlci.yml"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path

    return write
