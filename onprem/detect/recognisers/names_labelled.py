"""Names after a label, a relation, a salutation or a signature: Patient: Anna Lee; daughter Anna; Dear Ms Lee; cc: J. Wu."""

# ruff: noqa: E501 - a pattern, a list of labels and an example are each read whole
from __future__ import annotations

from onprem.detect.contract import Recogniser
from onprem.detect.recognisers._build import examples, words
from onprem.detect.recognisers._names import (
    LAST_FIRST,
    LOOSE,
    NAME,
    NOT_EPONYM,
    STOP,
    TWO,
    WORD,
    given_first,
    not_everyday,
)
from onprem.labels import Label

_NAME_LABEL = words(
    "names?", "full name", "legal name", "preferred name", "birth name", "maiden name", "middle name", "family name", "given names?", "christian name", "nick ?name", "print(?:ed)? name", "surnames?",
    "forenames?", "first name", "last name", "first(?= ?:)", "last(?= ?:)", "aka", "a\\.k\\.a\\.?", "alias(?:es)?", "also known as", "formerly(?: known as)?", "n[ée]e", "patient(?:'s)? name", "pt\\.? name", "client name", "name of patient", "patient called",
    "goes by", "nombre", "apellidos?", "nom", "pr[ée]nom", "nome", "cognome", "nachname", "vorname", "responsible party", "emergency contact(?: name)?", "contact(?: person| name)", "next of kin", "nok", "power of attorney", "poa",
    "hcp", "hcpoa", "health ?care proxy", "guardian", "policy ?holder(?: name)?", "subscriber name", "guarantor(?: name)?", "insured(?: name)?", "witness(?:ed by)?", "interpreter(?: name)?",
)  # fmt: skip
_PERSON_LABEL = words(
    "patient", "pt", "client", "subject", "mother", "father", "mom", "dad", "parents?", "wife", "husband", "spouse", "partner", "son", "daughter", "sister", "brother", "sibling", "carer", "caregiver", "informant", "historian",
    "attending(?: physician| provider| md)?", "physician", "provider", "doctor", "surgeon", "assistant", "assistants?", "first assistant", "co-?surgeon", "anesthesia(?: provider)?", "an[a]?esthesiologist", "anaesthetist", "resident", "fellow", "intern", "nurse",
    "consultant", "consulting(?: physician)?", "primary care(?: physician| provider)?(?: \\(pcp\\))?", "pcp", "gp", "referring(?: physician| provider| md| dr)?", "ordering(?: physician| provider)?", "admitting(?: physician| provider)?", "discharging(?: physician| provider)?",
    "supervising(?: physician)?", "responsible (?:physician|clinician|consultant)", "author", "scribe", "editor", "operator", "endoscopist", "radiologist", "pathologist", "cardiologist", "technologist", "technician", "sonographer", "pharmacist", "therapist",
    "social worker", "case manager", "care coordinator", "registrar", "to", "from", "cc", "bcc", "re", "ref", "attn", "attention", "fao", "dictated", "transcribed", "signed", "signature", "reviewer", "sent to", "copy(?: to)?", "copies(?: to)?", "distribution", "staff", "teacher",
    "employer", "friend", "neighbou?r", "seen with", "team", "key ?worker", "midwife", "health visitor", "examiner", "evaluator", "clinician", "interviewer", "led by", "chaplain", "d", "t",
)  # fmt: skip
_BY = words(
    "signed(?: off)?(?: electronically)? by", "electronically (?:signed|authenticated|verified|approved)(?: and authenticated)? by", "e-?signed by", "digitally signed by", "dictated(?: and signed)?(?: by)?", "dictated but not read by", "transcribed by", "typed by", "reviewed by", "authored by",
    "written by", "verified by", "reported by", "performed by", "ordered by", "referred by", "seen by", "examined by", "accompanied by", "interpreted by", "approved by", "prepared by", "completed by", "entered by", "recorded by", "documented by", "administered by", "collected by", "read by",
    "given by", "taken by", "brought in by", "admitted by", "discharged by", "followed by", "managed by", "supervised by", "requested by", "authenticated by", "attested by", "edited by", "updated by", "discussed with", "spoke (?:to|with)", "d/w", "seen with", "consulted", "under the care of",
    "care of", "c/o", "on behalf of", "s/", "handed over to", "handover to", "signed out to", "endorsed to", "paged", "informed", "notified", "faxed to", "copied to", "sent by", "contacted", "visited by", "assisted by", "witnessed by", "lives with", "resides with",
)  # fmt: skip
_RELATION = words(
    "mother", "father", "mom", "mum", "dad", "wife", "husband", "spouse", "partner", "fianc[ée]e?", "girlfriend", "boyfriend", "son", "daughter", "sister", "brother", "twin(?: brother| sister)?", "aunt(?:ie)?", "uncle", "niece", "nephew", "cousin", "grand-?(?:mother|father|son|daughter|ma|pa)", "nana", "granny",
    "step-?(?:mother|father|son|daughter|brother|sister)", "mother-in-law", "father-in-law", "sister-in-law", "brother-in-law", "son-in-law", "daughter-in-law", "friend", "neighbou?r", "roommate", "caregiver", "carer", "guardian", "baby", "infant", "newborn", "child",
    "colleague", "boss", "landlord", "dog", "foster (?:mother|father|parent)", "ex-?(?:wife|husband)", "widow", "named", "called",
)  # fmt: skip
_SIGN_OFF = words(
    "sincerely",
    "kind regards",
    "best regards",
    "warm regards",
    "regards",
    "best wishes",
    "best",
    "thanks",
    "thank you",
    "many thanks",
    "yours(?: sincerely| faithfully| truly)?",
    "respectfully(?: submitted| yours)?",
    "cordially",
    "cheers",
    "signed",
    "love",
    "with thanks",
    "warmly",
)
_SALUTATION = words(
    "dear",
    "hi",
    "hello",
    "hey",
    "good (?:morning|afternoon|evening)",
    "welcome",
    "thanks",
    "thank you",
    "bye",
    "goodbye",
    "happy birthday",
    "congratulations",
    "sorry",
)
_TITLE = r"(?:(?i:dr|mr|mrs|ms|miss|prof|sir|nurse|sister|rev)\.?[ ]{1,2})?"
_COLON = (
    r"(?:\([A-Za-z ,/]{1,24}\))?[ \t]{0,8}(?:[:=|]|[-]{1,2}(?=[ ])|\t|\.{3,20}|_{2,20})[ \t:._]{0,12}(?:\n[ \t]{0,8})?"
)

