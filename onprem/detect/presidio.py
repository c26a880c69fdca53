"""presidio-analyzer as one more voice: its recognisers with a check digit.

Rules it keeps:

1. No pipeline, no download, no network: only rule recognisers are built, none of its NLP engine. Its e-mail and web
   recognisers, whose suffix list is fetched from the network, are left out (the patterns cover both), and so is its
   telephone recogniser (26 microseconds a character on text dense with numbers; the patterns cover its forms).
2. Nothing it logs is kept, and no failure of it shows a value.
3. It sees only what can hold a number of nine digits or a code as long: runs cut out of the passages of a batch and
   joined, so that its cost follows the numbers in a text and not the length of the text.
4. A result counts only when its check digit was verified.
"""

from __future__ import annotations

import logging
import os
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Protocol, cast

from onprem.detect.contract import Passage
from onprem.errors import OnpremError
from onprem.labels import Label
from onprem.model import Kind, Span

NAME = "presidio"
_LOGGER = "presidio-analyzer"
_VERIFIED = 0.95  # Presidio gives 1.0 to a match whose check digit is right
_BREAK = "\n\u00a7\n"  # between two runs: no recogniser matches across it
_MAX_CHARS = 60_000  # joined runs given to Presidio at once
# A run that may hold a number: a word with a digit, its neighbours of digits and short codes, signs between them.
_RUN = re.compile(
    r"[+(]?[A-Za-z]{0,6}\d[A-Za-z\d]{0,40}(?:[-./() ]{1,2}\(?[A-Za-z]{0,4}\d[A-Za-z\d]{0,40}){0,9}"
    r"|\b[13][a-km-zA-HJ-NP-Z1-9]{25,59}\b"
)
_LEAST_DIGITS = re.compile(r"(?:\d\D{0,3}){8}\d")
_MIXED_CODE = re.compile(r"(?=[A-Z\d]*\d[A-Z\d]*\d)[A-Z\d]{8,20}")

# Recognisers with a check digit, by class name, and what their entities are here.
_CHECKED: dict[str, Label] = {
    "AuAbnRecognizer": Label.OTHER_ID,
    "AuMedicareRecognizer": Label.HEALTH_PLAN_NUMBER,
    "AuTfnRecognizer": Label.NATIONAL_ID,
    "CreditCardRecognizer": Label.ACCOUNT_NUMBER,
    "CryptoRecognizer": Label.ACCOUNT_NUMBER,
    "DeHealthInsuranceRecognizer": Label.HEALTH_PLAN_NUMBER,
    "DeIdCardRecognizer": Label.NATIONAL_ID,
    "DePassportRecognizer": Label.PASSPORT,
    "DeSocialSecurityRecognizer": Label.NATIONAL_ID,
    "DeTaxIdRecognizer": Label.NATIONAL_ID,
    "EsNieRecognizer": Label.NATIONAL_ID,
    "EsNifRecognizer": Label.NATIONAL_ID,
    "FiPersonalIdentityCodeRecognizer": Label.NATIONAL_ID,
    "IbanRecognizer": Label.ACCOUNT_NUMBER,
    "InAadhaarRecognizer": Label.NATIONAL_ID,
    "InGstinRecognizer": Label.OTHER_ID,
    "ItFiscalCodeRecognizer": Label.NATIONAL_ID,
    "KrFrnRecognizer": Label.NATIONAL_ID,
    "KrRrnRecognizer": Label.NATIONAL_ID,
    "MedicalLicenseRecognizer": Label.LICENCE_NUMBER,
    "NgNinRecognizer": Label.NATIONAL_ID,
    "NhsRecognizer": Label.NATIONAL_ID,
    "PlPeselRecognizer": Label.NATIONAL_ID,
    "SePersonnummerRecognizer": Label.NATIONAL_ID,
    "ThTninRecognizer": Label.NATIONAL_ID,
    "TrNationalIdRecognizer": Label.NATIONAL_ID,
    "UkDrivingLicenceRecognizer": Label.LICENCE_NUMBER,
    "UsNpiRecognizer": Label.LICENCE_NUMBER,
    "ZaIdNumberRecognizer": Label.NATIONAL_ID,
}


