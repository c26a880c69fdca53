"""Gathers what a report of the audit log is made of: asks the checked view and the ready-made questions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING

from onprem.audit.view import Filters, Limits, View
from onprem.model import Severity
from onprem.report.audit_summary import Activity, Answered, Heat, Month, Point, Reviews, Signed, Verdict
from onprem.report.svg import Column

if TYPE_CHECKING:
    from pathlib import Path

    from onprem.audit.verify import State
    from onprem.config import Site

ROWS = 25  # of one answer
_LOOKED_THROUGH = 10_000  # rows of an answer, among which those that nobody signed off are looked for
SIGNOFFS = 25
MOST_DAYS = 92  # of one chart; more are told by month
# what counts as reading the log, as the ready-made question `gap` counts it
READINGS = ("audit.list", "audit.query", "audit.ask", "audit.review", "audit.report", "audit.signoff")
_TIME = re.compile(r"[0-9T:-]{0,19}")


def verdict(site: Site, state: State, against: Path | None) -> Verdict:
    """Return what verification said, with the checkpoint where the log could be compared with it."""
    from onprem.audit import checkpoint

    outside = any(item.code == "retired" and item.where == "checkpoint" for item in state.findings)
    point = None
    if against is not None and not outside:
        known = checkpoint.read(against)
        point = Point(known.size, known.root.hex(), known.last)
    name = checkpoint.site_key(site).name
    return Verdict(state.sound, name, state.tree.size, state.tree.root().hex(), point, tuple(state.findings))


def activity(view: View, since: str, until: str) -> Activity:
    """Return what was done in a span of time."""
    span = _span(since, until)
    unit, times = _times(view, since, until)
    people = "SELECT unnest(subjects) AS reference FROM events"
    actions = _counted(view, "action", span)
    return Activity(
        events=sum(count for _, count in actions),
        patients=_numbers(view, f"SELECT count(DISTINCT reference) FROM ({people} WHERE {span})")[0][0],  # noqa: S608
        unit=unit,
        times=times,
        heat=_heat(view, span),
        working=working(view.limits),
        actions=actions,
        actors=_counted(view, "actor", span),
        outcomes=_counted(view, "outcome", span),
    )


def reviews(view: View, since: str, until: str) -> Reviews:
    """Return who looked at the log, and how much is signed off, month by month."""
    span = _span(since, until)
    read = f"action IN {READINGS} AND outcome IN ('done', 'held')"
    month = "strftime(\"local\", '%Y-%m')"
    # fixed texts and times of a checked form
    by_month = f"SELECT {month}, count(*), count_if({read}) FROM events WHERE {span} GROUP BY 1 ORDER BY 1"  # noqa: S608
    signed = f"""
        SELECT {month}, count(DISTINCT events.seq) FROM events JOIN signoffs
        ON events.seq BETWEEN signoffs.first AND signoffs.last AND signoffs.actor <> events.actor
        WHERE {span.replace("utc", "events.utc")} GROUP BY 1
    """  # noqa: S608
    covered = {str(name): int(str(count)) for name, count in view.query(signed).rows}
    months = [(str(name), int(str(events)), int(str(readings))) for name, events, readings in view.query(by_month).rows]
    newest = f"SELECT seq, utc, actor, first, last FROM signoffs WHERE {span} ORDER BY seq DESC"  # noqa: S608
    readers = f"SELECT actor, count(*), max(utc) FROM events WHERE {read} AND {span} GROUP BY 1 ORDER BY 2 DESC, 1"  # noqa: S608
    return Reviews(
        months=tuple(Month(name, events, covered.get(name, 0), count) for name, events, count in months),
        latest=tuple(
            Signed(int(str(seq)), str(utc), str(actor), int(str(first)), int(str(last)))
            for seq, utc, actor, first, last in view.query(newest, limit=SIGNOFFS).rows
        ),
        signoffs=_numbers(view, f"SELECT count(*) FROM signoffs WHERE {span}")[0][0],  # noqa: S608
        readers=tuple((str(actor), int(str(count)), str(last)) for actor, count, last in view.query(readers).rows),
    )


def answers(view: View, since: str, until: str) -> tuple[Answered, ...]:
    """Return the answer to every ready-made question that needs nothing from the reader."""
    from onprem.audit.checks import checks

    given = {name: value for name, value in (("since", since), ("until", until)) if value}
    found = []
    for check in checks():
        if check.parameters:
            continue
        tally = view.tally(check, given)
        columns: tuple[str, ...] = ()
        rows: tuple[tuple[object, ...], ...] = ()
        if tally.unsigned and check.severity is not Severity.INFO:  # a list is counted here and read elsewhere
            answer = view.ask(check, given, limit=_LOOKED_THROUGH)
            columns = answer.columns[:-1]  # who signed it off: nobody
            rows = tuple(row[:-1] for row in answer.rows if not row[-1])[:ROWS]
        words = (check.name, check.title, check.explanation, check.basis, check.severity)
        found.append(Answered(*words, columns, rows, tally.rows, tally.unsigned))
    return tuple(found)


def zone(limits: Limits) -> str:
    """Return how far the hospital's clock is from UTC: `UTC+01:00`."""
    minutes = limits.utc_offset_minutes
    return f"UTC{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}" if minutes else "UTC"


