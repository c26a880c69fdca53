"""Check digits of numbers that identify people, shared by header understanding, detection and surrogates.

Every function takes digits as found (spaces and dashes allowed) and says whether the check digit is right.
"""

from __future__ import annotations

import re

_SEPARATORS = re.compile(r"[\s\-.]+")
_CN_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CN_DIGITS = "10X98765432"
_NHS_WEIGHTS = range(10, 1, -1)


def compact(value: str) -> str:
    """Remove spaces, dashes and dots; letters become upper case."""
    return _SEPARATORS.sub("", value).upper()


def cn_resident_check_digit(first17: str) -> str:
    """Return the 18th character of a Chinese resident ID card (GB 11643-1999, ISO 7064 MOD 11-2)."""
    return _CN_DIGITS[sum(int(digit) * weight for digit, weight in zip(first17, _CN_WEIGHTS, strict=True)) % 11]


def cn_resident(value: str) -> bool:
    """Check an 18-character Chinese resident ID card: form, calendar date and check digit."""
    number = compact(value)
    if not re.fullmatch(r"[1-9]\d{5}(18|19|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])\d{3}[\dX]", number):
        return False
    return cn_resident_check_digit(number[:17]) == number[17]


def luhn(value: str) -> bool:
    """Check a number by the Luhn algorithm (ISO/IEC 7812): payment cards, NPI with prefix 80840, IMEI."""
    digits = compact(value)
    if not digits.isdigit() or len(set(digits)) == 1:
        return False
    total = 0
    for index, character in enumerate(reversed(digits)):
        number = int(character)
        if index % 2:
            number = number * 2 - 9 if number > 4 else number * 2
        total += number
    return total % 10 == 0


def npi(value: str) -> bool:
    """Check a US National Provider Identifier (45 CFR 162.406): ten digits, Luhn with prefix 80840."""
    digits = compact(value)
    return len(digits) == 10 and digits[0] in "12" and luhn("80840" + digits)


def dea(value: str) -> bool:
    """Check a US DEA registration number: two letters, six digits, one check digit."""
    number = compact(value)
    if not re.fullmatch(r"[A-Z][A-Z9]\d{7}", number):
        return False
    digits = [int(character) for character in number[2:]]
    return (digits[0] + digits[2] + digits[4] + 2 * (digits[1] + digits[3] + digits[5])) % 10 == digits[6]


def nhs(value: str) -> bool:
    """Check a ten-digit NHS number of England (modulus 11)."""
    digits = compact(value)
    if not re.fullmatch(r"\d{10}", digits):
        return False
    check = 11 - sum(int(digit) * weight for digit, weight in zip(digits, _NHS_WEIGHTS, strict=False)) % 11
    return check != 10 and check % 11 == int(digits[9])


def iban(value: str) -> bool:
    """Check an IBAN (ISO 13616, MOD 97-10)."""
    number = compact(value)
    if not re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", number):
        return False
    return int("".join(str(int(character, 36)) for character in number[4:] + number[:4])) % 97 == 1


def ssn(value: str) -> bool:
    """Check the form of a US social security number: no area 000, 666 or 900-999, no group 00, no serial 0000."""
    digits = compact(value)
    return bool(re.fullmatch(r"(?!000|666|9)\d{3}(?!00)\d{2}(?!0000)\d{4}", digits))
