"""Export of the log as a stream: every event is verified on its way, and nothing is believed before the last one was.

Rules: the caller gives a file that nobody sees yet, and shows it only once `write` has returned; memory does not grow with
the log; which events are wanted is decided as `onprem.audit.view` decides it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import BinaryIO

from onprem.audit.checkpoint import site_key
from onprem.audit.events import Entry
from onprem.audit.exports.contract import Export
from onprem.audit.verify import State, begin, entries
from onprem.audit.view import Filters
from onprem.config import Site
from onprem.errors import AuditError, OutputError


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: of which log, how many events in how many lines, and SHA-256 of the bytes (64 hex digits)."""

    state: State
    events: int
    lines: int
    digest: str


def write(site: Site, export: Export, filters: Filters, file: BinaryIO) -> Written:
    """Write the events of the whole log that `filters` let through to `file`, which is to be shown only if this returns.

    Raises:
        AuditError: the log does not verify, or cannot be read.
        OutputError: the file cannot be written.
    """
    origin = site_key(site).name
    digest = hashlib.sha256()
    events = lines = 0

    def put(line: str) -> None:
        content = (line + export.end).encode("utf-8")
        digest.update(content)
        try:
            file.write(content)
        except OSError:
            raise _no_room() from None

    if export.head:
        put(export.head)
    state = begin(site)
    for entry in entries(site, state):
        if lets_through(filters, entry):
            events += 1
            for line in export.lines(entry, origin):
                lines += 1
                put(line)
    try:
        file.flush()
    except OSError:
        raise _no_room() from None
    if not state.sound:
        raise AuditError("the audit log does not verify, so it is not exported", hint="onprem audit verify")
    return Written(state, events, lines, digest.hexdigest())


def lets_through(filters: Filters, entry: Entry) -> bool:
    """Say whether an event is one of those that the view shows under `filters`."""
    event, given = entry.event, filters
    return (
        (not given.action or event.action == given.action or event.action.startswith(f"{given.action}."))
        and given.actor in ("", entry.actor)
        and given.outcome in ("", event.outcome)
        and given.purpose in ("", event.purpose)
        and (not given.subject or given.subject in event.subjects)
        and (not given.since or entry.utc >= given.since)
        and (not given.until or entry.utc < given.until)
    )


def _no_room() -> OutputError:
    return OutputError("the export cannot be written", hint="check permissions and free space")