def working(limits: Limits) -> tuple[tuple[bool, ...], ...]:
    """Return by weekday and hour whether some of the hour is working time, as the question `off-hours` takes it."""
    opening, closing = (int(text[:2]) * 60 + int(text[3:]) for text in (limits.opening, limits.closing))

    def at_work(minute: int) -> bool:
        return opening <= minute < closing if opening < closing else minute >= opening or minute < closing

    hours = tuple(any(at_work(60 * hour + minute) for minute in range(60)) for hour in range(24))
    return tuple(hours if day in limits.days else (False,) * 24 for day in range(1, 8))


def _span(since: str, until: str) -> str:
    """Return a condition on `utc`. It goes into SQL as text, so a time of another form is refused."""
    if not (_TIME.fullmatch(since) and _TIME.fullmatch(until)):
        raise ValueError("a time is not of the form that was checked")
    conditions = [f"utc >= '{since}'"] * bool(since) + [f"utc < '{until}'"] * bool(until)
    return " AND ".join(conditions) or "true"


def _counted(view: View, column: str, span: str) -> tuple[tuple[str, int], ...]:
    sql = f"SELECT {column}, count(*) FROM events WHERE {span} GROUP BY 1 ORDER BY 2 DESC, 1"  # noqa: S608
    return tuple((str(name), int(str(count))) for name, count in view.query(sql).rows)


def _numbers(view: View, sql: str) -> list[tuple[int, ...]]:
    return [tuple(int(str(value)) for value in row) for row in view.query(sql).rows]


def _heat(view: View, span: str) -> Heat:
    sql = f"""
        SELECT isodow("local"), hour("local"), count(*) FROM events WHERE {span} AND "local" IS NOT NULL GROUP BY 1, 2
    """  # noqa: S608
    counts = {(day, hour): count for day, hour, count in _numbers(view, sql)}
    return tuple(tuple(counts.get((day, hour), 0) for hour in range(24)) for day in range(1, 8))


def _times(view: View, since: str, until: str) -> tuple[str, tuple[Column, ...]]:
    """Return events by day with the days between that have none, or by month where days would be too many."""
    days = view.timeline(Filters(since=since, until=until), "day")
    if not days:
        return "day", ()
    first, last = date.fromisoformat(days[0][0]), date.fromisoformat(days[-1][0])
    by_day = (last - first).days < MOST_DAYS
    bad: dict[str, int] = {}
    for outcome in ("failed", "refused"):
        counted = view.timeline(Filters(since=since, until=until, outcome=outcome), "day" if by_day else "month")
        bad |= {name: bad.get(name, 0) + count for name, count in counted}
    if by_day:
        counts: Mapping[str, int] = dict(days)
        names = [str(first + timedelta(days=place)) for place in range((last - first).days + 1)]
    else:
        counts = dict(view.timeline(Filters(since=since, until=until), "month"))
        months = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
        names = [f"{month // 12:04d}-{month % 12 + 1:02d}" for month in months]
    return "day" if by_day else "month", tuple(Column(name, counts.get(name, 0), bad.get(name, 0)) for name in names)
