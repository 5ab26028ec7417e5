"""One comparison, rule or expectation in words: parts of sentences, with the digits that are supported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.report import digits, filters, names
from mlci.report.phrase import code, line, prose
from mlci.stats.metrics import RESOURCES

if TYPE_CHECKING:
    from mlci.report.phrase import Line
    from mlci.results import Comparison, ExpectationResult, GateResult, ModelResult

_SHORT = 80  # characters of what an expectation expects
_MOST = 12  # decimals that a double holds for a score


def moved(comparison: Comparison) -> Line:
    """`ROC AUC fell from 0.9240 to 0.8699`."""
    exactness = digits.precision(comparison)
    before, after = comparison.baseline, comparison.candidate
    metric = names.metric(comparison.metric)
    if before is None or after is None:
        return line(metric, f" is {digits.number(after, exactness)}")
    shown = digits.number(before, exactness), digits.number(after, exactness)
    if shown[0] == shown[1]:
        return line(metric, f" stayed at {shown[1]}")
    verb = "went" if comparison.status not in ("better", "worse") else "rose" if after > before else "fell"
    return line(metric, f" {verb} from {shown[0]} to {shown[1]}")


def by(comparison: Comparison) -> str:
    """By how much: `−0.0541`; where lower is better, `worse by 0.0541`, so that no sign misleads."""
    exactness = digits.precision(comparison)
    if comparison.gain is None:
        return "not told"
    if digits.number(abs(comparison.gain), exactness) == digits.number(0, exactness):
        return "no change"
    if comparison.greater_is_better:
        return digits.signed(comparison.gain, exactness)
    return f"{'better' if comparison.gain > 0 else 'worse'} by {digits.number(abs(comparison.gain), exactness)}"


def allowed(comparison: Comparison) -> str:
    """What the gate allows, in the same words as `by`."""
    if not comparison.margin:
        return "no loss"
    size = digits.number(comparison.margin, digits.precision(comparison))
    return f"{digits.MINUS}{size}" if comparison.greater_is_better else size


def spread(comparison: Comparison, model: ModelResult) -> str:
    """`95 % interval −0.0580 … −0.0502`."""
    bounds = digits.interval(comparison.low, comparison.high, digits.precision(comparison))
    return f"{digits.level(model.confidence)} interval {bounds}"


def in_brief(comparison: Comparison) -> Line:
    """`accuracy (−0.0695)`."""
    return line(names.metric(comparison.metric), f" ({by(comparison)})")


def standing(comparison: Comparison) -> str:
    """`the same (−0.0002)`."""
    words = {"better": "better", "same": "the same", "worse": "worse", "inconclusive": "undecided"}
    return f"{words[comparison.status] if comparison.status else 'not told'} ({by(comparison)})"


def named(metric: str, part: str) -> Line:
    """`` ROC AUC on `sex = Female` ``."""
    return line(names.metric(metric), *((" on ", code(part)) if part else ()))


def scored_on(model: ModelResult, rows: int, *, where: str = "") -> Line:
    """How the two sides were scored."""
    on = f" {where}" if where else ""
    if model.baseline.paired:
        return line(f"Both models were scored on the same {digits.count(rows)} held-out rows{on}")
    reason = model.baseline.reason.rstrip(". ")
    why = line(" (", prose(reason), ")") if reason else line()
    return line(f"The two models were scored on different held-out rows{on}", why, ", so the interval is wider")


def rule_value(gate: GateResult, value: float, comparison: Comparison | None = None) -> str:
    """A rule's threshold or value: in its unit, and in digits that tell the two apart."""
    if gate.metric in RESOURCES:
        return digits.cost(gate.metric, value)
    if value == gate.threshold:
        return digits.exact(value)
    own = min(6, digits.own_decimals(gate.threshold))
    exactness = max(digits.precision(comparison) if comparison else 4, own)
    while exactness < _MOST and round(value, exactness) == gate.threshold:
        exactness += 1
    return digits.number(value, exactness)


def failure(expectation: ExpectationResult) -> Line:
    """`` `age` breaks `expect_column_values_to_not_be_null` in 812 of 44,000 rows (1.8 %) ``."""
    kind = code(expectation.type)
    if expectation.error:
        on = line(" on ", code(expectation.column)) if expectation.column else line()
        return line(kind, on, " could not be evaluated")
    who = code(expectation.column) if expectation.column else "the table"
    share = unexpected(expectation)
    expects = (
        line(" (", prose(filters.clip(expectation.description, _SHORT)), ")") if expectation.description else line()
    )
    return line(who, " breaks ", kind, expects, f" in {share} rows" if share else "")


def unexpected(expectation: ExpectationResult, *, short: bool = False) -> str:
    """`812 of 44,000`, with the share; empty where nothing was counted."""
    count, total = expectation.unexpected_count, expectation.element_count
    if not count:
        return ""
    if not total:
        return digits.count(count)
    return (
        f"{digits.count(count)} ({digits.share(count, total)})"
        if short
        else f"{digits.count(count)} of {digits.count(total)}"
    )
