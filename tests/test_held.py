from __future__ import annotations

import pytest

from mlci.config.sandbox import Sandbox
from mlci.errors import Location
from mlci.held import findings
from mlci.training.wall import Held

WHOLE = Held(user=True, files=True, network="namespace")


def where(*path):
    """The place of a key, named after it."""
    return Location("/".join(path))


def told(sandbox, *held):
    """Severity, place and key of each finding."""
    found = findings(sandbox, held, where)
    return [(each.code, each.severity, each.location and each.location.path, each.message[:11]) for each in found]


@pytest.mark.parametrize(
    "held",
    [
        (),
        (WHOLE,),
        (WHOLE, Held(files=True, network="filter")),
        (Held(files=None, network="allowed"),),
    ],
)
def test_findings__of_a_wall_that_held(held):
    """Where all that was asked for held, nothing is said; that it ran as the same user is no hole by itself."""
    assert told(Sandbox(network="deny", files="deny"), *held) == []


def test_findings__of_defaults_are_for_information():
    """Many machines cannot hold them, and the user has asked for nothing; each part is told once for all trainings."""
    holes = Held(files=False, network="open")

    assert told(Sandbox(), holes, holes, WHOLE) == [
        ("MLCI217", "info", None, "Files were "),
        ("MLCI217", "info", None, "The network"),
    ]


@pytest.mark.parametrize(("key", "message"), [("files", "Files were "), ("network", "The network")])
def test_findings__of_what_was_asked_for_warn(key, message):
    """Where the configuration writes the key, a reader counts on it."""
    holes = Held(files=False, network="open")

    assert ("MLCI217", "warn", f"sandbox/{key}", message) in told(Sandbox(**{key: "deny"}), holes)
    assert [each[1] for each in told(Sandbox(**{key: "deny"}), holes)].count("warn") == 1


@pytest.mark.parametrize(
    ("sandbox", "severity", "place"),
    [(Sandbox(), "info", None), (Sandbox(network="deny"), "warn", "sandbox/network")],
)
def test_findings__name_the_doors_that_stand_open(sandbox, severity, place):
    """A service that runs what it is told is a way around every wall; each is named once."""
    docker = Held(files=True, network="filter", doors=("/run/docker.sock",))

    assert told(sandbox, docker, docker, WHOLE) == [("MLCI217", severity, place, "The code th")]
    assert "`/run/docker.sock`" in next(findings(sandbox, [docker], where)).message


@pytest.mark.parametrize(("user", "more"), [(True, False), (False, True)])
def test_findings__say_whose_files_could_be_read(user, more):
    """As mlci's own user, code could read whatever that user may."""
    (found,) = findings(Sandbox(), [Held(user=user, files=False)], where)

    assert ("any other file of the user who runs mlci" in found.message) is more


@pytest.mark.parametrize(
    ("held", "codes"),
    [
        ((), []),
        ((WHOLE,), []),
        ((WHOLE, Held(files=None)), ["MLCI440"]),
        ((Held(files=False),), ["MLCI217", "MLCI440"]),
    ],
)
def test_findings__of_a_checkout_that_keeps_its_token(held, codes):
    """It matters where code has run that the wall did not keep from the file."""
    assert [each.code for each in findings(Sandbox(), held, where, keeps_token=True)] == codes
