from __future__ import annotations

import json
from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.errors import UserError
from mlci.github import received
from mlci.github.artifact import LARGEST_RESULTS
from mlci.results import Results

HEAD = "4f2c9e1b7d3a5c8e9f0a1b2c3d4e5f6071829304"

COMPARED = {"metric": "roc_auc", "rows": 900, "baseline": 0.92, "candidate": 0.93, "gain": 0.01, "low": 0.002,
            "high": 0.018, "margin": 0.003, "status": "better", "verdict": "pass", "gated": True}  # fmt: skip
GATES = (
    {"metric": "roc_auc", "rule": "max_regression", "threshold": 0.003, "value": 0.93, "baseline": 0.92,
     "change": 0.01, "verdict": "pass", "status": "better", "location": {"path": "mlci.yml", "line": 20, "column": 7}},
    {"metric": "roc_auc", "rule": "min", "threshold": 0.9, "value": 0.93, "verdict": "pass"},
    {"metric": "log_loss", "rule": "max", "threshold": 0.5, "value": 0.5, "verdict": "pass"},
    {"metric": "fit_seconds", "rule": "max_increase", "threshold": 0.5, "value": 2.0, "verdict": "pass"},
)  # fmt: skip
SUITE = {
    "suite": "expectations/adult.json", "engine": "gx", "success": True, "verdict": "warn", "evaluated": 3, "failed": 2,
    "expectations": [
        {"type": "expect_column_values_to_not_be_null", "column": "age", "success": True},
        {"type": "expect_column_values_to_be_unique", "column": "id", "success": False, "severity": "warning"},
        {"type": "expect_column_to_exist", "column": "note", "success": False, "severity": "info"},
    ],
}  # fmt: skip


def document(**more):
    """What a run writes: one dataset that warns, one model that passes."""
    return deepcopy(
        {
            "version": 1,
            "mlci": "0.1.0",
            "verdict": "warn",
            "head": {"sha": HEAD, "ref": "topic", "subject": "A change"},
            "base": {"sha": "b" * 40, "ref": "main"},
            "datasets": {
                "adult": {"path": "data/adult.csv", "rows": 4_000, "bytes": 10**6, "fingerprint": "sha256:9f",
                          "validation": SUITE},
            },
            "models": {
                "income": {"verdict": "pass", "dataset": "adult", "task": "binary", "target": "income",
                           "primary": "roc_auc", "baseline": {"source": "retrained", "sha": "b" * 40},
                           "comparisons": [COMPARED], "gates": list(GATES)},
            },
            "findings": [{"code": "MLCI401", "severity": "warn", "message": "Looser.", "location": {"path": "a.yml"}}],
            "timings": {"data": 0.4},
            **more,
        }
    )  # fmt: skip


def changed(path, value):
    """The document with one value changed; the path is written with dots."""
    found = inner = document()
    *parts, last = [int(each) if each.isdigit() else each for each in path.split(".")]
    for each in parts:
        inner = inner[each]
    inner[last] = value
    return found


def refusal(content, head_sha=HEAD):
    """The code of a refusal, and its sentence."""
    content = json.dumps(content).encode() if isinstance(content, dict) else content
    with pytest.raises(UserError) as caught:
        received.check(content, head_sha=head_sha)
    assert caught.value.hint.startswith("Nothing was posted.")
    return caught.value.code, caught.value.message


def refused(why):
    """What `refusal` gives for a form that is wrong."""
    return "MLCI511", f"The results are refused: {why}."


def test_check__takes_what_a_run_writes():
    """Results that fit and agree with themselves are given as they are."""
    results = Results.model_validate(document())
    assert received.check(results.to_json().encode(), head_sha=HEAD) == results


def test_check__takes_a_run_that_ended_early():
    """A run that judged nothing fails, and is published all the same."""
    results = Results.model_validate({"mlci": "0.1.0", "verdict": "fail", "head": {"sha": HEAD}})
    assert received.check(results.to_json().encode(), head_sha=HEAD) == results


