"""Names that need no label: a given name beside a surname, Last, First, a given name that is nothing else."""

# ruff: noqa: E501 - a pattern, a list of labels and an example are each read whole
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
    given_after_comma,
    starting,
)
from onprem.labels import Label

_ACRONYMS = frozenset("adele claire dina dora elisa ella elsa gina irma lena marco marta mila nina rene".split())
_GUARD = r"(?<![\w'.-].)"
_ALONE = starting(
    [name.capitalize() for name in CLEAR_NAMES if len(name) > 2]
    + [name.upper() for name in CLEAR_NAMES if len(name) > 3 and name not in _ACRONYMS],
    _GUARD,
)
_GIVEN = starting(
    [name.capitalize() for name in GIVEN_NAMES if len(name) > 1]
    + [name.upper() for name in GIVEN_NAMES if len(name) > 2],
    _GUARD,
)
_PLAIN = starting([name for name in CLEAR_NAMES if len(name) > 2], r"(?<![\w'.@/-].)")

RECOGNISERS = (
    Recogniser(
        "given_and_surname",
        Label.NAME,
        rf"(?P<v>{_GIVEN}(?![\w'])(?:{MORE}){{1,3}}{SUFFIX})(?![\w'-]){NOT_EPONYM}",
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
        needs=(", ",),
        reach=(48, 48),
        check=given_after_comma,
    ),
    Recogniser(
        "given_alone",
        Label.NAME,
        rf"{_ALONE}(?:-[A-Z][a-z]{{1,12}})?(?![\w-]|\.\w){NOT_EPONYM}",
        0.6,
        examples("We met <NAME>Martha</NAME> and <NAME>Siobhan</NAME>'s sister.", "Grant, Rose, Wilson, Parkinson and Glasgow scores; Rett Syndrome."),
    ),
    Recogniser(
        "given_alone_plain",
        Label.NAME,
        rf"{_PLAIN}(?![\w@-]|\.\w)",
        0.55,
        examples("[doctor] hi , <NAME>martha</NAME> . how are you ? and <NAME>brian</NAME> is a 58 year old", "the patient is well , and will return in may with grace"),
        needs=("uncased",),
        langs=frozenset({"en"}),
    ),
)  # fmt: skip
