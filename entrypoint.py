"""The container's door: `mlci action`, as a step of a workflow starts it."""

from __future__ import annotations

import sys

from mlci.cli import main

if __name__ == "__main__":
    sys.exit(main(["action"]))
