"""Asks an interpreter what it is and what is installed in it; the standard library alone, from Python 3.6 on.

Run as `PYTHON -I probe.py OUT`: it writes JSON into the file OUT. Older versions than mlci can train in answer too, so
that they can be told by name.
"""

import json
import os
import platform
import sys
import sysconfig
from pathlib import Path

OLDEST = (3, 9)


def distributions() -> "dict[str, str]":
    """All distributions that can be imported, with their versions; the first of a name counts, as in an import."""
    import importlib.metadata

    found: dict[str, str] = {}
    for each in importlib.metadata.distributions():
        name = each.metadata["Name"]
        if name and each.version:
            found.setdefault(str(name), str(each.version))
    return dict(sorted(found.items()))


def main(out: str) -> None:
    """Write what there is to tell."""
    told = {
        "version": platform.python_version(),
        "implementation": platform.python_implementation(),
        "platform": sysconfig.get_platform(),
        "executable": os.path.realpath(sys.executable),
        "prefix": sys.prefix,
        "base_prefix": sys.base_prefix,
        "packages": distributions() if sys.version_info >= OLDEST else {},
    }
    Path(out).write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
