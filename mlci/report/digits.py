"""Numbers as a reader takes them: as many digits as the interval supports, U+2212 for minus, units, thousands."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlci.results import Comparison

NONE = "—"
MINUS = "\N{MINUS SIGN}"
NBSP = "\N{NO-BREAK SPACE}"

_MOST = 6  # decimals; more are no help to a reader
_MORE = 2  # decimals at most that a verdict needs beyond those that the interval supports
_MOST_OF_TINY = 15  # decimals of values that are all tiny
_LARGEST = 1e15  # from here on a value is written with an exponent
_PLAIN = 4  # decimals of a score whose interval is not known


def decimals(half_width: float | None, *, most: int = _MOST) -> int:
    """The decimals that an interval of this half-width supports: those of its two first digits."""
    if half_width is None or not math.isfinite(half_width) or half_width <= 0:
        return _PLAIN
    return max(0, min(most, 1 - math.floor(math.log10(half_width))))


def plain(*values: float) -> int:
    """The decimals for values of which no interval is known."""
    return _PLAIN if max(map(abs, values), default=0.0) < 10 else 2  # noqa: PLR2004 - from 10 on two decimals say enough


def own_decimals(value: float) -> int:
    """The decimals in which a value from the configuration is written."""
    text = f"{value:.12f}".rstrip("0")
    return len(text) - text.index(".") - 1


def precision(comparison: Comparison) -> int:
    """The decimals in which a comparison is shown.

    Those that its interval supports; where a gate judges, up to two more: a bound that lies beyond zero or the margin
    is not to be shown as equal to it.
    """
    low, high = comparison.low, comparison.high
    if low is None or high is None:
        return plain(*(each for each in (comparison.baseline, comparison.candidate) if each is not None))
    largest = max((abs(v) for v in (comparison.baseline, comparison.candidate, low, high) if v), default=1.0)
    most = max(_MOST, min(_MOST_OF_TINY, 4 - math.floor(math.log10(largest))))
    digits = decimals(high / 2 - low / 2, most=most)
    if comparison.margin:
        digits = max(digits, min(most, own_decimals(comparison.margin)))
    if not comparison.gated:
        return digits
    limits = (0.0, -(comparison.margin or 0.0))
    most = min(most, digits + _MORE)
    while digits < most and any(
        bound != limit and round(bound, digits) == round(limit, digits) for bound in (low, high) for limit in limits
    ):
        digits += 1
    return digits


def number(value: float | None, digits: int) -> str:
    """A value in so many decimals, with thousands separators; a dash where there is none."""
    if value is None:
        return NONE
    text = f"{abs(value):,.{digits}f}" if abs(value) < _LARGEST else f"{abs(value):.3e}"
    return f"{MINUS}{text}" if value < 0 and float(text.replace(",", "")) else text


def signed(value: float | None, digits: int) -> str:
    """A difference in so many decimals: always with its sign, save a zero."""
    text = number(value, digits)
    return f"+{text}" if value is not None and value > 0 and float(text.replace(",", "")) else text


def interval(low: float | None, high: float | None, digits: int) -> str:
    """`low … high`, each with its sign; empty where there is no interval."""
    if low is None or high is None:
        return ""
    return f"{signed(low, digits)}{NBSP}…{NBSP}{signed(high, digits)}"


def exact(value: float) -> str:
    """A value of the configuration, in the digits that it was written in."""
    return number(value, own_decimals(value))


def percent(share: float, *, signs: bool = False) -> str:
    """A share as a percentage in two digits or more: `2.5 %`, `+180 %`."""
    hundred = share * 100
    digits = 0 if abs(hundred) >= 10 or abs(hundred - round(hundred)) < 0.05 else 1  # noqa: PLR2004 - two digits
    return f"{(signed if signs else number)(hundred, digits)}{NBSP}%"


def share(part: int, total: int) -> str:
    """A part of a total as a percentage, and a small one as `< 0.1 %`."""
    found = part / total
    return percent(found) if found >= 0.0005 or found <= 0 else f"<{NBSP}0.1{NBSP}%"  # noqa: PLR2004 - one decimal


def more_or_less(change: float | None) -> str:
    """A relative change of a cost: `180 % more`, `66 % less`."""
    if change is None:
        return NONE
    told = percent(abs(change))
    if told == percent(0):
        return "the same"
    return f"{told}{NBSP}{'more' if change > 0 else 'less'}"


def level(confidence: float) -> str:
    """A confidence level: `95 %`, `99.9 %`."""
    return f"{exact(round(confidence * 100, 4))}{NBSP}%"


def count(value: int | None) -> str:
    """A whole number with thousands separators."""
    return NONE if value is None else f"{value:,}"


def plural(value: int, one: str, many: str = "") -> str:
    """`1 row`, `2 rows`, `no rows`."""
    return f"{count(value) if value else 'no'} {one if value == 1 else many or one + 's'}"


def duration(seconds: float | None) -> str:
    """Seconds in the largest units that say enough: `0.24 s`, `14 s`, `2 min 5 s`, `1 h 12 min`."""
    if seconds is None:
        return NONE
    if seconds < 0.01:  # noqa: PLR2004 - below that, milliseconds
        return f"{seconds * 1000:.1f}{NBSP}ms" if seconds else f"0{NBSP}s"
    if seconds < 99.5:  # noqa: PLR2004 - two digits of seconds
        return f"{seconds:.{0 if seconds >= 9.95 else 1 if seconds >= 0.995 else 2}f}{NBSP}s"  # noqa: PLR2004 - two digits
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:  # noqa: PLR2004 - an hour
        return f"{minutes}{NBSP}min" + (f" {rest}{NBSP}s" if rest else "")
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,}{NBSP}h" + (f" {minutes}{NBSP}min" if minutes else "")


def size(value: float | None) -> str:
    """Bytes in SI units: `812 B`, `4.1 MB`, `120 MB`."""
    if value is None:
        return NONE
    for unit in ("B", "kB", "MB", "GB"):
        if abs(value) < 999.5:  # noqa: PLR2004 - three digits
            digits = 0 if unit == "B" or abs(value) >= 9.95 else 1  # noqa: PLR2004 - two digits
            return f"{number(value, digits)}{NBSP}{unit}"
        value /= 1000
    return f"{number(value, 1)}{NBSP}TB"


def cost(metric: str, value: float | None) -> str:
    """A value of a resource, in its unit."""
    from mlci.stats.metrics import RESOURCES

    return size(value) if RESOURCES.get(metric) == "B" else duration(value)


def spread_decimals(deviation: float) -> int:
    """The decimals for `mean ± deviation`: one digit of the deviation, or two where it begins with 1 or 2."""
    if not deviation or not math.isfinite(deviation):
        return _PLAIN
    power: int = math.floor(math.log10(abs(deviation)))
    leads_low = abs(deviation) / 10**power < 3  # noqa: PLR2004 - the Particle Data Group's rule, near enough
    return max(0, min(_MOST, int(leads_low) - power))
