"""The stage of the end-to-end runs: a checkout as a runner leaves it, act, the image, and GitHub's API.

`scripts/e2e` builds the image and names it in MLCI_E2E_IMAGE; without it these tests are left out. What act does
otherwise than GitHub stands in tests/README.md.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from github_api import GitHub

TOP = Path(__file__).parents[2]
EXAMPLES = TOP / ".venv/npm/node_modules/@octokit/webhooks-examples/api.github.com/index.json"
REPOSITORY, NUMBER, TOKEN = "octo/flights", 7, "gh5-token-of-the-job"
UPLOADER = Path(__file__).with_name("upload-artifact")
RUNNER = 1001  # the user that a runner's workspace belongs to

IMAGE = os.environ.get("MLCI_E2E_IMAGE", "")

CONFIG = """\
version: 1
datasets:
  people: {path: data.csv, key: id, suite: suite.json}
models:
  late:
    dataset: people
    target: late
    task: binary
    positive: "yes"
    candidates: {plain: "pipeline:plain"}
    primary: roc_auc
    metrics: [roc_auc, accuracy]
    gates:
      roc_auc: {max_regression: 0.02}
"""

SUITE = {
    "name": "people",
    "expectations": [{"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "id"}}],
}

PIPELINE = '''\
"""The candidates."""
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

COLUMNS = ["a", "b"]


def plain():
    return make_pipeline(make_column_transformer(("passthrough", COLUMNS)), LogisticRegression())
'''


def pytest_collection_modifyitems(config, items):
    """Leave these tests out where there is no image, and every other one's run alone."""
    mine = [each for each in items if each.get_closest_marker("e2e")]
    if mine and not IMAGE:
        config.hook.pytest_deselected(items=mine)
        items[:] = [each for each in items if each not in mine]


def table(rows: int = 800) -> str:
    """A table in which `a` and `b` tell `late` well, but not perfectly."""
    draw = random.Random(1)  # noqa: S311 - data, not secrets
    lines = ["id,a,b,late"]
    for i in range(rows):
        a, b = draw.gauss(0, 1), draw.gauss(0, 1)
        lines.append(f"{i},{a:.4f},{b:.4f},{'yes' if a + b + draw.gauss(0, 0.5) > 0 else 'no'}")
    return "\n".join(lines) + "\n"


def payload(event: str, action: str) -> dict[str, Any]:
    """A real payload of GitHub's, as its webhooks send it."""
    found = next(each for each in json.loads(EXAMPLES.read_bytes()) if each["name"] == event)
    return next(each for each in found["examples"] if each["action"] == action)


@dataclass(frozen=True)
class Ran:
    """What a workflow did: act's exit code and log, the outputs of mlci's step, and files with another owner."""

    code: int
    log: str
    not_the_runners: list[str]

    @property
    def outputs(self) -> dict[str, str]:
        """The step's outputs."""
        return dict(re.findall(r"::set-output:: ([\w-]+)=(.*)", self.log))

    @property
    def exit_code(self) -> int:
        """The container's."""
        failed = re.search(r"exit with `FAILURE`: (\d+)", self.log)
        return int(failed[1]) if failed else 0


