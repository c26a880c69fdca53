"""National numbers of persons: US social security, UK, Canada, Australia, India, Brazil, Ireland and European forms."""

# ruff: noqa: E501 - a pattern, a list of labels and an example are each read whole
from __future__ import annotations

import re

from onprem import checksums
from onprem.detect.contract import Recogniser
from onprem.detect.recognisers._build import GAP, DigitCount, digits, examples, words
from onprem.labels import Label

_SSN_LABEL = words(
    "ssns?",
    "ss ?(?:#|no\\b|num\\b|number)",
    "soc(?:ial)?\\.? ?sec(?:urity)?\\.?(?: ?(?:number|num|no|#))?",
    "social(?= ?(?:#|number|is|:))",
)
_LAST_FOUR = words(
    "last (?:four|4)(?: digits?)?(?: of)?(?: (?:his|her|their|the|my|patient))?(?:'s)?(?: (?:ssn?|social(?: security)?(?: number)?|mrn))?",
    "ending (?:in|with)",
    "ends in",
)

_VERHOEFF_D = (
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
    "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
)  # fmt: skip
_VERHOEFF_P = (
    "0123456789",
    "1576283094",
    "5803796142",
    "8916043527",
    "9453126870",
    "4286573901",
    "2793806415",
    "7046913258",
)


def _aadhaar(value: str) -> bool:
    """Check an Aadhaar number: twelve digits, first 2-9, Verhoeff check digit (UIDAI)."""
    number = digits(value)
    if len(number) != 12 or number[0] in "01":
        return False
    state = 0
    for index, digit in enumerate(reversed(number)):
        state = int(_VERHOEFF_D[state][int(_VERHOEFF_P[index % 8][int(digit)])])
    return state == 0


def _cpf(value: str) -> bool:
    """Check a Brazilian CPF: eleven digits, two check digits modulo 11."""
    number = digits(value)
    if len(number) != 11 or len(set(number)) == 1:
        return False
    for length in (9, 10):
        total = sum(int(digit) * (length + 1 - index) for index, digit in enumerate(number[:length]))
        if (total * 10 % 11) % 10 != int(number[length]):
            return False
    return True


def _medicare_au(value: str) -> bool:
    """Check an Australian Medicare number: first digit 2-6, ninth digit is the check digit of the first eight."""
    number = digits(value)
    weights = (1, 3, 7, 9, 1, 3, 7, 9)
    if len(number) not in (10, 11) or number[0] not in "23456":
        return False
    return sum(int(digit) * weight for digit, weight in zip(number[:8], weights, strict=True)) % 10 == int(number[8])


def _insee(value: str) -> bool:
    """Check a French social security number: thirteen digits and a key, 97 minus the number modulo 97."""
    number = digits(value)
    return len(number) == 15 and 97 - int(number[:13]) % 97 == int(number[13:])


def _bsn(value: str) -> bool:
    """Check a Dutch BSN: nine digits, the eleven test with weight -1 for the last."""
    number = digits(value).zfill(9)
    total = sum(int(digit) * weight for digit, weight in zip(number, (9, 8, 7, 6, 5, 4, 3, 2, -1), strict=False))
    return len(number) == 9 and total % 11 == 0


def _pps(value: str) -> bool:
    """Check an Irish PPS number: seven digits and one or two letters, weighted sum modulo 23."""
    number = checksums.compact(value)
    total = sum(int(digit) * weight for digit, weight in zip(number[:7], range(8, 1, -1), strict=True))
    total += 9 * (ord(number[8]) - 64) if len(number) == 9 and number[8] != "W" else 0
    return "WABCDEFGHIJKLMNOPQRSTUV"[total % 23] == number[7]


def _spain(value: str) -> bool:
    """Check a Spanish DNI or NIE: number modulo 23 gives the letter."""
    number = (
        checksums.compact(value).translate(
            str.maketrans("XYZ", "012"),
        )
        if value[0] in "XYZ"
        else checksums.compact(value)
    )
    body, letter = number[:-1], checksums.compact(value)[-1]
    return body.isdigit() and "TRWAGMYFPDXBNJZSQVHLCKE"[int(body) % 23] == letter


def _canada(value: str) -> bool:
    number = digits(value)
    return len(number) == 9 and number[0] not in "08" and checksums.luhn(number)


def _nhs(value: str) -> bool:
    return checksums.nhs(value) and len(set(digits(value))) > 1


