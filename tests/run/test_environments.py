"""`mlci run` on a repository with an environment of its own: each side trains with its own versions."""

from __future__ import annotations

import json

import pytest

OLD, NEW = "1.6.1", "1.7.2"  # both older than mlci's own, as are pandas and NumPy beside them
LOCK = "numpy==2.2.6\npandas==2.2.3\nscipy==1.15.3\nscikit-learn=={}\n"
# the pipeline says itself what it runs with: a wrong version fails the training
WITNESS = """

def plain(_plain=plain):
    import os, pandas, sklearn
    from importlib.util import find_spec
    assert (sklearn.__version__, pandas.__version__) == ("{}", "2.2.3")
    assert find_spec("mlci") is None and find_spec("polars") is None
    return _plain()
"""


@pytest.fixture
def with_environment(project):
    """The repository, on whose `main` the model asks for older packages than mlci's."""
    pipeline = (project.folder / "pipeline.py").read_text()

    def write(version: str) -> None:
        project.put("requirements.txt", LOCK.format(version)).put("pipeline.py", pipeline + WITNESS.format(version))

    project.git("switch", "--quiet", "main")
    configuration = (project.folder / "mlci.yml").read_text()
    project.put("mlci.yml", f"{configuration}    environment: {{requirements: requirements.txt}}\n")
    write(OLD)
    project.commit("an environment")
    project.git("switch", "--quiet", "topic")
    project.git("merge", "--quiet", "main")
    project.write_version = write
    return project


def test_run__each_side_trains_with_its_own_versions(with_environment, mlci, tmp_path):
    """A pull request that moves scikit-learn is judged with both versions, neither of them mlci's, and is told so."""
    with_environment.write_version(NEW)
    with_environment.commit("newer scikit-learn")
    env = {"MLCI_CACHE": str(tmp_path / "cache")}

    ran = mlci(with_environment.folder, "run", env=env, timeout=400)

    model = ran.results["models"]["late"]
    moved = {each["name"]: (each["before"], each["after"]) for each in model["difference"]["packages"]}
    assert (ran.code, model["baseline"]["source"], moved) == (0, "retrained", {"scikit-learn": (OLD, NEW)})
    assert f"scikit-learn {OLD} → {NEW}" in ran.report()
    assert ran.err.count("made the environment of") == 2

    again = mlci(with_environment.folder, "run", env=env, timeout=400)

    assert (again.err.count("made the environment of"), json.dumps(again.results["models"]["late"]["comparisons"])) == (
        0,
        json.dumps(model["comparisons"]),
    )
