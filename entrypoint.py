"""The container's door: without arguments it is the action, with arguments the command `mlci`."""

from __future__ import annotations

import sys

from mlci.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["action"]))
