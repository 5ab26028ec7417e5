"""What results may hold beyond scores, added to a run: fairness, calibration, the worst slice, other commits."""

from __future__ import annotations

import math

from mlci.errors import Location
from mlci.results import (
    Bin,
    Calibration,
    Comparison,
    FairnessResult,
    Finding,
    GateResult,
    Group,
    ReferenceResult,
    Reliability,
    Search,
    worst,
)

BEST = "c3d4e5f60718293a4b5c6d7e8f901a2b3c4d5e6f"
ROWS = 11_214
RATES = ("selection_rate", "true_positive_rate", "false_positive_rate")


def compared(metric, baseline, candidate, half, margin=None, **more):
    """A comparison whose interval is the gain plus or minus `half`, judged as the statistics say."""
    greater = more.pop("greater_is_better", True)
    gain = (candidate - baseline) * (1 if greater else -1)
    low, high, allowed = gain - half, gain + half, margin or 0.0
    status = "worse" if high < -allowed else "better" if low > 0 else "same" if low >= -allowed else "inconclusive"
    verdict = {"worse": "fail", "inconclusive": "warn"}.get(status, "pass") if margin is not None else "pass"
    facts = {"metric": metric, "rows": ROWS, "baseline": baseline, "candidate": candidate, "gain": gain}
    found = {"low": low, "high": high, "margin": margin, "gated": margin is not None, "status": status}
    rest = {"verdict": verdict, "detectable": half * 1.43, "greater_is_better": greater}
    return Comparison(**{**facts, **found, **rest, **more})


def gate(each, **more):
    """The `max_regression` rule of a comparison."""
    facts = {"metric": each.metric, "slice": each.slice, "rule": "max_regression", "threshold": each.margin or 0.0}
    found = {"value": each.candidate, "baseline": each.baseline, "change": each.gain}
    told = {"verdict": each.verdict, "status": each.status, "message": each.note}
    return GateResult(**{**facts, **found, **told, **more})


def group(name, rows, before, after):
    """A group with its rates on both sides, in the order of `RATES`."""
    return Group(
        name=name,
        rows=rows,
        baseline=dict(zip(RATES, before, strict=True)),
        candidate=dict(zip(RATES, after, strict=True)),
    )


def between(metric, before, after, half, margin=None, **more):
    """A fairness metric where less is better, with an interval of the candidate's own value."""
    own = {"candidate_low": max(0.0, after - half * 0.9), "candidate_high": after + half * 0.9}
    return compared(metric, before, after, half, margin, greater_is_better=False, method="delta method", **own, **more)


def by_sex(*, after=0.553, margin=0.02):
    """Two groups: of women, `after` of those with a high income are found; before it were 61.4 %."""
    groups = (
        group("sex = Female", 3_702, (0.112, 0.614, 0.021), (0.094, after, 0.019)),
        group("sex = Male", 7_512, (0.261, 0.645, 0.052), (0.259, 0.645, 0.051)),
    )
    comparisons = (
        between("equalized_odds_difference", 0.645 - 0.614, 0.645 - after, 0.021, margin),
        between("demographic_parity_difference", 0.149, 0.259 - 0.094, 0.009),
    )
    return FairnessResult(sensitive="sex", groups=groups, comparisons=comparisons)


def by_race():
    """Three groups, of which one is too small for the metrics."""
    groups = (
        group("White", 9_571, (0.213, 0.641, 0.043), (0.209, 0.637, 0.042)),
        group("Black", 1_052, (0.131, 0.611, 0.031), (0.128, 0.604, 0.030)),
        group("Other", 21, (0.190, 0.750, 0.059), (0.095, 0.250, 0.059)),
    )
    found = (between("demographic_parity_difference", 0.082, 0.081, 0.012, rows=10_623),)
    note = "1 group with fewer than 30 rows left out"
    return FairnessResult(sensitive="race", groups=groups, comparisons=found, note=note)


def calibration(*, shift=0.04):
    """Ten bins of both sides, the candidate's probabilities too high by `shift` in the middle."""
    return Calibration(candidate=_side(shift), baseline=_side(0.004))


def _side(shift):
    counts = (4_210, 1_620, 930, 640, 512, 430, 0, 611, 840, 1_421)
    bins = tuple(
        Bin(
            low=i / 10,
            high=(i + 1) / 10,
            rows=rows,
            predicted=i / 10 + 0.045 if rows else None,
            observed=max(0.0, i / 10 + 0.045 - shift * math.sin(math.pi * (i + 0.5) / 10)) if rows else None,
        )
        for i, rows in enumerate(counts)
    )
    error = sum(abs(each.observed - each.predicted) * each.rows for each in bins if each.rows) / sum(counts)
    return Reliability(error=error, bins=bins)


def search(*, worse=1):
    """The search for the worst slice."""
    found = compared("roc_auc", 0.9391, 0.8679, 0.0201, 0.003, slice="sex = Female, age ≥ 60", rows=612)
    found = found.model_copy(update={"gated": False, "verdict": "pass"})
    columns = ("sex", "age", "race")
    return Search(metric="roc_auc", columns=columns, depth=2, slices=143, min_rows=100, worst=found, worse=worse)


