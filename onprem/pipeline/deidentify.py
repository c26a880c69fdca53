"""The one crossing from `Record[Raw]` to `Released` or `Held`.

The steps, in order:

1. A text in a language that the detectors do not read holds the record; so does one on which a model's answer is unclear.
2. Spans of the detectors, of the roster and of what was accepted elsewhere are united and healed (`settle_record`); what a
   language model quoted is laid beside them and changes none (`beside`).
3. A field that is an identifier by its place is one span as a whole; an unknown field is held and leaves empty.
4. The policy turns spans into edits; edits make the clean text.
5. Any failure on the way holds the record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from onprem.detect.echo import beside
from onprem.detect.ensemble import Prepared, original, settle_record
from onprem.detect.roster import Matcher
from onprem.labels import Label
from onprem.model import Clean, Edit, Field, Held, Kind, Outcome, Raw, Reason, Record, Released, Span
from onprem.policy.contract import Operator
from onprem.policy.operators import edits_for, replace_value
from onprem.policy.schema import Policy
from onprem.policy.surrogates import Persona
from onprem.text import apply_edits

UNKNOWN_RULE = "hold"
_COLUMN = frozenset({"column"})


@dataclass(frozen=True, slots=True)
class Found:
    """What stage 2 found in one record: per field index, the prepared text and its raw spans (view offsets).

    `quoted` is what a language model quoted, where it was asked; None where it was not understood.
    """

    fields: dict[int, tuple[Prepared, Sequence[Span]]] = field(repr=False)
    quoted: Mapping[int, Sequence[Span] | None] = field(repr=False, default_factory=dict)


@dataclass(frozen=True, slots=True)
class Patient:
    """What is known of the record's patient: how to search for them and how to replace them."""

    matchers: tuple[Matcher, ...] = field(repr=False)
    persona: Persona = field(repr=False)


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome, the fields of a released record that are held (path, reason), and the final spans per field path.

    `settled` holds the spans of every searched field, by its index, those that the policy keeps included; it is empty
    where the record is held.
    """

    outcome: Outcome
    held_fields: tuple[tuple[str, Reason], ...] = ()
    spans: tuple[tuple[str, tuple[Span, ...]], ...] = ()
    settled: Mapping[int, tuple[Span, ...]] = field(default_factory=dict)


def deidentify(record: Record[Raw], found: Found, patient: Patient, policy: Policy) -> Result:
    """Turn a raw record into a released or a held one. Never raises on what a record holds."""
    if any(not prepared.readable for prepared, _ in found.fields.values()):
        return Result(Held(record.id, "", Reason.LANGUAGE))
    if any(quoted is None for quoted in found.quoted.values()):
        return Result(Held(record.id, "", Reason.ECHO))
    try:
        return _deidentify(record, found, patient, policy)
    except Exception:  # noqa: BLE001 - the one guard that keeps rule 4 of the house: any failure holds the record
        return Result(Held(record.id, "", Reason.INTERNAL))


def _deidentify(record: Record[Raw], found: Found, patient: Patient, policy: Policy) -> Result:
    order = sorted(found.fields)
    prepared = [found.fields[at][0] for at in order]
    settled = settle_record(
        [item.passage for item in prepared], [found.fields[at][1] for at in order], patient.matchers
    )
    spans = {
        at: original(item.view, beside(item.passage.text, spans, found.quoted.get(at) or ()))
        for at, item, spans in zip(order, prepared, settled, strict=True)
    }
    fields: list[Field] = []
    edits: list[tuple[str, tuple[Edit, ...]]] = []
    held: list[tuple[str, Reason]] = []
    final: list[tuple[str, tuple[Span, ...]]] = []
    for at, item in enumerate(record.fields):
        if item.kind is Kind.UNKNOWN:
            made: tuple[Edit, ...] = (_emptied(item),) if item.text else ()
            if made and policy.unknown_field == "hold":
                held.append((item.path, Reason.UNKNOWN_FIELD))
        elif at in spans:
            lang = found.fields[at][0].passage.lang
            made = edits_for(item.text, spans[at], policy=policy, persona=patient.persona, lang=lang)
        elif item.text.strip():
            made = _whole(item, patient.persona, policy)
        else:
            made = ()
        made = tuple(edit for edit in made if edit.replacement != item.text[edit.span.start : edit.span.end])
        fields.append(Field(item.path, apply_edits(item.text, made), item.kind, item.label))
        if made:
            edits.append((item.path, made))
            if item.kind is not Kind.UNKNOWN:
                final.append((item.path, tuple(edit.span for edit in made)))
    clean: Record[Clean] = Record(record.id, None, tuple(fields), record.skeleton)
    return Result(Released(clean, tuple(edits)), tuple(held), tuple(final), spans)


def searched(item: Field, policy: Policy) -> bool:
    """Say whether a field's text is searched: free text, clinical content, and identifiers that the policy keeps."""
    if not item.text.strip():
        return False
    if item.kind is Kind.IDENTIFIER:
        return item.label is not None and policy.rule(item.label) is Operator.KEEP
    return item.kind is not Kind.UNKNOWN


def _whole(item: Field, persona: Persona, policy: Policy) -> tuple[Edit, ...]:
    """The edit of a field that is an identifier by its place.

    Raises:
        ValueError: a field that should have been searched was not; the record is held.
    """
    if item.kind is not Kind.IDENTIFIER or item.label is None:
        raise ValueError("a field was not searched")
    replacement = replace_value(item.text, item.label, policy=policy, persona=persona)
    span = Span(0, len(item.text), item.label, 1.0, _COLUMN)
    return (Edit(span, replacement, policy.rule(item.label).value),)


def _emptied(item: Field) -> Edit:
    return Edit(Span(0, len(item.text), Label.OTHER_ID, 1.0, _COLUMN), "", UNKNOWN_RULE)
