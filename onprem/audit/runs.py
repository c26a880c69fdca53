"""Runs of events: ranges of places in the log, with what a set of numbers allows. Runs rise and do not touch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Run = tuple[int, int]  # first and last seq, both included


def told(runs: Sequence[Run], *, most: int = 8) -> str:
    """Return runs in words: `event 7`, `events 3-5, 9 and 4 more pieces`."""
    shown = ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs[:most])
    more = f" and {len(runs) - most} more pieces" if len(runs) > most else ""
    return f"{'event' if size(runs) == 1 else 'events'} {shown}{more}"


def size(runs: Iterable[Run]) -> int:
    """Return how many events the runs have."""
    return sum(last - first + 1 for first, last in runs)


def runs_of(seqs: Iterable[int]) -> list[Run]:
    """Return single events as runs."""
    return union((seq, seq) for seq in seqs)


def union(runs: Iterable[Run]) -> list[Run]:
    """Return the runs joined: rising, apart from each other, without empty ones."""
    joined: list[Run] = []
    for first, last in sorted(run for run in runs if run[0] <= run[1]):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return joined


def overlap(left: Sequence[Run], right: Sequence[Run]) -> list[Run]:
    """Return what is in both; each is joined and rises."""
    found: list[Run] = []
    i = j = 0
    while i < len(left) and j < len(right):
        first, last = max(left[i][0], right[j][0]), min(left[i][1], right[j][1])
        if first <= last:
            found.append((first, last))
        if left[i][1] < right[j][1]:
            i += 1
        else:
            j += 1
    return found


def without(runs: Sequence[Run], taken: Sequence[Run]) -> list[Run]:
    """Return what is in `runs` and not in `taken`; each is joined and rises."""
    kept: list[Run] = []
    j = 0
    for first, last in runs:
        start = first
        while j < len(taken) and taken[j][1] < start:
            j += 1
        k = j
        while k < len(taken) and taken[k][0] <= last:
            if start < taken[k][0]:
                kept.append((start, taken[k][0] - 1))
            start = max(start, taken[k][1] + 1)
            k += 1
        if start <= last:
            kept.append((start, last))
    return kept
