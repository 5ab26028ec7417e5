from __future__ import annotations

import pytest

from mlci.config.load import load
from mlci.errors import ConfigError

DASK = "    compute: {dask: 'tcp://10.0.0.5:8786'}\n"
OPEN = "sandbox: {network: allow}\n"


def test_compute__with_an_open_network(small, write):
    """A cluster can be named where the network is open."""
    folder = write(small + DASK + OPEN)
    assert load(folder).config.models["income"].compute.dask == "tcp://10.0.0.5:8786"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("", ""), "`compute` of 'income' is reached by the network, which code that trains does not have."),
        (
            ("    candidates:\n      boosted: pipeline:boosted\n", "    command: python train.py\n"),
            "`compute` is for candidates, and 'income' has a command.",
        ),
    ],
)
def test_compute__that_cannot_work(small, write, change, message):
    """What keeps a cluster from being used is told with its place."""
    folder = write(small.replace(*change) + DASK)
    with pytest.raises(ConfigError) as caught:
        load(folder)
    assert (caught.value.message, caught.value.location.line) == (message, small.replace(*change).count("\n") + 1)


@pytest.mark.parametrize("address", ["10.0.0.5:8786", "http://10.0.0.5:8786", "tcp://10.0.0.5"])
def test_compute__no_address(small, write, address):
    """What is no address of a scheduler is refused."""
    folder = write(f"{small}    compute: {{dask: '{address}'}}\n{OPEN}")
    with pytest.raises(ConfigError):
        load(folder)
