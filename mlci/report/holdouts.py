"""What a holdout can tell: how it is drawn, the smallest loss that it shows, and what would settle the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.report import circumstances, digits, gatetable, names, places, tables, wording
from mlci.report.document import Fold
from mlci.report.phrase import capital, code, line, listed, prose
from mlci.report.situations import is_identical

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlci.report.phrase import Line, Part
    from mlci.report.places import Placed
    from mlci.results import Holdout, ModelResult

TITLE = "What this holdout can tell"
_OFTEN = "four times out of five"  # 80 % power
_MOST = 3  # open questions, and cautions, that are told in sentences


def fold(model: ModelResult, main: str) -> Fold:
    """How the holdout is drawn, the smallest loss that it shows, and what would settle what it leaves open.

    Args:
        model: The model.
        main: What the base is called.
    """
    drawn = model.holdout
    if drawn is None:
        return Fold(title=TITLE, answer=line())
    lines = (
        _noticed(model),
        *_open(model),
        *_trained(model),
        line("Held out: ", prose(drawn.how.rstrip(". ")), f"; {digits.count(drawn.train_rows)} rows train."),
        _overlap(drawn),
        *_weighed(drawn),
        _judged(drawn, main),
        circumstances.walled(model),
        circumstances.repeated(model, main),
        *gatetable.cautions(gatetable.scores(model))[:_MOST],
    )
    return Fold(
        title=TITLE,
        answer=answer(model),
        lines=tuple(each for each in lines if each),
        tables=((line(), tables.power(model)),),
    )


def answer(model: ModelResult) -> Line:
    """`11,214 rows notice a loss of 0.0021 in ROC AUC four times out of five`."""
    if model.holdout is None:
        return line()
    rows = digits.plural(model.holdout.rows, "row")
    lead = leading(model)
    if lead is None:
        return line(rows, "; both sides predict the same" if _says_the_same(model) else "")
    return line(f"{rows} notice a loss of {_loss(lead)} in ", names.metric(lead.metric), f" {_OFTEN}")


def leading(model: ModelResult) -> Placed | None:
    """The comparison whose power speaks for the holdout: the primary metric's, else the first that a gate watches."""
    found = [each for each in gatetable.ordered(model) if each.detectable]
    return next((each for each in found if each.metric == model.primary), next(iter(found), None))


def _loss(each: Placed) -> str:
    return digits.number(each.detectable, digits.precision(each))


def _says_the_same(model: ModelResult) -> bool:
    compared = [each for each in gatetable.ordered(model) if each.gain is not None]
    return bool(compared) and all(is_identical(each) for each in compared)


# --- the sentences ---------------------------------------------------------------------------------------------


def _noticed(model: ModelResult) -> Line:
    """The power of the comparison."""
    lead = leading(model)
    if lead is not None:
        with_rows = (
            f"With {digits.plural(lead.rows, 'row')}, this comparison would have noticed a loss of {_loss(lead)}"
        )
        return line(f"{with_rows} in ", names.metric(lead.metric), f" {_OFTEN} (80{digits.NBSP}% power).")
    if _says_the_same(model):
        return line("Both sides predict the same for every row, so that there is no loss to notice.")
    if any(each.gain is not None for each in gatetable.ordered(model)):
        return line("How small a loss it would notice could not be told.")
    return line()


def _open(model: ModelResult) -> Iterator[Line]:
    """What is inconclusive, and what would settle it."""
    unsure = {places.place(gate) for gate in model.gates if gate.status == "inconclusive"}
    found = gatetable.judged(model, unsure.__contains__)
    for each in found[:_MOST]:
        facts: list[Part] = [f"its gate allows {wording.allowed(each)}"]
        facts += [f"{digits.count(each.rows)} rows notice a loss of {_loss(each)} {_OFTEN}"] if each.detectable else []
        facts += [f"about {digits.count(round_rows(each.rows_needed))} would settle it"] if each.rows_needed else []
        yield line(capital(wording.named(each)), " is undecided: ", listed(facts), ".")
    if len(found) > _MOST:
        yield line(f"{len(found) - _MOST} more are undecided.")
    if found:
        yield line(
            "What would settle it: more rows held out (",
            code("split"),
            "), more data, or a wider margin; ",
            code("mlci size"),
            " plans a holdout.",
        )


def round_rows(rows: int) -> int:
    """Rows needed are an estimate: two digits of it say all that is known."""
    step = int(10 ** max(0, len(str(rows)) - 2))
    return -(-rows // step) * step


def _trained(model: ModelResult) -> Iterator[Line]:
    """How often each side was trained, and what seeds make of the variance."""
    if model.repeats <= 1:
        return
    found = [each for each in gatetable.ordered(model) if each.seed_share is not None]
    lead = next((each for each in found if each.metric == model.primary), next(iter(found), None))
    share = line()
    if lead is not None and lead.seed_share is not None:
        part = digits.percent(lead.seed_share)
        share = line(f"; seeds make {part} of one training’s variance in ", names.metric(lead.metric))
    yield line(f"Each side was trained {digits.count(model.repeats)} times, each time with another seed", share, ".")


def _overlap(drawn: Holdout) -> Line:
    if not drawn.overlap_by:
        return line()
    by = {"key": "by key", "content": "by content"}[drawn.overlap_by]
    if not drawn.overlap_rows:
        return line(f"None of these rows also stands in training (compared {by}).")
    told = f"{digits.plural(drawn.overlap_rows, 'of these rows also stands', 'of these rows also stand')} in training"
    return line(f"{names.ICON['warn']} {told} (compared {by}).")


def _weighed(drawn: Holdout) -> Iterator[Line]:
    """What a row counts."""
    groups = digits.plural(drawn.groups, "group") if drawn.groups else ""
    if drawn.cluster:
        of = f": {groups} in all" if groups else ""
        yield line("Rows with the same ", code(drawn.cluster), f" count as one draw{of}, and the intervals know it.")
    elif groups:
        yield line(f"Rows that belong together stay together: {groups}.")
    if drawn.sample_weight:
        yield line("In every metric a row weighs what ", code(drawn.sample_weight), " says.")


def _judged(drawn: Holdout, main: str) -> Line:
    """How often this holdout has judged: the more often, the more of it has been learned."""
    if drawn.judged is None:
        return line()
    if not drawn.judged:
        return line(f"By the ledger, it has judged no commit of {main} before.")
    return line(f"It has judged {digits.plural(drawn.judged, 'commit')} of {main} since the ledger began.")
