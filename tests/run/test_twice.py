"""Whether a training is reproducible, and what a run tells of how it was trained."""

from __future__ import annotations

DRAWS = '''\
"""A model one of whose parameters may be drawn."""
import secrets

from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline


def plain():
    print("canary of the output")
    cost = {COST}
    return make_pipeline(make_column_transformer(("passthrough", ["a", "b"])), LogisticRegression(C=cost))
'''


def test_run__twice(project, mlci):
    """A side that draws what nobody seeds is told from one that does not; the other side is reproducible."""
    project.git("switch", "--quiet", "main")
    project.put("pipeline.py", DRAWS.replace("{COST}", "1.0")).commit("fixed")
    project.git("switch", "--quiet", "--create", "two")
    project.put("pipeline.py", DRAWS.replace("{COST}", "1.0 + secrets.randbelow(2**30) / 2**28")).commit("drawn")

    ran = mlci(project.folder, "run", "--twice", "--show-output")

    model = ran.results["models"]["late"]
    (finding,) = [each for each in ran.results["findings"] if each["code"] == "MLCI216"]
    assert (model["side"]["reproducible"], model["baseline"]["side"]["reproducible"]) == (False, True)
    assert finding["message"].startswith("Two trainings of `late` with the same seed predict differently for ")
    assert "Not reproducible" in ran.report()
    assert {
        f"late ({which}) | canary of the output" for which in ("this PR", "this PR, again", "base", "base, again")
    } <= {*ran.err.splitlines()}
    assert "canary" not in "".join(ran.report(name) for name in ("report.md", "report.html", "results.json"))


def test_run__once(project, mlci):
    """Nobody looks where nobody asks; what it takes to run it again is in the results all the same."""
    project.put("x", "x").commit("x")

    ran = mlci(project.folder, "run")

    model = ran.results["models"]["late"]
    for side in (model["side"], model["baseline"]["side"]):
        environment = side["environment"]
        assert (side["seed"], side["reproducible"], environment["kind"]) == (0, None, "own")
        assert {**environment["packages"], "python": environment["python"]}.items() >= side["packages"].items()
        assert {*side["wall"]} == {"user", "files", "network", "doors"}
    assert {"MLCI215", "MLCI216"}.isdisjoint(ran.codes())
    assert "canary" not in ran.err
