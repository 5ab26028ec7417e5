"""The page, as Markdown, from results and a template: no number in it is typed by hand."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from claims import FROM, coverage_of, error_of, is_hard, side_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from claims import Claim

Result = dict[str, Any]
MARKS = {-1: "↓", 0: "", 1: "↑"}
NAMED = 8  # cells that are named in a sentence, at most


def page(found: Result, claims: Sequence[Claim]) -> str:
    """The page; a part that was not measured says so."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    parts: dict[str, Callable[[Any], Any]] = {
        "coverage": _coverage,
        "alarms": _alarms,
        "published": _published,
        "agreement": _agreement,
        "speed": _speed,
    }
    given = {part: make(found[part]) if found.get(part) else None for part, make in parts.items()}
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), undefined=StrictUndefined, keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - the page is Markdown, made of these scripts' own numbers
    )  # fmt: skip
    text = environment.get_template("page.md.j2").render(
        **given,
        claims=claims,
        broken=sum(not claim.holds for claim in claims),
        machine=found["machine"],
        quick=found["quick"],
    )
    return _squeezed(text)


def _squeezed(text: str) -> str:
    """Without the blank lines that a template leaves behind."""
    kept: list[str] = []
    for line in text.splitlines():
        if line.strip() or (kept and kept[-1]):
            kept.append(line.rstrip())
    return "\n".join(kept).rstrip() + "\n"


# --- coverage --------------------------------------------------------------------------------------------------


def _coverage(cells: list[Result]) -> Result:
    sizes = sorted({cell["n"] for cell in cells})
    names = list(dict.fromkeys(cell["population"] for cell in cells))
    told = [cell for cell in cells if cell["told"]]
    narrow = sorted((cell for cell in told if side_of(cell) < 0), key=coverage_of)
    wide = [cell for cell in told if side_of(cell) > 0]
    named = [
        f"`{cell['metric']}` {100 * coverage_of(cell):.1f} % ({cell['population']}, {cell['n']:,} rows)"
        for cell in narrow[:NAMED]
    ]
    summary = [
        (name, *(_summary([c for c in told if c["population"] == name and c["n"] == n]) for n in sizes))
        for name in names
    ]
    standard = (cell["gain_error"] / (cell["width"] / 4) for cell in told if cell["width"])
    return {
        "runs": cells[0]["runs"],
        "whole": f"{cells[0]['whole']:,}",
        "truth": f"{100 * max(standard):.0f}",
        "error": f"{100 * error_of(0.95, cells[0]['runs']):.1f}",
        "summary": _table(("population", *(f"{n:,} rows" for n in sizes)), summary),
        "narrow": "; ".join(named) + (" …" if len(narrow) > NAMED else ""),
        "wide": len(wide),
        "wide_rare": sum(cell["n"] < FROM or is_hard(cell) for cell in wide),
        "untold": f"{100 * max(1 - cell['told'] / cell['runs'] for cell in cells):.0f}",
        "tables": {name: _every([cell for cell in cells if cell["population"] == name], sizes) for name in names},
    }


def _summary(cells: list[Result]) -> str:
    if not cells:
        return "–"
    shares = [100 * coverage_of(cell) for cell in cells]
    counts = ((sum(side_of(cell) == side for cell in cells), mark) for side, mark in MARKS.items() if mark)
    return f"{min(shares):.1f}–{max(shares):.1f}" + "".join(f" {count}{mark}" for count, mark in counts if count)


def _every(cells: list[Result], sizes: list[int]) -> str:
    by_metric: dict[str, dict[int, Result]] = defaultdict(dict)
    for cell in cells:
        by_metric[cell["metric"]][cell["n"]] = cell
    rows = [
        (f"`{metric}`", f"{own[sizes[0]]['gain']:+.4f}".replace("-", "−"), *(_cell(own[n]) for n in sizes))
        for metric, own in by_metric.items()
    ]
    return _table(("metric", "true gain", *(f"{n:,} rows" for n in sizes)), rows)


def _cell(cell: Result) -> str:
    return f"{100 * coverage_of(cell):.1f} {MARKS[side_of(cell)]}".strip() if cell["told"] else "–"


# --- the other parts -------------------------------------------------------------------------------------------


