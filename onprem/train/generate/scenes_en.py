"""A scene: the people, places, days and numbers of one document, and the slots by which templates name them.

A template is text with `{slots}` and `[choices|of|wording|]`. Every slot writes text with inline tags (`onprem.tagged`), so
a template cannot forget to tag what it invents.
"""

from __future__ import annotations

import datetime
import random
import re
from collections.abc import Callable
from functools import cache

from onprem.train.generate import numbers_en as numbers
from onprem.train.generate import places_en as places
from onprem.train.generate.contract import Split
from onprem.train.generate.identities_en import Person, full, initials, person, reverse, typo, words
from onprem.train.generate.lexicon_en import diseases

_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_SLOT = re.compile(r"\{([a-z_0-9]+)\}")


def tag(label: str, text: str) -> str:
    """Wrap text in an inline tag."""
    return f"<{label}>{text}</{label}>"


@cache
def clinic() -> dict[str, list[str]]:
    """Return the clinical words that identify nobody."""
    return words("en_clinic.toml")


@cache
def people() -> dict[str, list[str]]:
    """Return titles, credentials and relations."""
    return words("en_people.toml")


class Scene:
    """What one document is about. Slots are methods of the same name."""

    def __init__(self, rng: random.Random, split: Split, sentence: Callable[[random.Random], str]) -> None:
        self.rng = rng
        self.split: Split = split
        self.sentence_of = sentence
        self.patient = person(rng, split)
        self.age_years = numbers.age(rng)
        self.now = numbers.day(rng, 1998, 2026)
        self.misspelt = rng.random() < 0.03
        self.doctors = [person(rng, split) for _ in range(3)]
        self.home = places.city(rng, split)
        self.main_hospital = places.hospital(rng, split)
        self.called: list[Person] = []

    # how a template is filled

    def fill(self, template: str) -> str:
        """Fill choices, then slots; nested choices are settled from the inside."""
        while "[" in template and (changed := _CHOICE.sub(self._choose, template)) != template:
            template = changed
        return _SLOT.sub(self._slot, template)

    def _choose(self, match: re.Match[str]) -> str:
        return self.rng.choice(match.group(1).split("|"))

    def _slot(self, match: re.Match[str]) -> str:
        name = match.group(1)
        method = getattr(self, "slot_" + name, None)
        if method is not None:
            text: str = method()
            return text
        if name == "icd" or (name == "diagnosis" and self.rng.random() < 0.55):
            term = self.rng.choice(diseases(self.split))
            return term if self.rng.random() < 0.4 else term[0].lower() + term[1:]
        return self.rng.choice(clinic()[name])

    # people

    def _name(self, text: str) -> str:
        return tag("NAME", typo(text, self.rng) if self.misspelt and self.rng.random() < 0.3 else text)

    def slot_pt(self) -> str:
        """The patient, somehow named."""
        draw = self.rng.random()
        if draw < 0.4:
            return self._name(full(self.patient, self.rng))
        if draw < 0.8:
            return self.slot_ptt()
        return self._name(self.patient.given)

    def slot_ptf(self) -> str:
        """The patient's full name."""
        return self._name(full(self.patient, self.rng))

    def slot_ptr(self) -> str:
        """The patient's name, family first."""
        return self._name(reverse(self.patient, self.rng))

    def slot_ptt(self) -> str:
        """Title and family name."""
        female = ("Ms.", "Mrs.", "Ms", "Mrs", "Miss")
        male = ("Mr.", "Mr.", "Mr", "Mister")
        return f"{self.rng.choice(female if self.patient.female else male)} {self._name(self.patient.family)}"

    def slot_ptl(self) -> str:
        """Family name alone."""
        return self._name(self.patient.family)

    def slot_ptg(self) -> str:
        """Given name alone."""
        return self._name(self.patient.given)

    def slot_pti(self) -> str:
        """Initials."""
        return self._name(initials(self.patient, self.rng))

    def slot_mi(self) -> str:
        """A middle initial in a box of its own."""
        return self._name(self.patient.middle[:1] or self.rng.choice("ABCDEJKLMRST"))

    def slot_newborn(self) -> str:
        """A newborn named after the mother."""
        family, given = self.patient.family, self.patient.given
        kind = self.rng.choice(
            ("Baby Boy", "Baby Girl", "BB", "BG", "Babyboy", "Infant", "Twin A", "Girl", "Boy", "Baby")
        )
        return self._name(
            self.rng.choice(
                (
                    f"{kind} {family}",
                    f"{kind} {family}",
                    f"{family}, {kind}",
                    f"{kind} {given} {family}",
                    f"{family}, {kind} of {given}",
                )
            )
        )

    def slot_person(self) -> str:
        """Someone new, in full."""
        return self._name(full(person(self.rng, self.split), self.rng))

    def slot_last(self) -> str:
        """Someone new, family name alone."""
        return self._name(person(self.rng, self.split).family)

    def slot_first(self) -> str:
        """Someone new, given name alone."""
        return self._name(person(self.rng, self.split).given)

    def slot_personr(self) -> str:
        """Someone new, family first."""
        return self._name(reverse(person(self.rng, self.split), self.rng))

    def slot_init(self) -> str:
        """Someone's initials."""
        return self._name(initials(person(self.rng, self.split), self.rng))

    def _doctor(self) -> Person:
        return self.rng.choice(self.doctors)

    def slot_dr(self) -> str:
        """A doctor as mentioned in prose."""
        who = self._doctor()
        draw = self.rng.random()
        title = self.rng.choice(people()["doctor_titles"])
        if draw < 0.62:
            return f"{title} {self._name(who.family)}"
        if draw < 0.84:
            return f"{title} {self._name(full(who, self.rng))}"
        if draw < 0.96:
            return self.slot_drc()
        return f"{title} {self._name(who.given)}"

    def slot_drc(self) -> str:
        """A member of staff with credentials."""
        who = self._doctor()
        marks = self.rng.sample(people()["credentials"], 1 if self.rng.random() < 0.8 else 2)
        name = reverse(who, self.rng) if self.rng.random() < 0.12 else full(who, self.rng)
        return f"{self._name(name)}{self.rng.choice((', ', ', ', ' '))}{', '.join(marks)}"

    def slot_drn(self) -> str:
        """A doctor's name without title."""
        return self._name(full(self._doctor(), self.rng))

    def slot_drl(self) -> str:
        """A doctor's family name without title."""
        return self._name(self._doctor().family)

    def slot_nurse(self) -> str:
        """A nurse or other staff with a title."""
        who = person(self.rng, self.split)
        name = self.rng.choice((who.family, who.given, full(who, self.rng), f"{who.given} {who.family[0]}."))
        return f"{self.rng.choice(people()['nurse_titles'])} {self._name(name)}"

    def slot_mr(self) -> str:
        """Someone else with a civil title."""
        who = person(self.rng, self.split)
        return f"{self.rng.choice(people()['mister_titles'])} {self._name(who.family if self.rng.random() < 0.7 else full(who, self.rng))}"

    def slot_rel(self) -> str:
        """A relation without a name."""
        return self.rng.choice(people()[self.rng.choice(("relations_f", "relations_m", "relations_x"))])

    def slot_relname(self) -> str:
        """A relation with a name."""
        female = self.rng.random() < 0.5
        kind = self.rng.choice(people()["relations_f" if female else "relations_m"] + people()["relations_x"][:4])
        who = person(self.rng, self.split, female=female)
        draw = self.rng.random()
        family = self.patient.family if self.rng.random() < 0.5 else who.family
        name = self._name(who.given if draw < 0.45 else f"{who.given} {family}")
        form = self.rng.choice(
            ("{0} {1}", "{0} {1}", "{0}, {1}", "{0} ({1})", "{1} ({0})", "{1}, the {0}", "{0} named {1}")
        )
        return form.format(kind, name)

    # places

    def slot_hosp(self) -> str:
        """A hospital, often the document's own."""
        draw = self.rng.random()
        if draw < 0.5:
            return tag("HOSPITAL", self.main_hospital)
        if draw < 0.85:
            return tag("HOSPITAL", places.hospital(self.rng, self.split))
        return tag("HOSPITAL", places.hospital_short(self.rng, self.split))

    def slot_hospm(self) -> str:
        """The document's own hospital."""
        return tag("HOSPITAL", self.main_hospital)

    def slot_clinic(self) -> str:
        """A clinic or practice."""
        return tag("HOSPITAL", places.clinic(self.rng, self.split))

    def slot_nh(self) -> str:
        """A nursing home or shelter."""
        return tag("HOSPITAL", places.home(self.rng, self.split))

    def slot_ward(self) -> str:
        """A ward with a name of its own."""
        return tag("HOSPITAL", self.rng.choice(places.lists()["wards"]))

    def slot_pharm(self) -> str:
        """A pharmacy."""
        return tag("ORGANISATION", places.pharmacy(self.rng, self.split))

    def slot_org(self) -> str:
        """An employer or other body."""
        return tag("ORGANISATION", places.company(self.rng, self.split))

    def slot_insurer(self) -> str:
        """A health insurer."""
        return tag("ORGANISATION", self.rng.choice(places.lists()["insurers"]))

    def slot_school(self) -> str:
        """A school."""
        return tag("ORGANISATION", places.school(self.rng, self.split))

    def slot_city(self) -> str:
        """A city."""
        return tag("CITY", self.home if self.rng.random() < 0.3 else places.city(self.rng, self.split))

    def slot_county(self) -> str:
        """A county."""
        return tag("CITY", places.county(self.rng, self.split))

    def slot_state(self) -> str:
        """A state in full."""
        return tag("STATE", self.rng.choice(places.lists()["states"]))

    def slot_st(self) -> str:
        """A state's code."""
        return tag("STATE", self.rng.choice(places.lists()["state_codes"]))

    def slot_country(self) -> str:
        """A country: no identifier."""
        return self.rng.choice(places.lists()["countries"])

    def slot_street(self) -> str:
        """A street with a number."""
        return tag("ADDRESS", places.street(self.rng, self.split))

    def slot_zip(self) -> str:
        """A postcode."""
        form = self.rng.choices(
            ("#####", "#####-####", "@## #@@", "@@# #@@", "@#@ #@#", "@@## #@@", "####", "######"),
            (12, 2, 2, 2, 2, 2, 1, 1),
        )[0]
        return tag("POSTCODE", numbers.fill(form, self.rng))

    def slot_addr(self) -> str:
        """A whole address on one line."""
        return self._address(", ")

    def slot_addrml(self) -> str:
        """A whole address on several lines."""
        return self._address("\n")

    def _address(self, mark: str) -> str:
        town = tag("CITY", self.home if self.rng.random() < 0.6 else places.city(self.rng, self.split))
        state = tag("STATE", self.rng.choice(places.lists()["state_codes" if self.rng.random() < 0.8 else "states"]))
        draw = self.rng.random()
        if draw < 0.6:
            tail = f"{town}, {state} {self.slot_zip()}"
        elif draw < 0.7:
            tail = f"{town} {state} {self.slot_zip()}"
        elif draw < 0.82:
            tail = f"{town}{mark}{self.slot_zip()}"
        elif draw < 0.9:
            tail = f"{self.slot_zip()} {town}"
        else:
            tail = f"{town}, {state}" if self.rng.random() < 0.6 else town
        return f"{self.slot_street()}{mark}{tail}"

    def slot_room(self) -> str:
        """A room or bed, number only."""
        return tag(
            "BED",
            numbers.fill(
                self.rng.choice(("###", "####", "##", "#@", "###-@", "@-###", "#-###", "@##", "##@")), self.rng
            ),
        )

    # days

    def _day(self) -> datetime.date:
        near = self.rng.random() < 0.7
        return self.now - datetime.timedelta(days=self.rng.randint(0, 40 if near else 4_000))

    def slot_date(self) -> str:
        """A day, most often with a year."""
        draw = self.rng.random()
        if draw < 0.78:
            return tag("DATE", numbers.written(self._day(), self.rng))
        return self.slot_md() if draw < 0.93 else self.slot_my()

    def slot_dates(self) -> str:
        """A day in figures."""
        when = self._day()
        return tag(
            "DATE",
            self.rng.choice(
                (
                    f"{when.month}/{when.day}/{when.year % 100:02d}",
                    f"{when.month:02d}/{when.day:02d}/{when.year}",
                    f"{when.year}-{when.month:02d}-{when.day:02d}",
                    f"{when.day:02d}/{when.month:02d}/{when.year}",
                    f"{when.day:02d}.{when.month:02d}.{when.year % 100:02d}",
                    f"{when.month}/{when.day}",
                )
            ),
        )

    def slot_md(self) -> str:
        """Month and day."""
        return tag("DATE", numbers.month_day(self._day(), self.rng))

    def slot_my(self) -> str:
        """Month and year."""
        return tag("DATE", numbers.month_year(self._day(), self.rng))

    def slot_month(self) -> str:
        """A month alone."""
        names = numbers.MONTHS if self.rng.random() < 0.75 else numbers.SHORT
        return tag("DATE", self.rng.choice(names))

    def slot_range(self) -> str:
        """A range of days."""
        return tag("DATE", numbers.interval(self._day(), self.rng))

    def slot_holiday(self) -> str:
        """A holiday."""
        return tag("DATE", self.rng.choice(places.lists()["holidays"]))

    def slot_dob(self) -> str:
        """A date of birth."""
        year = self.now.year - self.age_years
        return tag("DATE", numbers.written(numbers.day(self.rng, year, year), self.rng))

    def slot_year(self) -> str:
        """A year alone: no identifier."""
        return str(self.rng.randint(1960, 2026))

    def slot_dow(self) -> str:
        """A weekday alone: no identifier."""
        return self.rng.choice(numbers.DAYS)

    def slot_time(self) -> str:
        """A time of day: no identifier."""
        return numbers.clock(self.rng)

    def slot_age(self) -> str:
        """An age in figures, sometimes in words."""
        return tag("AGE", numbers.spelled(self.age_years) if self.rng.random() < 0.06 else str(self.age_years))

    def slot_aged(self) -> str:
        """An age with its unit."""
        figure = self.slot_age()
        form = self.rng.choice(
            (
                "{}-year-old",
                "{}-year-old",
                "{} year old",
                "{}yo",
                "{} yo",
                "{} y/o",
                "{}y/o",
                "{} yr old",
                "{}-yr-old",
                "{} years old",
                "{}-year old",
                "{} y.o.",
                "{}yr",
                "{} year-old",
            )
        )
        return form.format(figure)

    def slot_agesex(self) -> str:
        """Age and sex in brief: 54F."""
        return self.rng.choice(("{}{}", "{}{}", "{} {}", "{}y{}", "{}yo{}", "{}/{}", "{}-y-{}", "{} yo {}")).format(
            tag("AGE", str(self.age_years)), "F" if self.patient.female else "M"
        )

    def slot_age2(self) -> str:
        """Someone else's age."""
        return tag("AGE", str(numbers.age(self.rng)))

    # numbers and contacts

    def slot_mrn(self) -> str:
        """A record number."""
        return tag("RECORD_NUMBER", numbers.record_number(self.rng))

    def slot_id(self) -> str:
        """Any other number."""
        return tag("OTHER_ID", numbers.other_number(self.rng))

    def slot_ssn(self) -> str:
        """A social security number."""
        return tag("SSN", numbers.social_security(self.rng))

    def slot_nid(self) -> str:
        """A national number."""
        return tag("NATIONAL_ID", numbers.national(self.rng))

    def slot_plate(self) -> str:
        """A vehicle's plate or number."""
        return tag("VEHICLE_ID", numbers.plate(self.rng) if self.rng.random() < 0.75 else numbers.vehicle(self.rng))

    def slot_phone(self) -> str:
        """A telephone number."""
        return tag("PHONE", numbers.phone(self.rng))

    def slot_ext(self) -> str:
        """A pager or an extension."""
        return tag("PHONE", numbers.fill(self.rng.choice(("####", "#####", "###", "##-####", "#-####")), self.rng))

    def slot_ip(self) -> str:
        """An IP or MAC address."""
        return tag("IP_ADDRESS", numbers.address_of_host(self.rng))

    def slot_login(self) -> str:
        """A user name."""
        who = person(self.rng, self.split)
        given, family = _plain_letters(who.given) or "a", _plain_letters(who.family) or "user"
        return tag(
            "OTHER_ID",
            self.rng.choice(
                (
                    f"{given[0]}{family}",
                    f"{given}{family[0]}",
                    f"{given}.{family}",
                    f"{family}{given[0]}{self.rng.randint(1, 99)}",
                    f"{given}_{family}{self.rng.randint(1, 99)}",
                    f"{family[:4]}{self.rng.randint(100, 9999)}",
                    f"@{given}{family}",
                )
            ),
        )

    def slot_email(self) -> str:
        """An e-mail address."""
        who = self.patient if self.rng.random() < 0.5 else self._doctor()
        given, family = _plain_letters(who.given) or "info", _plain_letters(who.family) or "desk"
        local = self.rng.choice(
            (
                f"{given}.{family}",
                f"{given}{family}",
                f"{given[0]}{family}",
                f"{given}_{family}{self.rng.randint(1, 99)}",
                f"{family}.{given[0]}",
                f"{given}{self.rng.randint(1940, 2012)}",
                f"{given}+{family}",
                f"{given[0]}.{family[0]}.{family}",
                f"{family}{self.rng.randint(1, 9999)}",
                f"{given}.{family[0]}.{given[0]}",
                "info",
                "referrals",
                "records",
            )
        )
        return tag("EMAIL", f"{local}@{self._domain()}")

    def _domain(self) -> str:
        body = (
            _plain_letters(
                self.rng.choice(
                    (self.main_hospital, places.company(self.rng, self.split), person(self.rng, self.split).family)
                )
            )
            or "clinic"
        )
        return self.rng.choice(
            (
                "gmail.com",
                "yahoo.com",
                "hotmail.co.uk",
                "outlook.com",
                "nhs.net",
                "aol.com",
                "icloud.com",
                f"{body[:9]}.example",
                f"{body[:7]}-{body[2:6]}.co",
                "fastmail.com",
                f"{body[:8]}.io",
                f"{body[:9]}.gov",
                f"{body[:8]}.de",
                f"{body[:8]}.com.au",
                f"{body[:9]}.in",
                "protonmail.com",
                f"{body[:18]}.org",
                f"{body[:14]}.com",
                f"{body[:12]}.nhs.uk",
                f"{body[:10]}.edu",
                f"mail.{body[:10]}.net",
                f"{body[:12]}health.org",
            )
        )

    def slot_url(self) -> str:
        """A web address."""
        form = self.rng.choice(
            (
                "https://www.{}",
                "www.{}",
                "https://{}/patients/{}",
                "http://{}/{}",
                "{}/portal",
                "https://portal.{}/visit?id={}",
                "facebook.com/{1}",
                "https://www.linkedin.com/in/{1}",
                "{0}",
                "https://www.gofundme.com/f/{1}",
                "https://{}/records/{}",
            )
        )
        who = person(self.rng, self.split)
        slug = f"{_plain_letters(who.given)}-{_plain_letters(who.family)}{self.rng.choice(('', str(self.rng.randint(1, 999))))}"
        domain = self._domain()
        return tag("URL", form.format(domain, slug) if "{1}" in form or "{0}" in form else form.format(domain, slug))

    # words that identify nobody

    def slot_sentence(self) -> str:
        """A sentence of a carrier, with its ages tagged."""
        return self.sentence_of(self.rng)

    def slot_he(self) -> str:
        """Pronoun, subject."""
        return "she" if self.patient.female else "he"

    def slot_hec(self) -> str:
        """Pronoun, subject, capital."""
        return "She" if self.patient.female else "He"

    def slot_his(self) -> str:
        """Pronoun, possessive."""
        return "her" if self.patient.female else "his"

    def slot_hisc(self) -> str:
        """Pronoun, possessive, capital."""
        return "Her" if self.patient.female else "His"

    def slot_him(self) -> str:
        """Pronoun, object."""
        return "her" if self.patient.female else "him"

    def slot_man(self) -> str:
        """What the patient is called."""
        if self.age_years < 13:
            return (
                self.rng.choice(("girl", "female child", "child", "female"))
                if self.patient.female
                else self.rng.choice(("boy", "male child", "child", "male"))
            )
        return (
            self.rng.choice(("woman", "female", "lady", "female patient", "F"))
            if self.patient.female
            else self.rng.choice(("man", "male", "gentleman", "male patient", "M"))
        )

    def slot_sex(self) -> str:
        """Sex in a form."""
        return self.rng.choice(("F", "Female", "female") if self.patient.female else ("M", "Male", "male"))

    def slot_decade(self) -> str:
        """An age by its decade."""
        return tag(
            "AGE", self.rng.choice(("20s", "30s", "40s", "50s", "60s", "70s", "80s", "90s", "late 90s", "early 90s"))
        )

    def slot_num(self) -> str:
        """A measured number."""
        r = self.rng
        return r.choice(
            (str(r.randint(1, 400)), f"{r.randint(0, 20)}.{r.randint(0, 9)}", f"{r.randint(0, 9)}.{r.randint(10, 99)}")
        )

    def slot_frac(self) -> str:
        """A score or a fraction."""
        whole = self.rng.choice((4, 5, 6, 10, 15, 24, 28, 30, 56, 100, 2, 3))
        return f"{self.rng.randint(0, whole)}/{whole}"

    def slot_n(self) -> str:
        """A small number."""
        return str(self.rng.randint(1, 30))

    def slot_dose(self) -> str:
        """A dose with its frequency."""
        amount = self.rng.choice(
            (
                "5 mg",
                "10 mg",
                "20 mg",
                "25mg",
                "40 mg",
                "50 mcg",
                "81 mg",
                "100 mg",
                "250 mg",
                "325 mg",
                "500mg",
                "650 mg",
                "1 g",
                "1000 mg",
                "0.5 mL",
                "10 units",
                "2 puffs",
                "1 tab",
                "40 mEq",
                "12.5 mg",
                "75 mcg/hr",
                "2.5 mg/3 mL",
                "5/325",
                "160/4.5",
                "70/30",
            )
        )
        return f"{amount} {self.rng.choice(('daily', 'BID', 'TID', 'QID', 'q6h', 'q4h prn', 'qhs', 'PO daily', 'IV q8h', 'once a week', 'at bedtime', 'PRN', 'twice daily', 'PO BID x 7 days', 'SQ', 'x1', 'q12h', 'every 8 hours as needed', 'weekly', 'subcut'))}"

    def slot_vitals(self) -> str:
        """Vital signs."""
        r = self.rng.randint
        return self.rng.choice(
            (
                f"BP {r(90, 190)}/{r(50, 110)}, HR {r(50, 130)}, RR {r(10, 30)}, T {r(96, 103)}.{r(0, 9)}, SpO2 {r(85, 100)}% on RA",
                f"T {r(36, 39)}.{r(0, 9)}C P {r(50, 130)} R {r(10, 30)} BP {r(90, 190)}/{r(50, 110)}",
                f"Temp {r(96, 103)}.{r(0, 9)} F, pulse {r(50, 130)}, respirations {r(10, 30)}, blood pressure {r(90, 190)}/{r(50, 110)}, weight {r(40, 140)} kg, BMI {r(17, 48)}.{r(0, 9)}",
                f"Vitals: {r(96, 103)}.{r(0, 9)} {r(50, 130)} {r(90, 190)}/{r(50, 110)} {r(10, 30)} {r(85, 100)}%",
                f"Wt {r(90, 300)} lbs, Ht 5'{r(0, 11)}\", BP {r(90, 190)}/{r(50, 110)}",
            )
        )

    def slot_result(self) -> str:
        """A laboratory value."""
        r = self.rng.randint
        name = self.rng.choice(clinic()["test"])
        value = self.rng.choice(
            (
                f"{r(1, 400)}",
                f"{r(0, 20)}.{r(0, 9)}",
                f"{r(0, 9)}.{r(10, 99)}",
                f"<0.{r(1, 9)}",
                f"{r(1, 400)} (H)",
                f"{r(1, 99)}.{r(0, 9)} L",
                f"{r(100, 400)},000",
            )
        )
        unit = self.rng.choice(
            ("", "", " mg/dL", " mmol/L", " g/dL", " U/L", " ng/mL", "%", " mEq/L", " K/uL", " x10^9/L")
        )
        return f"{name}{self.rng.choice((' ', ': ', ' of ', '='))}{value}{unit}"

    def slot_duration(self) -> str:
        """A length of time."""
        return f"{self.rng.choice(('two', 'three', '2', '3', '4', '6', '10', '14', 'several', 'a few', 'five', '24', '48'))} {self.rng.choice(('days', 'weeks', 'months', 'years', 'hours', 'minutes'))}"


def _plain_letters(text: str) -> str:
    return "".join(mark for mark in text.lower() if "a" <= mark <= "z")
