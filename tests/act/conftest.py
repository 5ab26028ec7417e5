"""A pull request on a stand-in of GitHub, and the action run on its checkout as a runner runs it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from github_api import GitHub

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = "t0ken"  # noqa: S105 - of a stand-in
RUN = 4711

CONFIG = """\
version: 1
datasets:
  people:
    path: data.csv
    key: id
"""


@dataclass(frozen=True)
class Ran:
    """What a step of a workflow did."""

    code: int
    log: str
    outputs: dict
    summary: str
    workspace: Path

    @property
    def results(self):
        """results.json as plain data."""
        return json.loads((self.workspace / "mlci-out" / "results.json").read_text())


@dataclass
class Runner:
    """What the runner knows of a step: workspace, event, variables."""

    workspace: Path
    folder: Path
    api: str
    event: str = "pull_request"
    payload: dict = field(default_factory=dict)
    variables: dict = field(default_factory=dict)
    process: subprocess.Popen | None = None

    def run(self, *arguments, timeout=60, **inputs):
        """Run the action with these inputs, or another command; underscores in their names stand for hyphens."""
        self.folder.mkdir(exist_ok=True)
        files = {name: self.folder / name for name in ("event.json", "output", "summary")}
        files["event.json"].write_text(json.dumps(self.payload))
        for name in ("output", "summary"):
            files[name].write_text("")
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "INPUT_", "RUNNER_"))
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mlci", *(arguments or ("action",))],
            cwd=self.workspace,
            env={
                **kept,
                "GITHUB_ACTIONS": "true",
                "GITHUB_EVENT_NAME": self.event,
                "GITHUB_EVENT_PATH": str(files["event.json"]),
                "GITHUB_OUTPUT": str(files["output"]),
                "GITHUB_STEP_SUMMARY": str(files["summary"]),
                "GITHUB_REPOSITORY": "octo/flights",
                "GITHUB_RUN_ID": str(RUN),
                "GITHUB_RUN_ATTEMPT": "1",
                "GITHUB_SERVER_URL": "https://github.example",
                "GITHUB_API_URL": self.api,
                "GITHUB_ACTOR": "ada",
                "GITHUB_REF": "refs/pull/7/merge",
                "GITHUB_WORKSPACE": str(self.workspace),
                "INPUT_GITHUB-TOKEN": TOKEN,
                **{f"INPUT_{name.upper().replace('_', '-')}": value for name, value in inputs.items()},
                **self.variables,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            log, _ = self.process.communicate(timeout=timeout)
        finally:
            self.process.kill()
            self.process.wait()
        assert "Traceback" not in log, log
        assert TOKEN not in re.sub(rf"::add-mask::{TOKEN}\n", "", log)
        return Ran(
            self.process.returncode,
            log,
            _outputs(files["output"].read_text()),
            files["summary"].read_text(),
            self.workspace,
        )


def _outputs(text):
    """Outputs as the runner reads them."""
    found, lines = {}, iter(text.splitlines())
    for line in lines:
        name, _, end = line.partition("<<")
        value = []
        for each in lines:
            if each == end:
                break
            value.append(each)
        found[name] = "\n".join(value)
    return found


@pytest.fixture
def github():
    """GitHub with a token that may do all that a report needs; nothing may disagree with GitHub's description."""
    with GitHub(repository="octo/flights") as github:
        github.token(
            TOKEN,
            login="github-actions[bot]",
            app="github-actions",
            permissions={"checks": "write", "pull-requests": "write", "contents": "read", "actions": "read"},
        )
        yield github
    assert github.violations == []


def pull(number, head, base, *, owner="octo"):
    """The part of a payload that tells a pull request."""
    return {
        "number": number,
        "head": {"sha": head, "ref": "topic", "repo": {"full_name": f"{owner}/flights", "owner": {"login": owner}}},
        "base": {"sha": base, "ref": "main", "repo": {"full_name": "octo/flights", "owner": {"login": "octo"}}},
    }


@pytest.fixture
def checkout(repo):
    """A repository whose work tree is at a pull request's head."""
    repo.put("mlci.yml", CONFIG).put("data.csv", "id,a\n1,2\n2,3\n").put(".gitignore", "mlci-out/\n").commit("main")
    repo.git("switch", "--quiet", "--create", "topic")
    repo.put("README", "changed").commit("topic")
    return repo


@pytest.fixture
def runner(checkout, github, tmp_path):
    """A runner at the pull request 7, which GitHub knows as well."""
    head, base = checkout.git("rev-parse", "HEAD"), checkout.git("rev-parse", "main")
    github.pull(number=7, head_sha=head, base_sha=base, head_owner="octo", head_ref="topic", base_ref="main")
    return Runner(
        workspace=checkout.folder,
        folder=tmp_path / "runner",
        api=github.url,
        payload={
            "action": "synchronize",
            "number": 7,
            "pull_request": pull(7, head, base),
            "repository": {"full_name": "octo/flights", "default_branch": "main"},
        },
        variables={"GITHUB_SHA": head},
    )


@pytest.fixture
def push(runner, checkout, github):
    """Commit what was written, as a new head of the pull request; its SHA."""

    def push(message="more", run=None):
        head = checkout.commit(message)
        base = checkout.git("rev-parse", "main")
        owner = runner.payload["pull_request"]["head"]["repo"]["owner"]["login"]
        github.pull(number=7, head_sha=head, base_sha=base, head_owner=owner, head_ref="topic", base_ref="main")
        runner.payload["pull_request"] = pull(7, head, base, owner=owner)
        runner.variables["GITHUB_SHA"] = head
        runner.variables["GITHUB_RUN_ID"] = str(run or RUN)
        return head

    return push
