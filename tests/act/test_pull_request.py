"""The action on a pull request: comment, check, summary, outputs, and what it does where GitHub does not answer."""

from __future__ import annotations

import re

import pytest
from github_api import Fault

PASSING = "version: 1\ndatasets: {people: {path: data.csv, key: id, suite: suite.json}}\n"
SUITE = """{"name": "people", "expectations": [
  {"type": "expect_column_values_to_be_between", "kwargs": {"column": "a", "min_value": 0, "max_value": %s}}
]}"""


def asked(github):
    """What was asked of the API, without its numbers."""
    paths = [each.path.partition("?")[0].removeprefix("/repos/octo/flights") for each in github.requests]
    return [f"{each.method} {path}" for each, path in zip(github.requests, paths, strict=True)]


def only(items):
    """The one thing that there is."""
    (found,) = items
    return found


def test_first_report__takes_four_calls(runner, github):
    """Check begun and completed, comments listed, comment posted: no call more."""
    ran = runner.run()

    check = only(github.check_runs)["id"]
    assert (ran.code, asked(github)) == (
        0,
        ["POST /check-runs", f"PATCH /check-runs/{check}", "GET /issues/7/comments", "POST /issues/7/comments"],
    )


def test_first_report__everywhere(runner, github, checkout):
    """Comment, check, summary and outputs speak of the same run."""
    ran = runner.run()

    comment, check = only(github.comments(7)), only(github.check_runs)
    head = checkout.git("rev-parse", "HEAD")
    assert comment["body"].splitlines()[0] == f"<!-- mlci id=default head={head} run=4711 -->"
    assert (check["name"], check["head_sha"], check["status"], check["conclusion"]) == (
        "mlci",
        head,
        "completed",
        "neutral",  # a dataset without a suite warns
    )
    assert check["output"]["title"] in comment["body"].replace("\\", "").replace("`", "")
    assert ran.outputs == {
        "verdict": "warn",
        "failed-gates": "0",
        "regressions": "0",
        "results-path": "mlci-out/results.json",
        "report-path": "mlci-out/report.md",
        "comment-url": comment["html_url"],
        "check-url": check["html_url"],
    }
    assert ran.summary.splitlines()[0] == comment["body"].splitlines()[0]
    assert "https://github.example/octo/flights/actions/runs/4711" in comment["body"]


def test_second_report__updates_the_first(runner, github, push):
    """A new head's report takes the comment over; nothing is posted twice, and no call is made in vain."""
    runner.run()
    url = only(github.comments(7))["html_url"]
    head, before = push(run=4712), len(github.requests)

    ran = runner.run()

    comment = only(github.comments(7))
    assert (ran.outputs["comment-url"], comment["body"].splitlines()[0], len(github.check_runs)) == (
        url,
        f"<!-- mlci id=default head={head} run=4712 -->",
        2,
    )
    assert len(github.requests) - before == 4  # begin and complete the check, list, update


def test_older_run__leaves_a_newer_report_alone(runner, github):
    """A run that was started earlier and ends later does not take the comment back."""
    runner.variables["GITHUB_RUN_ID"] = "5000"
    runner.run()
    body = only(github.comments(7))["body"]
    runner.variables["GITHUB_RUN_ID"] = "4999"

    ran = runner.run()

    assert (only(github.comments(7))["body"], "left alone" in ran.log) == (body, True)


def test_two_configurations__side_by_side(runner, github):
    """Each `comment-id` has its own comment, and its own check by default."""
    runner.run(comment_id="north")
    runner.run(comment_id="south")

    told = [re.findall("`(north|south)`", each["body"]) for each in github.comments(7)]
    assert (told, [each["name"] for each in github.check_runs]) == (
        [["north"], ["south"]],
        ["mlci (north)", "mlci (south)"],
    )


@pytest.mark.parametrize(("limit", "expected"), [(9, (0, "success")), (1, (1, "failure"))])
def test_on_change__comments_only_where_there_is_news(runner, github, checkout, push, limit, expected):  # noqa: PLR0913, PLR0917 - fixtures
    """`comment: on-change` says nothing of a pull request in which nothing moved; the check says it."""
    checkout.put("mlci.yml", PASSING).put("suite.json", SUITE % limit).commit("a suite")
    checkout.git("branch", "--force", "main", "HEAD")
    checkout.put("README", "x")
    push()

    runner.run(comment="on-change")

    assert (len(github.comments(7)), only(github.check_runs)["conclusion"]) == expected


def test_failing_expectation__is_annotated_at_its_line(runner, github, checkout, push):
    """The check shows the failure where the suite states it; the step fails."""
    checkout.put("mlci.yml", PASSING).put("suite.json", SUITE % 1)
    push()

    ran = runner.run()

    check = only(github.check_runs)
    places = {(each["path"], each["start_line"], each["annotation_level"]) for each in check["annotations"]}
    assert (ran.code, check["conclusion"], ("suite.json", 2, "failure") in places) == (1, "failure", True)


@pytest.mark.parametrize(("suite", "path"), [("suite.json", "team/suite.json"), ("../suite.json", "suite.json")])
def test_configuration_in_a_folder__is_annotated_from_the_top(runner, github, checkout, push, suite, path):  # noqa: PLR0913, PLR0917 - fixtures
    """Places are told from the repository's top, wherever the configuration and its suite lie."""
    checkout.put("team/mlci.yml", PASSING.replace("suite.json", suite)).put("team/data.csv", "id,a\n1,2\n")
    checkout.put(path, SUITE % 1)
    push()

    runner.run(config="team/mlci.yml")

    assert path in {each["path"] for each in only(github.check_runs)["annotations"]}