@pytest.mark.parametrize("sha", ["a" * 40, HEAD[:39], HEAD.upper(), f"{HEAD} ", ""])
def test_check__of_another_head(sha):
    """Results of any other commit are refused, and both commits are named."""
    told = f"These results are of “{sha}”, and the workflow ran for {HEAD}."
    assert refusal(changed("head.sha", sha)) == ("MLCI512", told)


def test_check__of_no_head():
    """Where the workflow ran for no commit, no results belong to it."""
    assert refusal(changed("head.sha", ""), head_sha="")[0] == "MLCI512"


# --- the bytes -------------------------------------------------------------------------------------------------

BASIC = json.dumps(document()).encode()
VALUES = "they hold more than 1,000,000 values"
DEEP = "they are nested more than 50 deep"
NUMBER = "they hold a number that no run has: of more than 30 digits, or beyond 10 to the power of 99"


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: b" " * (LARGEST_RESULTS + 1), "they are larger than 16 MB"),
        (lambda: BASIC.replace(b"A change", b"\xff\xfe"), f"they are not UTF-8 text (byte {BASIC.index(b'A change')})"),
        (lambda: BASIC.decode().encode("utf-16"), "they are not UTF-8 text (byte 0)"),
        (lambda: b"[" * 51 + b"]" * 51, DEEP),
        (lambda: b'{"a":' * 51 + b"1" + b"}" * 51, DEEP),
        (lambda: b"[" * 100_000, DEEP),
        (lambda: b'["]", ' * 60, DEEP),
        (lambda: b'["\\"]", ' * 60, DEEP),
        (lambda: b"[" + b"[]," * 500_000 + b"[]]", VALUES),
        (lambda: b"[" + b"1," * 1_000_000 + b"1]", VALUES),
        (lambda: b"[" * 7_000_000, VALUES),
        (lambda: BASIC.replace(b"4000", b"4" * 31), NUMBER),
        (lambda: BASIC.replace(b"0.4", b"4e100"), NUMBER),
        (lambda: BASIC.replace(b"0.4", b"4E+0999"), NUMBER),
        (lambda: BASIC.replace(b"0.4", b"4e-310"), NUMBER),
    ],
    ids=range(15),
)
def test_check__refuses_before_a_parser_sees_it(make, why):
    """Size, encoding, nesting, and numbers and lists without end are found in the bytes."""
    assert refusal(make()) == refused(why)


def test_check__brackets_in_text_are_text():
    """Brackets, quotes and digits inside of strings nest nothing."""
    message = '[{"' * 400 + "\\" + "9" * 400 + "e999" + "," * 4_000
    content = Results.model_validate(changed("findings.0.message", message)).to_json().encode()
    assert received.check(content, head_sha=HEAD).findings[0].message == message


@pytest.mark.parametrize("end", ["", "\\", '\\"', "[" * 60])
def test_check__a_string_that_does_not_end(end):
    """A string without an end is no JSON, and takes no longer for that."""
    code, message = refusal(b'{"a": "' + end.encode() * 100_000)
    assert (code, message[:60]) == ("MLCI511", "The results are refused: they are none of version 1: “the do")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "“the document”: Invalid JSON: EOF while parsing a value at line 1 column 0"),
        (b"[]", "“the document”: Input should be an object"),
        (b"\xef\xbb\xbf{}", "“the document”: Invalid JSON: expected value at line 1 column 1"),
        (b"{} {}", "“the document”: Invalid JSON: trailing characters at line 1 column 4"),
        (changed("version", 2), "“version”: Input should be 1"),
        (changed("datasets.adult.rows", "4000"), "“datasets.adult.rows”: Input should be a valid integer"),
        (changed("datasets.adult.rows", 4e3), "“datasets.adult.rows”: Input should be a valid integer"),
        (changed("findings.0.code", "MLCI1"), r"“findings.0.code”: String should match pattern '^MLCI\d{3}$'"),
        (changed("verdict", "PASS"), "“verdict”: Input should be 'pass', 'warn' or 'fail'"),
        (changed("timings.data", float("nan")), "“timings.data”: Input should be a finite number"),
        (changed("head.ref", "x" * 501), "“head.ref”: String should have at most 500 characters"),
        (changed("surprise", 1), "“surprise”: Extra inputs are not permitted"),
    ],
)
def test_check__refuses_what_the_schema_does_not_know(content, why):
    """The first thing that is wrong is named; nothing is converted."""
    assert refusal(content) == refused(f"they are none of version 1: {why}")


