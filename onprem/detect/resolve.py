"""Union and heal: the spans of all detectors become one list without overlap, and no flagged character is ever dropped.

Rules, in order:

1. Every character that any span covers stays covered; adding a detector can only add characters.
2. Where spans overlap, each character takes the label of the strongest span on it (detector tier, then length, then
   score), so that a date inside a longer guess keeps its own exact borders.
3. Partial hits grow: to the whole word, number or hyphenated name; never across a neighbour, a space or a line.
4. Fragments (a comma, a space between two pieces) join the span beside them; neighbours of one label become one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from onprem.labels import Label
from onprem.model import Span

# Detectors whose spans are exact by construction outrank those that estimate.
_ESTIMATED = frozenset({"ner"})
_GROW_ACROSS = {"'", "-", "\u00b7"}  # inside names: O'Brien, Smith-Jones, 买买提·吐尔逊
_NUMBER_JOINTS = {"-", ".", "/"}
_NOT_GROWN = frozenset({Label.AGE, Label.DATE, Label.BIRTH_DATE, Label.URL, Label.EMAIL, Label.BED})
_CODES = frozenset(
    {
        Label.SSN, Label.NATIONAL_ID, Label.PASSPORT, Label.RECORD_NUMBER, Label.HEALTH_PLAN_NUMBER, Label.ACCOUNT_NUMBER,
        Label.LICENCE_NUMBER, Label.VEHICLE_ID, Label.DEVICE_ID, Label.OTHER_ID, Label.PHONE, Label.FAX,
    }
)  # fmt: skip
_JOINABLE = re.compile(r"[ \t]{0,2}|[ ]?[\u00b7\-'][ ]?")
_WORDY = re.compile(r"\w")


def tier(span: Span) -> int:
    """Return 2 for spans of exact detectors, 1 for spans that only an estimating detector found."""
    return 1 if all(name.split("/")[0] in _ESTIMATED for name in span.by) else 2


def resolve(text: str, spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return the union of `spans` over `text`: sorted, without overlap, healed. Offsets are those of `text`."""
    pieces = _partition(sorted(set(spans), key=lambda span: (span.start, -span.end)))
    grown = _grow(text, pieces)
    return tuple(_join(text, _absorb(text, grown)))


def _strength(span: Span) -> tuple[int, int, float]:
    return tier(span), span.end - span.start, span.score


def _partition(spans: Sequence[Span]) -> list[Span]:
    """Cut overlapping spans so that each stretch of text belongs to the strongest span on it."""
    result: list[Span] = []
    index = 0
    while index < len(spans):
        cluster = [spans[index]]
        end = spans[index].end
        index += 1
        while index < len(spans) and spans[index].start < end:
            cluster.append(spans[index])
            end = max(end, spans[index].end)
            index += 1
        result += cluster if len(cluster) == 1 else _settle(cluster)
    return result


def _settle(cluster: Sequence[Span]) -> list[Span]:
    borders = sorted({border for span in cluster for border in (span.start, span.end)})
    pieces: list[Span] = []
    winner: Span | None = None
    for start, end in zip(borders, borders[1:], strict=False):
        covering = [span for span in cluster if span.start <= start and span.end >= end]
        strongest = max(covering, key=_strength)
        by = frozenset().union(*(span.by for span in covering))
        if pieces and winner == strongest:
            last = pieces[-1]
            pieces[-1] = Span(last.start, end, last.label, last.score, last.by | by)
        else:
            pieces.append(Span(start, end, strongest.label, strongest.score, by))
        winner = strongest
    return pieces


def _grow(text: str, spans: Sequence[Span]) -> list[Span]:
    grown: list[Span] = []
    for index, span in enumerate(spans):
        floor = grown[-1].end if grown else 0
        ceiling = spans[index + 1].start if index + 1 < len(spans) else len(text)
        start, end = span.start, span.end
        if span.label not in _NOT_GROWN:
            while start > floor and _continues(text, start, span.label, -1, floor):
                start -= 1
            while end < ceiling and _continues(text, end, span.label, 1, ceiling):
                end += 1
        grown.append(Span(start, end, span.label, span.score, span.by))
    return grown


def _continues(text: str, border: int, label: Label, step: int, limit: int) -> bool:
    """Say whether the character just outside `border` belongs to the same word or number as the one inside."""
    inside, outside = (text[border - 1], text[border]) if step > 0 else (text[border], text[border - 1])
    if inside.isdigit():
        if outside.isdigit():
            return True
        if label in _CODES and outside.isascii() and outside.isalpha():
            return True
        return label in _CODES and outside in _NUMBER_JOINTS and _beyond(text, border, step, limit).isdigit()
    if not inside.isalpha() or _is_han(inside):
        return False
    if outside.isalpha() and not _is_han(outside):
        return not (step > 0 and outside.isupper() and inside.islower())  # camel case begins another word
    if label in _CODES and outside.isdigit():
        return True
    return label is Label.NAME and outside in _GROW_ACROSS and _same_name(_beyond(text, border, step, limit), step)


def _same_name(character: str, step: int) -> bool:
    # "Smith-Jones" is one name, "Smith-related" is not; the possessive 's is no part of it
    return character.isupper() if step > 0 else character.isalpha()


def _beyond(text: str, border: int, step: int, limit: int) -> str:
    at = border + 1 if step > 0 else border - 2
    inside_limits = at < limit if step > 0 else at >= limit
    return text[at] if inside_limits and 0 <= at < len(text) else " "


def _is_han(character: str) -> bool:
    return "\u3400" <= character <= "\u9fff" or "\uf900" <= character <= "\ufaff" or character >= "\U00020000"


def _absorb(text: str, spans: Sequence[Span]) -> list[Span]:
    """Give stretches without a letter or digit to the span that touches them."""
    kept: list[Span] = []
    for index, span in enumerate(spans):
        if _WORDY.search(text, span.start, span.end):
            kept.append(span)
        elif kept and kept[-1].end == span.start:
            last = kept[-1]
            kept[-1] = Span(last.start, span.end, last.label, last.score, last.by | span.by)
        else:
            following = spans[index + 1] if index + 1 < len(spans) else None
            label = following.label if following is not None and following.start == span.end else span.label
            kept.append(Span(span.start, span.end, label, span.score, span.by))
    return kept


def _join(text: str, spans: Sequence[Span]) -> list[Span]:
    """Make one span of neighbours with one label when nothing but a space, a dash or a dot is between them."""
    joined: list[Span] = []
    for span in spans:
        last = joined[-1] if joined else None
        mergeable = last is not None and last.label is span.label and span.label not in (Label.DATE, Label.BIRTH_DATE)
        if last is not None and mergeable and _JOINABLE.fullmatch(text, last.end, span.start):
            joined[-1] = Span(last.start, span.end, last.label, max(last.score, span.score), last.by | span.by)
        else:
            joined.append(span)
    return joined
