"""Every attack on a run that is tried: what it is for, its code, and what stops it. `docs/security.md` is made of it.

`python tests/support/attacks.py` writes the page's table anew.

Code runs as a candidate's or a command's does, and prints `won` where it got what it wanted. It knows more than a real
attacker has to find out: the number of mlci's process (`VICTIM`), and where everything lies.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

PAGE = Path(__file__).parents[2] / "docs" / "security.md"
START, END = "<!-- attacks: made by tests/support/attacks.py -->", "<!-- /attacks -->"
MARK = "mlci-secret"  # how every secret of the arena begins

# Helpers of the code below.
PRELUDE = """
import ctypes, mmap, os, signal, socket, stat, subprocess, sys, time, zlib
from pathlib import Path
E = {name: value for name, value in os.environ.items()}
VICTIM, REPO, OUT = int(E["VICTIM"]), Path(E["REPO"]), Path(E["OUT"])
MARK = b"mlci-" + b"secret"
libc = ctypes.CDLL(None, use_errno=True)

def system(number, *arguments):
    result = libc.syscall(ctypes.c_long(number), *(ctypes.c_long(each) for each in arguments))
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result

def won(got=True):
    print("won" if got else "lost", flush=True)

def read(path):
    won(MARK in Path(path).read_bytes())

def add(path):
    with open(path, "a") as file:
        file.write("x")
    won()

def talk(kind, address, family=socket.AF_INET):
    with socket.socket(family, kind) as peer:
        peer.settimeout(5)
        peer.connect(address)
        peer.send(b"hello")
        won(peer.recv(9) == b"hello")
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """One attack.

    Attributes:
        name: What is done.
        aim: What for.
        stops: What stops it, outermost first.
        code: Python behind `PRELUDE`; "": it is tried by `test` alone.
        without: What is taken away so that it succeeds: Landlock (`files`), the `network`'s wall, or the whole `wall`
            where several layers stop it and none could be taken alone.
        root: It succeeds for root alone, also without the wall.
        machine: The one architecture that its code is for.
        test: The test that tries it, as pytest names it.
    """

    name: str
    aim: str
    stops: str
    code: str = ""
    without: Literal["files", "network", "wall"] = "wall"
    root: bool = False
    machine: str = ""
    test: str = "tests/attacks/test_attacks.py::test_attack"


def _file(name: str, aim: str, code: str, stops: str = "Landlock") -> Attack:
    return Attack(name=name, aim=aim, code=code, stops=stops, without="files")


def _elsewhere(name: str, aim: str, stops: str, test: str) -> Attack:
    return Attack(name=name, aim=aim, stops=stops, test=f"tests/{test}")


USER = "another user; Landlock; fewer capabilities than mlci's"
TRAINING, LIMITS = "training/test_users.py", "attacks/test_limits.py"

