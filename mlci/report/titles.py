"""The heading: who, and how, in one clause per situation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.report import digits, names
from mlci.report.phrase import code, line, listed

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlci.report.phrase import Line, Part
    from mlci.report.situations import Kind, Situation

_SUBJECTS = {
    "1": "the data need",
    "2": "the training needs",
    "3": "the comparison needs",
    "4": "the rules need",
    "5": "GitHub needs",
}
_TOLD = {  # where the kind alone would say too little
    "MLCI110": "a suite could not be used",
    "MLCI115": "nothing checks the data",
}
_FAILED = {
    "1": "the data failed a check",
    "2": "the training failed",
    "3": "the comparison failed",
    "4": "the configuration failed a check",
    "5": "GitHub could not be reached",
}


def title(found: tuple[Situation, ...], main: str) -> Line:
    """The heading for all situations of a run.

    Args:
        found: The situations, the gravest first; at least one.
        main: What the base is called.
    """
    lead = found[0]
    first = clause(lead, main)
    if lead.kind == "finding":
        calm = [each for each in found if each.verdict == "pass" and each.model is not None]
        link = ", and " if calm and calm[0].kind == "alone" else ", but "
        return line(clause(calm[0], main), link, first) if len(calm) == 1 else first
    others = [each for each in found[1:] if each.verdict == lead.verdict and each.kind != "finding"]
    if not others:
        return first
    if lead.verdict == "pass":
        return _all_calm(found, main)
    if len(others) == 1:
        return line(first, ", and ", clause(others[0], main))
    return line(first, f", and {digits.plural(len(others), 'more problem')}")


def _all_calm(found: tuple[Situation, ...], main: str) -> Line:
    kinds = {each.kind for each in found}
    every = "both" if len(found) == 2 else f"all {len(found)}"  # noqa: PLR2004 - English has a word for two
    if kinds == {"holds"}:
        return line("the data hold all their expectations")
    if kinds == {"alone"}:
        return line(f"{every} models are measured; there is no baseline yet")
    better: list[Part] = [code(each.name) for each in found if each.kind == "better"]
    if better:
        return line(listed(better), f" {'is' if len(better) == 1 else 'are'} better than {main}, and no model is worse")
    if kinds <= {"same", "identical"}:
        return line(f"{every} models are as good as {main}")
    return line(f"{every} models pass their gates")


def clause(situation: Situation, main: str) -> Line:
    """`` `income` is worse than main``."""
    return _CLAUSES[situation.kind](situation, main)


def _expectations(situation: Situation, _main: str) -> Line:
    name = code(situation.name)
    validation = situation.dataset.validation if situation.dataset else None
    if validation is None or not validation.evaluated:
        return line(name, " was checked against no expectation")
    if not validation.failed:
        return line(name, " could not be checked in full")
    if validation.evaluated == 1:
        return line(name, " breaks its only expectation")
    if validation.failed == validation.evaluated:
        return line(name, f" breaks all of its {digits.count(validation.evaluated)} expectations")
    return line(
        name,
        f" breaks {digits.count(validation.failed)} of its {digits.plural(validation.evaluated, 'expectation')}",
    )


def _limit(situation: Situation, _main: str) -> Line:
    found = dict.fromkeys((gate.metric, gate.sensitive) for gate in situation.gates)
    return line(code(situation.name), " misses its limit on ", listed([names.subject(*each) for each in found]))


def _declined(situation: Situation, main: str) -> Line:
    return line(code(situation.name), " is worse than ", _references(situation, main))


def _references(situation: Situation, main: str) -> Line:
    found = dict.fromkeys(gate.reference for gate in situation.gates if gate.reference)
    return listed([f"the best commit on {main}" if each == names.BEST else code(each) for each in found])


def _unfair(situation: Situation, main: str) -> Line:
    return line(code(situation.name), " treats the groups of ", _columns(situation), f" less alike than {main}")


def _columns(situation: Situation) -> Line:
    return listed([code(each) for each in dict.fromkeys(gate.sensitive for gate in situation.gates if gate.sensitive)])


def _searched(situation: Situation, main: str) -> Line:
    found = situation.model.search if situation.model else None
    if found is None or found.worst is None:
        return line(code(situation.name), f" is worse than {main} on a slice")
    where = code(found.worst.slice) if found.worse == 1 else f"{digits.count(found.worse)} slices"
    return line(code(situation.name), f" is worse than {main} on ", where)


def _slice(situation: Situation, main: str) -> Line:
    parts = list(dict.fromkeys(gate.slice for gate in situation.gates))
    where = line("on ", code(parts[0])) if len(parts) == 1 else line(f"on {len(parts)} slices")
    return line(code(situation.name), f" is worse than {main} ", where)


def _cost(situation: Situation, _main: str) -> Line:
    metrics = [names.metric(gate.metric) for gate in situation.gates]
    return line(code(situation.name), " costs more than its gates allow: ", listed(metrics))


def _inconclusive(situation: Situation, main: str) -> Line:
    start = line("too few rows to tell whether ", code(situation.name))
    if all(gate.reference for gate in situation.gates):
        return line(start, " is worse than ", _references(situation, main))
    if all(gate.sensitive for gate in situation.gates):
        return line(start, " treats the groups of ", _columns(situation), f" less alike than {main}")
    return line(start, f" is worse than {main}")


def _finding(situation: Situation, _main: str) -> Line:
    found = situation.findings[0].code
    kind = found[4]
    if found in _TOLD:
        return line(_TOLD[found])
    if situation.verdict == "fail":
        return line(_FAILED.get(kind, "the run failed"))
    return line(f"{_SUBJECTS.get(kind, 'the run needs')} a look")


def _named(text: str) -> Callable[[Situation, str], Line]:
    return lambda situation, main: line(code(situation.name), text.format(main=main))


_CLAUSES: dict[Kind, Callable[[Situation, str], Line]] = {
    "expectations": _expectations,
    "untrained": _named(" could not be trained"),
    "unjudged": _named(" could not be judged"),
    "worse": _named(" is worse than {main}"),
    "declined": _declined,
    "limit": _limit,
    "unfair": _unfair,
    "slice": _slice,
    "searched": _searched,
    "cost": _cost,
    "inconclusive": _inconclusive,
    "unmeasured": _named(" could not be judged in full"),
    "finding": _finding,
    "better": _named(" is better than {main}"),
    "same": _named(" is as good as {main}"),
    "mixed": _named(" passes its gates"),
    "identical": _named(" predicts the same as on {main}"),
    "alone": _named(" has no baseline to compare with"),
    "holds": _named(" holds all its expectations"),
}
