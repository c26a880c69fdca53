"""The report of the audit log for a compliance officer: self-contained HTML that needs no script, no colour and no network.

The order: does the log hold? what should be seen to? who looked, and what is signed off? what was done, when and by
whom? what do the words mean, and how can all of this be checked without this report?
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from onprem.model import Severity
from onprem.report import audit_activity
from onprem.report.audit_summary import Activity, Answered, AuditSummary, Reviews, Verdict
from onprem.report.page import Cell, Head, Html, code, page, paragraph, section, show, table, tag
from onprem.report.svg import SOLID, Charts, Part

_SHOWN = 16  # characters of a digest or reference
_MOST_VALUES = 3  # of a list in a cell
_COLUMNS = {"seq": "event", "utc": "time (UTC)", "actor": "who"}


def render_audit(summary: AuditSummary) -> str:
    """Return the report as one HTML document."""
    charts = Charts()
    return page(
        "Audit report",
        charts.definitions(),
        _header(summary),
        "<main>",
        _verdict(summary.verdict),
        *_body(summary, charts),
        _verify(summary.verdict),
        "</main>",
        "<footer>This report holds codes, counts, times, login names, digests and keyed references of patients, as the "
        "audit log does. It holds no name, number or other value of a record, no name of an input or output, and no "
        f"comment. Times are UTC, except where the hospital's clock is named ({show(summary.zone)}).</footer>",
    )


def _body(summary: AuditSummary, charts: Charts) -> Iterator[str]:
    activity, reviews = summary.activity, summary.reviews
    if activity is None or reviews is None:
        yield section("What was done", paragraph("Not shown: nothing in a log that does not verify can be relied on."))
        return
    yield _figures(summary, activity, reviews)
    yield _to_be_seen_to(summary.answers)
    yield _open(summary.answers)
    yield _coverage(reviews, charts)
    yield _signoffs(reviews)
    yield audit_activity.times(activity, charts)
    yield audit_activity.heat(activity, summary.zone)
    yield audit_activity.shares("By action", "Action", activity.actions, charts, words=summary.words)
    yield audit_activity.shares("By person", "Login", activity.actors, charts)
    yield audit_activity.outcomes(activity, charts)
    yield audit_activity.glossary(activity, summary.words)


def _header(summary: AuditSummary) -> str:
    span = {
        (True, True): f"Events from {summary.since} until before {summary.until}.",
        (True, False): f"Events from {summary.since}.",
        (False, True): f"Events until before {summary.until}.",
        (False, False): "All events of the log.",
    }[bool(summary.since), bool(summary.until)]
    made = f"Made {_time(summary.made)} UTC by {summary.by}."
    return f"<header><h1>Audit report</h1>{paragraph(f'Log {summary.verdict.log}. {span} {made}')}</header>"


def _verdict(verdict: Verdict) -> str:
    if not verdict.sound:
        words, css = "The audit log does not verify.", "bad"
        more = "Keep the site's folder as it is and tell your security officer. What was found stands below."
    elif verdict.against is None:
        words, css = "The audit log verifies, against itself alone.", "held"
        more = (
            "Every line follows the one before. Without a checkpoint that was kept elsewhere, a log that somebody wrote "
            "anew from some line to its end would look the same."
        )
    else:
        words, css = "The audit log verifies, also against a checkpoint that was kept elsewhere.", "good"
        more = (
            f"The first {verdict.against.size:,} lines are those that the checkpoint covers; the last of them is of "
            f"{_time(verdict.against.last)} UTC."
        )
    box = f'<div class="verdict {css}" role="status"><p><strong>{words}</strong></p><p>{show(more)}</p></div>'
    rows: list[list[Cell]] = [["Lines", verdict.size], ["Root of the log", code(verdict.root)]]
    if verdict.against is not None:
        rows.append(["Lines of the checkpoint", verdict.against.size])
        rows.append(["Root of the checkpoint", code(verdict.against.root)])
    facts = table("What was verified", [Head("What was verified"), Head("")], rows)
    return box + facts + _findings(verdict)


def _findings(verdict: Verdict) -> str:
    if not verdict.findings:
        return ""
    rows: list[list[Cell]] = [
        [item.code, _severity(item.severity), item.where, item.message] for item in verdict.findings
    ]
    heads = [Head("What"), Head("How grave"), Head("Where"), Head("In words")]
    return "<h3>What verification found</h3>" + table("Findings of verification", heads, rows)


def _figures(summary: AuditSummary, activity: Activity, reviews: Reviews) -> str:
    open_rows = sum(item.unsigned for item in summary.answers if item.severity is not Severity.INFO)
    signed = sum(month.signed for month in reviews.months)
    bad = sum(count for name, count in activity.outcomes if name in ("failed", "refused"))
    tiles: list[tuple[str, Cell, str]] = [
        ("Events", activity.events, f"{len(activity.actions)} kinds of action"),
        ("To be seen to", open_rows, "findings that nobody has signed off"),
        ("Failed or refused", bad, _share(bad, activity.events)),
        ("Signed off", signed, _share(signed, activity.events)),
        ("People", len(activity.actors), "login names"),
        ("Patients", activity.patients, "different references"),
    ]
    items = "".join(
        f"<div><dt>{name}</dt><dd>{show(value)}<small>{show(note)}</small></dd></div>" for name, value, note in tiles
    )
    return f'<dl class="figures">{items}</dl>'


def _to_be_seen_to(answers: Sequence[Answered]) -> str:
    rows: list[list[Cell]] = []
    for item in answers:
        matters = item.severity is not Severity.INFO
        state = tag("list") if not matters else tag("open", "bad") if item.unsigned else tag("clear", "good")
        asked = Html(f"{show(item.title)} <small>{show(item.name)}</small>")
        rows.append([asked, state, item.total, item.unsigned])
    heads = [Head("Question and its name"), Head("State"), Head("Found", "n"), Head("Not signed off", "n")]
    return section(
        "What should be seen to",
        paragraph(
            "Ready-made questions to the log. Open means: something was found that no second person has signed off. A "
            "list is for reading and is no finding. The rows of any question: onprem audit ask NAME"
        ),
        table("Ready-made questions and what they found", heads, rows),
    )


def _open(answers: Sequence[Answered]) -> str:
    found = [item for item in answers if item.rows and item.severity is not Severity.INFO]
    if not found:
        return section("What nobody has signed off yet", paragraph("Nothing: every finding above is signed off."))
    intro = "The findings above that no second person has signed off, those that have waited longest first."
    return section("What nobody has signed off yet", paragraph(intro), *map(_answer, found))


def _answer(item: Answered) -> str:
    heads = [
        Head(_COLUMNS.get(name, name.replace("_", " ")), _alignment(item, place))
        for place, name in enumerate(item.columns)
    ]
    rows = [[_cell(name, value) for name, value in zip(item.columns, row, strict=True)] for row in item.rows]
    more = item.unsigned - len(item.rows)
    rest = paragraph(f"{more:,} more that nobody has signed off: onprem audit ask {item.name}") if more > 0 else ""
    basis = f'<p class="soft">{_severity(item.severity).markup} {show(item.basis)}</p>'
    head = f"<h3>{show(item.title)}</h3>{paragraph(item.explanation)}{basis}"
    return f'{head}<div class="rows">{table(item.title, heads, rows)}</div>{rest}'


def _alignment(item: Answered, place: int) -> str:
    """Return the class of a column: numbers stand right, times in one line."""
    if item.columns[place] != "seq" and any(isinstance(row[place], int) for row in item.rows):
        return "n"
    return "t" if item.columns[place] in ("utc", "until") else ""


def _coverage(reviews: Reviews, charts: Charts) -> str:
    if not reviews.months:
        return section("How much was reviewed", paragraph("There is no event in this span of time."))
    rows: list[list[Cell]] = []
    for month in reviews.months:
        parts = [
            Part("signed off", month.signed, SOLID),
            Part("not signed off", month.events - month.signed, "#9fb6c6"),
        ]
        bar = Html(charts.stacked(f"Signed off in {month.name}", parts, css="bar"))
        share = _share(month.signed, month.events)
        rows.append([month.name, month.events, month.signed, share, month.readings, bar])
    heads = [
        Head("Month", "t"),
        Head("Events", "n"),
        Head("Signed off", "n"),
        Head("Share", "n"),
        Head("Readings", "n"),
    ]
    readers: list[list[Cell]] = [[login, count, _time(last)] for login, count, last in reviews.readers]
    who = (
        table("Who read the log", [Head("Who read the log"), Head("Times", "n"), Head("Last (UTC)", "t")], readers)
        if readers
        else paragraph("Nobody read the log in this span of time.")
    )
    return section(
        "How much was reviewed",
        paragraph(
            "45 CFR 164.308(a)(1)(ii)(D) asks for regular review of the records of activity. A reading is a list, a "
            "question, a review, a report or a sign-off. Not every event has to be signed off: what matters "
            "is in the questions above."
        ),
        table("Coverage by month, on the hospital's clock", [*heads, Head("", "chart")], rows),
        who,
    )


def _signoffs(reviews: Reviews) -> str:
    if not reviews.latest:
        return section("Sign-offs", paragraph("Nobody has signed off anything in this span of time."))
    rows: list[list[Cell]] = [
        [item.seq, _time(item.utc), item.actor, _range(item.first, item.last), item.last - item.first + 1]
        for item in reviews.latest
    ]
    heads = [Head("Event"), Head("Time (UTC)", "t"), Head("Who"), Head("Signed off", "t"), Head("Events", "n")]
    more = reviews.signoffs - len(reviews.latest)
    rest = paragraph(f"{more:,} earlier ones: onprem audit list --action audit.signoff") if more > 0 else ""
    note = paragraph("Newest first. A range covers nothing that its signer did: nobody signs off their own work.")
    return section("Sign-offs", note, table("Sign-offs", heads, rows), rest)


def _verify(verdict: Verdict) -> str:
    steps = (
        "Take a checkpoint that was kept outside of the site: a file, or the printed page with the QR code, read with any "
        "reader and saved as it stands.",
        "On the site's machine: onprem audit verify --against FILE, and with --cosigners FILE where a second person has "
        "signed the checkpoint. Exit code 0 means that the log is the one that the checkpoint covers, and what came after.",
        "Without this program: onprem audit export --format jsonl gives the lines. The leaf of a line is SHA-256 of a zero "
        "byte and the line; two nodes make SHA-256 of a one byte and both; the tree is that of RFC 6962, section 2.1. The "
        f"root over the first {verdict.size:,} lines must be {verdict.root}. Where a crash has cut a line, or old lines "
        "were moved out, take the segment files of the site's audit folder instead.",
        'Any finding above: onprem audit ask NAME. Any event: onprem audit query "SELECT * FROM events WHERE seq = N", or '
        "on a screen: onprem audit review.",
    )
    # the root of a log that does not hold is nobody's to compare with
    items = "".join(f"<li>{show(step)}</li>" for step in (steps if verdict.sound else steps[:2]))
    return section("How to check this yourself", f"<ol>{items}</ol>")


def _cell(name: str, value: object) -> Cell:
    if isinstance(value, int):
        return value
    if isinstance(value, list | tuple):
        kept = " ".join(_short(str(item)) for item in value[:_MOST_VALUES])
        return code(kept + (f" and {len(value) - _MOST_VALUES} more" if len(value) > _MOST_VALUES else ""))
    if isinstance(value, dict):
        return " ".join(f"{key}={_short(str(item))}" for key, item in value.items())
    text = "" if value is None else str(value)
    if name in ("utc", "until"):
        return _time(text)
    return code(_short(text)) if len(text) >= 32 and " " not in text else text


def _short(text: str) -> str:
    return f"{text[:_SHOWN]}…" if len(text) >= 32 and text.isalnum() else text


def _time(utc: str) -> str:
    return utc[:19].replace("T", " ") or "–"


def _range(first: int, last: int) -> str:
    return f"{first:,}" if first == last else f"{first:,} to {last:,}"


def _severity(severity: Severity) -> Html:
    return tag(str(severity), {"error": "bad", "warning": "held"}.get(str(severity), ""))


def _share(count: int, total: int) -> str:
    return f"{100 * count / total:.1f} %" if total else "–"
