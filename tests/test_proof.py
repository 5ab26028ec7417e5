from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

REPOSITORY = Path(__file__).parents[1]
SECTIONS = [
    "# Proof",
    "## Intervals hold what they promise",
    "## False alarms, and what is found",
    "## Published figures",
    "## The same values as scikit-learn and Fairlearn",
    "## Speed",
    "## How it was made",
]


@pytest.fixture(scope="module")
def docs(tmp_path_factory):
    """The page and its plots, of a quick run."""
    made, scratch = tmp_path_factory.mktemp("docs"), tmp_path_factory.mktemp("scratch")
    command = [sys.executable, "bench/proof/make.py", "--quick", "--docs", str(made), "--scratch", str(scratch)]
    subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True)
    return made


def test_proof__sections(docs):
    """A quick run makes every section of the page, and says that it was quick."""
    text = (docs / "proof.md").read_text(encoding="utf-8")
    assert [line for line in text.splitlines() if line.startswith("#")] == SECTIONS
    assert "**A quick run" in text


def test_proof__plots(docs):
    """Every plot that the page shows is there, is SVG, and has a white ground."""
    text = (docs / "proof.md").read_text(encoding="utf-8")
    shown = {part.split(")")[0] for part in text.split("](")[1:] if part.startswith("images/")}
    assert shown == {f"images/proof/{name}.svg" for name in ("coverage", "alarms", "power")}
    for name in shown:
        root = ET.parse(docs / name).getroot()  # noqa: S314 - our own file
        assert root.tag.endswith("svg")
        assert "fill: #ffffff" in (docs / name).read_text(encoding="utf-8")


def test_proof__exact_parts_hold(docs):
    """What needs no luck holds in a quick run, too: published figures, and the values of other libraries."""
    text = (docs / "proof.md").read_text(encoding="utf-8")
    marked = [line for line in text.splitlines() if line.startswith("- **Does not hold.**")]
    exact = ("worked examples", "sizes of ease.ml/ci", "equal scikit-learn", "equal Fairlearn")
    assert [line for line in marked if any(words in line for words in exact)] == []
    assert "**no**" not in text
