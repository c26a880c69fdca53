"""Telephone, fax and pager numbers: North American in every written form, international with +, local with a label."""

# ruff: noqa: E501 - a pattern, a list of labels and an example are each read whole
from __future__ import annotations

from onprem.detect.contract import Recogniser
from onprem.detect.recognisers._build import DigitCount, examples, words
from onprem.labels import Label

_EXTENSION = r"(?:[ ,;]{0,3}(?:\(?(?i:extension|extn|ext|x)\.?[ :#]{0,2}\d{1,6}\)?))?"
# Area and exchange codes of North America begin with 2-9 (ITU-T E.164 zone 1). The match begins with its first
# character and looks back from there, because a leading set of characters is quick to scan for.
_NANP = (
    r"[(+2-91](?<![\w.+/(-].)(?<!\d[-./ ].)"
    r"(?:(?<=[2-9])\d\d[-. /~·]{1,2}|(?<=[2-9])\d\d[ ]?[-–][ ]?|(?<=\()[ ]?[2-9]\d\d[ ]?\)[ ]?[-.]?[ ]?"
    r"|(?:(?<=\+)1|(?<=1))[-. /]?\(?[2-9]\d\d\)?[-. /]{1,2})"
    r"(?:[2-9]|(?<!\d[ ])[01])\d\d[ ]?[-. ~·]?[ ]?\d{4}(?!\d|[-./]\d)"
) + _EXTENSION
_LABELS = words(
    "tel", "telephone", "phone", "ph", "p(?=[.:] ?[(+\\d])", "t(?=[.:] ?[(+\\d])", "mobile", "mob", "m(?=[.:] ?[(+\\d])",
    "cell", "cellular", "cellphone", "contact", "contact no", "call", "called", "callback", "call back", "call me",
    "text", "ring", "dial", "reach(?:ed|able)?", "hotline", "landline", "home", "work", "office", "whatsapp", "voicemail",
    "home phone", "work phone", "cell phone", "mobile phone", "daytime", "evening", "emergency contact", "switchboard",
    "direct line", "helpline", "sms", "viber", "tele",
)  # fmt: skip
_WAY = (
    r"(?:[ \t]{0,2}(?i:phone|line|number|numbers|num|no|nr|\#))?\.?(?:[ \t]{0,2}(?i:is|was|at|on|us at|me at|me on|"
    r"us on|him at|her at|them at|him on|her on|to|via))?[ \t]{0,8}(?:\([A-Za-z ]{1,12}\))?[ \t]{0,4}[:=|#-]{0,2}[ \t]{0,8}"
    r"(?:\n[ \t]{0,8})?"
)
_DATE = r"(?!\d{1,4}(?P<s>[-./])\d{1,2}(?P=s)\d{1,4}(?!\d))"
_ANY = _DATE + r"(?P<v>\+?\(?\d(?:[ ]?[-./() ]{0,3}\d){5,14}" + _EXTENSION + r")(?![\w]|[/.]\d)"
_PLUS = (
    r"\+(?<![\w+].)[ ]?[1-9]\d{0,2}[ .\-]{0,2}(?:\(0?\d{1,5}\)[ .\-]{0,2})?\d{1,5}(?:[ .\-/]{1,2}\d{1,5}){0,6}(?!\d)"
)
_FAX = words("fax", "facsimile", "telefax", "f(?=[.:] ?[(+\\d])")
_PAGER = words("pager", "page", "paged", "bleep", "beeper", "pgr", "bleeped", "vocera", "ascom", "dect")
_NEEDS: tuple[str, ...] = (
    "tel",
    "ph",
    "mob",
    "cell",
    "contact",
    "call",
    "text",
    "ring",
    "dial",
    "reach",
    "line",
    "home",
    "work",
    "offic",
)
_NEEDS += (
    "whatsapp",
    "voicemail",
    "daytime",
    "evening",
    "switchboard",
    "sms",
    "viber",
    "p:",
    "p.",
    "t:",
    "t.",
    "m:",
    "m.",
)

