"""A model with packages of its own in the container: the image makes each side's environment, as that side's user."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.e2e

OLD, NEW = "1.6.1", "1.7.2"  # both older than the image's own
LOCK = "numpy==2.2.6\npandas==2.2.3\nscipy==1.15.3\nscikit-learn=={}\n"
PIPELINE = """\
import os
import sys

import sklearn
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline


def may_write():
    try:
        open(os.path.join(sys.prefix, "planted.pth"), "w").close()
    except OSError:
        return False
    return True


class Witness(LogisticRegression):
    def __init__(self, found=""):
        self.found = found
        super().__init__()


def plain():
    found = Witness([sklearn.__version__, os.getuid(), may_write()])
    return make_pipeline(make_column_transformer(("passthrough", ["a", "b"])), found)
"""


def test_environments__each_side_has_its_own(stage, workflow):
    """Both sides train with their own versions, each as its own user, and cannot change what they train in."""
    stage.main(workflow)
    configuration = (stage.source.folder / "mlci.yml").read_text(encoding="utf-8")
    asks = {"mlci.yml": f"{configuration}    environment: {{requirements: requirements.txt}}\n"}
    stage.main(workflow, **asks, **{"pipeline.py": PIPELINE, "requirements.txt": LOCK.format(OLD)})
    stage.change(PIPELINE, **{"requirements.txt": LOCK.format(NEW)})

    ran = stage.pull_request()

    model = json.loads((stage.workspace / "mlci-out" / "results.json").read_text(encoding="utf-8"))["models"]["late"]
    sides = {"head": model["side"], "base": model["baseline"]["side"]}
    found = {name: side["params"]["witness__found"] for name, side in sides.items()}
    moved = {each["name"]: (each["before"], each["after"]) for each in model["difference"]["packages"]}
    assert (ran.code, found, moved["scikit-learn"], ran.not_the_runners) == (
        0,
        {"head": f"['{NEW}', 10001, False]", "base": f"['{OLD}', 10002, False]"},
        (OLD, NEW),
        [],
    )
