"""The report of one run of `onprem deid`, for the person who answers for it: self-contained HTML, no value of a record.

The order: may it leave? how much, what was found and by whom, what was done with each column, by which rules, and with
which program and models, so that the run can be repeated.
"""

from __future__ import annotations

from collections import Counter

from onprem.labels import MEANING
from onprem.model import Finding, Kind
from onprem.report.page import Cell, Head, Html, code, page, paragraph, section, show, table, tag
from onprem.report.svg import SOLID, Charts, Part, hatched
from onprem.summary import PlacedColumn, RunSummary, SourceSummary

_KINDS = {
    Kind.TEXT: "free text",
    Kind.CLINICAL: "clinical content",
    Kind.IDENTIFIER: "identifier",
    Kind.UNKNOWN: "not understood",
}


def render_run(summary: RunSummary) -> str:
    """Return the report as one HTML document."""
    charts = Charts()
    return page(
        "De-identification report",
        charts.definitions(),
        _header(summary),
        "<main>",
        _verdict(summary),
        _figures(summary),
        _records(summary, charts),
        _identifiers(summary, charts),
        _detectors(summary, charts),
        _gate(summary),
        _review(summary),
        _sources(summary, charts),
        _columns(summary),
        _rules(summary),
        _provenance(summary),
        "</main>",
        "<footer>This report holds counts, labels and digests. It holds no name, number, date or other value of a "
        "record, no file name, and no column heading outside the known vocabulary. Sources are numbered from 0 in "
        "the order of their paths.</footer>",
    )


def _header(summary: RunSummary) -> str:
    policy = summary.policy.title or summary.policy.name
    started = summary.started[:16].replace("T", " ")
    kind = "Dry run: nothing was written. " if summary.dry_run else ""
    return (
        "<header><h1>De-identification report</h1>"
        + paragraph(f"{kind}Policy: {policy}. Started {started} UTC, run {summary.run}.")
        + "</header>"
    )


def _verdict(summary: RunSummary) -> str:
    if summary.gate:
        words, css = "The leak gate found something: those files are held.", "bad"
        more = "Nothing that the gate objected to was released. See the section on the leak gate."
    elif summary.held_records or summary.held_fields:
        words, css = "Done, and some content is held.", "held"
        more = "What could not be understood stays at the site until somebody has looked at it."
    else:
        words, css = "Done. Every record was released and the leak gate found nothing.", "good"
        more = "No automatic method finds everything: the measured recall of these detectors is in docs/measures.md."
    return f'<div class="verdict {css}" role="status"><p><strong>{words}</strong></p><p>{more}</p></div>'


def _figures(summary: RunSummary) -> str:
    identifiers = sum(count for _, count in summary.identifiers)
    speed = f"{summary.characters / summary.seconds:,.0f} characters per second" if summary.seconds > 0 else ""
    tiles: list[tuple[str, Cell, str]] = [
        ("Records in", summary.records, f"{len(summary.sources):,} {_plural(len(summary.sources), 'file')}"),
        ("Released", summary.released, _share(summary.released, summary.records)),
        ("Held", summary.held_records, f"and {summary.held_fields:,} single {_plural(summary.held_fields, 'field')}"),
        ("Identifiers", identifiers, f"replaced, of {len(summary.identifiers)} kinds"),
        ("Leak gate", "passed" if not summary.gate else "failed", f"{summary.gate_values:,} values searched"),
        ("Time", _duration(summary.seconds), speed),
    ]
    items = "".join(
        f"<div><dt>{name}</dt><dd>{show(value)}<small>{show(note)}</small></dd></div>" for name, value, note in tiles
    )
    return f'<dl class="figures">{items}</dl>'


