"""`paired_interval`: labels, scores, probabilities or values of any type, checked and encoded for the inner door."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mlci.config.suggest import did_you_mean
from mlci.errors import UserError
from mlci.stats import estimate
from mlci.stats.metrics import ALIASES, BINARY, METRICS, REGRESSION

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from mlci.stats.interval import Interval
    from mlci.stats.metrics import Metric

    Array = NDArray[Any]

SUM = 1e-3  # that the probabilities of all classes may differ from 1: some write four digits
_RANGE = 1 << 16  # between the least and the greatest integer label, up to which labels are counted in an array


def paired_interval(  # noqa: PLR0913 - the rows' own facts, and what is asked of them
    metric: str,
    y_true: ArrayLike,
    candidate: ArrayLike,
    baseline: ArrayLike,
    *,
    confidence: float = 0.95,
    groups: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
    seed: int = 0,
) -> Interval:
    """The interval of a metric's gain, candidate − baseline on the same rows, signed so that positive is better.

    Args:
        metric: A name in `mlci.stats.metrics.METRICS`, as in "roc_auc".
        y_true: Shape (n,): labels of any one type that can be sorted, or values. Of two labels, the greater one is
            positive.
        candidate: What the candidate predicts, as the metric takes it: labels, shape (n,); scores, shape (n,), greater
            for the positive class; probabilities, shape (n,) of the positive class or (n, k) of all classes in sorted
            order; or values.
        baseline: The same of the baseline.
        confidence: Between 0 and 1.
        groups: Shape (n,); rows that share a value belong together and count as one draw.
        sample_weight: Shape (n,), ≥ 0; as scikit-learn takes it.
        seed: Seeds what the interval draws at random; the same arguments give the same interval.

    Returns:
        The interval, with both values of the metric, the method and the number of rows. Where the gain cannot be told,
        as with one class only, it is NaN, the interval is its whole range, and the note says why.

    Raises:
        UserError: the metric is not known, or the arrays are not what it takes: lengths differ, nothing is in them,
            values are missing or not finite, probabilities are none.
    """
    row = METRICS.get(metric)
    if row is None:
        hint = did_you_mean(ALIASES.get(metric, metric), METRICS).strip()
        raise UserError(f"'{metric}' is no metric that mlci knows.", hint=hint)
    y = _vector("y_true", y_true)
    if not len(y):
        raise UserError("y_true is empty: there is nothing to compare.", hint="Give at least one row.")
    sides = {name: np.asarray(given) for name, given in (("candidate", candidate), ("baseline", baseline))}
    for name, array in (*sides.items(), *_optional(groups=groups, sample_weight=sample_weight).items()):
        if array.ndim == 0 or len(array) != len(y):
            length = "no length" if array.ndim == 0 else f"the length {len(array):,}"
            raise UserError(f"{name} has {length}, and y_true has {len(y):,}.", hint="Give both the same rows.")
    y, mine, theirs, classes = _encoded(row, y, sides)
    found = estimate.paired(
        row,
        y,
        mine,
        theirs,
        groups=None if groups is None else _numbered([("groups", _vector("groups", groups))])[0][0],
        sample_weight=None if sample_weight is None else _weights(sample_weight),
        n_classes=classes,
        seed=seed,
    )
    return found.interval(confidence)


def _encoded(metric: Metric, y: Array, sides: dict[str, Array]) -> tuple[Array, Array, Array, int]:
    """The target, both sides and the number of classes, as `mlci.stats.estimate` takes them."""
    if metric.tasks == REGRESSION:
        mine, theirs = (_numbers(name, _vector(name, array)) for name, array in sides.items())
        return _numbers("y_true", y), mine, theirs, 0
    if metric.needs == "labels":
        return _labels(metric, [("y_true", y), *((name, _vector(name, array)) for name, array in sides.items())])
    columns = {name: _columns(metric, name, array) for name, array in sides.items()}
    widths = {array.shape[1] if array.ndim > 1 else 2 for array in columns.values()}
    if len(widths) > 1:
        raise UserError(
            "candidate and baseline have different numbers of classes.", hint="Both must give the same columns."
        )
    mine, theirs = columns.values()
    if metric.tasks == BINARY or 1 in (mine.ndim, theirs.ndim):
        mine, theirs = (array if array.ndim == 1 else array[:, 1] for array in (mine, theirs))
    (classes,) = widths
    return _target(metric, y, classes), mine, theirs, classes


# --- classes ---------------------------------------------------------------------------------------------------


def _labels(metric: Metric, named: list[tuple[str, Array]]) -> tuple[Array, Array, Array, int]:
    """Codes of the labels in all three arrays."""
    (y, mine, theirs), labels = _numbered(named, by=metric.name)
    if metric.tasks == BINARY and len(labels) > 2:  # noqa: PLR2004 - binary
        other = f"{metric.name}_macro"
        raise UserError(
            f"{metric.name} is for two classes, and the arrays hold {len(labels):,} labels.",
            hint=f"Use {other}, or another average." if other in METRICS else "Use balanced_accuracy or recall_macro.",
        )
    if len(labels) == 1 and _is_one(labels[0]):  # nothing but positive rows
        y, mine, theirs = y + 1, mine + 1, theirs + 1
    return y, mine, theirs, max(2, len(labels))


def _target(metric: Metric, y: Array, classes: int) -> Array:
    """Codes of the target, where the predictions have columns and no labels."""
    (codes,), labels = _numbered([("y_true", y)], by=metric.name)
    if len(labels) == classes:
        return codes
    if len(labels) > classes:
        raise UserError(
            f"y_true holds {len(labels):,} labels, and the predictions are for {classes:,} classes.",
            hint=f"Give probabilities of shape (n, {len(labels)}).",
        )
    known = [label for label in labels if isinstance(label, int)]
    if classes == 2:  # noqa: PLR2004 - binary: one label, which may be -1 or 0 as well as 1
        known = [int(label == 1) for label in known]
    if len(known) == len(labels) and all(0 <= label < classes for label in known):
        return np.array(known)[codes]
    if metric.needs == "score":  # one class: which one does not matter
        return codes
    raise UserError(
        f"y_true holds {len(labels):,} of {classes:,} labels, so that the columns' labels cannot be told.",
        hint=f"Write classes as 0 to {classes - 1}.",
    )


def _numbered(named: list[tuple[str, Array]], by: str = "") -> tuple[list[Array], list[Any]]:
    """Places of the arrays' values among all of them, which are sorted where a metric asks (`by`)."""
    if all(array.dtype.kind in "biuf" for _, array in named):
        return _numbered_numbers(named, by)
    lists = [array.tolist() for _, array in named]
    for (name, _), values in zip(named, lists, strict=True):
        if missing := sum(map(_is_missing, values)):
            _refuse_missing(name, missing, len(values))
    found = dict.fromkeys(value for values in lists for value in values)
    try:
        labels = sorted(found) if by else list(found)
    except TypeError:
        raise UserError(
            "The labels of y_true, candidate and baseline are of different types.",
            hint="Give all labels as text, or all as numbers.",
        ) from None
    place = {label: at for at, label in enumerate(labels)}
    return [np.fromiter(map(place.__getitem__, values), np.int64, len(values)) for values in lists], labels


