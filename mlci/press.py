"""The press: everything that a run leaves in its output folder, made from the results."""

from __future__ import annotations

import errno
import re
import shutil
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING

from mlci.config.models import NAME
from mlci.errors import ReportError, UserError
from mlci.settings import NOWHERE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import polars as pl

    from mlci.results import Results
    from mlci.settings import Links
    from mlci.trees import Trees


def write(
    results: Results, out: Path, *, template: str | None = None, charts: bool = True, links: Links = NOWHERE
) -> str:
    """Write `results.json`, `report.md` and `report.html`; the report as Markdown.

    Raises:
        ReportError: the user's template failed; the report was written without it.
        UserError: the folder cannot be written to.
    """
    from mlci.report.fit import fit
    from mlci.report.render import html

    failed: ReportError | None = None
    try:
        markdown = fit(results, template=template, charts=charts, **asdict(links))
    except ReportError as error:
        failed = error
        markdown = fit(results, charts=charts, **asdict(links))
    page = html(results, run_url=links.run_url or links.report_url)
    texts = {"results.json": results.to_json(), "report.md": markdown, "report.html": page}
    with _writing(out):
        for name, text in texts.items():
            _place(out, name).write_text(text, encoding="utf-8")
    if failed is not None:
        raise failed
    return markdown


def write_models(
    results: Results, out: Path, predictions: Mapping[str, pl.DataFrame], models: Mapping[str, Path | None]
) -> None:
    """Write both sides' predictions and each winner with its model card."""
    from mlci.report.card import card

    with _writing(out):
        for name, frame in predictions.items():
            frame.write_parquet(_place(out, "predictions", f"{name}.parquet"))
        for name, model in models.items():
            _place(out, "models", name, "README.md").write_text(card(results, name), encoding="utf-8")
            if model is not None:
                shutil.copyfile(model, _place(out, "models", name, model.name))


def _place(out: Path, *parts: str) -> Path:
    """Where a file is to be written: links that a repository holds there are taken away, not followed."""
    path = out
    for part in parts:
        path.mkdir(parents=True, exist_ok=True)
        path /= part
        if path.is_symlink():
            path.unlink()
    return path


def clear(out: Path) -> None:
    """Make the output folder, and take away what an earlier run left there: an old verdict must not pass for a new one.

    Only files that mlci writes are removed, by their names.

    Raises:
        UserError: the folder cannot be written to.
    """
    with _writing(out):
        if not out.exists():
            out.mkdir(parents=True)
            (out / ".gitignore").write_text("*\n", encoding="utf-8")  # models and predictions are nothing to commit
        old = out / "results.json"
        names = _models_of(old) if old.is_file() else ()
        mine = [out / each for each in ("results.json", "report.md", "report.html")]
        for name in names:
            mine += [out / "predictions" / f"{name}.parquet", out / "models" / name / "README.md"]
            if not _is_linked(out / "models" / name / "model", out):
                mine += (out / "models" / name).glob("model*")
        for path in mine:
            _removed(path, out)


def _removed(path: Path, out: Path) -> None:
    """Take away what lies at a path, but nothing that a link on the way leads to."""
    if _is_linked(path, out):
        return
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)  # where a file of mlci's is to be
    else:
        path.unlink(missing_ok=True)


def _is_linked(path: Path, out: Path) -> bool:
    """Whether a folder between the output folder and what lies below it is a link."""
    return any((out / each).is_symlink() for each in path.relative_to(out).parents if each.parts)


def _models_of(results: Path) -> tuple[str, ...]:
    """The models of an earlier run; none where the file is not mlci's."""
    from mlci.results import Results

    try:
        return tuple(name for name in Results.from_json(results.read_bytes()).models if re.fullmatch(NAME, name))
    except UserError:
        return ()


@contextmanager
def _writing(out: Path) -> Iterator[None]:
    """Tell a folder that cannot be written to; a full disk is told where all commands' are."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise UserError(
            f"The output folder {out} cannot be written to: {error.strerror}.", hint="Choose another one with --out."
        ) from None


def template_of(trees: Trees) -> str | None:
    """The user's template: the base branch's, so that a pull request does not write its own report.

    Raises:
        ReportError: it is named and cannot be read.
    """
    tree = trees.base if trees.base and (trees.base.loaded or trees.within) else trees.head
    name = tree.loaded.config.report.template if tree.loaded else None
    if name is None or tree.loaded is None:
        return None
    path = (tree.folder / name).resolve()
    try:
        if not path.is_relative_to(tree.folder.resolve()):
            raise FileNotFoundError
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise ReportError(
            f"The report template {name} cannot be read as UTF-8 text of this repository.",
            hint="Check `report.template`; the report was made without it.",
            location=tree.loaded.where("report", "template"),
        ) from None
