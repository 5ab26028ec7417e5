"""The engine: every expectation of a suite as a piece, all of them played in step over one table."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from mlci.errors import DataError, SuiteError
from mlci.expectations.absent import absent
from mlci.expectations.fused.answer import failed, found
from mlci.expectations.fused.arguments import prepare
from mlci.expectations.fused.piece import AbsentError, Declined, Impossible, Rows
from mlci.expectations.fused.pieces import pieces
from mlci.expectations.fused.table import Asked
from mlci.expectations.judge import Observed
from mlci.expectations.suites import raise_problems

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from mlci.expectations.engines import Frame
    from mlci.expectations.fused.arguments import Prepared
    from mlci.expectations.fused.piece import Found, Need, Needs, Steps
    from mlci.expectations.judge import Observation
    from mlci.expectations.suites import Expectation, Suite

NAME = "fused"
LOOKED_AT = "mlci: values looked at"
OF_VALUES = (
    "expect_column_distinct_",
    "expect_column_kl_",
    "expect_column_max_",
    "expect_column_mean_",
    "expect_column_median_",
    "expect_column_min_",
    "expect_column_most_",
    "expect_column_proportion_of_unique_",
    "expect_column_quantile_",
    "expect_column_stdev_",
    "expect_column_sum_",
    "expect_column_unique_",
)
"""Types whose answer is an aggregate of a column's values, and says nothing where there is none."""


@dataclass(slots=True)
class Play:
    """One expectation while it is played: it wants needs, or it has its observation, or it was declined."""

    expectation: Expectation
    prepared: Prepared | None = None
    steps: Steps | None = None
    wants: Needs = field(default_factory=dict)
    keys: Mapping[str, bytes] = field(default_factory=dict)
    observation: Observation | None = None
    declined: str = ""

    @property
    def open(self) -> bool:
        """Whether it waits for answers."""
        return self.observation is None and not self.declined

    def _counted(self, wants: Needs) -> Needs:
        """The needs, and how many values an aggregate of a column is made of: one of none says nothing."""
        ask = self.prepared.ask if self.prepared else None
        if ask is None or not ask.type.startswith(OF_VALUES) or not isinstance(ask.kwargs.get("column"), str):
            return wants
        return {**wants, LOOKED_AT: Rows(ask.column().present)}

    def step(self, answers: Mapping[str, Any] | None, names: Sequence[str]) -> None:
        """Hand it the answers to its needs (None: begin), up to its next needs or its end."""
        if self.steps is None or self.prepared is None:
            return
        try:
            self.wants = self._counted(next(self.steps) if answers is None else self.steps.send(answers))
            self.keys = {name: key(need) for name, need in self.wants.items()}
        except StopIteration as end:
            outcome: Found = end.value
            looked_at = answers.get(LOOKED_AT) if answers else None
            self.observation = found(self.expectation, self.prepared.kwargs, outcome, looked_at)
        except AbsentError as error:
            self.observation = failed(self.expectation, self.prepared.kwargs, absent(error.args, names))
        except Impossible as reason:
            self.observation = failed(self.expectation, self.prepared.kwargs, str(reason))
        except Declined as reason:
            self.declined = str(reason)


def observe(frame: Frame, suite: Suite) -> Observed:
    """Check a table: one streaming query for what can be added up, few beside it, and Great Expectations for the rest.

    Args:
        frame: the table; one of pandas' is Great Expectations' alone.
        suite: the suite, with at least one expectation.

    Raises:
        SuiteError: an argument is not accepted; all of them are named.
        DataError: the table cannot be read.
    """
    import polars as pl

    if not isinstance(frame, pl.LazyFrame | pl.DataFrame):
        from mlci.expectations import gx

        return gx.observe(frame, suite)
    lazy = frame.lazy()
    try:
        schema = dict(lazy.collect_schema())
        plays = _begun(suite, schema)
        _played(plays, lazy, list(schema))
        rows: int = lazy.select(pl.len()).collect(engine="streaming").item()
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:  # their texts quote the data
        raise DataError(
            f"The table could not be read to check the suite `{suite.path}` ({type(error).__name__}).",
            hint="Read the file with Polars to see where it stops.",
        ) from None
    _handed_on(plays, frame, suite)
    return Observed(engine=NAME, rows=rows, observations=tuple(_done(play) for play in plays))


