"""Segments in which every line follows the one before: found quickly, several at once.

A worker reads one segment and answers with hashes, numbers and times, never with a line. What is not wholly sound is
None, and is read line by line by `verify`.
"""

from __future__ import annotations

import gc
import hashlib
import multiprocessing
import os
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from operator import gt
from pathlib import Path
from typing import TYPE_CHECKING

from onprem.audit.events import MAX_LINE_BYTES
from onprem.audit.glance import Columns, Glance, columns
from onprem.audit.merkle import subtrees
from onprem.audit.segments import read_segment
from onprem.errors import AuditError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkProcess

_APART = 4  # segments from which on it pays to begin processes


@dataclass(frozen=True, slots=True)
class Sound:
    """A sound segment: consecutive places, each line chained to the one before, no clock running backwards."""

    first: Glance
    last: Glance
    count: int
    end: bytes  # leaf hash of the last line, 64 hex digits
    subtrees: list[tuple[int, bytes]]  # of the log's tree, by `merkle.subtrees`
    clocks: dict[bytes, tuple[int, int]]  # monotonic time of the first and the last event, by boot


def sound_segments(paths: Sequence[Path]) -> Iterator[tuple[Path, Sound | None]]:
    """Yield each segment with what is known of it if it is sound, in order."""
    workers = min(len(os.sched_getaffinity(0)), 8)
    if len(paths) < _APART or workers == 1:
        yield from ((path, sound(path)) for path in paths)
        return
    with closing(_Readers(paths, workers)) as readers:
        for place, path in enumerate(paths):
            yield path, readers.take(place)


class _Readers:
    """Forked processes, each of which reads every so many-th segment and sends what it found down its own pipe.

    Nothing is shared but the pipes, so no semaphore is made, which would need a place to write (/dev/shm) beyond the
    site. A full pipe holds its reader up, so memory does not grow with the log.
    """

    def __init__(self, paths: Sequence[Path], count: int) -> None:
        context = multiprocessing.get_context("fork")  # nothing heavy is loaded here, and a child inherits the walls
        self._pipes: list[Connection] = []
        self._readers: list[ForkProcess] = []
        for first in range(count):
            ours, theirs = context.Pipe(duplex=False)
            self._pipes.append(ours)
            # a child holds no end to read from: else its pipes would outlive a parent that was killed
            reader = context.Process(target=_read, args=(paths[first::count], theirs, (*self._pipes,)), daemon=True)
            reader.start()
            theirs.close()
            self._readers.append(reader)

    def take(self, place: int) -> Sound | None:
        """Return what is known of the segment at `place`, asked for in order; None of one whose reader is gone."""
        pipe = self._pipes[place % len(self._pipes)]
        try:
            found: Sound | None = pipe.recv()
        except (EOFError, OSError):  # before a message, or within one
            return None
        return found

    def close(self) -> None:
        """End the readers."""
        for pipe, reader in zip(self._pipes, self._readers, strict=True):
            reader.terminate()
            reader.join()
            pipe.close()


def _read(paths: Sequence[Path], found: Connection, foreign: Sequence[Connection]) -> None:
    for pipe in foreign:
        pipe.close()
    gc.disable()  # lists of bytes hold no cycles, and looking for them takes a tenth of the time
    for path in paths:
        found.send(sound(path))


def sound(path: Path) -> Sound | None:
    """Read a segment; None where it is not sound, empty or unreadable."""
    try:
        content = read_segment(path)
    except (AuditError, ValueError):
        return None
    return sound_lines(content)


def sound_lines(content: bytes) -> Sound | None:
    """Read the lines of a segment; None where they are not sound, or there are none."""
    lines = content.split(b"\n")[:-1]
    found = columns(content)
    if found is None or max(map(len, lines)) > MAX_LINE_BYTES:
        return None
    sha256 = hashlib.sha256
    leaves = [sha256(b"\x00" + line).digest() for line in lines]
    first = int(found.seq[0])
    clocks = _clocks(found)
    if (
        clocks is None
        or list(map(int, found.seq)) != list(range(first, first + len(lines)))
        or b"".join(found.prev[1:]) != b"".join(leaves[:-1]).hex().encode()
        or any(map(gt, found.utc, found.utc[1:]))
    ):
        return None
    start, end = (
        Glance(int(found.seq[at]), found.prev[at], found.boot[at], int(found.monotonic[at]), found.utc[at])
        for at in (0, -1)
    )
    over = leaves[-1].hex().encode()
    return Sound(start, end, len(lines), over, subtrees(first, leaves), clocks)


def _clocks(found: Columns) -> dict[bytes, tuple[int, int]] | None:
    """Return the monotonic time of the first and the last event by boot; None where it runs backwards within a boot."""
    clocks = {}
    for boot in set(found.boot):
        ticks = [int(time) for time, its in zip(found.monotonic, found.boot, strict=True) if its == boot]
        if boot != b"unknown" and any(map(gt, ticks, ticks[1:])):
            return None
        clocks[boot] = (ticks[0], ticks[-1])
    return clocks
