"""The reference engine: Great Expectations itself, in memory. The only module that imports it, late (it takes seconds).

It fails open and it talks: what it logs and drops is compared with what was declared, its exceptions are put into words
that hold no value of the data, and its logging, warnings and progress bars are switched off for its own modules alone.
"""

from __future__ import annotations

import logging
import threading
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mlci.config.suggest import did_you_mean
from mlci.errors import DataError, SuiteError
from mlci.expectations.conditions import columns
from mlci.expectations.gx_results import Raised, Reading
from mlci.expectations.judge import Observed
from mlci.expectations.lint import unsafe
from mlci.expectations.suites import frozen, raise_problems, thawed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pandas as pd
    from great_expectations import ExpectationSuite
    from great_expectations.core import ExpectationSuiteValidationResult
    from great_expectations.datasource.fluent.interfaces import Batch

    from mlci.expectations.engines import Frame
    from mlci.expectations.judge import Observation
    from mlci.expectations.suites import Expectation, Suite

NAME = "gx"
COUNTS = {"result_format": "BASIC", "partial_unexpected_count": 0}  # counts, no values, a third of SUMMARY's time

_ONE_AT_A_TIME = threading.Lock()  # Great Expectations keeps its context and its parameter parser in module globals
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
    with _ONE_AT_A_TIME:
        _hush()
        entries = _entries(suite)
        names, data = _data(frame, suite)
        return Observed(engine=NAME, rows=len(data), observations=_run(data, suite, entries, names))


def _hush() -> None:
    """Silence Great Expectations' own modules.

    Filters are added, not saved and restored: `warnings.catch_warnings` is not thread-safe, and this runs beside
    other threads. They name its modules, so that other code's warnings are shown as before.
    """
    logger = logging.getLogger("great_expectations")
    if not any(isinstance(handler, logging.NullHandler) for handler in logger.handlers):
        logger.addHandler(logging.NullHandler())  # else logging's last resort prints its warnings
    logger.propagate = False  # its messages hold values of the data
    logger.setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", module=r"great_expectations(\.|$)")
    for start in ("The condition_parser parameter", "Passing a string to the row_condition"):
        warnings.filterwarnings("ignore", message=start, category=DeprecationWarning)


# --- the suite: declared against loaded -----------------------------------------------------------------------------


def _id(index: int) -> str:
    """The id by which a result, which comes in another order, finds its expectation."""
    return f"00000000-0000-4000-8000-{index:012d}"


def _entries(suite: Suite) -> list[dict[str, Any]]:
    """The expectations in Great Expectations' own form, parameters filled in, each one tried."""
    problems: list[SuiteError] = []
    entries = []
    for index, expectation in enumerate(suite.expectations):
        entry = {
            "type": expectation.type,
            "kwargs": thawed(expectation.kwargs),
            "meta": thawed(expectation.meta),
            "severity": expectation.severity,
            "description": expectation.description or None,
            "notes": thawed(expectation.notes) or None,
            "id": _id(index),
        }
        try:
            entry["kwargs"] = _filled_in(expectation, suite)
        except SuiteError as error:
            problems.append(error)
        else:
            # again, because a parameter's value may be a schema or a condition, and a suite need not come from a file
            forbidden = list(unsafe(replace(expectation, kwargs=frozen(entry["kwargs"]))))
            problems += forbidden or _refused(entry, expectation)
        entries.append(entry)
    raise_problems(problems)
    return entries


def _filled_in(expectation: Expectation, suite: Suite) -> dict[str, Any]:
    from great_expectations.core.suite_parameters import build_suite_parameters

    kwargs: dict[str, Any] = thawed(expectation.kwargs)
    for key, value in kwargs.items():
        if not isinstance(value, dict) or "$PARAMETER" not in value:
            continue
        try:
            filled, _ = build_suite_parameters({key: value}, thawed(suite.parameters))
        except Exception as error:  # noqa: BLE001 - whatever its parser and its arithmetic raise
            raise SuiteError(
                f"The $PARAMETER of `{key}` of `{expectation.type}` has no value ({type(error).__name__}).",
                hint="It is a name of the suite's `suite_parameters`, or arithmetic over such names.",
                location=expectation.where(key),
            ) from None
        kwargs |= filled
    return kwargs


def _refused(entry: dict[str, Any], expectation: Expectation) -> list[SuiteError]:
    """What Great Expectations says against an expectation; what it would drop is found after loading."""
    from great_expectations.compatibility.pydantic import ValidationError
    from great_expectations.exceptions import ExpectationNotFoundError, InvalidExpectationConfigurationError
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    try:
        ExpectationConfiguration(**entry).to_domain_obj()
    except (ExpectationNotFoundError, InvalidExpectationConfigurationError):
        return []
    except ValidationError as error:
        return list(_problems(error.errors(), expectation, tuple(error.model.__fields__)))
    except Exception as error:  # noqa: BLE001 - its validators raise whatever their parsers do
        return [
            SuiteError(
                f"Great Expectations does not accept the arguments of `{expectation.type}` ({type(error).__name__}).",
                hint="Compare them with its documentation.",
                location=expectation.location,
            )
        ]
    return []


