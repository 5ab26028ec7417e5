"""The second sentence: why the first is believed. One function per situation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.report import digits, fairness, holdouts, names, places, wording
from mlci.report.phrase import capital, code, line, listed, prose
from mlci.report.places import Place
from mlci.report.situations import leading, loss_in_margins, whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlci.report.phrase import Line
    from mlci.report.places import Placed
    from mlci.report.situations import Kind, Situation
    from mlci.results import Results


def why(situation: Situation, results: Results) -> Line:
    """Why what is told of this situation can be believed; or, where nothing could be told, what would settle it."""
    return _WHY[situation.kind](situation, results)


def _interval(situation: Situation, lead: Placed | None) -> Line:
    if lead is None or situation.model is None:
        return line()
    scored = wording.scored_on(situation.model, lead)
    if lead.low is None or lead.high is None:
        return line(scored, ".")
    chance = "; chance alone does not explain it" if lead.low > 0 or lead.high < 0 else ""
    return line(scored, f"{chance} ({wording.spread(lead, situation.model)}).")


def _of_gates(situation: Situation, _results: Results) -> Line:
    return _interval(situation, situation.comparisons[0])


def _of_primary(situation: Situation, _results: Results) -> Line:
    return _interval(situation, leading(whole(situation), situation))


def _of_gain(situation: Situation, _results: Results) -> Line:
    return _interval(situation, leading([c for c in whole(situation) if c.status == "better"], situation))


def _slice(situation: Situation, _results: Results) -> Line:
    worst = min(situation.comparisons, key=loss_in_margins)
    return line(_interval(situation, worst), _on_the_whole(situation, worst))


def _on_the_whole(situation: Situation, part: Placed) -> Line:
    """How it is on the whole holdout, where a slice is the news."""
    total = next((each for each in whole(situation) if each.metric == part.metric and each.gain is not None), None)
    return line(f" On the whole holdout it is {wording.standing(total)}." if total else "")


def _searched(situation: Situation, _results: Results) -> Line:
    found, lead = situation.model.search if situation.model else None, situation.lead
    if found is None or lead is None:
        return line()
    paid = f" The interval pays for the search: it holds for all {digits.count(found.slices)} slices together."
    return line(_interval(situation, lead), paid if lead.low is not None else "", _on_the_whole(situation, lead))


def _declined(situation: Situation, results: Results) -> Line:
    """Since another commit than the base: whether this pull request alone shows it."""
    lead, main = situation.comparisons[0], names.base(results)
    here = Place(lead.metric, lead.slice)
    now = next(iter(places.everywhere(situation.model, here.__eq__)), None) if situation.model else None
    first = _interval(situation, lead)
    if now is None or now.gain is None:
        return first
    if now.status == "worse":
        return line(first, f" Against {main} it is worse, too ({wording.by(now)}).")
    if now.gain >= 0:
        return line(first, f" Against {main} it is {wording.standing(now)}: it was lost before this pull request.")
    within = "within its margin" if now.status == "same" and now.margin else wording.standing_word(now)
    return line(first, f" Against {main} it is {within} ({wording.by(now)}): small losses have added up.")


def _unfair(situation: Situation, results: Results) -> Line:
    """Between which groups the gap is, and how far it is from chance."""
    lead = min(situation.comparisons, key=loss_in_margins)
    model = situation.model
    rates = fairness.between(lead, model, names.base(results)) if model else line()
    return line(rates, " " if rates else "", _interval(situation, lead))


def _settle(situation: Situation, _results: Results) -> Line:
    """What would settle an inconclusive comparison."""
    lead, *others = situation.comparisons
    exactness = digits.precision(lead)
    first = line()
    if situation.model is not None and lead.low is not None:
        spread = wording.spread(lead, situation.model)
        first = line(f"The {spread} reaches beyond that: such a loss is neither shown nor ruled out.")
    able = need = ""
    if lead.detectable is not None:
        loss = digits.number(lead.detectable, exactness)
        able = f" {digits.count(lead.rows)} held-out rows notice a loss of {loss} four times out of five"
    if lead.rows_needed:
        need = (
            f"{'; about' if able else ' About'} {digits.count(holdouts.round_rows(lead.rows_needed))} would settle it"
        )
    told = [wording.named(each) for each in others]
    same = line(" The same goes for ", listed(told), ".") if told else line()
    return line(first, able, need, "." if able or need else "", same)


def _limit(situation: Situation, results: Results) -> Line:
    """For absolute limits: how the model stands against the base."""
    if situation.model is None:
        return line()
    main = names.base(results)
    against = places.of_gate(situation.gates[0], situation.model)
    own = fairness.own_interval(against, situation.model) if against else line()
    if against is not None and against.gain is not None and against.low is not None:
        words = {"better": "better than on", "worse": "worse than on", "same": "the same as on"}
        stands = words.get(against.status or "", "not clearly different from")
        return line(
            f"That is {stands} {main} ({wording.by(against)}; {wording.spread(against, situation.model)}),"
            f" on {digits.count(against.rows)} held-out rows.",
            own,
        )
    rows = against.rows if against else situation.model.holdout.rows if situation.model.holdout else None
    return line(f"It was measured on {digits.count(rows)} held-out rows." if rows else "", own)


def _cost(situation: Situation, results: Results) -> Line:
    lead = leading(whole(situation), situation)
    if lead is None or lead.gain is None:
        return line()
    return line(names.metric_title(lead.metric), f" is {wording.standing(lead)} against {names.base(results)}.")


def _no_baseline(situation: Situation, results: Results) -> Line:
    if situation.model is None:
        return line()
    found = next((each.message for each in results.findings if each.code == "MLCI303"), "")
    reason = prose((situation.model.baseline.reason or found).rstrip(". "))
    rules = [gate for gate in situation.model.gates if gate.rule in ("min", "max")]
    held = "absolute gate holds" if len(rules) == 1 else "absolute gates hold"
    rest = f" Its {len(rules) if len(rules) > 1 else 'only'} {held}." if rules else ""
    return line(capital(reason) if reason else "There is no baseline yet", ".", rest)


def _not_compared(_situation: Situation, _results: Results) -> Line:
    return line("Nothing could be compared, so no gate was judged.")


def _evaluated(situation: Situation, _results: Results) -> Line:
    dataset = situation.dataset
    if dataset is None or dataset.validation is None:
        return line()
    suite = code(dataset.validation.suite)
    if dataset.validation.success and not dataset.validation.failed:
        return line("Nothing of the suite ", suite, " was left out.")
    return line("The suite ", suite, f" was evaluated on all {digits.count(dataset.rows)} rows.")


def _nothing(_situation: Situation, _results: Results) -> Line:
    return line()


_WHY: dict[Kind, Callable[[Situation, Results], Line]] = {
    "expectations": _evaluated,
    "untrained": _not_compared,
    "unjudged": _not_compared,
    "worse": _of_gates,
    "declined": _declined,
    "limit": _limit,
    "unfair": _unfair,
    "slice": _slice,
    "searched": _searched,
    "cost": _cost,
    "inconclusive": _settle,
    "unmeasured": _nothing,
    "finding": _nothing,
    "better": _of_gain,
    "same": _of_primary,
    "mixed": _of_primary,
    "identical": _nothing,
    "alone": _no_baseline,
    "holds": _evaluated,
}
