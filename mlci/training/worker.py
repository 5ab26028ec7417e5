"""Trains a model in a process of its own: a JSON job in; a report, predictions and the saved model out.

Run as `python worker.py job.json` in the model's environment, which has NumPy, pandas (or Polars, where the job asks
for its frames) and scikit-learn, and may have Polars or pyarrow (to read and write Parquet) and skops (to save the
model). Nothing of mlci can be imported there, and Python may be as old as 3.9: so this is one file. The parent imports
it for `to_pandas` and `scrub` alone.

The holdout's rows are not there until all fitting is over: the parent puts them down when the event `predict` is told.

What the job holds is in `mlci.training.job`, what the report holds in `mlci.training.report`.
"""

from __future__ import annotations

import builtins
import contextlib
import errno
import faulthandler
import functools
import importlib
import importlib.metadata
import importlib.util
import json
import linecache
import math
import os
import pickle
import random
import re
import resource
import signal
import socket
import sys
import time
import traceback
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from importlib.machinery import ModuleSpec
    from types import CodeType, FrameType, ModuleType
    from typing import TypeAlias

    import polars as pl

    Value: TypeAlias = Any
    Estimator: TypeAlias = Any
    Frame: TypeAlias = Any  # pandas ships no types
    Column: TypeAlias = Any
    Array: TypeAlias = Any  # NumPy's differ between its versions

VERSION = 1
ELLIPSIS = "…"
MESSAGE = 1_000  # characters of an exception's message that are kept
PARAMS, VALUE = 300, 200  # parameters kept, and characters of each
WARNINGS, FILES, FRAMES = 20, 1_000, 40
NAME, WARNING = 500, 300  # characters of a name, and of a warning's text
PATIENCE, PAUSE = 120.0, 0.005  # seconds that the holdout is waited for, and between two looks
CONNECT = 10  # seconds that a cluster is waited for


class Refusal(Exception):  # noqa: N818 - what the user did is refused; nothing here erred
    """What the user's code gave cannot be used; the message is the whole sentence."""

    def __init__(self, kind: str, message: str, hint: str = "", **more: Value) -> None:
        super().__init__(message)
        self.fields = {"kind": kind, "message": message, "hint": hint, **more}


class UserCodeError(Exception):
    """An exception of the user's code, with the stage and the candidate that it happened in."""

    def __init__(self, stage: str, candidate: str, error: BaseException, words: set[str]) -> None:
        super().__init__(stage)
        self.stage, self.candidate, self.error, self.words = stage, candidate, error, words


# --- what is shown of values and exceptions ----------------------------------------------------------------------

_WORD = re.compile(r"\w+")
_ADDRESS = re.compile(r"\s*\bat 0x[0-9a-fA-F]+")
_VALUES = re.compile(
    r"(?<!\w)[bBrRuUfF]{0,2}(?P<quote>['\"`])(?P<body>(?:\\(?:.|\Z)|[^\\])*?)(?:(?P=quote)(?!\w)|\Z)"
    r"|(?<!\w)(?P<number>[-+]?\.?\d(?:[\w.:,+-]*\w)?%?)",
    re.DOTALL,
)
_TYPES = {name for name, value in vars(builtins).items() if isinstance(value, type)} | {
    *("NoneType", "ndarray", "DataFrame", "Series", "category", "datetime64", "timedelta64", "NaN", "nan", "inf"),
    *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32", "float64"),
}
_RUN = re.compile(rf"{ELLIPSIS}(?:[\s,]+{ELLIPSIS})+")


def scrub(text: str, known: Iterable[str] = ()) -> str:
    """A message without what may be values of the data: quoted literals and numbers become an ellipsis.

    Args:
        text: The message of an exception or a warning.
        known: Names that may be shown, such as columns and parameters, and words of the code. A literal stays when
            it is one of them, or when all of its words are.
    """
    names = frozenset(known)

    def shown(match: re.Match[str]) -> str:
        quote, body = match["quote"], match["body"] or match["number"] or ""
        words = _WORD.findall(body) if quote else []
        if not body or body in names or (words and names.issuperset(words)):
            return match[0]
        return f"{quote}{ELLIPSIS}{quote}" if quote else ELLIPSIS

    kept, before = text[: 4 * MESSAGE], ""
    while kept != before:  # what is gone can leave a quote that now opens a literal, as in 1'1'
        before = kept
        kept = " ".join(_RUN.sub(ELLIPSIS, _VALUES.sub(shown, kept)).split())[:MESSAGE].rstrip()
    return kept


def text_of(value: Value, depth: int = 4) -> str:
    """A parameter as short text that is the same in every process: no addresses, no contents of arrays."""
    if hasattr(value, "dtype") and getattr(value, "shape", None) == ():
        value = value.item()  # 0.1 rather than np.float64(0.1)
    if isinstance(value, type):
        return value.__name__
    if hasattr(value, "get_params"):
        return type(value).__name__
    if hasattr(value, "shape"):
        return f"{type(value).__name__} of shape {tuple(value.shape)}"
    if isinstance(value, (list, tuple, set, frozenset, dict)) and depth:
        return _collection(value, depth - 1)
    if callable(value) and hasattr(value, "__qualname__"):
        return f"{getattr(value, '__module__', '')}.{value.__qualname__}"
    return _ADDRESS.sub("", repr(value))[:VALUE]


def _collection(value: Value, depth: int) -> str:
    if isinstance(value, dict):
        parts = [f"{text_of(key, depth)}: {text_of(each, depth)}" for key, each in list(value.items())[:VALUE]]
        return f"{{{', '.join(parts)}}}"[:VALUE]
    parts = [text_of(each, depth) for each in list(value)[:VALUE]]
    if isinstance(value, (set, frozenset)):
        return f"{{{', '.join(sorted(parts))}}}"[:VALUE]
    return (f"[{', '.join(parts)}]" if isinstance(value, list) else f"({', '.join(parts)})")[:VALUE]


def inside(path: str, root: str) -> str:
    """`path` relative to the repository, with slashes; empty for a file that is not the user's own."""
    file, base, prefix = (Path(os.path.realpath(each)) for each in (path, root, sys.prefix))
    if path.startswith("<") or not file.is_relative_to(base):  # "<string>" and the like are no files
        return ""
    parts = file.relative_to(base).parts
    installed = {"site-packages", "dist-packages"}.intersection(parts)
    environment = prefix.is_relative_to(base) and file.is_relative_to(prefix)  # a .venv in the repository
    return "" if installed or environment else "/".join(parts)


def short(path: str) -> str:
    """The path of a library's file without the part that is this machine's."""
    parts = Path(path).parts
    for place in ("site-packages", "dist-packages", f"python{sys.version_info[0]}.{sys.version_info[1]}"):
        if place in parts:
            return "/".join(parts[len(parts) - parts[::-1].index(place) :])
    return parts[-1] if parts else path


