"""Published figures and mlci's own: DeLong's data, Tango's and Newcombe's intervals, Holm's procedure."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from mlci.stats import estimate
from mlci.stats.confidence import Student
from mlci.stats.interval import Estimate
from mlci.stats.metrics import METRICS
from mlci.stats.multiplicity import holm
from mlci.stats.proportions import IndependentProportions, PairedProportions, tango_limit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

OVARIAN = """
3.0 5.8 10 0  3.2 6.3 5 1  3.9 6.8 3 1  2.8 4.8 6 0  3.2 5.8 3 1  0.9 4.0 5 0  2.5 5.7 8 0  1.6 5.6 5 1  3.8 5.7 5 1
3.7 6.7 6 1  3.2 5.4 4 1  3.8 6.6 6 1  4.1 6.6 5 1  3.6 5.7 5 1  4.3 7.0 4 1  3.6 6.7 4 0  2.3 4.4 6 1  4.2 7.6 4 0
4.0 6.6 6 0  3.5 5.8 6 1  3.8 6.8 7 1  3.0 4.7 8 0  4.5 7.4 5 1  3.7 7.4 5 1  3.1 6.6 6 1  4.1 8.2 6 1  4.3 7.0 5 1
4.3 6.5 4 1  3.2 5.1 5 1  2.6 4.7 6 1  3.3 6.8 6 0  1.7 4.0 7 0  3.7 6.1 5 1  3.3 6.3 7 1  4.2 7.7 6 1  3.5 6.2 5 1
2.9 5.7 9 0  2.1 4.8 7 1  2.8 6.2 8 0  4.0 7.0 7 1  3.3 5.7 6 1  3.7 6.9 5 1  3.6 6.6 5 1
"""
"""Albumin, total protein, K-G score (less is better) and outcome of 43 patients: DeLong, DeLong and Clarke-Pearson
1988, Biometrics 44:837-845, as printed in the SAS/STAT user's guide, "Comparing Receiver Operating Characteristic
Curves"."""

TANGO = (
    (0, 1, 44, 0.90, (-0.096, 0.037), 3, "Tango 1998, soft contact lenses"),
    (9, 3, 32, 0.95, (-0.027, 0.390), 3, "Tango 1998, after Newcombe (as the tests of R's ratesci quote it)"),
    (1, 7, 21, 0.95, (-0.517, -0.026), 3, "Fagerland, Lydersen and Laake 2014, airway hyper-responsiveness"),
    (16, 8, 86, 0.95, (-0.020, 0.207), 3, "Agresti and Min 2005"),
    (28, 25, 618, 0.90, (-0.0148, 0.0247), 4, "R's PropCIs, scoreci.mp(25, 28, 618, 0.90)"),
)
"""Pairs that one side alone has right, that the other has, all pairs, confidence, limits, digits, source."""


def rows() -> list[dict[str, Any]]:
    """Reference and own figures: what, source, both as text, and whether they agree to the digits that are printed."""
    return [*_delong(), *_tango(), *_newcombe(), *_holm()]


def _delong() -> list[dict[str, Any]]:
    """Areas, and standard errors of their differences, beside the paper's sums over all pairs, in exact fractions."""
    data = np.array(OVARIAN.split(), dtype=np.float64).reshape(-1, 4)
    y = data[:, 3].astype(int)
    scores = {"albumin": data[:, 0], "total protein": data[:, 1], "K-G score": 10 - data[:, 2]}
    found = []
    for mine, theirs in (("albumin", "K-G score"), ("total protein", "K-G score"), ("albumin", "total protein")):
        gain, variance = _by_pairs(y, scores[mine], scores[theirs])
        own = estimate.paired(METRICS["roc_auc"], y, scores[mine], scores[theirs])
        plain = _plain(y, scores[mine], scores[theirs])
        found.append(
            _row(
                f"DeLong: roc_auc, {mine} − {theirs}: difference, standard error",
                "DeLong, DeLong and Clarke-Pearson 1988, data and equations 2-6",
                (float(gain), float(variance) ** 0.5),
                (own.gain or 0.0, plain),
                digits=12,
                note=f"mlci's interval for so few rows is wider: its standard error is {own.se:.4f}",
            )
        )
    return found


