"""English-speaking patients of the sample hospital: their numbers, dates and the fields of their notes."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from hospital_source.forms import Fields, Value, age_on, english_dates, holiday, typo

from onprem.labels import Label

_PRONOUNS = {"F": ("she", "her", "her"), "M": ("he", "his", "him")}
_FEMALE = {"wife", "daughter", "niece", "sister", "mother"}
_MONTHS = ("January", "March", "May", "October")
# numbers that the Social Security Administration has voided because they were printed in advertisements
_VOID_SSN = ("078-05-1120", "219-09-9999")


@dataclass(frozen=True)
class Patient:
    """One invented patient with every number that the tables and notes share."""

    index: int
    row: list[Any] = field(repr=False)
    admitted: date
    days: int
    case: dict[str, str] = field(repr=False)
    numbers: random.Random = field(repr=False)

    @property
    def key(self) -> str:
        """The patient id of the tables."""
        return f"P{1001 + self.index}"

    @property
    def mrn(self) -> str:
        """The medical record number."""
        return f"{48_291_300 + 7919 * self.index:08d}"

    @property
    def phone(self) -> str:
        """A number of the range 555-0100 to 555-0199."""
        return f"({201 + 13 * self.index}) 555-01{(self.index * 7) % 100:02d}"

    @property
    def relative_phone(self) -> str:
        """Another number of that range."""
        return f"{201 + 13 * self.index}-555-01{(self.index * 7 + 51) % 100:02d}"

    @property
    def email(self) -> str:
        """An address in a reserved domain."""
        last = "".join(character for character in self.row[0].lower() if character.isascii() and character.isalpha())
        return f"{self.row[1][0].lower()}.{last}@example.net"

    @property
    def ssn(self) -> str:
        """A number that can belong to nobody."""
        return _VOID_SSN[self.index % 2]

    @property
    def plan(self) -> str:
        """The health-plan member number."""
        return f"XHP{702_114_000 + 3571 * self.index}"


def fields(patient: Patient, places: dict[str, str], staff: list[list[str]]) -> Fields:
    """Return every field that a template may name."""
    last, first, sex, born, street, city, state, code, relative, relation, employer, job = patient.row
    pronoun, possessive, _ = _PRONOUNS[sex]
    doctor, second = (staff[(patient.index + shift) % 5][1] for shift in (0, 2))
    nurse = staff[5 + patient.index % 2][1]
    middle = patient.admitted + timedelta(days=max(1, patient.days // 2))
    discharged = patient.admitted + timedelta(days=patient.days)
    follow = discharged + timedelta(days=9 + patient.index % 5)
    roll = patient.numbers.randrange
    name, number = Label.NAME, Label.OTHER_ID
    found: dict[str, Value] = {
        "patient": (name, f"{first} {last}"),
        "patient_caps": (name, f"{last}, {first}".upper()),
        "patient_lower": (name, f"{first} {last}".lower()),
        "patient_typo": (name, f"{first} {typo(last)}"),
        "last": (name, last),
        "first": (name, first),
        "last_caps": (name, last.upper()),
        "first_caps": (name, first.upper()),
        "last_first": (name, f"{last}, {first}"),
        "last_initial": (name, f"{last}, {first[0]}."),
        "title": (None, "Ms." if sex == "F" else "Mr."),
        "sex": (None, sex),
        "pron": (None, pronoun),
        "Pron": (None, pronoun.capitalize()),
        "poss": (None, possessive),
        "Poss": (None, possessive.capitalize()),
        "relation": (None, relation),
        "relative": (name, relative),
        "relative_first": (name, relative.split()[0]),
        "relative_object": (None, "her" if relation in _FEMALE else "him"),
        "relative_phone": (Label.PHONE, patient.relative_phone),
        "neighbour": (name, ("Oakhurst", "Brightwater", "Penhallow")[patient.index % 3]),
        "neighbour_phone": (Label.PHONE, f"555-01{roll(100):02d}"),
        "phone": (Label.PHONE, patient.phone),
        "phone_dots": (Label.PHONE, patient.phone.strip("(").replace(") ", ".").replace("-", ".")),
        "fax": (Label.FAX, f"(617) 555-01{roll(100):02d}"),
        "hospital_phone": (Label.PHONE, "(617) 555-0100"),
        "pager": (Label.PHONE, f"555-01{roll(100):02d}"),
        "email": (Label.EMAIL, patient.email),
        "username": (number, f"{first[0]}{last}{born.year % 100:02d}".lower().replace("'", "")),
        "ip": (Label.IP_ADDRESS, f"192.0.2.{roll(1, 255)}"),
        "street": (Label.ADDRESS, street),
        "street_name": (Label.ADDRESS, "Chandler Street"),
        "city": (Label.CITY, city),
        "state": (Label.STATE, state),
        "zip": (Label.POSTCODE, code),
        "employer": (Label.ORGANISATION, employer) if employer else (None, "the same firm for many years"),
        "job": (Label.OCCUPATION, job),
        "mrn": (Label.RECORD_NUMBER, patient.mrn),
        "mrn_bare": (None, patient.mrn),  # inside a web address, which is tagged as a whole
        "mrn_spaced": (Label.RECORD_NUMBER, " ".join((patient.mrn[:2], patient.mrn[2:5], patient.mrn[5:]))),
        "ssn": (Label.SSN, patient.ssn),
        "plan_number": (Label.HEALTH_PLAN_NUMBER, patient.plan),
        "account": (Label.ACCOUNT_NUMBER, f"AC-{roll(10**6, 10**7)}"),
        "accession": (number, f"ACC-24-{roll(10**5, 10**6)}"),
        "device": (Label.DEVICE_ID, f"SN{roll(10**7, 10**8)}"),
        "rx": (number, f"{roll(10**6, 10**7)}"),
        "run": (number, f"24-{roll(10**4, 10**5)}"),
        "study": (number, f"LK2-{roll(100, 1000)}"),
        "dea": (Label.LICENCE_NUMBER, "BF1234563"),
        "licence": (Label.LICENCE_NUMBER, f"D{roll(10**7, 10**8)}"),
        "plate": (Label.VEHICLE_ID, f"{roll(1, 9)}LKM{roll(100, 1000)}"),
        "age": (Label.AGE, str(age_on(born, patient.admitted))),
        "hospital": (Label.HOSPITAL, places["hospital"]),
        "clinic": (Label.HOSPITAL, places["clinic"]),
        "clinic_lower": (Label.HOSPITAL, places["clinic"].lower()),
        "other_hospital": (Label.HOSPITAL, places["other_hospital"]),
        "doctor": (name, doctor),
        "doctor_last": (name, doctor.split()[-1]),
        "doctor_lower": (name, doctor.split()[-1].lower()),
        "doctor_initial": (name, f"{doctor[0]}. {doctor.split()[-1]}"),
        "doctor2": (name, second),
        "doctor2_last": (name, second.split()[-1]),
        "doctor2_lower": (name, second.split()[-1].lower()),
        "doctor2_initial": (name, f"Dr. {second[0]}. {second.split()[-1]}".removeprefix("Dr. ")),
        "radiologist": (name, "Priya Venkataraman"),
        "nurse": (name, nurse),
        "nurse_initials": (name, "".join(part[0] for part in nurse.split())),
        "past_year": (Label.DATE, str(2005 + patient.index % 12)),
        "prior_month": (Label.DATE, f"{_MONTHS[patient.index % 4]} {patient.admitted.year - 1}"),
        "holiday": holiday(patient.index),
    }
    found |= english_dates("adm", patient.admitted) | english_dates("mid", middle) | english_dates("dis", discharged)
    found |= english_dates("fu", follow) | english_dates("prior", patient.admitted - timedelta(days=41))
    found |= {key: (Label.BIRTH_DATE, value) for key, (_, value) in english_dates("dob", born).items()}
    found |= {key: (None, value) for key, value in patient.case.items()}
    lowered = {f"{key}_lower": (None, patient.case[key].lower()) for key in ("dx", "meds", "plan")}
    return found | lowered
