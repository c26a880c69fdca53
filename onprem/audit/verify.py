"""Verification of the log: every line is read again, and what was done to it is told by name.

    truncation   lines are missing: at the end (known from a checkpoint only), at the beginning or between others
    rewrite      a line differs from what the next line, or a checkpoint, says of it
    reorder      all lines are there, in another order, or time runs backwards within one boot
    fork         two lines claim one place, or the history was cut before a checkpoint and continued otherwise
    unreadable   a line is no event
    torn         a crash cut a line; it is repaired, or will be by the next event

Without a checkpoint kept elsewhere, a log that was rewritten from some line to its end verifies; with one it does not.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from onprem.audit import checkpoint as checkpoints
from onprem.audit.checkpoint import Checkpoint
from onprem.audit.events import MAX_LINE_BYTES, Entry, parse
from onprem.audit.log import GENESIS, segments
from onprem.audit.merkle import EMPTY_ROOT, Tree, leaf_hash
from onprem.config import Site
from onprem.errors import AuditError
from onprem.model import Finding, Severity

_SHOWN = 20  # findings of one kind


@dataclass(slots=True)
class State:
    """What is known after reading a log: its tree, its last event, and what was found wrong."""

    tree: Tree = field(default_factory=Tree)
    last: Entry | None = None
    findings: list[Finding] = field(default_factory=list)
    at_checkpoint: tuple[bytes, str] | None = None  # root and time of the last event at the checkpoint's size

    def add(self, code: str, where: str, message: str, severity: Severity = Severity.ERROR) -> None:
        """Keep a finding, unless enough of its kind are kept."""
        if sum(item.code == code for item in self.findings) < _SHOWN:
            self.findings.append(Finding(code, severity, where, message))

    @property
    def sound(self) -> bool:
        """Whether nothing of severity error was found."""
        return all(item.severity is not Severity.ERROR for item in self.findings)


def verify(site: Site, against: Path | None = None) -> list[Finding]:
    """Read the whole log of `site` and return what is wrong with it; nothing wrong gives no ERROR.

    Raises:
        AuditError: the log or the checkpoint cannot be read.
    """
    return check(site, against).findings


def check(site: Site, against: Path | None = None) -> State:
    """Verify as `verify` does; also return the tree and the last event, for a checkpoint.

    Raises:
        AuditError: the log or the checkpoint cannot be read.
    """
    known = checkpoints.read(against) if against is not None else None
    state = State()
    for _ in _read(site, state, known):
        pass
    if known is not None:
        _compare(site, state, known)
    return state


def entries(site: Site, state: State) -> Iterator[Entry]:
    """Yield the events of the log while verifying it; `state` is complete when the iterator ends. Streams."""
    yield from _read(site, state, None)


def _read(site: Site, state: State, known: Checkpoint | None) -> Iterator[Entry]:
    reader = _Reader(state)
    if known is not None and known.size == 0:
        state.at_checkpoint = (EMPTY_ROOT, "")
    for where, line in _lines(site, state):
        entry = reader.take(where, line)
        if known is not None and state.tree.size == known.size:
            state.at_checkpoint = (state.tree.root(), state.last.utc if state.last else "")
        if entry is not None:
            yield entry
    reader.finish()


class _Reader:
    """Takes the lines in order, checks each against the one before and, at the end, all places together."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._places = array("Q")
        self._unreadable = 0
        self._torn: list[tuple[str, bytes]] = []  # unreadable lines that a repair event has yet to explain
        self._previous = GENESIS
        self._clocks: dict[str, int] = {}  # monotonic time of the last event by boot

    def take(self, where: str, line: bytes) -> Entry | None:
        digest = leaf_hash(line)
        self._state.tree.add(digest)
        try:
            entry = parse(line)
        except ValueError:
            self._torn.append((where, line))
            self._previous = digest.hex()
            return None
        self._explain(entry)
        self._compare(where, entry)
        self._previous = digest.hex()
        self._state.last = entry
        self._places.append(entry.seq)
        return entry

    def _explain(self, entry: Entry) -> None:
        """Decide whether the unreadable lines just before `entry` are what a crash leaves."""
        if not self._torn:
            return
        repaired = entry.event.action == "audit.repair" and entry.event.counts.get("torn_bytes") == len(
            self._torn[-1][1]
        )
        for offset, (where, _) in enumerate(self._torn):
            if repaired and entry.prev == self._previous:
                self._places.append(entry.seq - len(self._torn) + offset)
                self._state.add("torn", where, "a crash cut this line; it was repaired", Severity.INFO)
            else:
                self._unreadable += 1
                self._state.add("unreadable", where, "the line is no event: it was damaged or replaced")
        self._torn.clear()

    def _compare(self, where: str, entry: Entry) -> None:
        follows = self._places[-1] + 1 == entry.seq if self._places else entry.seq == 0
        if follows and entry.prev != self._previous:
            self._state.add("rewrite", where, "the line before this one is not the one that was written")
        # per boot, because machines that share a site write in turns
        if follows and entry.monotonic < self._clocks.get(entry.boot, 0) and entry.boot != "unknown":
            self._state.add("reorder", where, "time runs backwards: the events were written in another order")
        self._clocks[entry.boot] = entry.monotonic

    def finish(self) -> None:
        for where, _ in self._torn:
            self._state.add("unreadable", where, "the line is no event, and no repair follows it")
            self._unreadable += 1
        present = set(self._places)
        doubled = len(self._places) - len(present)
        missing = (max(present) + 1 - len(present)) if present else 0
        if doubled:
            self._state.add("fork", "log", f"{doubled} line(s) claim a place that another line has")
        if missing > self._unreadable:
            self._state.add("truncation", "log", f"{missing - self._unreadable} line(s) before the last are missing")
        if not doubled and any(self._places[i] > self._places[i + 1] for i in range(len(self._places) - 1)):
            self._state.add("reorder", "log", "lines stand in another order than they were written")


def _lines(site: Site, state: State) -> Iterator[tuple[str, bytes]]:
    """Yield (place, line without newline) of every segment in order; report missing segments and a torn end."""
    files = segments(site.folder("audit"))
    for index, path in enumerate(files):
        if int(path.name[:6]) != index + 1:
            state.add("truncation", path.name, "a segment before this one is missing")
            break
    for path in files:
        try:
            with path.open("rb") as file:
                number = 0
                while line := file.readline(MAX_LINE_BYTES + 1):
                    number += 1
                    where = f"{path.name}:{number}"
                    if not line.endswith(b"\n") and len(line) <= MAX_LINE_BYTES:
                        state.add(
                            "torn", where, "the last line has no end; the next event repairs it", Severity.WARNING
                        )
                        continue
                    yield where, line.removesuffix(b"\n")
        except OSError:
            raise AuditError("the audit log cannot be read", hint=f"check permissions of {path}") from None


def _compare(site: Site, state: State, known: Checkpoint) -> None:
    if not checkpoints.signed_by_site(site, known):
        state.add("checkpoint", "checkpoint", "the checkpoint is not signed by this site's audit key")
    if state.tree.size < known.size:
        gone = known.size - state.tree.size
        state.add("truncation", "log", f"{gone} line(s) that the checkpoint covers are missing from the end")
        return
    root, last = state.at_checkpoint or (b"", "")
    if root == known.root or not state.sound:
        return  # the same history; or what is wrong is already named
    if last > known.last:
        state.add("fork", "log", "the log was cut before the checkpoint and continued with other events")
    else:
        state.add("rewrite", "log", "lines that the checkpoint covers are not the ones that were written")
