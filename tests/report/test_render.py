from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlci.report import render
from mlci.report.card import card
from mlci.report.page import LEVELS
from mlci.results import Results

LINKS = {"run_url": "https://github.com/o/r/actions/runs/1", "report_url": "https://example.invalid/report"}
GOLDEN = ["worse", "better", "same", "identical", "noise", "bad-data", "loosened", "no-baseline", "unpaired"]
GOLDEN += ["untrained", "unread", "slice-only", "limited", "costly", "multi", "data-only", "hostile"]
GOLDEN += ["unfair", "declined", "searched"]
TAGS = {"h2", "h3", "p", "strong", "code", "pre", "table", "thead", "tbody", "tr", "th", "td", "details", "summary"}
TAGS |= {"b", "ul", "li", "sub", "a", "span", "br", "!--"}
SPOKEN = re.compile(r"(?<![\w`])@\w|(?<!&)#\d|\bGH-\d|:[a-z0-9_+-]+:", re.IGNORECASE | re.ASCII)


def links(page):
    """Where a page links to, or fetches from."""
    return {value for key, value in page.attributes if key in ("href", "src")}


@pytest.mark.parametrize("name", GOLDEN)
def test_markdown__golden(make, golden, name):
    """The comment for each situation, as reviewers see it."""
    golden(f"{name}.md", render.markdown(make(name), **LINKS))


@pytest.mark.parametrize("detail", range(len(LEVELS)))
def test_markdown__is_sound_at_every_level(rendered, situation, detail):
    """At every level of detail tags nest, links are ours, and nobody is mentioned."""
    _, results = situation
    page = rendered(render.markdown(results, detail=detail, **LINKS))
    assert page.nests
    assert set(page.tags) <= TAGS
    assert links(page) <= set(LINKS.values())
    assert not SPOKEN.search(page.words)


@settings(max_examples=40)
@given(
    st.lists(
        st.sampled_from(
            [
                *(
                    "`",
                    "```",
                    "|",
                    "\\",
                    "\n",
                    "<",
                    "&",
                    "[a](b)",
                    "![",
                    "*",
                    "_",
                    "~",
                    "#1",
                    "@a",
                    "www.a.b",
                    "http://a.b",
                ),
                *(
                    "a@b.cc",
                    "<b>",
                    "</td>",
                    "<!--",
                    "-->",
                    "</details>",
                    "- ",
                    "1. ",
                    "> ",
                    "---",
                    "    x",
                    "\u202e",
                    "$",
                ),
            ]
        ),
        min_size=1,
    ).map("".join)
)
def test_markdown__no_text_breaks_out(rendered, make, text):
    """Whatever stands in names, messages and tracebacks, the comment keeps its shape."""
    page = rendered(render.markdown(make("hostile", text)))
    assert (page.nests, set(page.tags) <= TAGS, links(page)) == (True, True, set())
    assert not SPOKEN.search(page.words)


@pytest.mark.parametrize("name", ["better", "same", "identical"])
def test_markdown__a_pass_is_three_lines_and_the_folds(make, name):
    """Outside of the folds a pass has its heading, two paragraphs and the footer."""
    text = re.sub(r"<details>.*?</details>\n", "", render.markdown(make(name)), flags=re.DOTALL)
    marker, heading, *rest = [line for line in text.split("\n") if line]
    assert (marker[:10], heading[:9], len(rest), rest[-1][:5]) == ("<!-- mlci ", "## ✅ mlci", 3, "<sub>")


def test_markdown__begins_with_its_marker(make):
    """The first line finds the comment again, whatever the id holds."""
    text = render.markdown(make("same"), comment_id="my job --> <b>")
    assert text.startswith("<!-- mlci id=my-job-b head=4f2c9e1b7d3a5c8e9f0a1b2c3d4e5f6071829304 -->\n")


def test_markdown__without_charts(make):
    """Charts can be switched off."""
    assert "```" not in render.markdown(make("worse"), charts=False)


