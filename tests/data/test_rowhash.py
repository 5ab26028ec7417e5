"""The laws of the row hash, and the vectors that pin it for ever."""

# ruff: noqa: DTZ001 - moments without a zone are what is tested
from __future__ import annotations

import datetime as dt
import hashlib
import struct
from decimal import Decimal

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.data.rowhash import is_among, mix, row_hash
from mlci.errors import DataError

WORD = 2**64 - 1
INTEGERS = st.integers(-(2**63), 2**63 - 1)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)


def hash_of(value, dtype=None, *, name="id", seed=7) -> int:
    return int(row_hash(pl.DataFrame({name: pl.Series([value], dtype=dtype)}), [name], seed=seed)[0])


# --- the vectors -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "dtype", "expected"),
    [
        (0, pl.Int64, 0xEBAE9DE3EF8DA0C8),
        (5, pl.Int64, 0x3F2CDA9454FD0C3B),
        (-1, pl.Int64, 0x0BBA7A10B83ADE4A),
        (2**63 - 1, pl.Int64, 0x4DD5D970BC9A1664),
        (2**64 - 1, pl.UInt64, 0x522BB4EEA2B042AD),
        (0.5, pl.Float64, 0x38DB4059D1EFBB1E),
        (float("inf"), pl.Float64, 0xE08A31CE85A67547),
        (None, pl.Int64, 0x01545DB34AEFB372),
        (True, pl.Boolean, 0x42AF468186FF240A),
        ("", pl.String, 0x01545DB34AEFB372),
        ("a", pl.String, 0x1BF66A7FB51359C8),
        ("user12345", pl.String, 0xD16820FAD4BF1C7A),
        ("Zürich", pl.String, 0x738BE178DE69529F),
        ("x" * 256, pl.String, 0x20AA6711D53FBBA4),
        ("x" * 257, pl.String, 0x10634CD485A2247F),
        (dt.date(2024, 2, 29), pl.Date, 0x1D8B172B9140BA90),
        (dt.datetime(2024, 2, 29, 12, 30, 0, 123456), pl.Datetime("us"), 0xE00CB36C20B8C60B),
        (dt.timedelta(seconds=1.5), pl.Duration("us"), 0x422D9BDC828EEF7E),
        (dt.time(12, 30, 0, 500_000), pl.Time, 0x01C3892F6FD2C794),
        (b"\x00\x01", pl.Binary, 0x9D8E08D3EDEDEF07),
        ([1, 2], pl.List(pl.Int64), 0x46D903FFF9245FA5),
    ],
)
def test_row_hash__stays_what_it_is(value, dtype, expected):
    """No version of mlci, Polars or NumPy changes a hash, for rows would change sides."""
    assert hash_of(value, dtype) == expected


def test_row_hash__of_two_columns_stays_what_it_is():
    """The way that columns are joined is pinned, too."""
    hashes = row_hash(pl.DataFrame({"a": [1], "b": ["x"]}), None, seed=0)
    assert hashes.tolist() == [0x6B018A3553F1A945]


# --- against a second implementation, in plain integers ---------------------------------------------------------


def scramble(x: int) -> int:
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9 & WORD
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB & WORD
    return x ^ (x >> 31)


def plain_hash(word: int, name: str, seed: int) -> int:
    key = int.from_bytes(hashlib.blake2b(f"{seed}\0{name}".encode(), digest_size=8).digest(), "little")
    return scramble(0x589965CC75374CC3 ^ scramble(word ^ key))


def text_word(text: bytes) -> int:
    word = scramble(len(text) ^ 0x589965CC75374CC3)
    for start in range(0, len(text), 8):
        word = scramble(word ^ int.from_bytes(text[start : start + 8].ljust(8, b"\0"), "little"))
    return word


@given(INTEGERS, st.integers(0, 2**32))
def test_row_hash__integers_against_plain_arithmetic(value, seed):
    """Integers hash as SplitMix64's finalizer says, computed here one by one."""
    word = value & WORD ^ (0xD6E8FEB86659FD93 if value < 0 else 0)
    assert hash_of(value, pl.Int64, seed=seed) == plain_hash(word, "id", seed)


@given(st.floats(allow_nan=False).filter(lambda f: not f.is_integer()))
def test_row_hash__fractions_against_plain_arithmetic(value):
    """Floats that are no integers hash by their bits."""
    bits = int.from_bytes(struct.pack("<d", value), "little")
    assert hash_of(value) == plain_hash(bits ^ 0xA0761D6478BD642F, "id", 7)


