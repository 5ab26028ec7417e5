from __future__ import annotations

import sys
from pathlib import Path

from mlci.training import environment


def test_own__is_this_interpreter():
    """Models without an environment of their own train in this one."""
    assert environment.own() == environment.Environment(Path(sys.executable), has_parquet=True, has_skops=True)
