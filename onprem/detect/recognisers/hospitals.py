"""Hospitals, clinics, practices, pharmacies and homes by their suffix; employers and schools beside a verb or by suffix."""

# ruff: noqa: E501 - a pattern, a list of labels and an example are each read whole
from __future__ import annotations

import re

from onprem.detect.contract import Recogniser
from onprem.detect.lexicons import words as lexicon
from onprem.detect.recognisers._build import examples, words
from onprem.detect.recognisers._names import LETTER, UPPER
from onprem.labels import Label

_WORD = rf"(?:{UPPER}{LETTER}{{1,24}}(?:['-]{LETTER}{{1,24}}){{0,3}}|St\.|Ste\.|Mt\.|Ft\.|{UPPER}\.{UPPER}?\.?|{UPPER}'{LETTER}{{2,20}}|[A-Z](?![\w]))"
_NOT_FIRST = (
    r"(?!(?:The|At|In|On|From|To|Of|Our|And|Or|For|By|With|Via|Per|As|Is|Was|Patient|Admitted|Transferred|Discharged|Seen|Presented|Referred|Date|Name|A|An|Outside|Local|Dear|Dr|Mr|Mrs|Ms|He|She|They|This|That|"
    r"When|While|After|Before|During|Called|Visited|Went|Hospital|Facility|Location|Follow|Attend|Attended|Return|Returned|Moved|Sent|Re|Cc|CC|AT|IN|ON|FROM|TO|OF|THE|PATIENT|ADMITTED|TRANSFERRED|Prior|Current|Previous|Last|Next)(?![A-Za-z]))"
)
_LINK = rf"(?:(?:[ ]|[ ]?-[ ]?|[ ]&[ ]|,[ ](?=[A-Z][a-z]+[ ](?:and|&)))(?:(?:of|the|and|de|del|la|du|des|on|&)[ ]){{0,2}}{_WORD})"
_CHAIN = rf"{_NOT_FIRST}{_WORD}{_LINK}{{0,6}}?"  # lazy: the first suffix ends the name
_SUFFIX = (
    r"(?:Hospitals?|HOSPITAL|Hosp\.?|Medical[ ](?:Cent(?:er|re)|Group|Associates|Clinic|Practice|College|Campus|Plaza|Institute|Office|Park|Arts|City)|MEDICAL[ ]CENTER|Med(?:ical)?[ ]?Ctr\.?|Health[ ](?:System|Cent(?:er|re)|Network|Clinic|Services?|Board|"
    r"Trust|Partners|Group|Care|Campus|Alliance|Park)|HEALTH[ ](?:SYSTEM|CENTER)|Healthcare|HealthCare|Health(?=[ ]*(?:[.,;)\n]|$))|Clinics?|CLINIC|Polyclinic|Infirmary|Hospice|Nursing[ ](?:Home|Cent(?:er|re)|Facility)|Care[ ](?:Home|Cent(?:er|re)|Facility|Partners)|"
    r"Rest[ ]Home|Retirement[ ](?:Home|Village|Community)|Assisted[ ]Living|Senior[ ]Living|Manor|Rehab(?:ilitation)?(?:[ ](?:Cent(?:er|re)|Hospital|Institute|Facility))?|Sanatorium|Pharmacy|Pharmacies|Chemists?|Drugstore|Surgery(?=[ ]*(?:[.,;)\n]|$))|"
    r"Family[ ](?:Practice|Medicine|Health|Physicians)|Primary[ ]Care|Urgent[ ]Care|Walk-?[Ii]n[ ]Cent(?:er|re)|Dialysis(?:[ ](?:Cent(?:er|re)|Unit))?|Imaging(?:[ ](?:Cent(?:er|re)|Associates))?|Radiology[ ]Associates|Laborator(?:y|ies)|Diagnostics|Labs|Cancer[ ](?:Cent(?:er|re)|Institute)|"
    r"Heart[ ](?:Cent(?:er|re)|Institute)|Eye[ ](?:Cent(?:er|re)|Institute|Clinic)|Children's(?:[ ](?:Hospital|Medical[ ]Cent(?:er|re)|Cent(?:er|re)))?|NHS[ ](?:Foundation[ ])?Trust|VAMC|VA|Veterans[ ]Affairs|Birth(?:ing)?[ ]Cent(?:er|re)|Treatment[ ]Cent(?:er|re)|Recovery[ ]Cent(?:er|re)|"
    r"Surgical[ ]Cent(?:er|re)|Surgery[ ]Cent(?:er|re)|Physicians|Orthop(?:a)?edics|Dermatology[ ]Associates|Cardiology[ ]Associates|Dental(?:[ ](?:Clinic|Care|Group|Practice|Associates))?|Blood[ ](?:Bank|Cent(?:er|re)))"
)
_TAIL = rf"(?:[ ](?:of|at|in|for)[ ](?:the[ ])?{_WORD}(?:[ ]{_WORD}){{0,2}}|[ ]-[ ]{_WORD}(?:[ ](?:Campus|Branch|Site))?|[ ](?:Campus|Branch|Annex))?"
_NEEDS = ("ospital", "OSPITAL", "osp.", "edical", "MEDICAL", "Med C", "ealth", "HEALTH", "linic", "LINIC", "nfirmary", "ospice", "ursing", "Care ", "Home", "Retirement", "Living", "Manor", "Rehab", "anatorium", "harmac", "hemist",
          "rugstore", "urgery", "Practice", "Physicians", "Walk", "Dialysis", "Imaging", "Radiology A", "aborator", "Diagnostics", "Labs", "Cent", "Institute", "Children's", "NHS", "VAMC", " VA", "Veterans", "rthop", "Associates", "Dental", "Blood ")  # fmt: skip


