"""Keeping the ledger: what a run on the base branch adds, and `mlci baseline show|list|prune`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from mlci.baseline import ledger, records
from mlci.config.load import load
from mlci.config.suggest import did_you_mean
from mlci.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from mlci.baseline.ledger import Entry
    from mlci.config.models import Baseline
    from mlci.results import Results

Action = Literal["show", "list", "prune"]


def record(results: Results, baseline: Baseline, folder: Path, *, within: tuple[Path, ...] = ()) -> tuple[Entry, ...]:
    """Add a judged commit of the base branch to the ledger; what was added.

    Nothing is added where the configuration asks for no best commit, where the work tree held changes that are in no
    commit, or where a commit is in the ledger already.

    Raises:
        UserError: the ledger cannot be read or written.
    """
    if baseline.reference != ledger.BEST or not results.head.sha or results.head.dirty:
        return ()
    known = records.read(baseline.ledger, folder, within=within)
    added = ledger.entries_of(results, known)
    if added:
        records.write(baseline.ledger, folder, (*known, *added), within=within)
    return added


def told(added: Sequence[Entry], name: str) -> Iterator[str]:
    """What was recorded, a line each."""
    for each in added:
        what = "recorded as the best commit" if each.best else "recorded; the best commit stays what it was"
        yield f"{each.commit[:7]} of `{each.model}` {what} ({name})"


def command(folder: Path, action: Action, *, config: str | None = None, model: str | None = None) -> list[str]:
    """`mlci baseline`: the lines to print.

    Args:
        folder: Where the command was called.
        action: `show` the best commits, `list` all entries, or `prune` those of a model, so that its record begins
            anew with the next run on the base branch.
        config: The configuration's path, where it is named.
        model: One model alone; `prune` needs it.

    Raises:
        UserError: there is no such model, or the ledger cannot be read or written.
    """
    asked = folder / (config or ".")
    root = asked.parent if config else folder
    baseline = load(root, asked.name if config else None).config.baseline
    known = records.read(baseline.ledger, root)
    models = dict.fromkeys(each.model for each in known)
    if model is not None and model not in models:
        raise UserError(
            f"The ledger {baseline.ledger} has no model '{model}'.", hint=did_you_mean(model, list(models)).strip()
        )
    if action == "prune":
        if model is None:
            raise UserError("`mlci baseline prune` needs a model.", hint="Say which: --model NAME.")
        kept = [each for each in known if each.model != model]
        records.write(baseline.ledger, root, kept)
        return [f"{len(known) - len(kept)} entries of `{model}` removed from {baseline.ledger}."]
    shown = [each for each in known if model in {None, each.model}]
    if action == "show":
        shown = [each for each in shown if each is ledger.best(known, each.model, each.question)]
    if not shown:
        return [f"The ledger {baseline.ledger} is empty: `mlci run --record` on the base branch adds to it."]
    return [_line(each) for each in shown]


def _line(each: Entry) -> str:
    value = "" if each.value is None else f"  {each.metric} {each.value:.6g}"
    return f"{'*' if each.best else ' '} {each.commit[:12]}  {each.model}{value}"
