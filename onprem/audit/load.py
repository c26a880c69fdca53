"""Loads the lines of a verified log into the locked database, and makes sure that they are the verified ones.

Rules: the root of the tree over the lines, computed again from the bytes that are loaded, must be the root that
verification found; lines written since are left out; lines that a crash has torn are no events.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from hashlib import sha256
from itertools import accumulate, compress

from onprem.audit.events import parse
from onprem.audit.log import standing
from onprem.audit.merkle import subtrees
from onprem.audit.segments import read_segment
from onprem.audit.verify import State
from onprem.config import Site
from onprem.errors import AuditError
from onprem.store import Store

_TOGETHER = 120_000  # events that the database takes in at once: few are slow, many need memory
_TEXTS = (
    "actor",
    "role",
    "action",
    "outcome",
    "purpose",
    "approval",
    "recipient",
    "second",
    "error",
    "version",
    "boot",
)
_LISTS = {"subjects": "VARCHAR[]", "counts": "MAP(VARCHAR, BIGINT)", "digests": "MAP(VARCHAR, VARCHAR)"}

# statements are made of fixed texts; every value is a parameter
_EVENTS = """
    CREATE TABLE events (
        seq BIGINT, utc VARCHAR, time TIMESTAMP, "local" TIMESTAMP, actor VARCHAR, role VARCHAR, action VARCHAR,
        outcome VARCHAR, purpose VARCHAR, approval VARCHAR, recipient VARCHAR, second VARCHAR, subjects VARCHAR[],
        counts MAP(VARCHAR, BIGINT), digests MAP(VARCHAR, VARCHAR), error VARCHAR, version VARCHAR, boot VARCHAR,
        reference VARCHAR)
"""
_STRUCTURE = ", ".join(
    ['"seq": "BIGINT"', '"utc": "VARCHAR"']
    + [f'"{name}": "VARCHAR"' for name in _TEXTS]
    + [f'"{name}": "{kind}"' for name, kind in _LISTS.items()]
)
# `reference` is how an approval is named: the first 32 hex digits of the leaf hash of its line
_INSERT = f"""
    INSERT INTO events
    SELECT e.seq, e.utc, TRY_CAST(e.utc AS TIMESTAMP) AS time, time + to_minutes(?), e.actor, e.role, e.action,
        e.outcome, e.purpose, e.approval, coalesce(e.recipient, ''), coalesce(e.second, ''), e.subjects, e.counts, e.digests,
        e.error, e.version, e.boot, lower(left(hex(leaf), 32))
    FROM (SELECT from_json(line, '{{{_STRUCTURE}}}') AS e, leaf FROM batch)
"""  # noqa: S608
# a sign-off covers nothing that came after it; of several, the first counts, and nobody signs off their own; one that
# does not say where it ends covers nothing (`least` alone would pass over the missing end)
_SIGNOFFS = """
    CREATE TABLE signoffs AS
    SELECT seq, utc, actor, first, least(final, seq - 1) AS last
    FROM (
        SELECT seq, utc, actor, coalesce(counts['seq'], counts['from']) AS first,
            coalesce(counts['seq'], counts['to']) AS final
        FROM events WHERE action = 'audit.signoff' AND outcome = 'done'
    ) WHERE final IS NOT NULL AND first <= least(final, seq - 1)
"""
_SIGNED = """
    CREATE TABLE signed AS
    SELECT seq, arg_min(login, place) AS signed_off_by FROM (
        SELECT e.seq, s.actor AS login, s.seq AS place FROM events e JOIN signoffs s ON e.seq = s.first
        WHERE s.first = s.last AND s.actor <> e.actor
        UNION ALL
        SELECT e.seq, s.actor, s.seq FROM events e JOIN signoffs s ON e.seq BETWEEN s.first AND s.last
        WHERE s.first < s.last AND s.actor <> e.actor
    ) GROUP BY seq
"""


def load(store: Store, site: Site, state: State, *, utc_offset_minutes: int) -> None:
    """Fill the tables `events`, `signoffs` and `signed` of `store` with the log that `state` was found of.

    Raises:
        AuditError: what is read is not what was verified.
        ResourceError: it does not fit into memory.
    """
    store.run(_EVENTS)
    tree = state.retired.tree()
    torn = any(item.code == "torn" for item in state.findings)
    # the database reads one part of the log while the next is hashed here
    with ThreadPoolExecutor(max_workers=1) as beside:
        lines: list[bytes] = []
        hashes: list[bytes] = []
        under_way: Future[None] = beside.submit(_insert, store, [], [], utc_offset_minutes)
        for read in _segments(site, state):
            leaves = [sha256(b"\x00" + line).digest() for line in read]
            for height, root in subtrees(tree.size, leaves):
                tree.add_subtree(height, root)
            events = [_is_event(line) for line in read] if torn else [True] * len(read)
            lines += compress(read, events)
            hashes += compress(leaves, events)
            if len(lines) >= _TOGETHER:
                under_way.result()
                under_way = beside.submit(_insert, store, lines, hashes, utc_offset_minutes)
                lines, hashes = [], []
        under_way.result()
        beside.submit(_insert, store, lines, hashes, utc_offset_minutes).result()
    if (tree.size, tree.root()) != (state.tree.size, state.tree.root()):
        raise AuditError("the audit log changed while it was read", hint="try again, then: onprem audit verify")
    store.run(_SIGNOFFS)
    store.run(_SIGNED)


def _insert(store: Store, lines: list[bytes], leaves: list[bytes], utc_offset_minutes: int) -> None:
    import pyarrow as pa

    if not lines:
        return
    # verified lines are ASCII, so their bytes are taken as they stand
    ends = array("i", accumulate(map(len, lines), initial=0))
    texts = [None, pa.py_buffer(ends), pa.py_buffer(b"".join(lines))]
    line = pa.Array.from_buffers(pa.string(), len(lines), texts)
    leaf = pa.Array.from_buffers(pa.binary(32), len(lines), [None, pa.py_buffer(b"".join(leaves))])
    batch = pa.Table.from_arrays([line, leaf], names=["line", "leaf"])
    store.run(_INSERT, [utc_offset_minutes], batch=batch)


def _segments(site: Site, state: State) -> Iterator[list[bytes]]:
    """Yield the lines of each segment, without newlines, as far as they were verified."""
    left = state.tree.size - state.retired.size
    for path in standing(site.folder("audit")):
        try:
            lines = read_segment(path).split(b"\n")[:-1]  # what has no end yet is no line
        except ValueError:
            raise AuditError("the audit log changed while it was read", hint="onprem audit verify") from None
        yield lines[:left]
        left -= len(lines[:left])


def _is_event(line: bytes) -> bool:
    try:
        parse(line)
    except ValueError:
        return False
    return True
