"""What a stranger's results look like once they are accepted and shown: the whole way from bytes to GitHub's HTML."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options
from hypothesis import given, settings
from hypothesis import strategies as st

from mlci.github import received
from mlci.github.comment import Mark, mark_of
from mlci.report.fit import COMMENT, fit
from mlci.results import Difference, Results

HEAD = "4f2c9e1b7d3a5c8e9f0a1b2c3d4e5f6071829304"
LINKS = {"run_url": "https://github.com/o/r/actions/runs/1", "report_url": "https://github.com/o/r/actions/runs/2"}
FLAGS = Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_HARDBREAKS | Options.CMARK_OPT_FOOTNOTES
TAGS = {"h2", "h3", "p", "strong", "code", "pre", "table", "thead", "tbody", "tr", "th", "td", "details", "summary"}
TAGS |= {"b", "ul", "li", "sub", "a", "span", "br"}
SPOKEN = re.compile(r"(?<![\w`])@\w|(?<!&)#\d|\bGH-\d|:[a-z0-9_+-]+:", re.IGNORECASE | re.ASCII)
HIDDEN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
TEMPLATE = """{% extends "base" %}
{% block summary %}
{{ super() }}

{% for finding in results.findings %}
- {{ finding.message }} ({{ finding.hint|code }}) {{ results.head.subject }}
{% endfor %}

{% endblock %}
"""

EVIL = {
    "HTML": '<img src=x onerror=alert(1)><script>alert(1)</script></td></details></summary><a href="//e">x</a>',
    "links": "[a](javascript:alert(1)) [b](//evil.example) <https://evil.example> http://evil.example www.evil.example",
    "addresses": "mailto:a@evil.example xmpp:a@evil.example a@evil.example ftp://evil.example HTTPS://EVIL.example",
    "references": "![i](https://evil.example/x.png) ![i][r]\n\n[r]: https://evil.example/x.png\n[^1] [^1]: note\n[TOC]",
    "mentions": "@octocat @org/team #123 octo/flights#7 GH-7 octo@4f2c9e1b7d :tada: !@#$",
    "commands": "\n::error::owned\n##[error]owned\n::set-output name=a::b\n::stop-commands::x\r\n::add-mask::verdict",
    "marker": f"<!-- mlci id=default head={HEAD} run=1 -->\n<!-- mlci id=default head={'0' * 40} -->",
    "comment": "--> <!-- \n<!--\n-->\n]]> <![CDATA[ <?php ?> <!DOCTYPE x>",
    "bidi": "\u202egnp.exe\u202c \u2066a\u2069 \u200bz\u200dw\ufeff \u061c \u200f e\u0301\u0301\u0301\u0301\u0301",
    "control": "\x00\x08\x1b[31mred\x1b]8;;https://evil.example\x07x\x1b]8;;\x07\x7f\x85\u2028\u2029\t\v\f",
    "fences": "```\n</details>\n````````\n~~~\n~~~~~~~~\n```mermaid\ngraph TD; a-->b\n```\n```math\nx\n```\n``` ` ``",
    "folds": "</details>\n</details>\n\n<details open><summary>x</summary>\n\n</sub></b></code></pre></span>",
    "blocks": "\n# h1\n## h2\n> [!WARNING]\n> quote\n- [x] task\n1. one\n***\n===\n    code\n|a|b|\n|--|--|\n|c|d|",
    "emphasis": "**b** __b__ *i* _i_ ~~s~~ ~s~ `c` ``c`` $x$ $$x$$ $`x`$ \\( \\) &lt;b&gt; &#60;b&#62; &copy; \\",
    "template": "{{ 7*7 }} {% raw %} {# x #} {{ super() }} ${{ github.token }}",
    "cells": "| a | b\n|--|--|\na \\| b \\\\| c `|` `\\|`",
}


class Page(HTMLParser):
    """Some HTML: its tags, attributes and comments, its words outside of code, and whether tags nest."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.links, self.languages, self.comments = set(), set(), set(), []
        self.words, self.is_sound, self._open = "", True, []
        self.feed(text)
        self.close()
        self.is_sound = self.is_sound and not self._open

    def handle_starttag(self, tag, attrs):
        """An opening tag."""
        self.tags.add(tag)
        self.links |= {value for key, value in attrs if key in {"href", "src"}}
        self.languages |= {value for key, value in attrs if key in {"class", "lang"}}
        if tag not in {"br", "hr", "img", "input"}:
            self._open.append(tag)

    def handle_endtag(self, tag):
        """A closing tag."""
        self.is_sound = self.is_sound and bool(self._open) and self._open.pop() == tag

    def handle_data(self, data):
        """Some words."""
        if not {"code", "pre"} & set(self._open):
            self.words += data

    def handle_comment(self, data):
        """A comment."""
        self.comments.append(data)

    handle_decl = handle_pi = unknown_decl = handle_comment