def _alarms(found: Result) -> Result:
    points = found["points"]
    still = points[0]
    head = ("judge", *(f"loss {abs(100 * point['alone']['accuracy']['gain']):.1f}" for point in points))
    alike = sorted((still, *found["alike"]), key=lambda point: float(point["shared"]))
    judges = [
        (judge, *(_percent(point["failed"][judge] / point["runs"]) for point in points)) for judge in still["failed"]
    ]
    known = (_percent(point["failed_by_known_variance"] / point["runs"]) for point in points)
    alone: list[tuple[str, ...]] = []
    for name in still["alone"]:
        gates = [(point["alone"][name], point["runs"]) for point in points]
        alone.extend(
            (
                (f"`{name}`: mlci", *(_percent(gate["failed"] / runs) for gate, runs in gates)),
                (f"`{name}`: best possible", *(_percent(gate["best"]) for gate, _ in gates)),
            )
        )
    return {
        "runs": still["runs"],
        "rows": f"{found['rows']:,}",
        "largest": round(found["rows"] * max(found["slices"])),
        "smallest": round(found["rows"] * min(found["slices"])),
        "error": f"{100 * error_of(0.05, still['runs']):.1f}",
        "judges": _table(head, [*judges, ("Holm on z tests that know every variance", *known)]),
        "alike": _table(
            ("judge", *(f"{100 * point['shared']:.0f} % shared" for point in alike)),
            [
                (judge, *(_percent(point["failed"][judge] / point["runs"]) for point in alike))
                for judge in still["failed"]
            ],
        ),
        "alone": _table(("gate", *head[1:]), alone),
    }


def _published(found: Result) -> Result:
    examples, sizes = found["examples"], found["sizes"]
    return {
        "examples": _table(
            ("what", "source", "reference", "mlci", "agrees", "note"),
            [
                (each["what"], each["source"], each["reference"], each["own"], _yes(each["agree"]), each["note"])
                for each in examples
            ],
        ),
        "sizes": _table(
            ("condition", "source", "published", "mlci", "agrees"),
            [
                (
                    f"`{each['asked']}`",
                    each["source"],
                    f"{each['published']:,}",
                    f"{each['ours']:,}",
                    _yes(each["agrees"]),
                )
                for each in sizes
            ],
        ),
        "count": len(sizes),
        "equal": sum(each["agrees"] for each in sizes),
    }


def _agreement(found: dict[str, list[Result]]) -> list[Result]:
    made: list[Result] = []
    for library, rows in found.items():
        worst: dict[str, float] = defaultdict(float)
        for row in rows:
            worst[row["metric"]] = max(worst[row["metric"]], row["difference"])
        told = [(f"`{name}`", f"{each:.0e}") for name, each in worst.items()]
        made.append(
            {
                "name": library,
                "count": len(worst),
                "worst": f"{max(worst.values(), default=0.0):.0e}",
                "table": _table(("metric", "greatest difference"), told) if told else "",
            }
        )
    return made


def _speed(found: Result) -> Result:
    ends = {(row["metric"], row["task"]): row for row in found["agreement"]["metrics"]}
    rows = []
    for row in found["bootstrap"]["metrics"]:
        end = ends.get((row["metric"], row["task"]))
        off = f"{end['low_off']:+.1f}, {end['high_off']:+.1f}".replace("-", "−") if end else "–"
        times = f"{1e3 * row['mlci_seconds']:.2f}", f"{row['scipy_seconds']:,.0f}"
        rows.append((f"`{row['metric']}`", row["task"], *times, f"{row['ratio']:,.0f} ×", off))
    slices = found["slices"]
    large = [
        (" × ".join(map(str, run["partitions"])), f"{run['seconds']:.1f}", f"{run['whole_seconds']:.1f}",
         f"{run['peak_bytes'] / 1e9:.2f}")
        for run in slices["runs"]
    ]  # fmt: skip
    return {
        "rows": f"{found['bootstrap']['rows']:,}",
        "resamples": f"{found['bootstrap']['resamples']:,}",
        "measured": found["bootstrap"]["measured_resamples"],
        "agreeing_rows": f"{found['agreement']['rows']:,}",
        "table": _table(("metric", "task", "mlci, ms", "bootstrap, s", "ratio", "ends, in errors"), rows),
        "large_rows": f"{slices['rows']:,}",
        "large_metrics": len(slices["metrics"]),
        "large": _table(
            ("values of the slices' columns", "seconds", "of these without slices", "GB at the peak"), large
        ),
    }


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _yes(agrees: bool) -> str:  # noqa: FBT001 - a cell's value
    return "yes" if agrees else "**no**"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    return "\n".join(f"| {' | '.join(each)} |" for each in (head, ("---",) * len(head), *rows))
