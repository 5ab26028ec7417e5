"""The statistics of a comparison: metrics, intervals, decisions. `from mlci.stats import paired_interval`.

    metrics        the table of metrics, without NumPy
    public         `paired_interval`: labels, scores or probabilities of any type, checked and encoded
    estimate       the inner door: `paired`, `unpaired`, `point`, for arrays that are already encoded
    interval       what they return: an estimate with its intervals of all levels
    proportions    accuracy, recall, specificity
    counts         f1, precision and whatever else a confusion matrix holds
    losses         log_loss, brier_score and other means of a loss of each row
    calibration    expected_calibration_error, and the reliability diagram in numbers
    kink           what sizes that are near 0 ask of an interval
    smooth         root_mean_squared_error, r2
    ranks          roc_auc, average_precision
    influence      the interval of whatever is a mean of influence values
    fairness       Fairlearn's metrics of how alike groups are treated
    resampled      the bootstrap of metrics that only the user's own function knows
    confidence     confidence distributions, which hold the intervals of all levels
    decisions      better, same, worse or inconclusive
    multiplicity   Holm's procedure
    search         the slice that fell furthest, the looking paid for
    power          what a holdout can detect, and the rows that would
    condition      conditions on two models, in the language of ease.ml/ci
    size           how large a holdout has to be for a condition

The parts are imported when they are asked for: `import mlci.stats` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlci.stats.interval import Interval
    from mlci.stats.public import paired_interval

__all__ = ["Interval", "paired_interval"]


def __getattr__(name: str) -> object:
    if name == "paired_interval":
        from mlci.stats.public import paired_interval

        return paired_interval
    if name == "Interval":
        from mlci.stats.interval import Interval

        return Interval
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
