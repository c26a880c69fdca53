"""What was done, in the report of the audit log: by time, by weekday and hour, by action, by person, by outcome.

Every chart says in words what it shows and can be read without colour: by hatching, by frames, by numbers in the cells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from onprem.report.audit_summary import Activity
from onprem.report.page import Cell, Head, Html, code, paragraph, section, show, table
from onprem.report.svg import SOLID, Charts, Part, hatched

_BAD = "failed or refused"
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_SHADES = 5
_MOST = 25  # rows of a chart
_OUTCOMES = {
    "done": "done",
    "held": "done, with records held or a check failed",
    "refused": "refused, nothing was done",
    "failed": "failed",
    "interrupted": "broken off",
    "intent": "begun (written before the effect)",
}
_FILLS = {
    "done": SOLID,
    "intent": "#9fb6c6",
    "held": hatched(2),
    "interrupted": hatched(3),
    "refused": hatched(0),
    "failed": hatched(1),
}


def times(activity: Activity, charts: Charts) -> str:
    """Return the events by day or month as columns."""
    if not activity.times:
        return ""
    most = max(column.count for column in activity.times)
    first, middle, last = (activity.times[place].words for place in (0, len(activity.times) // 2, -1))
    axis = "".join(f"<span>{show(words)}</span>" for words in dict.fromkeys((first, middle, last)))
    drawn = charts.columns(f"Events by {activity.unit}", activity.times, marked=_BAD)
    parts = (Part("other events", 1, SOLID), Part(_BAD, 1, hatched(0)))
    legend = "".join(f"<li>{charts.key(part)}{part.words}</li>" for part in parts)
    return section(
        f"Events by {activity.unit}",
        f'<div class="plot"><p class="soft top">{most:,}</p>{drawn}<p class="axis">{axis}</p></div>'
        f'<ul class="legend">{legend}</ul>',
    )


def heat(activity: Activity, zone: str) -> str:
    """Return the events by weekday and hour as a table, darker for more."""
    most = max((count for row in activity.heat for count in row), default=0)
    top = "".join(f'<th scope="col">{hour:02d}</th>' for hour in range(24))
    body = ""
    for day, (counts, working) in enumerate(zip(activity.heat, activity.working, strict=True)):
        cells = "".join(_hour(count, most, off=not at_work) for count, at_work in zip(counts, working, strict=True))
        body += f'<tr><th scope="row">{_DAYS[day]}</th>{cells}</tr>'
    return section(
        "By weekday and hour",
        paragraph(
            f"On the hospital's clock ({zone}). The darker, the more events; a frame marks events outside of the working "
            "time that access.toml names. Runs that a timer starts show here too."
        ),
        f'<div class="wide"><table class="heat" aria-label="Events by weekday and hour">'
        f'<thead><tr><th scope="col">Day</th>{top}</tr></thead><tbody>{body}</tbody></table></div>',
    )


def _hour(count: int, most: int, *, off: bool) -> str:
    if not count:
        return "<td>·</td>"
    shade = 1 + min(_SHADES - 1, (_SHADES * count) // (most + 1))
    shown = f"{count}" if count < 1_000 else f"{count / 1_000:.1f}k" if count < 9_950 else f"{count / 1_000:.0f}k"
    return f'<td class="h{shade}{" off" * off}">{shown}</td>'


def shares(
    title: str,
    head: str,
    counted: Sequence[tuple[str, int]],
    charts: Charts,
    *,
    words: Mapping[str, tuple[str, str]] | None = None,
) -> str:
    """Return counts by name as bars, the most frequent first; `words` say what a name is."""
    if not counted:
        return ""
    largest = max(count for _, count in counted)
    rows: list[list[Cell]] = []
    for name, count in counted[:_MOST]:
        said = [words[name][0] if name in words else ""] if words is not None else []
        rows.append([name, *said, count, Html(charts.bar(name, count, largest))])
    heads = [Head(head), *([Head("In words")] if words is not None else []), Head("Events", "n"), Head("", "chart")]
    rest = counted[_MOST:]
    more = paragraph(f"{len(rest):,} more, with {sum(count for _, count in rest):,} events") if rest else ""
    return section(title, table(title, heads, rows), more)


def outcomes(activity: Activity, charts: Charts) -> str:
    """Return how it ended as one bar."""
    if not activity.events:
        return ""
    parts = [Part(_OUTCOMES.get(name, name), count, _FILLS.get(name, hatched(1))) for name, count in activity.outcomes]
    legend = "".join(
        f"<li>{charts.key(part)}{part.count:,} {show(part.words)} "
        f'<span class="soft">{_share(part.count, activity.events)}</span></li>'
        for part in parts
    )
    return section("How it ended", charts.stacked("Outcomes", parts), f'<ul class="legend">{legend}</ul>')


def glossary(activity: Activity, words: Mapping[str, tuple[str, str]]) -> str:
    """Return the actions that occur, in plain words."""
    rows: list[list[Cell]] = [
        [code(name), f"{words[name][1]}." if name in words else "No words for it in this version."]
        for name in sorted(name for name, _ in activity.actions)
    ]
    return section("What the actions are", table("Actions in plain words", [Head("Action"), Head("What it is")], rows))


def _share(count: int, total: int) -> str:
    return f"{100 * count / total:.1f} %" if total else "–"
