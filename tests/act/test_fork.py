"""A fork's pull request: one workflow, which may only read, judges; a second one posts its results, or refuses."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace

import pytest

RUN_OF_FORK = 99


def only(items):
    """The one thing that there is."""
    (found,) = items
    return found


def zipped(name="results.json", content=b"{}"):
    """An artifact of one file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


@pytest.fixture
def judged(runner, github, checkout):
    """The results that the first workflow found for a fork's pull request, and its head."""
    head, base = checkout.git("rev-parse", "HEAD"), checkout.git("rev-parse", "main")
    github.pull(number=7, head_sha=head, base_sha=base, head_owner="fork", head_ref="topic", base_ref="main")
    runner.payload["pull_request"]["head"]["repo"] = {"full_name": "fork/flights", "owner": {"login": "fork"}}
    ran = runner.run(mode="evaluate")
    assert github.requests == []
    return ran.results, head


@pytest.fixture
def publish(runner, github, judged, tmp_path):
    """Run the second workflow on what the first one left, or on something forged."""
    results, head = judged
    (tmp_path / "empty").mkdir()
    second = replace(runner, workspace=tmp_path / "empty", folder=tmp_path / "second", event="workflow_run")

    def publish(content=None, artifact=None, *, conclusion="success", **inputs):
        content = json.dumps(results).encode() if content is None else content
        github.artifact(run_id=RUN_OF_FORK, name="mlci-results", content=artifact or zipped(content=content))
        second.payload = {
            "action": "completed",
            "workflow_run": {
                "id": RUN_OF_FORK,
                "head_sha": head,
                "head_branch": "topic",
                "head_repository": {"full_name": "fork/flights", "owner": {"login": "fork"}},
                "event": "pull_request",
                "conclusion": conclusion,
            },
            "repository": {"full_name": "octo/flights", "default_branch": "main"},
        }
        return second.run(**inputs)

    return publish


def test_publish__posts_what_the_first_workflow_found(publish, github, judged):
    """Comment and check speak of the fork's head, and lead to the run that judged it."""
    results, head = judged

    ran = publish()

    comment, check = only(github.comments(7)), only(github.check_runs)
    assert comment["body"].splitlines()[0] == f"<!-- mlci id=default head={head} run={RUN_OF_FORK} -->"
    assert (ran.code, check["head_sha"], check["conclusion"], results["verdict"]) == (0, head, "neutral", "warn")
    assert f"actions/runs/{RUN_OF_FORK}" in comment["body"]
    assert (ran.outputs["comment-url"], ran.outputs["verdict"]) == (comment["html_url"], "warn")


@pytest.mark.parametrize("conclusion", ["cancelled", "skipped", "action_required", "startup_failure", "stale"])
def test_publish__of_a_run_that_judged_nothing(publish, github, conclusion):
    """A run that did not come to its end has no results: that is no failure of publishing."""
    ran = publish(conclusion=conclusion)

    assert (ran.code, github.requests) == (0, [])


def test_publish__again_updates(publish, github):
    """The second report of a fork takes the first one's comment over."""
    publish()
    publish()

    assert (len(github.comments(7)), len(github.check_runs)) == (1, 2)


def test_publish__by_the_base_branchs_template(publish, github, checkout):
    """The report is written by the template of the base branch, which is read through the API."""
    base = checkout.git("rev-parse", "main")
    github.file("mlci.yml", ref=base, text="version: 1\nreport: {template: t.j2}\n")
    github.file("t.j2", ref=base, text='{% extends "base" %}{% block footer %}Ask the team.{% endblock %}')

    publish()

    assert "Ask the team." in only(github.comments(7))["body"]


def test_publish__of_a_fork_that_changes_its_judge(publish, github, checkout):
    """What a changed workflow says of its own pull request is not taken for a pass."""
    head, base = checkout.git("rev-parse", "HEAD"), checkout.git("rev-parse", "main")
    github.pull(number=7, head_sha=head, base_sha=base, head_owner="fork", head_ref="topic", base_ref="main",
                files=[".github/workflows/mlci.yml"])  # fmt: skip

    publish()

    body = only(github.comments(7))["body"]
    assert (only(github.check_runs)["conclusion"], "MLCI514" in body) == ("action_required", True)


def forged(results, **changes):
    """Results with some values replaced."""
    return json.dumps({**results, **changes}).encode()


def hostile(judged):
    """Artifacts that are not what they should be, each with a word of what the log says."""
    results, _ = judged
    return {
        "another head": (forged(results, head={"sha": "f" * 40}), None, "These results are of"),
        "a better verdict": (forged(results, verdict="pass"), None, "say “pass” of the run"),
        "another schema": (b'{"version": 2}', None, "version"),
        "no JSON": (b"<script>", None, "Invalid JSON"),
        "deep JSON": (b"[" * 100_000, None, "nested more than 50 deep"),
        "huge": (b'"' + b"a" * 20_000_000 + b'"', None, "mlci-results"),
        "a path out": (None, zipped("../../results.json"), "mlci-results"),
        "no results": (None, zipped("other.json"), "mlci-results"),
        "no archive": (None, b"PK\x03\x04 not really", "mlci-results"),
    }


@pytest.mark.parametrize(
    "kind",
    [
        "another head",
        "a better verdict",
        "another schema",
        "no JSON",
        "deep JSON",
        "huge",
        "a path out",
        "no results",
        "no archive",
    ],
)
def test_publish__of_something_forged_changes_nothing(publish, github, judged, kind):
    """A forged or hostile artifact is refused by name: no comment, no check."""
    content, artifact, said = hostile(judged)[kind]

    ran = publish(content, artifact)

    wrote = [each.method for each in github.requests if each.method != "GET"]
    assert (ran.code, wrote, github.comments(7), github.check_runs) == (2, [], [], [])
    assert said in next(line for line in ran.log.splitlines() if line.startswith("::error"))


def test_publish__where_the_pull_request_has_moved_on(publish, github, checkout):
    """Results of a head that is no longer the pull request's are left alone."""
    base = checkout.git("rev-parse", "main")
    github.pull(number=7, head_sha="d" * 40, base_sha=base, head_owner="fork", head_ref="topic", base_ref="main")

    ran = publish()

    assert (ran.code, github.comments(7), "nothing to report to" in ran.log) == (0, [], True)


def test_publish__of_a_step_before(runner, github):
    """`mlci publish mlci-out` posts what `mlci run` left in the same job."""
    runner.run(mode="evaluate")

    ran = runner.run("publish", "mlci-out")

    assert (ran.code, len(github.comments(7)), only(github.check_runs)["conclusion"]) == (0, 1, "neutral")


def test_publish__of_nothing(runner, github):
    """Results that are not there are told, with where they are looked for."""
    ran = runner.run("publish", "mlci-out")

    assert (ran.code, github.requests, "There are no results at mlci-out" in ran.log) == (2, [], True)
