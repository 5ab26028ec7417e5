"""Each attack of the table, twice: behind the wall, and without what stops it; and the page that tells of them."""

from __future__ import annotations

import ast
import os
import platform
import sys
from pathlib import Path

import pytest
from attacks import ATTACKS, PAGE, page

from mlci.training.wall import OPEN

ROOT = Path(__file__).parents[2]
CODED = [each for each in ATTACKS if each.code]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the wall is Linux's")


def is_all_powerful() -> bool:
    """Whether this is root with the right to administer the system, which most containers take away."""
    rights = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("CapEff"))
    return os.geteuid() == 0 and bool(int(rights.split()[1], 16) >> 21 & 1)


@pytest.mark.parametrize("attack", CODED, ids=lambda each: each.name)
def test_attack(arena, landlock, attack):
    """It fails behind the wall, and succeeds where what stops it is taken away: it is no dud."""
    if attack.root and not is_all_powerful():
        pytest.skip("it succeeds for root alone")
    if attack.machine not in {"", platform.machine()}:
        pytest.skip(f"its code is for {attack.machine}")
    if landlock < (6 if "scopes" in attack.stops else 3):
        pytest.skip("the kernel's Landlock is older than that")
    less = {"files": {"files": "allow"}, "network": {"network": "allow"}}
    behind = arena.run(attack.code, arena.wall())
    without = arena.run(attack.code, arena.wall(**less[attack.without]) if attack.without != "wall" else OPEN)
    if "won" not in without.log.split() and "Errno 38" in without.log:
        pytest.skip("this kernel does not have what the attack needs")
    assert ("won" in behind.log.split(), "won" in without.log.split()) == (False, True), behind.log + without.log


def test_held(arena, landlock):
    """Behind the whole wall the launcher says that it held, and where nothing is walled off, that nothing was."""
    if not landlock:
        pytest.skip("the kernel has no Landlock")
    held, open_ = arena.run("", arena.wall()).held, arena.run("").held
    assert (held.files, held.network in {"namespace", "filter"}) == (True, True)
    assert (open_.files, open_.network, open_.user, open_.doors) == (None, "allowed", False, ())


def test_page__is_made_of_the_table():
    """`docs/security.md` has the table as it is: `python tests/support/attacks.py` writes it anew."""
    text = PAGE.read_text(encoding="utf-8")
    assert text == page(text)


@pytest.mark.parametrize("test", sorted({each.test for each in ATTACKS}))
def test_table__names_tests_that_are_there(test):
    """Every test that is said to try an attack exists."""
    path, name = test.split("::")
    functions = ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8")))
    assert name in {each.name for each in functions if isinstance(each, ast.FunctionDef)}
