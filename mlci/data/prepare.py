"""One model's data: from both sides' tables to training rows, holdout features and the holdout's own answers.

The holdout is the head's. Features go to files for the child; targets, slices and groups stay with the parent.
"""

from __future__ import annotations

import contextlib
import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from mlci.data.holdout import Held
from mlci.data.oddities import Oddities
from mlci.data.overlap import overlap
from mlci.data.rowhash import is_among, row_hash
from mlci.data.split import describe, holdout_rows, write_rows
from mlci.data.target import classes_of, labels_in, read_target
from mlci.errors import DataError
from mlci.results import Holdout

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from mlci.config.models import ModelConfig
    from mlci.data.holdout import Holdouts
    from mlci.data.oddities import Where
    from mlci.data.read import Table
    from mlci.data.slices import Parts
    from mlci.datasets import Tables
    from mlci.results import Finding
    from mlci.training.job import Trained

    Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """A Parquet file of training rows, and the types of its columns in Polars' words."""

    path: Path
    rows: int
    schema: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A model's data, ready for both sides; `base` is None where there is no baseline."""

    holdout: Holdouts
    head: Rows
    base: Rows | None
    base_holdout: Callable[[], Holdouts]
    beside: Callable[[Table, Table | None, str], Beside]  # another commit's tables, and a name for its files
    classes: tuple[str, ...]
    info: Holdout
    findings: tuple[Finding, ...]

    def predictions(self, head: Trained, base: Trained | None) -> pl.DataFrame:
        """Both sides' predictions, a row for each row of the holdout."""
        import numpy as np
        import polars as pl

        target: Any = self.holdout.target
        if self.classes:
            target = np.array(self.classes, dtype=object)[target].tolist()
        frames = [
            pl.DataFrame({"row": range(self.holdout.rows), "target": target}),
            head.predictions.to_frame("candidate"),
        ]
        if base is not None:
            frames.append(base.predictions.to_frame("baseline"))
        return pl.concat(frames, how="horizontal")


def prepare(  # noqa: PLR0913 - a model's data and its rules
    model: ModelConfig,
    key: tuple[str, ...] | None,
    tables: Tables,
    scratch: Path,
    *,
    where: Where,
    compared: bool,
) -> Prepared:
    """Split a model's data and write what its trainings read.

    Args:
        model: The rules that judge; its split holds for both sides.
        key: The columns that name a row; None: all of them.
        tables: Both sides' datasets.
        scratch: A folder for the files.
        where: The place of a key of the model in the configuration.
        compared: Whether there is a baseline to prepare for.

    Raises:
        DataError: a dataset lacks a column, or its rows cannot be split so.
    """
    head, test = tables.head[model.dataset], tables.head.get(model.split.test or "")
    before = _Sides(tables.base.get(model.dataset), tables.base.get(model.split.test or "")) if compared else _Sides()
    head.require(model.drop, "`drop`", where("drop"))
    labels = labels_in(head, model, location=where("target")) | (labels_in(test, model) if test else set())
    with contextlib.suppress(DataError):  # the base's data may be what this pull request mends: told below
        older = {label for table in before if table for label in labels_in(table, model)}
        classes_of(labels | older, model)
        labels |= older
    classes = classes_of(labels, model, location=where("positive" if model.positive is not None else "target"))
    splitter = _Splitter(model=model, key=key, classes=classes, scratch=scratch, where=where)
    mine = splitter.split(head, test)
    holdout, train = splitter.holdout(mine, "holdout"), splitter.train(mine)
    info = splitter.info(mine, holdout, train)
    base = Beside() if before.table is None else splitter.base(before, mine, train, holdout)

    def beside(table: Table, test: Table | None, name: str) -> Beside:
        return splitter.base(_Sides(table, test), mine, train, holdout, name=name)

    return Prepared(
        holdout=holdout,
        head=train,
        base=base.rows,
        base_holdout=functools.cache(
            functools.partial(splitter.holdout, base.split or mine, "base-holdout", strict=False)
        ),
        beside=beside,
        classes=classes,
        info=info,
        findings=(*splitter.odd.of_rows(mine.table, mine.unknown, info), *base.findings),
    )


def check_split(
    model: ModelConfig, key: tuple[str, ...] | None, tables: Tables, scratch: Path, *, where: Where
) -> None:
    """Try a split that does not judge yet, so that it cannot break the base branch once it is merged.

    Raises:
        DataError: it names no column, or leaves one side empty.
    """
    test = tables.head.get(model.split.test or "")
    if model.split.test is None or test is not None:
        splitter = _Splitter(model=model, key=key, classes=(), scratch=scratch, where=where)
        splitter.split(tables.head[model.dataset], test)


def check_scales(model: ModelConfig, tables: Tables, *, where: Where) -> None:
    """Try what a configuration weighs and groups by, and what may not judge yet, as `check_split` does.

    Raises:
        DataError: a column is not there, or holds no weights.
    """
    import numpy as np

    table = tables.head.get(model.split.test or model.dataset)
    if table is not None:
        Held(table=table, rows=np.ones(table.rows, dtype=np.bool_), model=model, where=where).check()


class _Sides(NamedTuple):
    """A side's dataset, and its test dataset where it has one."""

    table: Table | None = None
    test: Table | None = None


@dataclass(frozen=True, slots=True)
class Beside:
    """Another commit's side, as far as it could be prepared."""

    split: _Split | None = None
    rows: Rows | None = None
    findings: tuple[Finding, ...] = ()
    reason: str = ""  # why there are no rows, where that is no finding