def test_check__a_key_cannot_speak_for_itself():
    """A key with line breaks, colours and workflow commands is one short line of the message."""
    code, message = refusal(changed("\n::error::owned\x1b[31m\u202e" + "x" * 100_000, 1))
    assert (code, len(message) < 300, message.isprintable()) == ("MLCI511", True, True)
    assert "“ ::error::owned\\u001b[31m\\u202ex" in message


def test_check__a_commit_cannot_speak_for_itself():
    """Neither can a commit."""
    code, message = refusal(changed("head.sha", "\n::set-output name=x::" + "y" * 400))
    assert (code, len(message) < 250, message.isprintable()) == ("MLCI512", True, True)


# --- how much --------------------------------------------------------------------------------------------------

GATE = {**GATES[0], "location": None}
EXPECTED = {"type": "t", "column": "c", "success": True}
COLUMN = {"name": "c", "dtype": "Int64"}
FAIR = {"sensitive": "sex", "groups": [], "comparisons": []}
BIN = {"low": 0.0, "high": 0.1, "rows": 1}
KNOWN = len(document()["models"]["income"]["comparisons"])


@pytest.mark.parametrize(
    ("what", "path", "make"),
    [
        ("models", "models", lambda n: {f"m{i}": document()["models"]["income"] for i in range(n)}),
        ("datasets", "datasets", lambda n: {f"d{i}": document()["datasets"]["adult"] for i in range(n)}),
        ("findings", "findings", lambda n: document()["findings"] * n),
        ("files", "files", lambda n: [{"path": f"{i}.py"} for i in range(n)]),
        (
            "comparisons",
            "models.income.comparisons",
            lambda n: [COMPARED, *({**COMPARED, "slice": f"{i}"} for i in range(n - 1))],
        ),
        ("comparisons", "models.income.fairness", lambda n: [{**FAIR, "comparisons": [COMPARED] * (n - KNOWN)}]),
        (
            "comparisons",
            "models.income.references",
            lambda n: [{"name": "v1", "comparisons": [COMPARED] * (n - KNOWN)}],
        ),
        ("references", "models.income.references", lambda n: [{"name": f"v{i}"} for i in range(n)]),
        ("references", "models.income.fairness", lambda n: [FAIR] * n),
        ("groups", "models.income.fairness", lambda n: [{**FAIR, "groups": [{"name": "g", "rows": 1}] * n}]),
        ("bins", "models.income.calibration", lambda n: {"candidate": {"error": 0.1, "bins": [BIN] * n}}),
        ("gates", "models.income.gates", lambda n: [{**GATE, "slice": f"{i}"} for i in range(n)]),
        ("expectations", "datasets.adult.validation.expectations", lambda n: [EXPECTED] * n),
        ("columns", "datasets.adult.columns", lambda n: [COLUMN] * n),
        ("candidates", "models.income.candidates", lambda n: [{"name": f"{i}"} for i in range(n)]),
        ("differences", "models.income.difference", lambda n: {"features_added": [f"{i}" for i in range(n)]}),
        ("values", "environment", lambda n: {f"{i}": "1" for i in range(n - 1)}),
    ],
)
def test_check__refuses_more_than_a_report_is_made_of(what, path, make):
    """Each kind of part is bounded: as many are taken, one more is not."""
    most = received.MOST[what]
    taken = changed(path, make(most))
    assert received.check(json.dumps(taken).encode(), head_sha=HEAD) == Results.model_validate(taken)
    why = f"they hold {most + 1:,} {what}, and at most {most:,} are published"
    assert refusal(changed(path, make(most + 1))) == refused(why)


