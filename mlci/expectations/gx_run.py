"""What every engine of Great Expectations' shares: its silence, the suite in its form, its context, and its results.

It fails open and it talks: what it logs and drops is compared with what was declared, its exceptions are put into words
that hold no value of the data, and its logging, warnings and progress bars are switched off for its own modules alone.
It is imported late, because that takes seconds.
"""

from __future__ import annotations

import logging
import threading
import warnings
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mlci.config.suggest import did_you_mean
from mlci.errors import SuiteError
from mlci.expectations.gx_results import Raised, Reading
from mlci.expectations.lint import unsafe
from mlci.expectations.suites import frozen, raise_problems, thawed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from great_expectations import ExpectationSuite
    from great_expectations.core import ExpectationSuiteValidationResult
    from great_expectations.data_context import EphemeralDataContext
    from great_expectations.datasource.fluent.interfaces import Batch

    from mlci.expectations.judge import Observation
    from mlci.expectations.suites import Expectation, Suite

COUNTS = {"result_format": "BASIC", "partial_unexpected_count": 0}  # counts, no values, a third of SUMMARY's time

_ONE_AT_A_TIME = threading.Lock()  # Great Expectations keeps its context and its parameter parser in module globals


@contextmanager
def quietly() -> Iterator[None]:
    """Great Expectations to oneself, and silent."""
    with _ONE_AT_A_TIME:
        hush()
        yield


def hush() -> None:
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


def entries(suite: Suite) -> list[dict[str, Any]]:
    """The expectations in Great Expectations' own form, parameters filled in, each one tried."""
    problems: list[SuiteError] = []
    made = []
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
        made.append(entry)
    raise_problems(problems)
    return made


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


# --- the run -------------------------------------------------------------------------------------------------------


@contextmanager
def context() -> Iterator[EphemeralDataContext]:
    """A context that keeps nothing on disk, sends nothing, and lets go of the data at the end."""
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
        with np.errstate(all="ignore"):
            yield gx.get_context(mode="ephemeral", project_config=settings)
    finally:
        project_manager.set_project(None)  # it would hold the data until the next context


def observations(
    batch: Batch, suite: Suite, declared: Sequence[dict[str, Any]], names: tuple[str, ...], *, on: str = "Pandas"
) -> tuple[Observation, ...]:
    """Load and run a suite; one observation for each declared expectation, in its order.

    Args:
        batch: the table, as one of Great Expectations' engines holds it.
        suite: the suite.
        declared: its expectations, from `entries`.
        names: the table's columns.
        on: what Great Expectations calls such a table, in its lists of what can be computed where.
    """
    import great_expectations as gx

    loaded = gx.ExpectationSuite(name=suite.name, expectations=list(declared))
    found = {result.expectation_config.id: result for result in _results(batch, loaded)}
    return tuple(
        Reading(replace(expectation, kwargs=frozen(entry["kwargs"])), names, on).observation(found.get(_id(index)))
        for index, (expectation, entry) in enumerate(zip(suite.expectations, declared, strict=True))
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
