"""Identifiers in synthetic rows: one that also stands in a real record points at somebody; the others are invented.

Rules: every row is searched by the detectors of the house; an identifier is compared as a whole, by its words and, where it
is a number, by its digits, so other marks between them hide nothing. Found in a seen record it is a leak. A number, an
address or a full name that stands in a never-used record is one as well: it belongs to somebody, however it came about. A
single name, or that of an institution, that stands in never-used records is common, and counted; so is a full name on
both sides of a split by patient, which is no patient's own. What is too short to point at anybody counts as invented.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from onprem.evaluate.privacy.contract import Finder
from onprem.labels import Label
from onprem.text import HAN, TOKEN, fold, view

DIRECT = frozenset(Label) - {
    Label.AGE,
    Label.DATE,
    Label.CITY,
    Label.STATE,
    Label.ETHNICITY,
    Label.NATIVE_PLACE,
    Label.OCCUPATION,
    Label.BED,
}
_INSTITUTIONS = frozenset({Label.HOSPITAL, Label.ORGANISATION})
_NAMED = _INSTITUTIONS | {Label.NAME}
_LEAST = 3  # letters and digits of an identifier; of two Han characters a name can be made
_CERTAIN = 0.5  # score of a span, below which a word that only might be a name stays
_DIGITS = 6  # of a number that is told by its digits alone
_LONGEST = 12  # tokens of an identifier that is looked up
_NUMBER = re.compile(r"[0-9][0-9 ().\-/+]*[0-9]")
_GROUPS = 6  # of digits in one number
_BATCH = 64  # rows that are searched together

Value = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What the search of the rows gave: numbers of rows that leak, and counts of identifiers."""

    leaking: tuple[int, ...]
    doubtful: tuple[int, ...]  # a name that is common, or of a seen record: only never-used records would tell
    found: int
    invented: int
    common: int  # single names and institutions that stand in never-used records as well


@dataclass(slots=True)
class _Known:
    """Where a value of the rows stands."""

    rows: set[int] = field(default_factory=set)
    times: int = 0
    is_named: bool = True  # a name or an institution, no number
    may_be_common: bool = True  # a single name, or an institution
    seen: bool = False
    unseen: bool = False


def search(rows: Sequence[str], seen: Sequence[str], unseen: Sequence[str] | None, find: Finder | None) -> Found:
    """Search rows for identifiers, and look for each in the real records; without never-used ones, names stay in doubt.

    Raises:
        ModelError: a model of the detectors is missing or damaged.
    """
    known = _values(rows, find or load())
    digits = {"".join(value): value for value in known if sum(map(len, value)) >= _DIGITS and "".join(value).isdigit()}
    looked_up = {value: each for value, each in known.items() if _is_telling(value)}
    for value in _standing(seen, looked_up, digits):
        known[value].seen = True
    for value in _standing(unseen or (), looked_up, digits):
        known[value].unseen = True
    leaking: set[int] = set()
    doubtful: set[int] = set()
    invented = common = 0
    for each in known.values():
        if each.unseen and (each.may_be_common or (each.is_named and each.seen)):
            common += each.times
        elif each.may_be_common and each.seen and unseen is None:
            doubtful |= each.rows
        elif each.seen or each.unseen:
            leaking |= each.rows
        else:
            invented += each.times
    return Found(
        tuple(sorted(leaking)), tuple(sorted(doubtful)), sum(each.times for each in known.values()), invented, common
    )


def load() -> Finder:
    """Return the fast detectors of the house.

    Raises:
        ModelError: a model is missing or its digest is not that of its card.
    """
    from onprem.detect.ensemble import Ensemble

    return Ensemble.load(tier="fast").find


def _values(rows: Sequence[str], find: Finder) -> dict[Value, _Known]:
    known: dict[Value, _Known] = {}
    for start in range(0, len(rows), _BATCH):
        batch = rows[start : start + _BATCH]
        for place, (text, spans) in enumerate(zip(batch, find(batch), strict=True), start=start):
            for span in spans:
                if span.label not in DIRECT or span.score < _CERTAIN:
                    continue
                value = _value(text[span.start : span.end])
                if not value:
                    continue
                each = known.setdefault(value, _Known())
                each.rows.add(place)
                each.times += 1
                each.is_named &= span.label in _NAMED
                each.may_be_common &= span.label in _INSTITUTIONS or (span.label is Label.NAME and len(value) == 1)
    return known


def _value(text: str) -> Value:
    return tuple(fold(token) for token in TOKEN.findall(view(text).text) if token.isalnum())[:_LONGEST]


def _is_telling(value: Value) -> bool:
    text = "".join(value)
    return len(text) >= _LEAST or (len(text) == 2 and HAN.fullmatch(text[0]) is not None)


def _standing(texts: Iterable[str], known: dict[Value, _Known], digits: dict[str, Value]) -> Iterator[Value]:
    """Yield the known values that stand in texts."""
    first: dict[str, list[Value]] = {}
    for value in known:
        first.setdefault(value[0], []).append(value)
    for text in texts:
        shown = view(text).text
        tokens = [fold(token) for token in TOKEN.findall(shown) if token.isalnum()]
        for at, token in enumerate(tokens):
            for value in first.get(token, ()):
                if tuple(tokens[at : at + len(value)]) == value:
                    yield value
        for match in _NUMBER.finditer(shown) if digits else ():
            groups = re.findall(r"[0-9]+", match[0])
            for at in range(len(groups)):
                for end in range(at + 1, min(len(groups), at + _GROUPS) + 1):
                    if (value_of := digits.get("".join(groups[at:end]))) is not None:
                        yield value_of
