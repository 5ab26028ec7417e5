"""The command `mlci`: options in, exit codes out. The only place where errors become what a user sees."""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from mlci.errors import FAIL, INTERRUPTED, OURS, PASS, USER, ConfigError, MlciError, TrainingError, UserError
from mlci.options import parser

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from mlci.options import Command
    from mlci.results import Results

_ISSUES = "Please report it with what `--debug` prints."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code: 0 no gate failed, 1 a gate failed, 2 user's, 3 ours, 130 interrupted."""
    options = parser(_COMMANDS).parse_args(arguments)
    debug = options.debug or os.environ.get("MLCI_DEBUG") == "1"
    for each in (signal.SIGINT, signal.SIGTERM):  # a cancelled job; also where the caller had them ignored
        signal.signal(each, _interrupt)
    try:
        code = int(options.command(options))
        sys.stdout.flush()
    except KeyboardInterrupt:
        return _told("Interrupted; temporary files are removed.", INTERRUPTED)
    except BrokenPipeError:  # the reader of a pipe went away: a verdict is told by `_run` before it prints
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that the flush at exit cannot fail
        return getattr(options, "code", PASS)
    except MlciError as error:
        if debug:
            raise
        return _told(_shown(error), USER if isinstance(error, UserError) else OURS)
    except Exception as error:
        if debug:
            raise
        if _disk_is_full(error):
            return _told("There is no space left on the disk. Free some, or set TMPDIR to a larger one.", USER)
        return _told(f"mlci itself failed ({type(error).__name__}). {_ISSUES}", OURS)
    return code


def _disk_is_full(error: BaseException | None) -> bool:
    """Whether a full disk is behind an error; Polars tells it in words alone."""
    if error is None:
        return False
    told = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    return told or f"(os error {errno.ENOSPC})" in str(error) or _disk_is_full(error.__cause__ or error.__context__)


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _told(text: str, code: int) -> int:
    if os.environ.get("GITHUB_ACTIONS") == "true":  # there a line of a log could be a command to the runner
        from mlci.github.commands import command

        print(command("error", text, title="mlci"), flush=True)
    else:
        sys.stderr.write(f"mlci: {text}\n")
    return code


def _shown(error: MlciError) -> str:
    count = len(error.problems) if isinstance(error, ConfigError) else 0
    head = f"{count} problems in the configuration:\n" if count > 1 else ""
    trace = f"\n\n{error.traceback}" if isinstance(error, TrainingError) and error.traceback else ""
    return f"{head}{error}{trace}"


# --- commands --------------------------------------------------------------------------------------------------


def _run(options: argparse.Namespace) -> int:
    from mlci.github.commands import Log
    from mlci.outcome import exit_code
    from mlci.progress import progress
    from mlci.run import run
    from mlci.settings import Settings

    settings = Settings(
        folder=Path.cwd(),
        config=options.config,
        base=options.base,
        head=options.head,
        out=options.out,
        models=tuple(options.model),
        cores=_cores(),
        target_branch=os.environ.get("GITHUB_BASE_REF") or None,
        records=options.record,
        twice=options.twice,
    )
    with progress(os.environ, shows_output=options.show_output) as shown:
        done = run(settings, shown)
    options.code = exit_code(done.results, at_fault=done.at_fault)
    with Log(sys.stdout, os.environ).verbatim():
        _print_terminal(done.results)
    print(f"\nReport: {options.out / 'report.md'} · {options.out / 'report.html'}")
    return int(options.code)


def _action(_: argparse.Namespace) -> int:
    from mlci import door

    token = door.token(os.environ)
    from mlci.action import act

    return act(os.environ, token)


def _publish(options: argparse.Namespace) -> int:
    from mlci import door

    token = door.token(os.environ)
    from mlci.action import act

    os.environ.update({"INPUT_MODE": "publish", "INPUT_RESULTS": options.results})
    return act(os.environ, token)