def _named(value: str) -> bool:
    """Say whether a facility has a word of its own besides kinds of facility, departments and roles."""
    found = re.findall(rf"{LETTER}{{2,}}(?:'s)?|[A-Z](?![a-z])", value)
    kinds = lexicon("facility_words")
    return any(word.lower().removesuffix("'s") not in kinds for word in found if len(word) > 1)


def _named_plain(value: str) -> bool:
    return _named(value) and not any(
        word in lexicon("en_everyday") - lexicon("word_surnames")
        for word in value.split()[:-1]
        if word not in lexicon("facility_words")
    )


_COMPANY = rf"{_CHAIN},?[ ](?:Inc|LLC|L\.L\.C|Ltd|LTD|Corp(?:oration)?|PLC|plc|GmbH|S\.A|LLP|Bros|Brothers|& Sons|Holdings|Industries|Enterprises|Logistics|Airlines|Bank|Foundation|Church|Parish|Mosque|Synagogue|Temple)(?![A-Za-z])\.?"
_SCHOOL = rf"{_CHAIN}[ ](?:(?:Elementary|Primary|Middle|High|Secondary|Grammar|Nursery|Preparatory|Public|Catholic|Charter)[ ](?:School|Academy)|School|Academy|Preschool|Kindergarten|College|University|Daycare|Day Care)(?:[ ]of[ ]{_WORD}(?:[ ]{_WORD}){{0,2}})?|(?:University|College)[ ]of[ ]{_WORD}(?:[ ]{_WORD}){{0,3}}"

