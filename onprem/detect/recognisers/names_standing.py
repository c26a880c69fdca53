"""Names that need no label: a given name beside a surname, Last, First, a given name that is nothing else."""

from __future__ import annotations

from onprem.detect.contract import Recogniser
from onprem.detect.recognisers._build import examples
from onprem.detect.recognisers._names import (
    CLEAR_NAMES,
    GIVEN_NAMES,
    LAST_FIRST,
    MORE,
    NOT_EPONYM,
    SUFFIX,
    after_first,
    given_after_comma,
)
from onprem.labels import Label

# The first letter is matched by a set, which is quick to scan for; the rest by branches that look back at it.
_TITLE_CASE = after_first([name.capitalize() for name in CLEAR_NAMES if len(name) > 2])
_ACRONYMS = frozenset("adele claire dina dora elisa ella elsa gina irma lena marco marta mila nina rene".split())
_CAPITALS = after_first([name.upper() for name in CLEAR_NAMES if len(name) > 3 and name not in _ACRONYMS])
_ANY_TITLE_CASE = after_first([name.capitalize() for name in GIVEN_NAMES if len(name) > 1])
_ANY_CAPITALS = after_first([name.upper() for name in GIVEN_NAMES if len(name) > 2])
_PLAIN = after_first([name for name in CLEAR_NAMES if len(name) > 2])

RECOGNISERS = (
    Recogniser(
        "given_and_surname",
        Label.NAME,
        rf"(?P<v>[A-Z](?<![\w'.-].)(?:{_ANY_TITLE_CASE}|{_ANY_CAPITALS})(?![\w'])(?:{MORE}){{1,3}}{SUFFIX})(?![\w'-]){NOT_EPONYM}",
        0.7,
        examples(
            "Called <NAME>Anna Kowalska</NAME> today; <NAME>JOHN A. SMITH</NAME> and <NAME>Miguel de la Cruz</NAME> agreed.",
            "Austin Flint murmur, Graham Steell murmur, Bone Marrow Aspirate, Lupus Anticoagulant, Lewy Body Dementia.",
        ),
    ),
    Recogniser(
        "last_comma_first",
        Label.NAME,
        rf"[A-Z](?<![\w'.,-].)(?<=(?=(?P<v>{LAST_FIRST})(?![\w'-]){NOT_EPONYM}).)",
        0.7,
        examples("<NAME>Smith, John A.</NAME> was seen; <NAME>OKAFOR, NGOZI</NAME>", "Pain, Fever, Boston, Chicago. Iron, Zinc and Selenium."),
        needs=(",",),
        check=given_after_comma,
    ),
    Recogniser(
        "given_alone",
        Label.NAME,
        rf"[A-Z](?<![\w'.-].)(?:{_TITLE_CASE}|{_CAPITALS})(?:-[A-Z][a-z]{{1,12}})?(?![\w-]|\.\w){NOT_EPONYM}",
        0.6,
        examples("We met <NAME>Martha</NAME> and <NAME>Siobhan</NAME>'s sister.", "Grant, Rose, Wilson, Parkinson and Glasgow scores; Rett Syndrome."),
    ),
    Recogniser(
        "given_alone_plain",
        Label.NAME,
        rf"[a-z](?<![\w'.@/-].)(?:{_PLAIN})(?![\w@-]|\.\w)",
        0.55,
        examples("[doctor] hi , <NAME>martha</NAME> . how are you ? and <NAME>brian</NAME> is a 58 year old", "the patient is well , and will return in may with grace"),
        needs=("uncased",),
        langs=frozenset({"en"}),
    ),
)  # fmt: skip
