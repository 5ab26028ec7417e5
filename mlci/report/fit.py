"""A comment that fits: rendered anew with less and less detail, never cut."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlci.errors import ReportError
from mlci.report import page, render

if TYPE_CHECKING:
    from mlci.results import Results

COMMENT = 65_536
"""Where GitHub ends a comment: in characters, but bytes are held to as well."""


def fit(results: Results, budget: int = COMMENT, **options: Any) -> str:  # noqa: ANN401 - those of `render.markdown`
    """The most detailed comment within `budget`, in characters and in bytes of UTF-8.

    A template of the user's own that does not fit at any level of detail gives way to mlci's, the headline alone with
    a link to the full report.

    Args:
        results: The run.
        budget: At least 2,000.
        **options: Those of `render.markdown`, save `detail`.

    Raises:
        ReportError: the user's template fails.
        ValueError: `budget` is too small for any report.
    """
    from mlci.report.sandbox import BoundsError

    for detail in range(len(page.LEVELS)):
        try:
            text = render.markdown(results, detail=detail, **options)
        except (BoundsError, ReportError) as error:
            is_too_much = isinstance(error, BoundsError) or isinstance(error.__cause__, BoundsError)
            if not is_too_much or detail == len(page.LEVELS) - 1:
                raise
            continue
        if fits(text, budget):
            return text
    text = render.markdown(results, detail=len(page.LEVELS), **{**options, "template": None})
    if not fits(text, budget):
        raise ValueError(f"no report fits {budget} bytes: at least {len(text.encode())} are needed")
    return text


def fits(text: str, budget: int) -> bool:
    """Whether a text is within a budget, however it is counted."""
    return len(text.encode("utf-8")) <= budget  # never fewer than characters
