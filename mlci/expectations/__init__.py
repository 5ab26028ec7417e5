"""Great Expectations suites and the engines that check a table against them."""

from __future__ import annotations

from mlci.expectations.engines import ENGINES, validate, validate_table
from mlci.expectations.judge import Outcome
from mlci.expectations.suites import Expectation, Suite, load

__all__ = ["ENGINES", "Expectation", "Outcome", "Suite", "load", "validate", "validate_table"]