RECOGNISERS = (
    Recogniser(
        "facility",
        Label.HOSPITAL,
        rf"[A-Z](?<![\w'.-].)(?<=(?=(?P<v>{_CHAIN}(?:[ ]|(?<=-)|[ ]&[ ]){_SUFFIX}(?:[ ]{_SUFFIX}){{0,2}}{_TAIL})(?![\w])).)",
        0.85,
        examples(
            "Transferred from <HOSPITAL>Mercy General Hospital</HOSPITAL> to <HOSPITAL>St. Mary's Medical Center</HOSPITAL>.",
            "At <HOSPITAL>Oak Ridge Family Practice</HOSPITAL>; meds from <HOSPITAL>Greenfield Pharmacy</HOSPITAL>, <HOSPITAL>Royal Devon Infirmary</HOSPITAL>",
            "The <HOSPITAL>Johns Peregrine Hospital</HOSPITAL> and <HOSPITAL>Sunny Acres Nursing Home</HOSPITAL>",
            "The Hospital, Emergency Department, Pain Clinic, General Hospital, Outpatient Clinic, Primary Care, Cardiology Clinic, Home Health, Mental Health, Day Surgery, Hospital Medicine.",
        ),
        reach=(110, 70),
        needs=_NEEDS,
        check=_named,
    ),
    Recogniser(
        "facility_of",
        Label.HOSPITAL,
        rf"[HUMCI](?<![\w'.-].)(?<=(?=(?P<v>(?:Hospital(?:es)?|University|Medical[ ]Cent(?:er|re)|Children's[ ]Hospital|Institute|Clinic|Clínica|Centro[ ]M[ée]dico|Hôpital|Infirmary|Mayo)[ ](?:of|de|del|for|San|Santa|Saint)[ ](?:the[ ]|la[ ]|los[ ])?{_WORD}(?:[ ](?:of[ ])?{_WORD}){{0,3}}?(?:[ ]{_SUFFIX}|(?![ ]?{UPPER})))).)",
        0.7,
        examples("at <HOSPITAL>University of Westmarch Medical Center</HOSPITAL> and <HOSPITAL>Hospital San Rafael</HOSPITAL>", "Hospital for Special Care, Institute of Medicine"),
        reach=(40, 90),
        needs=("ospital", "niversity", "edical Cent", "nstitute", "linic", "línica", "entro", "ôpital", "nfirmary"),
        check=_named,
    ),
    Recogniser(
        "facility_plain",
        Label.HOSPITAL,
        r"[aftovi](?<![\w'.-].)(?:t|rom|o|ia|f|n)[ ](?:the[ ])?(?P<v>(?:st\.?[ ])?[a-z][a-z'-]{2,20}(?:[ ][a-z'-]{3,20}){0,3}[ ](?:hospital|medical center|medical centre|infirmary|nursing home|health system|health center|clinic|pharmacy|hospice))(?![\w])",
        0.6,
        examples("seen at <HOSPITAL>westmarch general hospital</HOSPITAL> and from <HOSPITAL>st. brigid's medical center</HOSPITAL>", "at the hospital, from an outside hospital, to our local hospital, in the pain clinic, at the university hospital, to a nursing home"),
        reach=(90, 16),
        needs=(" hospital", " medical cent", " infirmary", " nursing home", " health system", " health center", " clinic", " pharmacy", " hospice"),
        check=_named_plain,
    ),
    Recogniser(
        "university",
        Label.ORGANISATION,
        rf"[A-Z](?<![\w'.-].)(?<=(?=(?P<v>{_SCHOOL})(?![\w])).)",
        0.75,
        examples("a student at <ORGANISATION>Lincoln Park Elementary School</ORGANISATION> and <ORGANISATION>Westmarch University</ORGANISATION>", "Medical School, High School, American College of Cardiology, Nursing College, School age"),
        reach=(110, 60),
        needs=("School", "Academy", "reschool", "ndergarten", "ollege", "niversity", "aycare", "Day Care"),
        check=lambda value: _named(value) and not value.startswith(("American", "Royal College", "European", "International", "National", "World")),
    ),
    Recogniser(
        "company",
        Label.ORGANISATION,
        rf"[A-Z](?<![\w'.-].)(?<=(?=(?P<v>{_COMPANY})(?![\w])).)",
        0.7,
        examples("He drives for <ORGANISATION>Acorn Logistics</ORGANISATION> and <ORGANISATION>Baxter & Finch Ltd.</ORGANISATION>", "Blood Group, Control Group, Study Group, Food Bank"),
        reach=(110, 16),
        needs=(" Inc", " LLC", "L.L.C", " Ltd", " LTD", " Corp", " PLC", " plc", "GmbH", " S.A", " LLP", " Bros", " Brothers", " Sons", "Holdings", "Industries", "Enterprises", "Logistics", "Airlines", " Bank",
               "Foundation", "Church", "Parish", "Mosque", "Synagogue", "Temple"),
        check=_named,
    ),
    Recogniser(
        "employer",
        Label.ORGANISATION,
        words("works? (?:at|for)", "working (?:at|for)", "worked (?:at|for)", "employed (?:at|by)", "employer(?: is)?(?=[: ])", "employee of", "job at", "retired from", "attends", "studies at", "student at", "goes to school at", "enrolled at", "volunteers at", "place of work", "occupation:? [a-z]{3,20} at")
        + rf"[: ]{{1,3}}(?:the[ ]|an?[ ])?(?P<v>{_NOT_FIRST}{_WORD}(?:[ ]{_WORD}){{0,4}})",
        0.7,
        examples("She works at <ORGANISATION>Delmonico Foods</ORGANISATION> and attends <ORGANISATION>Hillcrest</ORGANISATION>.", "works at home, employed by the state, attends Physical Therapy"),
        reach=(24, 110),
        needs=("work", "employ", "job at", "retired from", "attends", "stud", "school at", "enrolled at", "volunteers at", "occupation"),
        check=_named,
    ),
)  # fmt: skip
