"""Predictions for the holdout, in the documented format (`docs/training.md`), read as what they are: a stranger's data.

A Parquet or CSV file with a row for each holdout row and the columns

- `prediction`: the label, or the value for a regression;
- `probability`: optional, of the positive class, for binary tasks; for multiclass ones `probability:CLASS` for every
  class;
- `score`: optional, for binary tasks: anything to rank by, greater for the positive class;
- `row`: optional, the number of the holdout row, from 0; without it, rows are in the holdout's order.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from mlci.config.suggest import did_you_mean
from mlci.data.labels import canonical_label
from mlci.errors import TrainingError
from mlci.training.files import read_regular

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from mlci.results import Task
    from mlci.stats.metrics import Needs

CODE = "MLCI206"
MAGIC = b"PAR1"  # Parquet files begin with it
ROUNDING = 1e-6  # that a probability may be outside of [0, 1]
SUM = 1e-3  # that the probabilities of all classes may differ from 1: some write four digits
EXACT = 1e-9  # what differs by less is not divided
_EQUAL = {"0": "False", "1": "True", "False": "0", "True": "1"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Predictions:
    """A model's predictions for n holdout rows, in the holdout's order; arrays cannot be written to.

    Attributes:
        classes: The labels that `labels` are places in; empty for a regression.
        labels: Shape (n,), the place of each predicted label in `classes`.
        probability: Shape (n,) for a binary task, of the positive class; shape (n, k) for a multiclass one.
        score: Shape (n,), to rank by.
        values: Shape (n,), of a regression.
    """

    classes: tuple[str, ...] = ()
    labels: NDArray[np.int64] | None = None
    probability: NDArray[np.float64] | None = None
    score: NDArray[np.float64] | None = None
    values: NDArray[np.float64] | None = None

    def of(self, needs: Needs) -> NDArray[Any] | None:
        """What a metric needs of the predictions; None where the model does not give it."""
        if needs == "score" and self.score is None:
            return self.probability if self.probability is not None and self.probability.ndim == 1 else None
        return {
            "labels": self.labels,
            "probability": self.probability,
            "score": self.score,
            "values": self.values,
        }[needs]

    def to_frame(self, prefix: str) -> pl.DataFrame:
        """The columns of the documented format, each name after `prefix` and an underscore."""
        import numpy as np
        import polars as pl

        columns: dict[str, Any] = {}
        if self.labels is not None:
            columns["prediction"] = np.array(self.classes, dtype=object)[self.labels].tolist()
        if self.values is not None:
            columns["prediction"] = self.values
        if self.probability is not None and self.probability.ndim == 1:
            columns["probability"] = self.probability
        elif self.probability is not None:
            columns |= {f"probability:{name}": self.probability[:, at] for at, name in enumerate(self.classes)}
        if self.score is not None:
            columns["score"] = self.score
        return pl.DataFrame({f"{prefix}_{name}": values for name, values in columns.items()})


def read(  # noqa: PLR0913 - each is one fact that the file is checked against
    path: Path,
    *,
    task: Task,
    classes: tuple[str, ...],
    positive: str | None,
    rows: int,
    who: str = "The model",
) -> Predictions:
    """Read a file of predictions and check all of it.

    Args:
        path: A Parquet or CSV file; its content says which.
        task: Of the model.
        classes: Canonical labels; for a binary task the negative one, then the positive one.
        positive: The positive label, of a binary task.
        rows: Of the holdout.
        who: What predicted, to begin a sentence with.

    Raises:
        TrainingError: the file, its schema, the number of rows or a value is not as documented (MLCI206).
    """
    reader = _Reader(task=task, classes=classes, positive=positive, rows=rows, who=who)
    return reader.read(path)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    task: Task
    classes: tuple[str, ...]
    positive: str | None
    rows: int
    who: str

    def refuse(self, message: str, hint: str = "") -> NoReturn:
        raise TrainingError(
            message, hint=hint or "docs/training.md has the format of predictions.", code=CODE, stage="predict"
        )

    def read(self, path: Path) -> Predictions:
        limit = (1 << 20) + self.rows * (1024 + 64 * len(self.classes))
        content = read_regular(path, limit, what=f"The file of predictions of {self.who}", code=CODE)
        table = self.ordered(self.table(content))
        given = table["prediction"]
        if self.task == "regression":
            return Predictions(values=self.numbers(given))
        return Predictions(
            classes=self.classes,
            labels=_frozen(self.labels(given)),
            probability=self.probabilities(table),
            score=self.numbers(table["score"]) if "score" in table.columns else None,
        )

    @property
    def probability_names(self) -> tuple[str, ...]:
        if self.task == "binary":
            return ("probability",)
        return tuple(f"probability:{name}" for name in self.classes) if self.task == "multiclass" else ()

    def table(self, content: bytes) -> pl.DataFrame:
        """The file's columns, in a table of the right number of rows; those of a CSV file are all text."""
        import polars as pl

        parquet = content.startswith(MAGIC)
        try:
            if parquet:
                scan = pl.scan_parquet(io.BytesIO(content))
                self.check_columns(scan.collect_schema().names())
                self.check_rows(int(scan.select(pl.len()).collect().item()))
                table = scan.collect()
            else:
                table = pl.read_csv(io.BytesIO(content), infer_schema=False)
                self.check_columns(table.columns)
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, UnicodeDecodeError, OSError):
            # OSError: bytes that begin like a compressed file, which Polars unpacks by itself
            kind = "Parquet" if parquet else "CSV"
            self.refuse(f"The file of predictions of {self.who} is not readable as {kind}.")
        self.check_rows(table.height)
        return table

    def check_columns(self, names: list[str]) -> None:
        """See that all columns are documented ones, and that those that belong together are there."""
        score = ("score",) if self.task == "binary" else ()
        known = ("prediction", "row", *self.probability_names, *score)
        unknown = [name for name in names if name not in known]
        if unknown:
            hint = did_you_mean(unknown[0], known).strip()
            if unknown[0] in ("", "Unnamed: 0", "__index_level_0__"):
                hint = "It is the index of a pandas frame: write it with index=False."
            self.refuse(
                f"The predictions of {self.who} have a column `{unknown[0][:100]}`, which is not expected.", hint
            )
        if "prediction" not in names:
            self.refuse(f"The predictions of {self.who} have no column `prediction`.")
        missing = [name for name in self.probability_names if name not in names]
        if missing and len(missing) < len(self.probability_names):
            self.refuse(f"The predictions of {self.who} have no column `{missing[0]}`, but others of its kind.")

    def check_rows(self, found: int) -> None:
        if found != self.rows:
            self.refuse(
                f"{self.who} predicts {found:,} rows, and the holdout has {self.rows:,}.",
                "Predict every row of the holdout once.",
            )

    def ordered(self, table: pl.DataFrame) -> pl.DataFrame:
        """The table in the holdout's order."""
        import polars as pl

        if "row" not in table.columns:
            return table
        table = table.with_columns(pl.col("row").cast(pl.Float64, strict=False)).sort("row")
        if table["row"].to_list() != list(range(self.rows)):
            self.refuse(
                f"The column `row` in the predictions of {self.who} does not hold each number from 0 to "
                f"{self.rows - 1:,} once."
            )
        return table

    def labels(self, column: pl.Series) -> NDArray[np.int64]:
        """The place of each label in the classes."""
        import numpy as np
        import polars as pl

        if column.dtype.is_float():
            column = column.fill_nan(None)
        self.count(column.null_count(), f"{self.who} predicts NaN", column.name)
        found = column.unique(maintain_order=True)
        places = [self.place(label, text=found.dtype == pl.String) for label in found.to_list()]
        codes = column.replace_strict(found, pl.Series(places, dtype=pl.Int64), return_dtype=pl.Int64).to_numpy()
        hint = f"The classes are: {', '.join(self.classes[:20])}. A classification needs a classifier, not a regressor."
        self.count(int((codes < 0).sum()), f"{self.who} predicts labels that are no class", column.name, hint)
        return codes.astype(np.int64)

    def place(self, label: object, *, text: bool) -> int:
        """The place of a label, whatever a file made of it: `1.0` and `true` in CSV are `1` and `True`.

        Numbers stand for booleans and the other way round where the classes are such: in Python, 1 == True.
        """
        forms = [canonical_label(label)]
        if text and forms[0] not in self.classes:
            forms += [forms[0].capitalize(), _number(forms[0])]
        forms += [_EQUAL[form] for form in forms if form in _EQUAL]
        return next((self.classes.index(form) for form in forms if form in self.classes), -1)

    def probabilities(self, table: pl.DataFrame) -> NDArray[np.float64] | None:
        import numpy as np

        names = self.probability_names
        if names[0] not in table.columns:
            return None
        columns = [self.numbers(table[name]) for name in names]
        outside = np.any([(each < -ROUNDING) | (each > 1 + ROUNDING) for each in columns], axis=0)
        hint = f"`probability` is that of `{self.positive}`; what is not a probability goes to `score`."
        what = f"{self.who} gives probabilities outside of [0, 1]"
        self.count(int(outside.sum()), what, names[0], hint if self.positive else "")
        clipped = [each.clip(0, 1) for each in columns]
        if self.task == "binary":
            return _frozen(clipped[0])
        array = np.column_stack(clipped)
        total = array.sum(axis=1)
        self.count(
            int((np.abs(total - 1) > SUM).sum()), f"{self.who} gives probabilities that do not sum to 1", names[0]
        )
        array[np.abs(total - 1) > EXACT] /= total[np.abs(total - 1) > EXACT, None]
        return _frozen(array)

    def numbers(self, column: pl.Series) -> NDArray[np.float64]:
        """A column as finite numbers."""
        import numpy as np
        import polars as pl

        if not (column.dtype.is_numeric() or column.dtype in (pl.Boolean, pl.String)):
            self.refuse(f"The column `{column.name}` in the predictions of {self.who} does not hold numbers.")
        numbers = column.cast(pl.Float64, strict=False)
        self.count(column.null_count(), f"{self.who} predicts NaN", column.name)
        self.count(numbers.null_count(), f"{self.who} predicts what is no number", column.name)
        array = numbers.to_numpy()
        self.count(int(np.isnan(array).sum()), f"{self.who} predicts NaN", column.name)
        self.count(int(np.isinf(array).sum()), f"{self.who} predicts infinity", column.name)
        return _frozen(array)

    def count(self, found: int, what: str, column: str, hint: str = "") -> None:
        """Refuse where `what` happens in some rows."""
        if found:
            self.refuse(f"{what} ({column}) for {found:,} of {self.rows:,} holdout rows.", hint)


def _number(text: str) -> str:
    try:
        return canonical_label(float(text))
    except ValueError:
        return text


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    if array.flags.writeable:
        array.flags.writeable = False
    return array
