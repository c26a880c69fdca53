"""Tables and JSON lines as text that passages are cut from: a row with the names of its columns, a line with its keys.

Rules: nothing of a file is left out; a row or line that cannot be understood is taken as the text it is, without names.
"""

from __future__ import annotations

from collections.abc import Iterator

from onprem.formats.contract import ReadOptions
from onprem.formats.delimited import DelimitedFormat
from onprem.formats.delimited_layout import Layout, layout_of
from onprem.formats.delimited_rows import Row, Rows
from onprem.formats.json_leaves import Leaf, LineParser, NotJson
from onprem.formats.jsonl import JsonLinesFormat

TABLES, LINES = frozenset(DelimitedFormat.suffixes), frozenset(JsonLinesFormat.suffixes)
_PREFERRED = {".csv": ",", ".psv": "|"}
_HEAD = 262_144  # characters that the layout of a table is told by


def rows(text: str, suffix: str) -> Iterator[tuple[int, str]]:
    """Yield the number of each row or line and its text, `name: value` on a line each; `suffix` is of TABLES or LINES.

    Rows of a table count from 1 without its header, and what stands above that is 0; JSON lines count as lines of the file.
    """
    return _lines(text) if suffix in LINES else _table(text, _PREFERRED.get(suffix, "\t"))


def _table(text: str, preferred: str) -> Iterator[tuple[int, str]]:
    layout = layout_of(text[:_HEAD], preferred, ReadOptions(), complete=len(text) <= _HEAD)
    if layout is None:
        return
    header = layout.header
    above = layout.preamble + len(header.before) + header.length if header else 0
    title = text[: layout.preamble if any(layout.names()) else above].strip()  # names that name no column are text
    if title:
        yield 0, title
    for number, row in enumerate(Rows(layout.delimiter, quoting=layout.quoting).parse(text[above:]), 1):
        yield number, _named(row, layout)


def _named(row: Row, layout: Layout) -> str:
    fits = row.sound and len(row.cells) == layout.width
    names = layout.names() if fits else [""] * len(row.cells)
    named = [(name, cell.strip()) for name, cell in zip(names, row.cells, strict=True) if cell.strip()]
    return "\n".join(f"{name}: {cell}" if name else cell for name, cell in named)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.split("\n"), 1):
        content = line.strip()
        try:
            leaves = [leaf for leaf in LineParser(content).parse() if not leaf.is_key]
        except NotJson:
            yield number, content
            continue
        yield number, "\n".join(f"{_path(leaf)}: {leaf.text}" for leaf in leaves if leaf.text.strip())


def _path(leaf: Leaf) -> str:
    return ".".join(step.key for step in leaf.steps if step.key is not None)