def _plain(y: Array, mine: Array, theirs: Array) -> float:
    """The standard error from mlci's influence values alone, before rows that were not seen are allowed for."""
    from mlci.stats import ranks
    from mlci.stats.sides import Side

    # the inner function is what is on trial
    influence = [ranks._influence(METRICS["roc_auc"], Side.of(y, score))[1] for score in (mine, theirs)]  # noqa: SLF001 - as above
    values = influence[0] - influence[1]
    parts = [(values[y == code], np.count_nonzero(y == code)) for code in (0, 1)]
    return float(np.sqrt(sum(part.var(ddof=1) * (count / len(y)) ** 2 / count for part, count in parts)))


def _by_pairs(y: Array, mine: Array, theirs: Array) -> tuple[Fraction, Fraction]:
    """The difference of two areas and DeLong's variance of it, from every pair of a positive and a negative row."""

    def kernel(score: Array) -> list[list[Fraction]]:
        positives, negatives = score[y == 1], score[y == 0]
        return [[Fraction(int(a > b) * 2 + int(a == b), 2) for b in negatives] for a in positives]

    first, second = kernel(mine), kernel(theirs)
    m, n = len(first), len(first[0])
    change = [[first[i][j] - second[i][j] for j in range(n)] for i in range(m)]
    gain = sum((change[i][j] for i, j in product(range(m), range(n))), Fraction(0)) / (m * n)
    by_positive = [sum(row, Fraction(0)) / n for row in change]
    by_negative = [sum((change[i][j] for i in range(m)), Fraction(0)) / m for j in range(n)]
    variance = Fraction(0)
    for values in (by_positive, by_negative):
        count = len(values)
        variance += sum(((each - gain) ** 2 for each in values), Fraction(0)) / (count - 1) / count
    return gain, variance


def _tango() -> list[dict[str, Any]]:
    found = []
    for b, c, n, level, limits, digits, source in TANGO:
        tail = (1 - level) / 2
        own = tango_limit(b, c, n, tail), tango_limit(b, c, n, 1 - tail)
        used = PairedProportions(b, c, n)
        ends = used.quantile(tail), used.quantile(1 - tail)
        note = ""
        if b + c < 50:
            note = f"for so few discordant pairs, mlci reports the exact test's {_text(ends, digits)}"
        what = f"Tango: {b} and {c} of {n} pairs, {level:.0%}"
        found.append(_row(what, source, limits, own, digits=digits, note=note))
    return found


def _newcombe() -> list[dict[str, Any]]:
    found = IndependentProportions(56, 70, 48, 80)
    own = found.quantile(0.025), found.quantile(0.975)
    source = "Newcombe 1998, method 10, example a"
    return [_row("Newcombe: 56/70 − 48/80, 95 %", source, (0.0524, 0.3339), own, digits=4)]


def _holm() -> list[dict[str, Any]]:
    """Which hypotheses fall, beside Holm's step-down rule on p values, over random families."""
    rng = np.random.default_rng(0)
    same = 0
    for _ in range(1_000):
        z = rng.normal(-1.5, 1.5, rng.integers(1, 15))
        family = [_known(float(each)) for each in z]
        levels = holm(family, [0.0] * len(family), 0.95)
        fallen = {at for at, each in enumerate(family) if each.interval(levels[at]).high < 0}
        same += fallen == _step_down(z)
    return [
        _row("Holm: families of which the same hypotheses fall", "Holm 1979, step-down", (1000,), (same,), digits=0)
    ]


def _known(z: float) -> Estimate:
    return Estimate(
        gain=z, candidate=z, baseline=0.0, method="", n=1, se=1.0, distribution=Student(z, 1.0, float("inf"))
    )


def _step_down(z: Array) -> set[int]:
    """The least of k p values at 2.5 % / k, the next at 2.5 % / (k − 1), and so on until one stands; one-sided."""
    from scipy.special import ndtr

    fallen: set[int] = set()
    for rank, at in enumerate(np.argsort(z).tolist()):
        if float(ndtr(z[at])) >= 0.025 / (len(z) - rank):
            break
        fallen.add(at)
    return fallen


def _row(  # noqa: PLR0913 - a row of a table
    what: str, source: str, reference: tuple[float, ...], own: tuple[float, ...], *, digits: int, note: str = ""
) -> dict[str, Any]:
    shown = min(digits, 6)
    agree = all(abs(a - b) <= 0.5 * 10.0**-digits + 1e-12 for a, b in zip(reference, own, strict=True))
    return {
        "what": what,
        "source": source,
        "reference": _text(reference, shown),
        "own": _text(own, shown),
        "digits": digits,
        "agree": agree,
        "note": note,
    }


def _text(values: tuple[float, ...], digits: int) -> str:
    return ", ".join(f"{each:.{digits}f}".replace("-", "−") for each in values)
