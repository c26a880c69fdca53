"""Every member of every family keeps the family's contract: its own examples are its tests."""

from __future__ import annotations

import re

import pytest

from onprem import families, tagged
from onprem.detect.contract import Passage, Recogniser
from onprem.detect.patterns import PatternDetector, recognisers
from onprem.text import HAN, view

RECOGNISERS = recognisers()
MODULE = {
    item.name: module
    for module, member in families.members("onprem.detect.recognisers", "RECOGNISERS").items()
    for item in member  # type: ignore[attr-defined]
}
DETECTOR = PatternDetector()


def spans_of(text: str, module: str) -> list[tuple[int, int, str]]:
    """Return (start, end, recogniser) of every span that the recognisers of one module find."""
    lang = "zh" if HAN.search(text) else "en"
    shown = view(text)
    found = DETECTOR.find([Passage(shown.text, lang)])[0]
    named = [(*shown.original(span.start, span.end), next(iter(span.by)).partition("/")[2]) for span in found]
    return [item for item in named if MODULE.get(item[2]) == module]


def cases(positive: bool) -> list[object]:
    return [
        pytest.param(recogniser, example.tagged, id=f"{recogniser.name}-{index}")
        for recogniser in RECOGNISERS
        for index, example in enumerate(recogniser.examples)
        if bool(tagged.parse(example.tagged).spans) is positive
    ]


def test_the_families_are_found_without_importing_private_modules() -> None:
    names = list(families.modules("onprem.detect.recognisers"))
    assert names == sorted(names)
    assert not any(name.rpartition(".")[2].startswith("_") for name in names)
    assert len(families.members("onprem.detect.recognisers", "RECOGNISERS")) == len(names)


def test_names_are_unique() -> None:
    names = [item.name for item in RECOGNISERS]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[a-z][a-z0-9_]+", name) for name in names)


@pytest.mark.parametrize("recogniser", RECOGNISERS, ids=lambda item: item.name)
def test_a_recogniser_has_a_positive_and_a_negative_example(recogniser: Recogniser) -> None:
    found = [bool(tagged.parse(example.tagged).spans) for example in recogniser.examples]
    assert True in found
    assert False in found
    assert 0 < recogniser.score <= 1


@pytest.mark.parametrize(("recogniser", "example"), cases(True))
def test_a_positive_example_is_covered_and_nothing_else_is_touched(recogniser: Recogniser, example: str) -> None:
    gold = tagged.parse(example)
    found = spans_of(gold.text, MODULE[recogniser.name])
    covered = {position for start, end, _ in found for position in range(start, end)}
    wanted = {position for span in gold.spans for position in range(span.start, span.end)}
    assert wanted <= covered, [gold.text[span.start : span.end] for span in gold.spans]
    own = {position for start, end, name in found if name == recogniser.name for position in range(start, end)}
    beyond = "".join(gold.text[position] for position in sorted(own - wanted))
    assert not re.search(r"\w", beyond), (beyond, found)


@pytest.mark.parametrize(("recogniser", "example"), cases(True))
def test_a_recogniser_finds_in_its_own_positive_example(recogniser: Recogniser, example: str) -> None:
    assert recogniser.name in {name for _, _, name in spans_of(tagged.parse(example).text, MODULE[recogniser.name])}


@pytest.mark.parametrize(("recogniser", "example"), cases(False))
def test_a_negative_example_is_untouched(recogniser: Recogniser, example: str) -> None:
    found = spans_of(example, MODULE[recogniser.name])
    assert not found, [(example[start:end], name) for start, end, name in found]
