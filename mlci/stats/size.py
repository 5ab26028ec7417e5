"""How large a holdout has to be for a condition, a reliability, and the number of commits that it is to judge.

Distribution-free sizes are those of ease.ml/ci: Renggli, Karlaš, Ding, Liu, Schawinski, Wu and Zhang, Continuous
Integration of Machine Learning Models with ease.ml/ci, MLSys 2019. With delta = 1 - reliability and H commits, every
test may err with the chance delta / H where nobody learns a verdict, or where the holdout is replaced after the first
pass (section 3.4), and delta / 2^H where every verdict is told (section 3.3): so many different histories there are.
Beside them stands what a paired comparison of the same rows needs, which is all that mlci ever makes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from mlci.errors import UserError
from mlci.stats.confidence import normal_quantile

if TYPE_CHECKING:
    from mlci.stats.condition import Clause, Condition

Adaptivity = Literal["none", "full", "first"]

LEVEL, POWER = 0.95, 0.8  # of one run: what a report calls noticed four times out of five
FEW = 50  # rows of disagreement below which the normal approximation is rough, and mlci's intervals are exact

_MOST_COMMITS = 10**6
_MOST_ROWS = 10**15
_SMALL = 1e-3  # below it, a series: the difference of two almost equal numbers would lose digits


@dataclass(frozen=True, slots=True, kw_only=True)
class ClauseSize:
    """The rows that one clause of a condition needs, distribution-free; `labelled` where they need labels."""

    clause: Clause
    rows: int
    labelled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounded:
    """The sizes where one clause bounds d and another is on n - o (ease.ml/ci's pattern 1, section 4.1).

    Attributes:
        disagreement: The share of disagreement that the first step ascertains: the bound and twice its error.
        unlabelled: Rows of the first step; they need no labels.
        rows: Rows of the second step.
        labels: Of these, the rows on which the two models of a commit differ, at most; only they need a label.
    """

    disagreement: float
    unlabelled: int
    rows: int
    labels: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is asked, and the distribution-free answer.

    Attributes:
        condition: What the models are to fulfil.
        reliability: The probability that no verdict on any of the commits is wrong, in the direction that is tested.
        commits: How many commits one holdout judges.
        adaptivity: Who learns the verdicts: `none`, `full`, or `first`, everybody until the first pass.
        rows: The largest of the clauses' sizes.
        clauses: The size of each clause.
        bounded: The sizes in two steps, where one clause bounds d and another is on n - o.
        surprise: ln(1 / chance), with the chance that one clause on one commit may be judged wrongly.
    """

    condition: Condition
    reliability: float
    commits: int
    adaptivity: Adaptivity
    rows: int
    clauses: tuple[ClauseSize, ...]
    bounded: Bounded | None
    surprise: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """The rows with labels that a paired comparison needs where two models differ on a share `disagreement` of rows.

    Attributes:
        disagreement: The share of rows on which the two models predict differently.
        proven: Rows that are proven to do while they differ on no more than that (Bennett).
        rows: Rows at which the interval of an unchanged model reaches no further than the error (Tango, normal).
        noticed: Rows at which one run notices a miss as large as the error: 95 % confidence, 80 % power (normal).
    """

    disagreement: float
    proven: int
    rows: int
    noticed: int

    def rough(self, rows: int) -> bool:
        """Whether so many rows hold fewer than `FEW` rows of disagreement."""
        return rows * self.disagreement < FEW


def distribution_free(condition: Condition, *, reliability: float, commits: int, adaptivity: Adaptivity) -> Plan:
    """The rows that estimate every expression of a condition to within its error, whatever the data are.

    A clause needs (sum of its m factors)² · ln(m · k · tests / delta) / (2 error²) rows, by Hoeffding's inequality:
    the k clauses and the m variables of each share delta evenly, the variables the error in proportion to their
    factors (section 3.1; there a variable's share of the error is to be optimised, and this is the optimum).

    Raises:
        UserError: the reliability is not between 0 and 1, there is no commit or more than a million, the adaptivity
            has another name, or more than 10^15 rows would be needed.
    """
    surprise = _surprise(reliability, commits, adaptivity) + math.log(len(condition.clauses))
    sizes = tuple(
        ClauseSize(clause=clause, rows=_hoeffding(clause, surprise), labelled=clause.labelled)
        for clause in condition.clauses
    )
    return Plan(
        condition=condition,
        reliability=reliability,
        commits=commits,
        adaptivity=adaptivity,
        rows=max(size.rows for size in sizes),
        clauses=sizes,
        bounded=_bounded(sizes, surprise),
        surprise=surprise,
    )


def paired(plan: Plan, disagreement: float) -> Paired:
    """What the clauses that need labels, or where none does all of them, need for one share of disagreement.

    Raises:
        UserError: the disagreement is not above 0 and at most 1, or more than 10^15 rows would be needed.
    """
    if not 0 < disagreement <= 1:
        raise UserError(
            f"The disagreement is {disagreement}, and has to be above 0 and at most 1.",
            hint="Write the share of rows on which the models differ, as in --disagreement 0.1.",
        )
    clauses = [each for each in plan.condition.clauses if each.labelled] or list(plan.condition.clauses)
    arm = two_sided(plan.surprise)
    reach = normal_quantile((1 + LEVEL) / 2) + normal_quantile(POWER)
    return Paired(
        disagreement=disagreement,
        proven=max(_proven(clause, disagreement, plan.surprise) for clause in clauses),
        rows=max(_rows(arm**2 * _width(clause, disagreement)) for clause in clauses),
        noticed=max(_rows(reach**2 * _variance(clause, disagreement) / clause.error**2) for clause in clauses),
    )


def bennett(error: float, disagreement: float, surprise: float) -> int:
    """The rows that estimate n - o to within an error, both ways, where the models differ on no more than a share.

    n >= (surprise + ln 2) / (p h(error / p)) with h(u) = (1 + u) ln(1 + u) - u: Bennett's inequality for values
    between -1 and 1 whose square has a mean of at most p (Renggli et al. 2019, proposition 1 and section 4.1).
    `surprise` is the logarithm of 1 / (the chance that the estimate may be off).
    """
    u = error / disagreement
    series = u * u * (1 / 2 - u * (1 / 6 - u * (1 / 12 - u / 20)))
    h = series if u < _SMALL else (1 + u) * math.log1p(u) - u
    return _rows((surprise + math.log(2)) / disagreement / h if h else math.inf)


def two_sided(surprise: float) -> float:
    """The standard normal quantile that is exceeded, either way, with the chance exp(-surprise); small ones keep."""
    from scipy.special import ndtri_exp

    return -float(ndtri_exp(-surprise - math.log(2)))


def bound(clause: Clause) -> tuple[float, float] | None:
    """The largest d and its error, where a clause is an upper bound of d; otherwise None."""
    if clause.labelled or (clause.d > 0) == clause.above:
        return None
    return clause.threshold / clause.d, clause.error / abs(clause.d)


def _surprise(reliability: float, commits: int, adaptivity: Adaptivity) -> float:
    """ln(tests / delta); the number of tests itself may be beyond any float."""
    if not 0 < reliability < 1:
        raise UserError(
            f"The reliability is {reliability}, and has to be between 0 and 1.", hint="Write it as in 0.9999."
        )
    if not 1 <= commits <= _MOST_COMMITS:
        raise UserError(
            f"The number of commits is {commits}, and has to be between 1 and a million.",
            hint="Say how many commits one holdout is to judge, as in --commits 32.",
        )
    if adaptivity not in get_args(Adaptivity):
        raise UserError(f"There is no adaptivity '{adaptivity}'.", hint="Choose none, full or first.")
    tests = commits * math.log(2) if adaptivity == "full" else math.log(commits)
    return tests - math.log1p(-reliability)


def _hoeffding(clause: Clause, surprise: float) -> int:
    ratio = sum(map(abs, clause.factors)) / clause.error
    return _rows(ratio * ratio * (surprise + math.log(len(clause.factors))) / 2)


def _proven(clause: Clause, disagreement: float, surprise: float) -> int:
    if not clause.difference:
        return _hoeffding(clause, surprise)
    return bennett(clause.error / abs(clause.n), disagreement, surprise)


def _bounded(sizes: tuple[ClauseSize, ...], surprise: float) -> Bounded | None:
    bounds = [(found, size.rows) for size in sizes if (found := bound(size.clause))]
    rest = [size.clause for size in sizes if size.labelled]
    if not bounds or not any(clause.difference for clause in rest):
        return None
    (most, error), unlabelled = min(bounds)
    disagreement = most + 2 * error
    if not 0 < disagreement < 1:
        return None
    rows = max(_proven(clause, disagreement, surprise) for clause in rest)
    only = all(clause.difference for clause in rest)
    labels = math.ceil(rows * disagreement) if only else rows
    return Bounded(disagreement=disagreement, unlabelled=unlabelled, rows=rows, labels=labels)


def _width(clause: Clause, disagreement: float) -> float:
    """The rows at which an unchanged model's interval reaches as far as the error, for a normal quantile of 1.

    Of n - o by Tango's score interval (1998, equation 12): with as many rows that one side alone has right as the other
    alone, the chance q that the old model alone is right, given a gain of g, solves a quadratic equation free of n.
    """
    if not clause.difference:
        return _variance(clause, disagreement) / clause.error**2
    g = clause.error / abs(clause.n)
    if g >= 1:
        return 0.0
    linear = 2 * g - disagreement
    free = disagreement * g * (1 - g)
    root = math.sqrt(linear * linear + 4 * free)
    q = (root - linear) / 4 if linear <= 0 else free / (root + linear)
    return (2 * q + g * (1 - g)) / (g * g)


def _variance(clause: Clause, disagreement: float) -> float:
    """The largest variance of a row's value, for a share of rows on which the two models differ.

    Of one variable, which is a share: that of the share nearest to a half within the error of the threshold. Of more:
    the mean square distance from (n + o) / 2 factors, which is exact for n - o without a gain.
    """
    if len(clause.factors) == 1:
        factor = clause.factors[0]
        share, error = clause.threshold / factor, clause.error / abs(factor)
        nearest = min(max(0.5, share - error), share + error)
        return factor**2 * nearest * (1 - nearest)
    alike, apart = abs(clause.n + clause.o) / 2, abs(clause.n - clause.o) / 2
    return (1 - disagreement) * alike**2 + disagreement * (max(alike, apart) + abs(clause.d)) ** 2


def _rows(value: float) -> int:
    if not value < _MOST_ROWS:
        raise UserError("The condition would need more than 10^15 rows.", hint="Allow a larger error behind `+/-`.")
    return max(1, math.ceil(value))
