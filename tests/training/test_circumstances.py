from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from mlci.errors import TrainingError
from mlci.results import PACKAGES
from mlci.training import job
from mlci.training.circumstances import circumstances
from mlci.training.environment import Environment
from mlci.training.wall import Held


@pytest.fixture
def of(workshop, plain):
    """The circumstances of a training in some environment."""

    def of(loaded=None, **environment):
        chosen = Environment(Path("python"), has_parquet=False, has_skops=False, **environment)
        training = replace(workshop.training(plain, seed=7), environment=chosen, threads=3)
        held = Held(user=True, files=True, network="filter", doors=("/run/docker.sock",))
        return circumstances(training, held, loaded or {})

    return of


def test_circumstances__of_an_environment_that_was_made(of):
    """Its packages in the order of their names, without Python, which stands for itself."""
    found = of(kind="project", key="k1", packages={"python": "3.12.1", "Zope": "1", "numpy": "2.4.0"})

    assert found["environment"].model_dump() == {
        "kind": "project",
        "python": "3.12.1",
        "key": "k1",
        "packages": {"numpy": "2.4.0", "Zope": "1"},
    }
    assert [*found["environment"].packages] == ["numpy", "Zope"]
    assert (found["seed"], found["threads"], found["wall"].model_dump()) == (
        7,
        3,
        {"user": True, "files": True, "network": "filter", "doors": ("/run/docker.sock",)},
    )


def test_circumstances__of_mlcis_own_environment(of):
    """Its packages are those beside mlci; Python is what the training told."""
    environment = of({"python": "3.11.9"})["environment"]

    assert (environment.python, "pydantic" in environment.packages) == ("3.11.9", True)


def test_circumstances__are_bounded(of):
    """An environment may hold any number of packages, with any names."""
    packages = {f"p{i:05}": "1" * 900 for i in range(PACKAGES + 1)}
    found = of(kind="interpreter", packages=packages)["environment"].packages

    assert (len(found), {len(each) for each in found.values()}) == (PACKAGES, {200})


@pytest.mark.parametrize(
    "config",
    [
        {"candidates": {"plain": "pipeline:plain"}},
        {"command": "python pipeline.py"},
    ],
)
@pytest.mark.parametrize("end", ["", "raise SystemExit(3)"])
def test_train__tells_what_was_printed(workshop, plain, config, end):
    """Also where it failed; of a candidate, nothing of it is in the error."""
    printed: list[str] = []
    training = workshop.training(f"print('canary')\n{plain}\n{end}", **config)

    with pytest.raises(TrainingError) if end or "command" in config else nullcontext() as caught:
        job.train(training, on_end=lambda outcome: printed.append(outcome.log))

    assert [each.count("canary") for each in printed] == [1]
    assert "command" in config or "canary" not in repr(caught and vars(caught.value))


def test_anew__is_the_same_beside_the_first_ones_files(workshop, plain):
    """Nothing but the folder differs, so that what differs in the end is the training's own doing."""
    training = workshop.training(plain)
    second = training.anew()

    assert second.scratch != training.scratch
    assert replace(second, scratch=training.scratch) == training
