from __future__ import annotations

import io
import os
import re
import threading
import unicodedata
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mlci.errors import UserError
from mlci.github.commands import SUMMARY, Log, add_summary, annotate, clean, command, set_outputs

ACTIONS = {"GITHUB_ACTIONS": "true"}
REGISTERED = {
    "stop-commands", "add-mask", "error", "warning", "notice", "debug", "group", "endgroup", "set-output", "set-env",
    "add-path", "save-state", "add-matcher", "remove-matcher", "echo", "internal-set-repo-path",
}  # fmt: skip


# --- a runner: what it takes from a log, written from its source -------------------------------------------------


def ignored(text):
    """The text as a comparison by language sees it, which passes over what has no weight of its own."""
    return "".join(each for each in text if unicodedata.category(each) not in {"Cc", "Cf", "Cn", "Cs", "Mn", "Me"})


def unescaped(text, also=()):
    for shown, meant in (("%0D", "\r"), ("%0A", "\n"), *also, ("%25", "%")):
        text = text.replace(shown, meant)
    return text


def parsed(line, known):
    """A command as (name, properties, data), or None: first the form with colons, then the one with brackets."""
    line = line.lstrip()
    if line.startswith("::") and (end := line.find("::", 2)) > 0:
        name, _, rest = line[2:end].partition(" ")
        if name.lower() in known:
            pairs = [each.split("=", 1) for each in rest.strip().split(",") if "=" in each]
            told = {key: unescaped(value, (("%3A", ":"), ("%2C", ","))) for key, value in pairs}
            return name.lower(), told, unescaped(line[end + 2 :])
    if (start := line.find("##[")) >= 0 and (end := line.find("]", start)) > 0:
        name = line[start + 3 : end].partition(" ")[0]
        if name.lower() in known:
            return name.lower(), {}, line[end + 1 :]
    return None


def taken(log):
    """The commands that a runner carries out of a log."""
    found, token = [], None
    for line in re.split(r"\r\n|\r|\n", log):
        known = REGISTERED | ({token} if token else set())
        each = parsed(line, known) or parsed(ignored(line), known)
        if token is not None:
            token = None if each and each[0] == token else token
        elif each and each[0] == "stop-commands":
            token = each[2].lower()
        elif each:
            found.append(each)
    assert token is None, "commands were never resumed"
    return found


def outputs_of(content):
    """Outputs of a file, as a runner on Linux reads them."""
    found, lines = {}, iter(content.split("\n"))
    for line in lines:
        if line:
            name, delimiter = line.split("<<", 1)
            assert "=" not in name
            value = []
            while (each := next(lines)) != delimiter:
                value.append(each)
            found[name] = "\n".join(value)
    return found


PIECES = st.one_of(
    st.sampled_from([
        "::", ":", "::error::", "::set-env name=PATH::x", "::stop-commands::x", "##[", "#", "##[error]", "]", "[",
        "\n", "\r", "\r\n", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", " ", "\t", "\u00a0", "\u3000",
        "\x00", "\x1b[31m", "\x1b]0;", "\x07", "\x1b", "\x9b", "[0m", "\u200b", "\u200d", "\u00ad", "\ufe0f", "\u034f",
        "\u202e", "\u2066", "\ufeff", "\u0301", "\u115f", "\U000e0041", "\ud800", "%0A", "%", ",", "é", "SECRET",
    ]),
    st.text(max_size=3),
)  # fmt: skip
HOSTILE = st.lists(PIECES, max_size=12).map("".join)


@pytest.fixture
def stream():
    """Where a log is written."""
    return io.StringIO()


@pytest.fixture
def log(stream):
    """A log that a runner reads."""
    return Log(stream, ACTIONS)


# --- command and annotate ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "properties", "expected"),
    [
        (("endgroup",), {}, "::endgroup::"),
        (("error", "text"), {"file": "a.py", "line": "1"}, "::error file=a.py,line=1::text"),
        (("error", "100%\r\n: a, b"), {}, "::error::100%25%0D%0A: a, b"),
        (("notice", "x"), {"title": "a: b, 5%\n"}, "::notice title=a%3A b%2C 5%25%0A::x"),
        (("warning", "x"), {"file": "", "title": "t"}, "::warning title=t::x"),
        (("error", "\x1b[31mred\x1b[0m \u202eturned"), {}, "::error::red turned"),
    ],
)
def test_command__is_escaped_as_github_says(arguments, properties, expected):
    """Percent signs and line ends everywhere, colons and commas in properties; empty properties are left out."""
    assert command(*arguments, **properties) == expected


