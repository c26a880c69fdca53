"""Numbers that hospitals give: record, encounter, accession, specimen, study, order, prescription, barcode.

A label is enough for a short code. Without a label only codes of a length that no measurement has are taken.
"""

# ruff: noqa: E501 - a pattern, a list of labels and an example are each read whole
from __future__ import annotations

import re

from onprem.detect.contract import Recogniser
from onprem.detect.recognisers._build import CODE, GAP, examples, has_digits, words
from onprem.labels import Label

_NUMBER = r"[ \t]?(?:number|num|nbr|no|nr|id|code|#|№)"
_RECORD = words(
    "mrns?", "mr ?(?:#|no\\b|number|num\\b)", "med(?:ical)?\\.? ?rec(?:ord)?s?\\.?(?: ?(?:number|num|no|nr|id|#|№))?", "medrec",
    "chart" + _NUMBER, "chart(?= ?[:#])", "patient" + _NUMBER, "pt" + _NUMBER, "pat" + _NUMBER, "pid", "patient identifier",
    "unit" + _NUMBER, "hosp(?:ital)?\\.?" + _NUMBER, "hospital record", "hn", "urn", "ur" + _NUMBER, "umrn", "nhi", "chi" + _NUMBER, "crn",
    "empi", "eid", "emr" + _NUMBER, "ehr" + _NUMBER, "pas" + _NUMBER, "record" + _NUMBER, "record(?= ?[:#])", "file" + _NUMBER, "folder" + _NUMBER,
    "registration" + _NUMBER, "reg" + _NUMBER + "\\b", "uhid", "ip" + _NUMBER, "op" + _NUMBER, "opd" + _NUMBER, "ipd" + _NUMBER, "district" + _NUMBER,
    "facility" + _NUMBER, "client" + _NUMBER, "subject" + _NUMBER, "participant" + _NUMBER, "donor" + _NUMBER, "resident" + _NUMBER,
    "health record(?: number)?", "dossier" + _NUMBER, "expediente", "historia cl[ií]nica", "fallnummer", "patienten-?(?:nr|id)", "ipp",
)  # fmt: skip
_VISIT = words(
    "encounter" + _NUMBER, "encounter(?= ?[:#])", "visit" + _NUMBER, "visit(?= ?[:#] ?[A-Z]{0,3}\\d{4})", "csn", "fin", "fin" + _NUMBER,
    "har", "admission" + _NUMBER, "adm" + _NUMBER, "episode" + _NUMBER, "case" + _NUMBER, "case(?= ?[:#] ?[A-Z]{0,3}[-]?\\d{3})", "appointment" + _NUMBER,
    "referral" + _NUMBER, "stay" + _NUMBER, "hadm(?:_id)?", "transaction" + _NUMBER, "ticket" + _NUMBER, "incident" + _NUMBER, "reference" + _NUMBER,
    "ref" + _NUMBER, "ref\\.?(?= ?: ?[A-Z]{0,4}[-/]?\\d)", "our ref", "your ref", "confirmation" + _NUMBER, "event" + _NUMBER, "trip" + _NUMBER,
    "doc(?:ument)?" + _NUMBER, "job" + _NUMBER, "dictation" + _NUMBER, "note" + _NUMBER + "(?= ?:)", "report" + _NUMBER, "message" + _NUMBER,
)  # fmt: skip
_LAB = words(
    "accession(?: ?(?:number|num|no|#))?", "acc" + _NUMBER, "acc(?= ?[:#])", "specimen" + _NUMBER, "specimen(?= ?[:#] ?[A-Z]{0,4}[-]?\\d)", "sample" + _NUMBER,
    "study" + _NUMBER, "exam" + _NUMBER, "order" + _NUMBER, "order(?= ?[:#] ?\\d)", "requisition(?: ?(?:number|no|#))?", "req" + _NUMBER, "lab" + _NUMBER,
    "path(?:ology)?" + _NUMBER, "surgical (?:path(?:ology)? )?" + _NUMBER.removeprefix("[ \\t]?"), "slide" + _NUMBER, "block" + _NUMBER, "cassette" + _NUMBER,
    "rx" + _NUMBER, "prescription" + _NUMBER, "script" + _NUMBER, "barcode(?: ?(?:number|no|#))?", "bar code", "tube" + _NUMBER, "bag" + _NUMBER,
    "unit donation" + _NUMBER, "donation" + _NUMBER, "wristband(?: ?(?:number|no|id|#))?", "bracelet" + _NUMBER, "tracking" + _NUMBER, "image" + _NUMBER,
    "x-?ray" + _NUMBER, "film" + _NUMBER, "series uid", "study uid", "instance uid", "uid", "guid", "uuid", "biopsy" + _NUMBER, "cytology" + _NUMBER, "protocol" + _NUMBER,
    "enrol(?:l)?ment" + _NUMBER, "randomi[sz]ation" + _NUMBER, "screening" + _NUMBER, "badge" + _NUMBER, "employee" + _NUMBER, "staff" + _NUMBER,
    "student" + _NUMBER, "service" + _NUMBER, "military" + _NUMBER, "inmate" + _NUMBER, "booking" + _NUMBER, "locker" + _NUMBER, "tag" + _NUMBER, "provider" + _NUMBER,
)  # fmt: skip
# Codes of the public literature, not of a person: trials, articles, variants, compounds, guidelines.
_PUBLIC = re.compile(
    r"(?i)^(?:NCT|ISRCTN|PMID|PMC|DOI|rs|GSK|JNJ|PF|AZD|BAY|BMS|MK|LY|SB|PD|RO|ABT|NSC|CHEMBL|ENSG|ENST|NM|NP|XM|CAS|ICD|HP|OMIM|ORPHA|EC|GO|UMLS|CUI|SNOMED|LOINC|NDC|ISO|WHO)[-_ :]?\d"
)


