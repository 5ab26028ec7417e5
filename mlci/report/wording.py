"""One comparison, rule or expectation in words: parts of sentences, with the digits that are supported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.report import digits, filters, names, places
from mlci.report.phrase import code, line, listed, prose
from mlci.stats.metrics import FAIRNESS, RESOURCES

if TYPE_CHECKING:
    from mlci.report.phrase import Line, Part
    from mlci.report.places import Placed
    from mlci.results import Comparison, ExpectationResult, GateResult, ModelResult, Search

_SHORT = 80  # characters of what an expectation expects
_MOST = 12  # decimals that a double holds for a score


def moved(comparison: Placed) -> Line:
    """`ROC AUC fell from 0.9240 to 0.8699`; from another commit than the base, it says since which."""
    exactness = digits.precision(comparison)
    before, after = comparison.baseline, comparison.candidate
    metric = names.subject(comparison.metric, comparison.sensitive)
    if before is None or after is None:
        return line(metric, f" is {digits.number(after, exactness)}")
    since = line(" since ", names.reference(comparison.reference, comparison.since)) if comparison.reference else line()
    shown = digits.number(before, exactness), digits.number(after, exactness)
    if shown[0] == shown[1]:
        return line(metric, f" stayed at {shown[1]}", since)
    up, down = ("grew", "shrank") if _is_gap(comparison.metric) else ("rose", "fell")
    verb = "went" if comparison.status not in ("better", "worse") else up if after > before else down
    return line(metric, f" {verb} from {shown[0]} to {shown[1]}", since)


def _is_gap(metric: str) -> bool:
    """Whether a metric is a difference between groups."""
    return metric in FAIRNESS and FAIRNESS[metric].form == "difference"


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


def searched(found: Search) -> Line:
    """`` 143 slices of `sex`, `age` and `race`, alone and in pairs ``."""
    parts: list[Part] = [code(name) for name in found.columns]
    pairs = ", alone and in pairs" if found.depth > 1 and len(parts) > 1 else ""
    return line(f"{digits.plural(found.slices, 'slice')} of ", listed(parts, most=5), pairs)


def spread(comparison: Comparison, model: ModelResult) -> str:
    """`95 % interval −0.0580 … −0.0502`."""
    bounds = digits.interval(comparison.low, comparison.high, digits.precision(comparison))
    return f"{digits.level(model.confidence)} interval {bounds}"


def in_brief(comparison: Placed) -> Line:
    """`accuracy (−0.0695)`."""
    return line(names.subject(comparison.metric, comparison.sensitive), f" ({by(comparison)})")


def standing(comparison: Comparison) -> str:
    """`the same (−0.0002)`."""
    return f"{standing_word(comparison)} ({by(comparison)})"


def standing_word(comparison: Comparison) -> str:
    """`the same`."""
    words = {"better": "better", "same": "the same", "worse": "worse", "inconclusive": "undecided"}
    return words[comparison.status] if comparison.status else "not told"


def named(each: Placed | GateResult) -> Line:
    """`` ROC AUC on `sex = Female` ``, `` the accuracy difference by `sex` ``, `ROC AUC since the best commit`."""
    on = line(" on ", code(each.slice)) if each.slice else line()
    since = line(" since ", names.reference(each.reference)) if each.reference else line()
    return line(names.subject(each.metric, each.sensitive), on, since)


def scored_on(model: ModelResult, each: Placed) -> Line:
    """How the two sides were scored."""
    other = places.reference(each, model)
    on = " of this slice" if each.slice else ""
    if other.paired if other else model.baseline.paired:
        return line(f"Both models were scored on the same {digits.count(each.rows)} held-out rows{on}")
    reason = "" if other else model.baseline.reason.rstrip(". ")
    why = line(" (", prose(reason), ")") if reason else line()
    return line(f"The two models were scored on different held-out rows{on}", why, ", so the interval is wider")


def rule_value(gate: GateResult, value: float, comparison: Comparison | None = None) -> str:
    """A rule's threshold or value: in its unit, and in digits that tell the two apart."""
    if gate.metric in RESOURCES:
        return digits.cost(gate.metric, value)
    if value == gate.threshold:
        return digits.exact(value)
    own = min(6, digits.own_decimals(gate.threshold))
    exactness = max(digits.precision(comparison) if comparison else digits.plain(value), own)
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