@pytest.mark.parametrize(("name", "properties"), [("a b", {}), ("", {}), ("x::", {}), ("error", {"a,b": "x"})])
def test_command__that_cannot_be(name, properties):
    """A name is no text of a stranger's."""
    with pytest.raises(ValueError, match="no command can be named"):
        command(name, "x", **properties)


@given(HOSTILE, HOSTILE)
def test_command__arrives_as_it_was_meant(data, title):
    """A runner reads one command, whose data and title are those that were given, save what is cleaned away."""
    name, properties, arrived = parsed(command("error", data, title=title), REGISTERED)

    # a runner trims what stands around properties
    assert (name, properties.get("title", "").strip(), arrived) == ("error", clean(title).strip(), clean(data))


@pytest.mark.parametrize(
    ("level", "path", "expected"),
    [
        ("failure", "a,b.py", "::error file=a%2Cb.py,line=3,title=MLCI201::no::such"),
        ("warning", "mlci.yml", "::warning file=mlci.yml,line=3,title=MLCI201::no::such"),
        ("notice", "", "::notice title=MLCI201::no::such"),
    ],
)
def test_annotate__at_a_line(level, path, expected):
    """GitHub's API says `failure` where a command says `error`; without a file there is no line."""
    assert annotate(an_annotation(level=level, path=path, title="MLCI201", message="no::such")) == expected


def an_annotation(**parts):
    """An annotation."""
    return SimpleNamespace(**{"path": "a.py", "line": 3, "level": "failure", "title": "t", "message": "m", **parts})


@given(HOSTILE, HOSTILE, HOSTILE)
def test_annotate__no_text_makes_another_command(path, title, message):
    """Whatever stands in a path, a title or a message, a runner takes one annotation."""
    stream = io.StringIO()
    Log(stream, ACTIONS).annotate(an_annotation(path=path, title=title, message=message))

    assert [name for name, _, _ in taken(stream.getvalue())] == ["error"]


# --- text of others ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain: a::b\n", "plain: a::b\n"),
        ("", "\n"),
        ("one\r\ntwo\rthree\n\nfour", "one\ntwo\nthree\n\nfour\n"),
        ("::error::x", ": :error::x\n"),
        (" \t::error::x", " \t: :error::x\n"),
        ("\u2028::error::x", "\n: :error::x\n"),
        ("\u034f:\ufe0f:error::x", "\u034f: \ufe0f:error::x\n"),
        ("see ##[error]x and ###[y]", "see ## [error]x and ### [y]\n"),
        ("\x1b[1;31mred\x1b[0m \x1b]8;;http://x\x1b\\link\x1b]8;;\x07", "red link\n"),
        ("a\x00b\x08c\u202ed\u2066e", "abcde\n"),
        ("\x1b[31m::error::x", ": :error::x\n"),
        ("family \U0001f469\u200d\U0001f52c", "family \U0001f469\u200d\U0001f52c\n"),
        ("half \ud800", "half \ufffd\n"),
    ],
)
def test_write__text_is_harmless_and_readable(log, stream, text, expected):
    """A space where a command would be, and nothing that a terminal obeys."""
    log.write(text)

    assert stream.getvalue() == expected


@given(HOSTILE)
@example("##[error]")
@example(":\u00ad:error::")
@example("\ud800::error::")
def test_write__no_text_is_a_command(text):
    """A runner takes nothing from it, however it passes over letters."""
    stream = io.StringIO()
    Log(stream, ACTIONS).write(text)

    assert taken(stream.getvalue()) == []


@given(HOSTILE)
def test_clean__leaves_nothing_that_hides(text):
    """Neither control characters other than tabs and line ends nor those that turn text around; once is enough."""
    cleaned = clean(text)

    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", cleaned)
    assert clean(cleaned) == cleaned


def test_clean__is_linear():
    """Beginnings without an end do not add up; the test would not end if they did."""
    assert clean("\x9d" * 200_000 + "\x1b]" * 200_000 + "\x9b0" * 200_000) == "0" * 200_000


