"""The page's plots: SVG files that are the same for the same results, on white, so that they suit a dark page too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

COLOURS = {
    "proportion": "#1f6feb",
    "counts": "#2da44e",
    "losses": "#bf8700",
    "smooth": "#8250df",
    "ranks": "#cf222e",
    "calibration": "#57606a",
}
GREY = "#6e7781"
OURS, THEIRS = "#1f6feb", "#cf222e"
STYLE = {
    "svg.hashsalt": "mlci",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "savefig.facecolor": "white",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "legend.frameon": False,
}


def coverage(path: Path, cells: list[dict[str, Any]]) -> None:
    """A panel for each population, a dot for each metric at each size, over the band of 94 to 96 %."""
    names = list(dict.fromkeys(cell["population"] for cell in cells))
    sizes = sorted({cell["n"] for cell in cells})
    plt = _pyplot()
    figure, axes = plt.subplots(2, -(-len(names) // 2), figsize=(10, 5), sharex=True, sharey=True, squeeze=False)
    for axis, name in zip(axes.flat, names, strict=False):
        axis.axhspan(94, 96, color="#dafbe1", zorder=0)
        axis.axhline(95, color=GREY, linewidth=0.6)
        some = [cell for cell in cells if cell["population"] == name and cell["told"]]
        metrics = list(dict.fromkeys(cell["metric"] for cell in some))
        for cell in some:
            away = (metrics.index(cell["metric"]) / max(1, len(metrics) - 1) - 0.5) * 0.6
            share = 100 * (1 - (cell["below"] + cell["above"]) / cell["told"])
            axis.plot(
                sizes.index(cell["n"]) + away, max(share, 88), marker="o" if share >= 88 else "v",
                markersize=3, color=COLOURS[cell["family"]], linestyle="none",
            )  # fmt: skip
        axis.set_title(name, fontsize=9)
        axis.set_xticks(range(len(sizes)), [f"{n:,}" for n in sizes])
        axis.set_ylim(87.5, 100.5)
    for axis in axes.flat[len(names) :]:
        axis.set_visible(False)
    for axis in axes[-1]:
        axis.set_xlabel("rows")
    for axis in axes[:, 0]:
        axis.set_ylabel("intervals that hold the truth, %")
    marks = [plt.Line2D([], [], marker="o", linestyle="none", markersize=4, color=each) for each in COLOURS.values()]
    figure.legend(marks, list(COLOURS), loc="lower center", ncols=len(COLOURS))
    figure.tight_layout(rect=(0, 0.05, 1, 1))
    _save(figure, path)


def alarms(path: Path, point: dict[str, Any]) -> None:
    """A bar for each judge: the share of pull requests without a change that it fails."""
    plt = _pyplot()
    judges = list(point["failed"])[::-1]
    shares = [100 * point["failed"][judge] / point["runs"] for judge in judges]
    figure, axis = plt.subplots(figsize=(8, 2.8))
    axis.barh(judges, shares, color=[OURS if judge.startswith("mlci") else GREY for judge in judges], height=0.65)
    for at, share in enumerate(shares):
        axis.text(share + 1 if share > 5 else 6, at, f"{share:.1f} %", va="center")
    axis.axvline(5, color=THEIRS, linestyle="--", linewidth=1)
    axis.text(5.5, len(judges) - 0.45, "promise: 5 %", color=THEIRS, fontsize=8)
    axis.set_xlim(0, 112)
    axis.set_xlabel("pull requests without a change that fail, %")
    figure.tight_layout()
    _save(figure, path)


def power(path: Path, points: list[dict[str, Any]]) -> None:
    """Shares of runs that fail, over the true loss: of the whole family for each judge, and of single gates."""
    plt = _pyplot()
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8), sharey=True)
    losses = [-100 * point["alone"]["accuracy"]["gain"] for point in points]
    for judge in points[0]["failed"]:
        ours = judge.startswith("mlci")
        left.plot(
            losses, [100 * point["failed"][judge] / point["runs"] for point in points],
            marker="o", markersize=3, linewidth=2 if ours else 1, linestyle="-" if ours else ":", label=judge,
        )  # fmt: skip
    known = [100 * point["failed_by_known_variance"] / point["runs"] for point in points]
    left.plot(losses, known, color="black", linewidth=1, linestyle="--", label="Holm on z tests, variances known")
    left.set_xlabel("true loss of accuracy, percentage points")
    left.set_ylabel("pull requests that fail, %")
    left.set_title("60 hypotheses: any fails", fontsize=9)
    left.legend(fontsize=7)
    for name, colour in zip(points[0]["alone"], list(COLOURS.values()), strict=False):
        gates = [point["alone"][name] for point in points]
        effect = [-gate["gain"] / gate["se"] for gate in gates]
        right.plot(
            effect, [100 * gate["failed"] / point["runs"] for gate, point in zip(gates, points, strict=True)],
            marker="o", linestyle="none", markersize=4, color=colour, label=name,
        )  # fmt: skip
    reach = [each / 20 for each in range(111)]
    right.plot(
        reach, [100 * _best(each) for each in reach], color="black", linestyle="--", linewidth=1, label="best possible"
    )
    right.set_xlim(-0.2, 5.5)
    right.set_xlabel("true loss, in standard errors of the paired gain")
    right.set_title("one gate alone, margin 0", fontsize=9)
    right.legend(fontsize=7)
    figure.tight_layout()
    _save(figure, path)


def speed(path: Path, rows: list[dict[str, Any]]) -> None:
    """A bar for each metric: how many times faster its interval is than the bootstrap's, on a logarithmic axis."""
    plt = _pyplot()
    figure, axis = plt.subplots(figsize=(8, 0.22 * len(rows) + 0.8))
    names = [f"{row['metric']} ({row['task']})" for row in rows][::-1]
    axis.barh(names, [row["ratio"] for row in rows][::-1], color=OURS, height=0.65)
    axis.axvline(1_000, color=THEIRS, linestyle="--", linewidth=1)
    axis.set_xscale("log")
    axis.set_xlabel("times as fast as scipy.stats.bootstrap (dashed: 1,000)")
    axis.tick_params(axis="y", labelsize=7)
    figure.tight_layout()
    _save(figure, path)


def _best(effect: float) -> float:
    from statistics import NormalDist

    return NormalDist().cdf(effect - NormalDist().inv_cdf(0.975))


def _pyplot() -> Any:  # noqa: ANN401 - a module
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams.update(STYLE)
    import matplotlib.pyplot as plt

    return plt


def _save(figure: Any, path: Path) -> None:  # noqa: ANN401 - matplotlib ships no types that are read here
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None, "Creator": None})
    _pyplot().close(figure)
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(line.rstrip() for line in lines) + "\n", encoding="utf-8")
