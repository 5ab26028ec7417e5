"""The options of the command `mlci`: what may be written after each of its subcommands."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from mlci import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping

Command = Callable[[argparse.Namespace], int]


def parser(functions: Mapping[str, Command]) -> argparse.ArgumentParser:
    """The command's parser; each name in `functions` is a subcommand, and what it runs."""
    root = argparse.ArgumentParser(
        prog="mlci",
        description="A pull request cannot quietly make the data or the model worse.",
        epilog="Start with `mlci init`, then `mlci run`. `mlci demo` shows it all on a real example.",
    )
    root.add_argument("--version", action="version", version=f"mlci {__version__}")
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--debug", action="store_true", help="show tracebacks (or set MLCI_DEBUG=1)")
    commands = root.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def command(name: str, help_: str, example: str) -> argparse.ArgumentParser:
        made = commands.add_parser(
            name,
            help=help_,
            description=help_[0].upper() + help_[1:] + ".",
            epilog=f"example: {example}",
            parents=[shared],
        )
        made.set_defaults(command=functions[name])
        return made

    made = command("run", "validate, retrain, compare, judge and report", "mlci run --base origin/main")
    _of_run(made)

    made = command(
        "validate",
        "check data against Great Expectations suites",
        "mlci validate --data adult.csv --suite adult.json",
    )
    made.add_argument("--data", metavar="FILE", help="CSV or Parquet, a glob or a URL; with --suite")
    made.add_argument("--suite", metavar="FILE", help="a suite, JSON or YAML; with --data, or with --lint alone")
    made.add_argument("--config", metavar="FILE", help="without --data: the configuration whose datasets are checked")
    made.add_argument("--engine", metavar="NAME", help="auto, fused, gx or spark (default: the dataset's own, or auto)")
    made.add_argument("--json", action="store_true", help="print Great Expectations' own result structure")
    made.add_argument("--lint", action="store_true", help="run nothing: read the suite, and the data's column names")

    made = command("init", "write a first mlci.yml for the data that are here", "mlci init --target income")
    made.add_argument("--data", metavar="FILE", help="the data (default: the first CSV or Parquet file here)")
    made.add_argument("--target", metavar="COLUMN", help="the column to predict (default: the last one)")

    made = command("render", "make a report from results.json", "mlci render mlci-out/results.json")
    made.add_argument("results", metavar="RESULTS", type=Path)
    made.add_argument("--format", choices=("markdown", "html", "terminal"), default="markdown")
    made.add_argument("--template", metavar="FILE", type=Path, help='a Jinja2 file that says {%% extends "base" %%}')
    made.add_argument("--out", metavar="FILE", type=Path, help="write here instead of printing")

    made = command("publish", "post the report of results to GitHub, in Actions", "mlci publish mlci-out")
    made.add_argument("results", metavar="RESULTS", help="results.json or its folder; on `workflow_run` an artifact")

    command("action", "do what the container does in GitHub Actions", "mlci action")

    made = command("baseline", "show, list or prune the best commits on record", "mlci baseline show")
    made.add_argument("action", choices=("show", "list", "prune"))
    made.add_argument("--config", metavar="FILE", help="the configuration (default: mlci.yml, or pyproject.toml)")
    made.add_argument("--model", metavar="NAME", help="only this model; prune needs it")

    made = command("schema", "print the JSON Schema of mlci.yml", "mlci schema > mlci.schema.json")
    made.add_argument("--results", action="store_true", help="of results.json instead")

    made = command(
        "size",
        "say how many rows a holdout needs for a condition",
        'mlci size --condition "n - o > 0.02 +/- 0.01" --reliability 0.9999 --commits 32 --adaptivity full',
    )
    made.add_argument(
        "--condition", metavar="TEXT", required=True, help="of n (new accuracy), o (old) and d (differing)"
    )
    made.add_argument("--reliability", metavar="P", type=float, default=0.95, help="default: %(default)s")
    made.add_argument("--commits", metavar="N", type=int, default=32, help="that it is to judge (default: %(default)s)")
    made.add_argument(
        "--adaptivity",
        choices=("none", "full", "first"),
        default="full",
        help="who learns the verdicts: no author, every one, or every one until the first pass (default: %(default)s)",
    )
    made.add_argument("--disagreement", metavar="D", type=float, help="share of rows on which the two models differ")
    made.add_argument("--json", action="store_true", help="print a document instead of a table")

    made = command("demo", "play a pull request of a real example", "mlci demo --pr better")
    made.add_argument("--pr", metavar="NAME", default="worse", help="worse, better, noise, bad-data or loosened")
    made.add_argument("--out", metavar="DIR", type=Path, default=Path("demo-out"), help="default: %(default)s")
    return root


def _of_run(made: argparse.ArgumentParser) -> None:
    """The options of `mlci run`."""
    made.add_argument("--config", metavar="FILE", help="the configuration (default: mlci.yml, or pyproject.toml)")
    made.add_argument("--base", metavar="REF", help="what to compare with (default: the merge base with main); or none")
    made.add_argument("--head", metavar="REF", help="what to judge (default: the work tree as it is)")
    made.add_argument("--out", metavar="DIR", type=Path, default=Path("mlci-out"), help="default: %(default)s")
    made.add_argument("--model", metavar="NAME", action="append", default=[], help="only this model; repeatable")
    made.add_argument("--record", action="store_true", help="add this commit of the base branch to the ledger")
    made.add_argument("--twice", action="store_true", help="train each side twice: is that reproducible?")
    made.add_argument("--show-output", action="store_true", help="print what the code that trains prints")