_NATIONAL_LABEL = words(
    "nhs(?: ?(?:number|num|no|#))?", "ni(?: ?(?:number|num|no|#))", "national insurance(?: ?(?:number|num|no|#))?", "nino", "sin(?: ?(?:number|num|no|#))?(?=[ :#]{1,3}\\d)",
    "social insurance(?: ?(?:number|num|no|#))?", "tfn", "tax file(?: ?(?:number|num|no|#))?", "tin", "itin", "ein", "tax(?:payer)? id(?:entification)?(?: ?(?:number|num|no|#))?",
    "aadhaar(?: ?(?:number|num|no|card|#))*", "aadhar(?: ?(?:number|num|no|card|#))*", "pan(?: ?(?:number|num|no|card|#))+", "uan", "cpf", "rg(?= ?[:#])", "cns(?= ?[:#] ?\\d)",
    "dni", "nie(?= ?[:#])", "nif", "curp", "rfc(?= ?[:#])", "pps(?:n| ?(?:number|num|no|#))", "bsn", "insee", "nir(?= ?[:#])", "codice fiscale", "personnummer", "cnp", "pesel",
    "national id(?:entity)?(?: ?(?:number|num|no|card|#))*", "national identification(?: ?(?:number|num|no|#))?", "identity (?:card|number)(?: ?(?:number|num|no|#))?", "id card(?: ?(?:number|num|no|#))?", "nric", "fin(?= ?: ?[FG]\\d)", "hkid", "mykad",
    "cnic", "nin(?= ?[:#])", "alien(?: registration)?(?: ?(?:number|num|no|#))", "a-number", "uscis(?: ?(?:number|num|no|#))?", "medicare(?: card)?(?: ?(?:number|num|no|#))", "ihi", "crn", "emirates id", "iqama", "civil id",
    "ssn/?(?:itin)?", "resident registration(?: ?(?:number|num|no|#))?", "id (?:number|num|no)\\.?", "id(?= ?[:#] ?[A-Z]?\\d{4})",
)  # fmt: skip

