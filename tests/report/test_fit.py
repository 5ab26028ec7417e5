from __future__ import annotations

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options

from mlci.errors import ReportError
from mlci.report import render
from mlci.report.fit import COMMENT, fit
from mlci.results import Finding

LINKS = {"run_url": "https://github.com/o/r/actions/runs/1", "report_url": "https://example.invalid/report"}


@pytest.fixture
def many_findings():
    """Make findings that all have a log."""
    return lambda count, severity: tuple(
        Finding(code="MLCI210", severity=severity, message=f"{i}: " + "odd " * 200, detail="line\n" * 100)
        for i in range(count)
    )


@pytest.fixture
def many_groups():
    """Make results with so many sensitive columns of 200 groups."""

    def many(results, columns):
        model = results.models["income"]
        part = model.fairness[0]
        groups = tuple(part.groups[0].model_copy(update={"name": f"level {i}"}) for i in range(200))
        others = [part.model_copy(update={"sensitive": f"column {i}", "groups": groups}) for i in range(columns)]
        model = model.model_copy(update={"fairness": (part, *others)})
        return results.model_copy(update={"models": {"income": model}})

    return many


@pytest.mark.parametrize("budget", [COMMENT, 4_000])
def test_fit__within_the_budget(situation, budget):
    """Every situation fits, counted in characters or in bytes, and nothing is cut open."""
    _, results = situation
    text = fit(results, budget, **LINKS)
    html = cmarkgfm.github_flavored_markdown_to_html(text, Options.CMARK_OPT_UNSAFE)
    assert len(text.encode()) <= budget
    assert html.count("<details>") == html.count("</details>") == html.count("</summary>")
    assert text.endswith("</sub>\n")


def test_fit__shows_everything_that_there_is_room_for(make):
    """What fits is not shortened."""
    results = make("worse")
    assert fit(results, **LINKS) == render.markdown(results, **LINKS)


def test_fit__uses_the_room(make):
    """The next level of detail would not have fitted."""
    results = make("huge")
    text = fit(results, **LINKS)
    detail = next(i for i in range(1, 9) if render.markdown(results, detail=i, **LINKS) == text)
    assert len(render.markdown(results, detail=detail - 1, **LINKS).encode()) > COMMENT


def test_fit__what_stands_beside_the_gates_goes_first(make, many_groups):
    """Where room is short, the groups of sensitive columns give way before slices do, and their gates stay."""
    results = many_groups(make("unfair"), 30)
    whole, text = render.markdown(results, **LINKS), fit(results, 9_000, **LINKS)
    assert "<b>Fairness</b>" in whole
    assert "<b>Fairness</b>" not in text
    assert "| equalized odds difference by `sex`" in text
    assert "<b>Candidates</b>" in text


def test_fit__groups_are_shortened_before_they_go(make, many_groups):
    """A step before that, each of their tables has its first rows."""
    results = many_groups(make("unfair"), 1)
    text = render.markdown(results, detail=1, **LINKS)
    assert "… and 188 more rows in the full report." in text


def test_fit__the_last_resort_is_the_headline_with_its_link(make):
    """At the end there is the story and the link to the full report."""
    text = fit(make("huge"), 1_500, **LINKS)
    assert "## ❌ mlci: `adult` breaks all of its 300 expectations" in text
    assert "[Full report](https://example.invalid/report)" in text


def test_fit__counts_bytes(make):
    """A text of many bytes a character is held to bytes, too."""
    results = make("hostile", "名前" * 400)
    assert len(fit(results, 30_000).encode()) <= 30_000


def test_fit__a_template_that_never_fits_gives_way(make):
    """A user's template that ignores the level of detail is replaced by the headline."""
    text = fit(make("worse"), 3_000, template="{% for i in range(2000) %}long {% endfor %}", **LINKS)
    assert text.split("\n")[1] == "## ❌ mlci: `income` is worse than main"


def test_fit__a_budget_for_nothing(make):
    """A budget in which no report fits is an error of the caller."""
    with pytest.raises(ValueError, match="no report fits 100 bytes"):
        fit(make("worse"), 100)


def test_fit__more_than_a_template_may_write(make, many_findings):
    """Where the full report is longer than any template may write, there is one with less detail."""
    results = make("worse").model_copy(update={"findings": many_findings(1_500, "fail")})
    assert "… and " in fit(results, **LINKS)


def test_fit__more_than_the_users_template_may_write(make, many_findings):
    """Neither does a template of the user's own fail for the length of the full report."""
    results = make("worse").model_copy(update={"findings": many_findings(1_500, "fail")})
    template = '{% extends "base" %}{% block footer %}mine{% endblock %}'
    assert fit(results, template=template, **LINKS).endswith("mine\n")


def test_fit__a_template_without_an_end_is_told(make):
    """A template that runs on at every level of detail is the user's to mend."""
    with pytest.raises(ReportError, match="it takes more than 200,000 steps"):
        fit(make("same"), template="{% for i in range(900) %}{% for j in range(900) %}{% endfor %}{% endfor %}")


def test_fit__logs_without_number_end_at_the_headline(make, many_findings):
    """However many findings bring a log of their own, the last resort is short."""
    results = make("same").model_copy(update={"findings": many_findings(900, "info")})
    assert len(fit(results, 2_000, **LINKS)) < 2_000


def test_fit__models_without_number_end_at_the_headline(make):
    """So it is with however many models."""
    worse = make("worse")
    results = worse.model_copy(update={"models": {f"model-{i}": worse.models["income"] for i in range(20)}})
    assert len(fit(results, 2_000, **LINKS)) < 2_000