def content(text):
    """Results that hold a text wherever they can hold one."""
    name = text[:480]
    path = re.sub(r"[/\\\x00-\x1f]|\.\.", "", name).replace(":", "")
    place = {"path": path, "line": 1}
    column, change = {"name": name, "dtype": name}, {"name": name, "before": text, "after": f"{text[:-1]}'"}
    score = {"metric": "roc_auc", "rows": 900, "baseline": 0.92, "candidate": 0.87, "gain": -0.05, "low": -0.06,
             "high": -0.04, "method": name, "margin": 0.003, "status": "worse", "verdict": "fail", "gated": True,
             "note": text}  # fmt: skip
    rule = {"metric": "roc_auc", "rule": "max_regression", "threshold": 0.003, "value": 0.87, "verdict": "fail",
            "status": "worse", "message": text, "location": place}  # fmt: skip
    side = {"winner": name, "estimator": name, "train_rows": 3_000, "params": {name: text}, "features": [column],
            "packages": {name: name}}  # fmt: skip
    model = {
        "verdict": "fail", "dataset": name, "task": "binary", "target": name, "positive": name, "classes": [name],
        "primary": "roc_auc", "holdout": {"rows": 900, "train_rows": 3_000, "how": text,
                                                                 "overlap_by": "key", "groups": 9, "cluster": name,
                                                                 "sample_weight": name, "judged": 3},
        "candidates": [{"name": name, "cv_mean": 0.9, "cv_std": 0.1, "elected": True}, {"name": f"{name}'"}],
        "winner": name, "side": side,
        "baseline": {"source": "retrained", "paired": False, "reason": text, "side": side},
        "difference": {
            "winner": change, "params": [change], "features_added": [name], "features_removed": [name],
            "features_retyped": [change], "packages": [{"name": name, "before": name, "after": ""}], "files": [name],
        },
        "comparisons": [score, {**score, "slice": name}, {**score, "slice": f"{name}'", "gated": False}],
        "gates": [rule, {**rule, "slice": name}, {**rule, "rule": "min", "status": None, "value": None},
                  {**rule, "reference": name}, {**rule, "metric": "selection_rate_ratio", "sensitive": name}],
        "repeats": 3,
        "fairness": [{"sensitive": name, "note": text, "comparisons": [{**score, "metric": "selection_rate_ratio"}],
                      "groups": [{"name": name, "rows": 9, "candidate": {"selection_rate": 0.1}}]}],
        "references": [{"name": name, "sha": name, "side": side, "comparisons": [score]},
                       {"name": f"{name}'", "reason": text}],
        "search": {"metric": "roc_auc", "columns": [name], "depth": 2, "slices": 9, "min_rows": 1, "worse": 1,
                   "worst": {**score, "slice": name}},
    }  # fmt: skip
    calm = {
        **model,
        "verdict": "pass",
        "comparisons": [{**score, "status": "better", "verdict": "pass"}],
        "gates": [],
        "fairness": [],
        "references": [],
        "search": None,
    }
    expected = {"type": name, "column": name, "success": False, "unexpected_count": 3, "element_count": 9,
                "description": text, "error": text, "location": place}  # fmt: skip
    dataset = {
        "path": name, "rows": 4_000, "bytes": 10**6, "fingerprint": name, "columns": [column],
        "validation": {"suite": name, "engine": name, "success": False, "verdict": "fail", "evaluated": 1, "failed": 1,
                       "expectations": [expected]},
        "change": {"status": "changed", "rows_before": 1, "note": text, "columns": [
            {"column": name, "what": what, "before": name, "after": name} for what in ("mean", "added", "type")
        ]},
    }  # fmt: skip
    findings = [
        {"code": code, "severity": severity, "message": text, "hint": text, "location": place, "subject": name,
         "detail": text}
        for code, severity in (("MLCI101", "fail"), ("MLCI201", "fail"), ("MLCI301", "warn"), ("MLCI999", "info"))
    ]  # fmt: skip
    results = {
        "mlci": name, "verdict": "fail", "head": {"sha": HEAD, "ref": name, "subject": text},
        "base": {"sha": name, "ref": name, "subject": text}, "datasets": {"adult": dataset},
        "models": {"income": model, "calm": {**calm, "comparisons": [{**score, "gated": False}]}, "better": calm | {
            "comparisons": [{**score, "gated": False, "status": "better"}]}},
        "findings": findings, "files": [{"path": text}, {"path": "x", "added": 1}],
        "environment": {name: name}, "timings": {name: 1.0},
    }  # fmt: skip
    return Results.model_validate(results).to_json().encode()


