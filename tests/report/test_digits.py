from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.report import digits
from mlci.results import Comparison

VALUES = st.floats(-1e9, 1e9, allow_nan=False)


def compared(gain, half, **more):
    """A comparison around 0.9 with this gain and half-width."""
    return Comparison(
        **{"metric": "m", "rows": 9, "baseline": 0.9, "candidate": 0.9 + gain, "gain": gain}
        | {"low": gain - half, "high": gain + half, **more}
    )


@pytest.mark.parametrize(
    ("half_width", "expected"),
    [(0.0039, 4), (0.00555, 4), (0.06, 3), (0.6, 2), (1.2, 1), (12.0, 0), (3400.0, 0), (1e-9, 6), (0.0, 4), (None, 4)],
)
def test_decimals__two_digits_of_the_half_width(half_width, expected):
    """An interval of ±0.0039 supports four decimals, one of ±12 none."""
    assert digits.decimals(half_width) == expected


@pytest.mark.parametrize(
    ("value", "places", "expected"),
    [(-0.0541, 4, "−0.0541"), (0.028, 3, "+0.028"), (-0.00001, 3, "0.000"), (0.0, 2, "0.00"), (12345.6, 0, "+12,346")],
)
def test_signed__has_a_true_minus_and_no_signed_zero(value, places, expected):
    """A difference carries its sign, U+2212 for minus, and a zero carries none."""
    assert digits.signed(value, places) == expected


@given(VALUES, st.integers(0, 6))
def test_number__reads_back(value, places):
    """What is shown is the value, rounded."""
    text = digits.number(value, places).replace(",", "").replace("−", "-")
    assert math.isclose(float(text), value, abs_tol=0.5001 * 10**-places)


@given(VALUES, st.integers(0, 6))
def test_signed__is_number_with_a_sign(value, places):
    """The sign is the only difference between the two."""
    assert digits.signed(value, places).removeprefix("+") == digits.number(value, places)


@given(st.floats(-0.05, 0.05), st.floats(1e-5, 0.05), st.floats(0.0001, 0.02))
def test_precision__never_shows_a_bound_on_the_wrong_side(gain, half, margin):
    """A bound that lies beyond the margin or zero is shown beyond it, unless two more decimals cannot tell."""
    each = compared(gain, half, margin=round(margin, 4), gated=True)
    places = digits.precision(each)
    most = min(6, max(digits.decimals((each.high - each.low) / 2), digits.own_decimals(each.margin)) + 2)
    for bound in (each.low, each.high):
        for limit in (0.0, -each.margin):
            is_apart = digits.number(bound, places) != digits.number(limit, places)
            assert is_apart or bound == limit or places == most


def test_precision__of_a_verdict():
    """An interval that ends just short of the margin is not shown to end at it."""
    each = compared(-0.0021, 0.00087, margin=0.003, gated=True)
    assert digits.interval(each.low, each.high, digits.precision(each)).startswith("−0.00297")


def test_precision__keeps_the_margins_own_digits():
    """A margin of 0.0025 is not shown as 0.00 because the interval is wide."""
    assert digits.precision(compared(-0.03, 0.6, margin=0.0025)) == 4


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0 s"),
        (0.0042, "4.2 ms"),
        (0.24, "0.24 s"),
        (1.24, "1.2 s"),
        (14.2, "14 s"),
        (125, "2 min 5 s"),
        (3600, "1 h"),
        (4320, "1 h 12 min"),
        (None, "—"),
    ],
)
def test_duration__in_units_that_say_enough(seconds, expected):
    """Durations take the largest unit that leaves two digits."""
    assert digits.duration(seconds).replace("\u00a0", " ") == expected


@pytest.mark.parametrize(
    ("value", "expected"), [(812, "812 B"), (4_100_000, "4.1 MB"), (214e6, "214 MB"), (5.5e12, "5.5 TB"), (None, "—")]
)
def test_size__in_si_units(value, expected):
    """Sizes are in SI units."""
    assert digits.size(value).replace("\u00a0", " ") == expected


@pytest.mark.parametrize(
    ("share", "expected"), [(0.5, "50 %"), (0.018, "1.8 %"), (1.815, "182 %"), (0.0, "0 %"), (-0.66, "−66 %")]
)
def test_percent__two_digits_or_more(share, expected):
    """Percentages show two digits, or whole numbers."""
    assert digits.percent(share).replace("\u00a0", " ") == expected


@pytest.mark.parametrize(("change", "expected"), [(1.8, "180 % more"), (-0.66, "66 % less"), (0.0001, "the same")])
def test_more_or_less__says_the_direction_in_words(change, expected):
    """A cost's change has no sign that could be taken for a gain's."""
    assert digits.more_or_less(change).replace("\u00a0", " ") == expected


@pytest.mark.parametrize(("confidence", "expected"), [(0.95, "95 %"), (0.975, "97.5 %"), (0.999, "99.9 %")])
def test_level__as_configured(confidence, expected):
    """A confidence level is shown as it was configured."""
    assert digits.level(confidence).replace("\u00a0", " ") == expected


@pytest.mark.parametrize(("deviation", "expected"), [(0.0031, 3), (0.0021, 4), (0.1, 2), (12.0, 0), (0.0, 4)])
def test_spread_decimals__one_digit_or_two(deviation, expected):
    """`0.868 ± 0.003`, and two digits where the deviation begins with 1 or 2."""
    assert digits.spread_decimals(deviation) == expected


@pytest.mark.parametrize(("value", "expected"), [(0.85, "0.85"), (1e-5, "0.00001"), (200_000.0, "200,000")])
def test_exact__as_configured(value, expected):
    """A threshold keeps its own digits."""
    assert digits.exact(value) == expected


@pytest.mark.parametrize(("value", "expected"), [(0, "no rows"), (1, "1 row"), (1200, "1,200 rows")])
def test_plural__counts(value, expected):
    """Numbers of things, in words."""
    assert digits.plural(value, "row") == expected