def _numbered_numbers(named: list[tuple[str, Array]], by: str) -> tuple[list[Array], list[Any]]:
    whole = [_whole(name, array, by) for name, array in named]
    if all(array.dtype.kind in "biu" for array in whole):
        least = min(int(array.min()) for array in whole)
        width = max(int(array.max()) for array in whole) - least + 1
        if width <= _RANGE:
            shifted = [array.astype(np.int64) - least for array in whole]
            seen = np.zeros(width, dtype=bool)
            for array in shifted:
                seen[np.flatnonzero(np.bincount(array, minlength=width))] = True
            place = np.cumsum(seen) - 1
            return [place[array] for array in shifted], (np.flatnonzero(seen) + least).tolist()
    labels, codes = np.unique(np.concatenate(whole), return_inverse=True)
    return np.split(codes, np.cumsum([len(array) for array in whole])[:-1]), labels.tolist()


def _whole(name: str, array: Array, by: str) -> Array:
    """Labels that are numbers, as whole ones."""
    if array.dtype.kind != "f":
        return array
    if missing := int(np.count_nonzero(~np.isfinite(array))):
        _refuse_missing(name, missing, len(array))
    if by and (array != np.floor(array)).any():
        hint = "Round probabilities to labels first." if name != "y_true" else "For values, use a regression metric."
        raise UserError(f"{by} is for classes, and {name} holds fractions.", hint=hint)
    return array.astype(np.int64) if by and np.abs(array).max() < 2**53 else array


