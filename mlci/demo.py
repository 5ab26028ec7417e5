"""`mlci demo`: a pull request of the example, judged as it would be in continuous integration."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from mlci.config.suggest import did_you_mean
from mlci.errors import UserError

PULL_REQUESTS = {
    "worse": "a tidy refactor that costs quality",
    "better": "a better model",
    "noise": "another seed, nothing else",
    "bad-data": "a new month, wrong in part",
    "loosened": "worse, and its own gates relaxed",
}


def demo(pull_request: str, out: Path) -> int:
    """Build the example's repository, check a pull request out and run mlci on it; 0 if that worked.

    Raises:
        UserError: there is no such pull request, or the example cannot be built.
    """
    if pull_request not in PULL_REQUESTS:
        raise UserError(
            f"The example has no pull request '{pull_request}'.", hint=did_you_mean(pull_request, PULL_REQUESTS).strip()
        )
    out = out.resolve()
    with tempfile.TemporaryDirectory(prefix="mlci-demo-") as scratch:
        folder = Path(scratch) / "flights"
        print("Building the example: flights from New York in 2013, as a git repository with pull requests.")
        _call([sys.executable, str(_example() / "build.py"), str(folder)], "The example could not be built")
        _call(["git", "-C", str(folder), "switch", "--quiet", pull_request], "git could not switch branches")
        print(f"Judging the pull request `{pull_request}`: {PULL_REQUESTS[pull_request]}.\n", flush=True)
        code = subprocess.run(
            [sys.executable, "-m", "mlci", "run", "--out", str(out)], cwd=folder, check=False
        ).returncode
    if code not in (0, 1):
        return code
    verdict = "no gate failed: this could be merged" if code == 0 else "a gate failed: this would not be merged"
    print(f"\nThe demo did its work: `mlci run` ended with exit code {code}, {verdict}.")
    print(f"Open {_shown(out / 'report.html')}; the pull request's comment is {_shown(out / 'report.md')}.")
    others = " ".join(name for name in PULL_REQUESTS if name != pull_request)
    print(f"Other pull requests to play: make demo PR=… ({others})")
    return 0


def _example() -> Path:
    here = Path(__file__).parent
    for folder in (here / "_examples" / "flights", here.parent / "examples" / "flights"):
        if (folder / "build.py").is_file():
            return folder
    raise UserError("The example is not part of this installation.", hint="Clone the repository and run `make demo`.")


def _call(command: list[str], failed: str) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True, env={**os.environ})
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise UserError(f"{failed}: {lines[-1] if lines else 'no reason given'}")


def _shown(path: Path) -> str:
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)
