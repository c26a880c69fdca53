"""From tallies to the summary that the command line and the report draw. Counts only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

from onprem import __version__
from onprem.labels import Label
from onprem.model import Finding, Kind, Reason, Severity
from onprem.pipeline.change import Tally
from onprem.pipeline.gate import Gated
from onprem.pipeline.plan import Plan, SourcePlan
from onprem.pipeline.room import Room
from onprem.policy.schema import Policy
from onprem.summary import PlacedColumn, PolicySummary, RunSummary, SourceSummary

_LIBRARIES = ("spacy", "presidio-analyzer", "pyarrow", "cryptography", "duckdb")


def summarise(
    room: Room, tallies: Sequence[Tally], gated: Sequence[Gated], *, started: str, seconds: float
) -> RunSummary:
    """Count what a run did."""
    refused = {item.source for item in gated if item.codes}
    by_source: dict[int, list[Tally]] = {}
    for tally in tallies:
        by_source.setdefault(tally.source, []).append(tally)
    sources = tuple(
        _source(source, by_source.get(source.index, []), room.policy, refused=source.index in refused)
        for source in room.plan.sources
    )
    reasons = held_reasons(tallies, room.plan)
    reasons[Reason.LEAK] += sum(
        tally.released() for tally in tallies if tally.source in refused
    )  # a file that the gate refused holds all of its records
    labels: Counter[str] = Counter()
    detectors: Counter[str] = Counter()
    for tally in tallies:
        labels += tally.labels
        detectors += tally.detectors
    policy = room.policy
    return RunSummary(
        run=room.spec.run,
        started=started,
        seconds=seconds,
        jobs=1,
        policy=PolicySummary(policy.name, policy.title, policy.digest, tuple((x, policy.rule(x).value) for x in Label)),
        sources=sources,
        held=tuple((reason, count) for reason, count in reasons.most_common() if count),
        held_fields=sum(1 for tally in tallies for _, path, _ in tally.held if path),
        identifiers=tuple((Label(label), count) for label, count in labels.most_common()),
        detectors=tuple(detectors.most_common()),
        gate=gate_findings(gated),
        gate_values=sum(item.values for item in gated),
        versions=_versions(),
        models=room.models,
    )


def gate_findings(gated: Sequence[Gated]) -> tuple[Finding, ...]:
    """Return the gate's hits as findings, without a value."""
    hint = "the file is in the held area; look at the record in its source, then extend the roster or the policy"
    return tuple(
        Finding(
            code,
            Severity.ERROR,
            f"source {item.source}",
            f"{count} found" + (f", first in record {item.records[0]}" if item.records else ""),
            hint,
        )
        for item in gated
        for code, count in sorted(item.codes.items())
    )


def held_reasons(tallies: Sequence[Tally], plan: Plan) -> Counter[Reason]:
    """Count whole records that are held, by reason."""
    counts: Counter[Reason] = Counter(Reason(reason) for tally in tallies for _, path, reason in tally.held if not path)
    counts.update(source.held for source in plan.sources if source.held is not None)
    return counts


def _source(source: SourcePlan, tallies: Sequence[Tally], policy: Policy, *, refused: bool) -> SourceSummary:
    released = 0 if refused else sum(tally.released() for tally in tallies)
    columns = tuple(
        PlacedColumn(
            column.position,
            column.placement.kind,
            column.placement.label,
            rule=_rule(column.placement.kind, column.placement.label, policy),
        )
        for column in source.columns
    )
    return SourceSummary(
        source.index,
        source.format or "unknown",
        source.records,
        released,
        source.records - released,
        sum(tally.chars for tally in tallies),
        columns,
        published=not refused and source.held is None,
    )


def _rule(kind: Kind, label: Label | None, policy: Policy) -> str:
    if kind is Kind.UNKNOWN:
        return "held"
    if kind is Kind.IDENTIFIER and label is not None:
        return policy.rule(label).value
    return "searched" if kind is Kind.TEXT else "kept"


def _versions() -> tuple[tuple[str, str], ...]:
    found = [("onprem-hospital", __version__)]
    for name in _LIBRARIES:
        try:
            found.append((name, version(name)))
        except PackageNotFoundError:
            continue
    return tuple(found)