@given(st.lists(st.text("abcäö–🙂", min_size=1, max_size=80).map(lambda t: f"t{t}"), min_size=1, max_size=30))
def test_row_hash__texts_against_plain_arithmetic(texts):
    """A text's hash is that of its bytes alone, whatever longer texts stand beside it."""
    expected = [plain_hash(text_word(text.encode()), "id", 7) for text in texts]
    assert row_hash(pl.DataFrame({"id": texts}), ["id"], seed=7).tolist() == expected


# --- one value, however it is stored ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "same",
    [
        [5, 5.0, "5", "5.0", " 5", "+5", "005", Decimal("5.00")],
        [0, 0.0, -0.0, "-0", "0e9"],
        [-7, -7.0, "-7", Decimal(-7)],
        [0.1, "0.1", "1e-1", ".10"],
        [2**63, float(2**63), str(2**63)],
        [True, "True", "TRUE", "true"],
        [False, "False", "FALSE", "false"],
        [None, float("nan"), ""],
        [
            dt.date(2024, 2, 29),
            dt.datetime(2024, 2, 29),
            "2024-02-29",
            "2024-02-29 00:00",
            "2024-02-29T00:00:00.000000",
            "2024-02-29 01:00:00+01:00",
            dt.datetime(2024, 2, 29, tzinfo=dt.UTC),
        ],
        [dt.datetime(2024, 2, 29, 1, 2, 3, 450_000), "2024-02-29 01:02:03.45", "2024-02-29T01:02:03.450000Z"],
        [dt.time(12, 30), "12:30:00"],
    ],
    ids=lambda same: str(same[0]),
)
def test_row_hash__same_value_in_every_type(same):
    """A value that is stored in another type is the same value."""
    assert len({hash_of(value) for value in same}) == 1


@pytest.mark.parametrize("dtype", [pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.Int128, pl.UInt8, pl.Float32, pl.Float64])
def test_row_hash__same_number_in_every_width(dtype):
    """The width of a number's type does not matter."""
    assert hash_of(100, dtype) == hash_of(100, pl.Int64)


def test_row_hash__narrow_float_is_its_shortest_text():
    """A 32-bit 0.1 is what a CSV file would say it is: 0.1."""
    assert hash_of(0.1, pl.Float32) == hash_of(0.1, pl.Float64)


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_row_hash__same_moment_in_every_unit(unit):
    """The unit of a datetime does not matter."""
    moment = dt.datetime(2024, 2, 29, 1, 2, 3, 450_000)
    assert hash_of(moment, pl.Datetime(unit)) == hash_of(moment, pl.Datetime("us"))


@pytest.mark.parametrize("dtype", [pl.Categorical(), pl.Enum(["a", "b"])])
def test_row_hash__category_is_its_text(dtype):
    """A category hashes as its text."""
    assert hash_of("a", dtype) == hash_of("a", pl.String)


@pytest.mark.parametrize(
    "different",
    [
        ["a", "a\0", "a\0\0", "b"],
        ["2023-02-28", "2023-02-29", "2023-03-01"],
        [str(2**64), str(2**64 + 1)],
        [1, True, "1x"],
        ["x" * 300, "x" * 301],
        [2**63, -(2**63)],
        ["12345678", "12345678a", "a12345678"],
        ["NA", "null", ""],
    ],
    ids=lambda different: repr(different[0])[:20],
)
def test_row_hash__different_values(different):
    """What reads alike but is not the same hashes apart."""
    assert len({hash_of(value) for value in different}) == len(different)


@given(st.lists(st.one_of(st.none(), st.integers(-(2**53), 2**53)), min_size=1, max_size=50))
def test_row_hash__null_turns_integers_to_floats(values):
    """A column of integers that becomes one of floats, as pandas makes of a null, moves no row."""
    integers = pl.DataFrame({"id": pl.Series(values, dtype=pl.Int64)})
    floats = integers.with_columns(pl.col("id").cast(pl.Float64))
    assert row_hash(integers, ["id"], seed=1).tolist() == row_hash(floats, ["id"], seed=1).tolist()