def _is_one(label: object) -> bool:
    return isinstance(label, (bool, int)) and label == 1


def _is_missing(value: object) -> bool:
    try:
        return value is None or bool(value != value)  # noqa: PLR0124 - only NaN differs from itself
    except TypeError:  # pandas' NA is neither
        return True


# --- numbers ---------------------------------------------------------------------------------------------------


def _columns(metric: Metric, name: str, given: Array) -> Array:
    """Scores or probabilities, shape (n,) or (n, k), checked."""
    array = _numbers(name, given[:, 0] if given.ndim == 2 and given.shape[1] == 1 else given)  # noqa: PLR2004
    binary = metric.tasks == BINARY
    if array.ndim > 2 or (array.ndim == 2 and binary and array.shape[1] != 2):  # noqa: PLR2004 - binary
        shape = "(n,) or (n, 2)" if binary else "(n, k)"
        raise UserError(f"{name} has the shape {given.shape}.", hint=f"{metric.name} takes {shape}.")
    if array.ndim == 1 and not metric.tasks & BINARY:
        raise UserError(f"{name} has the shape {given.shape}.", hint=f"{metric.name} takes a column for each class.")
    if metric.needs == "probability":
        outside = int(np.count_nonzero((array < 0) | (array > 1)))
        if outside:
            raise UserError(
                f"{name} holds {outside:,} values outside of [0, 1].", hint=f"{metric.name} takes probabilities."
            )
        off = 0 if array.ndim == 1 else int(np.count_nonzero(np.abs(array.sum(axis=1) - 1) > SUM))
        if off:
            raise UserError(
                f"In {off:,} rows, the probabilities of {name} do not sum to 1.",
                hint="Give the probability of every class.",
            )
    return array


def _numbers(name: str, array: Array) -> Array:
    """An array of finite numbers."""
    if array.dtype.kind == "O":
        try:
            array = array.astype(np.float64)
        except (TypeError, ValueError):
            raise UserError(
                f"{name} does not hold numbers.", hint="Is a value missing, or a label among them?"
            ) from None
    if array.dtype.kind not in "biuf":
        raise UserError(f"{name} does not hold numbers.", hint="The metric takes numbers.")
    if missing := int(array.size - np.count_nonzero(np.isfinite(array))):
        _refuse_missing(name, missing, array.size)
    return array if array.dtype.kind == "f" and array.itemsize > 2 else array.astype(np.float64)  # noqa: PLR2004 - bytes


def _weights(sample_weight: ArrayLike) -> Array:
    weights = _numbers("sample_weight", _vector("sample_weight", sample_weight))
    if (weights < 0).any() or not weights.any():
        what = "is negative in some rows" if (weights < 0).any() else "is 0 in all rows"
        raise UserError(f"sample_weight {what}.", hint="Weights are 0 or greater, and greater in some row.")
    return weights


def _vector(name: str, given: ArrayLike) -> Array:
    """An array of shape (n,); (n, 1) is taken for it."""
    array = np.asarray(given)
    if array.ndim == 2 and array.shape[1] == 1:  # noqa: PLR2004 - a column
        array = array[:, 0]
    if array.ndim != 1:
        raise UserError(f"{name} has the shape {array.shape}.", hint="Give one value for each row, shape (n,).")
    return array


def _optional(**given: ArrayLike | None) -> dict[str, Array]:
    return {name: np.asarray(value) for name, value in given.items() if value is not None}


def _refuse_missing(name: str, missing: int, rows: int) -> None:
    raise UserError(
        f"{name} is missing or not finite in {missing:,} of {rows:,} places.", hint="Drop those rows, or fill them."
    )
