"""The nouns of the house: Record, Field, Span, Edit, Released | Held. Frozen, with text kept out of every repr.

`Record[Raw]` becomes `Record[Clean]` in exactly one function (`onprem.pipeline.deidentify`); writers accept only
`Record[Clean]`, so a type checker rejects writing what was not processed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, Literal, TypeVar

from onprem.labels import Label

# which models search free text: the fast network alone, or with the encoder beside it
Tier = Literal["fast", "thorough"]


class Raw:
    """Type-level mark: as read from the source."""


class Clean:
    """Type-level mark: passed through detection, policy and resolution."""


S = TypeVar("S", Raw, Clean)


class Kind(StrEnum):
    """What a format knows about a field before anything is searched."""

    TEXT = "text"  # free text: all detectors search it
    CLINICAL = "clinical"  # coded or measured content (sex, code, result): patterns and roster only
    IDENTIFIER = "identifier"  # the whole field is an identifier of `label`
    UNKNOWN = "unknown"  # nobody can place it: the field is held


@dataclass(frozen=True, slots=True)
class Field:
    """One leaf of a source. `path` is in the format's own notation (`text`, `col:name`, `PID-5.1`, `patient.name[0]`)."""

    path: str
    text: str = field(repr=False)
    kind: Kind = Kind.TEXT
    label: Label | None = None  # set exactly when kind is IDENTIFIER


@dataclass(frozen=True, slots=True)
class Record(Generic[S]):
    """One record of a source: every leaf as a field, and the structure with its leaves removed."""

    id: str  # run-local, `source:record`; never a file name or a hospital number
    subject: str | None = field(repr=False)  # raw key of the patient as the source names it; None once Clean
    fields: tuple[Field, ...]
    skeleton: object = field(repr=False)  # holds no values


@dataclass(frozen=True, slots=True)
class Span:
    """An identifier in one field. Offsets are code points of the field's original text, end exclusive; never text."""

    start: int
    end: int
    label: Label
    score: float  # 0..1
    by: frozenset[str]  # names of the detectors that found it


@dataclass(frozen=True, slots=True)
class Edit:
    """A replacement of `span`, and the rule (operator name) that made it."""

    span: Span
    replacement: str = field(repr=False)
    rule: str


class Reason(StrEnum):
    """Why a record, or a field of one, is held. Shown to users; carries no value."""

    UNREADABLE = "unreadable"  # the bytes do not parse as the format says
    ENCODING = "encoding"  # the bytes are in no known encoding, or in several
    BINARY = "binary"  # binary content under a text suffix
    TOO_LARGE = "too large"
    UNKNOWN_FIELD = "unknown field"  # a column or key that nobody can place
    STRUCTURE = "structure"  # ragged row, nested value where a scalar is expected
    LANGUAGE = "unknown language"
    INTERNAL = "internal failure"
    LEAK = "leak gate"
    POLICY = "policy"  # the policy has no rule for it
    ECHO = "unclear model"  # the policy asks for a language model, and its answer is not understood
    REVIEW = "reviewer"  # a reviewer decided that it stays


@dataclass(frozen=True, slots=True)
class Released:
    """A record that may leave, with the edits that made it clean, by field path, in field order."""

    record: Record[Clean]
    edits: tuple[tuple[str, tuple[Edit, ...]], ...]


@dataclass(frozen=True, slots=True)
class Held:
    """A record, or one field of it (`path`), that stays."""

    record_id: str
    path: str  # "" when the whole record is held
    reason: Reason


Outcome = Released | Held


class Severity(StrEnum):
    """How much a finding matters."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """One result of a check: audit, policy lint, release gate, doctor."""

    code: str
    severity: Severity
    where: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Metric:
    """A measured value with its confidence interval and the number of units it rests on."""

    value: float
    low: float
    high: float
    n: int
