"""The verified lines as they stand in the log: whoever holds all of them can compute the root of a checkpoint.

A line that a crash has cut is no event and is left out; the root of such a log follows from its segment files alone.
"""

from __future__ import annotations

from onprem.audit.events import Entry
from onprem.audit.exports.contract import Export


def _lines(entry: Entry, _origin: str) -> tuple[str, ...]:
    # `parse` takes no line that is not this text, so it is the very line that was verified
    return (entry.canonical().decode("ascii"),)


EXPORT = Export(
    name="jsonl",
    title="The lines of the log as they are, one JSON object a line",
    basis="JSON Lines; the leaf of a line is SHA-256 over a zero byte and the line (RFC 6962, 2.1)",
    lines=_lines,
)