class _Result(Protocol):
    start: int
    end: int
    score: float


class _Analyser(Protocol):
    supported_entities: list[str]

    def analyze(self, text: str, entities: list[str], nlp_artifacts: None = None) -> list[_Result] | None: ...


class PresidioDetector:
    """Presidio's checked recognisers over the number runs of passages."""

    name = NAME

    def __init__(self) -> None:
        """Build the recognisers; imports presidio-analyzer."""
        self._analysers = _build()

    def find(self, passages: Sequence[Passage]) -> list[list[Span]]:
        """Return the spans of each passage, in view offsets.

        Raises an OnpremError without a value when a recogniser fails: the caller holds the records.
        """
        found: list[list[Span]] = [[] for _ in passages]
        for pieces in _joined(passages):
            text = _BREAK.join(run for _, _, run in pieces)
            begins = list(accumulate((len(run) + len(_BREAK) for _, _, run in pieces[:-1]), initial=0))
            for name, label, analyser in self._analysers:
                for start, end, score in _analyse(name, analyser, text):
                    if score >= _VERIFIED:
                        span = Span(start, end, label, score, frozenset({f"{NAME}/{name}"}))
                        _place(pieces, begins, span, found)
        for spans in found:
            spans.sort(key=lambda span: (span.start, span.end))
        return found


def _build() -> list[tuple[str, Label, _Analyser]]:
    os.environ["TLDEXTRACT_PUBLIC_SUFFIX_LIST_URLS"] = ""  # read when tldextract is imported: nothing to fetch
    os.environ.setdefault("REGEX_TIMEOUT_SECONDS", "5")
    logger = logging.getLogger(_LOGGER)
    logger.handlers[:] = [logging.NullHandler()]
    logger.propagate = False
    logger.setLevel(logging.CRITICAL + 1)
    from presidio_analyzer import predefined_recognizers

    built: list[tuple[str, Label, _Analyser]] = []
    for name, label in _CHECKED.items():
        short = name.removesuffix("Recognizer").lower()
        built.append((short, label, cast(_Analyser, getattr(predefined_recognizers, name)())))
    # the package sets its own level when imported
    logger.setLevel(logging.CRITICAL + 1)
    return built


def _analyse(name: str, analyser: _Analyser, text: str) -> list[tuple[int, int, float]]:
    try:
        results = analyser.analyze(text, analyser.supported_entities, None) or []
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        raise OnpremError(f"the {name} recogniser of presidio-analyzer failed") from None
    return [(item.start, item.end, item.score) for item in results]


def _runs(passage: Passage) -> Iterator[tuple[int, str]]:
    if passage.kind not in (Kind.TEXT, Kind.CLINICAL) or not passage.has_digit:
        return
    for match in _RUN.finditer(passage.text):
        run = match.group()
        if len(run) >= 8 and (_LEAST_DIGITS.search(run) or _MIXED_CODE.search(run)):
            yield match.start(), run


def _joined(passages: Sequence[Passage]) -> Iterator[list[tuple[int, int, str]]]:
    """Yield groups of runs (index of the passage, offset in it, text), each group of bounded length."""
    pieces: list[tuple[int, int, str]] = []
    size = 0
    for index, passage in enumerate(passages):
        for offset, run in _runs(passage):
            pieces.append((index, offset, run))
            size += len(run) + len(_BREAK)
            if size >= _MAX_CHARS:
                yield pieces
                pieces, size = [], 0
    if pieces:
        yield pieces


def _place(pieces: Sequence[tuple[int, int, str]], begins: Sequence[int], span: Span, found: list[list[Span]]) -> None:
    """Map a span of the joined text to its passage; one that crosses a break is cut by it into the runs it covers."""
    at = max(bisect_right(begins, span.start) - 1, 0)
    while at < len(pieces) and begins[at] < span.end:
        index, offset, run = pieces[at]
        start, end = max(span.start, begins[at]), min(span.end, begins[at] + len(run))
        if start < end:
            shift = offset - begins[at]
            found[index].append(Span(start + shift, end + shift, span.label, span.score, span.by))
        at += 1