def test_write__on_a_stream_that_knows_fewer_letters():
    """What the stream cannot hold is written out."""
    narrow = io.TextIOWrapper(io.BytesIO(), encoding="ascii", newline="\n")
    Log(narrow, ACTIONS).write("é: 1 → 2")

    assert narrow.buffer.getvalue() == rb"\xe9: 1 \u2192 2" + b"\n"


# --- secrets -----------------------------------------------------------------------------------------------------


def test_mask__hides_a_secret_from_then_on(log, stream):
    """The runner is told, and the log itself leaves it out of all that it writes."""
    log.mask(" SECRET%\n")
    log.write("a SECRET% b, SEC\x00RET%")
    log.command("error", "SECRET%", title="SECRET%")
    with log.group("SECRET%"):
        pass

    assert taken(stream.getvalue()) == [
        ("add-mask", {}, "SECRET%"),
        ("error", {"title": "***"}, "***"),
        ("group", {}, "***"),
        ("endgroup", {}, ""),
    ]
    assert stream.getvalue().count("SECRET") == 1


def test_mask__outside_of_actions(stream):
    """No command, but the secret is hidden all the same; an empty one hides nothing."""
    log = Log(stream, {})
    log.mask("")
    log.mask("SECRET")
    log.write("a SECRET b")

    assert (stream.getvalue(), "SECRET" in repr(log)) == ("a *** b\n", False)


# --- groups and verbatim -----------------------------------------------------------------------------------------


def test_group__folds(log, stream):
    """A group within is a heading, and the end is told also where an exception ends it."""

    def fail():
        log.write("a")
        with log.group("::inner"):
            raise KeyError

    with pytest.raises(KeyError), log.group("one:\ntwo"):
        fail()

    assert stream.getvalue() == "::group::one: two\na\n: :inner\n::endgroup::\n"


def test_log__outside_of_actions(stream):
    """Text alone, harmless even so: commands might be read by someone who does not say so."""
    log = Log(stream, {"GITHUB_ACTIONS": "false"})
    with log.group("heading"), log.verbatim():
        log.write("::error::x")
        log.command("error", "y")
        log.annotate(an_annotation())

    assert stream.getvalue() == "heading\n: :error::x\n"


def test_verbatim__nothing_within_is_a_command(log, stream):
    """Neither what the log writes nor what others write to the same stream."""
    with log.verbatim():
        log.write("::error::one")
        stream.write("::error::two\n##[error]three\n")
    log.command("notice", "four")

    assert taken(stream.getvalue()) == [("notice", {}, "four")]
    assert "::error::one\n" in stream.getvalue()


def test_verbatim__has_a_new_token_each_time(log, stream):
    """So that none can be known from before."""
    for _ in range(3):
        with log.verbatim():
            log.write("x")

    tokens = re.findall(r"^::stop-commands::(\w+)$", stream.getvalue(), re.MULTILINE)
    assert (len(set(tokens)), {len(each) for each in tokens}) == (3, {32})


def test_verbatim__within_verbatim(log, stream):
    """The inner one ends nothing; a runner would not have heard it."""
    with log.verbatim():
        with log.verbatim():
            stream.write("::error::one\n")
        stream.write("::error::two\n")

    assert (taken(stream.getvalue()), stream.getvalue().count("stop-commands")) == ([], 1)


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_verbatim__is_left_by_any_exception(log, stream, error):
    """Commands work again, so that the error can be told."""
    with pytest.raises(error), log.verbatim():
        raise error
    log.command("error", "told")

    assert taken(stream.getvalue()) == [("error", {}, "told")]


def test_verbatim__commands_of_the_log_itself_work_within(log, stream):
    """A mask, an annotation or a group amid text resumes and stops again, each time with a new token."""
    with log.verbatim():
        stream.write("::error::one\n")
        log.mask("SECRET")
        stream.write("::error::two\n")
        with log.group("inner"):
            stream.write("::error::three\n")

    assert [name for name, _, _ in taken(stream.getvalue())] == ["add-mask", "group", "endgroup"]
    assert len(set(re.findall(r"stop-commands::(\w+)", stream.getvalue()))) == 4


