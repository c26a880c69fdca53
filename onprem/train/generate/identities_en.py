"""Invented people of many cultures and the ways in which clinical text writes them.

Raw names come from `en_people.toml` and from Faker's locale lists (needed only to regenerate the training text). Rare
names are partitioned by hash: one of dev or test is never met in train. Common names (Smith, Maria) belong to every split,
as no model should be blind to them; there the pair of given and family name is partitioned, so no identity is shared.
"""

from __future__ import annotations

import importlib
import itertools
import random
import tomllib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from onprem.train.generate.contract import Split, split_of

# Faker locales whose names are written in Latin letters, gathered into pools by how families name themselves
_LOCALES = {
    "us": ("en_US", "en", "en_NZ", "en_GB"),
    "british": ("en_GB", "en_IE", "ga_IE"),
    "hispanic": ("es_CA", "es_AR"),
    "german": ("de_DE", "de_AT", "de_CH"),
    "french": ("fr_FR", "fr_CA", "fr_BE", "fr_DZ"),
    "italian": ("it_IT",),
    "dutch": ("nl_NL", "nl_BE"),
    "slavic": ("cs_CZ", "sk_SK", "hr_HR", "sl_SI"),
    "nordic": ("sv_SE", "no_NO", "da_DK", "fi_FI"),
    "baltic": ("et_EE", "lt_LT", "lv_LV", "hu_HU", "ro_RO"),
    "portuguese": ("pt_BR", "pt_PT"),
    "turkic": ("tr_TR", "uz_UZ", "az_AZ"),
    "african": ("yo_NG", "ig_NG", "tw_GH", "zu_ZA", "sw", "en_KE", "en_NG", "ha_NG"),
    "indian": ("en_IN", "en_PK"),
    "southeast": ("id_ID", "en_TH"),
}
_OWN = {
    "vietnamese": 3,
    "korean": 3,
    "chinese": 4,
    "arabic": 4,
    "indian": 5,
    "nigerian": 4,
    "slavic": 3,
    "jewish": 3,
    "hispanic": 6,
    "brazilian": 2,
    "nordic": 2,
}
_WEIGHTS = {"us": 24, "british": 9, "german": 3, "french": 3, "italian": 2, "dutch": 2, "african": 2, "baltic": 2}


def words(file: str) -> dict[str, list[str]]:
    """Read a TOML file of comma-separated lists that lies beside this module."""
    content = tomllib.loads((Path(__file__).parent / file).read_text(encoding="utf-8"))
    return {key: [item.strip() for item in value.split(",") if item.strip()] for key, value in content.items()}


@dataclass(frozen=True, slots=True)
class Pool:
    """Names of one culture."""

    female: tuple[str, ...] = field(repr=False)
    male: tuple[str, ...] = field(repr=False)
    family: tuple[str, ...] = field(repr=False)
    weight: int


@dataclass(frozen=True, slots=True)
class Person:
    """An invented person. `female` decides pronouns and titles."""

    given: str
    middle: str
    family: str
    suffix: str
    nickname: str
    female: bool


def _latin(names: object) -> list[str]:
    """Keep names written in Latin letters. Faker's lists are tuples or mappings; a property is no list."""
    if not isinstance(names, Iterable):
        return []
    return [
        name
        for name in names
        if isinstance(name, str) and all(ord(mark) < 0x250 or ord(mark) >= 0x1E00 for mark in name)
    ]


def _faker(locale: str) -> tuple[list[str], list[str], list[str]]:
    provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
    both = _latin(getattr(provider, "first_names", None))
    female = _latin(getattr(provider, "first_names_female", None)) or both
    male = _latin(getattr(provider, "first_names_male", None)) or both
    return female, male, _latin(getattr(provider, "last_names", None))


@cache
def common() -> frozenset[str]:
    """Return the names that every split may use: those most frequent in the United States, and of `en_people.toml`."""
    lists = words("en_people.toml")
    own = [name for key, names in lists.items() if key.endswith(("_family", "_given", "_words")) for name in names]
    return frozenset(name.casefold() for name in (*itertools.chain.from_iterable(_faker("en_US")), *own))


def _kept(names: list[str], split: Split) -> tuple[str, ...]:
    unique = dict.fromkeys(name.strip() for name in names if len(name.strip()) > 1)
    known = common()
    return tuple(name for name in unique if name.casefold() in known or split_of("name:" + name.casefold()) == split)


@cache
def pools(split: Split) -> dict[str, Pool]:
    """Return the pools of names of a split."""
    lists = words("en_people.toml")
    made: dict[str, Pool] = {}
    for culture, locales in _LOCALES.items():
        parts = [_faker(locale) for locale in locales]
        kept = [_kept([name for part in parts for name in part[index]], split) for index in range(3)]
        made[culture] = Pool(kept[0], kept[1], kept[2], _WEIGHTS.get(culture, 2))
    for culture, weight in _OWN.items():
        given = _kept(lists[f"{culture}_given"], split)
        made["own_" + culture] = Pool(given, given, _kept(lists[f"{culture}_family"], split), weight)
    word_given, word_family = _kept(lists["given_words"], split), _kept(lists["family_words"], split)
    western = made["us"]
    made["words"] = Pool((*western.female, *word_given), (*western.male, *word_given), word_family, 9)
    made["word_given"] = Pool(word_given, word_given, western.family, 2)
    made["other"] = Pool(western.female, western.male, _kept(lists["other_family"], split), 6)
    return {name: pool for name, pool in made.items() if pool.female and pool.male and pool.family}