@dataclass(frozen=True, slots=True, kw_only=True)
class _Split:
    """One side's rows: `train` and `held` are masks over the rows of `table` and of `judge`."""

    table: Table
    train: Mask
    judge: Table
    held: Mask
    target: NDArray[Any]
    unknown: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Splitter:
    """One model's rules, applied to one side's tables after the other."""

    model: ModelConfig
    key: tuple[str, ...] | None
    classes: tuple[str, ...]
    scratch: Path
    where: Where

    @property
    def odd(self) -> Oddities:
        """What looks for oddities under the same rules."""
        return Oddities(model=self.model, key=self.key, where=self.where)

    def split(self, table: Table, test: Table | None) -> _Split:
        """Which rows train and which judge; rows without a target do neither."""
        judge = test or table
        target = read_target(table, self.model, self.classes, location=self.where("target"))
        answers = read_target(judge, self.model, self.classes, location=self.where("target")) if test else target
        held = self._held(table, test)
        train = target.known if test else target.known & ~held
        unknown = int((~target.known).sum()) + (int((~answers.known).sum()) if test else 0)
        for mask, what in ((train, "to train on"), (held & answers.known, "to judge by")):
            if not mask.any():
                raise DataError(
                    f"The split leaves no rows {what}: it holds out {describe(self.model.split, self.key)}.",
                    hint="Check `split` against the data.",
                    location=self.where("split"),
                )
        if self.classes and len(set(target.values[train].tolist())) == 1:
            raise DataError(
                f"The target `{self.model.target}` of `{table.name}` has one class alone in the rows to train on.",
                hint="Look whether a filter left the other class out, or whether the split separates the classes.",
                location=self.where("target"),
            )
        return _Split(
            table=table, train=train, judge=judge, held=held & answers.known, target=answers.values, unknown=unknown
        )

    def _held(self, table: Table, test: Table | None) -> Mask:
        import numpy as np

        if test is not None:
            return np.ones(test.rows, dtype=np.bool_)
        return holdout_rows(table, self.model.split, self.key, location=self.where("split"))

    def train(self, split: _Split) -> Rows:
        """The head's training rows, written."""
        return self._rows(split, split.train, "train")

    def base(self, sides: _Sides, mine: _Split, train: Rows, holdout: Holdouts, name: str = "base") -> Beside:
        """The base's training rows, written; data of the base's that cannot be used are a finding, not the end."""
        if sides.table is None:
            return Beside()
        try:
            theirs = self.split(sides.table, sides.test)
            found = (
                tuple(self.odd.vanished(self._slices_before(theirs), (*holdout.parts, *holdout.sensitive)))
                if name == "base"
                else ()
            )
        except DataError as error:
            if name != "base":
                return Beside(reason=error.message)
            message = f"The base branch's data cannot be used, so there is no baseline: {error.message}"
            return Beside(findings=(self.odd.finding("MLCI304", "warn", message, error.hint, "dataset"),))
        if theirs.table.fingerprint == mine.table.fingerprint and mine.judge is mine.table:
            return Beside(theirs, train, found)
        mask, more = self._unseen(theirs, mine)
        return Beside(theirs, self._rows(theirs, mask, f"{name}-train"), (*found, *more))

    def _slices_before(self, theirs: _Split) -> tuple[Parts, ...]:
        held = Held(table=theirs.judge, rows=theirs.held, model=self.model, where=self.where)
        kept = held.columns()
        return (*held.parts(kept), *held.sensitive(kept))

    def _unseen(self, theirs: _Split, mine: _Split) -> tuple[Mask, tuple[Finding, ...]]:
        """The base's training rows without those that stand in the head's holdout, told by their whole content.

        A rule of the key alone puts a row on the same side in both; a rule of the content, of time or of a file does
        not where the data changed. What seems to be there for the most part is a chance of few shared columns, and
        would leave the base nothing to train on: it is kept, and told.
        """
        split = self.model.split
        if split.kind == "group" or (split.kind == "hash" and self.key is not None):
            return theirs.train, ()
        columns = sorted({*theirs.table.names} & {*mine.judge.names})
        judged = row_hash(mine.judge, columns, seed=0)[mine.held]
        seen = is_among(row_hash(theirs.table, columns, seed=0), judged) & theirs.train
        if 2 * seen.sum() <= theirs.train.sum():
            return theirs.train & ~seen, ()
        message = (
            f"{int(seen.sum()):,} of the base's {int(theirs.train.sum()):,} training rows look like held-out rows in "
            "the columns that both sides have: they were kept, and the baseline may have seen what it is judged by."
        )
        return theirs.train, (
            self.odd.finding(
                "MLCI125", "warn", message, "Give the dataset a `key`, so that rows can be told.", "split"
            ),
        )

    def _rows(self, split: _Split, mask: Mask, name: str) -> Rows:
        path = self.scratch / f"{name}.parquet"
        rows = write_rows(split.table, mask, path)
        schema = {column: str(dtype) for column, dtype in split.table.scan().collect_schema().items()}
        return Rows(path=path, rows=rows, schema=schema)

    def holdout(self, split: _Split, name: str, *, strict: bool = True) -> Holdouts:
        """The rows that judge; not strict: without columns that the side lacks."""
        held = Held(table=split.judge, rows=split.held, model=self.model, where=self.where)
        return held.written(self.scratch / f"{name}.parquet", split.target[split.held], strict=strict)

    def info(self, split: _Split, holdout: Holdouts, train: Rows) -> Holdout:
        """What a report says of the holdout."""
        import numpy as np

        shared = overlap((split.table, split.train), (split.judge, split.held), key=self.key)
        return Holdout(
            rows=holdout.rows,
            train_rows=train.rows,
            how=describe(self.model.split, self.key),
            overlap_rows=shared.rows,
            overlap_by=shared.by,
            groups=None if holdout.groups is None else len(np.unique(holdout.groups)),
            cluster=self.model.clustered_by or "",
            sample_weight=self.model.sample_weight or "",
        )
