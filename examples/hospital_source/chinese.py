"""Chinese patients of the sample hospital: their numbers, dates and the fields of their notes."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from hospital_source.forms import Fields, Value, age_on, chinese_dates

from onprem.checksums import cn_resident_check_digit
from onprem.labels import Label

_COMPOUND = ("欧阳", "司徒", "诸葛")
# county codes ending in 99 are not assigned, so these cards belong to nobody
_REGIONS = ("430199", "360899", "640199", "370199", "441499", "653199")


def resident_card(region: str, born: date, sequence: int) -> str:
    """Return an 18-character resident ID number with the right check digit (GB 11643-1999)."""
    first = f"{region}{born:%Y%m%d}{sequence:03d}"
    return first + cn_resident_check_digit(first)


def surname(person: str) -> str:
    """Return the name by which one is addressed: the family name, or the given name of a name with a dot."""
    if "·" in person:
        return person.partition("·")[0]
    return person[: 2 if person.startswith(_COMPOUND) else 1]


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
        """The admission number, by which the tables know the patient."""
        return f"ZY{2024_00310 + 47 * self.index}"

    @property
    def phone(self) -> str:
        """A mobile number."""
        return f"1990000{2210 + 37 * self.index}"

    @property
    def relative_phone(self) -> str:
        """The contact's mobile number."""
        return f"1990000{6105 + 53 * self.index}"

    @property
    def card(self) -> str:
        """The resident ID card."""
        sequence = 20 + 2 * self.index + (1 if self.row[1] == "男" else 0)
        return resident_card(_REGIONS[self.index % len(_REGIONS)], self.row[2], sequence)

    @property
    def insurance(self) -> str:
        """The medical-insurance card."""
        return f"YB{430_100_2200 + 311 * self.index}"

    @property
    def bed(self) -> str:
        """The bed."""
        return f"{1 + self.index:02d}"


def fields(patient: Patient, places: dict[str, str], staff: list[list[str]]) -> Fields:
    """Return every field that a template may name."""
    person, sex, born, ethnicity, native, job, employer, address, relative, relation = patient.row
    doctor, second = (staff[(patient.index + shift) % 4] for shift in (0, 1))
    middle = patient.admitted + timedelta(days=max(1, patient.days // 2))
    discharged = patient.admitted + timedelta(days=patient.days)
    follow = discharged + timedelta(days=14)
    roll = patient.numbers.randrange
    name, number = Label.NAME, Label.OTHER_ID
    female = relation in {"女儿", "妹妹", "妻子", "孙女"}
    spaced = f"{patient.phone[:3]} {patient.phone[3:7]} {patient.phone[7:]}"
    found: dict[str, Value] = {
        "patient": (name, person),
        "patient_spaced": (name, f"{person[0]} {person[1]}" if len(person) == 2 else person),
        "patient_short": (name, ("小" if born.year > 1980 else "老") + surname(person)),
        "sex": (None, sex),
        "ethnicity": (Label.ETHNICITY, ethnicity),
        "native": (Label.NATIVE_PLACE, native),
        "job": (Label.OCCUPATION, job),
        "employer": (Label.ORGANISATION, employer) if employer else (None, "无"),
        "address": (Label.ADDRESS, address),
        "relative": (name, relative),
        "relation": (None, relation),
        "relative_xing": (name, surname(relative)),
        "relative_title": (None, "女士" if female else "先生"),
        "relative_phone": (Label.PHONE, patient.relative_phone),
        "relative_idcard": (Label.NATIONAL_ID, resident_card("110199", date(1970, 5, 6), 30 + patient.index)),
        "phone": (Label.PHONE, patient.phone),
        "phone_spaced": (Label.PHONE, spaced),
        "hospital_phone": (Label.PHONE, "0999-5550100"),
        "wechat": (Label.EMAIL, f"yl_{patient.phone[-4:]}wx"),
        "email": (Label.EMAIL, f"family{patient.phone[-4:]}@example.com"),
        "zyh": (Label.RECORD_NUMBER, patient.key),
        "mzh": (Label.RECORD_NUMBER, f"MZ{roll(10**7, 10**8)}"),
        "bah": (Label.RECORD_NUMBER, f"{roll(10**5, 10**6)}"),
        "idcard": (Label.NATIONAL_ID, patient.card),
        "insurance": (Label.HEALTH_PLAN_NUMBER, patient.insurance),
        "bed": (Label.BED, patient.bed),
        "consult": (number, f"HZ24{roll(10**4, 10**5)}"),
        "exam_no": (number, f"CT{roll(10**7, 10**8)}"),
        "image_no": (number, f"{roll(10**6, 10**7)}"),
        "pathology": (number, f"B2024-{roll(10**4, 10**5)}"),
        "rx": (number, f"CF{roll(10**8, 10**9)}"),
        "barcode": (number, f"69{roll(10**10, 10**11)}"),
        "device": (Label.DEVICE_ID, f"SN-{roll(10**6, 10**7)}"),
        "plate": (Label.VEHICLE_ID, f"云A·L{roll(1000, 10000)}"),
        "age": (Label.AGE, str(age_on(born, patient.admitted))),
        "days": (None, str(patient.days)),
        "hospital": (Label.HOSPITAL, places["hospital_zh"]),
        "clinic": (Label.HOSPITAL, places["clinic_zh"]),
        "other_hospital": (Label.HOSPITAL, places["other_hospital_zh"]),
        "doctor": (name, doctor[1]),
        "doctor2": (name, second[1]),
        "doctor_title": (name, surname(doctor[1])),
        "doctor2_title": (name, surname(second[1])),
        "nurse": (name, staff[4][1]),
        "past_year": (Label.DATE, str(2003 + patient.index % 14)),
    }
    found |= chinese_dates("adm", patient.admitted) | chinese_dates("mid", middle) | chinese_dates("dis", discharged)
    found |= chinese_dates("fu", follow)
    found |= {key: (Label.BIRTH_DATE, value) for key, (_, value) in chinese_dates("dob", born).items()}
    return found | {key: (None, value) for key, value in patient.case.items()}
