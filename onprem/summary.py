"""What a run did, in counts: made by the pipeline, drawn by the command line and the report.

Rules: no value of a record, no file name and no header outside the known vocabulary; sources are known by their index.
"""

from __future__ import annotations

from dataclasses import dataclass

from onprem.labels import Label
from onprem.model import Finding, Kind, Reason


@dataclass(frozen=True, slots=True)
class PlacedColumn:
    """One column of a source as understood. `header` is empty unless it is in the known vocabulary."""

    position: int  # 1-based
    kind: Kind
    label: Label | None = None
    header: str = ""
    rule: str = ""  # what was done with it: the operator, "searched", "kept" or "held"


@dataclass(frozen=True, slots=True)
class SourceSummary:
    """One input file: its index in the run, its format, what became of its records."""

    index: int
    format: str
    records: int
    released: int
    held: int
    characters: int = 0
    columns: tuple[PlacedColumn, ...] = ()
    published: bool = True  # False: the leak gate or an error kept the whole file back


@dataclass(frozen=True, slots=True)
class PolicySummary:
    """The policy of a run: its name, title, digest (SHA-256, hexadecimal) and the operator of every label."""

    name: str
    title: str
    digest: str
    rules: tuple[tuple[Label, str], ...]


@dataclass(frozen=True, slots=True)
class Replayed:
    """Decisions of reviewers that a run replayed: how many took effect, how many no longer fit, and the file's SHA-256."""

    applied: int
    ignored: int
    digest: str


@dataclass(frozen=True, slots=True)
class RunSummary:
    """Everything that may be told of one run of `onprem deid`."""

    run: str  # id of the run in the audit log
    started: str  # UTC, ISO 8601
    seconds: float
    jobs: int
    policy: PolicySummary
    sources: tuple[SourceSummary, ...]
    held: tuple[tuple[Reason, int], ...]  # whole records, by reason
    held_fields: int  # single fields that were held and emptied in released records
    identifiers: tuple[tuple[Label, int], ...]  # spans replaced, by label
    detectors: tuple[tuple[str, int], ...]  # spans found, by detector; one span may count for several
    gate: tuple[Finding, ...]  # of the leak gate; empty: it passed
    gate_values: int  # original values that the gate searched the outputs for
    versions: tuple[tuple[str, str], ...] = ()  # of this program and the libraries that matter
    models: tuple[tuple[str, str], ...] = ()  # name and digest
    dry_run: bool = False
    asked: int = 0  # places that `onprem review` puts to a person
    replayed: Replayed | None = None  # None: no decisions were given

    @property
    def records(self) -> int:
        """Records read."""
        return sum(source.records for source in self.sources)

    @property
    def released(self) -> int:
        """Records written to a published output."""
        return sum(source.released for source in self.sources)

    @property
    def held_records(self) -> int:
        """Records that stay."""
        return sum(source.held for source in self.sources)

    @property
    def characters(self) -> int:
        """Characters of all fields read."""
        return sum(source.characters for source in self.sources)

    @property
    def passed(self) -> bool:
        """Whether nothing is held and the leak gate found nothing: exit code 0."""
        return not self.held_records and not self.gate
