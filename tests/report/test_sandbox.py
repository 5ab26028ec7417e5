from __future__ import annotations

import pytest

from mlci.errors import ReportError
from mlci.report import render

FAILS = "The report's template fails in line"


def filled(results, block, text):
    """The comment with one block of the user's own."""
    return render.markdown(
        results, template='{% extends "base" %}\n{% block ' + block + " %}" + text + "{% endblock %}"
    )


def test_template__fills_a_block(make):
    """A block of the user's own stands in place of mlci's; the rest stays."""
    text = filled(make("same"), "headline", "## Model report for {{ results.models.income.target }}\n\n")
    lines = text.split("\n")
    assert lines[1] == "## Model report for income"
    assert lines[3].startswith("**All 3 gates hold.**")


def test_template__super_and_parts(make):
    """`super()` is mlci's block; parts of the page print themselves as Markdown."""
    text = filled(make("same"), "gates", "My gates:\n\n{{ model.gates }}\n\n{{ super() }}")
    assert text.count("| `roc_auc` | 0.9240 | 0.9238 |") == 2


def test_template__alone(make):
    """A template need not extend anything, and its loops, sets and filters work."""
    text = render.markdown(
        make("worse"),
        template="{% set found = page.models %}{% for model in found %}{{ loop.index }}. {{ model.name|code }} "
        "{{ model.verdict|upper }} {{ results.models[model.name].comparisons[0].gain|signed(3) }}\n{% endfor %}",
    )
    marker, rest = text.split("\n", 1)
    assert (marker[:9], rest) == ("<!-- mlci", "1. `income` FAIL −0.054\n")


@pytest.mark.parametrize(
    "expression",
    [
        "{{ evil }}",
        "{{ evil|upper|lower }}",
        "{{ evil ~ '' }}",
        "{{ (evil|code) ~ ' ' ~ evil }}",
        "{{ [evil|code, evil]|join(' ') }}",
        "{{ (evil|code) + evil }}",
        "{{ evil|e }}",
        "{% macro show(text) %}{{ text }}{% endmacro %}{{ show(evil) ~ evil }}",
        "{% set both %}{{ evil }}{% endset %}{{ both ~ evil }}",
        "{{ evil.strip() }}",
        "{{ [evil]|first }}",
    ],
)
def test_template__cannot_forget_an_escape(make, expression):
    """Whatever a template does with a text of the repository, it is printed as words or code."""
    from mlci.results import Finding

    evil = "[a](https://e.example)<b>@root|x"
    finding = Finding(code="MLCI301", severity="info", message=evil)
    results = make("same").model_copy(update={"findings": (finding,)})
    template = "{% set evil = results.findings[0].message %}" + expression
    text = render.markdown(results, template=template).lower()
    code = "<code>"
    plain = text.split("</code>")[-1] if code in text else text
    assert "](https://" not in plain
    assert "<b>" not in plain
    assert "@r" not in plain


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("a\n{{ nothing.here }}", f"{FAILS} 2: 'nothing' is undefined."),
        ("a\n\n{% if %}", f"{FAILS} 3: Expected an expression, got 'end of statement block'."),
        ("{% extends 'other' %}", f"{FAILS} 1: other."),
        ("a\n{{ 1 / 0 }}", f"{FAILS} 2: division by zero."),
        ("{{ results.nope }}", f"{FAILS} 1: 'dict object' has no attribute 'nope'."),
        ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", f"{FAILS} 1: it calls itself without end."),
    ],
)  # fmt: skip
def test_template__fails_with_its_line(make, template, said):
    """One sentence that names the line, and the place as a location."""
    with pytest.raises(ReportError) as caught:
        render.markdown(make("same"), template=template)
    assert (caught.value.message, caught.value.location.path) == (said, "report.template")


@pytest.mark.parametrize(
    "template",
    [
        "{% for i in range(1000) %}{% for j in range(1000) %}{% endfor %}{% endfor %}",
        "{% set text = page.marker %}" + "{% set text = text + text %}" * 30,
        "{% set text = page.marker %}" + "{% set text = text ~ text %}" * 30,
        "{% for i in range(90000) %}{{ page.marker }}{% endfor %}",
        "{{ 'x' * 1000000000 }}",
        "{{ 10 ** 1000000 }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ '{:>1000000000}'.format(1) }}",
        "{{ 'x'.center(1000000000) }}",
        "{{ range(100000000)|list }}",
        "{% set ns = [1] %}{% for i in range(40000) recursive %}{{ loop([i]) }}{% endfor %}",
        "{% set n = namespace(a=[]) %}",
    ],
)
def test_template__is_bounded(make, template):
    """Loops without end, huge texts and huge numbers end with a sentence."""
    with pytest.raises(ReportError):
        render.markdown(make("same"), template="a\n" + template)


@pytest.mark.parametrize(
    "expression",
    [
        "{{ results.__class__ }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ page.story.__init__.__globals__ }}",
        "{{ results.parse_raw('x') }}",
        "{{ page.story.title.clipped(1) }}",
        "{{ page.models[0].gates.first(1) }}",
        "{{ results.models.update({}) }}",
        "{{ results.models.pop('income') }}",
        "{{ lipsum() }}",
        "{{ cycler }}",
        "{{ self.__init__ }}",
        "{{ page.marker|safe }}",
        "{{ page.marker|replace('m', 'n') }}",
        "{{ page.marker|tojson }}",
        "{{ ().__class__ }}",
        "{% include '/etc/passwd' %}",
        "{% import 'report' as x %}{{ x.environment }}",
        "{{ page.marker.format_map({}) }}",
        "{{ ''['format']('x') }}",
        "{{ page.marker|attr('__class__') }}",
    ],
)
def test_template__reaches_nothing_else(make, expression):
    """Only fields, macros, and the filters of a report: no methods that do or reach anything."""
    with pytest.raises(ReportError):
        render.markdown(make("same"), template=expression)