RECOGNISERS = (
    Recogniser(
        "ssn",
        Label.SSN,
        r"\d(?<![\w.-].)(?<!\d[ ].)\d\d(?:-\d\d-|[ ]\d\d[ ]|\.\d\d\.|[ ]-[ ]\d\d[ ]-[ ])\d{4}(?![\w]|[-.]\d)",
        0.9,
        examples(
            "SSN <SSN>219-09-9999</SSN>.",
            "Social <SSN>219 09 9999</SSN>",
            "110-120-1300 mL; 12-34-5678",
        ),
        needs=("number",),
        clinical=True,
    ),
    Recogniser(
        "ssn_labelled",
        Label.SSN,
        _SSN_LABEL
        + r"(?:[ \t]{0,2}\((?i:last (?:4|four)|us)\))?"
        + GAP
        + r"(?P<v>(?:[\dXx*•#]{3}[- .]?[\dXx*•#]{2}[- .]?\d{4}|[Xx*•#]{2,9}[- ]?\d{4}|\d{4}))(?![\w]|-\d)",
        0.95,
        examples(
            "SSN: <SSN>219099999</SSN>; ss# <SSN>xxx-xx-6789</SSN>",
            "social security number is <SSN>***-**-6789</SSN>",
            "Social Security No. <SSN>219-09-9999</SSN>, SSN (last 4): <SSN>6789</SSN>",
            "Social history: 20 pack years; SS 4/4.",
        ),
        needs=("number", "ssn", "ss#", "ss #", "ss n", "soc"),
    ),
    Recogniser(
        "last_four",
        Label.SSN,
        _LAST_FOUR + r"[ \t]{0,3}(?:(?i:is|are|of|in)[ \t])?[:#-]?[ \t]{0,3}(?P<v>[Xx*]{0,8}-?\d{4})(?![\w]|[-./,]\d)",
        0.85,
        examples(
            "Last four <SSN>6789</SSN>.",
            "the last 4 of her SSN are <SSN>6789</SSN>; card ending in <SSN>4412</SSN>",
            "in the last 4 days; last four visits 2019",
        ),
        needs=("number", "last f", "last 4", "ending", "ends in"),
    ),
    Recogniser(
        "masked_number",
        Label.SSN,
        r"[xX*](?<![\w*-].)[xX*]{1,11}[- ](?:[xX*]{2,4}[- ]){0,3}\d{4}(?![\w])",
        0.85,
        examples("On file: <SSN>xxx-xx-6789</SSN>, card <SSN>**** **** **** 1234</SSN>", "xx 12 mg, XX karyotype 46"),
        needs=("number", "xx", "**"),
    ),
    Recogniser(
        "nhs_number",
        Label.NATIONAL_ID,
        r"\d(?<![\w.,/+-].)\d\d[ -]?\d{3}[ -]?\d{4}(?![\w%]|[-./,]\d)",
        0.8,
        examples("Our patient <NATIONAL_ID>943 476 5919</NATIONAL_ID>.", "250 000 1200 and 120-130-1400 mg"),
        needs=("number",),
        check=_nhs,
        clinical=True,
    ),
    Recogniser(
        "national_number_labelled",
        Label.NATIONAL_ID,
        _NATIONAL_LABEL
        + GAP
        + r"(?P<v>(?=[A-Z]{0,6}[-. ]?\d)[A-Za-z0-9]{1,20}(?:[-./ ]{1,2}[A-Za-z]?\d[A-Za-z0-9]{0,10}){0,5}(?:[ -]?[A-Z]{1,2}(?![A-Za-z]))?)",
        0.9,
        examples(
            "NHS No: <NATIONAL_ID>485 777 3456</NATIONAL_ID>",
            "NI number <NATIONAL_ID>QQ 12 34 56 C</NATIONAL_ID>; SIN: <NATIONAL_ID>046 454 286</NATIONAL_ID>",
            "Aadhaar <NATIONAL_ID>2341 2341 2346</NATIONAL_ID>, CPF <NATIONAL_ID>111.444.777-35</NATIONAL_ID>",
            "TFN <NATIONAL_ID>876 543 210</NATIONAL_ID>; national ID: <NATIONAL_ID>AB-1234567</NATIONAL_ID>",
            "NHS 111 advice; pan-negative; ID consult 2 days; IHI score",
        ),
        needs=(
            "number",
            "nhs",
            "ni n",
            "ni #",
            "national",
            "nino",
            "sin",
            "social ins",
            "tfn",
            "tax",
            "tin",
            "ein",
            "aadha",
            "pan n",
            "pan c",
            "pan #",
            "uan",
            "cpf",
            "rg",
            "cns",
            "dni",
            "nie",
            "nif",
            "curp",
            "rfc",
            "pps",
            "bsn",
            "insee",
            "nir",
            "codice",
            "personnummer",
            "cnp",
            "pesel",
            "identity",
            "id",
            "nric",
            "hkid",
            "mykad",
            "cnic",
            "nin",
            "alien",
            "a-number",
            "uscis",
            "medicare",
            "ihi",
            "crn",
            "iqama",
            "resident reg",
        ),
        check=DigitCount(6, 20),
    ),
    Recogniser(
        "uk_national_insurance",
        Label.NATIONAL_ID,
        r"[A-CEGHJ-PR-TW-Z](?<![\w-].)[A-CEGHJ-NPR-TW-Z][ ]?\d\d[ ]?\d\d[ ]?\d\d[ ]?[A-D](?![\w])",
        0.9,
        examples("Benefits under <NATIONAL_ID>AB 12 34 56 C</NATIONAL_ID>.", "AB 12 34 and HR 72 98 36 RR"),
        needs=("number",),
        clinical=True,
    ),
    Recogniser(
        "canada_sin",
        Label.NATIONAL_ID,
        r"[1-79](?<![\w.,/+-].)\d\d([- ])\d{3}\1\d{3}(?![\w%]|[- ./,]\d)",
        0.8,
        examples("He gave <NATIONAL_ID>130-692-544</NATIONAL_ID>.", "ranges 120-130-140 and 130-140-150"),
        needs=("number",),
        check=_canada,
    ),
    Recogniser(
        "aadhaar",
        Label.NATIONAL_ID,
        r"[2-9](?<![\w.,/+-].)\d{3}([- ]?)\d{4}\1\d{4}(?![\w%]|[- ./,]\d)",
        0.85,
        examples("Card <NATIONAL_ID>2341 2341 2346</NATIONAL_ID> seen.", "2000 3000 4000"),
        needs=("number",),
        check=_aadhaar,
        clinical=True,
    ),
    Recogniser(
        "brazil_cpf",
        Label.NATIONAL_ID,
        r"\d(?<![\w.,/+-].)\d\d\.\d{3}\.\d{3}-\d\d(?![\w%]|[-./,]\d)",
        0.95,
        examples("Documento <NATIONAL_ID>111.444.777-35</NATIONAL_ID>.", "111.444.777-00 copies"),
        needs=("number",),
        check=_cpf,
        clinical=True,
    ),
    Recogniser(
        "australia_number",
        Label.NATIONAL_ID,
        r"[2-6](?<![\w.,/+-].)\d{3}[ ]\d{5}[ ]\d(?:[ /-]\d)?(?![\w%]|[-./,]\d)",
        0.85,
        examples("Card <NATIONAL_ID>2123 45670 1</NATIONAL_ID>.", "2123 45679 1"),
        needs=("number",),
        check=_medicare_au,
    ),
    Recogniser(
        "france_number",
        Label.NATIONAL_ID,
        r"[12](?<![\w.,/+-].)[ ]?\d\d[ ]?(?:0[1-9]|1[0-2]|[2-9]\d)[ ]?\d\d[ ]?\d{3}[ ]?\d{3}[ ]?\d\d(?![\w%]|[- ./,]\d)",
        0.9,
        examples("Carte <NATIONAL_ID>2 69 05 49 588 157 80</NATIONAL_ID>.", "2 69 05 49 588 157 81"),
        needs=("number",),
        check=_insee,
        clinical=True,
    ),
    Recogniser(
        "ireland_pps",
        Label.NATIONAL_ID,
        r"\d(?<![\w.,/+-].)\d{6}[ ]?[A-W][A-IW]?(?![\w-])",
        0.85,
        examples("Card <NATIONAL_ID>1234567T</NATIONAL_ID>.", "1234567A and 250000 U"),
        needs=("number",),
        check=_pps,
        clinical=True,
    ),
    Recogniser(
        "spain_number",
        Label.NATIONAL_ID,
        r"[XYZ\d](?<![\w.,/+-].)\d{7}-?[A-HJ-NP-TV-Z](?![\w-])",
        0.85,
        examples("Identidad <NATIONAL_ID>12345678Z</NATIONAL_ID>.", "12345678A"),
        needs=("number",),
        check=_spain,
        clinical=True,
    ),
    Recogniser(
        "italy_code",
        Label.NATIONAL_ID,
        r"[A-Z](?<![\w-].)[A-Z]{5}\d\d[A-EHLMPRST]\d\d[A-Z]\d{3}[A-Z](?![\w-])",
        0.9,
        examples("Codice <NATIONAL_ID>RSSMRA85T10A562S</NATIONAL_ID>.", "ABCDEF12"),
        needs=("number",),
        clinical=True,
    ),
    Recogniser(
        "mexico_code",
        Label.NATIONAL_ID,
        r"[A-Z](?<![\w-].)[A-Z]{3}\d{6}(?:[HM][A-Z]{5}[A-Z0-9]\d|[A-Z0-9]{3})(?![\w-])",
        0.8,
        examples("Clave <NATIONAL_ID>GOMC850312HDFRRL09</NATIONAL_ID>.", "ABCD1234"),
        needs=("number",),
    ),
    Recogniser(
        "india_pan",
        Label.NATIONAL_ID,
        r"[A-Z](?<![\w-].)[A-Z]{2}[PCHFATBLJG][A-Z]\d{4}[A-Z](?![\w-])",
        0.85,
        examples("Tax card <NATIONAL_ID>ABCPE1234F</NATIONAL_ID>.", "ABCDE12F"),
        needs=("number",),
    ),
    Recogniser(
        "nordic_number",
        Label.NATIONAL_ID,
        r"[0-3](?<![\w.,/+-].)\d[01]\d{3}[-+A][ ]?\d{3}[\dA-Z](?![\w-]|[./]\d)",
        0.6,
        examples("CPR <NATIONAL_ID>110485-1234</NATIONAL_ID>.", "pages 110-1234; 250000-300000"),
        needs=("number",),
        check=lambda value: bool(re.match(r"(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])", value)),
    ),
    Recogniser(
        "dutch_number",
        Label.NATIONAL_ID,
        words("bsn", "burgerservicenummer") + GAP + r"(?P<v>\d{8,9})(?!\d)",
        0.9,
        examples("BSN: <NATIONAL_ID>111222333</NATIONAL_ID>", "BSN unknown"),
        needs=("number", "bsn", "burgerservice"),
        check=_bsn,
    ),
)
