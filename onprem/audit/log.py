"""The audit log of a site: segments of JSON lines in `SITE/audit`, appended to and never changed.

Rules: one writer at a time (flock on the folder); a line is one write with O_APPEND, made durable by fdatasync before
`append` returns; events of one group are one write and one fdatasync; if that fails, the operation fails. Each line
carries the leaf hash of the line before, across segments. A line that a crash has torn is not removed: it is closed
with a newline and the next line is an `audit.repair` event with its length, so the file stays append-only and `verify`
can tell a crash from a change.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

from onprem import __version__
from onprem.audit.events import MAX_LINE_BYTES, Entry, Event, Outcome, parse
from onprem.audit.glance import glance
from onprem.audit.merkle import leaf_hash
from onprem.audit.retired import FILE as RETIRED
from onprem.audit.retired import read_retired
from onprem.audit.segments import SEGMENT_BYTES, is_sealed, listing, number, read_segment, seal, segment_names
from onprem.config import Site
from onprem.errors import AuditError, OnpremError

REFERENCE_DIGITS = 32  # of a leaf hash, in hexadecimal: the reference of an event
MAX_GROUP = 1_000  # events of one write
_TAIL_BYTES = 64 * MAX_LINE_BYTES
# how much of the end is looked at for the last event: nearly always the first; the last where a crash has torn it
_LOOKS = (4_096, 2 * MAX_LINE_BYTES, _TAIL_BYTES)
_HINT = "check permissions and free space of the site's audit folder, then: onprem audit verify"


@dataclass(frozen=True, slots=True)
class _Tail:
    """Where the log ends: the next seq, the leaf hash of the last line, what is torn."""

    seq: int
    prev: str
    torn: bytes | None  # content after the last newline, or of the unreadable last lines


class _Left(NamedTuple):
    """Where this object left the log. A segment only grows, so while its size is the same, so is its end."""

    path: Path
    size: int
    tail: _Tail


@contextmanager
def locked(folder: Path) -> Iterator[int]:
    """Keep every other writer out of an audit folder; yield its descriptor, for fsync."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def standing(folder: Path) -> list[Path]:
    """Return the segments of an audit folder in order, without what a retirement that was cut short left behind."""
    names = listing(folder)
    gone = read_retired(folder).segment if RETIRED in names else 0
    return [folder / name for name in segment_names(names, after=gone)]