def shown(text, budget=COMMENT, **options):
    """The comment that a stranger's text becomes, and the page that GitHub makes of it."""
    results = received.check(content(text), head_sha=HEAD)
    comment = fit(results, budget, run_id=5, **LINKS, **options)
    return comment, Page(cmarkgfm.github_flavored_markdown_to_html(comment, FLAGS))


def harm(comment, page, budget=COMMENT):
    """Everything that a stranger's text has done to a comment."""
    done = {
        "too long": len(comment.encode()) > budget,
        "mark": mark_of(comment) != Mark("default", HEAD, 5),
        "comments": len(page.comments) != 1,
        "tags": page.tags - TAGS,
        "shape": not page.is_sound,
        "links": page.links - {*LINKS.values()},
        "languages": page.languages - {"text"},
        "spoken": SPOKEN.search(page.words),
        "hidden": HIDDEN.search(comment),
    }
    return {what: found for what, found in done.items() if found}


@pytest.mark.parametrize("budget", [COMMENT, 12_000, 4_000])
@pytest.mark.parametrize("kind", EVIL)
def test_report__a_strangers_text_does_nothing(kind, budget):
    """No tag, link, image, mention, fence, mark or hidden character of a stranger's comes out, however little fits."""
    assert harm(*shown(EVIL[kind], budget), budget) == {}


@pytest.mark.parametrize("kind", EVIL)
def test_report__nor_through_a_template(kind):
    """Nor does it through the base branch's template, which prints texts as they are."""
    assert harm(*shown(EVIL[kind], template=TEMPLATE)) == {}


def test_report__all_of_it_together():
    """Nor does everything at once."""
    assert harm(*shown("\n".join(EVIL.values()))) == {}


PIECES = [piece for each in EVIL.values() for piece in re.split(r"(\s)", each)] + ["\n", " ", "`", "\\", "|", "'"]


@settings(max_examples=25)
@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=3), min_size=1, max_size=15).map("".join))
def test_report__any_mixture(text):
    """Nor does any mixture of it."""
    assert harm(*shown(text, 20_000), 20_000) == {}


def test_report__megabytes_of_names():
    """Results as large as are taken become a comment that fits."""
    long = "".join(EVIL.values()) * 20
    results = Results.model_validate_json(content(long[:20_000]))
    many = results.model_copy(update={"findings": results.findings * 12})
    raw = many.to_json().encode()
    comment = fit(received.check(raw, head_sha=HEAD), run_id=5, **LINKS)
    assert len(raw) > 2_000_000
    assert harm(comment, Page(cmarkgfm.github_flavored_markdown_to_html(comment, FLAGS))) == {}


def test_report__a_hundred_models():
    """With as many models as are taken, a comment is the headline at last."""
    results = Results.model_validate_json(content("x`|" * 100))
    empty = {"difference": Difference(), "candidates": (), "comparisons": (), "gates": (), "side": None}
    model = results.models["income"].model_copy(update=empty)
    models = {f"m{i}" + "x" * 50: model for i in range(received.MOST["models"])}
    comment = fit(results.model_copy(update={"models": models}), run_id=5, **LINKS)
    assert harm(comment, Page(cmarkgfm.github_flavored_markdown_to_html(comment, FLAGS))) == {}
