"""What an interval says of a gate with a margin."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlci.results import Status


def status(low: float, high: float, margin: float) -> Status:
    """Judge the interval [low, high] of a gain against the loss `margin` ≥ 0 that is tolerated.

    Returns:
        `worse` where high < −margin; else `better` where low > 0; else `same` where low ≥ −margin; else
        `inconclusive`, which is also what an end that is not a number leads to.
    """
    if high < -margin:
        return "worse"
    if low > 0 and high == high:  # noqa: PLR0124 - only NaN differs from itself
        return "better"
    return "same" if low >= -margin and high == high else "inconclusive"  # noqa: PLR0124 - as above
