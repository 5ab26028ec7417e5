"""What a run weighs beside plain rows: seeds, clusters, weights, groups, slices that nobody named, own metrics."""

from __future__ import annotations

import polars as pl

FOREST = '''\
"""A forest whose seed the user has fixed."""
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline

COLUMNS = ["a", "b"]


def plain():
    columns = make_column_transformer(("passthrough", COLUMNS))
    return make_pipeline(columns, RandomForestClassifier(5, max_depth=3, random_state=0))
'''


def edit(repo, path, old, new):
    """Replace a text in a file, once."""
    text = (repo.folder / path).read_text()
    assert old in text
    repo.put(path, text.replace(old, new, 1))


def configured(project, *lines):
    """The main branch's configuration with more keys of its model, and a topic branch that loses a feature."""
    project.git("switch", "--quiet", "main")
    edit(project, "mlci.yml", "    timeout: 60", "\n".join(("    timeout: 60", *(f"    {line}" for line in lines))))
    project.commit("more rules")
    project.git("switch", "--quiet", "--create", "change")
    edit(project, "pipeline.py", '["a", "b"]', '["a"]')
    project.commit("worse")
    return project


def test_run__repeated_seeds(project, mlci):
    """Each side is trained with three seeds, though the user has fixed one; the seeds' share is in the results."""
    project.put("pipeline.py", FOREST).commit("forest")
    project.git("branch", "--force", "main", "HEAD")
    configured(project, "repeats: 3")

    ran = mlci(project.folder, "run")

    model = ran.results["models"]["late"]
    whole = {each["metric"]: each for each in model["comparisons"] if not each["slice"]}
    assert (ran.code, model["repeats"], whole["log_loss"]["method"]) == (1, 3, "paired t, 3 seeds")
    assert 0 < whole["log_loss"]["seed_share"] < 1
    assert "trained 3 times" in ran.report()
    assert "MLCI309" not in ran.codes()


def test_run__seeds_that_make_no_difference(project, mlci):
    """Where every seed gives the same model, it is said."""
    configured(project, "repeats: 2")

    assert "MLCI309" in mlci(project.folder, "run").codes("info")


def test_run__clusters_and_weights(project, mlci):
    """Rows that belong together count as one draw, by their weights; candidates need not be given either column."""
    table = pl.read_csv(project.folder / "data.csv")
    table = table.with_columns(pl.col("id").floordiv(4).alias("shop"), pl.col("id").mod(3).alias("amount"))
    project.put("data.csv", table.write_csv()).commit("shops")
    project.git("branch", "--force", "main", "HEAD")
    configured(project, "cluster: shop", "sample_weight: amount", "drop: [shop, amount]")

    ran = mlci(project.folder, "run")

    model = ran.results["models"]["late"]
    assert (ran.code, model["holdout"]["cluster"], model["holdout"]["sample_weight"]) == (1, "shop", "amount")
    assert {each["method"] for each in model["comparisons"] if each["metric"] == "log_loss"} == {"paired t, by cluster"}
    assert {each["name"] for each in model["side"]["features"]} & {"shop", "amount"} == set()


def test_run__fairness_of_a_column_that_is_no_feature(project, mlci):
    """A sensitive column is kept from the candidates, and its groups are judged all the same."""
    table = pl.read_csv(project.folder / "data.csv")
    sex = pl.when(pl.col("b") > 0).then(pl.lit("m")).otherwise(pl.lit("f")).alias("sex")
    project.put("data.csv", table.with_columns(sex).write_csv()).commit("sexes")
    project.git("branch", "--force", "main", "HEAD")
    configured(
        project,
        "drop: [sex]",
        "fairness:",
        "  sensitive: [sex]",
        "  metrics: [selection_rate_ratio]",
        "  gates: {demographic_parity_difference: {max: 0.1}}",
    )

    ran = mlci(project.folder, "run")

    model = ran.results["models"]["late"]
    (column,) = model["fairness"]
    gate = next(each for each in model["gates"] if each["sensitive"])
    assert [each["metric"] for each in column["comparisons"]] == [
        "selection_rate_ratio",
        "demographic_parity_difference",
    ]
    assert {each["name"] for each in column["groups"]} == {"sex = f", "sex = m"}
    assert (gate["metric"], gate["rule"], gate["location"]["path"]) == (
        "demographic_parity_difference",
        "max",
        "mlci.yml",
    )
    assert "Fairness" in ran.report()


def test_run__the_worst_slice_is_found(project, mlci):
    """A loss in rows that no slice names is found, and warned of."""
    configured(project, "worst_slice: {columns: [group, b], min_rows: 20}")

    ran = mlci(project.folder, "run")

    found = ran.results["models"]["late"]["search"]
    assert (found["slices"] > 6, found["worst"]["status"], "MLCI308" in ran.codes("warn")) == (True, "worse", True)


def test_run__calibration_is_told(project, mlci):
    """A classifier with probabilities has a reliability table of both sides."""
    configured(project)

    ran = mlci(project.folder, "run")

    found = ran.results["models"]["late"]["calibration"]
    rows = ran.results["models"]["late"]["holdout"]["rows"]
    assert [sum(each["rows"] for each in found[side]["bins"]) for side in ("candidate", "baseline")] == [rows, rows]


