"""Health-plan numbers: policy, member, group, subscriber, claim, Medicare, Medicaid and insurers of other countries."""

# ruff: noqa: E501 - a pattern, a list of labels and an example are each read whole
from __future__ import annotations

from onprem.detect.contract import Recogniser
from onprem.detect.recognisers._build import CODE, GAP, examples, has_digits, words
from onprem.labels import Label

_NUMBER = r"[ \t]?(?:number|num|nbr|no|nr|id|code|#|№)"
_PLAN = words(
    "policy" + _NUMBER, "policy(?= ?[:#])", "policy ?holder" + _NUMBER, "member(?:ship)?" + _NUMBER, "member(?= ?[:#] ?[A-Z]{0,5}\\d)", "subscriber" + _NUMBER,
    "subscriber(?= ?[:#])", "group" + _NUMBER, "group(?= ?[:#] ?[A-Z]{0,4}[-]?\\d{3})", "grp" + _NUMBER, "grp", "beneficiary" + _NUMBER, "plan" + _NUMBER,
    "claim" + _NUMBER, "claim(?= ?[:#])", "insurance(?:" + _NUMBER + "|(?= ?[:#] ?[A-Z]{0,4}\\d))", "ins\\.?" + _NUMBER, "insured(?:'s)?" + _NUMBER,
    "medicaid(?:" + _NUMBER + ")?", "medicare(?:" + _NUMBER + ")?", "mbi", "hicn?", "mco" + _NUMBER, "hmo" + _NUMBER, "payer" + _NUMBER, "payor" + _NUMBER,
    "authori[sz]ation" + _NUMBER, "auth" + _NUMBER, "prior auth(?:ori[sz]ation)?(?:" + _NUMBER + ")?", "pre-?cert" + _NUMBER, "certificate" + _NUMBER, "cert" + _NUMBER,
    "coverage" + _NUMBER, "health (?:card|plan|insurance|fund)(?:" + _NUMBER + ")?", "ohip(?:" + _NUMBER + ")?", "ramq", "phn", "ahcip", "msp" + _NUMBER, "bupa" + _NUMBER,
    "rxbin", "rx ?bin", "rx ?pcn", "rx ?grp", "rx ?group", "dva" + _NUMBER, "veteran" + _NUMBER, "ehic", "versichertennummer", "kvnr", "carte vitale", "aetna" + _NUMBER,
    "bcbs" + _NUMBER, "cigna" + _NUMBER, "humana" + _NUMBER, "kaiser" + _NUMBER, "tricare" + _NUMBER, "dod" + _NUMBER, "edipi",
)  # fmt: skip
# Medicare beneficiary identifier: 11 characters, fixed places of letters and digits, no S L O I B Z (CMS, 2018).
_A = "[AC-HJKMNP-RT-Y]"
_N = "[AC-HJKMNP-RT-Y0-9]"
_MBI = rf"[1-9](?<![\w-].){_A}{_N}\d[- ]?{_A}{_N}\d[- ]?{_A}{{2}}\d\d(?![\w-])"

RECOGNISERS = (
    Recogniser(
        "plan_number",
        Label.HEALTH_PLAN_NUMBER,
        _PLAN + GAP + CODE,
        0.9,
        examples(
            "Member ID: <HEALTH_PLAN_NUMBER>XYZ123456789</HEALTH_PLAN_NUMBER>, Group # <HEALTH_PLAN_NUMBER>0071204</HEALTH_PLAN_NUMBER>",
            "Policy No. <HEALTH_PLAN_NUMBER>HP-4412-09</HEALTH_PLAN_NUMBER>; Medicaid <HEALTH_PLAN_NUMBER>AB12345C</HEALTH_PLAN_NUMBER>",
            "claim number is <HEALTH_PLAN_NUMBER>99120034</HEALTH_PLAN_NUMBER>",
            "Group 2 pulmonary hypertension; Medicare age 65; plan: 2 weeks; policy of 30 days; group A 12 patients.",
        ),
        needs=(
            "number",
            "policy",
            "member",
            "subscriber",
            "group",
            "grp",
            "beneficiary",
            "plan",
            "claim",
            "ins",
            "medica",
            "mbi",
            "hic",
            "mco",
            "hmo",
            "pay",
            "auth",
            "cert",
            "coverage",
            "health",
            "ohip",
            "ramq",
            "phn",
            "ahcip",
            "msp",
            "bupa",
            "rx",
            "dva",
            "veteran",
            "ehic",
            "versicherten",
            "kvnr",
            "vitale",
            "aetna",
            "bcbs",
            "cigna",
            "humana",
            "kaiser",
            "tricare",
            "dod",
            "edipi",
        ),
        check=has_digits(4),
    ),
    Recogniser(
        "medicare_beneficiary",
        Label.HEALTH_PLAN_NUMBER,
        _MBI,
        0.95,
        examples("On file <HEALTH_PLAN_NUMBER>1EG4-TE5-MK73</HEALTH_PLAN_NUMBER>.", "1A2B3C, L4-5 and 2D echo"),
        needs=("digit",),
        clinical=True,
    ),
)