def key(need: Need) -> bytes:
    """What two needs share if they are the same."""
    import polars as pl

    parts = [type(need).__name__.encode()]
    for name in type(need).__slots__:
        value = getattr(need, name)
        each = value if isinstance(value, tuple) else (value,)
        parts += [part.meta.serialize() if isinstance(part, pl.Expr) else repr(part).encode() for part in each]
    return b"\0".join(parts)


def _begun(suite: Suite, schema: Mapping[str, pl.DataType]) -> list[Play]:
    problems: list[SuiteError] = []
    plays = []
    for expectation in suite.expectations:
        play = Play(expectation)
        plays.append(play)
        piece = pieces().get(expectation.type)
        try:
            if piece is None:
                raise Declined("its type")  # noqa: TRY301 - declined as by a piece
            play.prepared = prepare(expectation, suite, schema)
            play.steps = piece(play.prepared.ask)
            play.step(None, list(schema))
        except SuiteError as error:
            problems.append(error)
        except Declined as reason:
            play.declined = str(reason)
        except AbsentError as error:
            play.observation = failed(expectation, expectation.kwargs, absent(error.args, list(schema)))
    raise_problems(problems)
    return plays


def _played(plays: Sequence[Play], frame: pl.LazyFrame, names: Sequence[str]) -> None:
    """Round by round, until none asks for more."""
    asked = Asked(frame)
    known: dict[bytes, Any] = {}
    while waiting := [play for play in plays if play.open]:
        needs = {play.keys[name]: need for play in waiting for name, need in play.wants.items()}
        answers = known | _answers(asked, {key: need for key, need in needs.items() if key not in known}, waiting)
        for play in waiting:
            if play.open:
                play.step({name: answers[key] for name, key in play.keys.items()}, names)
        # a list is a part of a column's distinct values: kept, the parts would be the column
        known = {key: answer for key, answer in answers.items() if not isinstance(answer, list)}


def _answers(asked: Asked, needs: Mapping[bytes, Need], waiting: Sequence[Play]) -> dict[bytes, Any]:
    """All answers of a round; where the query fails, those of each expectation, and who fails alone is declined."""
    import polars as pl

    broken = (pl.exceptions.PolarsError, pl.exceptions.PanicException)
    try:
        return dict(asked.answer(needs))
    except broken:
        _require_readable(asked.frame)
    answers: dict[bytes, Any] = {}
    for play in waiting:
        try:
            own = {play.keys[name]: need for name, need in play.wants.items()}
            answers |= asked.answer({key: need for key, need in own.items() if key in needs and key not in answers})
        except broken:
            play.declined = "Polars cannot compute it"
    return answers


def _require_readable(frame: pl.LazyFrame) -> None:
    """A table that cannot be read is no expectation's fault."""
    import polars as pl

    frame.select(pl.all().null_count()).collect(engine="streaming")


def _handed_on(plays: Sequence[Play], frame: Frame, suite: Suite) -> None:
    """Let Great Expectations check what was declined, and nothing else."""
    rest = [play for play in plays if play.declined]
    if not rest:
        return
    from mlci.expectations import gx

    part = replace(suite, expectations=tuple(play.expectation for play in rest))
    for play, seen in zip(rest, gx.observe(frame, part).observations, strict=True):
        play.observation = replace(seen, engine=gx.NAME, reason=play.declined)


def _done(play: Play) -> Observation:
    if play.observation is None:  # pragma: no cover - every play ends with one
        raise AssertionError(play.expectation.type)
    return play.observation