PROFIT = '''\
"""What a flight that is called late wins or loses."""


def profit(y_true, y_pred, X):
    return float((((y_true == "yes") == (y_pred == "yes")) * X["id"].to_numpy()).sum())
'''


def test_run__a_metric_of_ones_own(project, mlci):
    """A function of the user's judges, from the features of the rows; the base branch's code is what is run."""
    project.put("scoring.py", PROFIT)
    configured(
        project,
        "scorers: {profit: {function: 'scoring:profit', resamples: 199}}",
    )
    edit(project, "mlci.yml", "    gates:\n", "    gates:\n      profit: {max_regression: 100}\n")
    project.put("scoring.py", PROFIT.replace("return float", "return 1e9 + 0 * float")).commit("cheat")

    ran = mlci(project.folder, "run")

    found = {each["slice"]: each for each in ran.results["models"]["late"]["comparisons"] if each["metric"] == "profit"}
    assert (found[""]["status"], found[""]["method"], ran.code) == ("worse", "row bootstrap, 199 resamples", 1)
    assert found[""]["candidate"] < 1e6
    assert set(found) == {"", "group = x", "group = y"}


def test_run__a_metric_of_ones_own_that_fails(project, mlci):
    """What raises in the user's function is told with its place, and its gate fails."""
    project.put("scoring.py", PROFIT.replace('X["id"]', 'X["price"]'))
    configured(project, "scorers: {profit: 'scoring:profit'}")
    edit(project, "mlci.yml", "    gates:\n", "    gates:\n      profit: {min: 0}\n")
    project.commit("gate")

    ran = mlci(project.folder, "run")

    gate = next(each for each in ran.results["models"]["late"]["gates"] if each["metric"] == "profit")
    assert (ran.code, gate["verdict"], ran.codes("fail")) == (2, "fail", ["MLCI212", "MLCI305"])


SPY = '''\
"""A model that looks for another one's answers while it trains."""
import pathlib
import time

from pipeline import plain


def spy():
    folder = pathlib.Path(__file__).parent
    for _ in range(40):
        time.sleep(0.1)
        found = [*pathlib.Path(folder / "tmp").glob("mlci-*/models/*/own-*/arrays/target.npy")]
        if found:
            (folder / "found.txt").write_text(str(found[0]))
    return plain()
'''


def test_run__answers_are_written_when_no_training_is_left(project, mlci, tmp_path):
    """One model's own metric waits for another model's training, which could read the answers."""
    slow = PROFIT.replace("def profit", "import time\n\n\ndef profit").replace(
        "    return", "    time.sleep(0.02)\n    return"
    )
    project.put("scoring.py", slow).put("spying.py", SPY)
    configured(project, "scorers: {profit: {function: 'scoring:profit', resamples: 99}}")
    (project.folder / "tmp").symlink_to(tmp_path / "tmp")
    text = (project.folder / "mlci.yml").read_text()
    model = text[text.index("  late:\n") :].replace("pipeline:plain", "spying:spy").replace("  late:\n", "  spy:\n")
    project.put("mlci.yml", text + "\n".join(line for line in model.splitlines() if "scorers" not in line) + "\n")
    project.commit("two models")

    ran = mlci(project.folder, "run")

    profit = [each for each in ran.results["models"]["late"]["comparisons"] if each["metric"] == "profit"]
    assert (profit[0]["candidate"] is not None, (project.folder / "found.txt").exists()) == (True, False)


def test_run__a_group_that_becomes_too_small(project, mlci):
    """Rows that a pull request takes away cannot keep a group from being judged in silence."""
    table = pl.read_csv(project.folder / "data.csv")
    sex = pl.when(pl.col("id") % 5 == 0).then(pl.lit("m")).otherwise(pl.lit("f")).alias("sex")
    project.put("data.csv", table.with_columns(sex).write_csv()).commit("sexes")
    project.git("branch", "--force", "main", "HEAD")
    configured(
        project, "fairness: {sensitive: [sex], gates: {demographic_parity_difference: {max: 0.9}}}", "min_rows: 20"
    )
    table = pl.read_csv(project.folder / "data.csv")
    project.put("data.csv", table.filter((pl.col("sex") == "f") | (pl.col("id") < 200)).write_csv()).commit("fewer")

    ran = mlci(project.folder, "run")

    (found,) = [each for each in ran.results["findings"] if each["code"] == "MLCI307"]
    assert "fewer than 20 rows of `sex = m` now" in found["message"]


def test_run__a_search_that_cannot_take_place(project, mlci):
    """Where the base cannot score the pull request's rows, the search says that it did not take place."""
    configured(project, "worst_slice: [group]")
    text = (project.folder / "data.csv").read_text()
    project.put("data.csv", text.replace("id,a,b,", "id,a,bee,", 1)).commit("rename")

    assert "MLCI311" in mlci(project.folder, "run").codes("warn")
