"""A note as what can be held against a record: per sentence its names, numbers, days, frequencies and other words.

Rules: everything of a sentence becomes an item: what is neither known nor plain is an item too, of the kind "unknown", so
that nothing is read over. Offsets are code points of the text as it was given.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

from onprem.assist.ground_numbers import plain_number
from onprem.synth.ehr.spec import SIDES, spec
from onprem.synth.recipes._note_facts import MONTHS, Facts, Lang, vocabulary
from onprem.text import HAN, View, view

_SENTENCE = re.compile(r"[^\n。;!?]*?(?:(?<![A-Za-z])(?<!\b[A-Za-z])\.(?=\s|$)|(?<=[A-Za-z]{2})\.(?=\s|$)|[\n。;!?]|$)")
_LIST_MARK = re.compile(r"(?:^|(?<=[\s:,。]))(?:\d{1,2}[.)、]\s?(?=[^\W\d]|\d{1,2}\s?型)|[-*·]\s)")
_SAME = str.maketrans({"μ": "µ", "⁹": "9", "∕": "/", "，": ",", "、": ","})  # characters that are compared as another
_SHORT = frozenset("od bd on qd tds tid bid qds qid po sc iv im".split())  # they are words only behind a dose
_MONTH = "|".join(MONTHS)
_VALUE = r"(?<![A-Za-z0-9.])(?<!\d,)(?:[<>≤≥]\s?)?\d+(?:,\d{3})*(?:\.\d+)?"


@dataclass(frozen=True, slots=True)
class Item:
    """A part of a sentence. `key` is what it is read as: the table's name, a number's plain form, a code."""

    # a fact's kind where it is a name of one; else quantity, day, age, often, route, sex, level, event, cause, past, plain,
    # denial, comma or unknown
    kind: str
    key: str = field(repr=False)
    start: int
    end: int
    unit: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence of a note: where it stands, its items, and its text as it is compared."""

    start: int
    end: int
    text: str = field(repr=False)
    items: tuple[Item, ...]


@cache
def words() -> Mapping[str, Any]:
    """Return the lists of `_note_words.toml`."""
    return tomllib.loads(files("onprem.synth.recipes").joinpath("_note_words.toml").read_text(encoding="utf-8"))


class Reader:
    """Reads notes on one record: its own names besides those of the vocabulary."""

    def __init__(self, facts: Facts) -> None:
        self._pattern, self._groups = _known(facts.lang)
        own = {
            form.casefold(): (fact.kind, fact.forms[0]) for fact in facts.all for form in fact.forms if _is_named(fact)
        }
        self._own = own
        self._own_pattern = _whole(own) if own else None

    def read(self, text: str) -> Iterator[Said]:
        """Yield the sentences of a text."""
        seen = view(text)
        flat = seen.text.translate(_SAME)
        for found in _SENTENCE.finditer(flat):
            start, end = found.span()
            while start < end and flat[start] in " \n\t;":
                start += 1
            mark = _LIST_MARK.match(flat, start, end)
            start = mark.end() if mark else start
            said = flat[start:end].strip(" \n\t;")
            if not said:
                continue
            items = tuple(_moved(item, seen) for item in self._items(flat, start, start + len(said)))
            yield Said(*seen.original(start, start + len(said)), _LIST_MARK.sub("", said), items)

    def _items(self, text: str, start: int, end: int) -> Iterator[Item]:
        at = start
        before: Item | None = None
        while at < end:
            item = self._next(text, at, end, before)
            if item is None:
                at += 1
                continue
            yield item
            before, at = item, item.end

    def _next(self, text: str, at: int, end: int, before: Item | None) -> Item | None:
        """Return the item that begins here, None for a blank or a sign that says nothing."""
        return _dated(text, at, end) or self._named(text, at, end, before) or _other(text, at, end)

    def _named(self, text: str, at: int, end: int, before: Item | None) -> Item | None:
        own = self._own_pattern.match(text, at, end) if self._own_pattern else None
        known = self._pattern.match(text, at, end)
        if own and (not known or own.end() >= known.end()):
            return Item(*self._own[own[0].casefold()], at, own.end())
        if not known:
            return None
        kind, key = self._groups[known[0].casefold()]
        if known[0].casefold() in _SHORT and (before is None or before.kind not in {"quantity", "often", "route"}):
            kind, key = "plain", ""
        return Item(kind, key, at, known.end())


def _dated(text: str, at: int, end: int) -> Item | None:
    """Return a sign of a list, a day or an age."""
    if mark := _LIST_MARK.match(text, at, end):
        return Item("plain", "", at, mark.end())
    if found := _DAY.match(text, at, end):
        return Item("day", _day(found), at, found.end())
    if found := _AGE.match(text, at, end):
        return Item("age", next(filter(None, found.groups())), at, found.end())
    return None


def _other(text: str, at: int, end: int) -> Item | None:
    """Return a number, a sign, or a word that is not known."""
    if found := _quantity().match(text, at, end):
        unit = _units().get(re.sub(r"\s", "", found["unit"] or "").casefold(), "")
        value = plain_number(re.sub(r"\s", "", found["value"]))
        return Item("age" if unit == "years" else "quantity", value, at, found.end(), unit)
    if text[at] in ",:()":
        return Item("comma", text[at], at, at + 1)
    if found := _WORD.match(text, at, end):
        return Item("unknown", found[0].casefold(), at, found.end())
    return None


def same_number(one: str, other: str) -> bool:
    """Say whether two numbers in plain form are equal."""
    try:
        return Decimal(one) == Decimal(other)
    except ArithmeticError:
        return one == other


def unit_of(said: str) -> str:
    """Return a unit under the name by which it is compared."""
    return _units().get(re.sub(r"\s", "", said.translate(_SAME)).casefold(), said)


