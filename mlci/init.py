"""`mlci init`: a first configuration, suite and pipeline for the data that are here."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlci.config.suggest import did_you_mean
from mlci.errors import DataError, UserError

if TYPE_CHECKING:
    import polars as pl

_ENDINGS = (".csv", ".parquet")
_MANY = 20  # a target with more different values than this is a quantity, not a class
_ROWS = 10_000
_TARGETS = ("target", "label", "y", "class", "outcome", "response")
_YES = ("yes", "true", "1", "y", "t", "positive")


@dataclass(frozen=True, slots=True)
class _Guess:
    """What the data say of the task."""

    task: str
    primary: str
    metrics: tuple[str, ...]
    margin: str
    estimator: str
    positive: str | None = None


def init(folder: Path, *, data: str | None = None, target: str | None = None) -> list[str]:
    """Write `mlci.yml`, and a suite and a pipeline where there are none; what was done, a line each.

    Raises:
        UserError: there is a configuration already, there are no data, or the target is none of their columns.
    """
    if (folder / "mlci.yml").exists():
        raise UserError("There is an mlci.yml here already.", hint="Edit it, or move it away first.")
    path = _data(folder, data)
    frame = _head(path)
    chosen = target or _target(frame)
    if chosen not in frame.columns:
        raise UserError(f"{path.name} has no column '{chosen}'.", hint=did_you_mean(chosen, frame.columns).strip())
    guess = _guess(frame[chosen])
    name = _name(path.stem)
    key = next((column for column in frame.columns if column.lower() in ("id", "key", "uuid")), None)
    written = {
        "mlci.yml": _fill("mlci.yml.j2", guess, name=name, path=_quoted(path.relative_to(folder).as_posix()),
                          key=key and _quoted(key), target=_quoted(chosen), target_name=_name(chosen)),
        f"expectations/{name}.json": _suite(name, frame, key),
        "pipeline.py": _fill("pipeline.py.j2", guess),
    }  # fmt: skip
    lines = []
    for relative, text in written.items():
        place = folder / relative
        if place.exists():
            lines.append(f"kept     {relative} (it was there)")
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
        lines.append(f"wrote    {relative}")
    article = f"predicts `{chosen}` ({guess.task}) from {path.relative_to(folder).as_posix()}"
    guessed = "" if target else " The target is a guess: say another one with --target."
    return [*lines, f"The model {article}.{guessed} Look it over, commit, and run `mlci run`."]


def _data(folder: Path, data: str | None) -> Path:
    if data is not None:
        path = folder / data
        if not path.is_file():
            raise UserError(f"There is no file {data}.", hint="Check --data.")
        if not path.resolve().is_relative_to(folder.resolve()):
            raise UserError(f"{data} lies outside of this folder.", hint="Run `mlci init` in a folder that holds it.")
        return path
    found = sorted(
        path
        for path in folder.glob("**/*")
        if path.suffix in _ENDINGS
        and path.is_file()
        and "mlci-out" not in path.parts
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
    if not found:
        raise UserError("There is no CSV or Parquet file here.", hint="Say where the data are: mlci init --data FILE.")
    return found[0]


def _head(path: Path) -> pl.DataFrame:
    import polars as pl

    try:
        if path.suffix == ".parquet":
            return pl.scan_parquet(path).head(_ROWS).collect()
        return pl.read_csv(path, n_rows=_ROWS, infer_schema_length=None, ignore_errors=True)
    except pl.exceptions.PolarsError as error:
        raise DataError(
            f"{path.name} cannot be read as {path.suffix[1:]} ({type(error).__name__}).",
            hint="Name another file with --data.",
        ) from None


def _target(frame: pl.DataFrame) -> str:
    """The column that is most likely to be predicted: by its name, else the last one that can be."""
    named = [name for name in frame.columns if name.lower() in _TARGETS]
    usable = [
        name for name in frame.columns if frame[name].dtype.is_numeric() or frame[name].drop_nulls().n_unique() <= _MANY
    ]
    return next(iter([*named, *reversed(usable), frame.columns[-1]]))


def _guess(target: pl.Series) -> _Guess:
    from mlci.data.labels import canonical_labels

    classes = sorted(canonical_labels(target.drop_nulls()).unique().to_list())
    if len(classes) == 2:  # noqa: PLR2004 - that is what binary means
        positive = next((label for label in classes if label.lower() in _YES), classes[-1])
        metrics = ("roc_auc", "average_precision", "log_loss", "f1", "accuracy")
        return _Guess("binary", "roc_auc", metrics, "0.005", "HistGradientBoostingClassifier", _quoted(positive))
    if len(classes) <= _MANY and not target.dtype.is_float():
        return _Guess(
            "multiclass", "accuracy", ("accuracy", "f1_macro", "log_loss"), "0.01", "HistGradientBoostingClassifier"
        )
    errors = ("r2", "root_mean_squared_error", "mean_absolute_error")
    return _Guess("regression", "r2", errors, "0.01", "HistGradientBoostingRegressor")


def _suite(name: str, frame: pl.DataFrame, key: str | None) -> str:
    """What holds today and should go on holding: the columns are there, and those without gaps stay so."""
    expectations: list[dict[str, Any]] = [
        {"type": "expect_column_to_exist", "kwargs": {"column": column}} for column in frame.columns
    ]
    expectations += [
        {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": column}}
        for column in frame.columns
        if frame[column].null_count() == 0
    ]
    if key:
        expectations.append({"type": "expect_column_values_to_be_unique", "kwargs": {"column": key}})
    return json.dumps({"name": name, "expectations": expectations}, indent=2, ensure_ascii=False) + "\n"


def _fill(template: str, guess: _Guess, **values: object) -> str:
    from jinja2 import Environment, StrictUndefined

    text = (Path(__file__).parent / "starter" / template).read_text(encoding="utf-8")
    fields = {each: getattr(guess, each) for each in _Guess.__dataclass_fields__}
    environment = Environment(undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False)  # noqa: S701 - YAML and Python, not HTML
    return environment.from_string(text).render(**fields, **values)


def _name(text: str) -> str:
    cleaned = "".join(each if each.isascii() and each.isalnum() else "_" for each in text).strip("_")[:60]
    return cleaned or "data"


def _quoted(text: str) -> str:
    """A text as YAML writes it: in quotes wherever YAML would read it as something else."""
    return (
        text
        if text.isascii()
        and text.replace("_", "").replace("/", "").replace(".", "").isalpha()
        and (text.lower() not in ("true", "false", "null", "yes", "no"))
        else json.dumps(text, ensure_ascii=False)
    )
