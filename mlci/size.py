"""`mlci size`: how many rows a holdout needs, for the terminal and as a document.

The document has these keys; sizes are numbers of rows:

    condition, reliability, commits, adaptivity    what was asked, the condition in its plain form
    rows                 what is enough whatever the data and the models are (Hoeffding)
    clauses[]            of each clause: `clause`, `error`, `rows`, `labels` (whether the rows need labels)
    bounded              null, or where a clause bounds d: `disagreement` (the largest d that its first step lets pass),
                         `unlabelled` (rows of that step), `rows` (of the second), `labels_per_commit`
    paired[]             what a paired comparison needs: `disagreement` (d; null where it plays no part), `rows_proven`
                         (Bennett), `rows` (the interval of an unchanged model, normal approximation),
                         `rows_to_notice` (a miss as large as the error, in one run at 95 %, with 80 % power), and
                         `few` (whether one of the last two rests on fewer than 50 rows of disagreement)
    assumptions          a sentence for each of `rows`, `rows_proven`, `paired_rows`, `rows_to_notice`
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlci.stats.condition import parse, plain
from mlci.stats.size import FEW, distribution_free, paired

if TYPE_CHECKING:
    from mlci.stats.size import Adaptivity, Paired, Plan

_SHARES = (0.02, 0.05, 0.1, 0.2, 0.5)  # of disagreement, where nothing tells which
_BEYOND = 6 * math.log(10)  # surprise from which a normal tail is far beyond what an approximation can be trusted with
_WHO = {
    "none": "whose authors do not learn the verdicts",
    "full": "whose authors learn each verdict",
    "first": "whose authors learn each verdict, until one passes",
}
_ASSUMPTIONS = {
    "rows": "whatever the data and the models are (Hoeffding's inequality; independent rows)",
    "rows_proven": "true while the models differ on no more rows than d (n - o by Bennett's inequality)",
    "paired_rows": "the interval of an unchanged model reaches no further than the error (normal approximation)",
    "rows_to_notice": "one run at 95 % notices a miss by the error 4 times out of 5 (normal approximation)",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """The distribution-free plan, and what a paired comparison needs for each share of disagreement.

    `compared` is whether any clause sets n against o; if none does, `paired` holds one size that is the same for all
    shares.
    """

    plan: Plan
    paired: tuple[Paired, ...]
    compared: bool


def size(
    condition: str, *, reliability: float, commits: int, adaptivity: Adaptivity, disagreement: float | None = None
) -> Answer:
    """The sizes for a condition in the language of `mlci.stats.condition`.

    The paired sizes are for `disagreement`, the share of rows on which the models differ; where it is None, for the
    bound that a clause sets on it, and otherwise for a few shares.

    Raises:
        UserError: the condition cannot be read, or an option is out of its range.
    """
    asked = parse(condition)
    plan = distribution_free(asked, reliability=reliability, commits=commits, adaptivity=adaptivity)
    compared = any(clause.n and clause.o for clause in asked.clauses)
    shares: tuple[float, ...] = _SHARES if compared else (1.0,)
    if disagreement is not None:
        shares = (disagreement,)
    elif compared and plan.bounded:
        shares = (plan.bounded.disagreement,)
    return Answer(plan, tuple(paired(plan, share) for share in shares), compared)


def lines(answer: Answer) -> list[str]:
    """The answer in plain words and one small table."""
    plan = answer.plan
    commits = "1 commit" if plan.commits == 1 else f"{plan.commits:,} commits"
    labels = "with" if any(each.labelled for each in plan.clauses) else "without"
    return [
        f"{plan.condition}",
        f"No wrong pass, with a probability of {plain(plan.reliability)}, over {commits} {_WHO[plan.adaptivity]}.",
        "",
        f"{plan.rows:,} rows {labels} labels are enough {_ASSUMPTIONS['rows']}.",
        *_clauses(plan),
        *_bounded(plan),
        "",
        *(_table(answer) if answer.compared else _single(answer)),
        "",
        "n: accuracy of the new model, o: of the old one, d: share of rows on which they predict differently.",
        "n and o may be any mean of values between 0 and 1. For other metrics, a run's report says the rows needed.",
    ]


def _clauses(plan: Plan) -> list[str]:
    if len(plan.clauses) == 1:
        return []
    width = max(len(f"{each.rows:,}") for each in plan.clauses)
    return [
        f"  {each.rows:>{width},}  {each.clause}" + ("" if each.labelled else "  (needs no labels)")
        for each in plan.clauses
    ]


def _bounded(plan: Plan) -> list[str]:
    found = plan.bounded
    if found is None:
        return []
    share = f"{found.disagreement:.6g}"
    return [
        "",
        "In two steps, because a clause bounds d (Bennett's inequality, as certain as the above):",
        f"  {found.unlabelled:,} rows without labels ascertain that d is at most {share}; then",
        f"  {found.rows:,} rows judge the rest, of which about {found.labels:,} need a label for each commit.",
    ]


def _table(answer: Answer) -> list[str]:
    errors = sorted({each.clause.error for each in answer.plan.clauses if each.labelled})
    told = " or ".join(plain(error) for error in errors)
    heads = ("d", "proven", "interval", "one run")
    cells = [
        (f"{each.disagreement:.6g}", f"{each.proven:,}", _marked(each, each.rows), _marked(each, each.noticed))
        for each in answer.paired
    ]
    widths = [max(len(row[i]) for row in (heads, *cells)) + 3 for i in range(len(heads))]
    table = ["".join(f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True)) for row in (heads, *cells)]
    thin = answer.plan.surprise > _BEYOND
    marked = any(cell.endswith("*") for row in cells for cell in row)
    return [
        "mlci compares both models on the same rows. Rows with labels, by the share d on which they differ:",
        *(line.rstrip() for line in table),
        f"  proven    {_ASSUMPTIONS['rows_proven']}",
        f"  interval  {_ASSUMPTIONS['paired_rows']}",
        *(["            for tails as thin as these, rather rely on what is proven"] if thin else []),
        f"  one run   {_ASSUMPTIONS['rows_to_notice']}; the error: {told}",
        *([f"  *         fewer than {FEW} rows of disagreement: a rough figure"] if marked else []),
    ]


def _marked(each: Paired, rows: int) -> str:
    return f"{rows:,}" + ("*" if each.rough(rows) else " ")


def _single(answer: Answer) -> list[str]:
    found = answer.paired[0]
    labelled = [each.clause for each in answer.plan.clauses if each.labelled]
    clauses = labelled or [each.clause for each in answer.plan.clauses]
    near = " and ".join(plain(clause.threshold) for clause in clauses)
    return [
        f"Where the truth is within the error of {near}, the normal approximation needs fewer:",
        f"  {found.rows:,} for an interval as certain as the above that reaches no further than the error",
        f"  {found.noticed:,} for one run at 95 % that notices a miss as large as the error 4 times out of 5",
    ]


def document(answer: Answer) -> dict[str, Any]:
    """The answer as JSON; the keys are those of the module's docstring."""
    plan = answer.plan
    return {
        "condition": str(plan.condition),
        "reliability": plan.reliability,
        "commits": plan.commits,
        "adaptivity": plan.adaptivity,
        "rows": plan.rows,
        "clauses": [
            {"clause": str(each.clause), "error": each.clause.error, "rows": each.rows, "labels": each.labelled}
            for each in plan.clauses
        ],
        "bounded": plan.bounded
        and {
            "disagreement": plan.bounded.disagreement,
            "unlabelled": plan.bounded.unlabelled,
            "rows": plan.bounded.rows,
            "labels_per_commit": plan.bounded.labels,
        },
        "paired": [
            {
                "disagreement": each.disagreement if answer.compared else None,
                "rows_proven": each.proven,
                "rows": each.rows,
                "rows_to_notice": each.noticed,
                "few": answer.compared and (each.rough(each.rows) or each.rough(each.noticed)),
            }
            for each in answer.paired
        ],
        "assumptions": dict(_ASSUMPTIONS),
    }
