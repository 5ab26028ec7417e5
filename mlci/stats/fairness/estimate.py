"""One fairness metric of rows that are counted: its values, and what is known of a gain."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from mlci.errors import UserError
from mlci.stats.confidence import Known, Unknown, normal_quantile
from mlci.stats.fairness import law
from mlci.stats.fairness.rates import RATES, Confusion
from mlci.stats.fairness.tables import Drawn, Table
from mlci.stats.interval import Estimate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlci.stats.fairness.tables import Rows
    from mlci.stats.metrics import FairnessMetric

    Array = NDArray[Any]

_FEW_CLUSTERS = "too few clusters in a group"


@dataclass(frozen=True, slots=True)
class Value:
    """One side's value of a fairness metric between `low` and `high`; None where it has none, and `note` says why."""

    value: float | None
    low: float | None
    high: float | None
    note: str = ""


@dataclass(frozen=True, eq=False)
class Counted:
    """Rows, their table, and what metrics keep for each other."""

    rows: Rows
    table: Table
    present: Array
    kept: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Rows) -> Counted:
        """Count the rows."""
        table = Table.of(rows)
        return cls(rows, table, table.present)

    @property
    def sides(self) -> int:
        """How many sides there are predictions of."""
        return len(self.rows.predictions)

    @property
    def drawn(self) -> Drawn:
        """Tables, drawn once for all metrics."""
        if "drawn" not in self.kept:
            self.kept["drawn"] = Drawn.of(self.rows, self.table)
        found: Drawn = self.kept["drawn"]
        return found

    def observed(self, metric: FairnessMetric, side: int) -> Array:
        """The rates that the metric is from, shape (rates, groups)."""
        confusion = Confusion.of(self.table.mass[self.present], side, self.sides)
        return np.stack([RATES[name][0](confusion) for name in metric.rates])

    def resampled(self, metric: FairnessMetric, side: int) -> law.Resampled:
        """The same, many times."""
        confusion = self.kept.get(f"confusion {side}")
        if confusion is None:
            confusion = self.kept[f"confusion {side}"] = Confusion.of(self.drawn.cells, side, self.sides)
        found = np.stack([RATES[name][0](confusion) for name in metric.rates])
        return law.Resampled(found, self.drawn.wider)

    def undefined(self, metric: FairnessMetric) -> str:
        """Why the metric has no value on these rows, whatever is predicted; empty where it has."""
        if self.rows.many and "multiclass" not in metric.tasks:
            raise UserError(
                f"'{metric.name}' is a metric of two classes, and the labels are of more.",
                hint="Of several classes, accuracy_score and zero_one_loss can be compared between groups.",
            )
        if not self.rows.n:
            return "no rows"
        if metric.form in ("difference", "ratio") and len(self.present) < 2:  # noqa: PLR2004 - two can differ
            return "only one group, so that there is nothing to compare"
        mass = self.table.mass[self.present]
        by_label = mass.sum(axis=tuple(range(2, mass.ndim)))
        for label, said in ((1, "positive"), (0, "negative")):
            if any(label in RATES[name][1] for name in metric.rates) and not (by_label[:, label] > 0).all():
                return f"a group without {said} rows"
        return ""

    def value(self, metric: FairnessMetric, side: int) -> tuple[float | None, str]:
        """A side's value, or None and why it has none."""
        if reason := self.undefined(metric):
            return None, reason
        observed = self.observed(metric, side)
        if metric.form == "ratio":
            greatest = observed.max(axis=1)
            if not (greatest > 0).all():
                return None, f"{metric.rates[int(greatest.argmin())]} is 0 in every group, so that there is no ratio"
            return float((observed.min(axis=1) / greatest).min()), ""
        return float(law.extreme(metric.form, observed)), ""


def paired(metric: FairnessMetric, both: Counted) -> Estimate:
    """Compare both sides on the same rows."""
    found = [both.value(metric, side) for side in (0, 1)]
    known = [value for value, _ in found if value is not None]
    n = both.rows.n
    if len(known) < len(found):
        return _unknown(metric, found, n)
    if both.rows.identical:
        return Estimate(
            gain=0.0,
            candidate=known[0],
            baseline=known[1],
            method="identical predictions",
            n=n,
            se=0.0,
            distribution=Known(0.0),
            note="both sides predict the same",
        )
    if not np.isfinite(both.drawn.wider).all():
        return _estimate(metric, known, n, "too few clusters", None)
    mine, theirs = (both.resampled(metric, side) for side in (0, 1))
    samples = [metric.sign * each for each in law.gains(metric.form, mine, theirs, paired=True)]
    clusters = ", by cluster" if both.rows.clusters is not None else ""
    return _estimate(metric, known, n, f"Bayesian bootstrap of the groups' joint tables{clusters}", samples)


def unpaired(metric: FairnessMetric, mine: Counted, theirs: Counted) -> Estimate:
    """Compare both sides on independent rows."""
    sides = (mine, theirs)
    found = [each.value(metric, 0) for each in sides]
    known = [value for value, _ in found if value is not None]
    n = mine.rows.n + theirs.rows.n
    if len(known) < len(found):
        return _unknown(metric, found, n)
    if not all(np.isfinite(each.drawn.wider).all() for each in sides):
        return _estimate(metric, known, n, "too few clusters", None)
    drawn = [each.resampled(metric, 0) for each in sides]
    draws = min(each.rates.shape[-1] for each in drawn)
    mine_drawn, theirs_drawn = (law.Resampled(each.rates[..., :draws], each.wider) for each in drawn)
    samples = [metric.sign * each for each in law.gains(metric.form, mine_drawn, theirs_drawn, paired=False)]
    return _estimate(metric, known, n, "Bayesian bootstrap of both sides' tables", samples)


def own(metric: FairnessMetric, side: Counted, confidence: float) -> Value:
    """One side's value with its interval."""
    value, note = side.value(metric, 0)
    if value is None:
        return Value(None, None, None, note)
    if not np.isfinite(side.drawn.wider).all():
        return Value(value, *metric.bounds, _FEW_CLUSTERS)
    known = law.Widest.of(law.own(metric.form, side.resampled(metric, 0)))
    tail = (1 - confidence) / 2
    low, high = known.quantile(tail), known.quantile(1 - tail)
    return Value(value, max(min(low, value), metric.bounds[0]), min(max(high, value), metric.bounds[1]))


def _estimate(metric: FairnessMetric, known: list[float], n: int, method: str, samples: list[Array] | None) -> Estimate:
    """An estimate from both values and samples of the gain; None: nothing is known of it."""
    reach = metric.bounds[1] - metric.bounds[0]
    distribution = Unknown(-reach, reach) if samples is None else law.Widest.of(samples)
    se = np.inf
    if samples is not None:
        arms = distribution.quantile(0.975) - distribution.quantile(0.025)
        se = arms / (2 * normal_quantile(0.975))
    return Estimate(
        gain=metric.sign * (known[0] - known[1]),
        candidate=known[0],
        baseline=known[1],
        method=method,
        n=n,
        se=se,
        distribution=distribution,
        bounds=(-reach, reach),
        note=_FEW_CLUSTERS if samples is None else "",
    )


def _unknown(metric: FairnessMetric, found: list[tuple[float | None, str]], n: int) -> Estimate:
    """An estimate without a gain."""
    reach = metric.bounds[1] - metric.bounds[0]
    return Estimate(
        gain=None,
        candidate=found[0][0],
        baseline=found[1][0],
        method="undefined",
        n=n,
        se=np.inf,
        distribution=Unknown(-reach, reach),
        note=next(reason for _, reason in found if reason),
    )
