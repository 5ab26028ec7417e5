# ruff: noqa: INP001 - a script, no package
"""Take a picture of a report, as GitHub or a browser shows it.

    python docs/picture.py report.md out.png [--dark] [--width 900] [--open] [--scale 2]
    python docs/picture.py report.html out.png [--dark] [--width 390]

Markdown is rendered by cmarkgfm with GitHub's style sheet (npm: github-markdown-css), which `--css` or the environment
variable GITHUB_MARKDOWN_CSS names; a file that ends in .html is taken as it is. Needs `chromium` on PATH, no network.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PAGE = """<!doctype html>
<html data-theme="{theme}"><head><meta charset="utf-8"><title></title><style>{css}
body {{ margin: 0; background: {background}; }}
.markdown-body {{ box-sizing: border-box; margin: 0 auto; padding: 28px; }}
</style></head><body><article class="markdown-body">{body}</article></body></html>
"""
# the page's height ends up in its title, for the second run's window
MEASURE = "<script>addEventListener('load', () => {{ {before} document.title = 'height=' + Math.ceil(document.documentElement.getBoundingClientRect().height); }})</script>"  # noqa: E501 - one script
OPEN = "document.querySelectorAll('details').forEach(each => each.open = true);"


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Take a picture of a report, as GitHub or a browser shows it.")
    parser.add_argument("report", type=Path, help="a Markdown or an HTML file")
    parser.add_argument("picture", type=Path, help="the PNG to write")
    parser.add_argument("--dark", action="store_true", help="as a reader with a dark setting sees it")
    parser.add_argument("--width", type=int, default=900, help="of the window, in CSS pixels (default 900)")
    parser.add_argument("--scale", type=float, default=2, help="device pixels per CSS pixel (default 2)")
    parser.add_argument("--open", action="store_true", help="with all folds open")
    parser.add_argument("--css", type=Path, default=os.environ.get("GITHUB_MARKDOWN_CSS"), help="GitHub's style sheet")
    return parser.parse_args()


def page(options: argparse.Namespace) -> str:
    """The HTML to take a picture of."""
    text = options.report.read_text(encoding="utf-8")
    if options.report.suffix == ".html":
        # the measuring script is this tool's own; the report itself allows none
        return re.sub(r"<meta http-equiv=\"Content-Security-Policy\"[^>]*>", "", text)
    import cmarkgfm
    from cmarkgfm.cmark import Options

    if not options.css or not Path(options.css).is_file():
        sys.exit("No style sheet: npm install github-markdown-css, then --css node_modules/…/github-markdown.css")
    body = cmarkgfm.github_flavored_markdown_to_html(text, Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_HARDBREAKS)
    theme, background = ("dark", "#0d1117") if options.dark else ("light", "#ffffff")
    return PAGE.format(css=Path(options.css).read_text(), theme=theme, background=background, body=body)


def chromium(folder: Path, options: argparse.Namespace, height: int, *more: str) -> str:
    """Run chromium on the page; what it printed."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        sys.exit("No chromium on PATH: on Debian, apt-get install chromium fonts-noto-color-emoji fonts-dejavu")
    flags = [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        "--allow-file-access-from-files", "--virtual-time-budget=4000",
        f"--user-data-dir={folder / 'profile'}", f"--window-size={options.width},{height}",
        f"--force-device-scale-factor={options.scale}",
        *(["--blink-settings=preferredColorScheme=0"] if options.dark else ["--blink-settings=preferredColorScheme=1"]),
    ]  # fmt: skip
    command = [program, *flags, *more, (folder / "page.html").as_uri()]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout


def main() -> None:
    """Measure the page, then take its picture."""
    options = arguments()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        script = MEASURE.format(before=OPEN if options.open else "")
        html = page(options).replace("</head>", f"{script}</head>", 1)
        (folder / "page.html").write_text(html, encoding="utf-8")
        found = re.search(r"height=(\d+)", chromium(folder, options, 800, "--dump-dom"))
        height = int(found[1]) if found else 2000
        chromium(folder, options, height, f"--screenshot={options.picture.resolve()}")


if __name__ == "__main__":
    main()