def _problems(
    errors: Iterable[dict[str, Any]], expectation: Expectation, known: tuple[str, ...]
) -> Iterator[SuiteError]:
    """One problem for each argument that pydantic speaks of; its sentences quote the suite at most."""
    seen: set[str] = set()
    for error in errors:
        key = str(error["loc"][0])
        if key in seen:  # each arm of a union complains, and the first is the one that was meant
            continue
        seen.add(key)
        said = str(error["msg"]).strip().splitlines()[0][:200].rstrip(".")
        if error["type"] == "value_error.extra":
            message = f"`{expectation.type}` takes no argument `{key[:100]}`."
            hint = did_you_mean(key, known).strip()
        elif error["type"] == "value_error.missing":
            message, hint = f"`{expectation.type}` lacks its argument `{key}`.", f"Add `{key}` to its `kwargs`."
        elif key == "__root__":
            message, hint = f"The arguments of `{expectation.type}` do not go together: {said}.", ""
        else:
            message, hint = f"`{key[:100]}` of `{expectation.type}` is not accepted: {said}.", ""
        yield SuiteError(
            message, hint=hint or "Compare it with the expectation's documentation.", location=expectation.where(key)
        )


# --- the table: only the columns that the suite names --------------------------------------------------------------


def _data(frame: Frame, suite: Suite) -> tuple[tuple[str, ...], pd.DataFrame]:
    """All column names, and the table as pandas holds it, cut to the columns that the suite is about."""
    import polars as pl

    if isinstance(frame, pl.LazyFrame | pl.DataFrame):
        from mlci.training.worker import to_pandas

        lazy = frame.lazy()
        try:
            names = tuple(lazy.collect_schema().names())
            table = lazy.select(_needed(suite, names)).collect()
        except pl.exceptions.PolarsError as error:  # its text quotes the data
            raise DataError(
                f"The table could not be read to check the suite `{suite.path}` ({type(error).__name__}).",
                hint="Read the file with Polars to see where it stops.",
            ) from None
        data: pd.DataFrame = to_pandas(table)
        return names, data
    names = tuple(str(name) for name in frame.columns)
    return names, frame[_needed(suite, names)] if names == tuple(frame.columns) else frame


def _needed(suite: Suite, names: tuple[str, ...]) -> list[str]:
    """The columns to convert; one at least, because a table without columns has no rows either."""
    wanted: set[str] = set()
    for expectation in suite.expectations:
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


# --- the run -------------------------------------------------------------------------------------------------------


def _run(
    data: pd.DataFrame, suite: Suite, entries: list[dict[str, Any]], names: tuple[str, ...]
) -> tuple[Observation, ...]:
    """Load and run the suite; one observation for each declared expectation, in its order."""
    import great_expectations as gx
    import numpy as np
    from great_expectations.data_context.data_context.context_factory import project_manager
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    settings = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
        progress_bars=ProgressBarsConfig(globally=False, metric_calculations=False),
        analytics_enabled=False,
    )
    try:
        context = gx.get_context(mode="ephemeral", project_config=settings)
        definition = (
            context.data_sources.add_pandas("mlci")
            .add_dataframe_asset("data")
            .add_batch_definition_whole_dataframe("all")
        )
        batch = definition.get_batch({"dataframe": data})
        loaded = gx.ExpectationSuite(name=suite.name, expectations=entries)
        with np.errstate(all="ignore"):
            found = {result.expectation_config.id: result for result in _results(batch, loaded)}
    finally:
        project_manager.set_project(None)  # it would hold the data until the next context
    return tuple(
        Reading(expectation, names).observation(found.get(_id(index)))
        for index, expectation in enumerate(suite.expectations)
    )


def _results(batch: Batch, suite: ExpectationSuite) -> list[Any]:
    """All results; where one expectation stops the whole run, each is run alone and that one is missing."""
    import great_expectations as gx

    def run(part: ExpectationSuite) -> ExpectationSuiteValidationResult:
        return batch.validate(part, result_format=dict(COUNTS))

    if not suite.expectations:
        return []
    try:
        return list(run(suite).results)
    except Exception:  # noqa: BLE001 - the next lines find out which expectation it was
        results = []
        for expectation in suite.expectations:
            alone = gx.ExpectationSuite(name=suite.name)
            alone.expectations = [expectation]
            try:
                results += run(alone).results
            except Exception as error:  # noqa: BLE001 - a metric may raise anything; it is reported as its error
                results.append(Raised(expectation.configuration, error))
        return results
