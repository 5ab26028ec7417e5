from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from mlci.cli import main

ROOT = Path(__file__).parents[1]
F2 = "n - o > 0.02 +/- 0.01"
F5 = r"n - o > 0.02 +/- 0.01 /\ d < 0.1 +/- 0.01"


@pytest.fixture
def size(capsys):
    """Run `mlci size` on a condition and options; what it printed."""

    def run(condition, *options):
        assert main(["size", "--condition", condition, *options]) == 0
        return capsys.readouterr().out

    return run


def test_size__text(size):
    """One sentence with the distribution-free size, and a row for each share of disagreement."""
    told = size(F2, "--reliability", "0.9999", "--commits", "32", "--adaptivity", "full").splitlines()

    enough = "are enough whatever the data and the models are (Hoeffding's inequality; independent rows)."
    assert (told[0], told[3], [line.split() for line in told[7:12]]) == (
        "n - o > 0.02 +/- 0.01",
        f"641,684 rows with labels {enough}",
        [
            ["0.02", "14,827", "13,960", "1,570*"],
            ["0.05", "34,158", "30,126", "3,925"],
            ["0.1", "66,274", "58,695", "7,849"],
            ["0.2", "130,459", "116,641", "15,698"],
            ["0.5", "322,974", "291,166", "39,245"],
        ],
    )


@pytest.mark.parametrize(
    ("condition", "options", "sentence"),
    [
        (F2, ["--commits", "1"], "over 1 commit whose authors learn each verdict."),
        (F2, ["--adaptivity", "first"], "over 32 commits whose authors learn each verdict, until one passes."),
        (F2, ["--adaptivity", "none"], "over 32 commits whose authors do not learn the verdicts."),
        (F2, [], "rather rely on what is proven"),
        (F5, [], "  d < 0.1 +/- 0.01  (needs no labels)"),
        (F5, [], "rows without labels ascertain that d is at most 0.12; then"),
        (F5, ["--disagreement", "0.3"], "   0.3  "),
        ("d < 0.1 +/- 0.01", [], "rows without labels are enough"),
        ("n > 0.8 +/- 0.05", [], "Where the truth is within the error of 0.8, the normal approximation needs fewer:"),
        ("n - 1.1 * o > 0 +/- 0.02 and n > 0.9 +/- 0.01", [], "the error: 0.01 or 0.02"),
    ],
)
def test_size__sentences(size, condition, options, sentence):
    """Each situation is told in its own words."""
    assert sentence in size(condition, *options)


@pytest.mark.parametrize("condition", [F2, F5, "n > 0.8 +/- 0.05", "d < 0.1 +/- 0.01"])
def test_size__fits_a_terminal(size, condition):
    """No line is longer than 120 characters."""
    assert [line for line in size(condition).splitlines() if len(line) > 120] == []


def test_size__json(size):
    """The document holds what was asked, the sizes, and the assumption behind each."""
    found = json.loads(size(F5, "--reliability", "0.9999", "--commits", "32", "--adaptivity", "none", "--json"))
    assumptions = found.pop("assumptions")

    assert (sorted(assumptions), found) == (
        ["paired_rows", "rows", "rows_proven", "rows_to_notice"],
        {
            "condition": F5,
            "reliability": 0.9999,
            "commits": 32,
            "adaptivity": "none",
            "rows": 281_248,
            "clauses": [
                {"clause": "n - o > 0.02 +/- 0.01", "error": 0.01, "rows": 281_248, "labels": True},
                {"clause": "d < 0.1 +/- 0.01", "error": 0.01, "rows": 66_847, "labels": False},
            ],
            "bounded": {
                "disagreement": pytest.approx(0.12),
                "unlabelled": 66_847,
                "rows": 34_675,
                "labels_per_commit": 4_161,
            },
            "paired": [
                {
                    "disagreement": pytest.approx(0.12),
                    "rows_proven": 34_675,
                    "rows": 27_829,
                    "rows_to_notice": 9_419,
                    "few": False,
                }
            ],
        },
    )


def test_size__json_of_one_model(size):
    """Disagreement plays no part where nothing is compared."""
    found = json.loads(size("n > 0.8 +/- 0.05", "--json"))

    assert (found["bounded"], [(each["disagreement"], each["few"]) for each in found["paired"]]) == (
        None,
        [(None, False)],
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ["--condition", "n - o > 2%"],
            "The condition is wrong at column 10: `+/-` with the error that is allowed is expected, not '%'.",
        ),
        (["--condition", F2, "--reliability", "1"], "The reliability is 1.0, and has to be between 0 and 1."),
        (
            ["--condition", F2, "--commits", "0"],
            "The number of commits is 0, and has to be between 1 and a million.",
        ),
        (
            ["--condition", F2, "--disagreement", "10"],
            "The disagreement is 10.0, and has to be above 0 and at most 1.",
        ),
    ],
)
def test_size__what_can_be_wrong(options, said, capsys, monkeypatch):
    """One sentence and a hint, and exit code 2."""
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)

    code = main(["size", *options])

    first, *hint = capsys.readouterr().err.splitlines()
    assert (code, first, len(hint)) == (2, f"mlci: {said}", 1)


@pytest.mark.parametrize("options", [[], ["--condition", F2, "--adaptivity", "half"]])
def test_size__misuse(options, capsys):
    """An option that is missing, or has another value, ends with 2."""
    with pytest.raises(SystemExit) as caught:
        main(["size", *options])

    assert (caught.value.code, "mlci size: error:" in capsys.readouterr().err) == (2, True)


def test_size__help_has_an_example(capsys):
    """`--help` shows how it is used."""
    with pytest.raises(SystemExit):
        main(["size", "--help"])

    assert "example: mlci size --condition" in capsys.readouterr().out


def test_docs__output_is_what_the_command_prints(size):
    """Each example of the page is what the command prints."""
    text = (ROOT / "docs" / "size.md").read_text(encoding="utf-8")
    examples = re.findall(r"```console\n\$ mlci size --condition \"([^\"]+)\" ?(.*)\n((?:.*\n)*?)```", text)

    assert [(size(condition, *options.split()), bool(shown)) for condition, options, shown in examples] == [
        (shown, True) for _, _, shown in examples
    ]
    assert len(examples) == 2


def test_docs__table_of_the_paper(size):
    """Every size of the page's table is what the command answers."""
    text = (ROOT / "docs" / "size.md").read_text(encoding="utf-8")
    table = re.findall(r"^\| (0\.9+) \| (0\.\d+) \|((?: [\d,]+ \|){6})$", text, flags=re.MULTILINE)
    shown = [[int(cell.replace(",", "")) for cell in cells.split("|")[:-1]] for _, _, cells in table]

    def sizes(reliability, error):
        for left in ("n > 0.8", "n - o > 0.02"):
            for adaptivity in ("none", "full"):
                options = ("--reliability", reliability, "--adaptivity", adaptivity, "--disagreement", "0.1", "--json")
                found = json.loads(size(f"{left} +/- {error}", *options))
                yield (adaptivity, left), found["rows"]
                yield (adaptivity, left, "proven"), found["paired"][0]["rows_proven"]

    expected = []
    for reliability, error, _ in table:
        found = dict(sizes(reliability, error))
        keys = [(who, left) for left in ("n > 0.8", "n - o > 0.02") for who in ("none", "full")]
        expected.append(
            [*(found[key] for key in keys), *(found[who, "n - o > 0.02", "proven"] for who in ("none", "full"))]
        )

    assert (len(table), shown) == (16, expected)
