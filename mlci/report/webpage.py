"""The page's template: everything that it prints is escaped for HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from mlci.report import filters, phrase
from mlci.report.document import Figure
from mlci.report.phrase import Line

if TYPE_CHECKING:
    from jinja2 import BaseLoader


def as_html(value: Any) -> Markup:  # noqa: ANN401 - whatever a template prints
    """What a template prints, as HTML: markup stays as it is, all else is escaped."""
    if isinstance(value, Markup):
        return value
    if isinstance(value, Line):
        return Markup(phrase.to_page_html(value))  # noqa: S704 - escaped by the renderer
    if isinstance(value, Figure):
        return Markup(value.svg)  # noqa: S704 - made by svg.py, which escapes labels
    return Markup(filters.page_html(str(value)))  # noqa: S704 - escaped here


def environment(loader: BaseLoader) -> Environment:
    """The environment of the HTML page."""
    made = Environment(
        loader=loader,
        autoescape=True,
        finalize=as_html,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["capital"] = phrase.capital
    made.filters["string"] = str
    made.filters["block"] = lambda text: Markup(filters.block_html(text))  # noqa: S704 - escaped by the filter
    made.tests["figure"] = lambda cell: isinstance(cell, Figure)
    return made
