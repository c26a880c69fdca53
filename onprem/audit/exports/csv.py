"""A table for spreadsheets: RFC 4180, UTF-8, a header, lines that end with CR LF.

Rules: no cell can be taken for a formula. A spreadsheet computes a cell that begins with `=`, `+`, `-`, `@`, a tab or
a line end, quoted or not (CWE-1236); no form of an event's field begins so, and a cell that would is refused rather than
changed, because a changed cell is no longer what the log says.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from csv import QUOTE_MINIMAL, writer

from onprem.audit.events import Entry
from onprem.audit.exports.contract import Export, fields
from onprem.errors import AuditError

COLUMNS = (
    *("seq", "utc", "actor", "role", "second", "action", "outcome", "purpose", "approval", "recipient"),
    *("subjects", "counts", "digests", "error", "version", "boot"),
)
FORMULA = tuple("=+-@\t\r\n\0|%＝＋－＠")  # the last four are their full-width forms, which some spreadsheets take too


def row(cells: Sequence[str]) -> str:
    """Return one record of RFC 4180, without its line end.

    Raises:
        AuditError: a cell begins as a formula does.
    """
    if any(cell.startswith(FORMULA) for cell in cells):
        raise AuditError("a cell of the export would begin like a formula", hint="take --format jsonl")
    line = io.StringIO()
    writer(line, quoting=QUOTE_MINIMAL, lineterminator="\r\n").writerow(cells)  # what is in it is quoted
    return line.getvalue().removesuffix("\r\n")


def _lines(entry: Entry, _origin: str) -> tuple[str, ...]:
    texts = fields(entry)
    return (row([texts[name] for name in COLUMNS]),)


EXPORT = Export(
    name="csv",
    title="A table for spreadsheets",
    basis="RFC 4180",
    lines=_lines,
    head=row(COLUMNS),
    end="\r\n",
)
