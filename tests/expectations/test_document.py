"""The text of a suite as data with places."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.errors import Location, SuiteError
from mlci.expectations.document import MAX_DEPTH, PLACED, parse

TEXT = st.text(st.characters(codec="ascii", min_codepoint=32, exclude_characters="\x7f"), max_size=8)
LEAVES = st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.floats(-1e6, 1e6, width=32) | TEXT
TREES = st.recursive(LEAVES, lambda t: st.lists(t, max_size=4) | st.dictionaries(TEXT, t, max_size=4), max_leaves=12)
INDENTS = st.sampled_from([None, 1, 4])


def at(data, path):
    """What stands at a path."""
    for part in path:
        data = data[part]
    return data


def rest(text, place):
    """The text from a place on."""
    return text.split("\n", place.line - 1)[place.line - 1][place.column - 1 :]


@given(TREES, INDENTS)
def test_parse__json_gives_what_the_standard_library_gives(tree, indent):
    """Places are beside the data: they change none of it."""
    assert parse(json.dumps(tree, indent=indent), "s.json").data == tree


@given(TREES, INDENTS)
def test_parse__json_places_point_at_their_values(tree, indent):
    """At the place of every value, the JSON decoder reads that very value."""
    text = json.dumps(tree, indent=indent)
    document = parse(text, "s.json")
    found = {
        path: json.JSONDecoder().raw_decode(rest(text, place) + "".join("\n" + line for line in _after(text, place)))[0]
        for path, place in document.values.items()
    }
    assert found == {path: at(tree, path) for path in document.values}


def _after(text, place):
    return text.split("\n")[place.line :]


@given(TREES, INDENTS)
def test_parse__json_places_are_noted_to_a_fixed_depth(tree, indent):
    """Every value at most `PLACED` steps from the top has a place, and no deeper one."""

    def paths(data, path=()):
        yield path
        for key, each in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
            yield from paths(each, (*path, key))

    document = parse(json.dumps(tree, indent=indent), "s.json")
    assert set(document.values) == {path for path in paths(tree) if len(path) <= PLACED}


@given(st.dictionaries(TEXT.filter(lambda t: t != "<<"), st.lists(LEAVES, max_size=3), max_size=4), INDENTS)
def test_parse__yaml_is_json_with_other_signs(tree, indent):
    """JSON read as YAML is the same data at the same places."""
    text = json.dumps(tree, indent=indent)
    yaml, same = parse(text, "s.yaml"), parse(text, "s.json")
    assert (yaml.data, yaml.keys.keys(), yaml.values.keys()) == (same.data, same.keys.keys(), same.values.keys())


def test_parse__yaml_places_are_those_of_json():
    """The line and the column of a key do not depend on which parser read it."""
    text = '{"a": {"b": [1, {"c": 2}]},\n "d": "x"}'
    yaml, same = parse(text, "s"), parse(text, "s.yml")
    assert ({k: (v.line, v.column) for k, v in yaml.keys.items()}, yaml.values[("a", "b", 1)].column) == (
        {k: (v.line, v.column) for k, v in same.keys.items()},
        same.values[("a", "b", 1)].column,
    )


def test_parse__yaml_keeps_dates_as_text():
    """JSON has no dates, so a YAML suite's date is the text that it would be there."""
    assert parse("a: 2024-02-01\nb: 2024-02-01T10:00:00Z\nc: 0o17\nd: 1_000", "s.yml").data == {
        "a": "2024-02-01",
        "b": "2024-02-01T10:00:00Z",
        "c": 15,
        "d": 1000,
    }


def test_parse__other_ending_is_told_by_the_first_character():
    """A suite in a file of any name is JSON where it begins as an object does."""
    assert (parse(' {"a": 1}', "s").data, parse("a: 1", "s").data) == ({"a": 1}, {"a": 1})


BROKEN = {
    "json comma": ("s.json", '{"a": 1,\n}', Location("s.json", 2, 1), "not valid JSON"),
    "json twice": ("s.json", '{"a": 1,\n "a": 2}', Location("s.json", 2, 2), "`a` stands twice"),
    "json twice deep": ("s.json", '[[[[[[{"a": 1, "a": 2}]]]]]]', Location("s.json", 1, 16), "`a` stands twice"),
    "json nan": ("s.json", '{"a": [1, NaN]}', Location("s.json", 1, 11), "not finite"),
    "json kwargs depth": ("s.json", '{"a":' * 80 + "1" + "}" * 80, Location("s.json"), "nested too deeply"),
    "json half a character": ("s.json", r'{"a": "\ud800"}', Location("s.json"), "half a character"),
    "json depth": ("s.json", "[" * 100_000, Location("s.json"), "nested too deeply"),
    "json digits": ("s.json", "9" * 5_000, Location("s.json"), "too many digits"),
    "yaml syntax": ("s.yml", "a: [1,\nb: }", Location("s.yml", 2, 4), "not valid YAML"),
    "yaml twice": ("s.yml", "a: 1\na: 2", Location("s.yml", 2, 1), "`a` stands twice"),
    "yaml inf": ("s.yml", "a: .inf", Location("s.yml", 1, 4), "not finite"),
    "yaml tag": ("s.yml", "a: !!binary aGk=", Location("s.yml", 1, 4), "!!binary has no meaning"),
    "yaml merge": ("s.yml", "a: &x {b: 1}\nc:\n  <<: *x", Location("s.yml", 3, 3), "plain words"),
    "yaml list as key": ("s.yml", "? [1]\n: 2", Location("s.yml", 1, 3), "plain words"),
    "yaml itself": ("s.yml", "&a [*a]", Location("s.yml", 1, 1), "too large or too deep"),
    "yaml depth": ("s.yml", "[" * (MAX_DEPTH + 2) + "]" * (MAX_DEPTH + 2), Location("s.yml", 1, 52), "too deep"),
    "yaml recursion": ("s.yml", "[" * 1_500, Location("s.yml"), "nested too deeply"),
    "yaml character": ("s.yml", "a: \x01", Location("s.yml"), "cannot be read"),
    "yaml two documents": ("s.yml", "a: 1\n---\nb: 2", Location("s.yml", 2, 1), "not valid YAML"),
}


@pytest.mark.parametrize(("name", "text", "location", "part"), BROKEN.values(), ids=BROKEN)
def test_parse__says_where_it_is_broken(name, text, location, part):
    """Each kind of broken text is one error with its place."""
    with pytest.raises(SuiteError) as caught:
        parse(text, name)
    assert (caught.value.location, part in caught.value.message) == (location, True), caught.value.message
