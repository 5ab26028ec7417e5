from __future__ import annotations

import pytest
from ruamel.yaml import YAML

from mlci.errors import UserError
from mlci.report.card import card


def head(text):
    """The card's YAML head."""
    return YAML(typ="safe").load(text.split("---\n")[1])


def test_card__golden(make, golden):
    """The model card of the example."""
    golden("card.md", card(make("worse"), "income"))


def test_card__its_head_is_that_of_hugging_face(make):
    """The head names the task, the data and the scores."""
    found = head(card(make("worse"), "income"))
    result = found["model-index"][0]["results"][0]
    assert found["tags"] == ["tabular-classification", "mlci"]
    assert result["dataset"] == {"name": "adult", "type": "tabular", "revision": "sha256:9f2b7c1e0d"}
    assert result["metrics"][0] == {"type": "roc_auc", "value": 0.8699, "name": "ROC AUC"}


def test_card__no_name_breaks_the_head(make):
    """Whatever a name holds, the head stays YAML and holds it as a text."""
    results = make("hostile", "a: [b]\n---\n\"'#{}\\ \x00\u2028é✅")
    name = next(iter(results.models))
    found = head(card(results, name))
    assert found["model-index"][0]["name"] == "a: [b] --- \"'#{}\\ \\u0000\\u2028é✅"


def test_card__says_its_limits(make):
    """What the numbers do not say is said."""
    limits = card(make("worse"), "income").split("## Limits")[1]
    assert "A loss of less than 0.0056 in ROC AUC would often go unnoticed on this holdout." in limits
    assert "Too few rows to judge: `race = Other`." in limits


def test_card__of_every_situation(situation):
    """Every model of every situation has a card."""
    _, results = situation
    assert all(card(results, name).startswith("---\n") for name in results.models)


def test_card__no_such_model(make):
    """An unknown model is named, and the known ones are listed."""
    with pytest.raises(UserError) as caught:
        card(make("worse"), "incone")
    assert (caught.value.message, caught.value.hint) == (
        "The results hold no model 'incone'.",
        "They hold: income.",
    )
