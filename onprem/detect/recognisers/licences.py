"""Certificate and licence numbers: NPI (Luhn), DEA, medical and driver's licences, passports, visas."""

# ruff: noqa: E501 - a pattern, a list of labels and an example are each read whole
from __future__ import annotations

from onprem import checksums
from onprem.detect.contract import Recogniser
from onprem.detect.recognisers._build import CODE, GAP, examples, has_digits, words
from onprem.labels import Label

_NUMBER = r"[ \t]?(?:number|num|nbr|no|nr|id|code|#|№)"
_LICENCE = words(
    "licen[cs]e(?:" + _NUMBER + "|(?= ?[:#]))", "lic\\.?(?:" + _NUMBER + "|(?= ?[:#]))", "driver'?s?'? ?licen[cs]e(?:" + _NUMBER + ")?", "driving licen[cs]e(?:" + _NUMBER + ")?",
    "dl" + _NUMBER, "dl(?= ?[:#])", "d\\.l\\.", "state id(?:" + _NUMBER + ")?", "medical licen[cs]e(?:" + _NUMBER + ")?", "npi(?:" + _NUMBER + ")?", "dea(?:" + _NUMBER + ")?",
    "upin", "gmc(?:" + _NUMBER + ")?", "nmc pin", "nmc" + _NUMBER, "ahpra(?:" + _NUMBER + ")?", "provider" + _NUMBER, "prescriber" + _NUMBER, "registration" + _NUMBER,
    "gdc" + _NUMBER, "hcpc" + _NUMBER, "imc" + _NUMBER, "cpso(?:" + _NUMBER + ")?", "permit" + _NUMBER, "certificate" + _NUMBER, "board cert(?:ification)?" + _NUMBER, "clia(?:" + _NUMBER + ")?",
    "taxonomy(?: code)?", "rn" + _NUMBER, "rn licen[cs]e(?:" + _NUMBER + ")?", "crm(?:[-/][A-Z]{2})?(?=[ :#]{1,3}\\d)",
)  # fmt: skip
_PASSPORT = words(
    "passport(?:" + _NUMBER + ")?",
    "travel document" + _NUMBER,
    "visa" + _NUMBER,
    "pass" + _NUMBER,
    "green card" + _NUMBER,
    "laissez-passer",
)

RECOGNISERS = (
    Recogniser(
        "npi",
        Label.LICENCE_NUMBER,
        r"[12](?<![\w.,/+-].)\d{9}(?![\w%]|[-./,]\d)",
        0.8,
        examples("Provider <LICENCE_NUMBER>1234567893</LICENCE_NUMBER>.", "1234567894 copies"),
        needs=("number",),
        check=checksums.npi,
        clinical=True,
    ),
    Recogniser(
        "dea",
        Label.LICENCE_NUMBER,
        r"[A-HJ-MPRSTUX](?<![\w-].)[A-Z9]\d{7}(?![\w-])",
        0.9,
        examples("Controlled under <LICENCE_NUMBER>AB1234563</LICENCE_NUMBER>.", "Compound XZ99"),
        needs=("number",),
        check=checksums.dea,
        clinical=True,
    ),
    Recogniser(
        "licence_labelled",
        Label.LICENCE_NUMBER,
        _LICENCE + GAP + CODE,
        0.9,
        examples(
            "NPI: <LICENCE_NUMBER>1999999999</LICENCE_NUMBER>; DEA # <LICENCE_NUMBER>BX7712009</LICENCE_NUMBER>",
            "Driver's license no. <LICENCE_NUMBER>D123-4567-8901</LICENCE_NUMBER>",
            "GMC <LICENCE_NUMBER>7012345</LICENCE_NUMBER>. License: <LICENCE_NUMBER>MD-44102</LICENCE_NUMBER>",
            "licensed for use in 2 forms; DL 3 of 4; licence to practise; DEA schedule II",
        ),
        needs=("number", "lic", "dl", "d.l", "state id", "npi", "dea", "upin", "gmc", "nmc", "ahpra", "provider", "prescriber", "registration", "gdc", "hcpc", "imc", "cpso",
               "permit", "certificate", "board cert", "clia", "taxonomy", "rn n", "rn #", "rn i", "rn l", "driv", "crm"),
        check=has_digits(4),
    ),
    Recogniser(
        "passport",
        Label.PASSPORT,
        _PASSPORT + GAP + CODE,
        0.9,
        examples("Passport No: <PASSPORT>N1234567</PASSPORT>", "passport <PASSPORT>533380006</PASSPORT>", "passport to health; pass 3 of 5"),
        needs=("number", "passport", "travel doc", "visa", "pass n", "pass #", "pass i", "green card", "laissez"),
        check=has_digits(5),
    ),
)  # fmt: skip
