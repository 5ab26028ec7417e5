"""What a user can get wrong: one clear sentence, the right exit code, and as much of a report as there can be."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest


def change(repo, path, old, new, count=1):
    """Replace a text in a file and commit."""
    text = (repo.folder / path).read_text()
    assert old in text
    repo.put(path, text.replace(old, new, count)).commit("break something")


def drop_column(repo, index):
    """Remove a column of the table."""
    lines = (repo.folder / "data.csv").read_text().splitlines()
    cut = [",".join(cell for i, cell in enumerate(line.split(",")) if i != index) for line in lines]
    repo.put("data.csv", "\n".join(cut) + "\n").commit("drop a column")


@pytest.mark.parametrize(
    ("prepare", "arguments", "said"),
    [
        (lambda repo: (repo.folder / "mlci.yml").unlink(), (), "There is no mlci.yml here"),
        (lambda repo: repo.put("mlci.yml", ""), (), "The configuration is empty."),
        (lambda repo: None, ("--base", "mian"), "There is no branch or commit 'mian' to compare with."),
        (lambda repo: None, ("--head", "nope"), "There is no commit 'nope' to judge."),
        (lambda repo: None, ("--model", "lata"), "Did you mean 'late'?"),
        (lambda repo: None, ("--config", "x/mlci.yml"), "There is no folder"),
    ],
)
def test_run__nothing_to_report(project, mlci, prepare, arguments, said):
    """Where nothing can be judged there is no report: a sentence, and exit code 2."""
    prepare(project)

    ran = mlci(project.folder, "run", *arguments)

    assert (ran.code, said in ran.err, ran.folder.exists()) == (2, True, False)


def test_run__no_git_repository(tmp_path, mlci, project):
    """A folder that git does not know has no base, and there is a way out."""
    (tmp_path / "plain").mkdir()
    for name in ("mlci.yml", "pipeline.py", "data.csv"):
        (tmp_path / "plain" / name).write_text((project.folder / name).read_text())

    refused = mlci(tmp_path / "plain", "run")
    ran = mlci(tmp_path / "plain", "run", "--base", "none")

    assert (refused.code, "in no git repository" in refused.err, ran.code, "MLCI303" in ran.codes()) == (
        2,
        True,
        0,
        True,
    )


@pytest.mark.parametrize(
    ("prepare", "code", "said"),
    [
        (lambda repo: change(repo, "mlci.yml", "data.csv", "dta.csv"), "MLCI100", "there is no file 'dta.csv'"),
        (lambda repo: repo.put("data.csv", "").commit(), "MLCI100", "empty"),
        (lambda repo: repo.put("data.csv", "id,a,b,group,note,late\n").commit(), "MLCI100", "holds no rows"),
        (lambda repo: repo.put("data.csv", "PAR1 no parquet").commit(), "MLCI100", "data.csv"),
        (lambda repo: change(repo, "mlci.yml", "target: late", "target: lat"), "MLCI100", "no column 'lat'"),
        (lambda repo: change(repo, "mlci.yml", "key: id", "key: identity"), "MLCI100", "no column 'identity'"),
        (lambda repo: change(repo, "mlci.yml", "[group]", "[grop]"), "MLCI100", "no column 'grop'"),
        (lambda repo: drop_column(repo, 5), "MLCI100", "no column 'late'"),
        (lambda repo: change(repo, "data.csv", ",yes\n", ",no\n", -1), "MLCI100", "one class"),
        (lambda repo: change(repo, "data.csv", ",yes\n", ",\n", -1), "MLCI100", "one class"),
        (lambda repo: change(repo, "mlci.yml", '"yes"', '"yeah"'), "MLCI100", "yeah"),
        (lambda repo: change(repo, "data.csv", ",yes\n", ",maybe\n"), "MLCI100", "3 classes"),
        (
            lambda repo: change(repo, "mlci.yml", "    path: data.csv\n", "    path: data.csv\n    suite: no.json\n"),
            "MLCI110",
            "no.json",
        ),
    ],
)
def test_run__data_that_cannot_be_judged(project, mlci, prepare, code, said):
    """The report is written, says what and where, and the exit code is 2."""
    prepare(project)

    ran = mlci(project.folder, "run")

    told = [each["message"] for each in ran.results["findings"] if each["code"] == code and each["severity"] == "fail"]
    assert (ran.code, ran.results["verdict"], any(said in each for each in told), told[0] != "") == (
        2,
        "fail",
        True,
        True,
    )
    assert "❌" in ran.report()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("raise ValueError('broken')", "MLCI201"),
        ("return 5", "MLCI205"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "MLCI203"),
        ("print('x' * 30_000_000); raise SystemExit(3)", "MLCI201"),
        ("while True: pass", "MLCI202"),
    ],
)
def test_run__code_that_cannot_be_trained(project, mlci, body, code):
    """A candidate that raises, returns nothing useful, is killed, floods its output or hangs is a finding."""
    if code == "MLCI202":
        change(project, "mlci.yml", "timeout: 60", "timeout: 6")
        project.git("branch", "--force", "main", "HEAD")
    change(project, "pipeline.py", "def plain():\n", f"def plain():\n    {body}\n")

    ran = mlci(project.folder, "run")

    model = ran.results["models"]["late"]
    assert (ran.code, code in ran.codes("fail"), model["verdict"], len(ran.err) < 5000) == (2, True, "fail", True)


def test_run__what_the_run_goes_on_with(project, mlci):
    """Duplicate keys, empty columns, missing targets and changes not committed are findings, not the end."""
    lines = (project.folder / "data.csv").read_text().splitlines()
    lines = [
        f"{line.rsplit(',', 2)[0]},{'note' if i == 0 else ''},{line.rsplit(',', 1)[1]}" for i, line in enumerate(lines)
    ]
    lines[2] = lines[2].replace("1,", "0,", 1)
    lines[5] = lines[5].rsplit(",", 1)[0] + ","
    project.put("data.csv", "\n".join(lines) + "\n")

    ran = mlci(project.folder, "run")

    assert (ran.code, {"MLCI120", "MLCI121", "MLCI122", "MLCI438"} <= set(ran.codes())) == (0, True)


def test_run__interrupted(project, tmp_path):
    """Ctrl-C ends with 130, without a traceback, a child or a temporary file left."""
    change(project, "pipeline.py", "def plain():\n", "def plain():\n    import time; time.sleep(60)\n")
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    run = subprocess.Popen(
        [sys.executable, "-m", "mlci", "run"], cwd=project.folder, env={**os.environ, "TMPDIR": str(scratch)},
        stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, start_new_session=True,
    )  # fmt: skip
    until = time.monotonic() + 60
    while not list(scratch.glob("*/models/late/head/job.json")) and time.monotonic() < until:
        time.sleep(0.1)
    time.sleep(1)

    os.kill(run.pid, signal.SIGINT)
    _, err = run.communicate(timeout=30)

    left = subprocess.run(["pgrep", "-f", str(scratch)], capture_output=True, text=True, check=False).stdout
    assert (run.returncode, "Interrupted" in err, "Traceback" in err, list(scratch.iterdir()), left) == (
        130,
        True,
        False,
        [],
        "",
    )
    assert project.git("worktree", "list").count("\n") == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
def test_run__no_space_left(project, tmp_path, mlci):
    """A full disk is one sentence with a way out, and exit code 2."""
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16k", "none", str(small)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("this machine lets nobody mount a small disk")
    try:
        ran = mlci(project.folder, "run", env={"TMPDIR": str(small)})
    finally:
        subprocess.run(["umount", str(small)], check=True)

    assert (ran.code, "no space left" in ran.err.lower() + ran.out.lower()) == (2, True)


def test_run__output_folder_that_cannot_be_written(project, mlci):
    """A file where the output folder should be is told."""
    project.put("taken", "a file")

    ran = mlci(project.folder, "run", "--out", "taken")

    assert (
        ran.code,
        "The output folder taken cannot be written to" in ran.err.replace(str(project.folder) + "/", ""),
    ) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "required"),
        (("rn",), "invalid choice"),
        (("render", "nope.json"), "cannot be read"),
        (("validate", "--data", "data.csv"), "needs --data and --suite together"),
        (("validate",), "No dataset has a suite"),
        (("validate", "--data", "data.csv", "--suite", "suite.json", "--engine", "gxx"), "gx"),
        (("demo", "--pr", "wrse"), "Did you mean 'worse'?"),
    ],
)
def test_cli__misuse(project, mlci, arguments, said):
    """Wrong options end with 2 and say what is right."""
    ran = mlci(project.folder, *arguments)

    assert (ran.code, said in ran.err) == (2, True)


def test_cli__every_help_has_an_example(project, mlci):
    """`--help` of each command shows how it is used."""
    names = ("run", "validate", "init", "render", "schema", "demo")

    shown = [mlci(project.folder, name, "--help").out for name in names]

    assert [f"example: mlci {name}" in text for name, text in zip(names, shown, strict=True)] == [True] * len(names)