def found_worse(severity="warn"):
    """The finding that says what the search found."""
    return Finding(
        code="MLCI308",
        severity=severity,
        message="`income` is worse on sex = Female, age ≥ 60 in `roc_auc`: the worst of 143 slices, and for certain, "
        "though so many were looked at.",
        hint="Look at these rows; name the slice under `slices:` to have its gates watch it.",
        location=Location("mlci.yml", 40, 5),
        subject="income",
    )


def with_model(results, gates=(), findings=(), **more):
    """The run with more said of its model `income`; the verdicts follow."""
    model = results.models["income"]
    gates, findings = (*model.gates, *gates), (*results.findings, *findings)
    model = model.model_copy(update={**more, "gates": gates, "verdict": worst([each.verdict for each in gates])})
    verdict = worst([model.verdict, *(each.severity for each in findings)])
    return results.model_copy(update={"models": {"income": model}, "findings": findings, "verdict": verdict})


def unfair(results):
    """A gate on fairness fails, and a limit on another metric holds."""
    fairness = (by_sex(), by_race())
    lead, other = fairness[0].comparisons
    limit = GateResult(
        metric=other.metric, sensitive="sex", rule="max", threshold=0.2, value=other.candidate, verdict="pass"
    )
    return with_model(results, (gate(lead, sensitive="sex"), limit), fairness=fairness, family=3)


def declined(results):
    """Each pull request lost a little: against the base it is within the margin, against the best commit it is not."""
    now = compared("roc_auc", 0.9198, 0.9190, 0.0011, 0.003)
    since = (
        compared("roc_auc", 0.9240, 0.9190, 0.0014, 0.003),
        compared("accuracy", 0.8701, 0.8697, 0.0021, 0.004),
    )
    model = results.models["income"]
    gates = tuple(
        each.model_copy(update={"value": now.candidate, "baseline": now.baseline, "change": now.gain})
        if each.metric == "roc_auc"
        else each
        for each in model.gates
    )
    model = model.model_copy(update={"comparisons": (now, *model.comparisons[1:]), "gates": gates, "family": 4})
    results = results.model_copy(update={"models": {"income": model}})
    best = ReferenceResult(name="best", sha=BEST, comparisons=since)
    return with_model(results, [gate(each, reference="best") for each in since], references=(best,))


def searched(results):
    """A slice that nobody named is worse; both sides were trained five times, and customers count as one draw."""
    model = results.models["income"]
    shares = {"roc_auc": 0.38, "accuracy": 0.21}
    comparisons = tuple(each.model_copy(update={"seed_share": shares[each.metric]}) for each in model.comparisons)
    errors = calibration()
    rare = "only 7 rows of one class: the interval is rough"
    comparisons = (
        *(each.model_copy(update={"note": rare}) if each.metric == "roc_auc" else each for each in comparisons),
        compared(
            "expected_calibration_error",
            errors.baseline.error,
            errors.candidate.error,
            0.0182,
            greater_is_better=False,
        ),
        compared("yearly.profit-EUR", 1_234_567.8, 1_233_901.2, 2_210.4, 5_000.0),
    )
    drawn = {"groups": 1_204, "cluster": "customer", "sample_weight": "weight", "judged": 12}
    same = ReferenceResult(name="best", sha=results.base.sha, same_as_base=True)
    return with_model(
        results,
        (gate(comparisons[-1]),),
        (found_worse(),),
        comparisons=comparisons,
        holdout=model.holdout.model_copy(update=drawn),
        repeats=5,
        calibration=errors,
        search=search(),
        references=(same,),
        family=3,
    )


def hostile(name, text):
    """All of it under a stranger's names."""
    evil = {"note": text, "candidate_low": 0.1, "candidate_high": 0.2}
    found = compared("equalized_odds_difference", 0.1, 0.3, 0.01, 0.02, greater_is_better=False, **evil)
    other = compared("roc_auc", 0.92, 0.86, 0.01, 0.003, note=text)
    part = FairnessResult(
        sensitive=name,
        groups=tuple(Group(name=each, rows=100, candidate={name: 0.5}) for each in (name, f"{name[:400]} = x")),
        comparisons=(found, compared(name, 0.1, 0.2, 0.01)),
        note=text,
    )
    best = ReferenceResult(name=name, sha=name, reason=text, comparisons=(other,))
    worse = compared("roc_auc", 0.9, 0.8, 0.01, slice=name)
    gates = (
        gate(found, sensitive=name),
        gate(other, reference=name),
        GateResult(metric=name, sensitive=name, rule="max", threshold=0.1, value=0.2, verdict="fail"),
    )
    return gates, {
        "fairness": (part,),
        "references": (best, ReferenceResult(name="best", sha=name, same_as_base=True)),
        "search": Search(metric=name, columns=(name,), depth=2, slices=9, min_rows=2, worst=worse, worse=2),
        "calibration": calibration(),
        "repeats": 3,
    }
