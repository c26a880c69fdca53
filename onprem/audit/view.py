"""The checked view of the audit log: verified events in the locked database, to be filtered, counted and asked.

Rules: the log is verified first, and what is loaded are the very lines that were verified: the root of the tree over
them, computed again while they are loaded, must be the root that verification found. What was written meanwhile is not
in the view. Lines that a crash has torn are no events and are left out; the `audit.repair` events that close them are.

Tables: `events`, one row an event, and `signoffs`, one row a sign-off, with the first and last event that it covers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

from onprem.audit.events import ACTOR
from onprem.audit.load import load
from onprem.audit.verify import State, check
from onprem.config import Site
from onprem.errors import AuditError, UsageError
from onprem.store import Store

if TYPE_CHECKING:
    from onprem.audit.checks import Check

Bucket = Literal["hour", "day", "month"]

MEMORY_MIB = 2_048  # of the database: about four million events
SECONDS = 30.0  # of a query of the user's own
TABLES = ("events", "signoffs")

_FORM = {"subject": re.compile(r"[0-9a-f]{32}"), "actor": re.compile(ACTOR)}
_PARAMETER = re.compile(r"\$([a-z_]+)")
_BUCKETS: dict[Bucket, str] = {"hour": "%Y-%m-%dT%H", "day": "%Y-%m-%d", "month": "%Y-%m"}

# statements are made of fixed texts; every value is a parameter
_ROW = """seq, utc, actor, role, action, outcome, purpose, approval, recipient, second, subjects, counts, digests, error,
    version, boot"""
_CONDITIONS = {
    "action": "(action = $action OR starts_with(action, $action || '.'))",
    "actor": "actor = $actor",
    "outcome": "outcome = $outcome",
    "since": "utc >= $since",
    "until": "utc < $until",
    "subject": "list_contains(subjects, $subject)",
    "purpose": "purpose = $purpose",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """Where the ordinary ends, from access.toml of the site."""

    opening: str = "07:00"  # on the wall clock of the hospital
    closing: str = "19:00"
    days: tuple[int, ...] = (1, 2, 3, 4, 5)  # ISO weekdays, 1 is Monday
    utc_offset_minutes: int = 0
    bulk_records: int = 10_000
    approval_days: int = 7  # an approval is good for so long
    signoff_days: int = 7  # within which what matters should be signed off
    review_days: int = 7  # within which somebody should read the log


ORDINARY = Limits()


@dataclass(frozen=True, slots=True)
class Filters:
    """Which events; "" is any. `since` and `until` are UTC times as ISO text or its beginning, `until` exclusive."""

    action: str = ""  # itself, or all that begin with it and a dot
    actor: str = ""
    outcome: str = ""
    since: str = ""
    until: str = ""
    subject: str = ""  # reference of a patient, 32 hex digits
    purpose: str = ""


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event as it is shown."""

    seq: int
    utc: str
    actor: str
    role: str
    action: str
    outcome: str
    purpose: str
    approval: str
    recipient: str
    second: str  # login of the second person, where an action took two
    subjects: tuple[str, ...]
    counts: Mapping[str, int]
    digests: Mapping[str, str]
    error: str
    version: str
    boot: str
    signed_off_by: str  # login of the first other person who signed it off, "" for nobody


@dataclass(frozen=True, slots=True)
class Answer:
    """A table: texts, numbers, lists and mappings only."""

    columns: tuple[str, ...]
    rows: list[tuple[object, ...]]
    cut: bool = False  # there are more rows than the limit let through


@dataclass(frozen=True, slots=True)
class Tally:
    """How many rows a ready-made question has, and how many of them are about an event that nobody signed off."""

    rows: int
    unsigned: int