@given(
    st.lists(
        st.tuples(
            st.one_of(st.none(), st.integers(-(2**40), 2**40)),
            st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)),
            st.one_of(st.none(), st.text("abz ä", max_size=12).filter(lambda t: t == t.strip() and t)),
            st.booleans(),
            st.dates(dt.date(1, 1, 1)),
            st.datetimes(dt.datetime(1700, 1, 1), dt.datetime(2200, 1, 1)),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_row_hash__csv_and_parquet_agree(csv_table, rows):
    """The same content in a CSV file and in Parquet has the same hashes."""
    schema = {"i": pl.Int64, "f": pl.Float64, "s": pl.String, "b": pl.Boolean, "d": pl.Date, "t": pl.Datetime("us")}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    assert row_hash(csv_table(frame.write_csv()), None, seed=3).tolist() == row_hash(frame, None, seed=3).tolist()


# --- order, names, seeds ----------------------------------------------------------------------------------------


@given(st.lists(st.tuples(INTEGERS, TEXTS), min_size=1, max_size=30), st.randoms())
def test_row_hash__order_does_not_matter(rows, random):
    """Rows hash alike in any order of rows and of columns."""
    frame = pl.DataFrame(rows, schema={"a": pl.Int64, "b": pl.String}, orient="row")
    order = random.sample(range(len(rows)), len(rows))
    shuffled = frame[order].select("b", "a")
    assert row_hash(shuffled, ["b", "a"], seed=0).tolist() == row_hash(frame, ["a", "b"], seed=0)[order].tolist()


def test_row_hash__chunks_do_not_matter():
    """A table longer than a chunk hashes as its parts do."""
    frame = pl.DataFrame({"a": range(200_000)}).with_columns(b=pl.format("row {}", "a"))
    parts = [row_hash(frame[start : start + 70_001], None, seed=0) for start in range(0, 200_000, 70_001)]
    assert np.array_equal(row_hash(frame, None, seed=0), np.concatenate(parts))


def test_row_hash__name_is_part_of_it():
    """Values that change places between columns make another row."""
    one, other = pl.DataFrame({"a": [1], "b": [2]}), pl.DataFrame({"a": [2], "b": [1]})
    assert row_hash(one, None, seed=0).tolist() != row_hash(other, None, seed=0).tolist()


def test_row_hash__no_rows():
    """A table without rows has no hashes."""
    assert row_hash(pl.DataFrame({"a": []}, schema={"a": pl.Int64}), ["a"], seed=0).tolist() == []


def test_row_hash__column_missing():
    """A column that is not there is named, with the nearest that is."""
    with pytest.raises(DataError, match=r"There is no column 'idd'\. Did you mean 'id'\?"):
        row_hash(pl.DataFrame({"id": [1]}), ["idd"], seed=0)


# --- quality ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("column", [range(100_000), [f"user{i}" for i in range(100_000)]], ids=["integers", "texts"])
def test_row_hash__is_uniform(column):
    """Successive keys fall evenly into 256 bins of the highest bits: chi-squared within six of its deviations."""
    bins = np.bincount(
        (row_hash(pl.DataFrame({"id": column}), None, seed=0) >> np.uint64(56)).astype(int), minlength=256
    )
    expected = 100_000 / 256
    chi_squared = float(((bins - expected) ** 2 / expected).sum())
    assert abs(chi_squared - 255) < 6 * (2 * 255) ** 0.5


def test_row_hash__seeds_are_independent():
    """Two seeds hold out a quarter of a quarter together."""
    frame = pl.DataFrame({"id": range(100_000)})
    low = [row_hash(frame, None, seed=seed) < np.uint64(2**62) for seed in (0, 1)]
    assert abs((low[0] & low[1]).mean() - 1 / 16) < 6 * (1 / 16 * 15 / 16 / 100_000) ** 0.5


def test_mix__avalanches():
    """Flipping any bit of the input flips each bit of the output about half the time."""
    words = np.random.default_rng(0).integers(0, 2**63, 2_000).astype(np.uint64)
    shares = [
        np.unpackbits((mix(words.copy()) ^ mix(words ^ np.uint64(1 << bit))).view(np.uint8))
        .reshape(-1, 64)
        .mean(axis=0)
        for bit in range(64)
    ]
    assert float(np.abs(np.array(shares) - 0.5).max()) < 0.07


@given(st.lists(st.integers(0, 30)), st.lists(st.integers(0, 30)))
def test_is_among__agrees_with_sets(hashes, others):
    """Membership is that of sets."""
    found = is_among(np.array(hashes, dtype=np.uint64), np.array(others, dtype=np.uint64))
    assert found.tolist() == [each in set(others) for each in hashes]