def _strings(code: CodeType) -> set[str]:
    """The words that a function's own text holds, its docstring left out."""
    texts = [each for each in code.co_consts if isinstance(each, str) and len(each) <= VALUE]
    return {word for text in (*texts, *code.co_names, *code.co_varnames) for word in _WORD.findall(text)}


def _vocabulary(error: BaseException, frames: list[tuple[FrameType, int]], root: str) -> set[str]:
    """Words of the code that failed: what a message has in common with them is no value of the data."""
    words = set(_TYPES)
    if isinstance(error, (ImportError, AttributeError)):
        words.add(str(getattr(error, "name", "")))
    for frame, line in frames:
        if inside(frame.f_code.co_filename, root):
            words.update(_WORD.findall(linecache.getline(frame.f_code.co_filename, line)))
    return words | _strings(frames[-1][0].f_code) if frames else words


def explain(error: BaseException, root: str, known: Iterable[str]) -> dict[str, Any]:
    """An exception as the report holds it: the traceback is cut to the repository's own files."""
    lines: list[str] = []
    library, file, line = "", "", None
    frames = [each for each in traceback.walk_tb(error.__traceback__) if each[0].f_code.co_filename != __file__]
    for frame, number in frames:
        path = frame.f_code.co_filename
        name = inside(path, root)
        if name:
            source = linecache.getline(path, number).strip()
            lines.append(f'  File "{name}", line {number}, in {frame.f_code.co_name}\n    {source}')
            library, file, line = "", name, number
        elif not path.startswith("<"):
            library = f"  {short(path)}:{number} in {frame.f_code.co_name}"
    if isinstance(error, SyntaxError) and error.filename and inside(error.filename, root):
        library, file, line = "", inside(error.filename, root), error.lineno
        lines.append(f'  File "{file}", line {line}\n    {(error.text or "").strip()}')
        message = str(error.msg)
    else:
        message = scrub(_text(error), {*known, *_vocabulary(error, frames, root)})
    if len(lines) > FRAMES:
        lines[FRAMES // 2 : -FRAMES // 2] = [f"  {ELLIPSIS}"]
    name = type(error).__name__
    ending = f"{name}: {message}" if message else name
    shown = "\n".join([*lines, *([library] if library else []), ending])
    told = {"type": name, "message": message, "traceback": shown[-20_000:], "file": file, "line": line}
    return {**told, **denied(error, root)}


def denied(error: BaseException, root: str) -> dict[str, str]:
    """What the wall refused, where that is why the code failed: `network`, or to `read` or `write` files.

    `path` is the file, relative to the repository; empty where it lies elsewhere or is not known.
    """
    for each in causes(error):
        number = each.errno if isinstance(each, OSError) else None
        if isinstance(each, (socket.gaierror, ConnectionRefusedError)) or number in UNREACHABLE:
            return {"denied": "network", "path": ""}
        filename = getattr(each, "filename", None)
        if number == errno.EPERM and filename is None:
            files = [frame.f_code.co_filename for frame, _ in traceback.walk_tb(each.__traceback__)]
            if files and files[-1] == socket.__file__:
                return {"denied": "network", "path": ""}
        elif isinstance(filename, (str, bytes)) and number in (errno.EACCES, errno.EPERM):
            path, base = (Path(os.path.realpath(os.fsdecode(name))) for name in (filename, root))
            known = path.relative_to(base).as_posix()[:NAME] if path.is_relative_to(base) else ""
            return {"denied": "write" if readable(path) else "read", "path": known}
        elif isinstance(each, Exception) and _REFUSED.search(_text(each)):  # as compiled code tells it
            return {"denied": "read", "path": ""}
    return {"denied": "", "path": ""}


UNREACHABLE = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL)
_REFUSED = re.compile(r"Permission denied|os error 13\b")


def causes(error: BaseException) -> list[BaseException]:
    """An exception and all that led to it."""
    found = [error]
    for each in found:  # grows while it is walked
        more = (each.__cause__, each.__context__, getattr(each, "reason", None))  # of urllib's, it is the reason
        found += [
            other for other in more if isinstance(other, BaseException) and not any(other is one for one in found)
        ]
    return found


def readable(path: Path) -> bool:
    """Whether a file can be read, or is not there at all."""
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
    except OSError as error:
        return error.errno not in (errno.EACCES, errno.EPERM)
    return True


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - the user's own __str__ may fail, too
        return ""


# --- data --------------------------------------------------------------------------------------------------------


def to_pandas(frame: pl.DataFrame) -> Frame:
    """A Polars frame as `pandas.read_csv` would give the same table; pyarrow is not needed.

    Integers and booleans without nulls keep their types; integers with nulls are float64, booleans with nulls are
    objects; texts have pandas' own default type, with NaN for nulls; dates and times are datetime64, categories stay
    categories, decimals are float64; what is nested stays Python objects. The result can be written to.
    """
    import pandas as pd

    columns = {column.name: _series(column) for column in frame.get_columns()}
    return pd.DataFrame(columns, index=pd.RangeIndex(frame.height))


def _series(column: pl.Series) -> Column:
    import numpy as np
    import pandas as pd
    import polars as pl

    dtype = column.dtype
    if column.null_count() == len(column) > 0 and dtype in (pl.String, pl.Boolean, pl.Null):
        return pd.Series(np.full(len(column), np.nan))
    if dtype == pl.String:
        return _texts(column.to_list())
    if isinstance(dtype, pl.Enum):
        return _texts(column.to_list()).astype(pd.CategoricalDtype(dtype.categories.to_list()))
    if dtype == pl.Categorical:
        return _texts(column.to_list()).astype("category")
    return _temporal(column) if dtype.is_temporal() and dtype != pl.Time else _plain(column)


def _plain(column: pl.Series) -> Column:
    import numpy as np
    import pandas as pd
    import polars as pl

    dtype = column.dtype
    wide = dtype.is_integer() and (column.null_count() or dtype in (pl.Int128, pl.UInt128))
    if wide or dtype.is_decimal():
        return pd.Series(column.cast(pl.Float64).to_numpy())
    if dtype.is_numeric() or (dtype == pl.Boolean and not column.null_count()):
        return pd.Series(column.to_numpy())
    missing = np.nan if dtype == pl.Boolean else None
    return pd.Series([missing if value is None else value for value in column.to_list()], dtype=object)


def _temporal(column: pl.Series) -> Column:
    import pandas as pd
    import polars as pl

    values = column.to_numpy()
    if column.dtype == pl.Date:
        values = values.astype("datetime64[us]")
    zone = getattr(column.dtype, "time_zone", None)
    series = pd.Series(values)
    return series.dt.tz_localize("UTC").dt.tz_convert(zone) if zone else series