def often_of(said: str) -> str:
    """Return a frequency's code, or itself where it is not known."""
    return next((code for code, forms in words()["often"].items() if said.casefold() in forms), said)


def route_of(said: str) -> str:
    """Return a route's code, or itself where it is not known."""
    return next((code for code, forms in words()["routes"].items() if said.casefold() in forms), said)


def unsided(name: str, lang: Lang) -> str:
    """Return the condition behind a name that may be sided: its key in the specification; "" where it is not of it."""
    for condition in spec().conditions.values():
        first = condition.names[lang][0]
        if name in {first, *(first.replace("{side}", side) for side in SIDES[lang]), f"~{condition.key}"}:
            return condition.key
    return ""


def _is_named(fact: Any) -> bool:  # noqa: ANN401 - a Fact
    return fact.kind in {"name", "id", "diagnosis", "lab", "medication"}


def _moved(item: Item, seen: View) -> Item:
    return Item(item.kind, item.key, *seen.original(item.start, item.end), item.unit)


_WORD = re.compile(rf"{HAN.pattern}|[^\W\d_](?:(?!{HAN.pattern})[\w'-])*|\d+(?:[.,/]\d+)*|[%°<>=~+]", re.UNICODE)
_DAY = re.compile(
    rf"(?P<y>\d{{4}})-(?P<m>\d{{1,2}})-(?P<d>\d{{1,2}})(?!\d)|(?P<cy>\d{{4}})年(?P<cm>\d{{1,2}})月(?P<cd>\d{{1,2}})日"
    rf"|(?<!\d)(?P<ed>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<em>{_MONTH}),? (?P<ey>\d{{4}})"
    rf"|(?P<am>{_MONTH}) (?P<ad>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<ay>\d{{4}})",
    re.IGNORECASE,
)
_AGE = re.compile(
    r"(?<![A-Za-z0-9.])(\d{1,3})[\s-]?years?(?:[\s-]old|\s+of\s+age)\b|(?<![A-Za-z0-9.])(\d{1,3})\s?岁"
    r"|\bage[d]?:?\s(\d{1,3})(?:\s?years?(?: old)?)?\b|年龄(?:为|:)?\s?(\d{1,3})岁?",
    re.IGNORECASE,
)


def _day(found: re.Match[str]) -> str:
    for year, month, day in (("y", "m", "d"), ("cy", "cm", "cd"), ("ey", "em", "ed"), ("ay", "am", "ad")):
        if found[year]:
            place = found[month]
            number = place if place.isdigit() else str([name.casefold() for name in MONTHS].index(place.casefold()) + 1)
            return f"{int(found[year]):04d}-{int(number):02d}-{int(found[day]):02d}"
    raise AssertionError


@cache
def _units() -> Mapping[str, str]:
    found: dict[str, str] = {}
    for name, forms in words()["units"].items():
        for form in (name, *forms):
            found.setdefault(re.sub(r"\s", "", form.translate(_SAME)).casefold(), name)
    # of two names for the same, the first is compared
    found["ng/l"] = found["pg/ml"] = "ng/L"
    found["℃"] = "°C"
    return found


@cache
def _quantity() -> re.Pattern[str]:
    forms = sorted({form.translate(_SAME) for name, each in words()["units"].items() for form in (name, *each)} | {"℃"})
    units = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
    return re.compile(rf"(?P<value>{_VALUE})(?:[\s-]?(?P<unit>{units})(?![A-Za-z/]))?", re.IGNORECASE)


@cache
def _known(lang: Lang) -> tuple[re.Pattern[str], Mapping[str, tuple[str, str]]]:
    """Return what finds every known name and word of a language, and what each is."""
    found: dict[str, tuple[str, str]] = {}

    def add(kind: str, key: str, forms: Any) -> None:  # noqa: ANN401 - lists of TOML
        for form in forms.split() if isinstance(forms, str) else forms:
            found.setdefault(form.casefold(), (kind, key))

    said = words()
    for kind, names in vocabulary(lang).items():
        for name, forms in names.items():
            add(kind, name, forms)
    for condition in spec().conditions.values():
        if condition.sided:
            bare = [re.sub(r"\{side\}(?:-sided |侧|耳| )?", "", form) for form in condition.names[lang]]
            add("diagnosis", f"~{condition.key}", bare)
    for code, forms in said["often"].items():
        add("often", code, forms)
    for code, forms in said["routes"].items():
        add("route", code, forms)
    for code, forms in said["sexes"].items():
        add("sex", code, forms)
    for code in ("high", "low", "normal"):
        add("level", code, said["levels"][code])
    add("plain", "", said["levels"]["range"])
    for code, forms in said["events"].items():
        add("event", code, forms)
    for part in ("en", "zh"):
        add("denial", "", said["denials"][part])
    add("cause", "", said["causes"][lang])
    add("past", "", said["past"][lang])
    add("plain", "", said["plain"][lang])
    add("plain", "", said["plain"].get(f"{lang}_phrases", ()))
    return _whole(found), found


def _whole(forms: Mapping[str, object]) -> re.Pattern[str]:
    """Match any of some forms, the longest first: whole words of Latin script, Han characters anywhere."""
    parts = []
    for form in sorted(forms, key=len, reverse=True):
        left = r"(?<![A-Za-z])" if form[0].isascii() and form[0].isalpha() else r"(?<!\d)" if form[0].isdigit() else ""
        right = (
            r"(?![A-Za-z])" if form[-1].isascii() and form[-1].isalpha() else r"(?!\d)" if form[-1].isdigit() else ""
        )
        parts.append(left + re.escape(form) + right)
    return re.compile("|".join(parts), re.IGNORECASE)