def test_check__counts_all_models_together():
    """Two models share the bounds."""
    model = changed("models.income.candidates", [{"name": f"{i}"} for i in range(600)])["models"]["income"]
    assert refusal(document(models={"a": model, "b": model}))[1].endswith("they hold 1,200 candidates, and at most 1,000 are published.")  # fmt: skip  # noqa: E501


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        (("models", {"a b": document()["models"]["income"]}), "“a b” is no name of a model"),
        (("models", {"a\n": document()["models"]["income"]}), "“a ” is no name of a model"),
        (("datasets", {"<b>": document()["datasets"]["adult"]}), "“<b>” is no name of a dataset"),
        (("models.income.primary", "@everyone"), "“@everyone” is no name of a metric"),
        (("models.income.gates", [{**GATE, "metric": ""}]), "“” is no name of a metric"),
        (
            ("models.income.comparisons", [{**COMPARED, "metric": f"m{i}"} for i in range(101)]),
            "the model “income” has more than 100 metrics",
        ),
        (
            ("models.income.fairness", [{**FAIR, "groups": [{"name": "g", "rows": 1, "baseline": {"<b>": 0.1}}]}]),
            "“<b>” is no name of a metric",
        ),
        (
            ("models.income.search", {"metric": "@all", "columns": [], "depth": 1, "slices": 0, "min_rows": 1}),
            "“@all” is no name of a metric",
        ),
        (
            ("models.income.references", [{"name": "v1", "comparisons": [{**COMPARED, "metric": "a b"}]}]),
            "“a b” is no name of a metric",
        ),
    ],
)
def test_check__refuses_names_that_no_run_writes(changes, why):
    """Names of models, datasets and metrics are those that a configuration can have."""
    assert refusal(changed(*changes)) == refused(why)


# --- places ----------------------------------------------------------------------------------------------------

PLACES = (
    "findings.0.location",
    "models.income.gates.0.location",
    "datasets.adult.validation.expectations.0.location",
)


@pytest.mark.parametrize("where", PLACES)
@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../x", "a/../../b", "..", "C:\\x", "c:x", "a\\b", "a\nb", "a\0", "x" * 1_001]
)
def test_check__refuses_places_outside_of_the_repository(where, path):
    """A place is a path inside of the repository, wherever it stands."""
    code, message = refusal(changed(where, {"path": path, "line": 1}))
    assert (code, message.endswith("is no path inside of the repository.")) == ("MLCI511", True)


@pytest.mark.parametrize("where", PLACES)
@pytest.mark.parametrize("path", ["a b/c..d/ä.py", "..a", "mlci.yml", ""])
def test_check__takes_places_of_the_repository(where, path):
    """Any path inside of the repository may be named."""
    taken = changed(where, {"path": path, "line": 3, "column": 1})
    assert received.check(json.dumps(taken).encode(), head_sha=HEAD) == Results.model_validate(taken)


@pytest.mark.parametrize("place", [{"line": 0}, {"line": -1}, {"line": 1, "column": 0}])
def test_check__refuses_lines_before_the_first(place):
    """Lines and columns count from 1."""
    code, message = refusal(changed(PLACES[0], {"path": "a.py", **place}))
    assert (code, message.endswith("“a.py” has no line or column before the first.")) == ("MLCI511", True)


# --- the verdict -----------------------------------------------------------------------------------------------

