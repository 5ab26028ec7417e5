"""The example's repository, built once."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "flights"


@pytest.fixture(scope="session")
def flights():
    """The module `examples/flights/build.py`."""
    spec = importlib.util.spec_from_file_location("flights_build", EXAMPLE / "build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def repository(flights, tmp_path_factory):
    """The folder of the example's repository. Nobody writes into it."""
    folder = tmp_path_factory.mktemp("flights") / "repository"
    flights.build(folder)
    return folder
