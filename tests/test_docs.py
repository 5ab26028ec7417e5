from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from mlci.config.data import Dataset
from mlci.config.models import Gate, ModelConfig, Split
from mlci.config.sandbox import Sandbox
from mlci.results import json_schema
from mlci.stats.metrics import METRICS, RESOURCES

ROOT = Path(__file__).parents[1]
CODE = re.compile(r"MLCI\d{3}")


def test_findings__every_code_is_documented_and_every_documented_code_exists():
    """The page of findings and the code hold the same codes."""
    used = {code for path in (ROOT / "mlci").rglob("*.py") for code in CODE.findall(path.read_text(encoding="utf-8"))}
    told = set(CODE.findall((ROOT / "docs" / "findings.md").read_text(encoding="utf-8")))

    assert told == used


def test_schema__of_results_is_the_committed_one():
    """`docs/results.schema.json` is what `mlci schema --results` prints."""
    assert json.loads((ROOT / "docs" / "results.schema.json").read_text(encoding="utf-8")) == json_schema()


@pytest.mark.parametrize("model", [Dataset, ModelConfig, Gate, Split, Sandbox])
def test_configuration__every_key_is_documented(model):
    """The page of the configuration names every key."""
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    keys = [info.alias or name for name, info in model.model_fields.items()]

    assert [key for key in keys if not re.search(rf"\b{re.escape(key)}\b", text)] == []


def test_configuration__every_metric_is_documented():
    """The page of the configuration names every metric, its averages by their endings."""
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    names = [re.sub(r"_(macro|weighted|micro)$", "", name) for name in METRICS] + list(RESOURCES)

    assert [name for name in names if f"`{name}`" not in text] == []


def test_links__between_documents_lead_somewhere():
    """Every relative link of the documents names a file that is there."""
    pages = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")]
    pages += sorted((ROOT / "docs").glob("*.md"))
    broken = [
        f"{page.name}: {link}"
        for page in pages
        for link in re.findall(r"(?:\]\(|src=\")([^)#:\"]+)[)#\"]", page.read_text(encoding="utf-8"))
        if not (page.parent / link).exists()
    ]

    assert broken == []
