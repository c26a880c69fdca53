"""What is known of each patient during a run, sealed: values from tables, values accepted in notes, sex; and the staff.

Written by the parent, read by workers. Values are bounded per patient, so that a table that repeats itself a million
times keeps memory flat.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from onprem.detect.roster import Matcher
from onprem.detect.variants import everyday_words
from onprem.labels import Label
from onprem.policy.contract import Known
from onprem.text import HAN, fold, tokenize, view
from onprem.vault.sealed import SealedStore

Value = tuple[Label, str]

STAFF = "staff"
_MAX_VALUES = 2_000  # per patient; the staff list has no bound but the hospital's size
_CACHED_PATIENTS = 256
_SHARED = b"*"


@dataclass(frozen=True, slots=True)
class Facts:
    """Values known of one patient. `roster` comes from tables, `found` from notes."""

    roster: tuple[Value, ...] = field(repr=False, default=())
    found: tuple[Value, ...] = field(repr=False, default=())
    sex: str = ""  # "F", "M" or ""

    def join(self, other: Facts) -> Facts:
        """Return the union; the same facts joined twice change nothing."""
        return Facts(
            tuple(dict.fromkeys((*self.roster, *other.roster))),
            tuple(dict.fromkeys((*self.found, *other.found))),
            self.sex or other.sex,
        )

    def encode(self) -> bytes:
        """Return the form in which facts are sealed."""
        return json.dumps([self.roster, self.found, self.sex], ensure_ascii=True).encode()

    @classmethod
    def decode(cls, sealed: bytes) -> Facts:
        """Read what `encode` wrote."""
        roster, found, sex = json.loads(sealed)
        return cls(
            tuple((Label(label), value) for label, value in roster),
            tuple((Label(label), value) for label, value in found),
            sex,
        )


class KnownStore:
    """Subject key -> facts, in a sealed store of the run."""

    def __init__(self, path: Path, key: bytes, *, readonly: bool = False) -> None:
        self._store = SealedStore(path, key, readonly=readonly)
        self._matchers: OrderedDict[str, tuple[Facts, tuple[Matcher, ...]]] = OrderedDict()
        self._staff: Matcher | None = None
        self._last: tuple[str, Facts] | None = None  # the records of a patient often stand together

    def add(self, facts: Iterable[tuple[str, Facts]]) -> None:
        """Join facts to what is stored. Streams."""
        self._last = None
        self._store.merge(((subject.encode(), item.encode()) for subject, item in facts), _combine)

    def add_names(self, names: Iterable[tuple[str, str]]) -> None:
        """File patients under their full names: (folded name, subject). A name of two patients leads to neither."""
        rows = ((b"name\0" + name.encode("utf-8", "surrogatepass"), subject.encode()) for name, subject in names)
        self._store.merge(rows, lambda old, new: old if old == new else _SHARED)

    def named(self, name: str) -> str | None:
        """Return the one patient of that full name, or None."""
        found = self._store.get(b"name\0" + name.encode("utf-8", "surrogatepass"))
        return None if found is None or found == _SHARED else found.decode()

    def facts(self, subject: str) -> Facts:
        """Return what is known of a patient (or of STAFF)."""
        if self._last is None or self._last[0] != subject:
            sealed = self._store.get(subject.encode())
            self._last = subject, Facts() if sealed is None else Facts.decode(sealed)
        return self._last[1]

    def matchers(self, subject: str | None) -> tuple[Facts, tuple[Matcher, ...]]:
        """Return a patient's facts and the matchers to search their records with, the staff's last."""
        if self._staff is None:
            self._staff = Matcher(self.facts(STAFF).roster, by="roster", parts=False, fuzzy=False)
        if subject is None:
            return Facts(), (self._staff,)
        cached = self._matchers.get(subject)
        if cached is None:
            facts = self.facts(subject)
            own = Matcher(facts.roster, by="roster")
            found = Matcher(facts.found, by="propagated", fuzzy=False)
            cached = facts, (own, found, self._staff)
            self._matchers[subject] = cached
            if len(self._matchers) > _CACHED_PATIENTS:
                self._matchers.popitem(last=False)
        else:
            self._matchers.move_to_end(subject)
        return cached

    def close(self) -> None:
        """Close the store."""
        self._store.close()


def persona_facts(facts: Facts) -> Known:
    """Return what a persona must agree with."""
    return Known(facts.roster, facts.sex)


def full_names(names: Iterable[str]) -> list[str]:
    """Return the folded forms of full names, words in sorted order; a single or everyday word is no full name."""
    found: list[str] = []
    for name in names:
        words = sorted(fold(word) for word in tokenize(view(name).text).words if word[0].isalpha())
        han = [word for word in words if HAN.match(word)]
        if len(han) >= 2 or (len(words) >= 2 and not all(word in everyday_words() for word in words)):
            found.append(" ".join(words))
    return found


def _combine(old: bytes, new: bytes) -> bytes:
    joined = Facts.decode(old).join(Facts.decode(new))
    if len(joined.roster) + len(joined.found) > _MAX_VALUES:
        joined = Facts(joined.roster[: _MAX_VALUES * 50], joined.found[:_MAX_VALUES], joined.sex)
    return joined.encode()
