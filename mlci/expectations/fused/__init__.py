"""Suites of expectations over Polars: one streaming query for a whole suite, with Great Expectations' own results."""

from __future__ import annotations

from mlci.expectations.fused.observe import NAME, observe

__all__ = ["NAME", "observe"]
