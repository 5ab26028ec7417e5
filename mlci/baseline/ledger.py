"""The ledger: which commits of the base branch were judged, and which of them is each model's best. Pure.

One JSON object a line. A commit takes the title from the best one before it only where it is better for certain, its
interval above 0 on the same rows: were the title given by the score alone, it would go to whoever was luckiest with
this holdout, and every later commit would seem to have declined. Commits that try again
and again are paid for.
"""

from __future__ import annotations

import json
from statistics import NormalDist
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mlci.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mlci.results import ModelResult, Results

BEST = "best"
MERGE_BASE = "merge-base"

Text = Annotated[str, Field(max_length=500)]


class Entry(BaseModel):
    """One model of one commit. `question` is what it predicts, `holdout` how its rows are drawn."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False, protected_namespaces=())

    version: Literal[1] = 1
    model: Text
    commit: Annotated[str, Field(pattern=r"^[0-9a-f]{40}([0-9a-f]{24})?$")]
    question: Text
    holdout: Text = ""
    metric: Text
    value: float | None = None
    best: bool = False


def parse(text: str, shown: str) -> tuple[Entry, ...]:
    """The entries of a ledger, in order; empty lines are left out.

    Raises:
        UserError: a line is no entry.
    """
    entries = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                entries.append(Entry.model_validate_json(line))
            except ValidationError as error:
                first = error.errors(include_url=False, include_input=False)[0]
                what = ".".join(str(part) for part in first["loc"]) or "the line"
                raise UserError(
                    f"Line {number:,} of the ledger {shown} is no entry of it: {what}: {first['msg']}.",
                    hint="Take the line out; `mlci baseline list` shows what is left.",
                    code="MLCI441",
                ) from None
    return tuple(entries)


def text_of(entries: Iterable[Entry]) -> str:
    """The entries as lines."""
    return "".join(json.dumps(each.model_dump(), ensure_ascii=False) + "\n" for each in entries)


def titles(entries: Sequence[Entry], model: str, question: str) -> list[Entry]:
    """The commits that have held the title, the one that does last, for the question that the model answers today."""
    return [each for each in entries if each.best and each.model == model and each.question == question]


def best(entries: Sequence[Entry], model: str, question: str) -> Entry | None:
    """The commit that holds the title; None where there is none yet."""
    held = titles(entries, model, question)
    return held[-1] if held else None


def judged(entries: Sequence[Entry], model: str, holdout: str) -> int:
    """How many commits a holdout has judged."""
    return len({each.commit for each in entries if each.model == model and each.holdout == holdout})


def question_of(target: str, task: str, positive: str) -> str:
    """What a model answers, as the ledger writes it."""
    return f"{target} ({task}{f', positive {positive}' if positive else ''})"[:500]


def entries_of(results: Results, known: Sequence[Entry]) -> tuple[Entry, ...]:
    """What a run on the base branch adds: an entry for each model that it judged, and that is not there yet."""
    done = {(each.model, each.commit) for each in known}
    return tuple(
        _entry(name, model, results.head.sha, known)
        for name, model in results.models.items()
        if model.winner and (name, results.head.sha) not in done
    )


def _entry(name: str, model: ModelResult, commit: str, known: Sequence[Entry]) -> Entry:
    question = question_of(model.target, model.task, model.positive)
    whole = (each for each in model.comparisons if each.metric == model.primary and not each.slice)
    return Entry(
        model=name,
        commit=commit,
        question=question,
        holdout=model.holdout.how if model.holdout else "",
        metric=model.primary,
        value=next((each.candidate for each in whole), None),
        best=best(known, name, question) is None or _took_the_title(model, _tried(known, name, question)),
    )


def _tried(known: Sequence[Entry], model: str, question: str) -> int:
    """How many commits have tried for the title, this one among them."""
    return 1 + sum(not each.best for each in known if each.model == model and each.question == question)


def _took_the_title(model: ModelResult, tried: int) -> bool:
    """Whether the primary metric is better than the best commit's for certain, however many have tried.

    The j-th commit that tries is judged at the level 1 − a / (j (j + 1)), with a = 1 − confidence, so that all that
    will ever try take the title by chance with a probability of a at most. The interval's arm is lengthened to that
    level as a normal one is.
    """
    reference = next((each for each in model.references if each.name == BEST), None)
    if reference is None:
        return False
    found = model.comparisons if reference.same_as_base else reference.comparisons
    whole = next((each for each in found if each.metric == model.primary and not each.slice), None)
    if whole is None or whole.status != "better" or whole.gain is None or whole.low is None:
        return False
    level = 1 - (1 - model.confidence) / (tried * (tried + 1))
    longer = max(1.0, _quantile(level) / _quantile(whole.level))
    return whole.gain - longer * (whole.gain - whole.low) > 0


def _quantile(level: float) -> float:
    """How many standard errors a normal interval of that level reaches to each side."""
    return NormalDist().inv_cdf((1 + level) / 2)
