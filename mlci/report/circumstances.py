"""What training took place in: what its code could reach, and whether it is reproducible."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.report import names
from mlci.report.phrase import code, line, listed

if TYPE_CHECKING:
    from mlci.report.phrase import Line
    from mlci.results import ModelResult, Side, WallResult


def walled(model: ModelResult) -> Line:
    """What the code that trained could do, in one line; of both sides, the one that could do more."""
    walls = [side.wall for side in _sides(model) if side.wall is not None]
    if not walls:
        return line()
    who = "as another user" if all(each.user for each in walls) else "as mlci’s own user"
    doors = list(dict.fromkeys(door for each in walls for door in each.doors))
    left = line(" It could have left the wall through ", listed([code(each) for each in doors]), ".") if doors else ""
    lacking = bool(doors) or any(each.files is False or each.network == "open" for each in walls)
    icon = f"{names.ICON['warn']} " if lacking else ""
    return line(f"{icon}The code that trained ran {who}, ", _network(walls), ", and ", _files(walls), ".", left)


def _network(walls: list[WallResult]) -> Line:
    found = {each.network for each in walls}
    if "open" in found:
        return line("with the network within reach")
    if "allowed" in found:
        return line("with the network (", code("sandbox: {network: allow}"), ")")
    return line("without network")


def _files(walls: list[WallResult]) -> Line:
    found = {each.files for each in walls}
    if False in found:
        return line("could have read the datasets’ files, with the answers of the held-out rows")
    if None in found:
        return line("could read the datasets’ files (", code("sandbox: {files: allow}"), ")")
    return line("could not read the datasets’ files")


def repeated(model: ModelResult, main: str) -> Line:
    """Whether a second training with the same seed predicts the same, where that was looked at."""
    both = ((names.HEAD, model.side), (main, model.baseline.side))
    looked = [(name, side.reproducible) for name, side in both if side is not None and side.reproducible is not None]
    unlike = [name for name, is_same in looked if not is_same]
    if not looked:
        return line()
    if unlike:
        told = "Not reproducible: a second training with the same seed does not predict the same on "
        return line(f"{names.ICON['warn']} {told}", listed(unlike), ".")
    return line(
        f"Reproducible: a second training with the same seed predicts the same{' on both sides' * (len(looked) > 1)}."
    )


def _sides(model: ModelResult) -> list[Side]:
    return [side for side in (model.side, model.baseline.side) if side is not None]
