"""What was found of models: who competed, what was compared, how it was judged."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mlci.errors import Location
from mlci.results.base import Name, Record, Rule, Status, Task, Text, Verdict
from mlci.results.data import Column

PACKAGES = 2_000
"""Packages of an environment that are told."""


class CandidateResult(Record):
    """A candidate in the election, which happens on training rows alone."""

    name: Name
    cv_mean: float | None = None  # the primary metric, over the folds; None where there was nothing to elect
    cv_std: float | None = None
    fit_seconds: float | None = None
    elected: bool = False


class EnvironmentResult(Record):
    """What a training ran in."""

    kind: Literal["own", "requirements", "project", "interpreter"] = "own"  # `own`: mlci's packages
    python: Name = ""
    key: Name = ""  # a digest of what it was made from; empty where it was not made
    packages: Annotated[dict[Name, Name], Field(max_length=PACKAGES)] = {}  # all in it, not only those that were used


class WallResult(Record):
    """What of the wall around a training held."""

    user: bool  # it ran as another user than mlci
    files: bool | None = None  # files that are not its own were out of reach; None: that was not asked for
    network: Literal["namespace", "filter", "open", "allowed"]  # `open`: it was to be out of reach, and was not
    doors: Annotated[tuple[Name, ...], Field(max_length=100)] = ()  # sockets of services beyond the wall, within reach


class Side(Record):
    """What one side's winner is and cost."""

    winner: Name
    estimator: Name = ""  # the class's name
    train_rows: int
    fit_seconds: float | None = None  # processor seconds of the fit, its threads and children included
    predict_seconds: float | None = None
    peak_memory: int | None = None  # bytes, of the training process
    model_size: int | None = None  # bytes, of the saved model
    params: dict[Name, Text] = {}
    features: tuple[Column, ...] = ()
    packages: dict[Name, Name] = {}  # of the modules that the training loaded, and Python
    seed: int | None = None
    threads: int | None = None  # that numerical libraries could start
    environment: EnvironmentResult | None = None
    wall: WallResult | None = None
    types: tuple[Name, ...] | None = None  # that a reader of the saved model has to trust; None: skops saved none
    reproducible: bool | None = None  # a second training with the same seed predicts the same; None: nobody looked


class BaselineResult(Record):
    """Where the baseline comes from; `side` is None where there is none, and `reason` says why."""

    source: Literal["retrained", "none"]
    sha: Name = ""
    paired: bool = True
    reason: Text = ""
    side: Side | None = None


class Change(Record):
    """A value that differs between the two winners; an empty string where a side has none."""

    name: Name
    before: Text = ""
    after: Text = ""


class Difference(Record):
    """How the head's winner differs from the base's, in what could explain a gain or a loss."""

    winner: Change | None = None
    params: tuple[Change, ...] = ()
    features_added: tuple[Name, ...] = ()
    features_removed: tuple[Name, ...] = ()
    features_retyped: tuple[Change, ...] = ()
    packages: tuple[Change, ...] = ()
    files: tuple[Name, ...] = ()  # changed files of the repository that the training loaded


class Comparison(Record):
    """Candidate against baseline in one metric, on the whole holdout (`slice` empty) or on a slice of it."""

    metric: Name
    slice: Name = ""
    rows: int
    baseline: float | None = None
    candidate: float | None = None
    gain: float | None = None  # signed so that positive is better
    low: float | None = None
    high: float | None = None
    level: float = 0.95  # confidence of [low, high], after the correction for the number of gates
    method: Name = ""
    margin: float | None = None  # `max_regression`; None where no gate watches
    status: Status | None = None  # None where it could not be told (see `note`)
    verdict: Verdict = "pass"
    gated: bool = False
    detectable: float | None = None  # the smallest loss noticed four times out of five
    rows_needed: int | None = None  # holdout rows that would settle it, where it is inconclusive
    note: Text = ""
    greater_is_better: bool = True
    candidate_low: float | None = None  # an interval of the candidate's own value, of fairness metrics
    candidate_high: float | None = None
    seed_share: float | None = None  # of one training's variance, the part that its seed makes (`repeats`)


