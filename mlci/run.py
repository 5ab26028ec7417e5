"""The run: the stations of the way, in order."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from mlci import __version__, contest, datasets, press
from mlci.baseline import keeping
from mlci.baseline.ledger import BEST
from mlci.config.policy import removed
from mlci.errors import Location, UserError
from mlci.fence import fence
from mlci.outcome import ours
from mlci.plan import plan
from mlci.record import Record, findings_of
from mlci.references import referring
from mlci.results import Finding, Results, worst
from mlci.training import environment, users
from mlci.trees import laid_out

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    from mlci.contest import Judged
    from mlci.progress import Progress
    from mlci.results import DatasetResult, ExpectationResult, GateResult
    from mlci.settings import Settings
    from mlci.trees import Trees

Placed = TypeVar("Placed", Finding, "GateResult", "ExpectationResult")

_GRAVEST_FIRST = {"fail": 0, "warn": 1, "info": 2}


@dataclass(frozen=True, slots=True)
class Done:
    """A run's results; `at_fault`: the repository's own data or code kept a part of it from being judged."""

    results: Results
    at_fault: bool
    report: str  # as Markdown, as it was written
    ledger: Path | None = None  # the file that the commit was recorded in


def run(settings: Settings, progress: Progress) -> Done:
    """Run mlci once: read, validate, train, compare, judge, report.

    Raises:
        ConfigError: the configuration is missing or wrong.
        GitError: the two sides cannot be found.
        UserError: the output folder cannot be written to.
    """
    record = Record()
    out = settings.folder / settings.out
    with (
        _scratch(settings.folder) as scratch,
        laid_out(settings, scratch) as sides,
        _referring(sides, settings, scratch) as trees,
    ):
        config = trees.loaded.config
        press.clear(out)
        todo = plan(settings, config, has_base=trees.base is not None, before=trees.base_config)
        fenced = fence(trees, settings)
        record.add((*trees.findings, *removed(trees.loaded, trees.base_config), *fenced.findings))
        progress.say(_opening(trees))
        with record.timed("data"):
            tables = datasets.read(trees, todo, scratch, record, progress)
        try:
            with datasets.validating(trees, tables, record, progress) as validations:
                with record.timed("models"):
                    judged = contest.judge(trees, todo, tables, scratch, record, progress, fenced)
                checked = validations()
        except Exception as error:
            record.add((ours(error),))
            press.write(_results(trees, record, tables.results({}), ()), out, links=settings.links)
            raise
        read = tables.results(checked)
        results = _results(trees, record, read, judged)
        ledger = None
        if settings.records:
            with record.reported(""):  # the report is written all the same
                ledger = _recorded(results, trees, progress)
            results = _results(trees, record, read, judged)
        results, report = _printed(results, judged, trees, record, settings)
        return Done(results, record.at_fault, report, ledger)


def _referring(trees: Trees, settings: Settings, scratch: Path) -> AbstractContextManager[Trees]:
    """Both sides, with what else the gates hold against."""
    name = Path(settings.config).name if settings.config else None
    return referring(trees, scratch, settings.models or tuple(trees.loaded.config.models), name)


def _opening(trees: Trees) -> str:
    head, base = trees.head.commit, trees.base and trees.base.commit
    mine = f"{head.sha[:7]}{' and changes not committed' if head.dirty else ''}" if head else "this folder"
    return f"judging {mine} against {f'{base.ref} at {base.sha[:7]}' if base else 'nothing: there is no baseline'}"


def _recorded(results: Results, trees: Trees, progress: Progress) -> Path | None:
    """Add the commit to the ledger, where the configuration keeps one; the file that was written."""
    baseline = trees.loaded.config.baseline
    if baseline.reference == BEST and not trees.is_on(baseline.branch):
        progress.say(f"not recorded: this is no commit of `{baseline.branch}`, or has changes that are not committed")
        return None
    added = keeping.record(results, baseline, trees.workspace, within=trees.within)
    for each in keeping.told(added, baseline.ledger):
        progress.say(each)
    return trees.workspace / baseline.ledger if added and "://" not in baseline.ledger else None


def _results(trees: Trees, record: Record, checked: dict[str, DatasetResult], judged: Sequence[Judged]) -> Results:
    """Everything that was found, as the frozen record of the run; places are told from the repository's top."""
    import platform

    findings = sorted(
        (_placed(each, trees) for each in record.findings), key=lambda each: _GRAVEST_FIRST[each.severity]
    )
    models = {
        each.name: each.result.model_copy(update={"gates": tuple(_placed(gate, trees) for gate in each.result.gates)})
        for each in judged
    }
    verdicts = [
        *(each.verdict for each in models.values()),
        *(each.validation.verdict for each in checked.values() if each.validation),
        *(each.severity for each in findings),
    ]
    checked = {name: _checked(each, trees) for name, each in checked.items()}
    head, base = trees.head.commit, trees.base and trees.base.commit
    return Results.model_validate(
        {
            "mlci": __version__,
            "verdict": worst(verdicts),
            "head": head or {"sha": ""},
            "base": base,
            "datasets": checked,
            "models": models,
            "findings": tuple(findings),
            "files": trees.changes(),
            "environment": {"python": platform.python_version(), "platform": platform.platform(terse=True)},
            "timings": record.timings,
        }
    )


def _printed(
    results: Results, judged: Sequence[Judged], trees: Trees, record: Record, settings: Settings
) -> tuple[Results, str]:
    """Write everything out; a template that fails is a finding in a report that is written without it."""
    out = settings.folder / settings.out
    charts = trees.loaded.config.report.charts
    try:
        template = press.template_of(trees)
        report = press.write(results, out, template=template, charts=charts, links=settings.links)
    except UserError as error:
        if error.code != "MLCI420":
            raise
        record.at_fault = True
        found = (*results.findings, *findings_of(error, ""))
        results = results.model_copy(update={"findings": found, "verdict": "fail"})
        report = press.write(results, out, charts=charts, links=settings.links)
    press.write_models(
        results,
        out,
        {each.name: each.predictions for each in judged if each.predictions is not None},
        {each.name: each.model_path for each in judged if each.result.winner},
    )
    return results, report


def _placed(each: Placed, trees: Trees) -> Placed:
    """Something whose place is told from the repository's top, where an editor or GitHub looks for it."""
    if each.location is None or not trees.prefix.parts:
        return each
    folder = trees.head.folder.resolve()  # paths are relative to it, and absolute where they lead out of it
    top = folder.parents[len(trees.prefix.parts) - 1]
    path = folder / each.location.path
    told = path.relative_to(top).as_posix() if path.is_relative_to(top) else each.location.path
    return each.model_copy(update={"location": Location(told, each.location.line, each.location.column)})


def _checked(dataset: DatasetResult, trees: Trees) -> DatasetResult:
    """A dataset whose expectations' places are told from the repository's top."""
    found = dataset.validation
    if found is None:
        return dataset
    placed = tuple(_placed(each, trees) for each in found.expectations)
    return dataset.model_copy(update={"validation": found.model_copy(update={"expectations": placed})})


@contextmanager
def _scratch(root: Path) -> Iterator[Path]:
    """A folder for everything that does not outlive the run of a repository, also where it is interrupted."""
    folder = Path(tempfile.mkdtemp(prefix="mlci-"))
    try:
        with users.reachable(folder, *environment.needs(root)):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
