"""Spans to edits: each operator of a policy, for free text and for whole cells.

Every failure of an operator redacts: a date that cannot be moved, a surrogate that cannot be made, an age not
understood. The same value gets the same replacement in a note and in a column. Redaction reads `[NAME]` in every
language, so that machines can count it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from onprem.dates import (
    Found,
    ParsedDate,
    Reading,
    day_first_evidence,
    parse_dates,
    shift,
    strip_times,
    year_of,
    year_text,
)
from onprem.dates.read import exact
from onprem.labels import Label
from onprem.model import Edit, Span
from onprem.policy import places
from onprem.policy.ages import banded
from onprem.policy.contract import Operator
from onprem.policy.schema import Policy
from onprem.policy.surrogates import Persona
from onprem.text import HAN, view

MASKED = "***"
_DATES = frozenset({Label.DATE, Label.BIRTH_DATE})


@dataclass(frozen=True, slots=True)
class DateContext:
    """What the dates of one text say about each other: their order, and days near those without a year."""

    reading: Reading
    positions: tuple[int, ...] = ()  # where the exact dates stand, ascending
    days: tuple[date, ...] = ()
    default: date | None = None

    def reference(self, position: int) -> date | None:
        """Return the exact date before `position`, else the one after it, else the patient's default."""
        if not self.days:
            return self.default
        index = bisect_left(self.positions, position)
        return self.days[index - 1] if index else self.days[0]


def redacted(label: Label) -> str:
    """Return the mark that stands for an identifier of `label`."""
    return f"[{label.value}]"


def date_context(text: str, spans: Sequence[Span], *, persona: Persona) -> DateContext:
    """Read the date spans of a text once, for what they say about each other."""
    reading = replace(persona.reading, year_first=persona.reading.year_first or HAN.search(text) is not None)
    read: list[tuple[int, ParsedDate]] = []
    for span in spans:
        if span.label in _DATES:
            found: list[Found] = parse_dates(view(text[span.start : span.end]).text, reading)
            read += [(span.start + item.start, item.date) for item in found]
    evidence = day_first_evidence(parsed for _, parsed in read)
    changed = evidence is not None and evidence is not reading.day_first
    reading = replace(reading, day_first=reading.day_first if evidence is None else evidence)
    days = [
        (position, day)
        for (position, parsed) in read
        if (day := exact(parsed)) is not None and not (parsed.ambiguous and changed)
    ]
    births = {span.start for span in spans if span.label is Label.BIRTH_DATE}
    events = [(position, day) for position, day in days if position not in births]
    return DateContext(
        reading, tuple(position for position, _ in events), tuple(day for _, day in events), persona.reference
    )


def _is_old(text: str, context: DateContext, *, policy: Policy, persona: Persona) -> int | None:
    """Return the last birth year that shows an age at or over the policy's top, if this birth date is one."""
    if policy.rule(Label.AGE) is not Operator.BAND:
        return None
    year = year_of(text, replace(context.reading, latest=persona.as_of.year))
    last = persona.as_of.year - policy.age.top
    return last if year is not None and year <= last else None


def _date(text: str, label: Label, context: DateContext, *, policy: Policy, persona: Persona) -> str | None:
    """Reduce a date to its year; a birth year that shows an age over the top band becomes `1936 or earlier`."""
    birth = label is Label.BIRTH_DATE
    if birth and (last := _is_old(text, context, policy=policy, persona=persona)) is not None:
        return f"{last}年或更早" if "年" in text else f"{last} or earlier"
    return year_text(text, replace(context.reading, latest=persona.as_of.year) if birth else context.reading)


def _shifted(text: str, label: Label, context: DateContext, *, persona: Persona, position: int) -> str | None:
    reading = context.reading
    if label is Label.BIRTH_DATE:
        reading = replace(reading, latest=persona.as_of.year)  # nobody is born in the future
    return shift(text, persona.offset, reading, reference=context.reference(position))


def _generalised(text: str, label: Label, context: DateContext, *, policy: Policy, persona: Persona) -> str | None:
    if label in _DATES:
        return _date(text, label, context, policy=policy, persona=persona)
    if label is Label.AGE:
        return banded(text, width=max(policy.age.width, 5), top=policy.age.top)
    if label is Label.POSTCODE:
        return places.zip3(text)
    if label is Label.ETHNICITY:
        return places.ethnicity(text)
    if label in {Label.ADDRESS, Label.CITY, Label.NATIVE_PLACE, Label.STATE}:
        return places.coarser(text, keep_city=policy.keep_city and label is Label.ADDRESS)
    return None


def _replacement(
    text: str, label: Label, context: DateContext, position: int, world: tuple[Policy, Persona]
) -> tuple[str, Operator]:
    """Return what stands for `text`, and the operator that made it (REDACT where the policy's own could not)."""
    policy, persona = world
    operator = policy.rule(label)
    made: str | None
    if operator is Operator.SUPPRESS:
        return "", operator
    if operator is Operator.MASK:
        return MASKED, operator
    if operator is Operator.CODE:
        return persona.code(label, text), operator
    if operator is Operator.SHIFT or (operator is Operator.SURROGATE and label in _DATES):
        made = _shifted(text, label, context, persona=persona, position=position)
        if made is not None and not policy.keep_times:
            made = strip_times(made)
    elif operator is Operator.YEAR:
        made = _date(text, label, context, policy=policy, persona=persona)
    elif operator is Operator.BAND or (operator is Operator.SURROGATE and label is Label.AGE):
        made = banded(text, width=policy.age.width, top=policy.age.top)
    elif operator is Operator.ZIP3:
        made = places.zip3(text)
    elif operator is Operator.GENERALISE:
        made = _generalised(text, label, context, policy=policy, persona=persona)
    elif operator is Operator.SURROGATE:
        made = persona.surrogate(label, text)
    else:
        made = None
    return (redacted(label), Operator.REDACT) if made is None else (made, operator)


def edits_for(text: str, spans: Sequence[Span], *, policy: Policy, persona: Persona, lang: str) -> tuple[Edit, ...]:
    """Return the edits that carry out `policy` on `spans` of `text`, in order.

    `spans` are sorted, without overlap, in offsets of the original text. A span whose rule is `keep`, and an age below
    the top band, give no edit. `lang` is "en", "zh" or "mixed"; each replacement follows the span's own script.
    """
    del lang  # a Chinese name in an English note stays Chinese
    context = date_context(text, spans, persona=persona)
    edits: list[Edit] = []
    for span in spans:
        if policy.rule(span.label) is Operator.KEEP:
            continue
        original = text[span.start : span.end]
        made, operator = _replacement(original, span.label, context, span.start, (policy, persona))
        if made != original or operator is Operator.SURROGATE:
            edits.append(Edit(span, made, operator.value))
    return tuple(edits)


def replace_value(text: str, label: Label, *, policy: Policy, persona: Persona) -> str:
    """Return the replacement of a cell that is one identifier as a whole; the same as `edits_for` gives in a note."""
    if policy.rule(label) is Operator.KEEP or not text.strip():
        return text
    context = DateContext(persona.reading, default=persona.reference)
    return _replacement(text, label, context, 0, (policy, persona))[0]
