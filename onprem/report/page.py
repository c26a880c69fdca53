"""The frame of a report and its tables: escaped text, one style sheet, no script, nothing fetched."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from pathlib import Path

from onprem.errors import OutputError

# the browser is told as well that nothing may be loaded or run
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


@dataclass(frozen=True, slots=True)
class Html:
    """Markup that is safe as it stands; plain strings are escaped."""

    markup: str


Cell = str | int | Html


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a column: its words and its class (`n` for numbers, `chart` for bars that narrow screens drop)."""

    words: str
    css: str = ""


def show(cell: Cell) -> str:
    """Return a cell's markup; integers get thousands separators."""
    if isinstance(cell, Html):
        return cell.markup
    return escape(f"{cell:,}" if isinstance(cell, int) else cell)


def table(caption: str, heads: Sequence[Head], rows: Iterable[Sequence[Cell]]) -> str:
    """Return a table; the first cell of a row is its heading."""
    top = "".join(f'<th scope="col"{_css(head)}>{escape(head.words)}</th>' for head in heads)
    body: list[str] = []
    for row in rows:
        first, *rest = zip(heads, row, strict=True)
        cells = f'<th scope="row"{_css(first[0])}>{show(first[1])}</th>'
        cells += "".join(f"<td{_css(head)}>{show(cell)}</td>" for head, cell in rest)
        body.append(f"<tr>{cells}</tr>")
    return (
        f'<div class="wide"><table aria-label="{escape(caption)}"><thead><tr>{top}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )


def section(title: str, *content: str) -> str:
    """Return a section with its heading."""
    return f"<section><h2>{escape(title)}</h2>{''.join(content)}</section>"


def paragraph(text: str, *, css: str = "soft") -> str:
    """Return a paragraph of plain text."""
    return f'<p class="{css}">{escape(text)}</p>'


def tag(words: str, css: str = "") -> Html:
    """Return a word in a frame."""
    return Html(f'<span class="tag {css}">{escape(words)}</span>')


def code(text: str) -> Html:
    """Return a digest or a name in a fixed-width face."""
    return Html(f"<code>{escape(text)}</code>")


def page(title: str, *content: str) -> str:
    """Return the whole document."""
    style = (files("onprem.report") / "report.css").read_text(encoding="utf-8")
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
        f"<title>{escape(title)}</title><style>{style}</style></head><body>{''.join(content)}</body></html>\n"
    )


def write_page(path: Path, document: str) -> None:
    """Write a report for this user alone, whole or not at all.

    Raises:
        OutputError: it cannot be written.
    """
    fresh = path.with_name(path.name + ".fresh")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(document)
        fresh.rename(path)
    except OSError:
        raise OutputError("the report cannot be written", hint="check the folder of --report, and free space") from None


def _css(head: Head) -> str:
    return f' class="{head.css}"' if head.css else ""
