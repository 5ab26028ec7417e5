"""False alarms and power: simulated pull requests, judged by mlci and by what teams use in its stead, on the same runs.

A pull request is a holdout of 2,000 rows in five slices of unequal size, and two models that were trained apart: of
the same skill where nothing has changed, the candidate's lower where it has become worse. Ten metrics gate on the whole
and on each slice: 60 hypotheses.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np
from populations import CORRELATED, Holdout, Population

from mlci.stats import estimate
from mlci.stats.decisions import status
from mlci.stats.metrics import METRICS
from mlci.stats.multiplicity import holm

if TYPE_CHECKING:
    from collections.abc import Iterable
    from concurrent.futures import Executor

    from numpy.typing import NDArray

    from mlci.stats.interval import Estimate

    Array = NDArray[Any]

GATES = [
    METRICS[name]
    for name in (
        "accuracy",
        "balanced_accuracy",
        "precision",
        "recall",
        "f1",
        "matthews_corrcoef",
        "roc_auc",
        "average_precision",
        "log_loss",
        "brier_score",
    )
]
ROWS = 2_000
SLICES = (0.40, 0.25, 0.15, 0.12, 0.08)
SKILL = 1.5
LOSSES = (0.05, 0.10, 0.15, 0.20, 0.30)  # of skill, in standard deviations of the noise
ALIKE = (0.2, 0.95)  # other parts of the noise's variance that both models share
MARGINS = (0.0, 0.01)
CONFIDENCE = 0.95
CHUNK = 20
ALONE = ("accuracy", "f1", "roc_auc", "log_loss")
"""Gates of which each is also judged as the only one."""

JUDGES = (
    "mlci, margin 0",
    "mlci, margin 0.01",
    "fixed threshold −0.01",
    "fixed threshold −0.005",
    "fixed threshold −0.01, no slices",
    "unpaired 95 % intervals",
    "paired 95 % intervals, no Holm",
)


@dataclass(frozen=True, slots=True)
class Piece:
    """Work of one process: some pull requests, at a loss of skill, whose models share a part of their noise."""

    loss: float
    shared: float
    start: int
    runs: int


def measure(pool: Executor, runs: int, fewer: int, *, losses: tuple[float, ...] = LOSSES) -> dict[str, Any]:
    """What the judges say at no loss, in `runs` runs; at each loss, and of models less and more alike, in `fewer`."""
    wanted = [(0.0, CORRELATED, runs), *((loss, CORRELATED, fewer) for loss in losses)]
    other = [(0.0, shared, fewer) for shared in ALIKE]
    pieces = {
        (loss, shared): [Piece(loss, shared, at, min(CHUNK, count - at)) for at in range(0, count, CHUNK)]
        for loss, shared, count in (*wanted, *other)
    }
    judged = {key: pool.map(_judge, some) for key, some in pieces.items()}
    true = dict(zip(losses, pool.map(_true, losses), strict=True)) | {0.0: [0.0] * len(GATES)}
    points = [
        _point(loss, shared, count, judged[loss, shared], true[loss]) for loss, shared, count in (*wanted, *other)
    ]
    return {"rows": ROWS, "slices": SLICES, "points": points[: len(wanted)], "alike": points[len(wanted) :]}


def _point(
    loss: float, shared: float, count: int, judged: Iterable[tuple[Array, Array, Array]], true: list[float]
) -> dict[str, Any]:
    """Of all runs at one loss, how many each judge fails."""
    failed, alone, gains = (np.concatenate(part) for part in zip(*judged, strict=True))
    return {
        "loss": loss,
        "shared": shared,
        "runs": count,
        "failed": {judge: int(failed[:, at].sum()) for at, judge in enumerate(JUDGES)},
        "failed_by_known_variance": int(_known(gains).sum()),
        "alone": {name: _alone(name, alone[:, at], gains, true) for at, name in enumerate(ALONE)},
    }


def _alone(name: str, failed: Array, gains: Array, true: list[float]) -> dict[str, float]:
    """One gate on the whole, beside the most powerful test that knows the variance of the gain."""
    at = [gate.name for gate in GATES].index(name)
    se = float(gains[:, at].std(ddof=1))
    best = NormalDist().cdf(-true[at] / se - NormalDist().inv_cdf((1 + CONFIDENCE) / 2))
    return {"gain": true[at], "se": se, "failed": int(failed.sum()), "best": best}


def _known(gains: Array) -> Array:
    """Whether any hypothesis falls by one-sided z tests at mlci's levels, given the gains' own standard deviations.

    Holm's first step decides whether anything is rejected: the least of k p values at a k-th of the level.
    """
    told = ~np.isnan(gains).any(axis=0)
    some = gains[:, told]
    z = some / np.maximum(some.std(axis=0, ddof=1), np.finfo(np.float64).tiny)
    limit = NormalDist().inv_cdf((1 - CONFIDENCE) / 2 / int(told.sum()))
    return np.asarray((z < limit).any(axis=1))


def _judge(piece: Piece) -> tuple[Array, Array, Array]:
    """Whether each judge fails each run, whether each lone gate does, and all gains."""
    failed, alone, gains = [], [], []
    for run in range(piece.start, piece.start + piece.runs):
        rng = np.random.default_rng([9, round(1000 * piece.loss), round(1000 * piece.shared), run])
        rows = population(piece.loss, piece.shared).draw(rng, ROWS)
        part = np.searchsorted(np.cumsum(SLICES), rng.random(ROWS)).clip(max=len(SLICES) - 1)
        cuts = [rows, *(_cut(rows, part == each) for each in range(len(SLICES)))]
        paired = [each for cut in cuts for each in _paired(cut, run)]
        unpaired = [each for cut in cuts for each in _unpaired(cut, run)]
        failed.append(_verdicts(paired, unpaired))
        names = [gate.name for gate in GATES]
        alone.append([_fails(paired[names.index(name)], CONFIDENCE, 0.0) for name in ALONE])
        gains.append([np.nan if each.gain is None else each.gain for each in paired])
    return np.array(failed), np.array(alone), np.array(gains)


def _verdicts(paired: list[Estimate], unpaired: list[Estimate]) -> list[bool]:
    """What each of `JUDGES` says."""
    mlci = []
    for margin in MARGINS:
        levels = holm(paired, [margin] * len(paired), CONFIDENCE)
        mlci.append(any(_fails(each, level, margin) for each, level in zip(paired, levels, strict=True)))
    gains = [0.0 if each.gain is None else each.gain for each in paired]
    z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    naive = any((each.gain or 0.0) + z * each.se < 0 for each in unpaired if each.gain is not None)
    return [
        *mlci,
        min(gains) < -0.01,
        min(gains) < -0.005,
        min(gains[: len(GATES)]) < -0.01,
        naive,
        any(_fails(each, CONFIDENCE, 0.0) for each in paired),
    ]


def _fails(found: Estimate, level: float, margin: float) -> bool:
    interval = found.interval(level)
    return found.gain is not None and status(interval.low, interval.high, margin) == "worse"


def _paired(rows: Holdout, seed: int) -> list[Estimate]:
    return estimate.paired_many(GATES, rows.y, rows.candidate, rows.baseline, n_classes=2, seed=seed)


def _unpaired(rows: Holdout, seed: int) -> list[Estimate]:
    """As if the two sides had scored different rows. Weights that hardly differ ask for standard errors alone."""
    weight = 1 + 1e-9 * (np.arange(len(rows.y)) % 2)
    return [
        estimate.unpaired(
            gate, rows.y, rows.candidate[gate.needs], rows.y, rows.baseline[gate.needs],
            candidate_weight=weight, baseline_weight=weight, n_classes=2, seed=seed,
        )
        for gate in GATES
    ]  # fmt: skip


def _true(loss: float) -> list[float]:
    """The true gains on the whole."""
    rows = population(loss).draw(np.random.default_rng([10, round(1000 * loss)]), 2_000_000)
    return [each.gain or 0.0 for each in _paired(rows, 0)]


def _cut(rows: Holdout, kept: Array) -> Holdout:
    mine, theirs = ({needs: said[kept] for needs, said in side.items()} for side in (rows.candidate, rows.baseline))
    return Holdout(rows.y[kept], mine, theirs)


def population(loss: float, shared: float = CORRELATED) -> Population:
    """Where pull requests come from; 30 % of the rows are positive."""
    return Population("pull request", "binary", (0.7, 0.3), (SKILL - loss, SKILL), shared)
