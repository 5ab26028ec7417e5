"""The target: class codes or values, and the rows that have none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlci.config.suggest import did_you_mean
from mlci.data.labels import canonical_label, canonical_labels
from mlci.data.read import short
from mlci.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from mlci.config.models import ModelConfig
    from mlci.data.read import Table
    from mlci.errors import Location

_MANY = 1000  # classes; more are no classes
_BINARY = 2
_SHOWN = 8  # classes that a message names


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A target of n rows: `values` are (n,) class codes or float64 values, which mean nothing where not `known`."""

    values: NDArray[Any]
    known: NDArray[np.bool_]


def labels_in(table: Table, model: ModelConfig, *, location: Location | None = None) -> set[str]:
    """The canonical labels that a table's target holds; empty for a regression.

    Raises:
        DataError: the column is missing, empty, or holds too many values to be classes.
    """
    table.require((model.target,), "the target", location)
    if table.column(model.target).nulls == table.rows:
        raise DataError(
            f"Dataset '{table.name}': the target `{model.target}` is empty in every row.",
            hint="Name the column that holds what is to be predicted.",
            location=location,
        )
    if model.task == "regression":
        return set()
    unique = table.scan().select(model.target).unique().collect(engine="streaming")[model.target]
    if len(unique) > _MANY:
        raise DataError(
            f"Dataset '{table.name}': the target `{model.target}` has {len(unique):,} different values, too many to be "
            "classes.",
            hint="Use task: regression for a quantity.",
            location=location,
        )
    return set(canonical_labels(unique).drop_nulls().to_list())


def classes_of(labels: set[str], model: ModelConfig, *, location: Location | None = None) -> tuple[str, ...]:
    """The classes in order; for a binary task the negative one, then the positive one; none for a regression.

    Raises:
        DataError: there is one class alone, `positive` is none of them, or a binary task has more than two.
    """
    if model.task == "regression":
        return ()
    found, target = sorted(labels), f"The target `{model.target}`"
    if len(found) == 1:
        raise DataError(
            f"{target} has one class alone, so there is nothing to tell apart.",
            hint="Look whether a filter left the other class out.",
            location=location,
        )
    if model.task == "multiclass":
        return tuple(found)
    positive = canonical_label(model.positive)
    if positive not in labels:
        raise DataError(
            f"{target} never holds '{positive}', which `positive` names.",
            hint=did_you_mean(positive, found).strip(),
            location=location,
        )
    if len(found) != _BINARY:
        raise DataError(
            f"{target} has {len(found)} classes{_listed(found)}, and the task is binary.",
            hint="Use task: multiclass, or mend the labels: the same class may be written in two ways.",
            location=location,
        )
    return (next(label for label in found if label != positive), positive)


def _listed(found: list[str]) -> str:
    """The classes by name where they are few; many are perhaps no classes, and their names the data's."""
    return f" ({', '.join(found)})" if len(found) <= _SHOWN else ""


def read_target(
    table: Table, model: ModelConfig, classes: tuple[str, ...], *, location: Location | None = None
) -> Target:
    """The target of every row, as codes of `classes` or as values.

    Raises:
        DataError: a regression's target holds no numbers, or infinite ones.
    """
    import polars as pl

    column = table.scan().select(model.target).collect()[model.target]
    if column.dtype.is_float():
        column = column.fill_nan(None)
    known = column.is_not_null().to_numpy()
    if model.task == "regression":
        return Target(values=_numbers(column, table, location), known=known)
    codes = {label: code for code, label in enumerate(classes)}
    coded = canonical_labels(column).replace_strict(codes, default=-1, return_dtype=pl.Int64)
    return Target(values=coded.fill_null(-1).to_numpy(), known=known)


def _numbers(column: pl.Series, table: Table, location: Location | None) -> NDArray[np.float64]:
    import polars as pl

    if not column.dtype.is_numeric() and column.dtype != pl.Boolean:
        raise DataError(
            f"Dataset '{table.name}': `{column.name}` holds {short(column.dtype)}: regression needs numbers.",
            hint="Use task: binary or multiclass for labels, or mend the values that are no numbers.",
            location=location,
        )
    numbers = column.cast(pl.Float64)
    infinite = int(numbers.is_infinite().sum())
    if infinite:
        raise DataError(
            f"Dataset '{table.name}': the target `{column.name}` is infinite in {infinite:,} rows.",
            hint="Leave such rows out, or give them a finite value: no error against infinity can be measured.",
            location=location,
        )
    values: NDArray[np.float64] = numbers.fill_null(float("nan")).to_numpy()
    return values