def _texts(values: list[str | None]) -> Column:
    import numpy as np
    import pandas as pd

    dtype = pd.Series(["text"]).dtype  # object before pandas 3, str from then on
    return pd.Series([np.nan if value is None else value for value in values], dtype=dtype)


def _from_arrow(path: str) -> Frame:
    """A Parquet file as `to_pandas` gives it, by pyarrow."""
    import numpy as np
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.ParquetFile(path).read()
    for index, field in enumerate(table.schema):
        if pa.types.is_decimal(field.type):
            table = table.set_column(index, field.name, table.column(index).cast(pa.float64()))
    frame = table.to_pandas(date_as_object=False, ignore_metadata=True)
    flat = [field.name for field in table.schema if not pa.types.is_nested(field.type)]
    for name in flat:
        if isinstance(frame[name].dtype, pd.CategoricalDtype):
            frame[name] = frame[name].cat.as_unordered()
        elif frame[name].dtype == object:
            frame[name] = frame[name].where(frame[name].notna(), np.nan)
            if frame[name].isna().all():
                frame[name] = frame[name].astype(float)
    return frame


def _from_csv(path: str, schema: dict[str, str]) -> Frame:
    """A CSV file as `to_pandas` gives the table that it was written from; an empty cell is a missing value."""
    import pandas as pd

    frame = pd.read_csv(path, dtype=object, keep_default_na=False)
    return pd.DataFrame({name: _typed(frame[name], schema.get(name, "String")) for name in frame.columns})


def _typed(text: Column, dtype: str) -> Column:
    """A column of text in the type that Polars calls `dtype`."""
    import numpy as np
    import pandas as pd

    missing = text == ""
    kind, _, arguments = dtype.partition("(")
    if kind.startswith(("Int", "UInt")) and not missing.any():
        return text.astype(kind.lower())
    if kind.startswith(("Int", "UInt", "Float", "Decimal")):
        return text.mask(missing, "nan").astype(kind.lower() if kind.startswith("Float") else "float64")
    if kind == "Boolean" and not missing.all():
        truth = text.str.lower().map({"true": True, "false": False})
        return truth if missing.any() else truth.astype(bool)
    if kind in ("Date", "Datetime"):
        zone = re.search(r"time_zone='([^']+)'", arguments)
        times = pd.to_datetime(text.mask(missing, None), utc=bool(zone))
        return times.dt.tz_convert(zone[1]) if zone else times
    if missing.all() and len(text):
        return pd.Series(np.full(len(text), np.nan))
    texts = _texts([None if cell == "" else cell for cell in text])
    return texts.astype("category") if kind in ("Categorical", "Enum") else texts


def read(source: dict[str, Any], schema: dict[str, str]) -> Frame:
    """A table of the job as a pandas frame."""
    if source["format"] == "csv":
        return _from_csv(source["path"], schema)
    if importlib.util.find_spec("polars") is None:
        return _from_arrow(source["path"])
    import polars as pl

    return to_pandas(pl.read_parquet(source["path"]))


def align(holdout: Frame, dtypes: Column) -> Frame:
    """The holdout in the columns and types of the training rows, where a smaller part of a table can differ.

    Categories have the same codes, and those that training never saw come last; a column of text that happens to be
    empty is text. A column that the holdout lacks is left out: whether the model can do without is for it to say.
    """
    import pandas as pd

    shared = [name for name in dtypes.index if name in holdout.columns]
    holdout = holdout[shared].copy()
    for name, wanted in dtypes[shared].items():
        given = holdout[name].dtype
        if isinstance(wanted, pd.CategoricalDtype) and isinstance(given, pd.CategoricalDtype):
            new = [each for each in given.categories if each not in wanted.categories]
            holdout[name] = holdout[name].cat.set_categories([*wanted.categories, *new])
        elif wanted.kind == "O" and holdout[name].isna().all():
            holdout[name] = holdout[name].astype(wanted)
    return holdout


def canonical(value: Value) -> str:
    """A label as text; the same as `mlci.data.labels.canonical_label`."""
    if hasattr(value, "item"):
        value = value.item()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


_EQUAL = {"0": "False", "1": "True", "False": "0", "True": "1"}  # as in Python, where True == 1


def encode(labels: Column, classes: list[str]) -> Array:
    """The place of each label in `classes`; −1 where it is none of them. Shape (n,)."""
    import numpy as np

    codes, found = factorized(labels)
    known = {name: place for place, name in enumerate(classes)}
    texts = [canonical(label) for label in found]
    places = np.array([*(known.get(text, known.get(_EQUAL.get(text, ""), -1)) for text in texts), -1])
    return places[codes]


def factorized(labels: Value) -> tuple[Array, Any]:
    """The place of each label among the distinct ones, −1 for what is missing; and those, in order of appearance."""
    import numpy as np

    if "pandas" in sys.modules:  # it alone knows its own kinds of labels
        import pandas as pd

        codes, distinct = pd.factorize(labels)
        return codes, distinct
    found: dict[Any, int] = {}
    values = np.asarray(labels).tolist()
    codes = [-1 if value is None or value != value else found.setdefault(value, len(found)) for value in values]  # noqa: PLR0124 - what NaN alone is
    return np.array(codes, dtype=int), list(found)


def missing(values: Array) -> int:
    """How many values of an array are NaN, None and the like."""
    import numpy as np

    if "pandas" in sys.modules:
        import pandas as pd

        return int(pd.isna(values).sum())
    if values.dtype.kind == "O":
        return sum(each is None or each != each for each in values.tolist())  # noqa: PLR0124 - as above
    return int(np.isnan(values).sum()) if values.dtype.kind in "fcmM" else 0


class Pandas:
    """Rows as a pandas frame, labels as a pandas series."""

    module = "pandas"

    def read(self, source: dict[str, Any], schema: dict[str, str]) -> Frame:
        """A table of the job."""
        return read(source, schema)

    def pop(self, table: Frame, name: str) -> Column:
        """Take a column out of a table."""
        return table.pop(name)

    def drop(self, table: Frame, names: Iterable[str]) -> Frame:
        """A table without some columns, those of them that it has."""
        return table.drop(columns=[name for name in names if name in table.columns])

    def take(self, rows: Value, places: Array) -> Value:
        """Some rows of a table or of a column, by their numbers."""
        return rows.iloc[places]

    def fresh(self, table: Frame, places: Array) -> Frame:
        """Some rows of a table, as a table of their own."""
        return table.iloc[places].reset_index(drop=True)

    def copy(self, table: Frame) -> Frame:
        """A table that can be changed without changing this one."""
        return table.copy(deep=False)

    def order(self, column: Column) -> Array:
        """The numbers of the rows that sort a column; of equals, the first one first, and what is missing last."""
        return column.sort_values(kind="stable").index.to_numpy()

    def codes(self, column: Column) -> Array:
        """The place of each value among the sorted ones, −1 for what is missing. Shape (n,)."""
        return column.astype("category").cat.codes.to_numpy()

    def types(self, table: Frame) -> Any:  # noqa: ANN401 - what `align` and `profile` take
        """The types of the columns, by name."""
        return table.dtypes

    def align(self, holdout: Frame, types: Column) -> Frame:
        """The holdout in the columns and types of the training rows."""
        return align(holdout, types)

    def profile(self, features: Frame) -> dict[str, dict[str, Any]]:
        """Each column's name, type and number of missing values."""
        counts = features.isna().sum()
        return {name: _profiled(name, dtype, counts[name]) for name, dtype in features.dtypes.items()}