@cache
def _all(split: Split) -> tuple[list[Pool], list[int], dict[str, list[str]]]:
    made = pools(split)
    return list(made.values()), [pool.weight for pool in made.values()], words("en_people.toml")


def person(rng: random.Random, split: Split, *, female: bool | None = None) -> Person:
    """Invent a person of the split: one whose pair of given and family name belongs to it."""
    while True:
        made = _person(rng, split, female)
        if rng.random() < 0.5:
            made = _plain(made)
        if split_of(identity(made)) == split:
            return made


def identity(who: Person) -> str:
    """Return the key by which a person is partitioned."""
    return f"identity:{who.given.casefold()} {who.family.casefold()}"


def _person(rng: random.Random, split: Split, female: bool | None) -> Person:
    """Invent someone; families mix in about one of eight."""
    several, weights, lists = _all(split)
    pool = rng.choices(several, weights)[0]
    sex = rng.random() < 0.5 if female is None else female
    given = rng.choice(pool.female if sex else pool.male)
    mixed = rng.choices(several, weights)[0] if rng.random() < 0.12 else pool
    family = rng.choice(mixed.family)
    if rng.random() < 0.05:
        family = f"{family}{rng.choice('- ')}{rng.choice(rng.choices(several, weights)[0].family)}"
    middle = ""
    draw = rng.random()
    if draw < 0.2:
        middle = rng.choice("ABCDEFGHIJKLMNOPRSTVWYZ")
    elif draw < 0.32:
        middle = rng.choice(lists["middles"]) if rng.random() < 0.5 else rng.choice(pool.female if sex else pool.male)
    suffix = rng.choice(lists["suffixes"]) if rng.random() < 0.04 and not sex else ""
    nickname = rng.choice(lists["nicknames"])
    return Person(given, middle, family, suffix, nickname, sex)


def _plain(who: Person) -> Person:
    """Write a name without accents, as most hospital systems do."""

    def bare(text: str) -> str:
        if text.isascii():
            return text
        marks = {"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "ß": "ss", "ı": "i", "æ": "ae"}
        swapped = "".join(marks.get(mark, mark) for mark in unicodedata.normalize("NFKD", text))
        return "".join(mark for mark in swapped if not unicodedata.combining(mark))

    return Person(bare(who.given), bare(who.middle), bare(who.family), who.suffix, who.nickname, who.female)


def full(who: Person, rng: random.Random) -> str:
    """Write a full name in natural order."""
    draw = rng.random()
    given, middle, family = who.given, who.middle, who.family
    initial = given[0]
    if draw < 0.62:
        name = f"{given} {family}"
        if middle and rng.random() < 0.5:
            name = f"{given} {middle}{'.' if len(middle) == 1 and rng.random() < 0.7 else ''} {family}"
    elif draw < 0.76:
        name = f"{initial}. {family}" if rng.random() < 0.7 else f"{initial} {family}"
    elif draw < 0.80:
        second = middle[:1] or rng.choice("ABCDEFGHJKLMPRST")
        name = rng.choice(
            (f"{initial}.{second}. {family}", f"{initial}. {second}. {family}", f"{initial}{second} {family}")
        )
    elif draw < 0.84:
        name = f"{given} {family[0]}." if rng.random() < 0.7 else f"{given} {family[0]}"
    elif draw < 0.88:
        quote = rng.choice(('"{}"', "({})", "'{}'"))
        name = f"{given} {quote.format(who.nickname)} {family}"
    elif draw < 0.93:
        name = f"{who.nickname} {family}"
    else:
        name = f"{given} {middle or rng.choice('ABCDEGHJLMNPRST')}. {family}".replace("..", ".")
    return f"{name}{rng.choice((' ', ', '))}{who.suffix}" if who.suffix else name


def reverse(who: Person, rng: random.Random) -> str:
    """Write a name family first, as registers do."""
    middle = f" {who.middle[0]}" if who.middle else ""
    dot = rng.choice(("", ".")) if middle else ""
    comma = rng.choices((", ", ",", " ", "^"), (12, 2, 2, 0.4))[0]
    family = who.family.upper() if rng.random() < 0.3 else who.family
    given = who.given if rng.random() < 0.88 else who.given[0] + rng.choice(("", "."))
    tail = f" {who.suffix}" if who.suffix else ""
    return f"{family}{tail}{comma}{given}{middle}{dot}"


def initials(who: Person, rng: random.Random) -> str:
    """Write only initials."""
    letters = who.given[0] + (who.middle[:1] if rng.random() < 0.5 else "") + who.family[0]
    letters = letters.upper()
    return ".".join(letters) + "." if rng.random() < 0.6 else letters


def typo(text: str, rng: random.Random) -> str:
    """Misspell a name once: swap, drop, double or replace a letter."""
    if len(text) < 5 or not text.isalpha():
        return text
    place = rng.randrange(1, len(text) - 1)
    return rng.choice(
        (
            text[:place] + text[place + 1] + text[place] + text[place + 2 :],
            text[:place] + text[place + 1 :],
            text[:place] + text[place] + text[place:],
            text[:place] + rng.choice("aeiourstln") + text[place + 1 :],
        )
    )
