"""Slots of a scene that hold days, ages, contacts and numbers."""

from __future__ import annotations

import datetime
import tomllib
from functools import cache
from pathlib import Path

from onprem.train.generate import dates_en as dates
from onprem.train.generate import numbers_en as numbers
from onprem.train.generate import places_en as places
from onprem.train.generate.identities_en import Person, person
from onprem.train.generate.stage_en import Stage, tag


@cache
def _forms() -> dict[str, list[str]]:
    return tomllib.loads((Path(__file__).parent / "en_contacts.toml").read_text(encoding="utf-8"))


class NumberSlots(Stage):
    """Slots that hold days, ages, contacts and numbers."""

    def _day(self) -> datetime.date:
        near = self.rng.random() < 0.7
        return self.now - datetime.timedelta(days=self.rng.randint(0, 40 if near else 4_000))

    def slot_date(self) -> str:
        """A day, most often with a year."""
        draw = self.rng.random()
        if draw < 0.78:
            return tag("DATE", dates.written(self._day(), self.rng))
        return self.slot_md() if draw < 0.93 else self.slot_my()

    def slot_dates(self) -> str:
        """A day in figures."""
        return tag("DATE", dates.figures(self._day(), self.rng))

    def slot_md(self) -> str:
        """Month and day."""
        return tag("DATE", dates.month_day(self._day(), self.rng))

    def slot_my(self) -> str:
        """Month and year."""
        return tag("DATE", dates.month_year(self._day(), self.rng))

    def slot_month(self) -> str:
        """A month alone."""
        return tag("DATE", self.rng.choice(dates.MONTHS if self.rng.random() < 0.75 else dates.SHORT))

    def slot_range(self) -> str:
        """A range of days."""
        return tag("DATE", dates.interval(self._day(), self.rng))

    def slot_holiday(self) -> str:
        """A holiday."""
        return tag("DATE", self.rng.choice(places.lists()["holidays"]))

    def slot_dob(self) -> str:
        """A date of birth."""
        year = self.now.year - self.age_years
        return tag("DATE", dates.written(dates.day(self.rng, year, year), self.rng))

    def slot_year(self) -> str:
        """A year alone: no identifier."""
        return str(self.rng.randint(1960, 2026))

    def slot_dow(self) -> str:
        """A weekday alone: no identifier."""
        return self.rng.choice(dates.DAYS)

    def slot_time(self) -> str:
        """A time of day: no identifier."""
        return dates.clock(self.rng)

    def slot_age(self) -> str:
        """An age in figures, sometimes in words."""
        return tag("AGE", dates.spelled(self.age_years) if self.rng.random() < 0.06 else str(self.age_years))

    def slot_aged(self) -> str:
        """An age with its unit."""
        return self.rng.choice(_forms()["ages"]).format(self.slot_age())

    def slot_agesex(self) -> str:
        """Age and sex in brief: 54F."""
        sex = "F" if self.patient.female else "M"
        return self.rng.choice(_forms()["ages_sexes"]).format(tag("AGE", str(self.age_years)), sex)

    def slot_age2(self) -> str:
        """Someone else's age."""
        return tag("AGE", str(dates.age(self.rng)))

    def slot_decade(self) -> str:
        """An age by its decade."""
        return tag("AGE", self.rng.choice(_forms()["decades"]))

    def slot_mrn(self) -> str:
        """A record number."""
        return tag("RECORD_NUMBER", numbers.number("records", self.rng))

    def slot_id(self) -> str:
        """Any other number."""
        return tag("OTHER_ID", numbers.number("others", self.rng))

    def slot_ssn(self) -> str:
        """A social security number."""
        return tag("SSN", numbers.number("social_security", self.rng))

    def slot_nid(self) -> str:
        """A national number."""
        return tag("NATIONAL_ID", numbers.number("nationals", self.rng))

    def slot_plate(self) -> str:
        """A vehicle's plate or number."""
        return tag("VEHICLE_ID", numbers.number("plates" if self.rng.random() < 0.75 else "vehicles", self.rng))

    def slot_phone(self) -> str:
        """A telephone number."""
        return tag("PHONE", numbers.phone(self.rng))

    def slot_ext(self) -> str:
        """A pager or an extension."""
        return tag("PHONE", numbers.number("pagers", self.rng))

    def slot_ip(self) -> str:
        """An IP or MAC address."""
        return tag("IP_ADDRESS", numbers.host(self.rng))

    def _contact(self, kind: str, who: Person) -> str:
        """Fill a form of `en_contacts.toml` for a person."""
        given, family = _letters(who.given) or "anon", _letters(who.family) or "user"
        body = _letters(
            self.rng.choice(
                (self.main_hospital, places.company(self.rng, self.split), person(self.rng, self.split).family)
            )
        )
        body = f"{body or 'clinic'}center"[: self.rng.randint(6, 18)]
        return self.rng.choice(_forms()[kind]).format(
            g=given[0], given=given, f=family[0], family=family, four=family[:4], n=self.rng.randint(1, 99),
            nn=self.rng.randint(100, 9999), year=self.rng.randint(1940, 2012), body=body, short=body[:4],
        )  # fmt: skip

    def slot_login(self) -> str:
        """A user name."""
        return tag("OTHER_ID", self._contact("logins", person(self.rng, self.split)))

    def slot_email(self) -> str:
        """An e-mail address."""
        who = self.patient if self.rng.random() < 0.5 else self.rng.choice(self.doctors)
        return tag("EMAIL", f"{self._contact('mailboxes', who)}@{self._contact('domains', who)}")

    def slot_url(self) -> str:
        """A web address."""
        who = person(self.rng, self.split)
        return tag("URL", self._contact("addresses", who).replace("DOMAIN", self._contact("domains", who)))


def _letters(text: str) -> str:
    return "".join(mark for mark in text.lower() if "a" <= mark <= "z")
