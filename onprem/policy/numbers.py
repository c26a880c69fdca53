"""Invented numbers: identifiers of the same shape, telephone numbers nobody has, a resident ID card that checks.

Telephone numbers: 555-0100 to 555-0199 are kept for fiction by the North American Numbering Plan; 07700 900xxx and
020 7946 0xxx by Ofcom; Chinese fixed-line numbers never begin with 0, so 0xxxxxxx is nobody's; Chinese mobiles take
1990000xxxx, whose HLR group 0000 carries no subscribers known to us; 400 numbers take 400-000-xxxx.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

from onprem.checksums import cn_resident_check_digit
from onprem.policy.choices import Choices, words
from onprem.text import view

_HAN_DIGITS = "〇一二三四五六七八九"
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"  # no I and O, which read as digits
_AREA_CODES = tuple(str(code) for code in range(201, 990) if code % 10 != code // 10 % 10 and code % 100 != 11)
_LANDLINE_AREAS = {
    3: ("010", "021", "022", "023", "024", "025", "027", "028", "029"),
    4: ("0311", "0371", "0411", "0431", "0451", "0531", "0551", "0571", "0591", "0731", "0771", "0851"),
}
_RESIDENT = re.compile(r"[1-9]\d{5}(\d{4})(\d{2})(\d{2})(\d{3})[\dXx]")
_RESIDENT_15 = re.compile(r"[1-9]\d{5}(\d{2})(\d{2})(\d{2})(\d{3})")


def canonical(value: str) -> str:
    """Return letters and digits only, upper case, digits ASCII: the form in which two spellings of a number agree."""
    shown = view(value).text.upper()
    return "".join(
        str(_HAN_DIGITS.index(character)) if character in _HAN_DIGITS else "0" if character == "零" else character
        for character in shown
        if character.isalnum()
    )


def pour(value: str, replacement: str) -> str:
    """Write the characters of `replacement` where `value` has letters and digits; marks and spaces stay.

    Chinese digits stay Chinese and lower case stays lower; what is left over of `replacement` is appended.
    """
    pieces: list[str] = []
    rest = iter(replacement)
    for character in value:
        if not character.isalnum():
            pieces.append(character)
            continue
        new = next(rest, "")
        if character in _HAN_DIGITS or character == "零":
            new = _HAN_DIGITS[int(new)] if new.isdigit() else new
        pieces.append(new.lower() if character.islower() else new)
    return "".join(pieces) + "".join(rest)


def _stream(choices: Choices, purpose: str, value: str, length: int) -> list[int]:
    """Return `length` keyed numbers below 65,536."""
    blocks = (choices.digest(purpose, f"{block}:{value}") for block in range(length // 16 + 1))
    raw = b"".join(blocks)
    return [int.from_bytes(raw[i : i + 2], "big") for i in range(0, 2 * length, 2)]


def _same_shape_once(plain: str, draws: list[int]) -> str:
    leading = len(plain) - len(plain.lstrip("0")) if len(plain) > 1 else 0  # kept: typed columns stay in width
    pieces = ["0"] * leading
    for position, character in enumerate(plain[leading:], leading):
        draw = draws[position]
        if character.isdigit():
            pieces.append(str(draw % 9 + 1) if position == leading and character != "0" else str(draw % 10))
        else:
            pieces.append(_LETTERS[draw % len(_LETTERS)] if character.isascii() else character)
    return "".join(pieces)


def same_shape(choices: Choices, purpose: str, value: str) -> str:
    """Return an invented number of the same shape: digits to digits, letters to letters, leading zeros kept.

    Never equal to the original; a number in which nothing can change (000) becomes X of its length.
    """
    plain = canonical(value)
    for attempt in range(8):
        made = _same_shape_once(plain, _stream(choices, purpose, f"{attempt}:{plain}", len(plain)))
        if made != plain:
            return pour(value, made)
    return pour(value, "X" * len(plain))


def telephone(choices: Choices, value: str) -> str:
    """Return a telephone number of the same form that nobody has."""
    digits = "".join(character for character in canonical(value) if character.isdigit())
    draw = choices.number("phone", digits[-8:], 10**8)
    american = re.match(r"\s*(?:\+1(?!\d{2}-?\d{4}-)|1[\s.(-])", view(value).text) is not None
    made = _american(choices, digits, draw) if american else None
    made = made or _telephone_digits(choices, digits, draw)
    if made is None or made == digits:
        return same_shape(choices, "phone", value)
    return pour(value, made) if not any(c.isalpha() and c.isascii() for c in value) else _pour_digits(value, made)


def _pour_digits(value: str, digits: str) -> str:
    rest = iter(digits)
    return "".join(next(rest, "") if character.isdigit() else character for character in value) + "".join(rest)


_CN_MOBILE = re.compile(r"1[3-9]\d{9}")
_CN_LANDLINE = re.compile(r"0[12]\d\d{7,8}|0[3-9]\d{2}\d{7,8}")
_UK_MOBILE = re.compile(r"(?:07|447)\d{9}")
_NANP = re.compile(r"(?P<lead>1)?(?P<area>[2-9]\d{2})\d{7}(?P<extension>\d{0,5})")


def _american(choices: Choices, digits: str, draw: int) -> str | None:
    """Return a number of the North American plan, with the country code and the extension if there are any."""
    match = _NANP.fullmatch(digits)
    if match is None:
        return None
    area = choices.pick("phone-area", match["area"], _AREA_CODES)
    return (match["lead"] or "") + area + f"55501{draw % 100:02d}" + f"{draw:08d}"[: len(match["extension"])]


def _telephone_digits(choices: Choices, digits: str, draw: int) -> str | None:
    """Return replacement digits for the numbering plan that `digits` follow; None for an unknown plan."""
    prefix = "86" if digits.startswith("86") and len(digits) >= 12 else ""
    national = digits.removeprefix(prefix)
    made: str | None = None
    if _CN_MOBILE.fullmatch(national):
        made = f"{prefix}1990000{draw % 10_000:04d}"
    elif re.fullmatch(r"400\d{7}", national):
        made = f"{prefix}400000{draw % 10_000:04d}"
    elif _UK_MOBILE.fullmatch(national):
        made = ("07700900" if national.startswith("07") else "447700900") + f"{draw % 1000:03d}"
    elif _CN_LANDLINE.fullmatch(national):
        width = 3 if national[1] in "12" else 4
        area = choices.pick("phone-area", national[:width], _LANDLINE_AREAS[width])
        made = prefix + area + "0" + f"{draw:08d}"[: len(national) - width - 1]
    elif re.fullmatch(r"[2-9]\d{6}", national):
        made = f"55501{draw % 100:02d}"
    elif not prefix:
        made = _american(choices, national, draw)
    return made


def resident_card(choices: Choices, value: str, *, days: int) -> str | None:
    """Return an invented Chinese resident ID card for a card number; None if `value` has not the form of one.

    The sex digit stays odd or even, the birth date inside is moved by `days`, the region is another one, and the check
    digit is right (GB 11643-1999).
    """
    plain = canonical(value)
    long, short = _RESIDENT.fullmatch(plain), _RESIDENT_15.fullmatch(plain)
    match = long or short
    if match is None:
        return None
    year, month, day, order = match.groups()
    try:
        born = date(int(year) + (1900 if short else 0), int(month), int(day)) + timedelta(days=days)
    except (ValueError, OverflowError):
        return None
    sex = int(order) % 2
    person = plain[6:17] if long else "19" + plain[6:15]  # the 15-digit form is the same person
    region = choices.pick("card-region", person, words("zh", "regions"), never={plain[:6]})
    sequence = choices.number("card-order", person, 499) * 2 + sex + (0 if sex else 2)
    if short:
        return pour(value, f"{region}{born:%y%m%d}{sequence:03d}")
    first17 = f"{region}{born.year:04d}{born:%m%d}{sequence:03d}"
    return pour(value, first17 + cn_resident_check_digit(first17))