def _private(value: str) -> bool:
    return _PUBLIC.match(value) is None and has_digits(5)(value)


_UNITS = r"(?![ ]?(?:mg|mcg|ug|µg|g|kg|mL|ml|L|dL|IU|U|units?|cells?|copies|cop|/|×|x[ ]?10|%|mm|cm|people|patients|women|men|dollars|USD|per)\b)"
_NEEDS_RECORD = ("mr", "rec", "chart", "patient", "pt", "pat", "pid", "unit", "hosp", "hn", "ur", "nhi", "chi", "crn", "empi", "eid", "ehr", "pas",
                 "file", "folder", "reg", "uhid", "ip", "op", "district", "facility", "client", "subject", "participant", "donor", "resident",
                 "dossier", "expediente", "historia", "fallnummer")  # fmt: skip

RECOGNISERS = (
    Recogniser(
        "record_number",
        Label.RECORD_NUMBER,
        _RECORD + GAP + CODE,
        0.95,
        examples(
            "MRN: <RECORD_NUMBER>00123456</RECORD_NUMBER>",
            "MR# <RECORD_NUMBER>12-34-56</RECORD_NUMBER>, Med Rec No. <RECORD_NUMBER>A1234567</RECORD_NUMBER>",
            "medical record number is <RECORD_NUMBER>7781234</RECORD_NUMBER>",
            "Chart #<RECORD_NUMBER>88123</RECORD_NUMBER> Patient ID <RECORD_NUMBER>P-00912</RECORD_NUMBER>",
            "Unit No: <RECORD_NUMBER>123 456 789</RECORD_NUMBER>\nHosp # <RECORD_NUMBER>H77123</RECORD_NUMBER>",
            "NHI <RECORD_NUMBER>ABC1235</RECORD_NUMBER>; UR No <RECORD_NUMBER>554433</RECORD_NUMBER>",
            "Patient is 54 years old. MR shows 3 lesions; MR angiography 2 vessels. 2 units of blood.",
            "Chart reviewed. Patient 3 of 5. Hosp course day 3.",
        ),
        needs=(
            "number",
            "#",
            "no",
            "num",
            "id",
            "nr",
            "№",
            "mrn",
            "rec",
            "hn",
            "urn",
            "nhi",
            "crn",
            "empi",
            "chart",
            "dossier",
            "expediente",
            "historia",
            "fallnummer",
            "ipp",
            "umrn",
            "nbr",
            "code",
        ),
        check=has_digits(2),
    ),
    Recogniser(
        "visit_number",
        Label.RECORD_NUMBER,
        _VISIT + GAP + CODE,
        0.9,
        examples(
            "Encounter: <RECORD_NUMBER>E-2024-00981</RECORD_NUMBER>, CSN <RECORD_NUMBER>100234567</RECORD_NUMBER>",
            "FIN: <RECORD_NUMBER>900812345</RECORD_NUMBER>; Case No. <RECORD_NUMBER>24-1182</RECORD_NUMBER>",
            "Our ref: <RECORD_NUMBER>AB/10442</RECORD_NUMBER>",
            "Reference number <RECORD_NUMBER>RX-99812</RECORD_NUMBER>",
            "Case 3: a 40 year old. In case of fever; visit 2 of 4; follow-up visit in 3 weeks.",
        ),
        needs=(
            "number",
            "encounter",
            "visit",
            "csn",
            "fin",
            "har",
            "adm",
            "episode",
            "case",
            "appointment",
            "ref",
            "stay",
            "transaction",
            "ticket",
            "incident",
            "confirmation",
            "event",
            "trip",
            "doc",
            "job",
            "dictation",
            "note",
            "report",
            "message",
        ),
        check=has_digits(3),
    ),
    Recogniser(
        "laboratory_number",
        Label.OTHER_ID,
        _LAB + GAP + CODE,
        0.9,
        examples(
            "Accession #: <OTHER_ID>S24-10231</OTHER_ID>, specimen ID <OTHER_ID>BX-00421</OTHER_ID>",
            "Rx# <OTHER_ID>7712340</OTHER_ID>; Order No: <OTHER_ID>5512008</OTHER_ID>",
            "Barcode <OTHER_ID>0049912831</OTHER_ID>; study id <OTHER_ID>CT-881923</OTHER_ID>",
            "Study 3 of 4; lab values 12.3; in order to 100 mg; tube feeds 50 mL; image 14 of 20.",
        ),
        needs=(
            "number",
            "acc",
            "specimen",
            "sample",
            "study",
            "exam",
            "order",
            "req",
            "lab",
            "path",
            "slide",
            "block",
            "cassette",
            "rx",
            "prescription",
            "script",
            "bar",
            "tube",
            "bag",
            "donation",
            "wristband",
            "bracelet",
            "tracking",
            "image",
            "ray",
            "film",
            "uid",
            "biopsy",
            "cytology",
            "protocol",
            "enrol",
            "random",
            "screening",
            "badge",
            "employee",
            "staff",
            "student",
            "service",
            "military",
            "inmate",
            "booking",
            "locker",
            "tag",
            "provider",
            "surgical",
        ),
        check=has_digits(3),
    ),
    Recogniser(
        "laboratory_accession",
        Label.OTHER_ID,
        r"[A-Z](?<![\w/-].)[A-Z]{0,2}\d{2}-\d{4,7}(?![\w]|-\d)",
        0.7,
        examples(
            "Biopsy <OTHER_ID>S24-10231</OTHER_ID> and <OTHER_ID>SP23-004512</OTHER_ID>.",
            "T12-L1 and L4-5; COVID-19; ICD F32-39.",
        ),
        needs=("number",),
    ),
    Recogniser(
        "long_number",
        Label.OTHER_ID,
        r"\d(?<![\w.,/+$£€-].)(?<!PMID .)(?<!PMID: .)\d{6,24}(?![\w%]|[.,]\d)" + _UNITS,
        0.6,
        examples(
            "Scanned <OTHER_ID>004918273</OTHER_ID> at bedside.",
            "Viral load 1250000 copies/mL, dose 5000000 IU, in 2,500,000 people.",
        ),
        needs=("number",),
        clinical=True,
    ),
    Recogniser(
        "letter_number",
        Label.OTHER_ID,
        r"[A-Z](?<![\w./#-].)(?:[A-Z]{0,3}[-]?\d{7,14}|[A-Z]{0,2}\d{5,12}[A-Z]{1,2}|[A-Z]{1,3}-\d{2,5}-\d{3,8}|\d{3,6}-\d{3,8})(?![\w]|[-./]\d)"
        + _UNITS,
        0.5,
        examples(
            "Old notes under <OTHER_ID>H00918273</OTHER_ID> and <OTHER_ID>ED-2024-00912</OTHER_ID>.",
            "NCT01234567, SB203580, GSK1120212 and JNJ-26854165 were given; BRCA1, T12-L1, IL-6.",
        ),
        needs=("number",),
        check=_private,
    ),
    Recogniser(
        "uuid",
        Label.OTHER_ID,
        r"[0-9a-fA-F](?<![\w-].)[0-9a-fA-F]{7}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}(?![\w-])",
        0.95,
        examples("urn:uuid:<OTHER_ID>0f8fad5b-d9cb-469f-a165-70867728950e</OTHER_ID>", "0f8fad5b-d9cb"),
        needs=("digit",),
        clinical=True,
    ),
    Recogniser(
        "object_identifier",
        Label.OTHER_ID,
        r"[012](?<![\w.].)\.\d{1,6}(?:\.\d{1,20}){4,20}(?![\w]|\.\d)",
        0.9,
        examples("Study <OTHER_ID>1.2.840.113619.2.55.3.604688</OTHER_ID>", "section 1.2.3; 0.5 to 1.5"),
        needs=("number",),
        check=has_digits(10),
        clinical=True,
    ),
)
