"""The data station: both sides' tables are read once, compared, and validated while the models train."""

from __future__ import annotations

import tempfile
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mlci import afar, waiting
from mlci.results import DatasetResult, Finding, Validation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlci.afar import Afar
    from mlci.config.models import Config
    from mlci.data.read import Table
    from mlci.expectations.suites import Suite
    from mlci.plan import Plan
    from mlci.progress import Progress
    from mlci.record import Record
    from mlci.references import Reference
    from mlci.results import DatasetChange
    from mlci.trees import Trees


@dataclass(frozen=True, slots=True)
class Tables:
    """Each dataset at the head and at the base, by its name; what could not be read is absent, and a finding.

    `afar` holds those that are checked where they lie, in a database or on a cluster: no model reads them.
    """

    head: dict[str, Table] = field(default_factory=dict)
    afar: dict[str, Afar] = field(default_factory=dict)
    base: dict[str, Table] = field(default_factory=dict)
    changes: dict[str, DatasetChange] = field(default_factory=dict)

    def results(self, validations: dict[str, Validation]) -> dict[str, DatasetResult]:
        """The datasets as the record of the run holds them."""
        read = {
            name: DatasetResult(
                path=table.path,
                rows=table.rows,
                bytes=table.bytes,
                fingerprint=table.fingerprint,
                columns=table.columns,
                validation=validations.get(name),
                change=self.changes.get(name),
            )
            for name, table in self.head.items()
        }
        return read | {name: each.result(validations.get(name)) for name, each in self.afar.items()}


def read(trees: Trees, todo: Plan, scratch: Path, record: Record, progress: Progress) -> Tables:
    """Read every dataset of the plan, on both sides; equal content is parsed once."""
    from mlci.data.change import change
    from mlci.data.read import open_table

    tables = Tables()
    folder = scratch / "tables"  # shared by both sides: a table with the same content is not parsed again
    folder.mkdir(mode=0o700, exist_ok=True)  # all rows with their targets: nothing for code that trains
    for name in todo.datasets:
        dataset = trees.loaded.config.datasets[name]
        progress.doing("data", f"reading {name}")
        if afar.is_afar(name, trees.loaded.config):
            with record.reported(name):
                tables.afar[name] = afar.look(name, trees, folder)
                progress.say(f"looked at {name}: {tables.afar[name].known.rows:,} rows")
            continue
        with record.reported(name):
            where = trees.loaded.where("datasets", name, "path")
            table = open_table(
                name,
                dataset,
                root=trees.data_folder(dataset.path),
                scratch=folder,
                location=where,
                within=trees.within,
            )
            table.require(dataset.key or (), "the key", trees.loaded.where("datasets", name, "key"))
            tables.head[name] = table
        if name not in tables.head:
            continue
        base = _base(trees, name, folder, record)
        if base is not None:
            tables.base[name] = base
        if trees.base is not None:
            tables.changes[name] = _noted(change(base, tables.head[name]), _shared(trees, name, base))
        table = tables.head[name]
        progress.say(f"read {name}: {table.rows:,} rows, {len(table.columns)} columns")
    progress.doing("data", "")
    return tables


def _base(trees: Trees, name: str, scratch: Path, record: Record) -> Table | None:
    """A dataset as the base has it; None where the base has none, or cannot read it (a finding)."""
    from mlci.data.read import open_table
    from mlci.errors import DataError
    from mlci.record import findings_of

    before = trees.base_config
    known = before.datasets.get(_name_before(trees, name)) if before else None
    if known is None or trees.base is None or not known.is_files:
        return None
    dataset = known
    # data that are not in git (ignored, fetched by another tool, or behind a URL) lie beside the head alone
    folder = trees.base.folder if trees.in_base(dataset.path) else trees.data_folder(dataset.path)
    try:
        return open_table(name, dataset, root=folder, scratch=scratch, within=trees.within)
    except DataError as error:
        record.add(
            each.model_copy(update={"message": f"On the base branch: {each.message}"})
            for each in findings_of(error, name, "warn")
        )
        return None


def of_reference(trees: Trees, reference: Reference, config: Config, model: str, scratch: Path) -> Table:
    """A model's dataset as another commit has it.

    Args:
        trees: Both sides, with the reference's tree.
        reference: The commit.
        config: Its configuration.
        model: The model.
        scratch: The run's folder: a table that was read already is not parsed again.

    Raises:
        DataError: it cannot be read.
    """
    from mlci.data.read import open_table

    name = config.models[model].dataset
    dataset = config.datasets[name]
    tracked = reference.tree is not None and trees.in_commit(reference.sha, dataset.path)
    root = reference.tree.folder if reference.tree and tracked else trees.data_folder(dataset.path)
    return open_table(name, dataset, root=root, scratch=scratch / "tables", within=trees.within)