FAILED = {"code": "MLCI201", "severity": "fail", "message": "It failed."}
UNIQUE = "datasets.adult.validation.expectations.1.severity"


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("verdict", "pass", "“pass” of the run, and what they hold of it says “warn”"),
        ("findings", [FAILED], "“warn” of the run, and what they hold of it says “fail”"),
        ("models.income.verdict", "fail", "“warn” of the run, and what they hold of it says “fail”"),
        ("datasets.adult.validation.verdict", "fail", "that its expectations hold of the dataset “adult”"),
        ("models.income.gates.3.verdict", "fail", "“pass” of the model “income”, and what they hold of it says “fail”"),
        ("models.income.gates.3.verdict", "warn", "“pass” of the model “income”, and what they hold of it says “warn”"),
        ("models.income.comparisons.0.verdict", "fail", "“pass” of the model “income”"),
        (
            "models.income.references",
            [{"name": "best", "comparisons": [{**COMPARED, "gated": True, "verdict": "fail"}]}],
            "“pass” of the model “income”, and what they hold of it says “fail”",
        ),
        (
            "models.income.fairness",
            [{**FAIR, "comparisons": [{**COMPARED, "gated": True, "verdict": "warn"}]}],
            "“pass” of the model “income”, and what they hold of it says “warn”",
        ),
        (
            "models.income.gates.1",
            {**GATE, "metric": "selection_rate_ratio", "rule": "min", "value": None, "status": None, "verdict": "pass"},
            "“pass” of the gate on selection_rate_ratio of the model “income”",
        ),
        ("models.income.gates.0.status", "worse", "“pass” of the gate on roc_auc of the model “income”"),
        ("models.income.gates.1.value", 0.89, "“pass” of the gate on roc_auc of the model “income”"),
        ("models.income.gates.1.value", None, "“pass” of the gate on roc_auc of the model “income”"),
        ("models.income.gates.2.value", 0.51, "“pass” of the gate on log_loss of the model “income”"),
        ("datasets.adult.validation.verdict", "pass", "“pass” of the dataset “adult”"),
        (UNIQUE, "critical", "“warn” of the dataset “adult”, and what they hold of it says “fail”"),
        ("datasets.adult.validation.failed", 1, "that its expectations hold of the dataset “adult”"),
    ],
)
def test_check__refuses_a_verdict_that_its_parts_deny(path, value, told):
    """No verdict is better than what it is made of, from the whole run down to a single gate."""
    code, message = refusal(changed(path, value))
    assert (code, message.startswith(f"The results say {told}")) == ("MLCI513", True)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("verdict", "fail"),
        ("datasets.adult.validation.expectations", []),
        ("models.income.comparisons.0", {**COMPARED, "gated": False, "verdict": "pass", "status": "worse"}),
    ],
)
def test_check__takes_a_verdict_that_is_no_better(path, value):
    """A verdict may be worse than its parts: a run also fails for what ended it."""
    taken = changed(path, value)
    assert received.check(json.dumps(taken).encode(), head_sha=HEAD) == Results.model_validate(taken)


# --- anything --------------------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


def paths(value, before=()):
    """All places of a document."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in items:
        yield (*before, str(key))
        yield from paths(each, (*before, str(key)))


@given(st.sampled_from([".".join(each) for each in paths(document())]), JSON)
def test_check__anything_anywhere_is_taken_or_refused(path, value):
    """Whatever stands wherever, the outcome is results or one refusal."""
    content = json.dumps(changed(path, value)).encode("utf-8", "surrogatepass")
    try:
        found = received.check(content, head_sha=HEAD)
    except UserError as error:
        found = error.code
    assert isinstance(found, Results) or found in {"MLCI511", "MLCI512", "MLCI513"}


@given(st.data())
def test_check__damage_is_taken_or_refused(data):
    """However the bytes are damaged, the outcome is results or one refusal."""
    content = bytearray(BASIC)
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = received.check(bytes(content), head_sha=HEAD)
    except UserError as error:
        found = error.code
    assert isinstance(found, Results) or found in {"MLCI511", "MLCI512", "MLCI513"}
