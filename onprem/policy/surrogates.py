"""One invented person per patient, drawn from the patient's secret, the same in notes and tables, English and Chinese.

Rules it keeps: equal values get equal replacements; names, sex, birth date, resident ID card and telephone agree with
each other; a replacement is never the original nor another known value of the patient; no state is shared between
workers. The date offset is a whole number of weeks, so that weekdays stay true, between 53 and 260 weeks, back or
forth.
"""

from __future__ import annotations

import re
from datetime import date

from onprem.dates import Reading, exact_date
from onprem.labels import Label
from onprem.policy import numbers, places
from onprem.policy.choices import Choices
from onprem.policy.contract import Known, Subject
from onprem.policy.persons import Names
from onprem.text import HAN, fold, view

MIN_WEEKS, MAX_WEEKS = 53, 260  # 371 to 1,820 days: more than a year, so that the season of an event moves too
CODE_BYTES = 8  # 64 bits: among a million codes a collision has a chance of 3 in 100 million
_EMAIL = re.compile(r"[^\s@<>]+@[^\s@<>]+")
_MAC = re.compile(r"(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}")
_WORDS_IN_PHONE = re.compile(r"[\d+][\d\s().+/-]*\d")
_NUMBERS = frozenset(
    {
        Label.SSN, Label.PASSPORT, Label.RECORD_NUMBER, Label.HEALTH_PLAN_NUMBER, Label.ACCOUNT_NUMBER,
        Label.LICENCE_NUMBER, Label.VEHICLE_ID, Label.DEVICE_ID, Label.OTHER_ID, Label.POSTCODE, Label.BED,
    }
)  # fmt: skip


def date_offset(subject: Subject) -> int:
    """Return the patient's date offset in days: a multiple of 7, 371 to 1,820 in absolute value, either sign."""
    choices = Choices(subject)
    weeks = MIN_WEEKS + choices.number("dates", "weeks", MAX_WEEKS - MIN_WEEKS + 1)
    return 7 * weeks * (1 if choices.number("dates", "sign", 2) else -1)


def _sex(known: Known) -> str:
    """Return the sex the tables give, else the one in the resident ID card."""
    if known.sex:
        return known.sex
    for label, value in known.values:
        plain = numbers.canonical(value)
        if label is Label.NATIONAL_ID and re.fullmatch(r"\d{17}[\dX]", plain):
            return "M" if int(plain[16]) % 2 else "F"
    return ""


class Persona:
    """The invented person who stands for one patient, and the invented people around the patient."""

    __slots__ = ("_forbidden", "_known", "_names", "_reference", "as_of", "choices", "offset", "reading")

    def __init__(
        self,
        subject: Subject,
        known: Known,
        day_first: bool = False,
        *,
        reference: date | None = None,
        as_of: date | None = None,
    ) -> None:
        """Draw the person.

        `reference` is a day near the record's events, for dates without a year (default: the latest date known);
        `as_of` the day at which ages count (default: today).
        """
        self.choices = Choices(subject)
        self.offset = date_offset(subject)
        chinese = any(HAN.search(value) for _, value in known.values)
        self.reading = Reading(day_first=day_first, year_first=chinese)
        self.as_of = as_of or date.today()
        self._known = known
        self._reference = reference
        self._names: Names | None = None
        self._forbidden: frozenset[str] | None = None

    @property
    def reference(self) -> date | None:
        """A day near the patient's events: as given, else the latest date the tables know."""
        if self._reference is None:
            days = (exact_date(value, self.reading) for label, value in self._known.values if label is Label.DATE)
            self._reference = max((day for day in days if day is not None), default=None)
        return self._reference

    @property
    def names(self) -> Names:
        """The invented names of the patient and of the people around the patient; made on first need."""
        if self._names is None:
            known = (value for label, value in self._known.values if label is Label.NAME)
            self._names = Names(self.choices, known, sex=_sex(self._known))
        return self._names

    def _is_known(self, plain: str) -> bool:
        if self._forbidden is None:
            values = (numbers.canonical(value) for _, value in self._known.values)
            self._forbidden = frozenset(value for value in values if len(value) > 3)
        return plain in self._forbidden

    def name(self, text: str) -> str:
        """Return an invented name in the form of `text`: order, titles, initials, case, language."""
        return self.names.replace(text)

    def code(self, label: Label, text: str) -> str:
        """Return the keyed code of a value, `[SSN-7F3A9C2B01D45E68]`; spellings of one value give one code."""
        if label is Label.NAME:
            plain = self.names.key(text)
        elif label in {Label.DATE, Label.BIRTH_DATE} and (day := exact_date(text, self.reading)) is not None:
            plain = day.isoformat()
        else:
            plain = numbers.canonical(text) or fold(view(text).text)
        digest = self.choices.digest("code", f"{label.value}:{plain}")
        return f"[{label.value}-{digest[:CODE_BYTES].hex().upper()}]"

    def surrogate(self, label: Label, text: str) -> str | None:
        """Return an invented value of the same kind and form; None where none can be made and the caller redacts."""
        made = self._make(label, text)
        if made is None:
            return None
        plain = numbers.canonical(made)
        if not plain or plain == numbers.canonical(text) or self._is_known(plain):
            # a draw that hits a value of the patient: draw again with the shape alone, else redact
            made = numbers.same_shape(self.choices, "again", text) if label in _NUMBERS else None
            if made is None or self._is_known(numbers.canonical(made)):
                return None
        return made

    def _make(self, label: Label, text: str) -> str | None:
        if label is Label.NAME:
            return self.name(text)
        if label in {Label.PHONE, Label.FAX}:
            return _WORDS_IN_PHONE.sub(lambda match: numbers.telephone(self.choices, match[0]), view(text).text)
        if label in {Label.NATIONAL_ID, Label.SSN}:
            card = numbers.resident_card(self.choices, text, days=self.offset)
            return card or numbers.same_shape(self.choices, "number", text)
        if label in _NUMBERS:
            return numbers.same_shape(self.choices, "number", text)
        if label in {Label.EMAIL, Label.URL, Label.IP_ADDRESS}:
            return self._contact(label, text)
        return self._place(label, text)

    def _place(self, label: Label, text: str) -> str | None:
        if label in {Label.CITY, Label.NATIVE_PLACE}:
            return places.town(self.choices, text)
        if label is Label.STATE:
            return places.state(self.choices, text)
        if label is Label.ADDRESS:
            return places.address(self.choices, text)
        if label in {Label.HOSPITAL, Label.ORGANISATION}:
            return places.institution(self.choices, text, hospital=label is Label.HOSPITAL)
        return None

    def _contact(self, label: Label, text: str) -> str:
        """Return an address in the ranges kept for documentation: RFC 2606, RFC 5737, RFC 3849, RFC 7042."""
        draw = self.choices.digest("contact", fold(view(text).text.strip()))
        if label is Label.IP_ADDRESS:
            if _MAC.search(text):
                return f"00-00-5E-00-53-{draw[0]:02X}"
            return f"2001:db8::{draw[:4].hex()}" if ":" in text else f"192.0.2.{draw[0] % 254 + 1}"
        if label is Label.URL:
            return f"https://example.org/{draw[:6].hex()}"
        if _EMAIL.search(text):
            return f"user{int.from_bytes(draw[:5], 'big') % 10**8:08d}@example.org"
        return numbers.same_shape(self.choices, "account", text)