def _name_before(trees: Trees, name: str) -> str:
    """A dataset's name on the base branch: its own, else that of the dataset which one of its models had there."""
    before = trees.base_config
    if before is None or name in before.datasets:
        return name
    models = trees.loaded.config.models
    names = [
        before.models[model].dataset
        for model, config in models.items()
        if config.dataset == name and model in before.models
    ]
    return next(iter(names), name)


def _shared(trees: Trees, name: str, base: Table | None) -> str:
    if base is None or trees.in_base(base.path):
        return ""
    return f"`{name}` is not in git: both sides read the same files"


def _noted(found: DatasetChange, note: str) -> DatasetChange:
    return found.model_copy(update={"note": "; ".join(filter(None, (found.note, note)))})


# --- validation, while the models train ------------------------------------------------------------------------


@contextmanager
def validating(
    trees: Trees, tables: Tables, record: Record, progress: Progress
) -> Iterator[Callable[[], dict[str, Validation]]]:
    """Validate all datasets in the background; what is yielded waits for the validations.

    The thread ends with the process: an interrupt does not wait for Great Expectations.
    """
    found: dict[str, Validation] = {}
    failures: list[BaseException] = []

    def work() -> None:
        try:
            with record.timed("validation"):
                for name in (*tables.head, *tables.afar):
                    with record.reported(name):
                        progress.doing("expectations", f"checking {name}")
                        unusable = _unusable(name, trees)
                        if unusable is not None:
                            found[name] = unusable  # until the suite has been read and checked
                        outcome = _validate(name, trees, tables, record)
                        if outcome is not None:
                            found[name] = outcome
                            progress.say(f"checked {name}: {_told(outcome)}")
        except BaseException as error:  # noqa: BLE001 - handed on to the thread that waits
            failures.append(error)
        progress.doing("expectations", "")

    thread = threading.Thread(target=work, name="expectations", daemon=True)
    thread.start()

    def wait() -> dict[str, Validation]:
        waiting.join(thread)
        if failures:
            raise failures[0]
        return found

    yield wait


def _validate(name: str, trees: Trees, tables: Tables, record: Record) -> Validation | None:
    from mlci.expectations import load, validate
    from mlci.expectations.engines import SPARK
    from mlci.expectations.loosened import loosened

    suite = trees.loaded.config.datasets[name].suite
    if suite is None:
        record.add((_no_suite(name, trees),))
        return None
    loaded = load(suite, root=trees.head.folder, location=trees.loaded.where("datasets", name, "suite"))
    engine = trees.loaded.config.datasets[name].engine
    if name in tables.afar:
        outcome = tables.afar[name].validate(loaded, dataset=name)
    elif engine == SPARK:
        with tempfile.TemporaryDirectory(prefix="mlci-") as scratch:
            outcome = validate(afar.files(name, trees, Path(scratch)), loaded, engine=engine, dataset=name)
    else:
        outcome = validate(tables.head[name].scan(), loaded, engine=engine, dataset=name)
    record.add((*outcome.findings, *loosened(_suite_before(name, trees), loaded, dataset=name)))
    return outcome.validation


def _suite_before(name: str, trees: Trees) -> Suite | None:
    """The base branch's suite for a dataset; None where it has none that can be read."""
    from mlci.errors import SuiteError
    from mlci.expectations import load

    base = trees.base.loaded.config.datasets.get(name) if trees.base and trees.base.loaded else None
    if base is None or base.suite is None or trees.base is None:
        return None
    try:
        return load(base.suite, root=trees.base.folder)
    except SuiteError:
        return None  # nothing of it held on the base branch, so nothing of it can be loosened


def _told(validation: Validation) -> str:
    return (
        f"{validation.failed} of {validation.evaluated} fail" if validation.failed else f"{validation.evaluated} hold"
    )


def _unusable(name: str, trees: Trees) -> Validation | None:
    """What stands for a suite that could not be read: it did not succeed, and nothing was evaluated."""
    suite = trees.loaded.config.datasets[name].suite
    if suite is None:
        return None
    shown = suite if isinstance(suite, str) else f"{suite.project}: {suite.name}"
    return Validation(suite=shown[:500], engine="none", success=False, verdict="fail", evaluated=0, failed=0)


def _no_suite(name: str, trees: Trees) -> Finding:
    return Finding(
        code="MLCI115",
        severity="warn",
        message=f"`{name}` has no suite: nothing is expected of its data.",
        hint="Give it one: `suite: expectations/….json`; `mlci init` writes a first one.",
        location=trees.loaded.where("datasets", name),
        subject=name,
    )