TOKEN = (
    Attack(
        name="read `/proc/PARENT/environ`", aim="the token", stops="the token is not there; " + USER,
        code='read(f"/proc/{VICTIM}/environ")',
    ),
    Attack(
        name="read `/proc/PARENT/mem`", aim="the token", stops=USER,
        code="""
with open(f"/proc/{VICTIM}/maps") as maps, open(f"/proc/{VICTIM}/mem", "rb", 0) as memory:
    heap = next(line for line in maps if "[heap]" in line or "[stack]" in line).split()[0].split("-")
    memory.seek(int(heap[0], 16))
    won(len(memory.read(4096)) == 4096)
""",
    ),
    Attack(
        name="attach to the parent as a debugger does (`ptrace`)", aim="the token", stops=USER,
        code="""
libc.ptrace.argtypes = [ctypes.c_ulong] * 4
won(libc.ptrace(0x4206, VICTIM, 0, 0) == 0)
""",
    ),
    Attack(
        name="open the parent's pipes and files (`/proc/PARENT/fd`)", aim="the token, on its way through a pipe",
        stops=USER,
        code='os.close(os.open(f"/proc/{VICTIM}/fd/0", os.O_RDONLY)); won()',
    ),
    Attack(
        name="take the parent's descriptors (`pidfd_getfd`)", aim="the token, on its way through a pipe", stops=USER,
        code="os.close(system(438, os.pidfd_open(VICTIM), 0, 0)); won()",
    ),
    Attack(
        name="find what the parent has in the session's keyring (`keyctl`)", aim="keys that the runner keeps",
        stops="the filter of system calls", machine="x86_64",
        code="""
kind, name = (ctypes.create_string_buffer(each) for each in (b"user", b"mlci-attack"))
won(system(250, 10, -3, ctypes.addressof(kind), ctypes.addressof(name), 0) > 0)
""",
    ),
    _file(
        "read `.git/config` after a checkout that keeps its credentials", "the token",
        'read(REPO / ".git" / "config")', "Landlock hides `.git`",
    ),
    _elsewhere("look through all variables", "secrets, proxies, `PYTHONPATH`", "an allow-list of variables",
               "training/test_sandbox.py::test_environment__is_an_allow_list"),
    _elsewhere("use inherited descriptors", "the token, on its way through a pipe", "none but the standard streams",
               "training/test_sandbox.py::test_run__descriptors"),
    _elsewhere("search all of /proc and the disk for the token, in the container", "the token",
               "another user; it left the environment at the door", "e2e/test_trust.py::test_code__finds_nothing"),
)  # fmt: skip

RUNNER = (
    *(
        _file(f"{does} the file that `{name}` names", aim, f'{function}(Path(E["COMMANDS"]) / "{name}")', stops)
        for name, does, function, aim, stops in (
            ("GITHUB_ENV", "write to", "add", "variables of the job's next steps", "another user; Landlock"),
            ("GITHUB_PATH", "write to", "add", "programs of the job's next steps", "another user; Landlock"),
            ("GITHUB_OUTPUT", "write to", "add", "a forged `verdict`", "another user; Landlock"),
            ("GITHUB_STEP_SUMMARY", "write to", "add", "a forged report", "another user; Landlock"),
            ("GITHUB_OUTPUT", "read", "read", "what earlier steps handed on", "another user; Landlock"),
        )
    ),
    Attack(
        name="end mlci", aim="no verdict", stops="another user; Landlock's scopes (Linux 6.12)", without="files",
        code="os.kill(VICTIM, signal.SIGCONT); won()",
    ),
    Attack(
        name="end or stop the launcher that watches over it", aim="no limits, a forged cost",
        stops="another user; Landlock's scopes (Linux 6.12)", without="files",
        code="os.kill(os.getppid(), signal.SIGCONT); won()",
    ),
    Attack(
        name="write to the launcher's pipe (`/proc/LAUNCHER/fd`)", aim="a forged cost, and walls that never held",
        stops=USER + "; the launcher hides", root=True,
        code="won(any(os.write(os.open(f'/proc/{os.getppid()}/fd/{each}', os.O_WRONLY), b'') == 0 for each in (1, 2)))",
    ),
    Attack(
        name="run a program with more rights (`sudo`, setuid)", aim="root", stops="no new privileges",
        test="tests/attacks/test_limits.py::test_setuid",
    ),
    Attack(
        name="read what root alone may (`/etc/shadow`)", aim="passwords of the machine", stops="another user; Landlock",
        without="files", root=True, code='won(len(Path("/etc/shadow").read_bytes()) > 0)',
    ),
    Attack(
        name="make the device of a disk (`mknod`), and read it", aim="every file, past every rule",
        stops="another user; fewer capabilities; Landlock", root=True,
        code='os.mknod(OUT / "disk", stat.S_IFBLK | 0o600, os.makedev(7, 0)); (OUT / "disk").unlink(); won()',
    ),
    Attack(
        name="set the machine's clock or name", aim="trouble for other jobs",
        stops="another user; fewer capabilities", root=True,
        code="socket.sethostname(socket.gethostname()); won()",
    ),
    Attack(
        name="make a namespace of users, and be root in it", aim="the kernel's less tried parts",
        stops="the filter of system calls", code="won(libc.unshare(0x10000000) == 0)",
    ),
    Attack(
        name="make shared memory that outlives the training (`shmget`)", aim="a word to a later run",
        stops="the filter of system calls", machine="x86_64",
        code="system(31, system(29, 0, 4096, 0o1600), 0, 0); won()",
    ),
    Attack(
        name="call the kernel by the numbers of another architecture (`int 0x80`)", aim="past the filter",
        stops="the filter refuses whatever is not this architecture's", machine="x86_64",
        code="""
code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
code.write(bytes.fromhex("53b814000000cd805bc3"))  # getpid, by its number of i386
address = ctypes.addressof(ctypes.c_char.from_buffer(code))
won(ctypes.CFUNCTYPE(ctypes.c_int)(address)() == os.getpid())
""",
    ),
    Attack(
        name="call the kernel by a ring (`io_uring`)", aim="past the filter",
        stops="the filter of system calls",
        code="os.close(system(425, 1, ctypes.addressof(ctypes.create_string_buffer(256)))); won()",
    ),
    _elsewhere("reach a service that runs programs for others (`docker.sock`)", "root of the machine",
               "another user; nothing is in its place where mlci is root; told otherwise",
               "training/test_launch.py::test_doors__root"),
)  # fmt: skip