def _records(summary: RunSummary, charts: Charts) -> str:
    parts = [Part("released", summary.released, SOLID)]
    parts += [
        Part(f"held: {reason.value}", count, hatched(number)) for number, (reason, count) in enumerate(summary.held)
    ]
    if not summary.records:
        return section("Records", paragraph("No record was read."))
    legend = "".join(
        f"<li>{charts.key(part)}{part.count:,} {show(part.words)} "
        f'<span class="soft">{_share(part.count, summary.records)}</span></li>'
        for part in parts
    )
    return section("Records", charts.stacked("Records released and held", parts), f'<ul class="legend">{legend}</ul>')


def _identifiers(summary: RunSummary, charts: Charts) -> str:
    if not summary.identifiers:
        return section("What was found", paragraph("Nothing identifying was found."))
    rules = dict(summary.policy.rules)
    largest = max(count for _, count in summary.identifiers)
    rows: list[list[Cell]] = []
    for label, count in sorted(summary.identifiers, key=lambda item: -item[1]):
        meaning = MEANING[label]
        bar = Html(charts.bar(meaning.words, count, largest))
        rows.append([meaning.words, ", ".join(meaning.clauses), rules.get(label, ""), count, bar])
    heads = [Head("Identifier"), Head("Clause"), Head("Rule"), Head("Found", "n"), Head("", "chart")]
    return section(
        "What was found",
        paragraph("Letters are the items of 45 CFR 164.514(b)(2)(i), the list of HIPAA Safe Harbor."),
        table("Identifiers found, by kind", heads, rows),
    )


def _detectors(summary: RunSummary, charts: Charts) -> str:
    if not summary.detectors:
        return ""
    largest = max(count for _, count in summary.detectors)
    rows: list[list[Cell]] = [
        [name, count, Html(charts.bar(name, count, largest))]
        for name, count in sorted(summary.detectors, key=lambda item: -item[1])
    ]
    return section(
        "Who found it",
        paragraph(
            "Detectors work in union: none can remove what another found, and one identifier may count for several."
        ),
        table("Identifiers found, by detector", [Head("Detector"), Head("Found", "n"), Head("", "chart")], rows),
    )


def _gate(summary: RunSummary) -> str:
    intro = paragraph(
        "Before anything leaves, the written files are opened again and searched for the original values, for numbers "
        "with a right check digit and for the shapes of identifiers."
    )
    if not summary.gate:
        return section("Leak gate", intro, paragraph("Nothing was found.", css=""))
    grouped: dict[tuple[str, str], list[Finding]] = {}
    for finding in summary.gate:
        grouped.setdefault((finding.code, finding.severity.value), []).append(finding)
    rows: list[list[Cell]] = [
        [finding_code, tag(severity, "bad"), len(found), _places(found), found[0].hint]
        for (finding_code, severity), found in sorted(grouped.items())
    ]
    heads = [Head("Finding"), Head("Severity"), Head("Files", "n"), Head("Where"), Head("What to do")]
    return section("Leak gate", intro, table("Findings of the leak gate", heads, rows))


def _review(summary: RunSummary) -> str:
    said = []
    if summary.replayed is not None:
        done = summary.replayed
        said.append(
            f"{done.applied:,} {_plural(done.applied, 'decision')} of reviewers took effect, {done.ignored:,} no longer "
            f"fit: their records or what was found in them have changed. SHA-256 of the decisions file: {done.digest}."
        )
    if summary.asked:
        said.append(
            f"{summary.asked:,} {_plural(summary.asked, 'place')} should be looked at by a person: held records, guesses "
            f"that were acted on unsurely, and guesses that were dropped. The command is: onprem review {summary.run}"
        )
    return section("Review by people", *map(paragraph, said)) if said else ""


def _places(found: list[Finding]) -> str:
    places = sorted(Counter(f"{finding.where}: {finding.message}" for finding in found))
    more = len(places) - 5
    return "; ".join(places[:5]) + (f"; and {more} more" if more > 0 else "")


