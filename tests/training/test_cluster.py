"""What is said where a Dask cluster cannot be used; tests/frameworks/test_dask.py has a real one."""

from __future__ import annotations

import importlib.util

import pytest

from mlci.training import worker

ADDRESS = "tcp://192.0.2.1:8786"
MINE = {"python": "3.11.2.final.0", "numpy": "2.0.0", "sklearn": "1.9.1", "pandas": None, "distributed": "2026.8.0"}


class Client:
    """A cluster's answers."""

    def __init__(self, *workers: dict[str, str | None]) -> None:
        self.workers = workers

    def wait_for_workers(self, count: int, timeout: float) -> None:
        """Fails where there are fewer."""
        if len(self.workers) < count:
            raise TimeoutError(timeout)

    def get_versions(self, packages: list[str]) -> dict[str, object]:
        """The versions of both ends."""
        assert "sklearn" in packages
        return {
            "client": {"packages": MINE},
            "workers": {f"tcp://{at}": {"packages": each} for at, each in enumerate(self.workers)},
        }


@pytest.mark.parametrize(
    "theirs", [MINE, {**MINE, "python": "3.11.9.final.0"}, {**MINE, "pandas": "3.0.0"}, {**MINE, "lz4": "1"}]
)
def test_same_versions__that_can_work(theirs):
    """Python's patch level and what this side does not have do not matter."""
    assert worker.same_versions(Client(MINE, theirs), ADDRESS) is None


@pytest.mark.parametrize(
    ("workers", "message"),
    [
        ([], f"The Dask cluster at {ADDRESS} (`compute`) has no workers."),
        (
            [MINE, {**MINE, "python": "3.12.1.final.0"}],
            f"The Dask cluster at {ADDRESS} (`compute`) has python 3.12, and the model's environment 3.11.",
        ),
        (
            [{**MINE, "sklearn": "1.8.0"}],
            f"The Dask cluster at {ADDRESS} (`compute`) has sklearn 1.8.0, and the model's environment 1.9.1.",
        ),
        (
            [{**MINE, "numpy": None}],
            f"The Dask cluster at {ADDRESS} (`compute`) has no numpy, and the model's environment 2.0.0.",
        ),
    ],
)
def test_same_versions__that_cannot(workers, message):
    """The first difference that matters is named with both versions."""
    with pytest.raises(worker.Refusal) as caught:
        worker.same_versions(Client(*workers), ADDRESS)
    assert str(caught.value) == message


@pytest.mark.skipif(importlib.util.find_spec("distributed") is not None, reason="Dask is there")
def test_connected__without_dask(tmp_path):
    """An environment without Dask is told what to add."""
    job = {"root": str(tmp_path), "paths": []}
    with (
        pytest.raises(worker.Refusal, match=r"has no module `distributed`, which `compute: \{dask: …\}` needs"),
        worker.connected(ADDRESS, job),
    ):
        pass
