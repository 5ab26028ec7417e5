"""The metrics: scikit-learn's names, each with its direction, its input and the family of its interval.

This table is data alone, and costs nothing to import; the families' mathematics stand beside it, one module each.
A new metric is one row here and, where its family does not compute it yet, one registered function there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Needs = Literal["labels", "probability", "score", "values"]
Family = Literal["proportion", "counts", "losses", "calibration", "smooth", "ranks"]

BINARY = frozenset({"binary"})
MULTICLASS = frozenset({"multiclass"})
CLASSES = BINARY | MULTICLASS
REGRESSION = frozenset({"regression"})


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric as scikit-learn defines it.

    `needs` is what a model must give: predicted `labels`, the `probability` of the classes, a `score` to rank by (a
    probability or a decision function), or predicted `values`. `function` and `arguments` are those of
    `sklearn.metrics`, for classes written as 0, 1, …; `bounds` is the range of the metric's value.
    """

    name: str
    tasks: frozenset[str]
    family: Family
    needs: Needs
    function: str
    arguments: dict[str, str | int] = field(default_factory=dict)
    greater_is_better: bool = True
    bounds: tuple[float, float] = (0.0, 1.0)

    @property
    def sign(self) -> int:
        """+1 where greater is better, −1 where less is: gain = sign · (candidate − baseline)."""
        return 1 if self.greater_is_better else -1


_INF = float("inf")


def _averages(name: str, function: str) -> list[Metric]:
    """The binary form, and its macro, weighted and micro averages over classes.

    The micro averages and the weighted recall are the share of correct rows: proportions, as accuracy is.
    """
    averages: tuple[tuple[str, Family], ...] = (
        ("macro", "counts"),
        ("weighted", "proportion" if name == "recall" else "counts"),
        ("micro", "proportion"),
    )
    return [
        Metric(name, BINARY, "counts", "labels", function),
        *(
            Metric(f"{name}_{average}", CLASSES, family, "labels", function, {"average": average})
            for average, family in averages
        ),
    ]


_ALL = [
    Metric("accuracy", CLASSES, "proportion", "labels", "accuracy_score"),
    Metric("zero_one_loss", CLASSES, "proportion", "labels", "zero_one_loss", greater_is_better=False),
    Metric("recall", BINARY, "proportion", "labels", "recall_score"),
    Metric("specificity", BINARY, "proportion", "labels", "recall_score", {"pos_label": 0}),
    *_averages("f1", "f1_score"),
    *_averages("precision", "precision_score"),
    *_averages("recall", "recall_score")[1:],
    Metric("balanced_accuracy", CLASSES, "counts", "labels", "balanced_accuracy_score"),
    Metric("matthews_corrcoef", CLASSES, "counts", "labels", "matthews_corrcoef", bounds=(-1.0, 1.0)),
    Metric("cohen_kappa", CLASSES, "counts", "labels", "cohen_kappa_score", bounds=(-1.0, 1.0)),
    Metric("roc_auc", BINARY, "ranks", "score", "roc_auc_score"),
    Metric("roc_auc_ovr", MULTICLASS, "ranks", "probability", "roc_auc_score", {"multi_class": "ovr"}),
    Metric(
        "roc_auc_ovr_weighted",
        MULTICLASS,
        "ranks",
        "probability",
        "roc_auc_score",
        {"multi_class": "ovr", "average": "weighted"},
    ),
    Metric("average_precision", BINARY, "ranks", "score", "average_precision_score"),
    Metric(
        "log_loss",
        CLASSES,
        "losses",
        "probability",
        "log_loss",
        greater_is_better=False,
        bounds=(0.0, _INF),
    ),
    Metric(
        "brier_score",
        BINARY,
        "losses",
        "probability",
        "brier_score_loss",
        greater_is_better=False,
    ),
    Metric(
        "expected_calibration_error",
        CLASSES,
        "calibration",
        "probability",
        "expected_calibration_error",  # scikit-learn has none: Guo et al. 2017, of ten bins of equal width
        greater_is_better=False,
    ),
    Metric(
        "mean_absolute_error",
        REGRESSION,
        "losses",
        "values",
        "mean_absolute_error",
        greater_is_better=False,
        bounds=(0.0, _INF),
    ),
    Metric(
        "mean_squared_error",
        REGRESSION,
        "losses",
        "values",
        "mean_squared_error",
        greater_is_better=False,
        bounds=(0.0, _INF),
    ),
    Metric(
        "root_mean_squared_error",
        REGRESSION,
        "smooth",
        "values",
        "root_mean_squared_error",
        greater_is_better=False,
        bounds=(0.0, _INF),
    ),
    Metric("r2", REGRESSION, "smooth", "values", "r2_score", bounds=(-_INF, 1.0)),
    Metric(
        "mean_absolute_percentage_error",
        REGRESSION,
        "smooth",
        "values",
        "mean_absolute_percentage_error",
        greater_is_better=False,
        bounds=(0.0, _INF),
    ),
]

