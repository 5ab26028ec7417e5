"""The rates that groups are compared by, as functions of tables of label × prediction.

Names, and 0 for a ratio of nothing, are those of `fairlearn.metrics` and `sklearn.metrics`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Confusion:
    """One side's weight of positive, truly positive, negative and falsely positive rows, each shape (groups, …)."""

    positive: Array
    true_positive: Array
    negative: Array
    false_positive: Array

    @classmethod
    def of(cls, cells: Array, side: int, sides: int) -> Confusion:
        """Add up the cells, shape (groups, label, a prediction of each side, …), over what other sides predict."""
        others = tuple(2 + other for other in range(sides) if other != side)
        cells = cells.sum(axis=others)
        return cls(cells[:, 1].sum(axis=1), cells[:, 1, 1], cells[:, 0].sum(axis=1), cells[:, 0, 1])


def _over(numerator: Array, denominator: Array) -> Array:
    """A ratio that is 0 over 0, as in scikit-learn."""
    return np.divide(numerator, denominator, out=np.zeros(numerator.shape), where=denominator > 0)


def _accuracy(t: Confusion) -> Array:
    return _over(t.true_positive + t.negative - t.false_positive, t.positive + t.negative)


def _recall(t: Confusion) -> Array:
    return _over(t.true_positive, t.positive)


def _specificity(t: Confusion) -> Array:
    return _over(t.negative - t.false_positive, t.negative)


RATES: dict[str, tuple[Callable[[Confusion], Array], frozenset[int]]] = {
    "selection_rate": (
        lambda t: _over(t.true_positive + t.false_positive, t.positive + t.negative),
        frozenset(),
    ),
    "true_positive_rate": (_recall, frozenset({1})),
    "true_negative_rate": (_specificity, frozenset({0})),
    "false_positive_rate": (lambda t: _over(t.false_positive, t.negative), frozenset({0})),
    "false_negative_rate": (lambda t: _over(t.positive - t.true_positive, t.positive), frozenset({1})),
    "accuracy_score": (_accuracy, frozenset()),
    "zero_one_loss": (lambda t: 1 - _accuracy(t), frozenset()),
    "balanced_accuracy_score": (lambda t: (_recall(t) + _specificity(t)) / 2, frozenset({0, 1})),
    "precision_score": (lambda t: _over(t.true_positive, t.true_positive + t.false_positive), frozenset({1})),
    "recall_score": (_recall, frozenset({1})),
    "f1_score": (
        lambda t: _over(2 * t.true_positive, t.positive + t.true_positive + t.false_positive),
        frozenset({1}),
    ),
}
"""Each rate as a function of a table, and the labels that a group has to have for it."""

MULTICLASS_RATES = ("accuracy_score", "zero_one_loss")
