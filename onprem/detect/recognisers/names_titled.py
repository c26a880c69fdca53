"""Names beside a title or a credential: Dr. Lee, Mrs. O'Brien, nurse Anna Kim, John Smith, MD, dr smith."""

# ruff: noqa: E501 - a pattern, a list of labels and an example are each read whole
from __future__ import annotations

from onprem.detect.contract import Recogniser
from onprem.detect.recognisers._build import examples, words
from onprem.detect.recognisers._names import NOT_EPONYM, STOP, TITLED, TWO, plain_surname
from onprem.labels import Label

_TITLES = words(
    "drs?", "mr", "mrs", "mrss", "ms", "mx", "prof(?:essor)?", "rev(?:erend)?", "sgt", "lt", "capt(?:ain)?", "col", "maj", "hon", "judge", "sra?", "srta", "señora?", "herr",
    "frau", "mme", "mlle", "madame", "monsieur", "dott?(?:oressa|ssa)?", "shri", "smt", "sheikh", "doctor", "miss", "mister", "rabbi", "imam", "pastor", "deacon", "nurse", "matron",
    "chaplain", "messrs", "hr", "dra", "bro", "fr", "sister", "brother", "father", "sir", "dame", "lady", "lord",
)  # fmt: skip
_TITLE_NEEDS: tuple[str, ...] = tuple(
    f"{title}{end}" for title in "dr drs mr ms mx rev sgt lt col maj hon hr fr sr sra bro".split() for end in (" ", ".")
)
_TITLE_NEEDS += (
    "mrs",
    "prof",
    "capt",
    "judge",
    "señor",
    "srta",
    "herr",
    "frau",
    "mme",
    "mlle",
    "madame",
    "monsieur",
    "dott",
    "dra.",
    "shri",
    "smt",
    "sheikh",
    "doctor ",
    "miss ",
    "mister",
    "rabbi",
    "imam ",
)
_TITLE_NEEDS += (
    "pastor",
    "deacon",
    "nurse ",
    "matron",
    "chaplain",
    "messrs",
    "sister ",
    "brother ",
    "father ",
    "sir ",
    "dame ",
    "lady ",
    "lord ",
)
_ROLES = words(
    "attending", "resident", "fellow", "intern", "registrar", "consultant", "surgeon", "hospitalist", "physician", "paramedic", "midwife", "pharmacist", "therapist", "psychologist",
    "psychiatrist", "social worker", "case manager", "care coordinator", "dietitian", "cardiologist", "neurologist", "oncologist", "radiologist", "pathologist", "urologist", "nephrologist",
    "pulmonologist", "endocrinologist", "gastroenterologist", "dermatologist", "rheumatologist", "hematologist", "haematologist", "anesthesiologist", "anaesthetist", "pediatrician",
    "paediatrician", "obstetrician", "gynecologist", "gynaecologist", "ophthalmologist", "neurosurgeon", "orthopedist", "physiotherapist", "dentist", "podiatrist", "optometrist", "internist", "intensivist",
    "geriatrician", "nurse practitioner", "physician assistant", "practice nurse", "district nurse", "charge nurse", "staff nurse", "scribe", "interpreter", "officer", "detective", "attorney", "lawyer",
    "teacher", "coach", "employer", "supervisor", "caseworker", "technician", "technologist", "sonographer", "radiographer", "RN", "LPN", "NP", "PA", "PA-C", "CRNA", "APRN", "GP", "PCP", "SHO", "HCA",
)  # fmt: skip
_CREDENTIAL = (
    r"(?:M\.?D\.?|D\.O\.|R\.?N\.?|BSN|MSN|LPN|LVN|NP|FNP|ANP|PNP|[A-Z]{0,3}NP-(?:C|BC)|PA-?C|P\.?A\.?-C|PA|APRN|ARNP|CRNA|CNM|CNS|Ph\.?D\.?|Psy\.?D\.?|Pharm\.?D\.?|PharmD|RPh|DPM|DDS|DMD|"
    r"DNP|DPT|PT|OTR(?:/L)?|OT|SLP|CCC-SLP|LCSW|LMSW|MSW|LMFT|LPC|RD|RDN|MBBS|MBChB|MB ?BS|MB ?BCh|MRCP|MRCS|FRCP|FRCS|FRCR|FRCA|FACP|FACS|FACC|FACOG|FRACP|FRACS|MRCGP|RGN|RMN|CNA|EMT(?:-P)?|RT|CMA|MPH|MBA|MHA|Esq)"
)
_DO = "DO(?=[ ]*(?:$|[\\n,.;|)]))"