class Polars:
    """Rows as a Polars frame, labels as a NumPy array: every library that takes Polars frames takes those."""

    module = "polars"

    def read(self, source: dict[str, Any], schema: dict[str, str]) -> Frame:  # noqa: ARG002 - as of pandas
        """A table of the job, which is Parquet."""
        import polars as pl

        return pl.read_parquet(source["path"])

    def pop(self, table: Frame, name: str) -> Array:
        """Take a column out of a table."""
        import numpy as np
        import polars as pl

        column = table.drop_in_place(name)
        return np.array((column.cast(pl.Float64) if column.dtype.is_decimal() else column).to_numpy())

    def drop(self, table: Frame, names: Iterable[str]) -> Frame:
        """A table without some columns, those of them that it has."""
        return table.drop([name for name in names if name in table.columns])

    def take(self, rows: Value, places: Array) -> Value:
        """Some rows of a table or of a column, by their numbers."""
        return rows[places]

    fresh = take

    def copy(self, table: Frame) -> Frame:
        """A table that can be changed without changing this one."""
        return table.clone()

    def order(self, column: Column) -> Array:
        """The numbers of the rows that sort a column; of equals, the first one first, and what is missing last."""
        table = _nullable(column).to_frame("value").with_row_index("row")
        return table.sort("value", maintain_order=True, nulls_last=True)["row"].to_numpy().astype(int)

    def codes(self, column: Column) -> Array:
        """The place of each value among the sorted ones, −1 for what is missing. Shape (n,)."""
        return _nullable(column).rank("dense").fill_null(0).to_numpy().astype(int) - 1

    def types(self, table: Frame) -> dict[str, Any]:
        """The types of the columns, by name."""
        return dict(table.schema)

    def align(self, holdout: Frame, types: Mapping[str, Any]) -> Frame:
        """The holdout in the columns of the training rows; one without any value has the type that it has there."""
        import polars as pl

        columns = [holdout[name] for name in types if name in holdout.columns]
        return pl.DataFrame([each.cast(types[each.name]) if each.dtype == pl.Null else each for each in columns])

    def profile(self, features: Frame) -> dict[str, dict[str, Any]]:
        """Each column's name, type and number of missing values, NaN among them."""
        columns = features.get_columns()
        return {each.name: _profiled(each.name, each.dtype, _nullable(each).null_count()) for each in columns}


KINDS: dict[str, Any] = {"pandas": Pandas(), "polars": Polars()}


def _profiled(name: Value, dtype: Value, nulls: Value) -> dict[str, Any]:
    return {"name": str(name)[:NAME], "dtype": str(dtype)[:NAME], "nulls": int(nulls)}


def _nullable(column: pl.Series) -> pl.Series:
    """A column with nulls for NaN, and texts for categories, whose order is that of their codes."""
    import polars as pl

    if column.dtype == pl.Categorical:
        return column.cast(pl.String)
    return column.fill_nan(None) if column.dtype.is_float() else column


# --- candidates --------------------------------------------------------------------------------------------------


def find(name: str, entry: str, root: str) -> Value:
    """Import a candidate's module; gives its function."""
    module_name, _, function_name = entry.partition(":")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise  # something that the module itself imports
        folder = Path(root, *module_name.split(".")[:-1])
        known = sorted({each.stem for each in folder.glob("*") if each.suffix == ".py" or each.is_dir()})
        raise Refusal(
            "not-found",
            f"Candidate `{name}` is `{entry}`, and there is no module `{module_name}` beside the configuration.",
            name=module_name.split(".")[-1],
            known=[each for each in known if each.isidentifier()][:FILES],
        ) from None
    function = getattr(module, function_name, None)
    if function is None:
        known = [
            each
            for each, value in vars(module).items()
            if each[0] != "_" and callable(value) and not isinstance(value, type)
        ]
        raise Refusal(
            "not-found",
            f"Candidate `{name}` is `{entry}`, and `{module_name}` has no function `{function_name}`.",
            name=function_name,
            known=known[:FILES],
        )
    if not callable(function):
        raise Refusal(
            "no-estimator",
            f"Candidate `{name}`: `{entry}` is an object of type {type(function).__name__}, not a function.",
            f"Write a function that returns it: def {function_name}(): return …",
        )
    return function


def check_estimator(name: str, entry: str, estimator: Estimator) -> None:
    """See that a candidate's function returned an estimator."""
    start = f"Candidate `{name}`: `{entry}` returned"
    if isinstance(estimator, type):
        message = f"{start} the class {estimator.__name__} itself, not an estimator."
        raise Refusal("no-estimator", message, f"Return an instance: {estimator.__name__}(…)")
    for method in ("fit", "predict"):
        if not callable(getattr(estimator, method, None)):
            message = f"{start} an object of type {type(estimator).__name__}, which has no method `{method}`."
            raise Refusal("no-estimator", message, "Return a scikit-learn estimator that is not fitted yet.")


def reseed(estimator: Estimator, seed: int) -> None:
    """Give each `random_state` of an estimator and of its parts the seed."""
    if hasattr(estimator, "get_params") and hasattr(estimator, "set_params"):
        names = [name for name in estimator.get_params(deep=True) if name.rpartition("__")[2] == "random_state"]
        if names:
            estimator.set_params(**dict.fromkeys(names, seed))


GENERATORS = {
    "torch": "manual_seed",
    "tensorflow": "random.set_seed",
    "polars": "set_random_seed",
    "cupy": "random.seed",
    "paddle": "seed",
}
"""Modules with a random generator of their own, and the function that seeds it."""


def seed_all(seed: int) -> None:
    """Seed the global generators: Python's, NumPy's, and those of the frameworks that are loaded."""
    import numpy as np

    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - estimators without a random_state draw from this one
    for name in GENERATORS:
        if name in sys.modules:
            seed_one(name, seed)


