"""The engines that can check a suite, by name: a new one is a module with an `observe`, and a row of the table here.

Engines only observe; what follows from it is `judge`'s, and so the same for all.
"""

from __future__ import annotations

from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from mlci.config.suggest import did_you_mean
from mlci.errors import SuiteError
from mlci.expectations.judge import Observed, judge

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd
    import polars as pl

    from mlci.expectations.database import DatabaseTable
    from mlci.expectations.judge import Outcome
    from mlci.expectations.spark import Files
    from mlci.expectations.suites import Suite

    Frame: TypeAlias = pl.LazyFrame | pl.DataFrame | pd.DataFrame

AUTO = "auto"
SPARK = "spark"

ENGINES: Mapping[str, str] = MappingProxyType(
    {"fused": "mlci.expectations.fused", "gx": "mlci.expectations.gx", SPARK: "mlci.expectations.spark"}
)
"""Each engine's name and its module, which is imported when it is first used."""


def validate(frame_source: Frame | Files, suite: Suite, *, engine: str = AUTO, dataset: str) -> Outcome:
    """Check a table against a suite.

    Args:
        frame_source: the table, as Polars (lazy or not) or pandas holds it; it is not changed. The engine "spark" also
            takes files, which it reads itself.
        suite: the suite.
        engine: a name of `ENGINES`, or "auto".
        dataset: the table's name, for the sentences.

    Returns:
        What held and what did not. Failing data are part of it, not an error; a suite without expectations fails.

    Raises:
        SuiteError: there is no such engine, or the engine does not accept an argument of an expectation.
        DataError: the table cannot be read.
        UserError: what the engine needs is not installed.
    """
    name = chosen(engine)
    if not suite.expectations:
        return judge(suite, Observed(engine=name, rows=None, observations=()), dataset=dataset)
    observe: Callable[[Frame | Files, Suite], Observed] = import_module(ENGINES[name]).observe
    return judge(suite, observe(frame_source, suite), dataset=dataset)


def validate_table(table: DatabaseTable, suite: Suite, *, dataset: str) -> Outcome:
    """Check a table of a database against a suite, where it lies.

    Raises:
        SuiteError: as `validate`, or an expectation would do more than look at the table.
        DataError: the table cannot be read.
    """
    from mlci.expectations import sql

    if not suite.expectations:
        return judge(suite, Observed(engine=sql.NAME, rows=None, observations=()), dataset=dataset)
    return judge(suite, sql.observe(table, suite), dataset=dataset)


def chosen(engine: str) -> str:
    """The engine of that name; "auto" is the fast one, which hands on what it does not know.

    Raises:
        SuiteError: there is none.
    """
    if engine == AUTO:
        return "fused"
    if engine not in ENGINES:
        known = [AUTO, *ENGINES]
        raise SuiteError(
            f"There is no engine `{engine[:100]}`; there are {', '.join(known[:-1])} and {known[-1]}.",
            hint=did_you_mean(engine, known).strip(),
        )
    return engine
