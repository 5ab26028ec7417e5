"""What things are called in a report: metrics in prose, verdicts as an icon and a word, the two sides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.report.digits import NBSP
from mlci.report.filters import clip
from mlci.report.phrase import capital, code, line, prose
from mlci.stats.metrics import FAIRNESS

if TYPE_CHECKING:
    from mlci.report.phrase import Line
    from mlci.report.places import Place
    from mlci.results import Comparison, GateResult, Results, Severity, Status

ICON = {"pass": "✅", "info": "\N{INFORMATION SOURCE}\ufe0f", "warn": "⚠️", "fail": "❌"}
UNKNOWN = "❔"

HEAD = f"this{NBSP}PR"

_PROSE = {
    "accuracy": "accuracy",
    "average_precision": "average precision",
    "balanced_accuracy": "balanced accuracy",
    "brier_score": "Brier score",
    "cohen_kappa": "Cohen’s kappa",
    "expected_calibration_error": "expected calibration error",
    "f1": "F1",
    "fit_seconds": "fit time",
    "log_loss": "log loss",
    "matthews_corrcoef": "Matthews correlation",
    "mean_absolute_error": "mean absolute error",
    "mean_absolute_percentage_error": "mean absolute percentage error",
    "mean_squared_error": "mean squared error",
    "model_size": "model size",
    "peak_memory": "peak memory",
    "precision": "precision",
    "predict_seconds": "prediction time",
    "r2": "R²",
    "recall": "recall",
    "roc_auc": "ROC AUC",
    "roc_auc_ovr": "ROC AUC (one against the rest)",
    "roc_auc_ovr_weighted": "weighted ROC AUC (one against the rest)",
    "root_mean_squared_error": "root mean squared error",
    "specificity": "specificity",
    "zero_one_loss": "zero-one loss",
}
_FORMS = {  # of a fairness metric, around what each group is measured by
    "difference": "{} difference",
    "ratio": "{} ratio",
    "group_min": "lowest {} of a group",
    "group_max": "highest {} of a group",
}
BEST = "best"  # the reference that the ledger keeps
_AVERAGES = ("macro", "weighted", "micro")

_COMPARED: dict[str | None, str] = {
    "better": "better",
    "same": "same",
    "worse": "worse",
    "inconclusive": "inconclusive",
    None: "could not be told",
}
_UNGATED = {"better": "better", "same": "same", "worse": "worse", "inconclusive": f"no{NBSP}clear{NBSP}change"}
_BROKEN = {"min": f"too{NBSP}low", "max": f"too{NBSP}high", "max_increase": f"too{NBSP}much"}

SEVERITY: dict[Severity, str] = {"fail": "fails", "warn": "warns", "info": "notes"}


def metric(name: str) -> Line:
    """A metric as prose calls it: `ROC AUC`, `macro F1`; in code where it has no such name."""
    if name in _PROSE:
        return line(_PROSE[name])
    base, _, average = name.rpartition("_")
    if average in _AVERAGES and base in _PROSE:
        return line(f"{average} {_PROSE[base]}")
    if name in FAIRNESS:
        form = FAIRNESS[name].form
        return line(_FORMS[form].format(rate(name.removesuffix(f"_{form}"))))
    return line(code(name))


def rate(name: str) -> str:
    """What a group is measured by, in words: `true positive rate`, `accuracy`."""
    plain = name.removesuffix("_score")
    return _PROSE.get(plain, plain.replace("_", " "))


def subject(name: str, sensitive: str = "") -> Line:
    """What a sentence speaks of: `ROC AUC`, `` the equalized odds difference by `sex` ``."""
    return line("the ", metric(name), " by ", code(sensitive)) if sensitive else metric(name)


def reference(name: str, sha: str = "") -> Line:
    """What the candidate was held against besides the base: `` the best commit `a81d03b` ``, `` `v1.2` ``."""
    if name != BEST:
        return line(code(name))
    return line("the best commit", *((" ", code(short(sha))) if sha else ()))


def label(each: Place) -> str:
    """A comparison's or a gate's name in plain text: `roc_auc against best`, `equalized_odds_ratio by sex`."""
    by = f" by {each.sensitive}" if each.sensitive else ""
    against = f" against {each.reference}" if each.reference else ""
    return f"{each.metric}{by}{against}"


def metric_title(name: str) -> Line:
    """The metric as a sentence begins with it."""
    return capital(metric(name))


def marked(name: str, *, greater: bool, sensitive: str = "", reference: str = "") -> Line:
    """A metric's configured name and where it stands, with an arrow where lower is better.

    Fairness metrics stand in words: their names are long, and code does not wrap.
    """
    by = line(" by ", code(sensitive)) if sensitive else line()
    against = line(" against ", code(reference)) if reference else line()
    return line(metric(name) if name in FAIRNESS else code(name), by, against, "" if greater else f"{NBSP}↓")


def base(results: Results) -> str:
    """What the base is called: its branch, or its commit."""
    if results.base is None:
        return "the base"
    ref = results.base.ref.removeprefix("refs/heads/").removeprefix("refs/remotes/").removeprefix("origin/")
    return clip(ref, 60) or short(results.base.sha) or "the base"


def short(sha: str) -> str:
    """The first seven characters of a commit's name."""
    return sha[:7]


def compared(comparison: Comparison) -> Line:
    """Icon and word for a comparison; where nothing was compared, why."""
    note, status = comparison.note, comparison.status
    if comparison.gated:
        is_open = comparison.verdict == "pass" and undecided(status)
        return line(f"{UNKNOWN if is_open else ICON[comparison.verdict]}{NBSP}{_COMPARED[status]}")
    if not comparison.rows:
        return line(f"{UNKNOWN} no rows")
    if is_small(comparison):
        return line(f"{UNKNOWN} too few rows to tell")
    if status is None:
        return line(f"{UNKNOWN} ", prose(note)) if note else line()
    return line(_UNGATED[status])


def untold(gate: GateResult) -> Line:
    """Icon and word for a gate that found nothing to compare with."""
    return line(f"{ICON[gate.verdict]}{NBSP}{_COMPARED[None]}")


def is_small(comparison: Comparison) -> bool:
    """Whether a slice has too few rows to be judged; `compare` says so in its note."""
    return bool(comparison.slice) and "reported, not judged" in comparison.note


def undecided(status: Status | None) -> bool:
    """Whether a comparison could not be decided."""
    return status in (None, "inconclusive")


def ruled(gate: GateResult) -> Line:
    """Icon and word for a rule other than `max_regression`."""
    if gate.verdict == "pass":
        return line(f"{ICON['pass']}{NBSP}", prose(gate.message) if gate.message else "holds")
    word = "not measured" if gate.value is None else _BROKEN.get(gate.rule, "worse")
    return line(f"{ICON[gate.verdict]}{NBSP}{word}")