ANSWERS = (
    _elsewhere("look every answer up in the dataset's file when asked to predict", "AUC 1", "Landlock hides datasets",
               "attacks/test_cheat.py::test_cheat"),
    _elsewhere("look for the held-out rows while being fitted", "to fit on their features", "they come afterwards",
               "attacks/test_cheat.py::test_spy"),
    _elsewhere("do all this while an environment is made (`setup.py`, `python: ./evil`)", "the holdout's answers",
               "the same wall, but for the network", "attacks/test_cheat.py::test_build"),
    _file("read the dataset's file", "the holdout's answers", 'read(REPO / "data.csv")', "Landlock hides datasets"),
    _file("read it through another name (`link`)", "the holdout's answers",
          'os.link(REPO / "data.csv", OUT / "linked"); read(OUT / "linked")'),
    _file("read it through a symbolic link", "the holdout's answers",
          'os.symlink(REPO / "data.csv", OUT / "symbolic"); read(OUT / "symbolic")'),
    _file("read it through `/proc/self/root` and `/proc/self/cwd`", "the holdout's answers",
          'read(f"/proc/self/root{REPO}/data.csv"); read("/proc/self/cwd/data.csv")'),
    _file("move the dataset's folder to where one may read", "the holdout's answers",
          'os.rename(REPO / "parts", OUT / "parts"); won((OUT / "parts" / "a.csv").exists()); '
          'os.rename(OUT / "parts", REPO / "parts")'),
    _file("read git's objects (`git show HEAD:data.csv`)", "the holdout's answers",
          'won(any(MARK in zlib.decompress(each.read_bytes()) for each in (REPO / ".git/objects").glob("??/*")))',
          "Landlock hides `.git`"),
    _file("read mlci's scratch folder", "the holdout's answers; other models' rows",
          'read(Path(E["SCRATCH"]) / "tables" / "answers")', "another user; Landlock"),
    _file("read an earlier run's predictions", "the baseline's predictions",
          'read(REPO / "mlci-out" / "predictions" / "late")', "Landlock hides `predictions/`"),
    _file("read the other side's folder", "the baseline's predictions",
          'read(Path(E["OTHER"]) / "predictions")', "a user for each side; Landlock"),
    _elsewhere("read what the base's side is trained on, in the container", "the baseline's predictions",
               "a user for each side", "e2e/test_trust.py::test_code__finds_nothing"),
)  # fmt: skip

