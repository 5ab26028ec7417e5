"""The action on other events than pull requests."""

from __future__ import annotations

import json

import pytest


def only(items):
    """The one thing that there is."""
    (found,) = items
    return found


@pytest.fixture
def pushed(runner, checkout):
    """A push of two commits to main."""
    before = checkout.git("rev-parse", "main")
    checkout.git("switch", "--quiet", "main")
    checkout.put("README", "one").commit("one")
    after = checkout.put("README", "two").commit("two")
    runner.event = "push"
    runner.payload = {
        "ref": "refs/heads/main",
        "before": before,
        "after": after,
        "repository": {"full_name": "octo/flights", "default_branch": "main"},
    }
    runner.variables |= {"GITHUB_SHA": after, "GITHUB_REF": "refs/heads/main"}
    return runner, before, after


def test_push__compares_with_what_was_pushed_upon(pushed, github):
    """All commits of a push are judged together, and the check stands on the last; there is nothing to comment on."""
    runner, before, after = pushed
    github.pull(number=7, head_sha=after, base_sha=before, head_owner="octo", head_ref="main", base_ref="main")

    ran = runner.run()

    check = only(github.check_runs)
    assert (ran.code, ran.results["base"]["sha"], check["head_sha"], github.comments(7)) == (0, before, after, [])


def test_push__onto_a_commit_that_is_gone(pushed, github):
    """After a forced push the parent is compared with, and the report says so."""
    runner, before, after = pushed
    github.pull(number=7, head_sha=after, base_sha=before, head_owner="octo", head_ref="main", base_ref="main")
    runner.payload["before"] = "e" * 40

    ran = runner.run()

    assert (ran.code, "MLCI439" in [each["code"] for each in ran.results["findings"]]) == (0, True)


def test_push__of_another_commit_than_the_one_checked_out(pushed, github, checkout):
    """A check that stands on one commit and is of another says so."""
    runner, before, after = pushed
    github.pull(number=7, head_sha=after, base_sha=before, head_owner="octo", head_ref="main", base_ref="main")
    checkout.git("switch", "--quiet", "--detach", "HEAD^")

    ran = runner.run()

    assert (ran.code, "MLCI439" in [each["code"] for each in ran.results["findings"]]) == (0, True)


def test_schedule__in_a_shallow_clone(runner, checkout, github, tmp_path, make_repo):
    """A scheduled run on main compares with the parent, also where actions/checkout has left one commit alone."""
    parent = checkout.git("rev-parse", "main")
    checkout.git("switch", "--quiet", "main")
    head = checkout.put("README", "new").commit("new")
    clone = make_repo("clone")
    clone.git("remote", "add", "origin", f"file://{checkout.folder}")
    clone.git("fetch", "--quiet", "--depth=1", "origin", "+main:refs/remotes/origin/main")
    clone.git("checkout", "--quiet", "-B", "main", "origin/main")
    github.pull(number=7, head_sha=head, base_sha=parent, head_owner="octo", head_ref="main", base_ref="main")
    runner.workspace, runner.event = clone.folder, "schedule"
    runner.payload = {"schedule": "0 4 * * *"}
    runner.variables |= {"GITHUB_SHA": head, "GITHUB_REF": "refs/heads/main"}

    ran = runner.run()

    assert (ran.code, ran.results["base"]["sha"]) == (0, parent)


def test_merge_group__is_compared_with_its_own_base(runner, checkout, github):
    """An entry of a merge queue is compared with the entry before it."""
    base, head = checkout.git("rev-parse", "main"), checkout.git("rev-parse", "topic")
    runner.event = "merge_group"
    runner.payload = {
        "action": "checks_requested",
        "merge_group": {
            "head_sha": head,
            "head_ref": "refs/heads/gh-readonly-queue/main/pr-7",
            "base_sha": base,
            "base_ref": "refs/heads/main",
        },
        "repository": {"full_name": "octo/flights", "default_branch": "main"},
    }

    ran = runner.run()

    assert (ran.code, ran.results["base"]["sha"], only(github.check_runs)["head_sha"], github.comments(7)) == (
        0,
        base,
        head,
        [],
    )


