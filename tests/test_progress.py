from __future__ import annotations

import io

import pytest

from mlci.progress import Lines, Live, progress

OUTPUT = "epoch 1\n\x1b[31mloss\x1b[0m 0.5\u202e\n\n::error::no\n"
SHOWN = "late (this PR) | epoch 1\nlate (this PR) | loss 0.5\nlate (this PR) | \nlate (this PR) | ::error::no\n"


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        """So that a live line is drawn."""
        return True


@pytest.mark.parametrize(("shows", "expected"), [(True, SHOWN), (False, "")])
def test_printed__each_line_after_its_training(shows, expected):
    """No line of a stranger's begins a line of the log, and none has what a terminal obeys."""
    stream = io.StringIO()
    Lines(stream, shows_output=shows).printed("late (this PR)", OUTPUT)

    assert stream.getvalue() == expected


@pytest.mark.parametrize("text", ["", "\n", " \n\n"])
def test_printed__nothing(text):
    """A training that prints nothing leaves no line."""
    stream = io.StringIO()
    Lines(stream, shows_output=True).printed("late", text)

    assert stream.getvalue() == ""


def test_printed__on_a_terminal():
    """Above the live line; no text of it is a style or an emoji."""
    stream = Terminal()
    with Live(stream, shows_output=True) as live:
        live.printed("late", "[bold]x[/bold] :smile: " + "y" * 200)

    assert f"late | [bold]x[/bold] :smile: {'y' * 200}\n" in stream.getvalue()


def test_printed__where_a_stream_cannot_encode_it():
    """A letter that the log's encoding lacks is written out."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    Lines(stream, shows_output=True).printed("late", "naïve ✓")

    assert raw.getvalue() == b"late | na\\xefve \\u2713\n"


def test_progress__shows_output_in_actions(monkeypatch, capsys):
    """There the log is where a user looks for it; the runner takes no command from it meanwhile."""
    monkeypatch.setattr("mlci.github.commands.secrets.token_hex", lambda _: "resume")
    with progress({"GITHUB_ACTIONS": "true"}) as shown:
        shown.printed("late", "##[error]no")

    lines = capsys.readouterr().out.splitlines()
    assert lines.index("::stop-commands::resume") < lines.index("late | ##[error]no") < lines.index("::resume::")


@pytest.mark.parametrize("shows", [True, False])
def test_progress__shows_output_elsewhere_where_it_is_asked_for(shows):
    """`mlci run --show-output`."""
    stream = io.StringIO()
    with progress({}, stream, shows_output=shows) as shown:
        shown.printed("late", "x")

    assert stream.getvalue() == ("late | x\n" if shows else "")
