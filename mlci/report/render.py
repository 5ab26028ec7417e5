"""Results → Markdown, HTML and terminal text. Pure: it reads nothing but its own templates."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any

from mlci.errors import Location, ReportError
from mlci.report import loader
from mlci.report import page as pages
from mlci.report.loader import USER, Loader

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlci.results import Results


def markdown(  # noqa: PLR0913 - each is a different thing that the caller knows
    results: Results,
    *,
    detail: int = 0,
    template: str | None = None,
    run_url: str = "",
    report_url: str = "",
    comment_id: str = "default",
    run_id: int | None = None,
    charts: bool = True,
) -> str:
    """The pull request's comment.

    Args:
        results: The run.
        detail: 0 shows everything; each step more leaves more out, down to the headline alone (see `fit.fit`).
        template: The text of a template of the user's own, which extends `base`.
        run_url: The workflow run's address.
        report_url: The full report's address.
        comment_id: Tells this comment from another of mlci's in the same pull request.
        run_id: The workflow run's number, by which an older run's comment is told from a newer one's.
        charts: Whether to draw the forest plot.

    Raises:
        ReportError: the user's template fails; the message names its line.
    """
    from mlci.report.sandbox import Markdown

    page = pages.build(
        results,
        detail=detail,
        run_url=run_url,
        report_url=report_url,
        comment_id=comment_id,
        run_id=run_id,
        with_charts=charts,
    )
    # as plain dictionaries: a model's methods are nothing for a template
    context = {
        "page": page,
        "results": results.model_dump(mode="json"),
        "marker": Markdown(page.marker),
        "line_break": Markdown("<br>"),
    }
    text = _user(template, context) if template is not None else part("base", context)
    # without its marker the comment would not be found again, and the next run would post another
    return text if text.startswith(page.marker) else f"{page.marker}\n{text}"


def html(results: Results, *, run_url: str = "") -> str:
    """The full report: one self-contained page that needs neither network nor JavaScript.

    Args:
        results: The run.
        run_url: The workflow run's address.
    """
    from markupsafe import Markup

    from mlci.report import sections, webpage

    sheet = sections.build(results, pages.footer(results, run_url))
    style = Markup(loader.text("report.css"))  # noqa: S704 - a file of mlci's own
    text = webpage.environment(Loader(webpage.environment)).get_template("report").render(sheet=sheet, style=style)
    return text.strip() + "\n"


def part(name: str, context: Mapping[str, Any]) -> str:
    """A Markdown template of mlci's own, filled; each line that it prints is escaped."""
    from mlci.report import sandbox

    environment = sandbox.environment(Loader(sandbox.environment))
    return tidy(sandbox.bounded(environment.get_template(name), context))


def _user(template: str, context: Mapping[str, Any]) -> str:
    from jinja2 import TemplateError, TemplateSyntaxError

    from mlci.report import sandbox

    environment = sandbox.environment(Loader(sandbox.environment, template))
    try:
        return tidy(sandbox.bounded(environment.get_template(USER), context))
    except TemplateSyntaxError as error:
        raise _failed(error.message or "its syntax is wrong", error.lineno) from error
    except (
        TemplateError,
        sandbox.BoundsError,
        RecursionError,
        ArithmeticError,
        LookupError,
        TypeError,
        ValueError,
    ) as error:
        said = "it calls itself without end" if isinstance(error, RecursionError) else str(error)
        raise _failed(said or type(error).__name__, _line(error)) from error


def _line(error: BaseException) -> int | None:
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == USER]
    return lines[-1] if lines else None


def _failed(said: str, line: int | None) -> ReportError:
    where = f" in line {line}" if line else ""
    return ReportError(
        f"The report's template fails{where}: {said.rstrip('.')}.",
        hint='It begins with {% extends "base" %} and fills blocks anew; `mlci render` tries one out.',
        location=Location(USER, line),
    )


def tidy(text: str) -> str:
    """The Markdown with one blank line where templates leave several; what is fenced stays as it is."""
    kept: list[str] = []
    ticks = ""
    for line in text.strip("\n").split("\n"):
        mark = line[: len(line) - len(line.lstrip("`"))]
        if ticks:
            ticks = "" if line.rstrip() == ticks else ticks
        elif len(mark) >= 3:  # noqa: PLR2004 - a fence
            ticks = mark
        elif not line.strip() and (not kept or not kept[-1]):
            continue
        kept.append(line if ticks or mark else line.rstrip())
    return "\n".join(kept) + "\n"


def terminal(results: Results, *, width: int = 80, color: bool = True, unicode: bool = True) -> str:
    """The report for a terminal: verdict, gates, findings with hints, where to look.

    Args:
        results: The run.
        width: The terminal's columns.
        color: Whether to write ANSI colours.
        unicode: Whether the terminal shows more than ASCII.
    """
    from mlci.report.terminal import terminal as write

    return write(results, width=width, color=color, unicode=unicode)