def seed_one(name: str, seed: int) -> None:
    """Seed a framework's global generator."""
    none: Any = None
    function = functools.reduce(
        lambda at, part: getattr(at, part, none), GENERATORS[name].split("."), sys.modules[name]
    )
    if callable(function):
        function(seed)


class SeedOnImport:
    """A finder for `sys.meta_path` that seeds a framework as soon as it is imported."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.names = set(GENERATORS)

    def find_spec(self, name: str, path: Value = None, target: ModuleType | None = None) -> ModuleSpec | None:  # noqa: ARG002 - the protocol's
        """What the other finders find, with a loader that seeds at the end; None for all other modules."""
        if name not in self.names:
            return None
        self.names.remove(name)  # the other finders are asked, and this one is among them
        try:
            spec = importlib.util.find_spec(name)
        finally:
            self.names.add(name)
        if spec is not None and hasattr(spec.loader, "exec_module"):
            loader: Any = spec.loader
            execute = loader.exec_module

            def exec_module(module: ModuleType) -> None:
                execute(module)
                seed_one(name, self.seed)

            loader.exec_module = exec_module
        return spec


def settle(estimator: Estimator, threads: int) -> None:
    """Tell CatBoost what it takes from no variable, where an estimator leaves it open: where to write, its threads.

    It writes to the working directory otherwise, which is the repository, and uses all of the machine's cores.
    """
    with contextlib.suppress(Exception):  # an estimator that cannot name its parts still trains
        for part in (estimator, *(estimator.get_params(deep=True).values() if "catboost" in sys.modules else ())):
            if any(each.__module__.partition(".")[0] == "catboost" for each in type(part).__mro__):
                given = part.get_params()
                wanted = {"train_dir": os.environ.get("TMPDIR"), "thread_count": threads}
                part.set_params(**{name: value for name, value in wanted.items() if given.get(name) is None})


def params_of(estimator: Estimator) -> dict[str, str]:
    """An estimator's parameters, those of its parts included, as short texts."""
    get = getattr(estimator, "get_params", None)
    if isinstance(estimator, type) or not callable(get):
        return {}
    try:
        flat = [pair for name, value in sorted(get(deep=True).items()) for pair in flattened(str(name), value)]
    except Exception:  # noqa: BLE001 - parameters explain a change; an estimator that cannot name them still trains
        return {}
    return {name[:NAME]: text_of(value) for name, value in flat[:PARAMS]}


