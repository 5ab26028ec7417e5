from __future__ import annotations

import re

import pytest

from mlci.report import render

TAGS = {
    "html",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "header",
    "footer",
    "nav",
    "main",
    "section",
    "h1",
    "h2",
    "h3",
}
TAGS |= {"p", "span", "a", "ul", "li", "strong", "code", "pre", "div", "table", "thead", "tbody", "tr", "th", "td"}
TAGS |= {"details", "summary", "svg", "g", "line", "rect", "circle", "text"}


def test_html__is_one_sound_page(parse, situation):
    """Tags nest, none is unexpected, and nothing is fetched or run, whatever the names hold."""
    _, results = situation
    page = parse(render.html(results, run_url="https://github.com/o/r/actions/runs/1"))
    assert page.nests
    assert set(page.tags) <= TAGS
    assert not [key for key, _ in page.attributes if key.startswith("on") or key in ("src", "srcset", "xlink:href")]
    links = {value for key, value in page.attributes if key == "href" and not value.startswith("#")}
    assert links == {"https://github.com/o/r/actions/runs/1"}


def test_html__forbids_everything_that_it_does_not_need(make):
    """The page's own policy allows its style and nothing else: no script, no network."""
    assert "default-src 'none'; style-src 'unsafe-inline'" in render.html(make("worse"))


def test_html__holds_everything(parse, make):
    """All expectations, findings, slices, columns, parameters, packages, timings and the environment are there."""
    results = make("bad-data").model_copy(update={"findings": make("worse").findings})
    page = parse(render.html(results))
    words = page.words + page.code
    model, data = results.models["income"], results.datasets["adult"]
    wanted = [
        *(each.type for each in data.validation.expectations),
        *(each.name for each in data.columns),
        *(each.metric for each in model.comparisons),
        *(each.name for each in model.candidates),
        *model.side.params,
        *model.side.packages,
        *(each.path for each in results.files),
        *results.timings,
        *results.environment,
        data.fingerprint,
        data.validation.suite,
        model.holdout.how.split("`")[1],
        results.findings[0].code,
    ]
    assert [text for text in wanted if text not in words] == []


def test_html__every_slice_of_many(make):
    """Nothing is left out for want of room."""
    text = render.html(make("huge"))
    assert all(f"level-{i}<" in text for i in range(500))
    assert all(f"column_{i}<" in text for i in range(300))


def test_html__draws_each_interval(parse, make):
    """Each comparison with an interval has its row in the plot, named for a screen reader."""
    labels = [value for key, value in parse(render.html(make("worse"))).attributes if key == "aria-label"]
    assert [label.split(":")[0] for label in labels[1:4]] == ["roc_auc", "accuracy", "log_loss"]
    assert len(labels) == 1 + 3 + 9


def test_html__units_have_their_own_axes(make):
    """A mean absolute error and an R² do not share an axis."""
    results = make("multi")
    alone = results.model_copy(update={"models": {"delay": results.models["delay"]}})
    assert render.html(alone).count('<svg class="axis"') == 2


def test_html__tracebacks_keep_their_lines(make):
    """A failing finding's traceback stands open, its lines as they were."""
    text = render.html(make("untrained"))
    assert re.search(r'<details open><summary>Details</summary><div class="inside"><pre>Traceback.*\n  File', text)


@pytest.mark.parametrize("name", ["same", "worse", "noise"])
def test_html__the_verdict_is_in_the_title(make, name):
    """A browser's tab says the verdict first."""
    results = make(name)
    assert f"<title>{results.verdict}: " in render.html(results)