RECOGNISERS = (
    Recogniser(
        "titled_name",
        Label.NAME,
        _TITLES + rf"(?:[ ]?\.)?[ ]{{0,2}}\n?(?<=[ .\n])(?:(?i:dr|prof)\.?[ ])?(?P<v>{TITLED}){NOT_EPONYM}",
        0.95,
        examples(
            "Seen by Dr. <NAME>Lee</NAME> and Mrs <NAME>O'Brien-Katz</NAME>.",
            "DR <NAME>SMITH</NAME> reviewed; Prof. <NAME>J. R. van der Berg</NAME> agreed.",
            "Ms. <NAME>Maria de la Cruz</NAME> was admitted. Dr.<NAME>Patel</NAME> saw her.",
            "Nurse <NAME>Anna Kim</NAME> called Rev. <NAME>Okafor</NAME>.",
            "Mr. <NAME>Parkinson</NAME> has asthma.",
            "MS Contin, MR angiography, Dr. on call, the doctor said, MS Lesions, Nurse Practitioner, Miss Distance.",
            "Patient has MS. The nurse was told.",
        ),
        reach=(4, 90),
        needs=_TITLE_NEEDS,
        check=lambda value: value not in {"Contin", "Distance"},
    ),
    Recogniser(
        "titled_name_plain",
        Label.NAME,
        r"[dmpDMP](?<![A-Za-z].)(?i:r|rs|s|iss|rof)(?:[ ]?\.)?[ ]{1,2}(?P<v>[a-z][a-z'-]{1,20})(?![\w-])",
        0.8,
        examples(
            "dr <NAME>patel</NAME> told ms. <NAME>okafor</NAME> today, mr . <NAME>lee</NAME> too",
            "ms patient, mr imaging, miss work, dr will see, a 250 ms interval was, mr angiogram shows, ms and lupus",
        ),
        reach=(2, 40),
        needs=("dr ", "dr.", "mr ", "mr.", "mrs", "ms ", "ms.", "miss ", "prof"),
        check=plain_surname,
    ),
    Recogniser(
        "role_name",
        Label.NAME,
        _ROLES + rf"(?:[ ]|,[ ]|[ ]?:[ ]{{0,3}}|[ ]\()(?i:dr\.? )?(?P<v>{TWO}|{STOP}[A-Z][a-z]{{2,20}}(?=[ ](?:and|was|is|has|to|for|who|will|at|on|by|saw|said|called|notified|aware|informed)[ ]|[,.;)\n]|$)){NOT_EPONYM}",
        0.75,
        examples(
            "Attending: <NAME>Anna Kowalska</NAME>; surgeon <NAME>Lee Chen</NAME>, GP <NAME>Ferreira</NAME> was informed.",
            "Attending Physician, Surgeon General, Resident Assessment, Physician Order, PA Chest, RN Signature, PCP Follow Up.",
        ),
        reach=(24, 90),
        needs=("attending", "resident", "fellow", "intern", "registrar", "consultant", "surgeon", "hospitalist", "physician", "paramedic", "midwife", "pharmacist", "therapist", "psych", "social w",
               "manager", "coordinator", "diet", "ologist", "etist", "ician", "nurse", "ortho", "dentist", "podiatrist", "optometrist", "internist", "intensivist", "scribe", "interpreter", "officer",
               "detective", "attorney", "lawyer", "teacher", "coach", "employer", "supervisor", "caseworker", "sonographer", "radiographer", "RN ", "RN:", "LPN", "NP ", "NP:", "PA ", "PA:", "PA-C", "CRNA",
               "APRN", "GP ", "GP:", "PCP", "SHO", "HCA"),
    ),
    Recogniser(
        "credentialled_name",
        Label.NAME,
        rf"[A-Z](?<![A-Za-z'.-].)(?<=(?=(?P<v>{TWO}(?=[, (])|{STOP}[A-Z][a-z'-]{{2,20}}(?=,)|{STOP}[A-Z'-]{{4,20}}(?=,[ ]?(?:M\.?D|D\.?O|R\.?N|Ph)))(?:,[ ]?|[ ]|[ ]?\()(?:{_CREDENTIAL}|{_DO})(?![A-Za-z])).)",
        0.9,
        examples(
            "Signed <NAME>Anna M. Lee</NAME>, MD. <NAME>John Okafor</NAME> RN, <NAME>Priya Nair</NAME>, PA-C",
            "<NAME>SMITH</NAME>, DO\nPlan",
            "Plan: RN to call. Home PT, OT. Attending MD. PhD thesis.",
        ),
        reach=(80, 16),
        needs=tuple("M.D MD D.O DO R.N RN BSN MSN LPN LVN NP PA APRN CRNA CNM CNS Ph.D PhD Psy Pharm RPh DPM DDS DMD DPT PT OT SLP LCSW LMSW MSW LMFT LPC RD MB MRC FRC FAC FRAC RGN RMN CNA EMT RT CMA MPH MBA MHA Esq".split()),
    ),
)  # fmt: skip
