"""One model's data: from both sides' tables to training rows, holdout features and the holdout's own answers.

The holdout is the head's. Features go to files for the child; targets, slices and groups stay with the parent.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlci.data.overlap import overlap
from mlci.data.rowhash import is_among, row_hash
from mlci.data.slices import slice_masks
from mlci.data.split import describe, holdout_rows, write_rows
from mlci.data.target import classes_of, labels_in, read_target
from mlci.errors import DataError
from mlci.results import Finding, Holdout

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from mlci.config.models import ModelConfig
    from mlci.data.read import Table
    from mlci.datasets import Tables
    from mlci.errors import Location
    from mlci.results import Severity
    from mlci.training.job import Trained

    Mask = NDArray[np.bool_]

Where = Callable[..., "Location"]

_GROUPS = 10  # clusters below which an interval rests on too little
_TWINS = 0.01  # share of the holdout: fewer rows of equal content are no accident worth a warning


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdouts:
    """The rows that judge one side: features in a Parquet file, and per row the target, slices and groups.

    `target` holds (n,) class codes or values; each slice's mask and `groups` are (n,), too.
    """

    path: Path
    rows: int
    target: NDArray[Any]
    slices: tuple[tuple[str, NDArray[np.bool_]], ...]
    groups: NDArray[np.int64] | None


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
    head = tables.head[model.dataset]
    base = tables.base.get(model.dataset) if compared else None
    test, test_before = (each.get(model.split.test or "") for each in (tables.head, tables.base))
    sides = [each for each in (head, base, test, test_before) if each is not None]
    labels = {label for table in sides for label in labels_in(table, model, location=where("target"))}
    classes = classes_of(labels, model, location=where("positive" if model.positive is not None else "target"))
    splitter = _Splitter(model=model, key=key, classes=classes, scratch=scratch, where=where)
    head.require(model.drop, "`drop`", where("drop"))
    mine = splitter.split(head, test)
    theirs = splitter.split(base, test_before) if base is not None else None
    holdout, train = splitter.holdout(mine, "holdout"), splitter.train(mine)
    info = splitter.info(mine, holdout, train)
    return Prepared(
        holdout=holdout,
        head=train,
        base=splitter.base(theirs, mine, train) if theirs is not None else None,
        base_holdout=functools.partial(splitter.holdout, theirs or mine, "base-holdout", strict=False),
        classes=classes,
        info=info,
        findings=(*splitter.findings(mine, info), *splitter.vanished(theirs, holdout)),
    )


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

    def base(self, theirs: _Split, mine: _Split, train: Rows) -> Rows:
        """The base's training rows, written; none of them stands in the head's holdout."""
        if theirs.table.fingerprint == mine.table.fingerprint and mine.judge is mine.table:
            return train
        columns = self.key or sorted({*theirs.table.names} & {*mine.judge.names})
        judged = row_hash(mine.judge, columns, seed=0)[mine.held]
        seen = is_among(row_hash(theirs.table, columns, seed=0), judged)
        return self._rows(theirs, theirs.train & ~seen, "base-train")

    def _rows(self, split: _Split, mask: Mask, name: str) -> Rows:
        path = self.scratch / f"{name}.parquet"
        rows = write_rows(split.table, mask, path)
        schema = {column: str(dtype) for column, dtype in split.table.scan().collect_schema().items()}
        return Rows(path=path, rows=rows, schema=schema)

    def holdout(self, split: _Split, name: str, *, strict: bool = True) -> Holdouts:
        """The rows that judge: features written, the rest kept here; not strict: without slices that it lacks."""
        slices = tuple(each for each in self.model.slices if strict or each.column in split.judge.names)
        path = self.scratch / f"{name}.parquet"
        rows = write_rows(split.judge, split.held, path, drop=(self.model.target,))
        kept = self._kept(split, [each.column for each in slices])
        group = self.model.split.group
        return Holdouts(
            path=path,
            rows=rows,
            target=split.target[split.held],
            slices=slice_masks(kept, slices),
            groups=kept[group].rank("dense").to_numpy() if group else None,
        )

    def _kept(self, split: _Split, named: list[str]) -> pl.DataFrame:
        """The columns of the holdout that slices and groups are told by."""
        import polars as pl

        split.judge.require(named, "`slices`", self.where("slices"))
        group = self.model.split.group
        columns = list(dict.fromkeys((*named, *((group,) if group else ()))))
        if not columns:
            return pl.DataFrame()
        return split.judge.scan().select(columns).collect().filter(pl.Series(split.held))

    def info(self, split: _Split, holdout: Holdouts, train: Rows) -> Holdout:
        """What a report says of the holdout."""
        shared = overlap((split.table, split.train), (split.judge, split.held), key=self.key)
        return Holdout(
            rows=holdout.rows,
            train_rows=train.rows,
            how=describe(self.model.split, self.key),
            overlap_rows=shared.rows,
            overlap_by=shared.by,
            groups=None if holdout.groups is None else int(holdout.groups.max()),
        )

    def findings(self, split: _Split, info: Holdout) -> Iterator[Finding]:
        """What is odd about the rows."""
        yield from self._duplicates(split.table)
        if info.groups is not None and info.groups < _GROUPS:
            yield self._finding(
                "MLCI124",
                "warn",
                f"Only {info.groups} {'group' if info.groups == 1 else 'groups'} of `{self.model.split.group}` "
                f"{'is' if info.groups == 1 else 'are'} held out: with so few, chance can hardly be told from a change.",
                "Hold out more groups (test_size), or split by a column with more of them.",
                "split",
            )
        if split.unknown:
            yield self._finding(
                "MLCI121",
                "warn",
                f"{split.unknown:,} rows of `{split.table.name}` have no `{self.model.target}`: they neither train "
                "nor judge.",
                "Leave such rows out of the data, or fill the target in.",
                "target",
            )
        empty = [each.name for each in split.table.columns if each.nulls == split.table.rows]
        if empty:
            listed = ", ".join(f"`{name}`" for name in empty[:5]) + (", …" if len(empty) > 5 else "")  # noqa: PLR2004
            yield self._finding(
                "MLCI122",
                "warn",
                f"`{split.table.name}` has columns without a single value: {listed}.",
                "Look whether a join or an export lost them; a model cannot learn from them.",
                "dataset",
            )
        if info.overlap_rows:
            what = "the same key" if info.overlap_by == "key" else "the same content"
            grave = info.overlap_by == "key" or info.overlap_rows > _TWINS * info.rows
            yield self._finding(
                "MLCI123",
                "warn" if grave else "info",
                f"{info.overlap_rows:,} of {info.rows:,} held-out rows also stand in training, with {what}: the scores "
                "of both sides are better than they would be on new rows.",
                "Remove the duplicates, or hold out whole groups: split: {group: column}.",
                "split",
            )

    def vanished(self, theirs: _Split | None, holdout: Holdouts) -> Iterator[Finding]:
        """Slices that the base's holdout has rows of, and the head's has none: nothing judges them any more."""
        if theirs is None or not self.model.slices:
            return
        slices = tuple(each for each in self.model.slices if each.column in theirs.judge.names)
        before = slice_masks(self._kept(theirs, [each.column for each in slices]), slices)
        here = {name for name, mask in holdout.slices if mask.any()}
        gone = [name for name, mask in before if mask.any() and name not in here]
        if gone:
            listed = ", ".join(f"`{name}`" for name in gone[:5]) + (", …" if len(gone) > 5 else "")  # noqa: PLR2004
            yield self._finding(
                "MLCI307",
                "warn",
                f"The holdout has no rows of {listed} any more, which the base branch's has: nothing judges them.",
                "Look whether the data lost these rows.",
                "slices",
            )

    def _duplicates(self, table: Table) -> Iterator[Finding]:
        import numpy as np

        if self.key is None:
            return
        hashes = row_hash(table, self.key, seed=0)
        extra = len(hashes) - len(np.unique(hashes))
        if extra:
            named = " and ".join(f"`{name}`" for name in self.key)
            yield self._finding(
                "MLCI120",
                "warn",
                f"The key of `{table.name}` ({named}) does not name one row: {extra:,} rows repeat a key.",
                "Rows that share a key stay on one side of the split; add a column that tells them apart.",
                "dataset",
            )

    def _finding(self, code: str, severity: Severity, message: str, hint: str, key: str) -> Finding:
        return Finding(
            code=code,
            severity=severity,
            message=message,
            hint=hint,
            location=self.where(key),
            subject=self.model.dataset,
        )