def flattened(name: str, value: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - any parameter
    """A parameter; of a list of named parts (`steps`, `transformers`) their names, and each one's columns.

    The parts' own parameters stand beside it already, so that one that changes is told once and by its own name.
    """
    parts = value if isinstance(value, list) else ()
    if not parts or not all(
        isinstance(each, tuple) and len(each) in (2, 3) and isinstance(each[0], str) for each in parts
    ):
        yield name, value
        return
    yield name, [each[0] for each in parts]
    for each in parts:
        if len(each) == 3:  # noqa: PLR2004 - (name, transformer, columns)
            yield f"{name.removesuffix('transformers')}{each[0]}__columns", each[2]


# --- the election ------------------------------------------------------------------------------------------------


def folds(job: dict[str, Any], table: Frame, y: Column) -> list[tuple[Array, Array]]:
    """The folds of the cross-validation, as pairs of row numbers (train, test)."""
    from sklearn import model_selection

    frames = KINDS[job.get("dataframe", "pandas")]

    cv, seed, count = job["cv"], job["seed"], job["cv"]["folds"]
    codes = y if job["task"] == "regression" else encode(y, job["classes"])
    if cv["kind"] == "time":
        order = frames.order(table[cv["column"]])
        return [(order[a], order[b]) for a, b in model_selection.TimeSeriesSplit(count).split(order)]
    if cv["kind"] == "group":
        groups = frames.codes(table[cv["column"]])
        if job["task"] == "regression":
            return list(model_selection.GroupKFold(count).split(groups, groups=groups))
        splitter = model_selection.StratifiedGroupKFold(count, shuffle=True, random_state=seed)
        return list(splitter.split(groups, codes, groups))
    kind = model_selection.StratifiedKFold if cv["kind"] == "stratified" else model_selection.KFold
    return list(kind(count, shuffle=True, random_state=seed).split(codes, codes))


def score(job: dict[str, Any], y: Column, columns: dict[str, Any], who: str) -> float:
    """The primary metric of some predictions.

    Raises:
        Refusal: the predictions are not what the metric needs.
        ValueError: the metric is not defined on these rows.
    """
    import numpy as np
    from sklearn import metrics

    primary, classes = job["primary"], job["classes"]
    needs, function = primary["needs"], primary["function"]
    truth = np.asarray(y, dtype=float) if needs == "values" else encode(y, classes)
    given = _needed(job, columns)
    if given is None:
        message = f"{who} gives no {needs}, and the primary metric `{primary['name']}` needs it."
        raise Refusal("predictions", message, "Give the estimator `predict_proba`, or choose another primary metric.")
    if needs == "labels" and (given < 0).any():
        unknown = f"for {int((given < 0).sum()):,} of {len(given):,} rows"
        message = f"{who} predicts labels that are no class of `{job['target']}` {unknown}."
        raise Refusal("predictions", message, "Is it a regressor? A classification needs a classifier.")
    arguments = dict(primary["arguments"])
    if needs == "probability" and function != "brier_score_loss":
        arguments["labels"] = list(range(len(classes)))  # a fold may lack a class
    if function == "root_mean_squared_error" and not hasattr(metrics, function):  # scikit-learn before 1.4
        value = math.sqrt(metrics.mean_squared_error(truth, given))
    else:
        value = float(getattr(metrics, function)(truth, given, **arguments))
    if not math.isfinite(value):
        raise ValueError("the metric is not finite")
    return value


def _needed(job: dict[str, Any], columns: dict[str, Any]) -> Array | None:
    """What the primary metric takes of the predictions; None where they do not have it."""
    import numpy as np

    needs = job["primary"]["needs"]
    if needs == "labels":
        return encode(columns["prediction"], job["classes"])
    if needs == "values":
        return np.asarray(columns["prediction"], dtype=float)
    if job["task"] == "binary":
        return columns.get("probability", columns.get("score") if needs == "score" else None)
    names = [f"probability:{name}" for name in job["classes"]]
    return np.column_stack([columns[name] for name in names]) if names[0] in columns else None


# --- a cluster ---------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def connected(address: str, job: dict[str, Any]) -> Iterator[Any]:
    """A connection to a Dask cluster, whose workers need not have the repository's code: gives joblib's backend for it.

    Raises:
        Refusal: the environment lacks Dask, nothing answers, or the cluster's versions are others.
    """
    try:
        cloudpickle, distributed, joblib, wire = (
            importlib.import_module(name)
            for name in ("cloudpickle", "distributed", "joblib", "distributed.protocol.pickle")
        )
    except ImportError as error:
        message = f"The model's environment has no module `{error.name}`, which `compute: {{dask: …}}` needs."
        raise Refusal("setup", message, "Add `distributed` and `joblib` to the environment's requirements.") from None
    shipped = [
        module
        for module in [*sys.modules.values()]
        if any(inside(getattr(module, "__file__", None) or "<none>", each) for each in (job["root"], *job["paths"]))
    ]
    for module in shipped:
        cloudpickle.register_pickle_by_value(module)
    # distributed pickles by reference what has a name; cloudpickle knows the modules above, and everything else alike
    vars(wire)["pickle"] = _ByValue(vars(wire)["pickle"], cloudpickle.dumps)
    try:
        client = distributed.Client(address, timeout=CONNECT)
    except (OSError, ValueError, TypeError):
        message = f"No Dask scheduler answers at {address} (`compute`)."
        hint = "Start it in an earlier step, or look at the address and at firewalls."
        raise Refusal("setup", message, hint, denied="network") from None
    try:
        same_versions(client, address)
        yield getattr(joblib, "parallel_config", joblib.parallel_backend)("dask")
    finally:
        client.close()


class _ByValue:
    """A stand-in for a module, with another `dumps`."""

    def __init__(self, module: Value, dumps: Value) -> None:
        self.__dict__.update({**vars(module), "dumps": dumps})


SHARED = ("python", "distributed", "cloudpickle", "numpy", "pandas", "joblib", "sklearn")
"""Of which this process and a cluster's workers hand each other objects."""


def same_versions(client: Value, address: str) -> None:
    """See that a cluster can work with what it is sent.

    Raises:
        Refusal: it has no workers, or other versions than this environment.
    """
    try:
        client.wait_for_workers(1, timeout=CONNECT)
    except TimeoutError:
        message = f"The Dask cluster at {address} (`compute`) has no workers."
        raise Refusal("setup", message, "Start workers, as in: dask worker ADDRESS.") from None
    versions = client.get_versions(packages=[name for name in SHARED[1:] if name not in ("distributed", "cloudpickle")])
    mine = versions["client"]["packages"]
    for worker in versions["workers"].values():
        theirs = (worker or {}).get("packages") or {}
        for name in SHARED:
            here, there = mine.get(name), theirs.get(name)
            if name == "python":
                here, there = (".".join(str(each).split(".")[:2]) for each in (here, there))
            if here is not None and here != there:
                what = f"{name} {there}" if there is not None else f"no {name}"
                message = f"The Dask cluster at {address} (`compute`) has {what}, and the model's environment {here}."
                raise Refusal("setup", message, "Give both the same versions, as by one lock file.")


# --- what a training costs ---------------------------------------------------------------------------------------


def seconds() -> float:
    """Processor seconds so far, of this process and of the children that it waited for."""
    end_workers()
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def end_workers() -> None:
    """End joblib's idle processes: only then does their time count as that of waited-for children."""
    executor = getattr(sys.modules.get("joblib.externals.loky.reusable_executor"), "_executor", None)
    if executor is not None:
        executor.shutdown(wait=True)


def peak_memory() -> int:
    """Bytes of the largest process so far: this one, or a child that it waited for."""
    unit = 1 if sys.platform == "darwin" else 1024
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit
    with contextlib.suppress(OSError):  # ru_maxrss of this process also holds what its parent needed; this does not
        found = re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
        if found:
            return max(int(found[1]) * 1024, children)
    return max(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit, children)


class _Counter:
    """A file that only counts what is written to it."""

    def __init__(self) -> None:
        self.bytes = 0

    def write(self, data: bytes) -> int:
        self.bytes += memoryview(data).nbytes
        return len(data)


def save(estimator: Estimator, path: Path) -> tuple[bool, int | None, str]:
    """Save a model in skops' format; gives whether that worked, its size in bytes, and a note where it did not."""
    try:
        from skops import io

        io.dump(estimator, path)
        return True, path.stat().st_size, ""
    except ImportError:
        note = "skops is not installed in the model's environment, so the model is not saved."
    except Exception as error:  # noqa: BLE001 - whatever skops or the model's own code raises: the training counts
        note = f"skops cannot save the model ({type(error).__name__}), so it is not saved."
    path.unlink(missing_ok=True)
    counter = _Counter()
    try:
        pickle.Pickler(counter, protocol=pickle.HIGHEST_PROTOCOL).dump(estimator)
    except Exception:  # noqa: BLE001 - as above; the size is then not known
        return False, None, note
    return False, counter.bytes, note


def to_trust(path: Path) -> list[str]:
    """The types in a saved model that skops does not trust by itself, each as `module.Class`."""
    from skops import io

    return sorted(io.get_untrusted_types(file=path))[:FILES]


def packages() -> dict[str, str]:
    """The installed distributions of the modules that are loaded, with their versions, and Python itself."""
    loaded = {name.partition(".")[0] for name in sys.modules}
    versions = {"python": ".".join(map(str, sys.version_info[:3]))}
    for distribution in importlib.metadata.distributions():
        top = (distribution.read_text("top_level.txt") or "").split()
        if not top:
            top = [file.parts[0].partition(".")[0] for file in distribution.files or () if file.suffix == ".py"]
        if loaded.intersection(top):
            versions[distribution.metadata["Name"]] = distribution.version
    return dict(sorted(versions.items()))


def loaded_files(root: str) -> list[str]:
    """The repository's files that are loaded as modules."""
    paths = {
        inside(str(path), root)
        for path in (getattr(each, "__file__", None) for each in [*sys.modules.values()])
        if path
    }
    return sorted(paths - {"", inside(__file__, root)})[:FILES]


def write_predictions(columns: dict[str, Any], out: Path) -> str:
    """Write predictions as the documented format says; gives the file's name."""
    plain = {name: _storable(values) for name, values in columns.items()}
    path = out / "predictions.parquet"
    if importlib.util.find_spec("polars") is not None:
        import polars as pl

        pl.DataFrame(plain).write_parquet(path)
    elif importlib.util.find_spec("pyarrow") is not None:
        import pyarrow as pa
        from pyarrow import parquet

        parquet.write_table(pa.table(plain), path)
    else:
        import pandas as pd

        path = out / "predictions.csv"
        pd.DataFrame(plain).to_csv(path, index=False)
    return path.name


def _storable(values: Array) -> Value:
    """Numbers and booleans as they are, anything else as labels in text."""
    return values if values.dtype.kind in "biuf" else [canonical(value) for value in values]


# --- the job -----------------------------------------------------------------------------------------------------


class Training:
    """One job, from its candidates to its report."""

    def __init__(self, job: dict[str, Any]) -> None:
        self.job = job
        self.out = Path(job["out"])
        self.schema: dict[str, str] = job.get("schema") or {}
        self.known = {job["target"], *job["classes"], *self.schema}
        self.candidate = self.stage = ""
        self.frames = KINDS[job.get("dataframe", "pandas")]
        self.cluster: str = (job.get("compute") or {}).get("dask", "")
        self.rows = "holdout rows"  # what is predicted just now, for messages
        self.warnings: dict[tuple[str, str], dict[str, str]] = {}

    def event(self, event: str, **more: Value) -> None:
        """Tell the parent where the training is."""
        with (self.out / "events.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps({"event": event, "candidate": self.candidate, **more}) + "\n")

    def warn(self, message: Warning | str, category: type[Warning], *_: object, **__: object) -> None:
        """Keep a warning for the report, in place of `warnings.showwarning`."""
        text = scrub(str(message), self.known)[:WARNING]
        if len(self.warnings) < WARNINGS:
            entry = {"category": category.__name__, "message": text, "candidate": self.candidate}
            self.warnings.setdefault((category.__name__, text), entry)

    @contextlib.contextmanager
    def user_code(self, stage: str, estimator: Estimator = None) -> Iterator[None]:
        """What runs in here is the user's, so that what it raises is told as theirs; it starts from the seed."""
        self.stage = stage
        seed_all(self.job["seed"])
        try:
            yield
        except (KeyboardInterrupt, Refusal):
            raise
        except BaseException as error:  # a SystemExit of theirs must not end this process
            params = params_of(estimator)
            words = {word for text in (*params, *params.values()) for word in _WORD.findall(text)}
            raise UserCodeError(stage, self.candidate, error, words | self.known) from error

    def run(self) -> dict[str, Any]:
        """Elect, fit, predict and save; gives the report."""
        job, frames = self.job, self.frames
        self.require(["numpy", frames.module] + ["sklearn"] * (len(job["candidates"]) > 1))
        unfitted = {name: self.build(name, entry) for name, entry in job["candidates"].items()}
        table = frames.read(job["train"], self.schema)
        self.known.update(str(name) for name in table.columns)
        y = frames.pop(table, job["target"])
        splits = self.folds(table, y) if len(unfitted) > 1 else []
        features = frames.drop(table, job["drop"])
        del table
        results = [{"name": name, "cv_mean": None, "cv_std": None, "fit_seconds": None} for name in unfitted]
        with self.computing():
            if splits:
                results = [self.cross_validate(name, each, features, y, splits) for name, each in unfitted.items()]
            sign = 1 if job["primary"]["greater_is_better"] else -1
            winner = max(results, key=lambda result: sign * (result["cv_mean"] or 0))["name"]  # the first of equals
            self.candidate, estimator = winner, unfitted[winner]
            types = frames.types(features)  # fit may change its arguments
            told = self.fit(estimator, features, y)
        holdout = frames.align(self.holdout(), types)
        return {"winner": winner, "candidates": results, **told, **self.finish(estimator, holdout, y)}

    def holdout(self) -> Frame:
        """The rows to predict, which the parent hands over when it is told that all fitting is over."""
        self.event("predict")
        self.rows = "holdout rows"
        self.stage = "predict"
        source, end = self.job["holdout"], time.monotonic() + PATIENCE
        while not Path(source["path"]).exists():
            if time.monotonic() > end:
                hint = "Code that trains must leave the files in its output folder alone."
                raise Refusal("setup", f"The rows to predict were not handed over within {PATIENCE:.0f} s.", hint)
            time.sleep(PAUSE)
        return self.frames.read(source, self.schema)

    @contextlib.contextmanager
    def computing(self) -> Iterator[None]:
        """What joblib runs in parallel in here goes to the cluster of the job, where it names one."""
        if not self.cluster:
            yield
            return
        self.stage = ""
        with connected(self.cluster, self.job) as backend, backend:
            yield

    def clock(self) -> float:
        """Seconds of the processor so far; of the wall clock where a cluster works, whose processors nobody counts."""
        return time.perf_counter() if self.cluster else seconds()

    def require(self, modules: list[str]) -> None:
        """See that the environment has what this file itself needs."""
        for name in modules:
            if importlib.util.find_spec(name) is None:
                hint = "Add it to the environment's requirements."
                raise Refusal("setup", f"The model's environment has no module `{name}`.", hint)

    def build(self, name: str, entry: str) -> Estimator:
        """Import a candidate's function, call it, and see that an estimator comes back."""
        self.candidate = name
        self.event("build")
        with self.user_code("import"):
            function = find(name, entry, self.job["root"])
        with self.user_code("build"):
            estimator = function()
        check_estimator(name, entry, estimator)
        if self.job["reseeds"]:
            with self.user_code("build"):
                reseed(estimator, self.job["seed"])
        return estimator

    def folds(self, table: Frame, y: Column) -> list[tuple[Array, Array]]:
        """The folds of the election, as pairs of row numbers (train, test)."""
        job, count = self.job, self.job["cv"]["folds"]
        self.stage = "cross-validation"
        if job["task"] != "regression" and (encode(y, job["classes"]) < 0).any():
            raise Refusal("setup", f"Some training rows have no label in `{job['target']}`.")
        try:
            return folds(job, table, y)
        except ValueError:
            raise Refusal(
                "setup",
                f"The {len(y):,} training rows cannot be split into {count} folds for the election.",
                "Give fewer folds (`cv`), or one candidate alone.",
            ) from None

    def cross_validate(
        self,
        name: str,
        unfitted: Estimator,
        features: Frame,
        y: Column,
        splits: list[tuple[Array, Array]],
    ) -> dict[str, Any]:
        """A candidate's primary metric over the folds: its mean, its standard deviation, and the mean fit."""
        import numpy as np
        from sklearn.base import clone

        self.candidate, take = name, self.frames.take
        scores, costs = [], []
        for number, (train, test) in enumerate(splits, start=1):
            self.event("fold", fold=number, of=len(splits))
            self.rows = f"rows of fold {number}"
            with self.user_code("cross-validation", unfitted):
                try:
                    estimator = clone(unfitted, safe=False)
                except RuntimeError:  # its constructor changes what it is given, as CatBoost's does: make another one
                    estimator = find(name, self.job["candidates"][name], self.job["root"])()
                    if self.job["reseeds"]:
                        reseed(estimator, self.job["seed"])
                settle(estimator, self.job.get("threads", 1))
                start = self.clock()
                estimator.fit(take(features, train), take(y, train))
                costs.append(self.clock() - start)
                columns = self.predict(estimator, take(features, test), take(y, train))
            try:
                scores.append(score(self.job, take(y, test), columns, f"`{name}`"))
            except ValueError:
                metric = self.job["primary"]["name"]
                hint = "A fold may hold one class alone: give fewer folds (`cv`), or another primary metric."
                message = f"`{metric}` is not defined on fold {number} of the cross-validation of `{name}`."
                raise Refusal("setup", message, hint) from None
        mean, spread = float(np.mean(scores)), float(np.std(scores))
        return {"name": name, "cv_mean": mean, "cv_std": spread, "fit_seconds": float(np.mean(costs))}

    def fit(self, estimator: Estimator, features: Frame, y: Column) -> dict[str, Any]:
        """Fit the winner on all training rows; gives its part of the report."""
        self.event("fit")
        params, rows, profiled = params_of(estimator), len(features), self.frames.profile(features)
        settle(estimator, self.job.get("threads", 1))
        with self.user_code("fit", estimator):
            start = self.clock()
            estimator.fit(features, y)
            fit_seconds = self.clock() - start
            used = getattr(estimator, "feature_names_in_", None)
        return {
            "estimator": type(estimator).__name__,
            "train_rows": rows,
            "fit_seconds": fit_seconds,
            "params": params,
            "features": [profiled[name] for name in (profiled if used is None else used) if name in profiled],
        }

    def finish(self, estimator: Estimator, holdout: Frame, y: Column) -> dict[str, Any]:
        """Predict the holdout and save; gives the rest of the report."""
        with self.user_code("predict", estimator):
            start = seconds()
            columns = self.predict(estimator, holdout, y)
            predict_seconds = seconds() - start
        peak, loaded, files = peak_memory(), packages(), loaded_files(self.job["root"])  # skops loads a lot itself
        saved, size, note = save(estimator, self.out / "model.skops")
        predictions = write_predictions(columns, self.out)
        self.event("saved")
        return {
            "predict_seconds": predict_seconds,
            "peak_memory": peak,
            "model_size": size,
            "model": "model.skops" if saved else None,
            "types": to_trust(self.out / "model.skops") if saved else [],
            "predictions": predictions,
            "packages": loaded,
            "files": files,
            "notes": [note] if note else [],
        }

    def predict(self, estimator: Estimator, features: Frame, y: Column) -> dict[str, Any]:
        """The columns of the predictions, each of shape (n,), named as in the documented format.

        An estimator without `classes_` is taken to order its probabilities as scikit-learn does: by sorted labels.
        """
        import numpy as np

        job = self.job
        columns = {"prediction": self.column(estimator.predict(features), len(features), "prediction")}
        if job["task"] == "regression":
            return columns
        classes = getattr(estimator, "classes_", None)
        places = encode(np.unique(np.asarray(y)) if classes is None else np.asarray(classes), job["classes"])
        if (places < 0).any():
            message = f"`{self.candidate}` has classes (`classes_`) that are none of `{job['target']}`."
            raise Refusal("predictions", message, "Let it learn and predict the labels of the data as they are.")
        if hasattr(estimator, "predict_proba"):
            columns.update(self.probabilities(estimator.predict_proba(features), len(features), places))
        elif job["task"] == "binary" and hasattr(estimator, "decision_function"):
            scores = self.column(estimator.decision_function(features), len(features), "score")
            columns["score"] = scores if places[-1] == 1 else -scores
        return columns

    def probabilities(self, values: Value, rows: int, places: Array) -> dict[str, Array]:
        """The columns of `predict_proba`, whose classes have these places among the job's."""
        import numpy as np

        table = np.asarray(values, dtype=float)
        if table.shape != (rows, len(places)):
            shape = f"an array of shape {table.shape} for {rows:,} {self.rows} and {len(places)} classes"
            raise Refusal("predictions", f"`predict_proba` of `{self.candidate}` gives {shape}.")
        full = np.zeros((rows, len(self.job["classes"])))  # a class that training did not hold has none
        full[:, places] = table
        if self.job["task"] == "binary":
            return {"probability": self.column(full[:, 1], rows, "probability")}
        names = [f"probability:{name}" for name in self.job["classes"]]
        return {name: self.column(full[:, place], rows, name) for place, name in enumerate(names)}

    def column(self, values: Value, rows: int, name: str) -> Array:
        """A column of predictions: one dimension, every row, no missing value and no infinity."""
        import numpy as np

        array = np.asarray(values)
        if array.ndim > 1 and array.shape[1:] == (1,):  # some regressors give a table of one column
            array = array[:, 0]
        who = f"`{self.candidate}`"
        if array.shape != (rows,):
            shape = f"{len(array):,} values" if array.ndim == 1 else f"an array of shape {array.shape}"
            raise Refusal("predictions", f"{who} gives {shape} ({name}) for {rows:,} {self.rows}.")
        lacking = missing(array)
        infinite = int(np.isinf(array).sum()) if array.dtype.kind == "f" else 0
        if lacking or infinite:
            what, count = ("NaN", lacking) if lacking else ("infinity", infinite)
            hint = "Look for divisions by zero, logarithms, and missing values that reach the estimator."
            message = f"{who} predicts {what} ({name}) for {count:,} of {rows:,} {self.rows}."
            raise Refusal("predictions", message, hint)
        return array


def main(path: str) -> int:
    """Do the job of the file `path` and leave `report.json`; gives the exit code."""
    job = json.loads(Path(path).read_text(encoding="utf-8"))
    os.chdir(job["root"])
    own = os.path.realpath(Path(__file__).parent)
    found = (each for each in sys.path if each and os.path.realpath(each) != own)
    sys.path[:] = [job["root"], *job.get("paths", ()), *found]
    sys.meta_path.insert(0, SeedOnImport(job["seed"]))
    faulthandler.enable()
    faulthandler.register(signal.SIGTERM, all_threads=False, chain=True)  # a time limit tells where it hung
    training = Training(job)
    warnings.showwarning = training.warn
    try:
        report = training.run()
    except Refusal as refusal:
        report = {"error": {"candidate": training.candidate, "stage": training.stage, **refusal.fields}}
    except UserCodeError as error:
        told = explain(error.error, job["root"], error.words)
        report = {"error": {"kind": "exception", "stage": error.stage, "candidate": error.candidate, **told}}
    except Exception as error:  # noqa: BLE001 - between the user's code: reading the data, writing the results
        told = explain(error, job["root"], training.known)
        report = {"error": {"kind": "worker", "candidate": training.candidate, **told}}
    report = {"version": VERSION, **report, "warnings": list(training.warnings.values())}
    draft = training.out / "report.json.part"
    draft.write_text(json.dumps(report), encoding="utf-8")
    draft.replace(training.out / "report.json")
    return 1 if "error" in report else 0


if __name__ == "__main__":
    code = main(sys.argv[1])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # the work is done: no thread, exit handler or finalizer of the user's can hang or undo it