class View:
    """The checked view of one site's log. Use as a context manager, or call `close`."""

    def __init__(self, state: State, limits: Limits, now: datetime) -> None:
        """Make a view without events; `open` is how to get one with them."""
        self.state = state
        self.limits = limits
        self._now = now.astimezone(UTC).replace(tzinfo=None)
        self._store = Store(memory_mib=MEMORY_MIB)

    @classmethod
    def open(cls, site: Site, *, limits: Limits = ORDINARY, now: datetime | None = None) -> View:
        """Verify the log of `site` and load it; `now` is the time that questions of age count from.

        Raises:
            AuditError: the log cannot be read or does not verify.
            ResourceError: it does not fit into memory.
        """
        state = check(site)
        if not state.sound:
            raise AuditError("the audit log does not verify, so it is not shown", hint="onprem audit verify")
        view = cls(state, limits, now or datetime.now(UTC))
        with ExitStack() as unless_loaded:
            unless_loaded.callback(view.close)
            load(view._store, site, state, utc_offset_minutes=limits.utc_offset_minutes)
            unless_loaded.pop_all()
        return view

    def events(
        self, filters: Filters, *, limit: int = 200, offset: int = 0, newest_first: bool = True
    ) -> list[EventRow]:
        """Return a page of the events that `filters` let through."""
        where, values = _where(filters)
        order = "DESC" if newest_first else "ASC"
        page = f"SELECT {_ROW} FROM events WHERE {where} ORDER BY seq {order} LIMIT $limit OFFSET $offset"  # noqa: S608
        return list(self._rows(page, values | {"limit": limit, "offset": offset}, order))

    def event(self, seq: int) -> EventRow | None:
        """Return one event by its place in the log, None if it is not there."""
        page = f"SELECT {_ROW} FROM events WHERE seq = $seq"  # noqa: S608 - fixed texts
        return next(self._rows(page, {"seq": seq}, "ASC"), None)

    def _rows(self, page: str, values: Mapping[str, object], order: str) -> Iterator[EventRow]:
        sql = f"""
            SELECT page.*, coalesce(signed_off_by, '') FROM ({page}) page LEFT JOIN signed ON signed.seq = page.seq
            ORDER BY page.seq {order}
        """  # noqa: S608 - fixed texts
        for row in self._store.query(sql, values):
            named: dict[str, Any] = dict(zip(EventRow.__slots__, row, strict=True))
            yield EventRow(**(named | {"subjects": tuple(named["subjects"])}))

    def count(self, filters: Filters) -> int:
        """Return how many events `filters` let through."""
        where, values = _where(filters)
        return self._number(f"SELECT count(*) FROM events WHERE {where}", values)[0]  # noqa: S608 - fixed texts

    def timeline(self, filters: Filters, bucket: Bucket) -> list[tuple[str, int]]:
        """Return (`2026-11-26T09`, `2026-11-26` or `2026-11`, events) on the hospital's clock, rising.

        Buckets without events are left out, and so are events whose time is none.
        """
        where, values = _where(filters)
        sql = f"""
            SELECT strftime(date_trunc('{bucket}', "local"), '{_BUCKETS[bucket]}') AS bucket, count(*) FROM events
            WHERE {where} AND "local" IS NOT NULL GROUP BY 1 ORDER BY 1
        """  # noqa: S608 - fixed texts
        return [(str(name), int(str(number))) for name, number in self._store.query(sql, values)]

    def ask(self, check: Check, answers: Mapping[str, str], *, limit: int = 10_000) -> Answer:
        """Answer a ready-made question; `answers` are its parameters and, if wished, `since` and `until`.

        Rows come in order of `seq`, with who signed the event off in a last column. A row is in the span of time if
        its event is; approvals and sign-offs from outside of it count.

        Raises:
            UsageError: an answer is missing, unfit or not asked for.
        """
        sql, values = self._asked(check, answers)
        columns, found = self._store.table(f"{sql} ORDER BY found.seq LIMIT $limit", values | {"limit": limit + 1})
        return Answer(columns, found[:limit], len(found) > limit)

    def tally(self, check: Check, answers: Mapping[str, str]) -> Tally:
        """Return how many rows `ask` would give without a limit, and how many of them nobody signed off.

        Raises:
            UsageError: as `ask`.
        """
        sql, values = self._asked(check, answers)
        counts = "count(*), count(*) FILTER (signed_off_by = '')"
        return Tally(*self._number(f"SELECT {counts} FROM ({sql})", values))  # noqa: S608 - fixed texts

    def _asked(self, check: Check, answers: Mapping[str, str]) -> tuple[str, dict[str, object]]:
        check_answers(check, answers)
        limits = asdict(self.limits) | {"days": list(self.limits.days), "now": self._now}
        known: dict[str, object] = limits | dict(answers)
        used = set(_PARAMETER.findall(check.sql))
        values = {name: value for name, value in known.items() if name in used}
        values |= {"since": answers.get("since", ""), "until": answers.get("until", "") or "~"}  # after every digit
        sql = f"""
            SELECT found.*, coalesce(signed_off_by, '') AS signed_off_by
            FROM ({check.sql}) found LEFT JOIN signed ON signed.seq = found.seq
            WHERE found.utc >= $since AND found.utc < $until
        """  # noqa: S608 - texts of this package
        return sql, values

    def query(self, sql: str, *, limit: int = 10_000) -> Answer:
        """Answer one SELECT of the user's own over `TABLES`, in at most `SECONDS`.

        Raises:
            UsageError: it is no single SELECT, or has a part that is not allowed, or fails.
            ResourceError: it took too long or too much memory.
        """
        found = self._store.select(sql, tables=TABLES, rows=limit, seconds=SECONDS)
        return Answer(found.columns, found.rows, found.cut)

    def _number(self, sql: str, values: Mapping[str, object]) -> tuple[int, ...]:
        return tuple(int(str(value)) for value in next(self._store.query(sql, values)))

    def close(self) -> None:
        """Drop the view."""
        self._store.close()

    def __enter__(self) -> View:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()


def _where(filters: Filters) -> tuple[str, dict[str, object]]:
    given: dict[str, object] = {name: value for name, value in asdict(filters).items() if value}
    return " AND ".join(_CONDITIONS[name] for name in given) or "true", given


def check_answers(check: Check, answers: Mapping[str, str]) -> None:
    """Refuse answers to a ready-made question that are missing, unfit or not asked for.

    Raises:
        UsageError: it names what is wrong.
    """
    for name in check.parameters:
        if not _FORM[name].fullmatch(answers.get(name, "")):
            wanted = "a patient's reference, 32 hex digits" if name == "subject" else "a login name"
            raise UsageError(f"the question needs {wanted}", hint=f"onprem audit ask {check.name} --{name} ...")
    if strange := answers.keys() - {*check.parameters, "since", "until"}:
        raise UsageError(f"the question does not ask for: {', '.join(sorted(strange))}", hint="leave it out")
