from __future__ import annotations

import json
import re
from importlib import resources
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from mlci import __version__
from mlci.settings import INPUT_NAMES, inputs

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "github.md"
EXAMPLES = sorted((ROOT / "docs" / "workflows").glob("*.yml"))
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.fixture(scope="module")
def action():
    return YAML(typ="safe").load(ROOT / "action.yml")


@pytest.fixture(scope="module")
def schema():
    """What GitHub allows in an action.yml."""
    folder = resources.files("check_jsonschema.builtin_schemas") / "vendor"
    return json.loads((folder / "github-actions.json").read_text(encoding="utf-8"))


def rows(heading):
    """The rows of the table below a heading of the page, as lists of cells without code marks."""
    section = PAGE.read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2].partition("\n#")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines[1:]]


def steps(node):
    """Every step that uses the action, at any depth of a YAML document."""
    if isinstance(node, dict):
        if str(node.get("uses", "")).startswith("mlci/mlci@"):
            yield node
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from steps(each)


def uses():
    """What examples and pages give the action: (where, the names of its `with:`)."""
    yaml = YAML(typ="safe")
    for path in EXAMPLES:
        yield from ((path.name, step.get("with", {})) for step in steps(yaml.load(path)))
    for path in PAGES:
        for block in re.findall(r"```yaml\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL):
            yield from ((path.name, step.get("with", {})) for step in steps(yaml.load(block)))


def test_inputs__of_the_action_are_those_that_are_read(action):
    """action.yml declares the inputs that `mlci.settings` reads, in their order."""
    assert tuple(action["inputs"]) == INPUT_NAMES


def test_inputs__have_one_default(action):
    """What action.yml gives for an input that is left out is what `mlci.settings` takes for one that is empty."""
    given = {
        f"INPUT_{name.upper()}": str(each["default"])
        for name, each in action["inputs"].items()
        if "default" in each and name != "github-token"
    }

    assert inputs(given) == inputs({})


def test_inputs__default_to_the_jobs_own_token(action):
    """The token need not be given."""
    assert action["inputs"]["github-token"]["default"] == "${{ github.token }}"


def test_inputs__are_all_optional(action):
    """The smallest workflow gives none."""
    assert [name for name, each in action["inputs"].items() if each.get("required")] == []


def test_inputs__have_a_description(action):
    """GitHub shows them."""
    assert [name for name, each in action["inputs"].items() if not each.get("description")] == []


def test_inputs__are_documented_with_their_defaults(action):
    """The page's table of inputs holds the names and the defaults of action.yml, in its order."""
    told = [(name, default) for name, default, _ in rows("Inputs")]

    assert told == [(name, str(each.get("default", ""))) for name, each in action["inputs"].items()]


def test_inputs__of_examples_exist():
    """Every input that a workflow of the documentation gives is one of the action's."""
    given = [(where, name) for where, names in uses() for name in names]

    assert [each for each in given if each[1] not in INPUT_NAMES] == []


def test_inputs__by_environment_exist():
    """The example without containers names inputs that are read, as its steps' environment."""
    text = (ROOT / "docs" / "workflows" / "pip.yml").read_text(encoding="utf-8")
    names = {name.lower().replace("_", "-") for name in re.findall(r"\bINPUT_([A-Z_]+):", text)}

    assert names == {"github-token", "config", "fail-on"}
    assert names <= set(INPUT_NAMES)


def test_inputs__by_environment_are_read():
    """`INPUT_` names with underscores, as a shell can set them, reach the command."""
    hyphens = {"INPUT_GITHUB-TOKEN": "t0ken", "INPUT_CONFIG": "mlci.yml", "INPUT_FAIL-ON": "never"}
    underscores = {name.replace("-", "_"): value for name, value in hyphens.items()}

    assert inputs(underscores) == inputs(hyphens) != inputs({})


def test_outputs__are_declared_and_documented(action):
    """action.yml, the page's table and the code name the same outputs."""
    from mlci.action import OUTPUTS

    assert {
        "action.yml": tuple(action["outputs"]),
        "docs/github.md": tuple(name for name, _ in rows("Outputs")),
    } == {"action.yml": OUTPUTS, "docs/github.md": OUTPUTS}


def test_outputs__that_documents_read_exist():
    """Every `steps.mlci.outputs.…` of the documentation is one of the action's outputs."""
    from mlci.action import OUTPUTS

    texts = [path.read_text(encoding="utf-8") for path in (*EXAMPLES, *PAGES)]
    named = {name for text in texts for name in re.findall(r"steps\.mlci\.outputs\.([a-z-]+)", text)}

    assert named - set(OUTPUTS) == set()
    assert named


def test_modes__are_documented():
    """The page explains each mode."""
    from typing import get_args

    from mlci.settings import Mode

    section = PAGE.read_text(encoding="utf-8").partition("### Modes\n")[2].partition("\n#")[0]

    assert tuple(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == get_args(Mode)


def test_events__are_documented():
    """The page says of each event what happens, or that it is refused."""
    from mlci.event import KINDS

    section = PAGE.read_text(encoding="utf-8").partition("\n## Events")[2].partition("\n## ")[0]

    assert [kind for kind in KINDS if f"`{kind}`" not in section] == []


def test_branding__is_allowed(action, schema):
    """GitHub's Marketplace knows the icon and the colour."""
    allowed = schema["properties"]["branding"]["properties"]

    assert action["branding"]["icon"] in allowed["icon"]["enum"]
    assert action["branding"]["color"] in allowed["color"]["enum"]


def test_version__is_the_newest_of_the_changes():
    """The newest heading of CHANGELOG.md is the package's version."""
    headings = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)

    assert headings[0] == __version__


def test_version__of_documents_is_the_major_tag():
    """Documents use the action by the major tag of the package's version."""
    texts = [path.read_text(encoding="utf-8") for path in (*EXAMPLES, *PAGES)]
    tags = {tag for text in texts for tag in re.findall(r"mlci/mlci@([\w.]+)", text)}

    assert tags - {"COMMIT"} == {f"v{__version__.split('.')[0]}"}
