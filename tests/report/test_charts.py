from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mlci.report import charts, filters, svg
from mlci.results import Bin, Calibration, Comparison, Reliability

NUMBERS = st.floats(-1.0, 1.0, allow_nan=False).map(lambda value: round(value, 5))


@st.composite
def marks(draw):
    """A row with its interval around its gain."""
    gain = draw(NUMBERS)
    below, above = draw(st.floats(0, 0.5)), draw(st.floats(0, 0.5))
    margin = draw(st.none() | st.floats(0.0001, 0.2))
    label = draw(st.sampled_from(["roc_auc", "f1", "an unusually long name of a metric, level 7", "名前"]))
    return charts.Mark(label=label, gain=gain, low=gain - below, high=gain + above, margin=margin)


@given(st.lists(marks(), min_size=1, max_size=6), st.integers(60, 100))
def test_text__zero_stands_in_one_column(found, columns):
    """Zero is in the same column of every row, and what is allowed is left of it."""
    head, *rows, _ = charts.text([charts.panel(found)], columns=columns).split("\n")
    zero = filters.width(head[: head.index("│")])
    for row in rows:
        at_zero = next(c for i, c in enumerate(row) if filters.width(row[:i]) == zero)
        assert at_zero in "│┼●├┤◄►"
        assert "┊" not in row or filters.width(row[: row.index("┊")]) < zero


@given(st.lists(marks(), min_size=1, max_size=6))
def test_text__fits_its_columns(found):
    """No row is wider than asked for."""
    _, *rows, _ = charts.text([charts.panel(found)], columns=76).split("\n")
    assert max(filters.width(row) for row in rows) <= 76


@given(st.lists(marks(), min_size=1, max_size=6))
def test_panel__shows_zero_every_gain_and_every_margin(found):
    """Nothing that a verdict rests on is cut off."""
    axis = charts.panel(found).axis
    inside = [0.0, *(each.gain for each in found), *(-each.margin for each in found if each.margin)]
    assert all(axis.low <= value <= axis.high for value in inside)


@given(st.lists(marks(), min_size=1, max_size=6))
def test_panel__ticks_are_round_and_hold_zero(found):
    """Zero is a tick, and ticks lie within the axis."""
    axis = charts.panel(found).axis
    assert 0.0 in axis.ticks
    assert all(axis.low <= tick <= axis.high for tick in axis.ticks)
    assert 2 <= len(axis.ticks) <= 14


@given(marks())
def test_panel__verdicts_can_be_seen(mark):
    """A loss beyond the margin stands left of the margin, one within stands right of it."""
    assume(mark.margin)
    axis = charts.panel([mark]).axis
    assert (axis.at(mark.gain) < axis.at(-mark.margin)) == (mark.gain < -mark.margin)


def test_text__the_example():
    """The plot of the example, as it stands in the comment."""
    found = [
        charts.Mark(label="roc_auc", gain=-0.0541, low=-0.0580, high=-0.0502, margin=0.003),
        charts.Mark(label="accuracy", gain=-0.0695, low=-0.0751, high=-0.0640, margin=0.004),
        charts.Mark(label="log_loss", gain=0.001, low=-0.0020, high=0.0040),
    ]
    assert charts.text([charts.panel(found)], columns=70).split("\n") == [
        "                                                     worse  │ better",
        "roc_auc               ├──●─┤                              ┊ │",
        "accuracy    ├──●───┤                                     ┊  │",
        "log_loss                                                  ├─●─┤",
        "                  −0.06        −0.04        −0.02           0   ┊ allowed",
    ]


def test_text__an_interval_that_reaches_far_is_cut_with_an_arrow():
    """One huge interval does not squeeze all others."""
    found = [charts.Mark(label=str(i), gain=-0.01, low=-0.012, high=-0.008) for i in range(4)]
    huge = charts.Mark(label="huge", gain=-0.01, low=-0.9, high=0.9)
    rows = charts.text([charts.panel([*found, huge])]).split("\n")
    assert rows[5].count("◄") == rows[5].count("►") == 1


@pytest.mark.parametrize(
    ("metrics", "expected"),
    [
        (["roc_auc", "log_loss", "r2"], [3]),
        (["mean_absolute_error", "r2", "root_mean_squared_error", "mean_squared_error"], [2, 1, 1]),
        (["roc_auc", "yearly.profit", "costs-EUR", "accuracy"], [2, 1, 1]),
        (["roc_auc", "equalized_odds_ratio", "demographic_parity_difference"], [1, 2]),
        ([], []),
    ],
)
def test_panels__one_axis_per_unit(metrics, expected):
    """Metrics in the target's unit, of the user's own and between groups do not share an axis with scores."""
    found = [Comparison(metric=name, rows=9, gain=0.1, low=0.0, high=0.2) for name in metrics]
    assert [len(panel.marks) for panel in charts.panels(found, metrics)] == expected


def test_panels__without_an_interval_there_is_nothing_to_draw():
    """A comparison without an interval is no row."""
    assert charts.panels([Comparison(metric="f1", rows=9, candidate=0.5)], ["f1"]) == ()


@given(st.lists(marks(), min_size=1, max_size=4))
def test_svg__is_sound_and_within_its_cell(parse, found):
    """Rows and axis nest, and every position is between 0 and 100 per cent."""
    panel = charts.panel(found)
    rows = [svg.row(mark, panel.axis, exactness=4) for mark in found]
    picture = parse("".join([*rows, svg.scale(panel.axis), svg.bar(0.5)]))
    positions = [value for key, value in picture.attributes if key in ("x", "x1", "x2", "cx") and value.endswith("%")]
    assert picture.nests
    assert all(0 <= float(value[:-1]) <= 100 for value in positions)


def test_svg__says_its_numbers_to_a_screen_reader(parse):
    """A row has a label with the gain and its interval, and nothing of the repository unescaped."""
    mark = charts.Mark(label='<b>"f1"', gain=-0.01, low=-0.02, high=0.0)
    said = dict(parse(svg.row(mark, charts.panel([mark]).axis, exactness=2)).attributes)["aria-label"]
    assert said.replace("\u00a0", " ") == '<b>"f1": gain −0.01, interval −0.02 … 0.00'


SHARES = st.none() | st.floats(-2, 2) | st.sampled_from([0.0, 1.0])
BINS = st.lists(st.builds(Bin, low=st.just(0.0), high=st.just(1.0), rows=st.integers(0, 9), predicted=SHARES))


@given(BINS, st.none() | BINS)
def test_reliability__is_sound_and_within_its_square(parse, after, before):
    """The diagram nests, and every point lies within its frame, whatever the bins hold."""
    after, before = (
        None
        if bins is None
        else Reliability(error=0.1, bins=[each.model_copy(update={"observed": 0.5}) for each in bins])
        for bins in (after, before)
    )
    picture = parse(svg.reliability(Calibration(candidate=after, baseline=before), main="<b>", here='"h'))
    points = [float(value) for key, value in picture.attributes if key in ("cx", "cy", "x1", "x2", "y1", "y2")]
    assert picture.nests
    assert "b" not in picture.tags
    assert all(0 <= value <= 200 for value in points)


def test_reliability__says_both_errors_to_a_screen_reader(parse):
    """The diagram's label holds both sides' errors."""
    found = Calibration(candidate=Reliability(error=0.034, bins=()), baseline=Reliability(error=0.0121, bins=()))
    said = dict(parse(svg.reliability(found, main="main", here="this PR")).attributes)["aria-label"]
    assert said == "Reliability diagram, expected calibration error: main 0.0121; this PR 0.0340"
