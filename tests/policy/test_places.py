"""Places made coarser."""

from __future__ import annotations

import pytest

from onprem.policy.choices import words
from onprem.policy.places import SMALL_ZIP3_2000, coarser, ethnicity, zip3


@pytest.mark.parametrize("prefix", sorted(SMALL_ZIP3_2000))
def test_zip_codes_of_small_areas_become_zero(prefix: str) -> None:
    assert zip3(prefix + "01") == "000"


def test_the_small_areas_are_those_of_the_guidance() -> None:
    assert len(SMALL_ZIP3_2000) == 17


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("02139", "021"),
        ("02139-4307", "021"),
        ("０２１３９", "021"),
        ("310000", None),
        ("SW1A 1AA", None),
        ("", None),
        ("A02139", None),
    ],
)
def test_zip3(value: str, expected: str | None) -> None:
    assert zip3(value) == expected


@pytest.mark.parametrize(
    ("value", "city", "expected"),
    [
        ("浙江省杭州市西湖区文三路1号", True, "浙江省杭州市"), ("浙江省杭州市西湖区文三路1号", False, "浙江省"),
        ("上海市徐汇区淮海路9号", True, "上海市"), ("上海徐汇", False, "上海"),
        ("内蒙古自治区呼和浩特市", True, "内蒙古自治区呼和浩特市"),
        ("广西壮族自治区南宁市青秀区", False, "广西壮族自治区"), ("西湖区文三路1号", True, None),
        ("12 Elm Road, Lowell, MA 01852", True, "MA"), ("12 Elm Road", True, None),
        ("Lowell, Massachusetts", False, "Massachusetts"),
    ],
)  # fmt: skip
def test_what_stays_of_a_place(value: str, city: bool, expected: str | None) -> None:
    assert coarser(value, keep_city=city) == expected


def test_ethnic_groups() -> None:
    assert [ethnicity(value) for value in ("汉", "汉族", "回族", "Han")] == ["汉族", "汉族", "少数民族", None]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_lists_have_no_doubles_and_enough_to_choose_from(lang: str) -> None:
    for key, least in {"surnames": 100, "female": 80, "male": 80}.items():
        assert len(words(lang, key)) >= least
    assert not set(words(lang, "female")) & set(words(lang, "male")) - {"叶"}
