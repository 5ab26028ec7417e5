from __future__ import annotations

from mlci.report import folds, gatetable, look, slicetable, tables
from mlci.results import Change, GateResult


def texts(table):
    """A table's cells as a reader hears them."""
    return [[str(cell).replace("\u00a0", " ") for cell in row.cells] for row in table.rows]


def several(make, model=None):
    """A model with slices in two metrics, of which one is gated."""
    model = model or make("worse").models["income"]
    found = [each for each in model.comparisons if each.slice]
    second = [
        each.model_copy(update={"metric": "log_loss", "gated": False, "verdict": "pass", "greater_is_better": False})
        for each in found
    ]
    return model.model_copy(update={"comparisons": (*model.comparisons, *second)})


def test_gates__order(make):
    """Metric gates with their failing slices, limits and costs, then metrics that no gate watches."""
    assert [row[0] for row in texts(gatetable.gates(make("worse").models["income"], "main"))] == [
        "roc_auc",
        "↳ sex = Female",
        "↳ sex = Male",
        "accuracy",
        "roc_auc, minimum",
        "fit_seconds ↓",
        "log_loss ↓",
    ]


def test_gates__the_gate_has_the_last_word(make):
    """A comparison that could not be told has its gate's verdict."""
    model = make("worse").models["income"]
    each = model.comparisons[0].model_copy(update={"status": None, "gain": None, "low": None, "high": None})
    gate = GateResult(metric="roc_auc", rule="max_regression", threshold=0.003, verdict="fail")
    model = model.model_copy(update={"comparisons": (each,), "gates": (gate,)})
    assert texts(gatetable.gates(model, "main"))[0][-1] == "❌ could not be told"


def test_slices__one_metric_in_full(make):
    """With one metric, every slice has its row, values and interval."""
    fold = folds.slices(make("worse").models["income"], "main")
    assert [len(table.rows) for _, table in fold.tables] == [9]


def test_slices__several_metrics_as_a_grid(make):
    """With several metrics, what does not pass in full, and a grid of gains: worse in bold, small slices last."""
    fold = folds.slices(several(make), "main")
    (_, failing), (_, grid) = fold.tables
    rows = texts(grid)
    assert [row[0] for row in texts(failing)] == ["sex = Female", "sex = Male"]
    assert rows[0] == ["sex = Female", "3,702", "❌ −0.0712", "−0.0712"]
    assert rows[-1] == ["race = Other", "21 ❔", "−0.02", "−0.02"]


def test_slices__a_metric_that_the_whole_holdout_lacks(make):
    """A slice that was measured in a metric of its own alone still has its row."""
    model = make("worse").models["income"]
    alone = model.comparisons[-1].model_copy(update={"metric": "f1", "slice": "age = 7"})
    grid = slicetable.grid(model.model_copy(update={"comparisons": (*model.comparisons, alone)}))
    assert ["age = 7", "21 ❔"] in [row[:2] for row in texts(grid)]


def test_slices__the_answer_counts_what_is_judged(make):
    """The summary counts gated slices where there are any."""
    answer = str(folds.slices(several(make), "main").answer)
    assert answer == "❌ 2 of 2 judged slices are worse than on main; lowest is sex = Female (−0.0712)"


def test_slices__per_metric_with_plots(make):
    """On the page each metric's slices have an axis of their own, its scale in the last row."""
    found = slicetable.by_metric(several(make))
    assert [(metric, len(each)) for metric, each in found.items()] == [("roc_auc", 9), ("log_loss", 9)]
    table = slicetable.table(found["roc_auc"], several(make), "main", with_plots=True)
    assert table.rows[-1].tone == "scale"


def test_changes__parts_bring_their_parameters(make):
    """The defaults of a part that was added are not told one by one."""
    params = (
        Change(name="bins", after="KBinsDiscretizer"),
        Change(name="bins__n_bins", after="5"),
        Change(name="alpha", before="1", after="2"),
    )
    assert [each.name for each in look.telling(params)] == ["bins", "alpha"]


def test_candidates__the_winner_first(make):
    """The election's table has the winner on top, in the digits that the folds' spread supports."""
    assert texts(tables.candidates(make("worse").models["income"])) == [
        ["boosted", "0.868 ± 0.003", "0.24 s"],
        ["linear", "0.866 ± 0.003", "0.31 s"],
    ]


def test_power__per_metric(make):
    """What is allowed, what is noticed, and by which method."""
    assert texts(tables.power(make("noise").models["income"]))[0] == ["roc_auc", "0.0030", "0.0045", "4,317", "DeLong"]
