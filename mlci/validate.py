"""`mlci validate`: data against suites, without git, models or a report."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from mlci.config.data import Dataset
from mlci.errors import ConfigError, UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlci.config.data import GxSuite
    from mlci.config.load import Loaded
    from mlci.expectations import Outcome

_MARKS = {"pass": "ok", "warn": "WARN", "fail": "FAIL"}


def validate_file(data: str, suite: str, *, engine: str | None, folder: Path) -> dict[str, Outcome]:
    """Check files, a glob or a URL against one suite; paths are relative to `folder`.

    Args:
        data: the files.
        suite: the suite.
        engine: the engine's name; none: "auto".
        folder: what paths start from.

    Raises:
        UserError: the data or the suite cannot be read.
    """
    try:
        dataset = Dataset(path=data, suite=suite)
    except ValidationError:
        raise UserError("--data is empty.", hint="Name a CSV or Parquet file, a glob or a URL.") from None
    name = Path(data).stem.replace("*", "data") or "data"
    return {name: _outcome(name, dataset, suite, folder, engine)}


def validate_config(folder: Path, config: str | None, *, engine: str | None) -> dict[str, Outcome]:
    """Check every dataset of a configuration that has a suite.

    Args:
        folder: what the configuration's path starts from.
        config: its path; none: where it always is.
        engine: the engine for all files; none: each dataset's own.

    Raises:
        UserError: the configuration, the data or a suite cannot be read, or no dataset has a suite.
    """
    root, loaded = with_suites(folder, config)
    return {
        name: _outcome(name, dataset, dataset.suite, root, engine)
        for name, dataset in loaded.config.datasets.items()
        if dataset.suite is not None
    }


def with_suites(folder: Path, config: str | None) -> tuple[Path, Loaded]:
    """A configuration of which at least one dataset has a suite, and the folder that its paths are relative to.

    Raises:
        ConfigError: it cannot be read, or no dataset has a suite.
    """
    from mlci.config.load import load

    root = (folder / config).parent if config else folder
    loaded = load(root, Path(config).name if config else None)
    if all(dataset.suite is None for dataset in loaded.config.datasets.values()):
        raise ConfigError(
            "No dataset has a suite, so there is nothing to check.",
            hint="Give one: `suite: expectations/….json`; `mlci init` writes a first one.",
            location=loaded.where("datasets"),
        )
    return root, loaded


def _outcome(name: str, dataset: Dataset, suite: str | GxSuite, root: Path, engine: str | None) -> Outcome:
    from mlci.expectations import load, validate, validate_table
    from mlci.expectations.engines import AUTO, SPARK, chosen

    called = chosen(engine or dataset.engine)
    loaded = load(suite, root=root)
    if not dataset.is_files:
        from mlci.expectations.database import DatabaseTable

        if engine not in (None, AUTO):
            raise UserError(
                f"`{name}` is a table of a database, which --engine {engine} cannot check.",
                hint="Leave --engine out: Great Expectations' SQL engine checks it where it lies.",
            )
        return validate_table(DatabaseTable.of(name, dataset, root=root), loaded, dataset=name)
    with tempfile.TemporaryDirectory(prefix="mlci-") as scratch:
        if called == SPARK:
            from mlci.data.forspark import files

            read = files(name, dataset, root=root, scratch=Path(scratch))
            return validate(read, loaded, engine=called, dataset=name)
        from mlci.data.read import scan_once

        frame = scan_once(name, dataset, root=root, scratch=Path(scratch))
        return validate(frame, loaded, engine=called, dataset=name)


def lines(name: str, outcome: Outcome) -> Iterator[str]:
    """An outcome as a person reads it in a terminal: what failed first, then what held."""
    validation = outcome.validation
    told = f"{validation.evaluated - validation.failed} of {validation.evaluated} expectations hold"
    yield f"{_MARKS[validation.verdict]:4}  {name}: {told} ({validation.suite}, {validation.engine})"
    both = zip(validation.expectations, outcome.raw["results"], strict=True)
    for each, raw in sorted(both, key=lambda pair: pair[0].success):
        mark = "ok" if each.success else _MARKS[{"critical": "fail", "warning": "warn"}.get(each.severity, "pass")]
        column = f" {each.column}" if each.column else ""
        counted = ""
        if not each.success and each.unexpected_count is not None and each.element_count:
            counted = f": {each.unexpected_count:,} of {each.element_count:,} rows"
        elif not each.success:
            counted = _observed(raw["result"].get("observed_value"))
        other = f" (by {each.engine}: {each.reason})" if each.engine else ""
        yield (
            f"  {mark:4}  {each.type}{column} {each.description}".rstrip()
            + (f": {each.error}" if each.error else counted)
            + other
        )
    for finding in outcome.findings:
        if finding.code != "MLCI101":
            yield f"  {finding.severity}: {finding.message} {finding.hint} ({finding.code})"


def _observed(value: object) -> str:
    """What an aggregate was, where it is one number: a list may be long, and holds values of the data."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    return f": {value:,}" if isinstance(value, int) else f": {value:,.6g}"
