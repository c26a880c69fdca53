"""Ages in bands, English and Chinese."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onprem.policy.ages import banded, find_ages


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("92-year-old", "90+-year-old"), ("92 y/o", "90+ y/o"), ("89", "89"), ("90", "90+"), ("102岁", "90+岁"),
        ("ninety-two", "90+"), ("Ninety two", "90+"), ("ninety", "90+"), ("eighty-nine", "eighty-nine"),
        ("one hundred and two", "90+"), ("one hundred", "90+"), ("九十二岁", "90+岁"), ("九十", "90+"),
        ("一百零二岁", "90+岁"),
        ("八十九岁", "八十九岁"), ("90多岁", "90+岁"), ("90s", "90+"), ("95余岁", "90+岁"), ("6 months", "6 months"),
        ("100 days", "100 days"), ("95天", "95天"), ("3月", "3月"), ("3岁5个月", "3岁5个月"), ("93F", "90+F"),
        ("９２岁", "90+岁"), ("91周岁", "90+周岁"), ("80岁和95岁", "80岁和90+岁"), ("92.5", "90+"),
    ],
)  # fmt: skip
def test_ninety_and_over_are_one_band(text: str, expected: str) -> None:
    assert banded(text, width=0, top=90) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("45", "45-49"), ("40岁", "40-44岁"), ("89", "85-89"), ("3 months", "3 months")]
)
def test_bands_of_some_years(text: str, expected: str) -> None:
    assert banded(text, width=5, top=90) == expected


def test_what_is_no_age_is_not_guessed() -> None:
    assert banded("elderly", width=0, top=90) is None


@given(st.integers(0, 129), st.sampled_from(["{} years old", "{}岁", "{}yo", "aged {}", "{}"]))
def test_no_age_of_ninety_or_more_is_left(age: int, form: str) -> None:
    out = banded(form.format(age), width=0, top=90)
    assert out is not None
    assert out == (form.format(age) if age < 90 else form.format("90+"))


@given(st.text(max_size=40))
def test_any_text_is_handled(text: str) -> None:
    out = banded(text, width=0, top=90)
    if out is not None:
        assert all(age.years <= 90 for age in find_ages(out))
