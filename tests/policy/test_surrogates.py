"""The invented person: consistent, agreeing, never the original."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_world import FixedSubject, make_persona

from onprem.checksums import cn_resident, cn_resident_check_digit
from onprem.labels import Label
from onprem.policy.choices import words
from onprem.policy.numbers import canonical
from onprem.policy.surrogates import date_offset
from onprem.text import fold

SEEDS = st.integers(0, 2**40)
EN_NAMES = st.builds(
    lambda given, surname: f"{given} {surname}",
    st.sampled_from([*words("en", "female"), *words("en", "male"), "Adaeze", "Yui", "José", "Zoë"]),
    st.sampled_from([*words("en", "surnames"), "Okonkwo", "Nguyen", "O'Brien", "Müller", "Tanaka"]),
)
ZH_NAMES = st.builds(
    lambda surname, given: surname + given,
    st.sampled_from(words("zh", "surnames")[:60] + words("zh", "compound_surnames")[:6]),
    # 先 and 生 are both characters of given names; together they are a title
    st.text(st.sampled_from(words("zh", "female") + words("zh", "male")), min_size=1, max_size=2).filter(
        lambda given: given not in words("zh", "titles")
    ),
)


@given(st.binary(min_size=1, max_size=40))
def test_the_offset_is_whole_weeks_and_more_than_a_year(secret: bytes) -> None:
    offset = date_offset(FixedSubject(secret))
    assert offset % 7 == 0
    assert 366 <= abs(offset) <= 1825
    assert offset == date_offset(FixedSubject(secret))


def test_offsets_go_back_and_forth_and_differ() -> None:
    offsets = [date_offset(FixedSubject(bytes([i]))) for i in range(100)]
    assert 25 < sum(offset > 0 for offset in offsets) < 75
    assert len(set(offsets)) > 60


@settings(max_examples=200)
@given(SEEDS, EN_NAMES)
def test_an_english_name_is_one_person_in_every_form(seed: int, name: str) -> None:
    given_name, surname = name.split(" ", 1)
    persona = make_persona(seed, (Label.NAME, name))
    first, _, last = persona.name(name).partition(" ")
    assert persona.name(f"{surname}, {given_name}") == f"{last}, {first}"
    assert persona.name(f"Mr {surname}") == f"Mr {last}"
    assert persona.name(surname.upper()) == last.upper()
    assert persona.name(given_name) == first
    assert persona.name(f"{given_name[0]}. {surname}") == f"{first[0]}. {last}"
    assert fold(first) not in {fold(given_name), fold(surname)}
    assert fold(last) not in {fold(given_name), fold(surname)}


@settings(max_examples=200)
@given(SEEDS, ZH_NAMES)
def test_a_chinese_name_is_one_person_in_every_form(seed: int, name: str) -> None:
    persona = make_persona(seed, (Label.NAME, name))
    made = persona.name(name)
    assert made != name and len(made) == len(name)
    surname = 2 if name[:2] in words("zh", "compound_surnames") else 1
    assert persona.name(name[:surname] + "先生") == made[:surname] + "先生"
    assert not set(made[surname:]) & set(name[surname:])
    assert made[:surname] != name[:surname]
    if len(name) - surname == 2:
        assert persona.name(name[surname:]) == made[surname:]


def test_pinyin_of_a_known_name_is_pinyin_of_its_replacement() -> None:
    from pypinyin import lazy_pinyin

    persona = make_persona(9, (Label.NAME, "王小明"), sex="M")
    made = persona.name("王小明")
    syllables = lazy_pinyin(made)
    expected = f"{syllables[0].capitalize()} {''.join(syllables[1:]).capitalize()}"
    assert persona.name("Wang Xiaoming") == expected
    assert persona.name("WANG XIAOMING") == expected.upper()


def test_a_typing_error_in_a_known_name_is_the_same_person() -> None:
    persona = make_persona(10, (Label.NAME, "Catherine Henderson"))
    made = persona.name("Catherine Henderson")
    for slip in ("Catherine Hendersen", "Cathrine Henderson", "Catherine Hnederson", "Catherines Henderson"):
        assert persona.name(slip) == made


def test_titles_and_signs_stay_and_particles_go() -> None:
    persona = make_persona(11)
    assert re.fullmatch(r"Dr\. [A-Z][a-z]+, MD", persona.name("Dr. Okonkwo, MD"))
    assert re.fullmatch(r"[A-Z][a-z]+", persona.name("van der Berg"))
    assert re.fullmatch(r"[A-Z][a-z]+-[A-Z][a-z]+", persona.name("Smith-Okafor"))
    assert persona.name("王主任").endswith("主任")
    assert persona.name("小王")[0] == "小" and persona.name("小王") != "小王"
    assert persona.name("张某某").endswith("某某") and persona.name("张某某")[0] != "张"


@pytest.mark.parametrize("name", ["Linh Do", "LINH DO", "Or Levi", "LEE", "Pa Vang"])
def test_a_name_that_looks_like_a_title_is_still_replaced(name: str) -> None:
    made = make_persona(12).name(name)
    assert not {fold(word) for word in made.split()} & {fold(word) for word in name.split()}


def test_sex_is_kept() -> None:
    for seed in range(20):
        woman = make_persona(seed, (Label.NAME, "Yui Tanaka"), sex="F").name("Yui Tanaka").split()[0]
        man = make_persona(seed, (Label.NAME, "Yui Tanaka"), sex="M").name("Yui Tanaka").split()[0]
        assert woman in words("en", "female") and man in words("en", "male")


def _card(day: date, order: int) -> str:
    first17 = f"330106{day:%Y%m%d}{order:03d}"
    return first17 + cn_resident_check_digit(first17)


@settings(max_examples=200)
@given(SEEDS, st.dates(date(1920, 1, 1), date(2024, 12, 31)), st.integers(1, 999))
def test_a_resident_card_checks_and_agrees_with_the_persona(seed: int, born: date, order: int) -> None:
    card = _card(born, order)
    persona = make_persona(seed, (Label.NATIONAL_ID, card))
    made = persona.surrogate(Label.NATIONAL_ID, card)
    assert made is not None and made != card
    assert cn_resident(made)
    assert int(made[16]) % 2 == int(card[16]) % 2
    moved = born + timedelta(days=persona.offset)
    assert made[6:14] == f"{moved:%Y%m%d}"
    assert made[:6] in words("zh", "regions") and made[:6] != card[:6]
    spaced = f"{card[:6]} {card[6:14]} {card[14:].lower()}"
    assert canonical(persona.surrogate(Label.NATIONAL_ID, spaced) or "") == canonical(made)
    old = card[:6] + card[8:17]
    legacy = persona.surrogate(Label.NATIONAL_ID, old)
    if 1900 <= born.year < 2000:
        assert legacy is not None and len(legacy) == 15 and legacy[6:12] == f"{moved:%y%m%d}"


def test_a_card_with_a_wrong_check_digit_still_gets_a_right_one() -> None:
    card = _card(date(1970, 3, 5), 123)
    wrong = card[:-1] + ("0" if card[-1] != "0" else "1")
    made = make_persona(1).surrogate(Label.NATIONAL_ID, wrong)
    assert made is not None and cn_resident(made)


NUMBER_LABELS = (Label.RECORD_NUMBER, Label.SSN, Label.ACCOUNT_NUMBER, Label.OTHER_ID, Label.DEVICE_ID, Label.PASSPORT)


@settings(max_examples=300)
@given(SEEDS, st.from_regex(r"[A-Z0-9]{1,3}[- ]?[0-9]{2,9}[A-Z]?", fullmatch=True), st.sampled_from(NUMBER_LABELS))
def test_numbers_keep_their_shape_and_change(seed: int, value: str, label: Label) -> None:
    persona = make_persona(seed)
    made = persona.surrogate(label, value)
    assert made is not None and made != value and len(made) == len(value)
    for old, new in zip(value, made, strict=True):
        assert (old.isdigit() and (new.isdigit() or new == "X")) or (old.isalpha() and new.isalpha()) or old == new
    assert canonical(persona.surrogate(label, value.replace("-", " ")) or "") == canonical(made)


@pytest.mark.parametrize(
    ("value", "pattern"),
    [
        ("(617) 842-9921", r"\(\d{3}\) 555-01\d\d"),
        ("617-842-9921", r"\d{3}-555-01\d\d"),
        ("+1 617.842.9921", r"\+1 \d{3}\.555\.01\d\d"),
        ("842-9921", r"555-01\d\d"),
        ("617-842-9921 x1234", r"\d{3}-555-01\d\d x\d{4}"),
        ("13812345678", r"1990000\d{4}"),
        ("138-1234-5678", r"199-0000-\d{4}"),
        ("+86 138 1234 5678", r"\+86 199 0000 \d{4}"),
        ("0571-87654321", r"0\d{3}-0\d{7}"),
        ("010-87654321", r"0\d{2}-0\d{7}"),
        ("400-810-1234", r"400-000-\d{4}"),
        ("07911 123456", r"07700 900\d{3}"),
        ("+49 30 1234567", r"\+\d\d \d\d \d{7}"),
    ],
)
def test_telephone_numbers_are_those_that_nobody_has(value: str, pattern: str) -> None:
    for seed in range(5):
        made = make_persona(seed).surrogate(Label.PHONE, value)
        assert made is not None and re.fullmatch(pattern, made), made
        assert made != value


def test_spellings_of_a_telephone_number_agree() -> None:
    persona = make_persona(12)
    made = {
        canonical(persona.surrogate(Label.PHONE, value) or "")[-10:]
        for value in ("617-842-9921", "(617) 842-9921", "+1 617 842 9921")
    }
    assert len(made) == 1


@pytest.mark.parametrize(
    ("label", "value", "pattern"),
    [
        (Label.EMAIL, "jane.roe@hospital.test", r"user\d{8}@example\.org"),
        (Label.EMAIL, "wx_lily1988", r"[a-z]{2}_[a-z]{4}\d{4}"),
        (Label.URL, "https://hospital.test/p/12", r"https://example\.org/[0-9a-f]+"),
        (Label.IP_ADDRESS, "10.1.2.3", r"192\.0\.2\.\d+"),
        (Label.IP_ADDRESS, "fe80::1", r"2001:db8::[0-9a-f]+"),
        (Label.IP_ADDRESS, "3C:5A:B4:11:22:33", r"00-00-5E-00-53-[0-9A-F]{2}"),
        (Label.HOSPITAL, "Mercy General Hospital", r"[A-Z][a-z]+ General Hospital"),
        (Label.HOSPITAL, "杭州市第一人民医院", r"\w{2}第一人民医院"),
        (Label.CITY, "杭州市", r"\w{2,3}市"),
        (Label.STATE, "浙江省", r"\w{2,3}[省市]"),
        (Label.STATE, "MA", r"[A-Z]{2}"),
        (Label.ADDRESS, "12 Elm Road, Apt 3", r"\d+ [A-Z][a-z]+ \w+"),
        (Label.ADDRESS, "西湖区文三路1号", r"\w{2}路\d+号"),
    ],
)
def test_places_and_contacts(label: Label, value: str, pattern: str) -> None:
    for seed in range(8):
        made = make_persona(seed).surrogate(label, value)
        assert made is not None and re.fullmatch(pattern, made), made
        assert made != value


@settings(max_examples=200)
@given(SEEDS, st.lists(EN_NAMES | ZH_NAMES, min_size=1, max_size=4, unique=True))
def test_no_surrogate_is_a_known_value_of_the_patient(seed: int, names: list[str]) -> None:
    persona = make_persona(seed, *((Label.NAME, name) for name in names))
    known = {fold(part) for name in names for part in name.split()} | {fold(name) for name in names}
    for name in names:
        made = persona.name(name)
        assert fold(made) not in known
        assert not {fold(part) for part in made.split()} & known


def test_no_part_of_a_name_that_no_table_knows_comes_back_in_another_place() -> None:
    name = " ".join(words("en", "female")[:12])
    for seed in range(40):
        assert not set(make_persona(seed).name(name).split()) & set(name.split())


def test_two_patients_get_two_persons() -> None:
    made = {make_persona(seed, (Label.NAME, "Jane Roe")).name("Jane Roe") for seed in range(50)}
    assert len(made) > 45


def test_no_repr_shows_a_value() -> None:
    persona = make_persona(1, (Label.NAME, "Jane Roe"))
    persona.name("Jane Roe")
    assert "Roe" not in repr(persona) and "Roe" not in repr(persona.names) and "Roe" not in str(vars_of(persona))


def vars_of(persona: object) -> list[str]:
    """What a traceback with locals would print: the repr of each attribute."""
    return [repr(getattr(persona, name)) for name in ("choices", "names", "_known")]
