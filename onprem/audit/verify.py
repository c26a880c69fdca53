"""Verification of the log: every line is read again, and what was done to it is told by name.

    truncation   lines are missing: at the end (known from a checkpoint only), at the beginning or between others
    rewrite      a line differs from what the next line, or a checkpoint, says of it
    reorder      all lines are there, in another order, or time runs backwards within one boot
    fork         two lines claim one place, or the history was cut before a checkpoint and continued otherwise
    clock        the clock was set back: an event bears an earlier time than the one before (a warning: hosts correct
                 their clocks, but so does one who backdates)
    cosignature  a checkpoint lacks the valid signature of a second person that was asked for
    unreadable   a line is no event
    torn         a crash cut a line; it is repaired, or will be by the next event

A segment in which every line follows the one before is read at a glance, several segments at once in processes of
their own; any other is read line by line, to say what is wrong and where. Both readings take the same lines for sound.

Without a checkpoint kept elsewhere, a log that was rewritten from some line to its end verifies; with one it does not.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from onprem.audit import checkpoint as checkpoints
from onprem.audit.checkpoint import Checkpoint
from onprem.audit.events import MAX_LINE_BYTES, Entry, parse
from onprem.audit.glance import Glance, glance, glance_at
from onprem.audit.log import standing
from onprem.audit.merkle import EMPTY_ROOT, Tree, leaf_hash
from onprem.audit.retired import Retired, read_retired, signed
from onprem.audit.segments import is_sealed, number, read_segment
from onprem.audit.sound import Sound, sound_segments
from onprem.config import Site
from onprem.errors import AuditError
from onprem.model import Finding, Severity

_SHOWN = 20  # findings of one kind
_SKEW_SECONDS = 2  # machines that share a site, and small corrections of one clock


@dataclass(slots=True)
class State:
    """What is known after reading a log: its tree, its last event, and what was found wrong."""

    tree: Tree = field(default_factory=Tree)
    last: Glance | None = None
    retired: Retired = field(default_factory=Retired)
    findings: list[Finding] = field(default_factory=list)
    at_checkpoint: tuple[bytes, str] | None = None  # root and time of the last event at the checkpoint's size

    def add(self, code: str, where: str, message: str, severity: Severity = Severity.ERROR) -> None:
        """Keep a finding, unless enough of its kind are kept."""
        if sum(item.code == code for item in self.findings) < _SHOWN:
            self.findings.append(Finding(code, severity, where, message))

    @property
    def last_utc(self) -> str:
        """The UTC time of the last event, "" for an empty log."""
        return self.last.utc.decode() if self.last is not None else self.retired.last

    @property
    def sound(self) -> bool:
        """Whether nothing of severity error was found."""
        return all(item.severity is not Severity.ERROR for item in self.findings)


def verify(site: Site, against: Path | None = None, *, cosigners: Path | None = None) -> list[Finding]:
    """Read the whole log of `site` and return what is wrong with it; nothing wrong gives no ERROR.

    Raises:
        AuditError: the log or the checkpoint cannot be read.
    """
    return check(site, against, cosigners=cosigners).findings


def check(site: Site, against: Path | None = None, *, cosigners: Path | None = None) -> State:
    """Verify as `verify` does; also return the tree and the last event, for a checkpoint.

    `cosigners` is a file of verifier keys; with it, a checkpoint without a valid signature of one of them is an ERROR.

    Raises:
        AuditError: the log or the checkpoint cannot be read.
    """
    known = checkpoints.read(against) if against is not None else None
    state = begin(site)
    reader = _Reader(state, known.size if known is not None else -1)
    files = _files(site, state)
    for path, whole in sound_segments(files):
        if whole is None or not reader.take_segment(whole):
            for where, line in _lines(path, state):
                reader.take(where, line)
    reader.finish()
    if known is not None:
        _compare(site, state, known)
        _cosigned(site, state, known, cosigners)
    return state


def begin(site: Site) -> State:
    """Return what is known before the first line is read: nothing, or what the note of retirement says.

    Raises:
        AuditError: the note is damaged.
    """
    retired = read_retired(site.folder("audit"))
    state = State(retired.tree(), retired=retired)
    if not signed(site, retired):
        state.add("retired", "log", "what was moved out of the log is told by a note that this site has not signed")
    return state


def entries(site: Site, state: State) -> Iterator[Entry]:
    """Yield the events of the log while verifying it; `state`, from `begin`, is complete when the iterator ends."""
    reader = _Reader(state)
    for path in _files(site, state):
        for where, line in _lines(path, state):
            if reader.take(where, line):
                yield parse(line)
    reader.finish()


class _Reader:
    """Takes the lines in order, checks each against the one before and, at the end, all places together."""

    def __init__(self, state: State, checkpoint_size: int = -1) -> None:
        self._state = state
        self._size = checkpoint_size  # lines that the checkpoint covers
        self._places = array("Q")
        self._unreadable = 0
        self._torn: list[tuple[str, bytes]] = []  # unreadable lines that a repair event has yet to explain
        self._first = state.retired.size
        self._previous = state.retired.prev.encode()
        self._clocks: dict[bytes, int] = {}  # monotonic time of the last event by boot
        if checkpoint_size == 0:
            state.at_checkpoint = (EMPTY_ROOT, "")
        elif checkpoint_size == self._first:
            state.at_checkpoint = (state.tree.root(), state.retired.last)

    def take_segment(self, whole: Sound) -> bool:
        """Take the lines of a sound segment together, if it follows what was read; say whether it was taken."""
        state, first = self._state, whole.first
        if (
            self._torn
            or first.prev != self._previous
            or first.seq != (self._places[-1] + 1 if self._places else self._first)
            or first.seq != state.tree.size
            or state.tree.size < self._size <= state.tree.size + whole.count
            or (state.last is not None and first.utc < state.last.utc)
            or any(start < self._clocks.get(boot, 0) for boot, (start, _) in whole.clocks.items() if boot != b"unknown")
        ):
            return False
        for height, root in whole.subtrees:
            state.tree.add_subtree(height, root)
        self._places.extend(range(first.seq, first.seq + whole.count))
        self._clocks |= {boot: end for boot, (_, end) in whole.clocks.items()}
        self._previous = whole.end
        state.last = whole.last
        return True

    def take(self, where: str, line: bytes) -> bool:
        """Take one line; say whether it is an event."""
        digest = leaf_hash(line)
        self._state.tree.add(digest)
        seen = glance(line)
        try:
            entry = parse(line) if seen is None or self._torn else None
        except ValueError:
            self._torn.append((where, line))
        else:
            if entry is not None:
                self._explain(entry)
                seen = glance_at(entry)
            if seen is not None:
                self._compare(where, seen)
                self._state.last = seen
                self._places.append(seen.seq)
        self._previous = digest.hex().encode()
        if self._state.tree.size == self._size:
            self._state.at_checkpoint = (self._state.tree.root(), self._state.last_utc)
        return not self._torn

    def _explain(self, entry: Entry) -> None:
        """Decide whether the unreadable lines just before `entry` are what a crash leaves."""
        if not self._torn:
            return
        repaired = entry.event.action == "audit.repair" and entry.event.counts.get("torn_bytes") == len(
            self._torn[-1][1]
        )
        for offset, (where, _) in enumerate(self._torn):
            if repaired and entry.prev.encode() == self._previous:
                self._places.append(entry.seq - len(self._torn) + offset)
                self._state.add("torn", where, "a crash cut this line; it was repaired", Severity.INFO)
            else:
                self._unreadable += 1
                self._state.add("unreadable", where, "the line is no event: it was damaged or replaced")
        self._torn.clear()

    def _compare(self, where: str, seen: Glance) -> None:
        follows = self._places[-1] + 1 == seen.seq if self._places else seen.seq == self._first
        if follows and seen.prev != self._previous:
            self._state.add("rewrite", where, "the line before this one is not the one that was written")
        # per boot, because machines that share a site write in turns
        backwards = seen.monotonic < self._clocks.get(seen.boot, 0) and seen.boot != b"unknown"
        if follows and backwards:
            self._state.add("reorder", where, "time runs backwards: the events were written in another order")
        elif follows and self._state.last is not None and seen.utc < self._state.last.utc:
            self._set_back(where, self._state.last.utc.decode(), seen.utc.decode())
        self._clocks[seen.boot] = seen.monotonic

    def _set_back(self, where: str, before: str, after: str) -> None:
        try:
            seconds = (datetime.fromisoformat(before) - datetime.fromisoformat(after)).total_seconds()
        except ValueError:  # digits that are no time
            self._state.add("clock", where, "the time of this event or of the one before is none", Severity.WARNING)
            return
        if seconds > _SKEW_SECONDS:
            words = f"the clock was set back by {seconds:.0f} s before this event"
            self._state.add("clock", where, words, Severity.WARNING)

    def finish(self) -> None:
        for where, _ in self._torn:
            self._state.add("unreadable", where, "the line is no event, and no repair follows it")
            self._unreadable += 1
        if self._places == array("Q", range(self._first, self._first + len(self._places))):
            return
        present = set(self._places)
        doubled = len(self._places) - len(present)
        missing = (max(present) + 1 - self._first - len(present)) if present else 0
        if doubled:
            self._state.add("fork", "log", f"{doubled} line(s) claim a place that another line has")
        if missing > self._unreadable:
            self._state.add("truncation", "log", f"{missing - self._unreadable} line(s) before the last are missing")
        if not doubled and any(self._places[i] > self._places[i + 1] for i in range(len(self._places) - 1)):
            self._state.add("reorder", "log", "lines stand in another order than they were written")


def _files(site: Site, state: State) -> list[Path]:
    """Return the segments in order; report missing ones."""
    files = standing(site.folder("audit"))
    for index, path in enumerate(files):
        if number(path) != state.retired.segment + index + 1:
            state.add("truncation", path.name, "a segment before this one is missing")
            break
    return files


def _lines(path: Path, state: State) -> Iterator[tuple[str, bytes]]:
    """Yield (place, line without newline) of a segment; report a torn end, or a sealed segment that does not open."""
    if is_sealed(path):
        try:
            content = read_segment(path)
        except ValueError:
            state.add("unreadable", path.name, "the sealed segment is damaged")
            return
        # a segment is sealed whole: what has no end is no event
        for index, line in enumerate(content.removesuffix(b"\n").split(b"\n")):
            yield f"{path.name}:{index + 1}", line
        return
    try:
        with path.open("rb") as file:
            number = 0
            while line := file.readline(MAX_LINE_BYTES + 1):
                number += 1
                where = f"{path.name}:{number}"
                if not line.endswith(b"\n") and len(line) <= MAX_LINE_BYTES:
                    state.add("torn", where, "the last line has no end; the next event repairs it", Severity.WARNING)
                    continue
                yield where, line.removesuffix(b"\n")
    except OSError:
        raise AuditError("the audit log cannot be read", hint=f"check permissions of {path}") from None


def _compare(site: Site, state: State, known: Checkpoint) -> None:
    if not checkpoints.signed_by_site(site, known):
        state.add("checkpoint", "checkpoint", "the checkpoint is not signed by this site's audit key")
    if known.size < state.retired.size:
        words = "the checkpoint covers only lines that were moved out: compare it with those"
        state.add("retired", "checkpoint", words, Severity.WARNING)
        return
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


def _cosigned(site: Site, state: State, known: Checkpoint, cosigners: Path | None) -> None:
    """Tell whose signatures the checkpoint bears beside the site's."""
    keys = checkpoints.read_cosigners(cosigners) if cosigners is not None else []
    found = checkpoints.cosigned(known, keys)
    for item in found:
        if item.time is None:
            state.add("cosignature", "checkpoint", f"the cosignature of {item.name} is not valid")
        else:
            when = datetime.fromtimestamp(item.time, UTC).strftime("%Y-%m-%d %H:%M UTC")
            state.add("cosignature", "checkpoint", f"cosigned by {item.name}, {when}", Severity.INFO)
    if cosigners is not None and not any(item.time is not None for item in found):
        state.add("cosignature", "checkpoint", "none of the cosigners has signed the checkpoint")
    if strangers := checkpoints.strangers(site, known, keys):
        words = f"{strangers} signature(s) are by keys that were not given with --cosigners"
        state.add("cosignature", "checkpoint", words, Severity.WARNING if cosigners is not None else Severity.INFO)