def test_markdown__links_only_where_they_are_given(make):
    """Without addresses the footer has no links."""
    assert render.markdown(make("same")).replace("\u00a0", " ").split("\n")[-2] == (
        "<sub>`4f2c9e1` against `main@a81d03b` · trained in 14 s · mlci 0.1.0</sub>"
    )


def test_markdown__metrics_without_gates_are_shown(make):
    """A metric that no gate watches stands in the table all the same."""
    text = render.markdown(make("worse")).replace("\u00a0", " ")
    assert "| `log_loss` ↓ | 0.2912 | 0.3524 | −0.0612 |" in text


def test_markdown__every_finding_is_told(make):
    """No finding is lost, whatever its severity."""
    for name in ("worse", "loosened", "untrained", "identical"):
        results = make(name)
        text = render.markdown(results)
        assert all(finding.code in text for finding in results.findings)


def test_tidy__leaves_fences_alone():
    """Blank lines collapse outside of fences only."""
    assert render.tidy("a\n\n\n\nb\n````text\n\n\n```\n\n\n````\n\n\nc \n") == (
        "a\n\nb\n````text\n\n\n```\n\n\n````\n\nc\n"
    )


NUMBERS = st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([0.0, -0.0, 1e-12, 1e300])
COUNTS = st.integers(-(10**20), 10**20)


@st.composite
def numbers(draw, results):
    """The results with all numbers replaced."""
    model, data = results.models["income"], results.datasets["adult"]
    scores = ("baseline", "candidate", "gain", "low", "high", "margin", "detectable")
    comparisons = tuple(
        each.model_copy(update={name: draw(NUMBERS) for name in scores} | {"rows_needed": draw(st.none() | COUNTS)})
        for each in model.comparisons[:4]
    )
    gates = tuple(
        each.model_copy(
            update={name: draw(NUMBERS) for name in ("value", "baseline", "change")}
            | {"threshold": draw(NUMBERS) or 0.0, "verdict": draw(st.sampled_from(["pass", "warn", "fail"]))}
        )
        for each in model.gates
    )
    side = model.side.model_copy(update={name: draw(NUMBERS) for name in ("fit_seconds", "predict_seconds")})
    model = model.model_copy(update={"comparisons": comparisons, "gates": gates, "side": side})
    counted = tuple(
        each.model_copy(update={"unexpected_count": draw(COUNTS), "element_count": draw(COUNTS), "success": False})
        for each in data.validation.expectations[:2]
    )
    validation = data.validation.model_copy(update={"expectations": counted, "evaluated": draw(COUNTS)})
    data = data.model_copy(update={"rows": draw(COUNTS), "bytes": draw(COUNTS), "validation": validation})
    times = {"train": draw(NUMBERS) or 0.0}
    return results.model_copy(update={"models": {"income": model}, "datasets": {"adult": data}, "timings": times})


@settings(max_examples=60)
@given(st.data())
def test_render__no_number_breaks_it(make, data):
    """Whatever numbers results hold, every output is written."""
    results = data.draw(numbers(make("worse")))
    written = [render.markdown(results), render.html(results), render.terminal(results), card(results, "income")]
    assert all("worse" in text or "income" in text for text in written)


def replaced(value, numbers):
    """The same value with other numbers in it, save those that a configuration bounds."""
    if isinstance(value, dict):
        kept = ("version", "confidence", "level")
        return {key: each if key in kept else replaced(each, numbers) for key, each in value.items()}
    if isinstance(value, list):
        return [replaced(each, numbers) for each in value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return next(numbers)[isinstance(value, int)]


@settings(max_examples=60)
@given(
    st.sampled_from(["unfair", "declined", "searched"]),
    st.lists(st.tuples(NUMBERS.filter(lambda each: each is not None), COUNTS), min_size=1, max_size=20),
)
def test_render__no_number_beside_the_scores_breaks_it(make, name, numbers):
    """So it is with the numbers of groups, bins, searches and other commits."""
    dump = make(name).model_dump(mode="json")
    models = replaced(dump["models"], itertools.cycle(numbers))
    results = Results.model_validate({**dump, "models": models})
    written = [render.markdown(results), render.html(results), render.terminal(results), card(results, "income")]
    assert all("income" in text for text in written)