RECOGNISERS = (
    Recogniser(
        "us_phone",
        Label.PHONE,
        _NANP,
        0.85,
        examples(
            "Call <PHONE>(617) 555-0123</PHONE> or <PHONE>617-555-0199</PHONE>.",
            "Daughter at <PHONE>617.555.0142 x1234</PHONE>, son <PHONE>+1 617 555 0110</PHONE>.",
            "Reached on <PHONE>1-800-555-0199</PHONE>; <PHONE>212/555-0187 ext. 45</PHONE>.",
            "BP 120/80, HR 72, T 37.2, weight 70.5 kg, Na 138-142, 3.2 x 4.1 cm.",
            "N Engl J Med 2019;380:123-134.",
            "Cases 100-200-300, platelets 250 000.",
        ),
        needs=("number",),
        check=DigitCount(10, 17),
        clinical=True,
    ),
    Recogniser(
        "plus_phone",
        Label.PHONE,
        _PLUS,
        0.85,
        examples(
            "Mother: <PHONE>+44 20 7946 0958</PHONE>; <PHONE>+86 139 0013 8000</PHONE>.",
            "From abroad <PHONE>+91-98765-43210</PHONE>, <PHONE>+353 (0)1 496 0000</PHONE>, <PHONE>+61 2 5550 1234</PHONE>.",
            "Edema +2, reflexes 2+, CD4 +150, gestation 38+2.",
        ),
        needs=("+",),
        check=DigitCount(8, 15),
        clinical=True,
    ),
    Recogniser(
        "labelled_phone",
        Label.PHONE,
        _LABELS + _WAY + _ANY,
        0.8,
        examples(
            "Tel: <PHONE>020 7946 0958</PHONE>",
            "Phone number is <PHONE>555-0123</PHONE>.",
            "Mobile <PHONE>07700 900123</PHONE>, home <PHONE>01632 960 001</PHONE>.",
            "call him at <PHONE>98765 43210</PHONE>",
            "Cell: <PHONE>6175550123</PHONE>",
            "Contact: <PHONE>085 555 0123</PHONE>",
            "Home oxygen 2 L; call if temperature above 38.5; work 40 hours.",
            "T: 37.2, P: 88, cell count 12 000.",
            "Office visit 3/4, call 911.",
        ),
        needs=("number", *_NEEDS),
        check=DigitCount(7, 17),
    ),
    Recogniser(
        "bare_phone",
        Label.PHONE,
        r"[2-90](?<![\w.+/(#-].)(?:(?<=[2-9])\d\d[2-9]\d{6}|(?<=0)[1-9]\d{8,9}|(?<=0)[1-9]\d{2,3}[ ]\d{3}[ ]?\d{3,4})(?![\w%]|[-./]\d)",
        0.5,
        examples(
            "Daughter <PHONE>6175550123</PHONE> aware.",
            "He left <PHONE>07700900123</PHONE> and <PHONE>07700 900 123</PHONE>.",
            "Viral load 250000 copies/mL, WBC 11200.",
        ),
        needs=("number",),
    ),
    Recogniser(
        "trunk_phone",
        Label.PHONE,
        r"[0(](?<![\w.,/+(#-].)(?<!\d[ ].)(?:(?<=0)\d{1,4}(?:\)[ ]?|[ ]?[-/][ ]?|[ ])\d{2,8}(?:[ -]\d{2,5}){0,4}|(?<=\()0?\d{1,4}\)[ ]?\d{3,5}[- ]?\d{3,5}(?:[ ]\d{2,4})?)(?![\w%]|[-./,]\d)"
        + _EXTENSION,
        0.6,
        examples(
            "Rang <PHONE>020 7946 0958</PHONE>, <PHONE>06 12 34 56 78</PHONE>, <PHONE>(11) 91234-5678</PHONE>; <PHONE>030/1234567</PHONE>",
            "03 04 2024, 05-06-2023, 0.25 mg, (12) 14-16 and 00 12 34",
        ),
        needs=("number",),
        check=DigitCount(9, 13),
    ),
    Recogniser(
        "seven_digit_phone",
        Label.PHONE,
        r"[2-9](?<![\w.+/(#,:;-].)(?<![\d][ ].)\d\d-\d{4}(?![\w%]|[-./,]\d)" + _EXTENSION,
        0.5,
        examples(
            "She is at <PHONE>555-0142</PHONE>.",
            "Wells 1999; 340:115-1120. Pages 115-1120. Study 2000-2004.",
        ),
        needs=("number",),
    ),
    Recogniser(
        "fax",
        Label.FAX,
        _FAX + _WAY + _ANY,
        0.9,
        examples(
            "Fax: <FAX>617-555-0100</FAX>",
            "F: <FAX>020 7946 0111</FAX>",
            "faxed 3 pages",
        ),
        needs=("number", "fax", "facsimile", "f:", "f."),
        check=DigitCount(6, 17),
    ),
    Recogniser(
        "pager",
        Label.PHONE,
        _PAGER + _WAY + r"(?P<v>[#x]?\d[\d-]{2,11}\d)(?![\w]|[/.:]\d)",
        0.8,
        examples(
            "Pager <PHONE>12345</PHONE>, bleep <PHONE>4471</PHONE>.",
            "Paged <PHONE>x7788</PHONE>.",
            "page 12 of 40; pages 115-120",
        ),
        needs=("number", "pager", "page", "bleep", "beeper", "pgr", "vocera", "ascom", "dect"),
    ),
    Recogniser(
        "extension",
        Label.PHONE,
        r"[xeE](?<![\w].)(?:(?<=x)|(?i:xt(?:ension|n)?)\.?[ ]?[#:]?[ ]?)(?P<v>\d{4,6})(?![\w]|[.,/-]\d|[ ]?(?:mg|mcg|g|ml|mL|cm|mm|%|IU|units|cells|copies))",
        0.7,
        examples(
            "Ward desk x<PHONE>4521</PHONE> or ext. <PHONE>90211</PHONE>.",
            "2x2 cm, x3 days, x 1000 units",
        ),
        needs=("number", "ext", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x0"),
    ),
    Recogniser(
        "short_number",
        Label.PHONE,
        words(
            "bleep",
            "bleeped",
            "pager",
            "beeper",
            "dect",
            "ascom",
            "vocera",
            "ext",
            "extn",
            "extension",
            "ring x",
            "call x",
            "dial x",
            "phone x",
            "on x",
            "ward phone",
            "desk",
        )
        + r"\.?[ ]?(?i:no\.?|number|is|on|at)?[ ]?[:#]?[ ]?(?P<v>\d{3,6}|\d{2}[- ]\d{2,4})(?![\w%]|[.,/:-]\d|[ ]?(?:mg|mcg|g|mL|ml|cm|mm|IU|units|cells|copies|degrees|days?|times|hours?|weeks?|of)\b)",
        0.8,
        examples(
            "not answering, bleep <PHONE>288</PHONE>; can theatre ring x <PHONE>6120</PHONE>",
            "DECT <PHONE>71 402</PHONE>, extension: <PHONE>415</PHONE>",
            "bleep 3 times; hip extension 120 degrees; 2 x 3 cm; on x 3 days",
        ),
        reach=(16, 40),
        needs=("bleep", "pager", "beeper", "dect", "ascom", "vocera", "ext", " x ", "ward phone", "desk"),
    ),
)
