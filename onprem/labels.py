"""The vocabulary of identifiers: one enum, each member with its legal clauses and the kind of surrogate it takes.

Clauses: letters A-R are the items of 45 CFR 164.514(b)(2)(i) (HIPAA Safe Harbor); "PIPL", "GB/T 39725" and "GDPR 4" name
the Chinese and European sources where HIPAA has no item of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Label(StrEnum):
    """What a span of text identifies. The value is the name used in policies, span files and reports."""

    NAME = "NAME"
    AGE = "AGE"
    DATE = "DATE"
    BIRTH_DATE = "BIRTH_DATE"
    PHONE = "PHONE"
    FAX = "FAX"
    EMAIL = "EMAIL"
    ADDRESS = "ADDRESS"
    CITY = "CITY"
    STATE = "STATE"
    POSTCODE = "POSTCODE"
    HOSPITAL = "HOSPITAL"
    ORGANISATION = "ORGANISATION"
    SSN = "SSN"
    NATIONAL_ID = "NATIONAL_ID"
    PASSPORT = "PASSPORT"
    RECORD_NUMBER = "RECORD_NUMBER"
    HEALTH_PLAN_NUMBER = "HEALTH_PLAN_NUMBER"
    ACCOUNT_NUMBER = "ACCOUNT_NUMBER"
    LICENCE_NUMBER = "LICENCE_NUMBER"
    VEHICLE_ID = "VEHICLE_ID"
    DEVICE_ID = "DEVICE_ID"
    URL = "URL"
    IP_ADDRESS = "IP_ADDRESS"
    BIOMETRIC = "BIOMETRIC"
    PHOTO = "PHOTO"
    OTHER_ID = "OTHER_ID"
    BED = "BED"
    ETHNICITY = "ETHNICITY"
    NATIVE_PLACE = "NATIVE_PLACE"
    OCCUPATION = "OCCUPATION"


class Surrogate(StrEnum):
    """How a replacement that looks real is made."""

    PERSON = "person"
    DATE = "date"
    AGE = "age"
    NUMBER = "number"
    PLACE = "place"
    INSTITUTION = "institution"
    CONTACT = "contact"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the law calls a label, in words for a report, and its surrogate kind."""

    words: str
    clauses: tuple[str, ...]
    surrogate: Surrogate
    quasi: bool = False  # a quasi-identifier: identifies only together with others


MEANING: dict[Label, Meaning] = {
    Label.NAME: Meaning("name of a person", ("A", "PIPL 4", "GDPR 4"), Surrogate.PERSON),
    Label.AGE: Meaning("age", ("C",), Surrogate.AGE, quasi=True),
    Label.DATE: Meaning("date of an event", ("C",), Surrogate.DATE, quasi=True),
    Label.BIRTH_DATE: Meaning("date of birth", ("C",), Surrogate.DATE, quasi=True),
    Label.PHONE: Meaning("telephone number", ("D",), Surrogate.CONTACT),
    Label.FAX: Meaning("fax number", ("E",), Surrogate.CONTACT),
    Label.EMAIL: Meaning("e-mail address or messenger account", ("F",), Surrogate.CONTACT),
    Label.ADDRESS: Meaning("address below city", ("B",), Surrogate.PLACE),
    Label.CITY: Meaning("city, county or town", ("B",), Surrogate.PLACE, quasi=True),
    Label.STATE: Meaning("state or province", ("GB/T 39725",), Surrogate.PLACE, quasi=True),
    Label.POSTCODE: Meaning("postcode", ("B",), Surrogate.PLACE, quasi=True),
    Label.HOSPITAL: Meaning("hospital, clinic or practice", ("B",), Surrogate.INSTITUTION),
    Label.ORGANISATION: Meaning("employer, school or other body", ("A",), Surrogate.INSTITUTION, quasi=True),
    Label.SSN: Meaning("social security number", ("G",), Surrogate.NUMBER),
    Label.NATIONAL_ID: Meaning("national identity number", ("G", "PIPL 28", "GDPR 87"), Surrogate.NUMBER),
    Label.PASSPORT: Meaning("passport or travel permit", ("K", "PIPL 28"), Surrogate.NUMBER),
    Label.RECORD_NUMBER: Meaning("medical record number", ("H",), Surrogate.NUMBER),
    Label.HEALTH_PLAN_NUMBER: Meaning("health-plan number", ("I",), Surrogate.NUMBER),
    Label.ACCOUNT_NUMBER: Meaning("account, card or invoice number", ("J", "PIPL 28"), Surrogate.NUMBER),
    Label.LICENCE_NUMBER: Meaning("certificate or licence number", ("K",), Surrogate.NUMBER),
    Label.VEHICLE_ID: Meaning("vehicle identifier or plate", ("L",), Surrogate.NUMBER),
    Label.DEVICE_ID: Meaning("device identifier or serial number", ("M",), Surrogate.NUMBER),
    Label.URL: Meaning("web address", ("N",), Surrogate.CONTACT),
    Label.IP_ADDRESS: Meaning("network address", ("O",), Surrogate.CONTACT),
    Label.BIOMETRIC: Meaning("biometric identifier", ("P", "PIPL 28"), Surrogate.NONE),
    Label.PHOTO: Meaning("full-face photograph", ("Q",), Surrogate.NONE),
    Label.OTHER_ID: Meaning("other unique number or code", ("R",), Surrogate.NUMBER),
    Label.BED: Meaning("bed or room", ("R", "GB/T 39725"), Surrogate.NONE, quasi=True),
    Label.ETHNICITY: Meaning("ethnic group", ("GB/T 39725", "GDPR 9"), Surrogate.NONE, quasi=True),
    Label.NATIVE_PLACE: Meaning("native place", ("GB/T 39725",), Surrogate.PLACE, quasi=True),
    Label.OCCUPATION: Meaning("occupation", ("GB/T 39725",), Surrogate.NONE, quasi=True),
}