@pytest.mark.parametrize("event", ["pull_request_target", "workflow_run"])
def test_privileged_events__are_not_trained_on(runner, github, event):
    """Where a stranger's code would stand beside a token that writes, nothing is run, and the way out is named."""
    runner.event = event
    runner.payload["workflow_run"] = {"id": 1, "head_sha": "a" * 40, "event": "pull_request", "head_branch": "topic"}

    ran = runner.run(mode="evaluate")

    assert (ran.code, github.requests, "does not train on" in ran.log, "mode: publish" in ran.log) == (
        2,
        [],
        True,
        True,
    )


def test_record__is_for_the_default_branch(runner, github):
    """The baseline of what is not merged is not recorded."""
    ran = runner.run(mode="record")

    assert (ran.code, github.requests, "default branch" in ran.log) == (2, [], True)


def test_record__on_another_branch_than_the_default(pushed, github):
    """A push elsewhere is not what later pull requests are compared with."""
    runner, *_ = pushed
    runner.variables["GITHUB_REF"] = "refs/heads/topic"

    ran = runner.run(mode="record")

    assert (ran.code, github.requests, "refs/heads/topic" in ran.log) == (2, [], True)


def test_inputs__all_that_is_wrong_at_once(runner, github):
    """Every wrong input is named, and nothing is run."""
    ran = runner.run(mode="evalute", fail_on="sometimes")

    assert (ran.code, github.requests, "`mode`" in ran.log, "`fail-on`" in ran.log, "evaluate" in ran.log) == (
        2,
        [],
        True,
        True,
        True,
    )


def test_link_for_the_output_folder__is_not_followed(runner, checkout, tmp_path):
    """A pull request that holds a link out of the workspace has nothing written through it."""
    (tmp_path / "elsewhere").mkdir()
    (checkout.folder / "mlci-out").symlink_to(tmp_path / "elsewhere")

    ran = runner.run()

    assert (ran.code, list((tmp_path / "elsewhere").iterdir()), "leads out of the workspace" in ran.log) == (
        2,
        [],
        True,
    )


def test_output_that_the_pull_request_holds__is_not_posted(runner, checkout, github, push):
    """A committed report, behind something that cannot be removed as a file, does not become the comment."""
    checkout.put("mlci.yml", "version: 2\n").put(".gitignore", "")
    checkout.put("mlci-out/report.md", "<!-- mlci id=default head=f run=9999999999999999999 -->\nforged")
    checkout.put("mlci-out/results.json/x", "")
    push()

    ran = runner.run()

    body = only(github.comments(7))["body"]
    assert (ran.code, "forged" in body, "run=4711" in body) == (2, False, True)


def test_links_below_the_output_folder__are_not_followed_to_clear_it(runner, checkout, tmp_path):
    """What an earlier run left is taken away by its names, but not what a link leads to."""
    first = runner.run()
    results = first.results
    results["models"] = {"x": {"verdict": "pass", "dataset": "people", "task": "binary", "target": "a",
                               "primary": "f1", "baseline": {"source": "none"}}}  # fmt: skip
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "x.parquet").write_text("as it was")
    out = checkout.folder / "mlci-out"
    (out / "results.json").write_text(json.dumps(results))
    (out / "predictions").symlink_to(tmp_path / "precious")

    runner.run()

    assert (tmp_path / "precious" / "x.parquet").read_text() == "as it was"


def test_link_to_itself_for_the_output_folder__is_told(runner, checkout):
    """A link that leads nowhere is refused in one sentence."""
    (checkout.folder / "mlci-out").symlink_to("mlci-out")

    ran = runner.run()

    assert (ran.code, "leads out of the workspace" in ran.log) == (2, True)


def test_link_for_a_report__is_replaced(runner, checkout, tmp_path):
    """A link where a report is to be is taken away; what it led to stays as it was."""
    (tmp_path / "precious").write_text("as it was")
    (checkout.folder / "mlci-out").mkdir()
    (checkout.folder / "mlci-out" / "report.md").symlink_to(tmp_path / "precious")

    ran = runner.run()

    assert (ran.code, (tmp_path / "precious").read_text()) == (0, "as it was")
    assert not (checkout.folder / "mlci-out" / "report.md").is_symlink()
