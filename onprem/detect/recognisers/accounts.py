"""Numbers of accounts and payment: cards (Luhn), IBAN (MOD 97-10), bank routing, accounts and invoices by label."""

# ruff: noqa: E501 - a pattern, a list of labels and an example are each read whole
from __future__ import annotations

from onprem import checksums
from onprem.detect.contract import Recogniser
from onprem.detect.recognisers._build import CODE, GAP, digits, examples, has_digits, words
from onprem.labels import Label

_NUMBER = r"[ \t]?(?:number|num|nbr|no|nr|id|code|#|№)"
_ACCOUNT = words(
    "account" + _NUMBER, "account(?= ?[:#])", "acct\\.?" + _NUMBER, "acct(?= ?[.:#])", "a/c" + _NUMBER, "a/c(?= ?[:#])", "bank account(?:" + _NUMBER + ")?",
    "checking(?: account)?" + _NUMBER, "savings(?: account)?" + _NUMBER, "invoice(?:" + _NUMBER + "|(?= ?[:#]))", "bill" + _NUMBER, "billing" + _NUMBER, "receipt" + _NUMBER,
    "statement" + _NUMBER, "guarantor" + _NUMBER, "guarantor account(?:" + _NUMBER + ")?", "customer" + _NUMBER, "payment" + _NUMBER, "credit card(?:" + _NUMBER + ")?",
    "debit card(?:" + _NUMBER + ")?", "card" + _NUMBER, "cc" + _NUMBER, "visa(?=[ :#]{1,3}\\d{4})", "mastercard", "amex", "routing(?:" + _NUMBER + ")?", "aba(?:" + _NUMBER + ")?",
    "sort code", "bsb", "swift(?:" + _NUMBER + ")?", "ifsc(?:" + _NUMBER + ")?", "iban", "loan" + _NUMBER, "cvv2?", "cvc", "giro", "upi(?: id)?", "po" + _NUMBER + "(?= ?[:#]| \\d{4})",
)  # fmt: skip


def _card(value: str) -> bool:
    """Check a payment card: 13 to 19 digits, an issuer's first digit, Luhn (ISO/IEC 7812)."""
    number = digits(value)
    return 13 <= len(number) <= 19 and number[0] in "23456" and checksums.luhn(number)


def _routing(value: str) -> bool:
    """Check a US bank routing number: nine digits, weights 3 7 1, sum divisible by 10 (ABA)."""
    number = digits(value)
    weights = (3, 7, 1) * 3
    valid = sum(int(digit) * weight for digit, weight in zip(number, weights, strict=True)) % 10 == 0
    return valid and len(set(number)) > 2


RECOGNISERS = (
    Recogniser(
        "payment_card",
        Label.ACCOUNT_NUMBER,
        r"[2-6](?<![\w.,/+-].)(?:\d{12,18}|\d{3}(?:[ -]\d{4}){2,3}(?:[ -]\d{1,4})?|\d{3}[ -]\d{6}[ -]\d{5})(?![\w]|[-./,]\d)",
        0.95,
        examples("Paid by <ACCOUNT_NUMBER>4111 1111 1111 1111</ACCOUNT_NUMBER>.", "4111 1111 1111 1112"),
        needs=("number",),
        check=_card,
        clinical=True,
    ),
    Recogniser(
        "iban",
        Label.ACCOUNT_NUMBER,
        r"[A-Z](?<![\w-].)[A-Z]\d\d(?:[ ]?[A-Z0-9]{4}){2,7}(?:[ ]?[A-Z0-9]{1,3})?(?![\w])",
        0.95,
        examples("To <ACCOUNT_NUMBER>GB82 WEST 1234 5698 7654 32</ACCOUNT_NUMBER>.", "GB83 WEST 1234"),
        needs=("number",),
        check=checksums.iban,
        clinical=True,
    ),
    Recogniser(
        "routing_number",
        Label.ACCOUNT_NUMBER,
        words("routing", "aba", "rtn") + GAP + r"(?P<v>\d{9})(?!\d)",
        0.95,
        examples("Routing: <ACCOUNT_NUMBER>021000021</ACCOUNT_NUMBER>", "routing slip; ABA therapy 10 h"),
        needs=("number", "routing", "aba", "rtn"),
        check=_routing,
    ),
    Recogniser(
        "account_labelled",
        Label.ACCOUNT_NUMBER,
        _ACCOUNT + GAP + CODE,
        0.9,
        examples(
            "Account #: <ACCOUNT_NUMBER>44120098</ACCOUNT_NUMBER>, invoice no. <ACCOUNT_NUMBER>INV-20441</ACCOUNT_NUMBER>",
            "Guarantor Acct # <ACCOUNT_NUMBER>G-77120</ACCOUNT_NUMBER>; sort code <ACCOUNT_NUMBER>12-34-56</ACCOUNT_NUMBER>",
            "Taking into account 3 risk factors; visual acuity; cc: 20 mL.",
        ),
        needs=("number", "acc", "a/c", "checking", "savings", "invoice", "bill", "receipt", "statement", "guarantor", "customer", "payment", "card", "cc", "visa", "amex",
               "routing", "aba", "sort code", "bsb", "swift", "ifsc", "iban", "loan", "cvv", "cvc", "giro", "upi", "po n", "po #"),
        check=has_digits(3),
    ),
)  # fmt: skip