@pytest.mark.parametrize(("fail_on", "code", "conclusion"), [("warn", 1, "failure"), ("never", 0, "neutral")])
def test_fail_on__chooses_what_fails_the_step(runner, github, fail_on, code, conclusion):
    """A warning fails the step and the check only where that was asked for."""
    ran = runner.run(fail_on=fail_on)

    assert (ran.code, only(github.check_runs)["conclusion"]) == (code, conclusion)


def test_wrong_configuration__is_reported(runner, github, checkout, push):
    """A configuration that does not hold ends the step with 2, and the pull request says why, at its line."""
    checkout.put("mlci.yml", CONFIG_WITH_A_TYPO)
    head = push()

    ran = runner.run()

    check = only(github.check_runs)
    assert (ran.code, check["conclusion"], ran.outputs["verdict"]) == (2, "failure", "fail")
    assert ("keyy" in only(github.comments(7))["body"], check["annotations"][0]["start_line"]) == (True, 5)
    assert ran.results["head"]["sha"] == head


CONFIG_WITH_A_TYPO = """\
version: 1
datasets:
  people:
    path: data.csv
    keyy: id
"""


def test_no_permission__costs_the_report_nothing(runner, github):
    """Where the token may not write, the lines to add are told, and summary, outputs and exit code are as ever."""
    github.token("t0ken", login="github-actions[bot]", app="github-actions", permissions={"contents": "read"})

    ran = runner.run(fail_on="warn")

    assert (ran.code, ran.outputs["verdict"], github.comments(7), github.check_runs) == (1, "warn", [], [])
    assert all("checks: write" in text and "pull-requests: write" in text for text in (ran.log, ran.summary))
    assert "::warning" in ran.log


def test_fork__is_told_of_the_second_workflow(runner, github):
    """A fork's token only reads: one call is refused, no warning is shown, and the way out is named."""
    github.token("t0ken", login="github-actions[bot]", app="github-actions", permissions={"contents": "read"})
    runner.payload["pull_request"]["head"]["repo"] = {"full_name": "fork/flights", "owner": {"login": "fork"}}

    ran = runner.run()

    assert (ran.code, asked(github), "second workflow" in ran.summary) == (0, ["POST /check-runs"], True)


def test_github_down__the_verdict_stands(runner, github):
    """Without GitHub the verdict still sets the exit code, and the report is in the output folder."""
    github.fail(Fault(method=".*", path=".*", status=503, times=1000))

    ran = runner.run(fail_on="warn", timeout=120)

    assert (ran.code, ran.outputs["verdict"], ran.outputs["comment-url"]) == (1, "warn", "")
    assert (ran.workspace / "mlci-out" / "report.html").is_file()


def test_no_token__judges_and_posts_nothing(runner, github):
    """An empty token is no error: the report is in the summary."""
    ran = runner.run(github_token="")

    assert (ran.code, github.requests, "mlci" in ran.summary) == (0, [], True)


def test_mode_evaluate__posts_nothing(runner, github):
    """`mode: evaluate` leaves the posting to another workflow."""
    ran = runner.run(mode="evaluate")

    assert (ran.code, github.requests, ran.outputs["check-url"]) == (0, [], "")


def test_hostile_names__make_no_command(runner, checkout, push):
    """What the pull request names is printed where the runner takes no commands."""
    checkout.put("mlci.yml", CONFIG_WITH_A_COMMAND)
    push("::error::forged")

    ran = runner.run()

    stopped, forged = "", []
    for line in map(str.strip, ran.log.splitlines()):
        if stopped:
            stopped = "" if line == f"::{stopped}::" else stopped
        elif line.startswith("::stop-commands::"):
            stopped = line.removeprefix("::stop-commands::")
        elif line.startswith(("::set-output", "::error::forged", "##[")):
            forged.append(line)
    assert (forged, stopped) == ([], "")


def test_template_of_a_pull_request_that_brings_the_configuration__is_not_taken(runner, github, checkout, push):
    """Where the base has no configuration, a pull request does not write its own report."""
    checkout.git("rm", "--quiet", "mlci.yml")
    checkout.commit("none")
    checkout.git("branch", "--force", "main", "HEAD")
    checkout.put("mlci.yml", CONFIG_OF.format(path="data.csv") + "report: {template: t.j2}\n")
    checkout.put("t.j2", '{% extends "base" %}{% block headline %}forged{% endblock %}')
    push()

    runner.run()

    body = only(github.comments(7))["body"]
    assert ("forged" in body, "## " in body, "mlci.yml is new here" in body) == (False, True, True)


@pytest.mark.parametrize(
    "path",
    [
        "/proc/self/environ",
        "../secret.csv",
        "link.csv",
        "file:///proc/self/environ",
        "reference://*.csv::file:///proc/self/environ",
        "simplecache::https://example.invalid/a.csv",
    ],
)
def test_data_outside_of_the_repository__are_not_read(runner, checkout, push, path):
    """A pull request does not have mlci read what its own code could not, such as the environment of the process."""
    (checkout.folder.parent / "secret.csv").write_text("id,s3cret\n1,2\n")
    (checkout.folder / "link.csv").symlink_to("../secret.csv")
    checkout.put("mlci.yml", CONFIG_OF.format(path=path))
    push()

    ran = runner.run()

    said = [each["message"] for each in ran.results["findings"] if each["code"] == "MLCI100"]
    assert (ran.code, len(said), "s3cret" in ran.log + ran.summary) == (2, 1, False)


CONFIG_OF = """\
version: 1
datasets: {{people: {{path: "{path}"}}}}
"""

CONFIG_WITH_A_COMMAND = """\
version: 1
datasets:
  people:
    path: "\\n::set-output name=verdict::pass\\n##[error]forged"
"""
