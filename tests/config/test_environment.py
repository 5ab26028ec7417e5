from __future__ import annotations

import pytest
from pydantic import ValidationError

from mlci.config.models import ModelConfig

MODEL = {"dataset": "d", "target": "t", "task": "regression", "primary": "r2", "candidates": {"a": "m:f"}}


def problem(environment):
    """What an environment is refused with, and how to mend it."""
    with pytest.raises(ValidationError) as caught:
        ModelConfig.model_validate({**MODEL, "environment": environment})
    return caught.value.errors()[0]["msg"].removeprefix("Value error, ")


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"python": 3.12}, 'is a number to YAML, in which 3.10 is 3.1\nPut it in quotes, as in python: "3.12".'),
        ("ml.txt", "'ml.txt' does not say what it is\nWrite environment: {requirements: ml.txt}."),
        (".", "'.' does not say what it is\nWrite environment: {project: .}."),
        ({}, "names nothing\nGive requirements, project or python; or leave `environment` out."),
        ({"requirements": "a", "project": "."}, "takes requirements or project, not both: write the one that says"),
        ({"python": "3.12", "extras": ["x"]}, "extras and groups belong to a project: give `project`, or take them"),
    ],
)
def test_environment__refuses(environment, told):
    """What does not say what to install is refused in one sentence that says what to write."""
    assert problem(environment).startswith(told)
