"""What of the wall around training code did not hold, told once for a run. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.results import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mlci.config.sandbox import Sandbox
    from mlci.errors import Location
    from mlci.training.wall import Held

CODE = "MLCI217"


def findings(
    sandbox: Sandbox, held: Iterable[Held], where: Callable[..., Location], *, keeps_token: bool = False
) -> Iterator[Finding]:
    """What of the wall did not hold, and what code could do because of it.

    It is grave where the configuration itself asks for that part of the wall, and for information where it only is the
    default: many machines cannot hold it.

    Args:
        sandbox: The rules that hold.
        held: What of them held, of each training.
        where: The place of a key in the configuration.
        keeps_token: Whether the checkout keeps the job's token in a file that the wall has to hide.
    """
    all_held = tuple(held)
    if any(each.files is False for each in all_held):
        who = "" if all(each.user for each in all_held) else ", and any other file of the user who runs mlci"
        yield _finding(
            sandbox,
            "files",
            f"Files were not walled off here: the code that trained could have read the datasets with the answers of "
            f"the held-out rows{who}.",
            "On Linux 5.13 or later with Landlock, as on GitHub's runners, they are.",
            where,
        )
    if any(each.network == "open" for each in all_held):
        yield _finding(
            sandbox,
            "network",
            "The network was not walled off here: the code that trained could have fetched answers, or sent the data "
            "away.",
            "On Linux on x86-64 or arm64 it is; the action's container is such a place.",
            where,
        )
    if keeps_token and any(each.files is not True for each in all_held):
        yield Finding(
            code="MLCI440",
            severity="info",
            message="The checkout keeps the job's token in .git/config, where the code that was judged could read it.",
            hint="Set `persist-credentials: false` for actions/checkout.",
        )
    named = ", ".join(f"`{door}`" for door in sorted({door for each in all_held for door in each.doors}))
    if named:
        asked = [key for key in ("files", "network") if key in sandbox.model_fields_set]
        yield Finding(
            code=CODE,
            severity="warn" if asked else "info",
            message=f"The code that trained could have left the wall through {named}: whoever may write to it can have "
            "any program run beyond the wall.",
            hint="Run mlci as a user who may not write to it.",
            location=where("sandbox", asked[0]) if asked else None,
        )


def _finding(sandbox: Sandbox, key: str, message: str, hint: str, where: Callable[..., Location]) -> Finding:
    is_asked = key in sandbox.model_fields_set
    return Finding(
        code=CODE,
        severity="warn" if is_asked else "info",
        message=message,
        hint=f"{hint} If it is meant to be open, write `sandbox: {{{key}: allow}}`.",
        location=where("sandbox", key) if is_asked else None,
    )
