"""The first sentence: what happened, and by how much. One function per situation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.report import digits, names, places, wording
from mlci.report.phrase import capital, code, join, line, listed, prose, strong
from mlci.report.situations import leading, loss_in_margins, whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlci.report.phrase import Line
    from mlci.report.places import Placed
    from mlci.report.situations import Kind, Situation
    from mlci.results import ExpectationResult, GateResult

_MOST = 3  # numbers that a sentence bears
_SEVERITIES = ("critical", "warning", "info")


def what(situation: Situation) -> Line:
    """What happened in this situation, the main clause in bold."""
    return _WHAT[situation.kind](situation)


def _too(others: list[Line], word: str) -> Line:
    if not others:
        return line()
    return line(" ", capital(listed(others)), f" {'is' if len(others) == 1 else 'are'} {word}, too.")


def _loss(comparison: Placed) -> Line:
    return line(
        wording.moved(comparison), f": {wording.by(comparison)}, and this gate allows {wording.allowed(comparison)}."
    )


def _worse(situation: Situation) -> Line:
    lead, *others = situation.comparisons
    limits = [_missed(gate, situation) for gate in situation.missed[:_MOST]]
    return line(strong(capital(_loss(lead))), _too([wording.in_brief(each) for each in others], "worse"), *limits)


def _missed(gate: GateResult, situation: Situation) -> Line:
    bound = "below its minimum" if gate.rule == "min" else "above its maximum"
    measured = _measured(gate, situation)
    value = wording.rule_value(gate, gate.value, measured) if gate.value is not None else digits.NONE
    limit = wording.rule_value(gate, gate.threshold)
    return line(" ", capital(wording.named(gate)), f" ({value}) is also {bound}, {limit}.")


def _measured(gate: GateResult, situation: Situation) -> Placed | None:
    return places.of_gate(gate, situation.model) if situation.model else None


def _declined(situation: Situation) -> Line:
    lead, *others = situation.comparisons
    return line(strong(_on_its_slice(lead)), _too([wording.in_brief(each) for each in others], "worse"))


def _unfair(situation: Situation) -> Line:
    lead, *others = sorted(situation.comparisons, key=loss_in_margins)
    return line(strong(capital(_loss(lead))), _too([wording.in_brief(each) for each in others], "worse"))


def _on_its_slice(each: Placed) -> Line:
    on = line("On ", code(each.slice), ", ") if each.slice else line()
    return capital(line(on, _loss(each)))


def _searched(situation: Situation) -> Line:
    found, lead = situation.model.search if situation.model else None, situation.lead
    if found is None or lead is None:
        return line()
    allows = f", where {wording.allowed(lead)} is allowed" if lead.margin else ""
    more = f" {found.worse} of them are worse for certain." if found.worse > 1 else ""
    return line(
        strong("On ", code(lead.slice), ", ", wording.moved(lead), f": {wording.by(lead)}{allows}."),
        " Of ",
        wording.searched(found),
        f", it fell furthest.{more}",
    )


def _slice(situation: Situation) -> Line:
    lead, *others = sorted(situation.comparisons, key=loss_in_margins)
    told = [line(code(each.slice), " (", names.metric(each.metric), f" {wording.by(each)})") for each in others]
    return line(strong("On ", code(lead.slice), ", ", _loss(lead)), _too(told, "worse"))


def _limit(situation: Situation) -> Line:
    return strong(join([_limited(gate, situation) for gate in situation.gates[:_MOST]], " "))


def _limited(gate: GateResult, situation: Situation) -> Line:
    metric = capital(wording.named(gate))
    if gate.value is None:
        return line(metric, " was not measured.")
    bound = "at least" if gate.rule == "min" else "at most"
    value = wording.rule_value(gate, gate.value, _measured(gate, situation))
    return line(metric, f" is {value}, and this gate asks for {bound} {wording.rule_value(gate, gate.threshold)}.")


def _cost(situation: Situation) -> Line:
    return strong(join([_costs(gate) for gate in situation.gates[:_MOST]], " "))


def _costs(gate: GateResult) -> Line:
    before, after = digits.cost(gate.metric, gate.baseline), digits.cost(gate.metric, gate.value)
    change = f": {digits.more_or_less(gate.change)}" if gate.change is not None else ""
    limit = digits.more_or_less(gate.threshold) if gate.threshold else "no more"
    return line(
        names.metric_title(gate.metric), f" rose from {before} to {after}{change}, and this gate allows {limit}."
    )


def _inconclusive(situation: Situation) -> Line:
    return strong(_on_its_slice(situation.comparisons[0]))


def _unmeasured(situation: Situation) -> Line:
    told = [wording.named(gate) for gate in situation.gates]
    reason = next((gate.message for gate in situation.gates if gate.message), "").rstrip(". ")
    why = line(": ", prose(reason)) if reason else line()
    return strong(capital(listed(told)), " could not be judged", why, ".")


def _expectations(situation: Situation) -> Line:
    validation = situation.dataset.validation if situation.dataset else None
    if validation is None:
        return line()
    failing = [each for each in validation.expectations if not each.success]
    if not failing:
        told = digits.plural(validation.evaluated, "expectation")
        return strong("Of the suite ", code(validation.suite), f", {told} could be evaluated, and not all of it.")
    lead, *others = sorted(failing, key=_graver)
    also = line(" Also, ", listed([wording.failure(each) for each in others], most=2), ".") if others else line()
    return line(strong(capital(wording.failure(lead)), "."), also)


def _graver(expectation: ExpectationResult) -> tuple[int, int]:
    return _SEVERITIES.index(expectation.severity), -(expectation.unexpected_count or 0)


def _told(situation: Situation) -> Line:
    more = len(situation.findings) - 1
    rest = f" {digits.plural(more, 'more finding').capitalize()} of this kind below." if more else ""
    return line(strong(prose(situation.findings[0].message)), rest)


def _unjudged(situation: Situation) -> Line:
    if situation.findings:
        return _told(situation)
    reason = situation.model.baseline.reason.rstrip(". ") if situation.model else ""
    return strong(capital(prose(reason or "nothing was compared")), ".")


def _better(situation: Situation) -> Line:
    gained = [each for each in whole(situation) if each.status == "better"]
    lead = leading(gained, situation)
    if lead is None:
        return line()
    others = [wording.in_brief(each) for each in gained if each is not lead]
    return line(strong(capital(wording.moved(lead)), f": {wording.by(lead)}."), _too(others, "better"))


def _same(situation: Situation) -> Line:
    lead = leading(whole(situation), situation)
    gates = situation.model.gates if situation.model else ()
    held = f"All {len(gates)} gates hold." if len(gates) > 1 else "The gate holds." if gates else ""
    if lead is None:
        return strong(held)
    limit = f", and its gate allows {wording.allowed(lead)}" if lead.margin is not None else ""
    return line(
        strong(held or "No gate watches this model."),
        " ",
        capital(wording.moved(lead)),
        f": {wording.by(lead)}{limit}.",
    )


def _mixed(situation: Situation) -> Line:
    worse = [wording.in_brief(each) for each in whole(situation) if each.status == "worse"]
    verb, it = ("is", "it") if len(worse) == 1 else ("are", "them")
    return line(_same(situation), " ", capital(listed(worse)), f" {verb} worse, and no gate watches {it}.")


def _identical(situation: Situation) -> Line:
    lead = leading(whole(situation), situation)
    told = line(" ", capital(wording.moved(lead)), ".") if lead else line()
    rows = digits.count(lead.rows) if lead else "all"
    return line(strong(f"Both sides predict the same for each of the {rows} held-out rows."), told)


def _alone(situation: Situation) -> Line:
    lead = leading(whole(situation), situation)
    if lead is None or lead.candidate is None:
        return strong("There is nothing to compare with.")
    value = digits.number(lead.candidate, digits.precision(lead))
    return strong(names.metric_title(lead.metric), f" is {value} on {digits.count(lead.rows)} held-out rows.")


def _holds(situation: Situation) -> Line:
    dataset = situation.dataset
    if dataset is None or dataset.validation is None:
        return line()
    evaluated = dataset.validation.evaluated
    held = "Its only expectation holds" if evaluated == 1 else f"All {digits.count(evaluated)} expectations hold"
    return strong(f"{held} on {digits.count(dataset.rows)} rows.")


_WHAT: dict[Kind, Callable[[Situation], Line]] = {
    "expectations": _expectations,
    "untrained": _told,
    "unjudged": _unjudged,
    "worse": _worse,
    "declined": _declined,
    "limit": _limit,
    "unfair": _unfair,
    "slice": _slice,
    "searched": _searched,
    "cost": _cost,
    "inconclusive": _inconclusive,
    "unmeasured": _unmeasured,
    "finding": _told,
    "better": _better,
    "same": _same,
    "mixed": _mixed,
    "identical": _identical,
    "alone": _alone,
    "holds": _holds,
}