class AuditLog:
    """The log of one site."""

    def __init__(self, site: Site, *, segment_bytes: int = SEGMENT_BYTES) -> None:
        self._folder = site.folder("audit")
        self._segment_bytes = segment_bytes
        self._left: _Left | None = None

    def append(self, event: Event) -> int:
        """Write one event durably; return its seq.

        Raises:
            AuditError: the event is unfit, or the log cannot be written or continued. The caller's operation fails.
        """
        return self.append_group((event,)).start

    def append_named(self, event: Event) -> str:
        """Write one event durably; return the reference by which later events name it (32 hex digits).

        Raises:
            AuditError: as `append`.
        """
        event.check()
        try:
            with locked(self._folder) as folder:
                self._append((event,), folder)
                return self._end(self.segments()).prev[:REFERENCE_DIGITS]
        except OSError:
            raise AuditError("the audit log cannot be written", hint=_HINT) from None

    def append_group(self, events: Sequence[Event]) -> range:
        """Write up to 1,000 events with one wait for the disk; return their seqs. None counts as written before that.

        A crash leaves the first of them and perhaps a torn line, which is repaired as any other.

        Raises:
            AuditError: as `append`; too many events, or none.
        """
        if not 0 < len(events) <= MAX_GROUP:
            raise AuditError(f"a group of events has 1 to {MAX_GROUP} of them")
        for event in events:
            event.check()
        try:
            with locked(self._folder) as folder:
                return self._append(events, folder)
        except OSError:
            raise AuditError("the audit log cannot be written", hint=_HINT) from None

    def segments(self) -> list[Path]:
        """Return the segment files in order, without what was moved out."""
        return standing(self._folder)

    def seal_full(self) -> list[tuple[str, int, int]]:
        """Compress every segment that another follows; return (name, bytes before, bytes after) of each.

        The log must have been verified: what is sealed is not looked at again.

        Raises:
            AuditError: a segment cannot be sealed; those before it are.
        """
        done = []
        try:
            with locked(self._folder):
                for path in self.segments()[:-1]:
                    if not is_sealed(path):
                        before = path.stat().st_size
                        done.append((path.name, before, seal(path).stat().st_size))
        except OSError:
            raise AuditError("a segment cannot be sealed", hint=_HINT) from None
        return done

    def _append(self, events: Sequence[Event], folder: int) -> range:
        files = self.segments()
        tail = self._end(files)
        written = b""
        if tail.torn is not None:
            # the newline that closes the torn line, unless it has one
            closing = b"" if tail.torn.endswith(b"\n") else b"\n"
            repair, tail = _lines((_repair(tail.torn),), tail)
            written = closing + repair
        first = tail.seq
        lines, tail = _lines(events, tail)
        written += lines
        full = not files or is_sealed(files[-1]) or files[-1].stat().st_size >= self._segment_bytes
        # a torn line is repaired where it stands; the next append rolls over
        target = self._new_segment(files, folder) if full and not written.startswith(b"\n") else files[-1]
        self._left = None
        self._left = _Left(target, _write(target, written), tail)
        return range(first, first + len(events))

    def _new_segment(self, files: list[Path], folder: int) -> Path:
        last = number(files[-1]) if files else read_retired(self._folder).segment
        path = self._folder / f"{last + 1:06d}.jsonl"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o640)
        try:
            os.fchmod(descriptor, 0o640)  # the umask is narrower
        finally:
            os.close(descriptor)
        os.fsync(folder)
        return path

    def _end(self, files: list[Path]) -> _Tail:
        left = self._left
        if left is not None and files and files[-1] == left.path and left.path.stat().st_size == left.size:
            return left.tail
        return self._tail(files)

    def _tail(self, files: list[Path]) -> _Tail:
        content = b""
        for path in reversed(files):
            end, cut = b"", False
            for most in _LOOKS:
                end, cut = _end_of(path, most)
                tail = _read_tail(end + content, cut)
                if tail is not None and (tail.torn is None or most == _TAIL_BYTES):
                    return tail
            if cut:
                raise AuditError("the end of the audit log is unreadable", hint="onprem audit verify")
            content = end + content
        # no sound event anywhere: the log is empty, or its very first line was torn
        before = read_retired(self._folder)
        lines = [line for line in content.split(b"\n") if line]
        return _torn(before.size, lines, content) if lines else _Tail(before.size, before.prev, None)


def _now() -> str:
    """Return the UTC time in ISO 8601, to the microsecond."""
    second, rest = divmod(time.time_ns(), 1_000_000_000)
    return f"{_second(second)}.{rest // 1_000:06}Z"


@lru_cache(maxsize=2)
def _second(second: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))


def _end_of(path: Path, most: int) -> tuple[bytes, bool]:
    """Return the last `most` bytes of a segment's lines, and whether there are more before them."""
    if is_sealed(path):
        try:
            content = read_segment(path)
        except ValueError:
            raise AuditError("the end of the audit log is unreadable", hint="onprem audit verify") from None
        return content[-most:], len(content) > most
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - most))
        return file.read(), size > most


def _lines(events: Iterable[Event], tail: _Tail) -> tuple[bytes, _Tail]:
    """Return the lines of events, which were checked, after `tail`, each with its newline; and where the log ends then."""
    boot, login, seq, prev = boot_id(), actor(), tail.seq, tail.prev
    lines: list[bytes] = []
    for event in events:
        line = Entry(seq, _now(), time.monotonic_ns(), boot, login, __version__, prev, event).canonical()
        lines += (line, b"\n")
        seq, prev = seq + 1, leaf_hash(line).hex()
    return b"".join(lines), _Tail(seq, prev, None)


