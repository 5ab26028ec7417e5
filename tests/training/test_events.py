from __future__ import annotations

import pytest

from mlci.training.events import LIMIT, Event, Follower


@pytest.fixture
def path(tmp_path):
    """Where events are written."""
    return tmp_path / "events.jsonl"


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (Event(event="fold", candidate="boosted", fold=2, of=5), "fold 2 of 5 of `boosted`"),
        (Event(event="fit", candidate="boosted"), "fit of `boosted`"),
        (Event(event="saved", candidate="boosted"), "saving of `boosted`"),
    ],
)
def test_event__in_words(event, text):
    """An event reads as what a training is at."""
    assert str(event) == text


def test_poll__as_lines_grow(path):
    """Events are told once each, when their lines are complete."""
    seen: list[str] = []
    follower = Follower(path, lambda event: seen.append(event.event))
    told = []
    for piece in ("", '{"event": "bui', 'ld"}\n{"event": "fit"}\n', "", '{"event": "saved"}\n'):
        with path.open("a") as file:
            file.write(piece)
        follower.poll()
        told.append(list(seen))
    assert (told, follower.last) == (
        [[], [], ["build", "fit"], ["build", "fit"], ["build", "fit", "saved"]],
        Event(event="saved"),
    )


def test_poll__a_strangers_lines(path):
    """What is no event is left out."""
    lines = ['{"event": "hack"}', "x", "[]", '{"event": "fit", "fold": "x"}', '{"event": "fit", "more": 1}', "\xff"]
    path.write_text("\n".join(lines) + "\n", encoding="latin-1")
    seen: list[Event] = []
    Follower(path, seen.append).poll()
    assert seen == [Event(event="fit")]


def test_poll__is_bounded(path):
    """A file without end is read up to a limit."""
    path.write_bytes(b"x" * (LIMIT + 100_000))
    follower = Follower(path)
    for _ in range(40):
        follower.poll()
    assert follower._read == LIMIT


@pytest.mark.parametrize("make", ["link", "folder", "nothing"])
def test_poll__no_regular_file(path, tmp_path, make):
    """What is no regular file has no events."""
    target = tmp_path / "target"
    target.write_text('{"event": "fit"}\n')
    {"link": lambda: path.symlink_to(target), "folder": path.mkdir, "nothing": str}[make]()
    follower = Follower(path)
    follower.poll()
    assert follower.last is None