VERDICT = (
    *(
        _file(f"write to `{path}`", aim, f'add(REPO / "{path}")', "another user; Landlock")
        for path, aim in (
            (".git/hooks/post-checkout", "a program that git runs later"),
            ("mlci.yml", "other gates"),
            ("pipeline.py", "other code for the base branch's side"),
        )
    ),
    _file("empty the dataset's file", "no rows to be judged by", 'os.truncate(REPO / "spare", 0); won()',
          "another user; Landlock (Linux 6.2)"),
    _file("write to the other side's folder", "a worse baseline", 'add(Path(E["OTHER"]) / "predictions")',
          "a user for each side; Landlock"),
    _file("change its own job or rows", "other rows to be judged by", 'add(Path(E["SCRATCH"]) / "job.json")',
          "another user; Landlock"),
    _elsewhere("open `sandbox` in the pull request's own `mlci.yml`", "a way out", "the base branch's holds (MLCI407)",
               "config/test_confinement.py::test_holding__is_never_looser_than_either_side"),
    _elsewhere("leave a link to a secret for the model", "a secret in the artifact", "links are not followed",
               "training/test_files.py::test_train__link_for_a_model"),
    _elsewhere("leave a link, a pipe or a folder for the predictions", "mlci reads a secret, or waits for ever",
               "regular files alone", "training/test_predictions.py::test_read__no_regular_file"),
    _elsewhere("leave predictions without end", "no memory for mlci", "limits on what is read",
               "training/test_predictions.py::test_read__too_large"),
    _elsewhere("leave NaN, infinities, other labels or probabilities that are none", "a score that is none",
               "checked as a stranger's data", "training/test_predictions.py::test_read__refuses"),
    _elsewhere("leave predictions for other rows", "a score on easier rows", "row numbers are checked",
               "training/test_predictions.py::test_read__number_of_rows"),
    _elsewhere("leave any bytes for predictions", "a bug of a reader", "what cannot be read is an error",
               "training/test_predictions.py::test_read__any_bytes"),
    _elsewhere("forge the report of the worker", "another cost, other files", "a schema; the launcher's own count",
               "training/test_report.py::test_read__wrong"),
    _elsewhere("leave a pickle in the place of the model", "code in mlci's own process",
               "mlci opens no model: it is a file to it", "attacks/test_limits.py::test_pickle"),
)  # fmt: skip

NETWORK = (
    Attack(
        name="send over TCP", aim="rows of the data to a stranger", without="network",
        stops="a network namespace; else the filter of system calls",
        code='talk(socket.SOCK_STREAM, ("127.0.0.1", int(E["TCP"])))',
    ),
    Attack(
        name="send over UDP, as DNS does", aim="rows of the data to a stranger", without="network",
        stops="a network namespace; else the filter of system calls",
        code='talk(socket.SOCK_DGRAM, ("127.0.0.1", int(E["UDP"])))',
    ),
    Attack(
        name="send over IPv6", aim="rows of the data to a stranger", without="network",
        stops="a network namespace; else the filter of system calls",
        code='talk(socket.SOCK_STREAM, ("::1", int(E["TCP6"])), socket.AF_INET6)',
    ),
    Attack(
        name="send raw packets", aim="rows of the data to a stranger",
        stops="no capability for it; a network namespace; the filter", root=True,
        code="socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP).close(); won()",
    ),
    Attack(
        name="speak to the machine below a virtual one (`AF_VSOCK`)", aim="past a network namespace",
        without="network", stops="the filter of system calls",
        code="socket.socket(40, socket.SOCK_STREAM).close(); won()",
    ),
    Attack(
        name="list the machine's interfaces (`AF_NETLINK`)", aim="where to send to", without="network",
        stops="a network namespace; else the filter of system calls",
        code="won(len(socket.if_nameindex()) > 1)",
    ),
    Attack(
        name="go back to the machine's network (`setns`)", aim="past a network namespace", root=True,
        stops="fewer capabilities; Landlock; the filter of system calls",
        code='won(libc.setns(os.open(f"/proc/{VICTIM}/ns/net", os.O_RDONLY), 0x40000000) == 0)',
    ),
    Attack(
        name="speak to a process outside by an abstract socket", aim="a program that does it for it",
        stops="Landlock's scopes (Linux 6.12); a network namespace",
        code='talk(socket.SOCK_STREAM, "\\0" + E["ABSTRACT"], socket.AF_UNIX)',
    ),
)  # fmt: skip