METRICS: dict[str, Metric] = {metric.name: metric for metric in _ALL}

ALIASES: dict[str, str] = {
    "neg_log_loss": "log_loss",
    "neg_brier_score": "brier_score",
    "brier_score_loss": "brier_score",
    "neg_mean_absolute_error": "mean_absolute_error",
    "neg_mean_squared_error": "mean_squared_error",
    "neg_root_mean_squared_error": "root_mean_squared_error",
    "neg_mean_absolute_percentage_error": "mean_absolute_percentage_error",
    "mae": "mean_absolute_error",
    "mse": "mean_squared_error",
    "rmse": "root_mean_squared_error",
    "auc": "roc_auc",
    "auc_roc": "roc_auc",
    "auroc": "roc_auc",
    "mcc": "matthews_corrcoef",
}
"""Names that people write, and the one that mlci uses: the sign stands in the direction, not in the name."""

# --- fairness --------------------------------------------------------------------------------------------------

Form = Literal["difference", "ratio", "group_min", "group_max"]


@dataclass(frozen=True, slots=True)
class FairnessMetric:
    """A metric of how alike a model treats the groups of a sensitive column, as Fairlearn defines it.

    `rates` are what each group is measured by, under the names of `fairlearn.metrics` and `sklearn.metrics`; of two,
    the one that is worse counts. `form` is what becomes of the groups' values: the greatest less the least, the least
    over the greatest, the least, or the greatest.
    """

    name: str
    rates: tuple[str, ...]
    form: Form
    tasks: frozenset[str] = BINARY
    greater_is_better: bool = False
    bounds: tuple[float, float] = (0.0, 1.0)

    @property
    def sign(self) -> int:
        """+1 where greater is better, −1 where less is: gain = sign · (candidate − baseline)."""
        return 1 if self.greater_is_better else -1


def _forms(rate: str, *forms: Form, tasks: frozenset[str] = BINARY) -> list[FairnessMetric]:
    return [FairnessMetric(f"{rate}_{form}", (rate,), form, tasks, form in ("ratio", "group_min")) for form in forms]


_FAIRNESS = [
    FairnessMetric("demographic_parity_difference", ("selection_rate",), "difference"),
    FairnessMetric("demographic_parity_ratio", ("selection_rate",), "ratio", greater_is_better=True),
    FairnessMetric("equalized_odds_difference", ("true_positive_rate", "false_positive_rate"), "difference"),
    FairnessMetric(
        "equalized_odds_ratio", ("true_positive_rate", "false_positive_rate"), "ratio", greater_is_better=True
    ),
    FairnessMetric("equal_opportunity_difference", ("true_positive_rate",), "difference"),
    FairnessMetric("equal_opportunity_ratio", ("true_positive_rate",), "ratio", greater_is_better=True),
    *_forms("selection_rate", "difference", "ratio"),
    *_forms("true_positive_rate", "difference", "ratio"),
    *_forms("true_negative_rate", "difference", "ratio"),
    *_forms("false_positive_rate", "difference", "ratio"),
    *_forms("false_negative_rate", "difference", "ratio"),
    *_forms("accuracy_score", "difference", "ratio", "group_min", tasks=CLASSES),
    *_forms("zero_one_loss", "difference", "ratio", "group_max", tasks=CLASSES),
    *_forms("balanced_accuracy_score", "group_min"),
    *_forms("precision_score", "group_min"),
    *_forms("recall_score", "group_min"),
    *_forms("f1_score", "group_min"),
]

FAIRNESS: dict[str, FairnessMetric] = {metric.name: metric for metric in _FAIRNESS}

RESOURCES: dict[str, str] = {
    "fit_seconds": "s",
    "predict_seconds": "s",
    "peak_memory": "B",
    "model_size": "B",
}
"""What a training costs, with its unit: gated by `max` and `max_increase`; less is better."""
