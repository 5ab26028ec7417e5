from __future__ import annotations

import sys
from pathlib import Path

from mlci.training import environment


def test_own__is_this_interpreter():
    """Models without an environment of their own train in this one."""
    own = environment.own()
    assert (own.python, own.has_parquet, own.has_skops, Path(sys.prefix) in own.roots) == (
        Path(sys.executable),
        True,
        True,
        True,
    )
