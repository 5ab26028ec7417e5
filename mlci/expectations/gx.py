"""The reference engine: Great Expectations itself, in memory, on pandas."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlci.errors import DataError
from mlci.expectations import gx_run
from mlci.expectations.conditions import columns
from mlci.expectations.judge import Observed
from mlci.expectations.suites import frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from mlci.expectations.engines import Frame
    from mlci.expectations.suites import Expectation, Suite

NAME = "gx"

_OF_WHOLE_TABLE = ("expect_table_column", "unexpected_rows_", "expect_query_", "expect_table_row_count_to_equal_other")


def observe(frame: Frame, suite: Suite) -> Observed:
    """Let Great Expectations check a table.

    Args:
        frame: the table, as Polars (lazy or not) or pandas holds it.
        suite: the suite, with at least one expectation.

    Raises:
        SuiteError: it does not accept an argument of an expectation; all of them are named.
        DataError: a lazy table cannot be read.
    """
    with gx_run.quietly():
        declared = gx_run.entries(suite)
        filled = [
            replace(each, kwargs=frozen(entry["kwargs"]))
            for each, entry in zip(suite.expectations, declared, strict=True)
        ]
        names, data = _data(frame, suite, filled)
        with gx_run.context() as context:
            definition = (
                context.data_sources.add_pandas("mlci")
                .add_dataframe_asset("data")
                .add_batch_definition_whole_dataframe("all")
            )
            batch = definition.get_batch({"dataframe": data})
            seen = gx_run.observations(batch, suite, declared, names)
        return Observed(engine=NAME, rows=len(data), observations=seen)


# --- the table: only the columns that the suite names --------------------------------------------------------------


def _data(frame: Frame, suite: Suite, filled: Sequence[Expectation]) -> tuple[tuple[str, ...], pd.DataFrame]:
    """All column names, and the table as pandas holds it, cut to the columns that the suite is about."""
    import polars as pl

    if isinstance(frame, pl.LazyFrame | pl.DataFrame):
        from mlci.training.worker import to_pandas

        lazy = frame.lazy()
        try:
            names = tuple(lazy.collect_schema().names())
            table = lazy.select(_needed(filled, names)).collect()
        except pl.exceptions.PolarsError as error:  # its text quotes the data
            raise DataError(
                f"The table could not be read to check the suite `{suite.path}` ({type(error).__name__}).",
                hint="Read the file with Polars to see where it stops.",
            ) from None
        data: pd.DataFrame = to_pandas(table)
        return names, data
    names = tuple(str(name) for name in frame.columns)
    return names, frame[_needed(filled, names)] if names == tuple(frame.columns) else frame


def _needed(expectations: Sequence[Expectation], names: tuple[str, ...]) -> list[str]:
    """The columns to convert, of expectations with their parameters filled in: a condition may be one.

    One column at least, because a table without columns has no rows either.
    """
    wanted: set[str] = set()
    for expectation in expectations:
        kwargs = expectation.kwargs
        named = [key for key in ("column", "column_A", "column_B", "column_list") if key in kwargs]
        elsewhere = any(not isinstance(kwargs[key], str | tuple) for key in named)
        if expectation.type.startswith(_OF_WHOLE_TABLE) or "column_index" in kwargs or elsewhere:
            return list(names)
        if not named and not expectation.type.startswith("expect_table_row_count_"):
            return list(names)
        wanted |= set(expectation.columns)
        condition = kwargs.get("row_condition")
        if condition:
            wanted |= columns(condition, kwargs.get("condition_parser"))
    return [name for name in names if name in wanted] or list(names[:1])