def test_verbatim__lasts_as_long_as_any_thread_is_in_it(log, stream):
    """The last one out resumes."""
    inside, out = threading.Event(), threading.Event()

    def other():
        with log.verbatim():
            inside.set()
            out.wait(timeout=10)

    thread = threading.Thread(target=other)
    with log.verbatim():
        thread.start()
        assert inside.wait(timeout=10)
    stream.write("::error::x\n")
    out.set()
    thread.join(timeout=10)

    assert taken(stream.getvalue()) == []


@given(st.lists(HOSTILE, max_size=4), HOSTILE)
def test_log__no_text_is_a_command_wherever_it_stands(texts, title):
    """In a group, verbatim or not, a runner takes the group alone."""
    stream = io.StringIO()
    log = Log(stream, ACTIONS)
    log.mask("SECRET")
    with log.group(title), log.verbatim():
        for text in texts:
            log.write(text)
            log.command("debug", text)
    for text in texts:
        log.write(text)

    names = [name for name, _, _ in taken(stream.getvalue())]
    assert names == ["add-mask", "group", *["debug"] * len(texts), "endgroup"]
    assert stream.getvalue().count("SECRET") == 1


# --- outputs and summary -----------------------------------------------------------------------------------------


@pytest.fixture
def files(tmp_path):
    """The environment of a step whose files are there and empty."""
    environ = {name: str(tmp_path / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    for path in environ.values():
        Path(path).touch()
    return environ


def content(environ, name):
    return Path(environ[name]).read_bytes().decode("utf-8")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # the file is emptied each time
@given(st.dictionaries(st.sampled_from(["verdict", "check-url", "a_1"]), st.text(max_size=30), min_size=1))
@example({"verdict": "a\nb<<c\n", "check-url": "ghadelimiter_\r\n\n"})
def test_outputs__any_text_arrives(files, outputs):
    """What a runner reads is what was set, line ends and all."""
    os.truncate(files["GITHUB_OUTPUT"], 0)
    set_outputs(files, outputs)

    assert outputs_of(content(files, "GITHUB_OUTPUT")) == outputs


def test_outputs__are_added(files):
    """Also where what is there has no end of line."""
    Path(files["GITHUB_OUTPUT"]).write_bytes(b"one<<E\n1\nE")
    set_outputs(files, {"two": "2"})

    assert outputs_of(content(files, "GITHUB_OUTPUT")) == {"one": "1", "two": "2"}


@pytest.mark.parametrize("name", ["", "a b", "a\nb", "a=b", "a<<b", "1a"])
def test_outputs__no_other_names(files, name):
    """Nothing is written where one name cannot be."""
    with pytest.raises(ValueError, match="no output can be named"):
        set_outputs(files, {"verdict": "pass", name: "x"})

    assert not content(files, "GITHUB_OUTPUT")


def test_outputs__without_a_runner():
    """There is nobody to take them."""
    assert set_outputs({}, {"verdict": "pass"}) is None


def test_summary__is_added(files):
    """One after the other, each with an end of line."""
    added = [add_summary(files, "# one"), add_summary(files, "# zwei é\n")]

    assert (added, content(files, "GITHUB_STEP_SUMMARY")) == ([True, True], "# one\n# zwei é\n\n")


def test_summary__without_a_runner():
    """There is none."""
    assert add_summary({"GITHUB_STEP_SUMMARY": ""}, "# one") is False


@pytest.mark.parametrize(("size", "expected"), [(SUMMARY - 3, True), (SUMMARY - 2, False)])
def test_summary__up_to_what_github_shows(files, size, expected):
    """In bytes of the whole file: beyond, nothing is written."""
    os.truncate(files["GITHUB_STEP_SUMMARY"], size)  # zeros, so that an end of line is added before
    added = add_summary(files, "x")

    assert (added, Path(files["GITHUB_STEP_SUMMARY"]).stat().st_size) == (expected, SUMMARY if expected else size)


def test_files__that_cannot_be_written(tmp_path):
    """One sentence names the variable."""
    with pytest.raises(UserError) as caught:
        set_outputs({"GITHUB_OUTPUT": str(tmp_path)}, {"verdict": "pass"})

    assert (caught.value.code, caught.value.message) == (
        "MLCI525", "The file that GITHUB_OUTPUT names cannot be written: Is a directory.",
    )  # fmt: skip