def _read_tail(content: bytes, cut: bool) -> _Tail | None:
    """Find the last sound event of `content` (the end of the log); what follows it is torn. None: there is none."""
    *lines, fragment = content.split(b"\n")
    for back in range(len(lines) - 1, 0 if cut else -1, -1):
        seq = _seq_of(lines[back])
        if seq is None:
            continue
        after = lines[back + 1 :] + ([fragment] if fragment else [])
        return _torn(seq + 1, after, content) if after else _Tail(seq + 1, leaf_hash(lines[back]).hex(), None)
    return None


def _seq_of(line: bytes) -> int | None:
    """Return the place of the event on a line, None where it is none."""
    seen = glance(line)
    if seen is not None:
        return seen.seq
    try:
        return parse(line).seq
    except ValueError:
        return None


def _torn(first: int, lines: list[bytes], content: bytes) -> _Tail:
    """Return the tail after unreadable `lines`, the first of which has index `first`; each counts as a line."""
    ending = b"\n" if content.endswith(b"\n") else b""
    return _Tail(first + len(lines), leaf_hash(lines[-1]).hex(), lines[-1] + ending)


def _repair(torn: bytes) -> Event:
    return Event("audit.repair", Outcome.DONE, counts={"torn_bytes": len(torn.rstrip(b"\n"))})


def _write(path: Path, content: bytes) -> int:
    """Append to a segment, durably; return its size."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        if os.write(descriptor, content) != len(content):
            raise AuditError("the audit log could not be written in full", hint=_HINT)
        os.fdatasync(descriptor)
        return os.fstat(descriptor).st_size
    finally:
        os.close(descriptor)


@cache
def boot_id() -> str:
    """Return the kernel's boot id, read once; monotonic times are comparable within one boot only."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return "unknown"


def actor() -> str:
    """Return the login name of the real user, or uid:NUMBER where the host's user files do not know it."""
    return _login(os.getuid())


@cache
def _login(number: int) -> str:
    try:
        name = pwd.getpwuid(number).pw_name.lower()
    except KeyError:
        return f"uid:{number}"
    return name if re.fullmatch(r"[a-z_][a-z0-9_.-]{0,31}\$?", name) else f"uid:{number}"


@dataclass(slots=True)
class Note:
    """What a command adds to its event while it works. `outcome` may be set to HELD when a gate fails."""

    outcome: Outcome = Outcome.DONE
    purpose: str = ""
    role: str = "operator"
    approval: str = ""
    recipient: str = ""
    second: str = ""
    subjects: tuple[str, ...] = ()
    counts: dict[str, int] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)


@contextmanager
def audited(site: Site, action: str, *, purpose: str = "", intent: bool = False) -> Iterator[Note]:
    """Write one event with the outcome of the block, also when it fails; with `intent`, one before it too.

    An error of the block is re-raised; its class name alone is recorded. A block that exits by an exception with an
    `exit_code` attribute of 0 or 1 counts as done or held.

    Raises:
        AuditError: the event cannot be written; with `intent` this happens before any effect.
    """
    log = AuditLog(site)
    note = Note(purpose=purpose)
    if intent:
        log.append(Event(action, Outcome.INTENT, purpose=purpose))
    try:
        yield note
    except BaseException as error:
        outcome = _outcome_of(error, note.outcome)
        name = "" if outcome in (Outcome.DONE, Outcome.HELD) else re.sub(r"[^A-Za-z]", "", type(error).__name__)[:40]
        log.append(_event(action, outcome, note, name))
        raise
    log.append(_event(action, note.outcome, note, ""))


def _event(action: str, outcome: Outcome, note: Note, error: str) -> Event:
    return Event(
        action,
        outcome,
        purpose=note.purpose,
        role=note.role,
        approval=note.approval,
        recipient=note.recipient,
        second=note.second,
        subjects=note.subjects,
        counts=note.counts,
        digests=note.digests,
        error=error,
    )


def _outcome_of(error: BaseException, noted: Outcome) -> Outcome:
    if isinstance(error, KeyboardInterrupt):
        return Outcome.INTERRUPTED
    code = getattr(error, "exit_code", None)
    if not isinstance(error, OnpremError) and code == 0:
        return noted
    if not isinstance(error, OnpremError) and code == 1:
        return Outcome.HELD
    return Outcome.REFUSED if code in (2, 6, 11) else Outcome.FAILED
