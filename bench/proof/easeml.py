"""Distribution-free sizes of holdouts beside those of ease.ml/ci (Renggli et al., MLSys 2019, arXiv:1903.00278).

What is published, and where it was read:

- two sizes in the paper as the proceedings have it (proceedings.mlsys.org, section 4.1);
- the other sizes of the paper's sections 1, 3.3, 4.1 and 5.2 in a translation of it (zhuanlan.zhihu.com/p/581822019 and
  p/581384885). The paper drops what is behind a thousand, or behind the point, and rounds 6,279 up;
- one in the notebook of the authors' repository (github.com/easeml/ci, `notebooks/SimpleSampleCalculation.ipynb`);
- the table of the paper's figure 2 is an image in all of them. The answers to its questions are those of the authors'
  own program (`SampleCalculator` in that repository, commit 7f6b051), which was run for them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from mlci.stats.condition import parse
from mlci.stats.size import bennett, distribution_free

if TYPE_CHECKING:
    from mlci.stats.size import Adaptivity

PAPER, TRANSLATION = "the paper", "the paper, in translation"
NOTEBOOK, PROGRAM = "the authors' notebook", "the authors' program"

PUBLISHED: tuple[tuple[str, float, int, Adaptivity, int, int, str], ...] = (
    ("n > 0.8 +/- 0.01", 0.9999, 1, "none", 46_000, 1000, TRANSLATION),
    ("n > 0.8 +/- 0.01", 0.9999, 32, "none", 63_000, 1000, TRANSLATION),
    ("n > 0.8 +/- 0.01", 0.9999, 32, "full", 156_000, 1000, TRANSLATION),
    ("n > 0.8 +/- 0.05", 0.9999, 32, "full", 6_279, 1, TRANSLATION),
    ("n > 0.8 +/- 0.01", 0.9999, 32, "full", 156_955, 1, TRANSLATION),
    ("n - o > 0.02 +/- 0.02", 0.998, 7, "none", 44_268, 1, TRANSLATION),
    ("n - o > 0.02 +/- 0.02", 0.998, 7, "full", 58_000, 1000, TRANSLATION),
    ("n - o > 0.1 +/- 0.1", 0.99, 32, "full", 5_496, 1, NOTEBOOK),
)
"""Condition, reliability, commits, adaptivity, size, the unit it is told in, source."""

BENNETT: tuple[tuple[str, float, float, float, int, int, str], ...] = (
    ("32 commits, none, d < 0.1", 0.01, math.log(2 * 32 / 0.0001), 1.0, 29_000, 1000, PAPER),
    ("32 commits, full, d < 0.1", 0.01, math.log(2 * 2**32 / 0.0001), 1.0, 67_000, 1000, PAPER),
    ("labels for one commit, d < 0.1", 0.01, math.log(2 / 0.0001), 0.1, 2_188, 1, TRANSLATION),
    ("7 commits, full, d known to be below 0.1", 0.02, math.log(2**7 / 0.002), 1.0, 6_000, 1000, TRANSLATION),
)
"""What is asked, error, ln(1 / chance), the share that needs labels, size, unit, source."""

FIGURE_2: dict[tuple[float, float], tuple[int, int, int, int]] = {
    (0.99, 0.1): (404, 1340, 1753, 5496),
    (0.99, 0.05): (1615, 5358, 7012, 21984),
    (0.99, 0.025): (6457, 21429, 28045, 87933),
    (0.99, 0.01): (40355, 133930, 175282, 549581),
    (0.999, 0.1): (519, 1455, 2214, 5957),
    (0.999, 0.05): (2075, 5818, 8854, 23826),
    (0.999, 0.025): (8299, 23271, 35414, 95302),
    (0.999, 0.01): (51868, 145443, 221333, 595633),
    (0.9999, 0.1): (634, 1570, 2674, 6417),
    (0.9999, 0.05): (2536, 6279, 10696, 25668),
    (0.9999, 0.025): (10141, 25113, 42782, 102670),
    (0.9999, 0.01): (63381, 156956, 267385, 641684),
    (0.99999, 0.1): (749, 1685, 3135, 6878),
    (0.99999, 0.05): (2996, 6739, 12538, 27510),
    (0.99999, 0.025): (11983, 26955, 50150, 110038),
    (0.99999, 0.01): (74894, 168469, 313437, 687736),
}
"""Reliability and error; of 32 commits n > c (none, full), n - o > c (none, full). Answers of the authors' program."""


def rows() -> list[dict[str, Any]]:
    """For each size: what is asked, `published`, `ours`, the `unit` that the source tells, the `source`, `agrees`.

    Sizes agree where ours is what a program answers, and where a text has cut no more than its unit from ours.
    """
    asked = [
        *PUBLISHED,
        *(
            (f"{left} +/- {error}", reliability, 32, adaptivity, size, 1, PROGRAM)
            for (reliability, error), sizes in FIGURE_2.items()
            for (left, adaptivity), size in zip(_COLUMNS, sizes, strict=True)
        ),
    ]
    found = []
    for condition, reliability, commits, adaptivity, published, unit, source in asked:
        plan = distribution_free(parse(condition), reliability=reliability, commits=commits, adaptivity=adaptivity)
        told = f"{condition}, reliability {reliability}, {commits} commits, {adaptivity}"
        found.append(_row(told, published, plan.rows, unit, source))
    for told, error, surprise, share, published, unit, source in BENNETT:
        ours = math.ceil(bennett(error, 0.1, surprise) * share)
        found.append(_row(f"Bennett: {told}, +/- {error}", published, ours, unit, source))
    return found


_COLUMNS: tuple[tuple[str, Adaptivity], ...] = (
    ("n > 0.8", "none"),
    ("n > 0.8", "full"),
    ("n - o > 0.02", "none"),
    ("n - o > 0.02", "full"),
)


def _row(asked: str, published: int, ours: int, unit: int, source: str) -> dict[str, Any]:
    return {
        "asked": asked,
        "published": published,
        "ours": ours,
        "unit": unit,
        "source": source,
        "agrees": 0 <= ours - published <= (0 if source in (NOTEBOOK, PROGRAM) else unit),
    }