RECOGNISERS = (
    Recogniser(
        "name_label",
        Label.NAME,
        _NAME_LABEL + r"(?:\([^()\n]{1,24}\))?(?:" + _COLON + r"|[ ]{1,2}(?i:is|was)[ ]{1,2}|[ ]{2,8})" + _TITLE + f"(?P<v>{LAST_FIRST}|{LOOSE})",
        0.95,
        examples(
            "Name: <NAME>anna lee</NAME>\nDOB:",
            "Patient Name: <NAME>SMITH, JOHN A</NAME>  MRN",
            "Surname: <NAME>Parkinson</NAME> / Forename: <NAME>Bell</NAME>",
            "Next of kin: Mrs <NAME>Ngozi Okafor</NAME> (wife)",
            "Pt name is <NAME>Wei Zhang</NAME>.",
            "Name: unknown. Drug name: see list. Name of drug not given.",
        ),
        reach=(32, 110),
        needs=("name", "first", "last", "aka", "a.k.a", "alias", "also known", "formerly", "née", "nee ", "called", "goes by", "nombre", "apellido", "nom:", "nome", "cognome", "nachname", "vorname", "responsible party", "emergency contact",
               "contact person", "next of kin", "nok", "attorney", "poa", "hcp", "proxy", "guardian", "holder name", "policyholder", "policy holder", "guarantor", "insured", "witness", "interpreter"),
        check=lambda value: value.strip(" .").lower() not in {"s", "md", "tbd", "none", "xx", "xxx"},
    ),
    Recogniser(
        "person_label",
        Label.NAME,
        _PERSON_LABEL + _COLON + _TITLE + f"(?P<v>{LAST_FIRST}|{TWO}|{STOP}(?:{WORD})(?=[ ]*(?:$|[\\n,;|(/.]|[ ]\\d|(?i:dob|mrn|age|sex)))){NOT_EPONYM}",
        0.85,
        examples(
            "Patient: <NAME>Anna Lee</NAME>, 54 F",
            "Attending: <NAME>R. Gupta</NAME>\ncc: <NAME>Tom O'Neil</NAME>; Re: <NAME>Lopez, Maria</NAME>",
            "Mother: <NAME>Fatima</NAME>, PCP: Dr. <NAME>Wu</NAME>",
            "Patient: denies pain. Mother: Diabetes, Father: Stroke. To: Follow Up. From: Emergency Department",
            "Nurse: Please call. Subject: Referral.",
        ),
        check=not_everyday,
        reach=(40, 64),
        needs=(":", "=", "|", "\t", "...", "__", " - "),
    ),
    Recogniser(
        "by_name",
        Label.NAME,
        _BY + r"[ \t]{0,3}[:,]?[ \t]{0,3}(?:\n[ \t]{0,8})?(?:(?i:my|our|his|her|their|the)[ ](?:[a-z]{3,14}[ ]){0,2})?" + _TITLE + f"(?P<v>{LAST_FIRST}|{TWO}|{STOP}[A-Z][a-z'-]{{1,20}}(?![\\w-])){NOT_EPONYM}",
        0.8,
        examples(
            "Electronically signed by: <NAME>Anna M. Lee</NAME>, MD",
            "Dictated by <NAME>J. Okafor</NAME>; discussed with Dr. <NAME>Wu</NAME>.",
            "/s/ <NAME>Tom Ray</NAME>\nReferred by <NAME>Santos</NAME>.",
            "seen by Neurology, followed by Cardiology, ordered by the team, managed by Surgery; 3 per Day",
        ),
        reach=(40, 110),
        needs=(" by", "by:", "dictated", "discussed with", "spoke", "d/w", "seen with", "consulted", "under the care", "care of", "c/o", "behalf", "s/", "handed", "handover", "signed out", "endorsed", "paged",
               "informed", "notified", "faxed to", "copied to", "contacted", "lives with", "resides with"),
        check=lambda value: not value.startswith(("Day", "Week", "Protocol", "Guideline")),
    ),
    Recogniser(
        "relation_name",
        Label.NAME,
        _RELATION + r"(?:[ ]|,[ ]|[ ]?\([ ]?|[ ]?:[ ]?)(?:(?i:named|called|is|is called|whose name is)[ ])?" + _TITLE + f"(?P<v>{NAME}){NOT_EPONYM}",
        0.8,
        examples(
            "Lives with daughter <NAME>Anna</NAME> and his wife, <NAME>Mary Ellen Katz</NAME>.",
            "Son (<NAME>Miguel</NAME>) notified.",
            "Mother Hypertension, father CAD, sister Diabetes. Baby Aspirin. Child Psychiatry.",
        ),
        reach=(16, 90),
        needs=("mother", "father", "mom", "mum", "dad", "wife", "husband", "spouse", "partner", "fianc", "friend", "son ", "son,", "son:", "son(", "daughter", "sister", "brother", "twin", "aunt", "uncle", "niece", "nephew", "cousin", "grand", "nana", "granny",
               "neighbo", "roommate", "giver", "carer", "guardian", "baby", "infant", "newborn", "child", "colleague", "boss", "landlord", "dog ", "widow", "named", "called"),
        check=given_first,
    ),
    Recogniser(
        "introduced_name",
        Label.NAME,
        rf"[IiTtMm](?<![A-Za-z].)(?:'m|[ ]am|(?i:his is|y name is|y name's))[ ]{_TITLE}(?P<v>{NAME}){NOT_EPONYM}",
        0.75,
        examples("I'm <NAME>Mark</NAME> and this is <NAME>Rosa Lim</NAME>.", "I'm Fine. This is Diabetes. I am OK"),
        reach=(4, 60),
        needs=("i'm ", "i am", "this is", "my name"),
        check=given_first,
    ),
    Recogniser(
        "called_name",
        Label.NAME,
        words("named", "my name is", "my name's", "name is", "introduces? (?:himself|herself|themselves) as", "known as", "baby (?:boy|girl)", "bg", "bb", "boy(?= [A-Z]{2,})", "girl(?= [A-Z]{2,})") + f"[ ]{{1,2}}{_TITLE}(?P<v>{NAME}){NOT_EPONYM}",
        0.75,
        examples("a boy named <NAME>Tadhg</NAME>, baby girl <NAME>Lopez</NAME>, My name is <NAME>Rubija</NAME>", "a drug named in the list; known as COPD"),
        reach=(16, 90),
        needs=("named", "name is", "name's", "introduce", "known as", "baby", "bg ", "bb ", "boy", "girl"),
        check=lambda value: not value.isupper() or len(value) > 5,
    ),
    Recogniser(
        "salutation",
        Label.NAME,
        _SALUTATION + r"[ ]?,?[ ]{1,2}(?:(?i:there|again|and welcome|so much|to)[ ]?,?[ ])?" + _TITLE + f"(?P<v>{NAME})(?=[ ]?[,.!?:;\\n-]|[ ]and[ ]|$)",
        0.8,
        examples("Dear <NAME>Tom</NAME>,", "Hello <NAME>Anna</NAME>! Hi, <NAME>Xochitl</NAME>.", "Dear Colleague, Dear Sir or Madam, Hi there, Dear Patient,"),
        reach=(4, 70),
        needs=("dear", "hi ", "hi,", "hello", "hey", "good ", "welcome", "thank", "bye", "birthday", "congrat", "sorry"),
    ),
    Recogniser(
        "sign_off",
        Label.NAME,
        _SIGN_OFF + r"[ \t]?[,.!]?[ \t]{0,3}(?:\r?\n[ \t]{0,8}){1,4}" + _TITLE + f"(?P<v>{TWO}|{STOP}[A-Z][a-z'-]{{1,20}}(?=[ \t]*(?:$|[\\n,])))",
        0.85,
        examples("Kind regards,\n\n<NAME>Anna Lee</NAME>\nConsultant", "Thanks,\n<NAME>Tom</NAME>", "Thanks\nPlan: review", "Best,\nNeurology"),
        reach=(16, 90),
        needs=("sincerely", "regards", "wishes", "best", "thank", "yours", "respectfully", "cordially", "cheers", "signed", "love", "warmly"),
    ),
    Recogniser(
        "spelled_name",
        Label.NAME,
        r"[A-Z](?<![\w.-].)(?:(?!-B-C-)(?:-[A-Z]){3,24}(?![\w-])|(?![ ]B[ ]C[ ])(?:[ ][A-Z]){4,24}(?![\w.-]))",
        0.8,
        examples(
            "that is <NAME>C-A-S-T-E-L-L</NAME>, her mother <NAME>P E T T W A Y</NAME> birthday",
            "hepatitis A B C D E, A-B-C-D and R-CHOP, X-Y plot, DR-DQ",
        ),
        reach=(4, 60),
    ),
)  # fmt: skip
