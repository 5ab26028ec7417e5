"""The first sentences: what happened and by how much, why it is believed, where to look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlci.report import digits, look, names, places, wording
from mlci.report.phrase import EMPTY, capital, code, join, line, listed, prose
from mlci.report.situations import leading, situations, whole
from mlci.report.titles import clause, title
from mlci.report.what import what
from mlci.report.why import why

if TYPE_CHECKING:
    from mlci.report.phrase import Line, Part
    from mlci.report.situations import Situation
    from mlci.results import Finding, Results, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What a reader with one minute reads."""

    verdict: Verdict
    title: Line
    what: Line = EMPTY  # what happened, in bold, and by how much
    why: Line = EMPTY  # why it is believed
    look: Line = EMPTY  # where to look
    also: tuple[Line, ...] = ()  # how the other models and datasets are, a line each
    told: tuple[Finding, ...] = ()  # findings that need no telling again
    name: str = ""  # the model or the dataset that it is about
    kind: str = ""  # the situation's

    @property
    def icon(self) -> str:
        """The verdict's icon."""
        return names.ICON[self.verdict]


def tell(results: Results) -> Story:
    """The story of a run: the gravest situation in three sentences, the others in a line each."""
    found = situations(results)
    if not found:
        return Story(verdict=results.verdict, title=line("nothing was judged"), what=_nothing(results))
    lead = found[0]
    return Story(
        verdict=results.verdict,
        title=title(found, names.base(results)),
        what=what(lead),
        why=why(lead, results),
        look=_look(found, results),
        also=tuple(_also(found, results)),
        told=lead.findings if lead.kind == "expectations" else lead.findings[:1],
        name=lead.name,
        kind=lead.kind,
    )


def _nothing(results: Results) -> Line:
    read: list[Part] = [code(name) for name in results.datasets]
    found = line("; read: ", listed(read)) if read else line()
    return line("The configuration names no model and no suite that could be judged", found, ".")


def _look(found: tuple[Situation, ...], results: Results) -> Line:
    lead = found[0]
    if lead.findings and lead.kind != "expectations":
        return _hint(lead.findings[0])
    models = list(results.models.values())
    model = lead.model or (models[0] if len(models) == 1 and lead.verdict == "pass" else None)
    since = lead.lead.since if lead.kind == "declined" and lead.lead else ""
    return look.first(results, model, is_calm=lead.verdict == "pass", since=since)


def _hint(finding: Finding) -> Line:
    place = [line("see ", code(str(finding.location)))] if finding.location else []
    told = [prose(finding.hint.rstrip(". "))] if finding.hint else []
    where = join([*told, *place], "; ")
    return line(where, *((". ") if where else ""), "(", code(finding.code), ")")


def _also(found: tuple[Situation, ...], results: Results) -> list[Line]:
    """How everything else is: what is wrong a line each, what passes together in one."""
    main = names.base(results)
    others = [each for each in found[1:] if each.kind != "finding"]
    told = [line(f"{names.ICON[each.verdict]} ", in_short(each, main)) for each in others if each.verdict != "pass"]
    told += [_warned(each, main) for each in found[1:] if each.kind == "finding" and each.verdict == "warn"]
    calm = [in_short(each, main) for each in others if each.verdict == "pass"]
    return [*told, line(f"{names.ICON['pass']} ", join(calm, " "))] if calm else told


def _warned(situation: Situation, main: str) -> Line:
    """Warnings of one kind that are not the lead: the first of them, and how many more there are."""
    more = len(situation.findings) - 1
    rest = f" {digits.plural(more, 'more warning').capitalize()} below." if more else ""
    about = capital(clause(situation, main))
    return line(f"{names.ICON['warn']} ", about, ": ", prose(situation.findings[0].message), rest)


def in_short(situation: Situation, main: str) -> Line:
    """A situation that is not the lead: who, how, and its first number."""
    lead = situation.lead or leading(whole(situation), situation)
    words = capital(clause(situation, main))
    if situation.kind in ("identical", "untrained", "unjudged", "expectations", "cost") or lead is None:
        return line(words, ".")
    if situation.kind == "limit":
        gate = situation.gates[0]
        bound = "at least" if gate.rule == "min" else "at most"
        if gate.value is None:
            return line(words, ".")
        measured = places.of_gate(gate, situation.model) if situation.model else None
        value, limit = wording.rule_value(gate, gate.value, measured), wording.rule_value(gate, gate.threshold)
        return line(words, f": {value} instead of {bound} {limit}.")
    metric = names.subject(lead.metric, lead.sensitive)
    if lead.gain is None:
        value = digits.number(lead.candidate, digits.precision(lead))
        return line(words, "; ", metric, f" is {value}.")
    return line(words, ": ", metric, f" {wording.by(lead)}.")
