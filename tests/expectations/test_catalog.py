"""What the installed Great Expectations offers, without importing it."""

from __future__ import annotations

import importlib.util

import pytest

from mlci.errors import SuiteError
from mlci.expectations import catalog


@pytest.fixture
def fresh():
    """The catalog as a new process has it."""
    catalog._index.cache_clear()
    yield
    catalog._index.cache_clear()


def test_types__are_those_that_great_expectations_registers():
    """The schemas' index and the registry of the imported package name the same expectations."""
    from mlci.expectations.gx_run import hush

    hush()
    from great_expectations.expectations.registry import list_registered_expectation_implementations

    assert set(catalog.types()) == set(list_registered_expectation_implementations())


def test_signature__is_that_of_the_class():
    """The arguments that a schema names are those that the class takes, whatever it calls required included."""
    from mlci.expectations.gx_run import hush

    hush()
    from great_expectations.expectations.registry import get_expectation_impl

    differ = {}
    for kind in catalog.types():
        signature, fields = catalog.signature(kind), get_expectation_impl(kind).__fields__
        hidden = catalog.BESIDE | catalog.RUNTIME | {"library_metadata"}
        if signature is not None and (
            set(signature.known) != set(fields) - hidden
            or set(signature.required) != {name for name, each in fields.items() if each.required}
        ):
            differ[kind] = signature
    assert differ == {}


def test_signature__of_every_type():
    """Every expectation has one, the five that ship no schema among them."""
    assert [kind for kind in catalog.types() if catalog.signature(kind) is None] == []


def test_types__without_great_expectations(fresh, monkeypatch):
    """Where it is not installed, one sentence says so."""
    monkeypatch.setattr(catalog, "find_spec", lambda name: None if name == "great_expectations" else 1 / 0)
    with pytest.raises(SuiteError, match="Great Expectations is not installed"):
        catalog.types()


def test_folder__is_found_where_python_would_import_from():
    """The package is located, by the import system itself."""
    spec = importlib.util.find_spec("great_expectations")
    assert (catalog._folder() / "index.json").is_relative_to(spec.submodule_search_locations[0])