def _validate(options: argparse.Namespace) -> int:
    from mlci.validate import lines, validate_config, validate_file

    if options.lint:
        return _lint(options)
    here = Path.cwd()
    if (options.data is None) != (options.suite is None):
        raise UserError("`mlci validate` needs --data and --suite together, or neither to take both from mlci.yml.")
    if options.data is not None:
        outcomes = validate_file(options.data, options.suite, engine=options.engine, folder=here)
    else:
        outcomes = validate_config(here, options.config, engine=options.engine)
    if options.json:
        raw = {name: outcome.raw for name, outcome in outcomes.items()}
        print(json.dumps(raw if options.data is None else next(iter(raw.values())), indent=1, ensure_ascii=False))
    else:
        for name, outcome in outcomes.items():
            print("\n".join(lines(name, outcome)))
    return PASS if all(outcome.validation.verdict != "fail" for outcome in outcomes.values()) else FAIL


def _lint(options: argparse.Namespace) -> int:
    from mlci.linting import lines, lint_config, lint_file

    here = Path.cwd()
    if options.suite is None and options.data is not None:
        raise UserError("`mlci validate --lint` needs --suite beside --data, or neither to take both from mlci.yml.")
    if options.suite is not None:
        found = lint_file(options.suite, options.data, folder=here)
    else:
        found = lint_config(here, options.config)
    if options.json:
        told = [finding.model_dump(mode="json") for each in found for finding in each.findings]
        print(json.dumps(told, indent=1, ensure_ascii=False))
    else:
        print("\n".join(lines(found)))
    return max(each.code for each in found)


def _init(options: argparse.Namespace) -> int:
    from mlci.init import init

    for line in init(Path.cwd(), data=options.data, target=options.target):
        print(line)
    return PASS


def _render(options: argparse.Namespace) -> int:
    from mlci.report import render
    from mlci.results import Results

    results = Results.from_json(_read(options.results))
    template = _text(options.template) if options.template else None
    if options.format == "terminal":
        _print_terminal(results)
        return PASS
    text = render.html(results) if options.format == "html" else render.markdown(results, template=template)
    if options.out:
        try:
            options.out.write_text(text, encoding="utf-8")
        except OSError as error:
            raise UserError(f"{options.out} cannot be written: {error.strerror}.", hint="Check --out.") from None
    else:
        print(text)
    return PASS


def _baseline(options: argparse.Namespace) -> int:
    from mlci.baseline.keeping import command

    print("\n".join(command(Path.cwd(), options.action, config=options.config, model=options.model)))
    return PASS


def _schema(options: argparse.Namespace) -> int:
    if options.results:
        from mlci.results import json_schema as document
    else:
        from mlci.config.load import schema as document
    print(json.dumps(document(), indent=1, ensure_ascii=False))
    return PASS


def _size(options: argparse.Namespace) -> int:
    from mlci import size

    answer = size.size(
        options.condition,
        reliability=options.reliability,
        commits=options.commits,
        adaptivity=options.adaptivity,
        disagreement=options.disagreement,
    )
    print(json.dumps(size.document(answer), indent=1) if options.json else "\n".join(size.lines(answer)))
    return PASS


def _demo(options: argparse.Namespace) -> int:
    from mlci.demo import demo

    return demo(options.pr, options.out)


def _print_terminal(results: Results) -> None:
    import shutil

    from mlci.report import render

    color = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    width = min(shutil.get_terminal_size((100, 24)).columns, 110)
    unicode = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    print(render.terminal(results, width=width, color=color, unicode=unicode))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.", hint="Check the path.") from None


def _text(path: Path) -> str:
    try:
        return _read(path).decode("utf-8")
    except UnicodeDecodeError:
        raise UserError(f"{path} is not UTF-8 text.", hint="Save it as UTF-8.") from None


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


_COMMANDS: dict[str, Command] = {
    "run": _run,
    "validate": _validate,
    "init": _init,
    "render": _render,
    "publish": _publish,
    "action": _action,
    "baseline": _baseline,
    "schema": _schema,
    "size": _size,
    "demo": _demo,
}
