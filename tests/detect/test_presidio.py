"""presidio-analyzer as a voice: muzzled, mapped to our offsets, without values in its failures."""

from __future__ import annotations

import logging
import os
import socket

import pytest

from onprem.detect.contract import Passage
from onprem.detect.presidio import PresidioDetector
from onprem.errors import OnpremError
from onprem.labels import Label
from onprem.model import Kind


@pytest.fixture(scope="module")
def detector() -> PresidioDetector:
    return PresidioDetector()


@pytest.mark.parametrize(
    ("text", "value", "label"),
    [
        ("Paid by 4111 1111 1111 1111 today", "4111 1111 1111 1111", Label.ACCOUNT_NUMBER),
        ("IBAN DE89 3704 0044 0532 0130 00 given", "DE89 3704 0044 0532 0130 00", Label.ACCOUNT_NUMBER),
        ("Pesel 44051401359 on card", "44051401359", Label.NATIONAL_ID),
        ("number 943 476 5919 on file", "943 476 5919", Label.NATIONAL_ID),
        ("npi 1234567893 here", "1234567893", Label.LICENCE_NUMBER),
    ],
)
def test_verified_numbers_are_found(detector: PresidioDetector, text: str, value: str, label: Label) -> None:
    spans = detector.find([Passage("no numbers", "en"), Passage(text, "en")])
    assert spans[0] == []
    assert (text.index(value), text.index(value) + len(value), label) in [(s.start, s.end, s.label) for s in spans[1]]
    assert all(name.startswith("presidio/") for span in spans[1] for name in span.by)


@pytest.mark.parametrize(
    "text",
    [
        "4111 1111 1111 1112",
        "BP 120/80, HR 72, Na 138, platelets 250000",
        "on 12/03/2024 at 14:30",
        "anna@example.org",
        "",
        "x" * 1000,
    ],
)
def test_unverified_numbers_and_prose_are_not(detector: PresidioDetector, text: str) -> None:
    assert detector.find([Passage(text, "en")]) == [[]]


def test_numbers_of_two_passages_do_not_run_together(detector: PresidioDetector) -> None:
    assert detector.find([Passage("a 4111 1111", "en"), Passage("1111 1111 b", "en")]) == [[], []]


def test_offsets_hold_over_many_passages(detector: PresidioDetector) -> None:
    text = "card 4111111111111111."
    found = detector.find([Passage("x" * index + text, "en", Kind.CLINICAL) for index in range(300)])
    assert all(
        (index + 5, index + 21) in [(span.start, span.end) for span in spans] for index, spans in enumerate(found)
    )


def test_it_is_silent_and_asks_for_nothing(
    detector: PresidioDetector, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was asked for")

    monkeypatch.setattr(socket, "socket", refuse)
    with caplog.at_level(logging.DEBUG):
        detector.find([Passage("anna@example.org 4111 1111 1111 1111 https://example.org", "en")])
    assert caplog.text == ""
    assert os.environ["TLDEXTRACT_PUBLIC_SUFFIX_LIST_URLS"] == ""


def test_a_failure_names_the_recogniser_and_no_value(
    detector: PresidioDetector, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        supported_entities = ("ANY",)

        def analyze(self, text: str, entities: list[str], nlp_artifacts: None = None) -> None:
            raise ValueError(text)

    monkeypatch.setattr(detector, "_analysers", [("broken", Label.OTHER_ID, Broken())])
    with pytest.raises(OnpremError) as caught:
        detector.find([Passage("secret 123456789", "en")])
    assert "broken" in str(caught.value)
    assert "123456789" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
