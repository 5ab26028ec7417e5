from __future__ import annotations

import ctypes
import struct
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.training import kernel

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="what Linux offers")

FAMILIES = {"none asked": None, "local": kernel.LOCAL, "namespaced": kernel.NAMESPACED}


@pytest.fixture
def program(monkeypatch):
    """The filter that is handed to the kernel of a machine, as instructions."""

    def program(machine, families):
        found = []

        def prctl(option, mode, address):
            length, start = struct.unpack("HP", ctypes.string_at(address, 16))
            code = ctypes.string_at(start, 8 * length)
            found.extend(struct.unpack_from("HBBI", code, 8 * at) for at in range(length))

        monkeypatch.setattr(kernel, "_prctl", prctl)
        monkeypatch.setattr(kernel.os, "uname", lambda: type("Uname", (), {"machine": machine}))
        return found if kernel.filter_calls(families) else None

    return program


def answer(program, architecture, number, argument=0):
    """What a filter answers to a system call, as linux/seccomp.h and linux/filter.h say it."""
    data = struct.pack("=iIQ6Q", number - (1 << 32 if number >> 31 else 0), architecture, 0, argument, *(0,) * 5)
    at = value = 0
    while True:
        code, yes, no, constant = program[at]
        at += 1
        if code == kernel.LOAD:
            (value,) = struct.unpack_from("I", data, constant)
        elif code == kernel.RETURN:
            return constant
        else:
            holds = {
                kernel.JUMP_EQUAL: value == constant,
                kernel.JUMP_AT_LEAST: value >= constant,
                kernel.JUMP_IF_SET: bool(value & constant),
            }[code]
            at += yes if holds else no


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
@pytest.mark.parametrize("families", FAMILIES.values(), ids=FAMILIES)
def test_filter(program, machine, families):
    """It refuses what leads around the wall, sockets of other families, and lets all else through."""
    made, calls = program(machine, families), kernel.CALLS[machine]

    def told(name, argument=0):
        return answer(made, calls["architecture"], calls.get(name, name), argument)

    refused = [name for name in calls if name != "architecture" and told(name, 1) == kernel.REFUSE]
    sockets = {family for family in range(64) if told("socket", family) == kernel.ALLOW}
    assert sorted(refused) == sorted(kernel.REFUSED)
    assert sockets == (set(range(64)) if families is None else set(families))
    assert (told(kernel.IO_URING_SETUP), told(kernel.CLONE3)) == (kernel.REFUSE, kernel.MISSING)
    for name in ("clone", "unshare"):
        assert (told(name, kernel.CLONE_NEWUSER | 17), told(name, 17)) == (kernel.REFUSE, kernel.ALLOW)


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**64 - 1), st.booleans())
def test_filter__other_architectures(number, argument, is_x32):
    """Whatever another architecture's call is, and each of x32, is refused."""
    patch = pytest.MonkeyPatch()
    with patch.context() as inside:
        found = []
        inside.setattr(kernel, "_prctl", lambda *given: found.append(given) or _keep(found))
        inside.setattr(kernel.os, "uname", lambda: type("Uname", (), {"machine": "x86_64"}))
        kernel.filter_calls(kernel.LOCAL)
    made = found[-1]
    other = answer(made, 0x40000003, number, argument)
    x32 = answer(made, kernel.CALLS["x86_64"]["architecture"], number | kernel.X32, argument)
    assert (other, x32) == (kernel.REFUSE, kernel.REFUSE)


def _keep(found):
    length, start = struct.unpack("HP", ctypes.string_at(found[-1][2], 16))
    code = ctypes.string_at(start, 8 * length)
    found[-1] = [struct.unpack_from("HBBI", code, 8 * at) for at in range(length)]


def test_filter__unknown_machine(program):
    """Where the numbers of calls are not known, there is no filter, and that is said."""
    assert program("riscv64", kernel.LOCAL) is None


@pytest.mark.parametrize(
    ("version", "handled"),
    [
        (1, (1 << 13) - 1),
        (2, (1 << 14) - 1),
        (3, (1 << 15) - 1),
        (4, (1 << 15) - 1),
        (5, (1 << 16) - 1),
        (7, (1 << 16) - 1),
    ],
)
def test_ruleset__asks_for_what_a_kernel_knows(monkeypatch, tmp_path, version, handled):
    """Each version of Landlock is asked for its own rights; nobody is ever granted to make devices."""
    asked, granted = [], []

    class Libc:
        def syscall(self, number, *arguments):
            if number == kernel.CREATE_RULESET and arguments[0] is None:
                return version
            if number == kernel.CREATE_RULESET:
                asked.append(arguments[0])
                return 7
            granted.append(struct.unpack("=Qi", arguments[2])[0])
            return 0

    monkeypatch.setattr(kernel, "_libc", Libc)
    (tmp_path / "file").touch()
    rules = kernel.ruleset({"read": [str(tmp_path / "file")], "list": [str(tmp_path)], "write": [str(tmp_path), "/no"]})
    assert (rules, len(asked[0]), struct.unpack("Q", asked[0][:8])[0]) == (
        7,
        {1: 8, 2: 8, 3: 8, 4: 16, 5: 16, 7: 24}[version],
        handled,
    )
    assert granted == [
        kernel.EXECUTE | kernel.READ_FILE,
        kernel.READ_DIR,
        handled & ~kernel.MAKE_DEVICES,
    ]