MACHINE = (
    _elsewhere("leave a daemon (`fork`, `setsid`, `fork`)", "to outlive the training",
               "the launcher adopts and ends it", f"{LIMITS}::test_daemon"),
    _elsewhere("leave a daemon that ignores SIGTERM", "to outlive the training", "SIGKILL", f"{LIMITS}::test_daemon"),
    _elsewhere("fork and end, again and again", "never to be found", "the launcher is its parent each time",
               f"{LIMITS}::test_hare"),
    _elsewhere("fork without end", "no processes for others", "`processes`, and the kernel's limit for another user",
               f"{LIMITS}::test_limit"),
    _elsewhere("take memory without end", "mlci ends instead", "`memory`; the kernel ends it before mlci",
               f"{LIMITS}::test_limit"),
    _elsewhere("take memory in a file without a name (`memfd_create`)", "past `memory`", "`memory` counts it",
               f"{LIMITS}::test_limit"),
    _elsewhere("write files without end, large or empty ones", "a full disk", "`disk`", f"{LIMITS}::test_limit"),
    _elsewhere("write to a file whose name it has removed", "past `disk`", "`disk` counts it, but in the container",
               f"{LIMITS}::test_limit"),
    _elsewhere("write where nobody may look, or too deep for a name", "past `disk`", "`disk`: it counts as endless",
               f"{LIMITS}::test_limit"),
    _elsewhere("write one file without end", "a full disk", "`file_size`, by the kernel", f"{LIMITS}::test_file_size"),
    _elsewhere("train for ever", "no verdict", "`timeout`",
               "training/test_sandbox.py::test_run__timeout_leaves_no_process"),
    _elsewhere("print a gigabyte", "no memory for mlci, no log", "both ends are kept",
               "training/test_sandbox.py::test_run__prints_megabytes"),
    _elsewhere("print escape sequences", "a log that lies", "control characters are left out",
               "training/test_sandbox.py::test_run__colours_and_controls"),
    _elsewhere("print `::set-output::`, `::add-mask::` or `##[`", "orders to the runner",
               "stop-commands with a token of their own",
               "github/test_commands.py::test_verbatim__nothing_within_is_a_command"),
)  # fmt: skip

GROUPS = {
    "The token and other secrets": TOKEN,
    "The runner and the machine": RUNNER,
    "The holdout's answers": ANSWERS,
    "The verdict": VERDICT,
    "The network": NETWORK,
    "Time, memory, disk and log": MACHINE,
}
ATTACKS = tuple(each for group in GROUPS.values() for each in group)


def table() -> str:
    """The attacks as Markdown: a table for each group."""
    lines: list[str] = []
    for title, attacks in GROUPS.items():
        lines += [f"**{title}**", "", "| attack | for | stopped by | tried by |", "|:--|:--|:--|:--|"]
        for each in attacks:
            path, name = each.test.split("::")
            lines.append(f"| {each.name} | {each.aim} | {each.stops} | [`{name}`](../{path}) |")
        lines.append("")
    return "\n".join(lines)


def page(text: str) -> str:
    """The page with its table made anew."""
    before, rest = text.split(START)
    return f"{before}{START}\n\n{table()}\n{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
