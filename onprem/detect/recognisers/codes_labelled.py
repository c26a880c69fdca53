"""Codes after a bare label, without the word number or a sign: badge 3319, ref GHA/MED/20931, asset WC-0188, ending 0093.

Where the label says little, the code must say much: several digits, or letters and digits as no measurement has them.
"""

# ruff: noqa: E501 - a pattern, a list of labels and an example are each read whole
from __future__ import annotations

import re

from onprem.detect.contract import Recogniser
from onprem.detect.recognisers._build import examples, words
from onprem.labels import Label

_LABEL = words(
    "badge", "collar", "shoulder", "warrant", "pin", "asset", "tag", "station", "ref", "reference", "our ref", "your ref", "reg", "registration", "auth", "authori[sz]ation", "case", "file", "incident", "inc",
    "cad", "report", "enquiry", "ticket", "confirmation", "booking", "claim", "acct", "account", "policy", "member", "subscriber", "sub id", "payer id", "permit", "licen[cs]e", "serial", "card", "voucher", "locker", "call ?sign",
    "sample", "specimen", "accession", "requisition", "screening", "subject", "participant", "consent form", "docket", "exhibit", "warrant", "complaint", "safeguarding", "datix", "kit", "cassette", "slide", "block",
    "prescription", "rx", "script", "dispense", "donation", "unit donation", "invoice", "receipt", "user", "username", "login", "employee", "staff", "student", "candidate", "prisoner", "inmate", "offender",
)  # fmt: skip
_WORDS_BETWEEN = r"(?:[ ](?i:number|no|nr|num|id|code|is|was|card|ref|tag|form)\.?){0,2}[ \t]{0,2}[:#=.]{0,2}[ \t]{0,4}"
# letters and digits joined by strokes: GHA/MED/20931, H24-0219, WC-0188, 08I2255E, 3319
_CODE = r"(?P<v>(?=[A-Za-z/._-]{0,12}\d)[A-Z0-9]{1,16}(?:[-/._][A-Za-z0-9]{1,12}){0,5}(?:[ ]\d{3,8}(?:[-/]\d{1,6})?)?)(?![\w%]|[.,]\d|[-/]\d)"
_NO_MEASURE = r"(?![ ]?(?:mg|mcg|g|kg|ml|mL|L|IU|U|units?|mm|cm|%|x|days?|weeks?|months?|years?|hours?|hrs?|minutes|min|am|pm|patients|women|men|times|of)\b)"
_SHAPE = re.compile(r"\d{4}|[A-Z]{2}[-/._]?\d{2}|[A-Z][-/._]?\d{3}|\d{2}[-/._]?[A-Z]|\d{2}[-/]\d{2}")
_DECIMAL = re.compile(r"\d\.\d")
_DATE = re.compile(r"(?:\d{1,2}[-/.]){1,2}(?:\d{2}|\d{4})|(?:19|20)\d\d")
_SCORE = re.compile(r"\d{1,2}/\d{1,3}")


def _code(value: str) -> bool:
    """Say whether a value is a code and no year, date, score or short number."""
    if _DATE.fullmatch(value) or _SCORE.fullmatch(value) or _DECIMAL.search(value):
        return False
    return _SHAPE.search(value) is not None and sum(character.isdigit() for character in value) >= 2


RECOGNISERS = (
    Recogniser(
        "code_labelled",
        Label.OTHER_ID,
        _LABEL + _WORDS_BETWEEN + _CODE + _NO_MEASURE,
        0.75,
        examples(
            "Officer Amato, badge <OTHER_ID>3319</OTHER_ID>, case <OTHER_ID>BPD-22-104882</OTHER_ID>",
            "Ref <OTHER_ID>GHA/MED/20931</OTHER_ID>; took wheelchair asset <OTHER_ID>WC-0188</OTHER_ID>",
            "PIN <OTHER_ID>08I2255E</OTHER_ID>, auth # <OTHER_ID>AU-5590117</OTHER_ID>, sub id <OTHER_ID>PG0-441-7820</OTHER_ID>",
            "Case 3 of 12; report 2021; ref 3.5-5.0; file of 2019; card 14/20; block L4/5; tag 3 times; pin site; kit 50 mg; case series 2004-2010",
        ),
        reach=(20, 60),
        needs=("badge", "collar", "shoulder", "warrant", "pin ", "pin:", "asset", "tag ", "tag:", "station", "ref", "reg ", "reg:", "reg.", "registration", "auth", "case", "file", "inc", "cad ", "report", "enquiry", "ticket", "confirmation",
               "booking", "claim", "acct", "account", "policy", "member", "subscriber", "sub id", "payer", "permit", "licen", "serial", "card", "voucher", "locker", "call", "sample", "specimen", "accession", "requisition", "screening", "subject",
               "participant", "consent", "docket", "exhibit", "complaint", "safeguarding", "datix", "kit ", "kit:", "cassette", "slide", "block", "rx", "prescription", "script", "dispense", "donation", "invoice", "receipt", "user", "login", "employee",
               "staff", "student", "candidate", "prisoner", "inmate", "offender"),
        check=_code,
    ),
    Recogniser(
        "code_ending",
        Label.OTHER_ID,
        words("ending", "ends", "last (?:four|4|three|3)(?: digits)?", "final (?:four|4)(?: digits)?") + r"[ ]?(?i:in|with|is|are|of)?[ ]?[:#]?[ ]?(?P<v>[*xX.-]{0,8}\d{2,5}(?:-?[A-Z]{1,3})?)(?![\w%]|[.,/:-]\d)" + _NO_MEASURE,
        0.7,
        examples(
            "card ending <OTHER_ID>0093</OTHER_ID>, HCN ends <OTHER_ID>883-LT</OTHER_ID>, SSN last four <OTHER_ID>2217</OTHER_ID>",
            "pain ending 3 days ago; trial ended 2004; the year ending 2019/20; last 4 weeks; last three 5 mL doses",
        ),
        reach=(16, 40),
        needs=("ending", "ends", "last four", "last 4", "last three", "last 3", "final four", "final 4"),
        check=lambda value: not re.fullmatch(r"(?:19|20)\d\d|\d\d", value),
    ),
    Recogniser(
        "plate_uk",
        Label.VEHICLE_ID,
        r"[A-Z](?<![\w/-].)[A-Z](?:0[1-9]|[1-7]\d)[ ]?[A-HJ-PR-Z]{3}(?![\w-])",
        0.6,
        examples(
            "driver of a Corsa (<VEHICLE_ID>LK19 ZTF</VEHICLE_ID>), stationary",
            "SR1 3DG, IL6 GENE, AB12 3CD, T12 CORD",
        ),
        needs=("digit",),
    ),
)  # fmt: skip