class Stage:
    """A repository on GitHub with one pull request, and a runner for its workflows."""

    def __init__(self, folder: Path, github: GitHub, make_repo) -> None:
        self.folder, self.github = folder, github
        self.make_repo = make_repo
        self.source = make_repo("source")
        self.workspace = folder / "workspace"
        self.head = self.base = ""
        self.owner = "octo"
        self.runs = 76
        self.action = folder / "action"
        self.action.mkdir()
        text = (TOP / "action.yml").read_text(encoding="utf-8")
        named = re.sub(r"(?m)^(  image:) .*$", rf"\1 docker://{IMAGE}", text)
        (self.action / "action.yml").write_text(named, encoding="utf-8")

    def main(self, workflow: str, **files: str) -> None:
        """Commit to `main`: a workflow, and a model with its data."""
        self.source.put(".github/workflows/mlci.yml", workflow).put("mlci.yml", CONFIG).put("data.csv", table())
        self.source.put("suite.json", json.dumps(SUITE)).put("pipeline.py", PIPELINE).put(".gitignore", "mlci-out/\n")
        self.base = self.source.write(**files).commit("main")

    def change(self, pipeline: str, *, owner: str = "octo", **files: str) -> None:
        """Push to the pull request, opened where there is none, and check its test merge out as a runner does."""
        self.source.git("switch", "--quiet", "-C", "topic", "topic" if self.head else "main")
        self.head = self.source.put("pipeline.py", pipeline).write(**files).commit("A change")
        self.source.git("switch", "--quiet", "-C", "merge", "main")
        self.source.git("merge", "--quiet", "--no-ff", "--message=Merge topic into main", "topic")
        self.source.git("switch", "--quiet", "topic")
        self.github.pull(NUMBER, head_sha=self.head, base_sha=self.base, head_owner=owner, files=["pipeline.py"])
        self.owner = owner
        self._check_out()

    def _check_out(self) -> None:
        """A shallow clone at the test merge, whose remote lies where the container sees it."""
        if self.workspace.exists():
            shutil.rmtree(self.workspace)
        remote = self.folder / "remote.git"
        self.source.git("clone", "--quiet", "--bare", str(self.source.folder), str(remote))
        self.source.git("clone", "--quiet", "--depth=1", "--branch=merge", remote.as_uri(), str(self.workspace))
        remote = remote.rename(self.workspace / ".git" / "remote.git")
        for command in (("remote", "set-url", "origin", remote.as_uri()), ("checkout", "--quiet", "--detach")):
            self.source.git("-C", str(self.workspace), *command)
        self.source.git("-C", str(self.workspace), "branch", "--quiet", "-D", "merge")
        if os.geteuid() == 0:
            for path in (self.workspace, *self.workspace.rglob("*")):
                os.chown(path, RUNNER, RUNNER, follow_symlinks=False)

    def pull_request(self) -> Ran:
        """Run the workflow of the pull request."""
        event = payload("pull_request", "opened")
        sides = {"head": (self.head, "topic", self.owner), "base": (self.base, "main", "octo")}
        for side, (sha, ref, owner) in sides.items():
            told = event["pull_request"][side]
            told |= {"sha": sha, "ref": ref, "label": f"{owner}:{ref}"}
            told["repo"] |= {"full_name": f"{owner}/flights", "name": "flights", "fork": owner != "octo"}
        event["number"] = event["pull_request"]["number"] = NUMBER
        self.runs += 1
        workflow = self.workspace / ".github" / "workflows" / "mlci.yml"
        return self._act("pull_request", event, self.workspace, workflow, GITHUB_RUN_ID=str(self.runs))

    def workflow_run(self, workflow: str) -> Ran:
        """Run the workflow that starts when the last one has ended; it runs on `main`, and checks out nothing."""
        event = payload("workflow_run", "completed")
        run = {"id": self.runs, "head_sha": self.head, "head_branch": "topic", "event": "pull_request"}
        event["workflow_run"] |= {**run, "conclusion": "success", "status": "completed", "pull_requests": []}
        event["workflow_run"]["head_repository"] |= {"full_name": f"{self.owner}/flights", "name": "flights"}
        workspace = self.make_repo("empty")
        workspace.commit("act takes GITHUB_SHA from here")
        (self.folder / "report.yml").write_text(workflow, encoding="utf-8")
        return self._act("workflow_run", event, workspace.folder, self.folder / "report.yml", GITHUB_RUN_ID="900")

    def _act(self, name: str, event: dict[str, Any], workspace: Path, workflow: Path, **env: str) -> Ran:
        event["repository"] |= {"full_name": REPOSITORY, "name": "flights", "default_branch": "main"}
        path = self.folder / "event.json"
        path.write_text(json.dumps(event), encoding="utf-8")
        certificates = os.environ.get("SSL_CERT_FILE", "")  # a machine behind a proxy has its own
        env |= {"SSL_CERT_FILE": certificates} if certificates else {}
        env |= {"GITHUB_API_URL": self.github.url, "GITHUB_REPOSITORY": REPOSITORY, "GITHUB_ACTOR": "ada"}
        uploads = re.findall(r"uses: actions/upload-artifact@(\S+)", workflow.read_text(encoding="utf-8"))
        done = subprocess.run(
            [
                *(
                    str(Path(sys.executable).with_name("act")),
                    name,
                    "--eventpath",
                    str(path),
                    "--workflows",
                    str(workflow),
                ),
                *("--bind", "--rm", "--pull=false", "--no-cache-server", "--container-daemon-socket", "-"),
                *("--platform", f"ubuntu-latest={os.environ['MLCI_E2E_RUNNER']}"),
                *("--secret", f"GITHUB_TOKEN={TOKEN}"),
                *(part for key, value in env.items() for part in ("--env", f"{key}={value}")),
                *("--local-repository", f"mlci/mlci@v0={self.action}"),
                *(
                    part
                    for ref in uploads
                    for part in ("--local-repository", f"actions/upload-artifact@{ref}={UPLOADER}")
                ),
            ],
            cwd=workspace,
            env={**os.environ, "HOME": str(self.folder / "home"), "XDG_CACHE_HOME": str(self.folder / "home")},
            capture_output=True,
            text=True,
            check=False,
        )
        sys.stdout.write(f"{done.stdout}\n{done.stderr}\n")  # pytest shows it where a test fails
        owner = workspace.stat().st_uid
        foreign = [str(each) for each in workspace.rglob("*") if each.lstat().st_uid != owner]
        return Ran(done.returncode, done.stdout, foreign)

    def board(self) -> dict[str, Any]:
        """What stands on GitHub: comments by place, marker and title; checks by state, title and annotations."""
        comments = [(place, *each["body"].splitlines()[:2]) for place, each in enumerate(self.github.comments(NUMBER))]
        checks = [
            {
                "name": each["name"],
                "head": each["head_sha"],
                "state": (each["status"], each["conclusion"]),
                "title": each["output"]["title"],
                "annotations": [
                    (note["path"], note["start_line"], note["annotation_level"]) for note in each["annotations"]
                ],
            }
            for each in self.github.check_runs
        ]
        return {"comments": comments, "checks": checks}


@pytest.fixture
def github():
    """GitHub with an empty repository and a token that may write; all traffic must fit GitHub's description."""
    with GitHub(repository=REPOSITORY) as server:
        permissions = {"checks": "write", "pull-requests": "write", "contents": "read", "actions": "read"}
        server.token(TOKEN, login="github-actions[bot]", app="github-actions", permissions=permissions)
        yield server
    assert server.violations == []


@pytest.fixture
def stage(tmp_path, github, make_repo):
    """The stage, empty."""
    return Stage(tmp_path, github, make_repo)


@pytest.fixture(scope="session")
def workflow():
    """The README's workflow, word for word."""
    blocks = re.findall(r"(?ms)^```yaml\n(.*?)^```$", (TOP / "README.md").read_text(encoding="utf-8"))
    return next(each for each in blocks if "uses: mlci/mlci@" in each)


@pytest.fixture(scope="session")
def fork_workflows():
    """The two workflows for forks, word for word."""
    return tuple((TOP / "docs/workflows" / name).read_text() for name in ("fork-evaluate.yml", "fork-publish.yml"))