def _sources(summary: RunSummary, charts: Charts) -> str:
    rows: list[list[Cell]] = []
    for group in _grouped(summary.sources):
        first, records = group[0], sum(source.records for source in group)
        released, held = sum(source.released for source in group), sum(source.held for source in group)
        name = str(first.index) if len(group) == 1 else f"{first.index} to {group[-1].index}"
        parts = [Part("released", released, SOLID), Part("held", held, hatched(0))]
        bar = Html(charts.stacked(f"Source {name}", parts, css="bar"))
        state = tag("published", "good") if first.published else tag("held", "held")
        rows.append([name, first.format, records, released, held, state, bar])
    heads = [Head("Source"), Head("Format"), Head("Records", "n"), Head("Released", "n"), Head("Held", "n")]
    heads += [Head("File"), Head("", "chart")]
    return section("Files", table("Files read", heads, rows))


def _grouped(sources: tuple[SourceSummary, ...]) -> list[list[SourceSummary]]:
    """Put neighbours together of which there is nothing to tell apart: small files of one format, all released."""
    groups: list[list[SourceSummary]] = []
    for source in sources:
        plain = source.published and not source.held and not source.columns
        last = groups[-1][-1] if groups else None
        if plain and last is not None and last.format == source.format and last.published and not last.held:
            groups[-1].append(source)
        else:
            groups.append([source])
    return groups


def _columns(summary: RunSummary) -> str:
    tables = [_column_table(source) for source in summary.sources if source.columns]
    if not tables:
        return ""
    return section(
        "Columns",
        paragraph(
            "How each column was understood, by its heading and its values. A column that nobody can place is held; "
            "the site can say in one line what it is: onprem policy column HEADING WHAT."
        ),
        *tables,
    )


def _column_table(source: SourceSummary) -> str:
    rows: list[list[Cell]] = [
        [str(column.position), column.header or "–", _kind(column), _rule(column)] for column in source.columns
    ]
    named = any(column.header for column in source.columns)
    heads = [Head("Column"), Head("Heading"), Head("Holds"), Head("What was done")]
    if not named:
        heads.pop(1)
        rows = [[row[0], *row[2:]] for row in rows]
    return f"<h3>Source {source.index} ({show(source.format)})</h3>" + table(
        f"Columns of source {source.index}", heads, rows
    )


def _kind(column: PlacedColumn) -> str:
    return MEANING[column.label].words if column.label is not None else _KINDS[column.kind]


def _rule(column: PlacedColumn) -> Cell:
    if column.kind is Kind.UNKNOWN:
        return tag("held", "held")
    return column.rule


def _rules(summary: RunSummary) -> str:
    rows: list[list[Cell]] = [
        [MEANING[label].words, ", ".join(MEANING[label].clauses), rule] for label, rule in summary.policy.rules
    ]
    return section(
        f"Policy: {summary.policy.name}",
        f'<p class="soft">{show(summary.policy.title)} Digest {show(code(summary.policy.digest))}</p>',
        table("Rules of the policy", [Head("Identifier"), Head("Clause"), Head("Rule")], rows),
    )


def _provenance(summary: RunSummary) -> str:
    rows: list[list[Cell]] = [
        ["run", code(summary.run)],
        ["started", summary.started],
        ["took", f"{_duration(summary.seconds)} with {summary.jobs} {_plural(summary.jobs, 'worker')}"],
        ["characters read", summary.characters],
    ]
    rows += [[name, code(version)] for name, version in summary.versions]
    rows += [[f"model {name}", code(digest)] for name, digest in summary.models]
    return section("How this was made", table("Run, versions and models", [Head(""), Head("")], rows))


def _plural(count: int, word: str) -> str:
    return word if count == 1 else f"{word}s"


def _share(count: int, total: int) -> str:
    return f"{100 * count / total:.1f} %" if total else ""


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.1f} s"
    hours, rest = divmod(round(seconds), 3600)
    return f"{hours} h {rest // 60} min" if hours else f"{seconds / 60:.1f} min"
