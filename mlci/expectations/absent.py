"""The sentence for columns that an expectation needs and the table lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.config.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LISTED = 5  # absent columns that it names


def absent(used: Iterable[str], names: Sequence[str]) -> str:
    """Which of the columns `used` are not among the table's `names`; empty where all are there."""
    lacking = list(dict.fromkeys(name for name in used if name not in names))
    if not lacking:
        return ""
    near = did_you_mean(lacking[0], names)
    guess = f" (d{near[2:]})" if near.startswith(" Did") else ""
    listed = ", ".join(f"`{name[:100]}`" for name in lacking[:LISTED])
    listed += ", …" if len(lacking) > LISTED else ""
    one = len(lacking) == 1
    return f"{'column' if one else 'columns'} {listed} {'is' if one else 'are'} not in the data{guess}"
