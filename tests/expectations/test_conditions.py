"""Row conditions may compare columns with constants, and nothing else."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.expectations.conditions import UnsafeConditionError, columns

COMPARISON = {"type": "comparison", "column": {"name": "age"}, "operator": ">", "parameter": 18}
NULLITY = {"type": "nullity", "column": {"name": "full name"}, "is_null": False}

ALLOWED = {
    "comparison": ("age > 18", None, {"age"}),
    "and, or, not": ("age > 18 and (sex == 'F' or not score < .5)", "pandas", {"age", "sex", "score"}),
    "pandas' own and, or, not": ("(age > 18) & ~(sex == 'F') | (score < -1)", "pandas", {"age", "sex", "score"}),
    "chain": ("18 < age <= 65", "pandas", {"age"}),
    "column with underscores": ("__index_level_0__ > 1", None, {"__index_level_0__"}),
    "in": ("sex in ['F', 'M'] and age not in (1, 2)", "pandas", {"age", "sex"}),
    "arithmetic": ("a + b * 2 - c / 3 >= d % 7 // 2", None, {"a", "b", "c", "d"}),
    "backticks": ("`full name` == 'x' and `a.b` > 1", None, {"full name", "a.b"}),
    "at sign in a text": ("mail == 'a@b'", None, {"mail"}),
    "methods": ("a.isin([1, 2]) and b.notnull() and c.between(1, 2) and d.abs() > 1", None, {"a", "b", "c", "d"}),
    "text methods": ("name.str.startswith('A') and name.str.len() > 3", None, {"name"}),
    "date parts": ("day.dt.year == 2024", None, {"day"}),
    "GX text": ('col("age") > 18', "great_expectations", {"age"}),
    "GX text, old parser": ('col("age").notnull()', "great_expectations__experimental__", {"age"}),
    "object": (COMPARISON, None, {"age"}),
    "objects": ({"type": "and", "conditions": [COMPARISON, NULLITY]}, None, {"age", "full name"}),
    "passed through": ({"type": "pass_through", "pass_through_filter": "age > 1"}, None, {"age"}),
}


@pytest.mark.parametrize(("condition", "parser", "names"), ALLOWED.values(), ids=ALLOWED)
def test_columns__of_conditions_that_only_compare(condition, parser, names):
    """The columns that a condition reads are known before anything runs."""
    assert columns(condition, parser) == names


REFUSED = {
    "local variable": "@pd.compat.os.system('x') == 0",
    "module": "@pickle.loads(b'x')",
    "writes a file": "age.to_csv('x')",
    "writes a pickle": "age > 1 or age.to_pickle('x')",
    "other spelling": "age.ｔo_csv('x')",  # noqa: RUF001 - full-width letters, which Python folds
    "dunder": "age.__class__",
    "dunder name": "__import__('os')",
    "pandas' inner spelling of @": "__pd_eval_local_pd == 1",
    "the same in backticks": "`__pd_eval_local_pd` == 1",
    "the same in other letters": "`__ｐd_eval_local_pd` == 1",  # noqa: RUF001 - a full-width letter
    "function": "open('x')",
    "lambda": "(lambda: 1)()",
    "comprehension": "[a for a in age]",
    "f-string": "sex == f'{age}'",
    "index": "age[0] == 1",
    "many texts": "sex == 'x' * 999999999",
    "a list and a list": "age in [1] + [2]",
    "power": "9 ** 9 ** 9 == age",
    "bytes": "sex == b'x'",
    "unpacking": "age.isin(**{})",
    "assignment": "age = 1",
    "walrus": "(age := 1)",
    "two lines": "age > 1\nage.to_csv('x')",
    "text method out of place": "age.contains('x')",
    "accessor method": "age.str.encode('x')",
    "quote in backticks": "`a' + b` == '",
    "at sign in backticks": "`a@b` == 1",
    "backtick in a text": "sex == '`' or age.to_csv('`')",
    "one backtick": "`age > 1",
    "reserved word": "backticked_0_ == `age`",
    "no Python": "age >",
    "nothing": " ",
}


@pytest.mark.parametrize("condition", REFUSED.values(), ids=REFUSED)
def test_columns__refuses_text_that_does_more_than_compare(condition):
    """Nothing that pandas would evaluate beyond a comparison gets through, by any spelling."""
    with pytest.raises(UnsafeConditionError):
        columns(condition, "pandas")


REFUSED_OBJECTS = {
    "number": 3,
    "no type": {},
    "unknown type": {"type": "call"},
    "backtick in a name": {**COMPARISON, "column": {"name": "a` or @x or `b"}},
    "pandas' inner spelling of @": {**COMPARISON, "column": {"name": "__pd_eval_local_pd"}},
    "no name": {**COMPARISON, "column": "age"},
    "conditions missing": {"type": "or"},
    "conditions of texts": {"type": "or", "conditions": ["age > 1"]},
    "inside": {"type": "and", "conditions": [COMPARISON, {"type": "pass_through", "pass_through_filter": "@x"}]},
    "passes nothing through": {"type": "pass_through"},
}


@pytest.mark.parametrize("condition", REFUSED_OBJECTS.values(), ids=REFUSED_OBJECTS)
def test_columns__refuses_objects_that_hide_something(condition):
    """A condition object is read to its leaves, because Great Expectations turns it into text for pandas."""
    with pytest.raises(UnsafeConditionError):
        columns(condition)


def test_columns__refuses_gx_text_without_a_column():
    """The text form of Great Expectations names its column by col(…)."""
    with pytest.raises(UnsafeConditionError, match="names no column"):
        columns("age > 18", "great_expectations")


PARTS = [
    "a",
    "b",
    "`a b`",
    "`",
    "'",
    '"',
    "\\",
    "@",
    "@pd",
    "#",
    " == ",
    " > ",
    "1",
    " and ",
    "(",
    ")",
    ".isin([1])",
    "\n",
    " ",
]


@given(st.lists(st.sampled_from(PARTS), max_size=9).map("".join))
def test_columns__what_is_allowed_is_what_pandas_evaluates(text):
    """Law: where a condition is allowed, pandas reads no names but those columns, and never a local variable."""
    try:
        names = columns(text, "pandas")
    except UnsafeConditionError:
        return
    frame = pd.DataFrame({key: [1, 2] for key in sorted(names)})
    try:
        frame.query(text)
    except NameError as error:  # what pandas says of a name that is no column
        pytest.fail(f"{text!r} made pandas look for a name: {error}")
    except Exception:  # noqa: BLE001, S110 - a condition without meaning is Great Expectations' to report
        pass