class GateResult(Record):
    """One rule of one gate and what it said."""

    metric: Name
    slice: Name = ""
    sensitive: Name = ""  # the column whose groups a fairness metric compares
    reference: Name = ""  # what it was held against besides the merge base: `best`, or a tag or commit
    rule: Rule
    threshold: float
    value: float | None = None  # the candidate's
    baseline: float | None = None
    change: float | None = None  # the gain, or for `max_increase` the relative increase
    verdict: Verdict
    status: Status | None = None
    message: Text = ""
    location: Location | None = None


class Holdout(Record):
    """The rows that no training sees."""

    rows: int
    train_rows: int
    how: Text  # in words: "25 % of the rows, by a hash of `id`"
    overlap_rows: int = 0  # holdout rows that also stand in training
    overlap_by: Literal["", "key", "content"] = ""
    groups: int | None = None  # clusters in the holdout, where rows belong together
    cluster: Name = ""  # the column that tells which rows belong together
    sample_weight: Name = ""  # the column that rows are weighed by
    judged: int | None = None  # commits of the base branch that this holdout has judged, by the ledger


class Bin(Record):
    """Holdout rows whose predicted probability lies in (low, high]; the first bin holds 0, too."""

    low: float
    high: float
    rows: int
    predicted: float | None = None  # mean predicted probability; None of no rows
    observed: float | None = None  # the share in which it happened


class Reliability(Record):
    """How far one side's probabilities are from what happens; of several classes, those of the predicted one."""

    error: float  # the expected calibration error: the bins' mean |observed − predicted|, weighed by their rows
    bins: tuple[Bin, ...]


class Calibration(Record):
    """Both sides' reliability."""

    candidate: Reliability
    baseline: Reliability | None = None


class Group(Record):
    """The holdout rows that share a value of a sensitive column, with what each rate is there."""

    name: Name
    rows: int
    candidate: dict[Name, float | None] = {}
    baseline: dict[Name, float | None] = {}


class FairnessResult(Record):
    """How alike the groups of one sensitive column are treated. `comparisons` hold a fairness metric each."""

    sensitive: Name
    groups: tuple[Group, ...]
    comparisons: tuple[Comparison, ...]
    note: Text = ""  # such as groups with too few rows, which are left out


class Search(Record):
    """The search for the slice that fell furthest. Its interval pays for all slices that were looked at."""

    metric: Name
    columns: tuple[Name, ...]
    depth: int
    slices: int  # that were looked at
    min_rows: int
    worst: Comparison | None = None  # None where there was none to look at
    worse: int = 0  # how many slices are worse than the margin for certain, all of them paid for


class ReferenceResult(Record):
    """A commit that gates hold against besides the merge base, so that small losses do not add up."""

    name: Name  # `best`, or the tag, branch or commit of the configuration
    sha: Name = ""
    same_as_base: bool = False  # it is the merge base: nothing more to compare
    reason: Text = ""  # why there is no comparison, where there is none
    paired: bool = True
    side: Side | None = None
    comparisons: tuple[Comparison, ...] = ()


class ModelResult(Record):
    """One model: what was compared and how it was judged."""

    verdict: Verdict
    dataset: Name
    task: Task
    target: Name
    positive: Name = ""
    classes: tuple[Name, ...] = ()
    primary: Name
    confidence: float = 0.95
    family: int = 0  # gates that can fail, over which `confidence` holds
    holdout: Holdout | None = None
    candidates: tuple[CandidateResult, ...] = ()
    winner: Name = ""
    side: Side | None = None
    baseline: BaselineResult
    difference: Difference = Difference()
    comparisons: tuple[Comparison, ...] = ()
    gates: tuple[GateResult, ...] = ()
    repeats: int = 1  # trainings of each side, each with another seed
    calibration: Calibration | None = None  # of classifiers that give probabilities
    fairness: tuple[FairnessResult, ...] = ()
    search: Search | None = None
    references: tuple[ReferenceResult, ...] = ()
