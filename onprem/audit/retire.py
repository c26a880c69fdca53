"""Retention: sealed segments that are older than the law asks for are moved out of the site, never deleted.

Order, so that a crash loses nothing: 1. the segments are copied to the folder outside, made durable and compared,
2. the signed note of what stood before is written, 3. the segments in the site are removed. What a crash leaves in the
site between 2 and 3 is passed over by every reader, and removed by the next retirement.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from onprem.audit.glance import glance
from onprem.audit.log import locked, standing
from onprem.audit.merkle import leaf_hash, subtrees
from onprem.audit.retired import Retired, read_retired, write_retired
from onprem.audit.segments import is_sealed, number, read_segment, segments
from onprem.config import Site
from onprem.errors import AuditError, OutputError
from onprem.vault.keys import sync_folder


def before(years: int, *, now: datetime | None = None) -> str:
    """Return the UTC time `years` ago, as events write it: what is not older is kept."""
    today = now or datetime.now(UTC)
    try:
        past = today.replace(year=today.year - years)
    except ValueError:  # 29 February
        past = today.replace(year=today.year - years, day=28)
    return past.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def retire(site: Site, *, older_than: str, to: Path) -> Retired:
    """Move the sealed segments whose events are all older than a UTC time to a folder; return what stands before now.

    The log must have been verified. Segments go in their order; the first that is not old enough, not sealed or the
    last of the log stays, with all after it.

    Raises:
        OutputError: the folder is inside the site, or cannot be written, or holds another segment of that name.
        AuditError: a segment is damaged, or is not the one that follows.
    """
    if to.resolve().is_relative_to(site.root):
        raise OutputError("what is moved out of the site cannot stay inside of it", hint="name a folder outside")
    folder = site.folder("audit")
    try:
        with locked(folder):
            retired = read_retired(folder)
            first = retired.size
            for path in standing(folder)[:-1]:
                onward = _after(path, retired, older_than)
                if onward is None:
                    break
                _copy(path, to)
                retired = onward
            if retired.size > first:
                write_retired(site, retired)
            for path in segments(folder):
                if number(path) <= retired.segment:
                    path.unlink()
            sync_folder(folder)
    except OSError:
        raise OutputError(
            "the segments cannot be moved out", hint="check free space and permissions of both folders"
        ) from None
    return retired


def _after(path: Path, retired: Retired, older_than: str) -> Retired | None:
    """Return what stands before the segment that follows `path`; None where `path` is to stay."""
    if not is_sealed(path):
        return None
    try:
        lines = read_segment(path).removesuffix(b"\n").split(b"\n")
    except ValueError:
        raise AuditError("a sealed segment is damaged", hint="onprem audit verify") from None
    places = [seen for seen in map(glance, lines) if seen is not None]  # a torn line has none
    if not places or places[0].prev.decode() != retired.prev:
        raise AuditError("a segment does not follow the one before", hint="onprem audit verify")
    if max(seen.utc for seen in places).decode() >= older_than:
        return None
    leaves = [leaf_hash(line) for line in lines]
    tree = retired.tree()
    for height, root in subtrees(retired.size, leaves):
        tree.add_subtree(height, root)
    return Retired(number(path), tree.size, places[-1].utc.decode(), leaves[-1].hex(), tree.peaks())


def _copy(path: Path, to: Path) -> None:
    content = path.read_bytes()
    target, partial = to / path.name, to / f".{path.name}.new"
    if target.exists() and target.read_bytes() != content:
        raise OutputError("the folder holds another segment of this name", hint="name a folder for this site alone")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    if partial.read_bytes() != content:
        raise OutputError("a segment does not read back as it was written", hint="check the medium")
    partial.replace(target)
    sync_folder(to)
