"""The press: everything that a run leaves in its output folder, made from the results."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from mlci.errors import ReportError, UserError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import polars as pl

    from mlci.results import Results
    from mlci.trees import Trees

_FOLDERS = ("predictions", "models")


def write(results: Results, out: Path, *, template: str | None = None, charts: bool = True) -> tuple[Path, Path]:
    """Write `results.json`, `report.md` and `report.html`; the paths of the two reports.

    Raises:
        ReportError: the user's template failed; the report was written without it.
        UserError: the folder cannot be written to.
    """
    from mlci.report.fit import fit
    from mlci.report.render import html

    failed: ReportError | None = None
    try:
        markdown = fit(results, template=template, charts=charts)
    except ReportError as error:
        failed = error
        markdown = fit(results, charts=charts)
    texts = {"results.json": results.to_json(), "report.md": markdown, "report.html": html(results)}
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (out / name).write_text(text, encoding="utf-8")
    except (PermissionError, FileExistsError, NotADirectoryError) as error:
        raise UserError(
            f"The output folder {out} cannot be written to: {error.strerror}.", hint="Choose another one with --out."
        ) from None
    if failed is not None:
        raise failed
    return out / "report.md", out / "report.html"


def write_models(
    results: Results, out: Path, predictions: Mapping[str, pl.DataFrame], models: Mapping[str, Path | None]
) -> None:
    """Write both sides' predictions and each winner with its model card; those of an earlier run are removed."""
    from mlci.report.card import card

    for name in _FOLDERS:
        shutil.rmtree(out / name, ignore_errors=True)
    for name, frame in predictions.items():
        (out / "predictions").mkdir(parents=True, exist_ok=True)
        frame.write_parquet(out / "predictions" / f"{name}.parquet")
    for name, model in models.items():
        folder = out / "models" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "README.md").write_text(card(results, name), encoding="utf-8")
        if model is not None:
            shutil.copyfile(model, folder / model.name)


def template_of(trees: Trees) -> str | None:
    """The user's template: the base branch's, so that a pull request does not write its own report.

    Raises:
        ReportError: it is named and cannot be read.
    """
    tree = trees.base if trees.base and trees.base.loaded else trees.head
    name = tree.loaded.config.report.template if tree.loaded else None
    if name is None or tree.loaded is None:
        return None
    try:
        return (tree.folder / name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise ReportError(
            f"The report template {name} cannot be read.",
            hint="Check `report.template`; the report was made without it.",
            location=tree.loaded.where("report", "template"),
        ) from None
