"""The forms in which a known value of a patient may be written: order, initials, pinyin, script, digits only.

A roster value comes from a table or from a span that was accepted elsewhere. Each form is either a sequence of folded
tokens (names, places) or a compact string (numbers, addresses on the net), with the label to report.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from itertools import permutations

from onprem import checksums, text
from onprem.labels import MEANING, Label, Surrogate

_SEQUENCE_LABELS = frozenset({Label.NAME, Label.CITY, Label.HOSPITAL, Label.ORGANISATION, Label.ADDRESS})
_NET_LABELS = frozenset({Label.EMAIL, Label.URL, Label.IP_ADDRESS})
_TITLES = frozenset(
    "mr mrs ms miss mx dr prof professor sir dame lady lord rev fr sr jr ii iii iv md do phd rn np pa fnp bsn "
    "mbbs frcs dds esq nurse sister doctor the of and de la el van der von den bin al da dos del di st".split()
)
_MIN_NUMBER = 5  # shorter all-digit values (a bed, a row number) would match laboratory values
_MIN_CODE = 4  # with a letter in it, four characters are enough
_MAX_NAME_TOKENS = 6


@dataclass(frozen=True, slots=True)
class Form:
    """One written form. `tokens` for sequences, `compact` for numbers; `whole` tells a full value from a part of it."""

    label: Label
    tokens: tuple[str, ...] = field(repr=False, default=())
    compact: str = field(repr=False, default="")
    whole: bool = True
    capital: bool = False  # an everyday word: only where it is written with a capital


@lru_cache(maxsize=1)
def everyday_words() -> frozenset[str]:
    """Words so common in clinical English that a name of that spelling needs a capital to be taken for one."""
    lines = files("onprem.detect").joinpath("lexicons/en_everyday.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


@lru_cache(maxsize=1)
def _everyday_han() -> frozenset[str]:
    lines = files("onprem.detect").joinpath("lexicons/han_everyday.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


@lru_cache(maxsize=2_000)
def forms(label: Label, value: str) -> tuple[Form, ...]:
    """Return the forms of one value; none for a value too short or too common to be searched."""
    return tuple(_forms(label, value))


def _forms(label: Label, value: str) -> Iterator[Form]:
    shown = text.view(value.strip()).text
    if label in _NET_LABELS:
        if len(shown) >= 6:
            yield Form(label, compact=shown.casefold())
    elif label in _SEQUENCE_LABELS:
        if label is Label.NAME:
            yield from _name(shown)
        else:
            yield from _place(label, shown)
    elif MEANING[label].surrogate is Surrogate.NUMBER or label in (Label.PHONE, Label.FAX, Label.POSTCODE):
        yield from _number(label, shown)


def _number(label: Label, shown: str) -> Iterator[Form]:
    number = re.sub(r"[^0-9A-Za-z]", "", shown).upper()
    digits = sum(character.isdigit() for character in number)
    enough = len(number) >= (_MIN_NUMBER if number.isdigit() else _MIN_CODE)
    if digits >= 2 and enough and number.strip("0"):
        yield Form(label, compact=number)
    if label in (Label.PHONE, Label.FAX) and number.isdigit() and len(number) > 11:
        yield Form(label, compact=number[-10:] if not number.startswith("86") else number[-11:])
    # "MRN-0012345" is also written 0012345 and 12345: without its letters, without its leading zeros
    for shorter in {"".join(filter(str.isdigit, number)), number.lstrip("0")} - {number}:
        for bare in {shorter, shorter.lstrip("0")}:
            if bare.isdigit() and len(bare) >= _MIN_NUMBER:
                yield Form(label, compact=bare)


def _place(label: Label, shown: str) -> Iterator[Form]:
    # an address is written in pieces; each piece that is long enough is searched on its own
    for piece in re.split(r"[,;\n\uff0c\uff1b]", shown) if label is Label.ADDRESS else (shown,):
        tokens = _fold(text.tokenize(piece).words)
        han = text.HAN.search(piece) is not None
        length = sum(map(len, tokens))
        if label is Label.ADDRESS and length < (4 if han else 6):
            continue
        if length >= (3 if han else 4):
            everyday = len(tokens) == 1 and tokens[0] in everyday_words()
            if everyday and label is not Label.CITY:
                continue  # "the Clinic", "Mercy": too common to be searched by themselves
            # the piece of a Latin address without a number is its town; a policy may keep that
            town = label is Label.ADDRESS and not han and not any(token.isdigit() for token in tokens)
            for written in _scripts(tokens) if han else (tokens,):
                yield Form(Label.CITY if town else label, tokens=written, whole=not town, capital=everyday)


def _name(shown: str) -> Iterator[Form]:
    if text.HAN.search(shown):
        yield from _han_name(shown)
        return
    family, comma, given = shown.partition(",")
    tokens = _fold(text.tokenize(f"{given} {family}" if comma else shown).words)  # "Last, First" is turned round
    named = tuple(token for token in tokens if token not in _TITLES and len(token) > 1)
    if not named or len(tokens) > 2 * _MAX_NAME_TOKENS:
        return
    if len(named) > 1:
        orders = permutations(named) if len(named) <= 3 else (named, named[::-1], (named[-1], *named[:-1]))
        for order in orders:
            yield Form(Label.NAME, tokens=tuple(order))
        yield Form(Label.NAME, tokens=(named[0], named[-1]))
        yield Form(Label.NAME, tokens=(named[-1], named[0]))
        yield Form(Label.NAME, tokens=(named[0][0], named[-1]))  # J Smith, J. Smith
        yield Form(Label.NAME, tokens=(named[-1], named[0][0]))  # Smith J
        yield Form(Label.NAME, tokens=("".join(named),))  # johnsmith, in addresses and typing errors
    words = everyday_words()
    for part in named:
        if len(part) >= 3:
            yield Form(Label.NAME, tokens=(part,), whole=len(named) == 1, capital=part in words or len(part) == 3)


def _han_name(shown: str) -> Iterator[Form]:
    characters = tuple(text.HAN.findall(shown))
    if len(characters) < 2:
        return
    everyday = "".join(characters) in _everyday_han()
    if not everyday:
        for written in _scripts(characters):
            yield Form(Label.NAME, tokens=written)
    if len(characters) == 3 and "".join(characters[1:]) not in _everyday_han():
        for written in _scripts(characters[1:]):
            yield Form(Label.NAME, tokens=written, whole=False)
    if len(characters) <= 4:
        yield from _pinyin(characters)
    elif "\u00b7" in shown:  # an ethnic name: each part of two or more characters is a name by itself
        for part in shown.split("\u00b7"):
            if len(part) >= 2 and part not in _everyday_han():
                yield Form(Label.NAME, tokens=tuple(part), whole=False)


def _pinyin(characters: tuple[str, ...]) -> Iterator[Form]:
    from pypinyin import Style, lazy_pinyin

    syllables = [syllable for syllable in lazy_pinyin("".join(characters), style=Style.NORMAL) if syllable.isalpha()]
    if len(syllables) != len(characters):
        return
    family = 2 if len(characters) == 4 else 1  # four characters: most often a compound surname
    surname, given = "".join(syllables[:family]), "".join(syllables[family:])
    written = {
        (surname, given),
        (given, surname),
        (surname + given,),
        (given + surname,),
        tuple(syllables),
        (*syllables[family:], surname),
    }
    for tokens in sorted(written):
        if len("".join(tokens)) >= 5:
            yield Form(Label.NAME, tokens=tokens)


@lru_cache(maxsize=1)
def _converters() -> tuple[object, object]:
    from opencc import OpenCC

    return OpenCC("s2t"), OpenCC("t2s")


def _scripts(tokens: tuple[str, ...]) -> set[tuple[str, ...]]:
    """Simplified and traditional writings of a token sequence."""
    found = {tokens}
    for converter in _converters():
        converted = tuple(converter.convert(token) for token in tokens)  # type: ignore[attr-defined]
        found.add(converted)
    return found


def _fold(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(text.fold(word) for word in words if word[0].isalnum())


def spelled_alike(first: str, second: str) -> bool:
    """Say whether two folded words differ by at most one edit (insertion, deletion, substitution, swap of neighbours)."""
    if first == second:
        return True
    if abs(len(first) - len(second)) > 1:
        return False
    start = 0
    while start < min(len(first), len(second)) and first[start] == second[start]:
        start += 1
    one, other = first[start:], second[start:]
    if len(one) == len(other):
        return one[1:] == other[1:] or (one[:2] == other[1::-1] and one[2:] == other[2:])
    return one == other[1:] or one[1:] == other


def deletions(word: str) -> frozenset[str]:
    """Return the word and every form of it with one character removed: two words share one if they are one edit apart."""
    return frozenset({word, *(word[:index] + word[index + 1 :] for index in range(len(word)))})


def strong_number(value: str) -> bool:
    """Say whether a value carries a check digit that makes it an identifier without context."""
    return checksums.cn_resident(value) or (len(checksums.compact(value)) >= 13 and checksums.luhn(value))
