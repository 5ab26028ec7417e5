from __future__ import annotations

import inspect
import subprocess
import sys

import pytest
import sklearn.calibration
import sklearn.metrics

from mlci.stats.metrics import ALIASES, METRICS


def test_metrics__functions(metric, task):
    """Every metric names a function of scikit-learn (of calibration, its curve), and arguments that it has."""
    own = {"expected_calibration_error": sklearn.calibration.calibration_curve}
    function = own.get(metric.function) or getattr(sklearn.metrics, metric.function)
    assert set(metric.arguments) <= set(inspect.signature(function).parameters)


def test_metrics__aliases():
    """Every alias leads to a metric and is none itself."""
    assert [(alias, name) for alias, name in ALIASES.items() if alias in METRICS or name not in METRICS] == []


@pytest.mark.parametrize(
    "module",
    ["mlci.stats", "mlci.stats.metrics", "mlci.stats.estimate", "mlci.stats.decisions", "mlci.stats.multiplicity"],
)
def test_import__costs_nothing(module):
    """The table and the doors are imported without NumPy and SciPy."""
    code = f"import sys, {module}; print([name for name in ('numpy', 'scipy', 'sklearn') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_import__unknown_name():
    """A name that the package does not have is an attribute error, as for any module."""
    import mlci.stats

    with pytest.raises(AttributeError, match="no attribute 'unpaired_interval'"):
        mlci.stats.unpaired_interval  # noqa: B018 - the access is the act
