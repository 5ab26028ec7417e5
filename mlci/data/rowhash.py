"""A 64-bit hash of each row's content: the same one in every version, file format and order of rows or columns.

A value is hashed for what it says, not for how it is stored, so that a change of storage moves no row:

* a number is its value: 5, 5.0, the text "5" and the decimal 5.00 are one; −0.0 is 0; a 32-bit float is the number
  that its shortest text says;
* a boolean is one with the texts that CSV readers take for it (True, TRUE, true, …);
* a date, a date and time, and their ISO 8601 text are one: microseconds (and the rest) since 1970, in UTC where a
  zone is given; a date is its midnight;
* null, NaN and the empty text are one: no value;
* any other text is its UTF-8 bytes; times of day are their text; nested values are their JSON.

What cannot agree: texts that a CSV reader takes for nulls ("NA") with the same texts in Parquet, whole numbers beyond
2**53 once a column has turned to floats, and durations with any text.

A hash is built from the 64-bit finalizer of SplitMix64 (Steele, Lea & Flood 2014; Stafford's variant 13). The vectors
in `tests/data/test_rowhash.py` pin it: a change of any of them would move rows between training and holdout.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np

from mlci.data.moments import ISO, moments, moments_of_texts
from mlci.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import polars as pl
    from numpy.typing import NDArray

    from mlci.data.read import Table

    Hashes = NDArray[np.uint64]
    Mask = NDArray[np.bool_]

CHUNK = 1 << 16  # rows at a time: their words stay in the processor's cache
LONGEST = 256  # bytes of text that are hashed word by word; longer ones go through BLAKE2b

_NULL = np.uint64(0x6E756C6C_9E3779B9)
_TRUE = np.uint64(0x74727565_9E3779B9)
_FALSE = np.uint64(0x66616C73_9E3779B9)
_NEGATIVE = np.uint64(0xD6E8FEB86659FD93)
_FLOAT = np.uint64(0xA0761D6478BD642F)
_TIME = np.uint64(0xE7037ED1A0B428DB)
_SPAN = np.uint64(0x8EBC6AF09C88C6E3)
_TEXT = np.uint64(0x589965CC75374CC3)

_NUMBERED = r"^[ \t]*[+.0-9-]"  # what a number or a date begins with: most other texts are told by this alone
_WHOLE = r"^[ \t]*[+-]?[0-9]+[ \t]*$"
_DECIMAL = r"^[ \t]*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?[ \t]*$"
_TRUTHS = {"True": _TRUE, "TRUE": _TRUE, "true": _TRUE, "False": _FALSE, "FALSE": _FALSE, "false": _FALSE}


def row_hash(table: Table | pl.LazyFrame | pl.DataFrame, columns: Iterable[str] | None, *, seed: int) -> Hashes:
    """Hash the rows of a table.

    Args:
        table: what holds the rows; read once, in chunks.
        columns: whose values make the hash, in any order; None for all of them. A column's name is part of it.
        seed: another seed gives hashes that are independent of these.

    Returns:
        uint64 (n,), uniform over all 64 bits, in the order of the rows.

    Raises:
        DataError: the table lacks a column.
    """
    frame = _lazy(table)
    present = frame.collect_schema().names()
    names = sorted(set(present if columns is None else columns))
    missing = [name for name in names if name not in present]
    if missing:
        from mlci.config.suggest import did_you_mean

        raise DataError(f"There is no column '{missing[0]}'.{did_you_mean(missing[0], present)}")
    keys = [_key(name, seed) for name in names]
    parts = [
        _fold([hash_values(batch[name], key) for name, key in zip(names, keys, strict=True)], batch.height)
        for batch in frame.select(names).collect_batches(chunk_size=CHUNK, engine="streaming")
    ]
    return np.concatenate(parts) if parts else np.empty(0, np.uint64)


def is_among(hashes: Hashes, others: Hashes) -> Mask:
    """Which of n hashes stand among m others: (n,), through a hash table; `numpy.isin` would sort, 20 times slower."""
    import polars as pl

    found: Mask = pl.Series(hashes).is_in(pl.Series(others).implode()).to_numpy()
    return found


def _lazy(table: Table | pl.LazyFrame | pl.DataFrame) -> pl.LazyFrame:
    import polars as pl

    if isinstance(table, pl.DataFrame):
        return table.lazy()
    return table if isinstance(table, pl.LazyFrame) else table.scan()


def _key(name: str, seed: int) -> np.uint64:
    """The 64 bits that stand for a column's name under a seed."""
    text = f"{seed}\0{name}".encode()
    return np.uint64(int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little"))


def _fold(columns: list[Hashes], height: int) -> Hashes:
    row = np.full(height, _TEXT)
    for column in columns:
        row ^= column
        mix(row)
    return row


def mix(x: Hashes) -> Hashes:
    """SplitMix64's finalizer, in place: a bijection of the 64-bit words in which each bit depends on all."""
    x ^= x >> np.uint64(30)
    x *= np.uint64(0xBF58476D1CE4E5B9)
    x ^= x >> np.uint64(27)
    x *= np.uint64(0x94D049BB133111EB)
    x ^= x >> np.uint64(31)
    return x


# --- one column ------------------------------------------------------------------------------------------------


def hash_values(values: pl.Series, key: np.uint64) -> Hashes:
    """Hash a column's values under a key: uint64 (n,)."""
    import polars as pl

    dtype = values.dtype
    nulls = values.is_null().to_numpy() if values.null_count() else None
    if dtype.is_integer() and dtype not in (pl.Int128, pl.UInt128):
        words = _integers(values.fill_null(0).to_numpy())
    elif dtype.is_float():
        exact = values if dtype == pl.Float64 else values.cast(pl.String).cast(pl.Float64)
        words = _floats(exact.fill_null(0).to_numpy())
    elif dtype == pl.Boolean:
        words = np.where(values.fill_null(value=False).to_numpy(), _TRUE, _FALSE)
    elif isinstance(dtype, pl.Date | pl.Datetime | pl.Duration):
        words = _moments(values)
    elif dtype == pl.Null:
        words = np.full(len(values), _NULL)
    elif dtype == pl.Binary:
        words = _bytes(values.fill_null(b""))
    elif dtype.is_nested() or dtype == pl.Object:
        words = _documents(values.to_list())
    else:
        words = _texts(_as_text(values).fill_null(""))
    if nulls is not None:
        words[nulls] = _NULL
    words ^= key
    return mix(words)


def _as_text(values: pl.Series) -> pl.Series:
    import polars as pl

    if values.dtype == pl.Time:  # the fraction without its trailing zeros
        return values.dt.strftime("%H:%M:%S%.9f").str.replace(r"\.?0*$", "")
    return values.cast(pl.String)


def _integers(values: NDArray[Any]) -> Hashes:
    """Words of integers: those below zero apart from the unsigned ones of the same bits."""
    if values.dtype.kind == "u":
        return values.astype(np.uint64)
    wide = values.astype(np.int64)
    words = wide.view(np.uint64)
    words[wide < 0] ^= _NEGATIVE
    return words


def _floats(values: NDArray[np.float64]) -> Hashes:
    """Words of floats: whole ones as the integers that they equal."""
    words = (values + 0.0).view(np.uint64) ^ _FLOAT
    with np.errstate(invalid="ignore"):
        whole = (np.floor(values) == values) & (np.abs(values) < 2.0**63)
    words[whole] = _integers(values[whole].astype(np.int64))
    high = (values >= 2.0**63) & (values < 2.0**64)
    words[high] = values[high].astype(np.uint64)
    words[np.isnan(values)] = _NULL
    return words


def _moments(values: pl.Series) -> Hashes:
    """Words of dates, datetimes and durations."""
    import polars as pl

    return _instants(*moments(values), _SPAN if values.dtype == pl.Duration else _TIME)


def _instants(micros: NDArray[np.int64], rest: NDArray[np.int64], tag: np.uint64) -> Hashes:
    words = micros.astype(np.int64).view(np.uint64) ^ tag
    finer = rest != 0
    words[finer] = mix(words[finer]) ^ rest[finer].astype(np.uint64)
    return words


def _documents(values: list[Any]) -> Hashes:
    texts = (json.dumps(value, sort_keys=True, default=str).encode() for value in values)
    return np.fromiter((_digest(text) for text in texts), np.uint64, len(values))


# --- texts -----------------------------------------------------------------------------------------------------


def _texts(values: pl.Series) -> Hashes:
    """Words of texts (none null): those that say a number, a truth or a date as what they say."""
    words = _bytes(values)
    words[values.str.len_bytes().to_numpy() == 0] = _NULL
    for text, word in _TRUTHS.items():
        words[(values == text).to_numpy()] = word
    at = np.flatnonzero(values.str.contains(_NUMBERED).to_numpy())
    if len(at):
        some = values.gather(at)
        for pattern, read in ((_WHOLE, _read_whole), (_DECIMAL, _read_decimals), (ISO, _read_moments)):
            chosen = some.str.contains(pattern).to_numpy()
            if chosen.any():
                numbers, valid = read(some.filter(chosen).str.strip_chars(" \t"))
                words[at[chosen][valid]] = numbers[valid]
                at, some = at[~chosen], some.filter(~chosen)
    return words


def _bytes(values: pl.Series) -> Hashes:
    """Words of texts or bytes (none null) as they stand: eight bytes at a time, each mixed in after the last."""
    import polars as pl

    raw = values.cast(pl.Binary)
    size = raw.bin.size("b").to_numpy().astype(np.int64)
    texts = raw.to_list()
    longest = int(np.where(size > LONGEST, 0, size).max(initial=1))
    width = -(-longest // 8)
    table = np.array(texts, dtype=f"S{8 * width}").view("<u8").reshape(len(texts), width)
    words = mix(size.view(np.uint64) ^ _TEXT)  # the size tells a text from itself and a zero byte
    for j in range(width):
        at = np.flatnonzero(size > 8 * j)
        words[at] = mix(words[at] ^ table[at, j])
    for i in np.flatnonzero(size > LONGEST):
        words[i] = _digest(texts[i])
    return words


def _digest(text: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little")


def _read_whole(texts: pl.Series) -> tuple[Hashes, Mask]:
    """Words of whole numbers; those beyond 64 bits stay texts."""
    import polars as pl

    signed = texts.cast(pl.Int64, strict=False)
    unsigned = texts.cast(pl.UInt64, strict=False)
    words = _integers(signed.fill_null(0).to_numpy())
    high = (signed.is_null() & unsigned.is_not_null()).to_numpy()
    words[high] = unsigned.fill_null(0).to_numpy()[high]
    return words, (signed.is_not_null() | unsigned.is_not_null()).to_numpy()


def _read_decimals(texts: pl.Series) -> tuple[Hashes, Mask]:
    import polars as pl

    numbers = texts.cast(pl.Float64, strict=False)
    return _floats(numbers.fill_null(0).to_numpy()), numbers.is_not_null().to_numpy()


def _read_moments(texts: pl.Series) -> tuple[Hashes, Mask]:
    """Words of ISO 8601 dates and times; those that no calendar has (2023-02-29) stay texts."""
    micros, rest, valid = moments_of_texts(texts)
    return _instants(micros, rest, _TIME), valid
