"""Known answers of this toolkit's own steps, and which of all answers a command asks for before it begins.

Rules: a command that changes or releases something starts only when what it is about to use gives its known answers;
`onprem doctor` asks for all of them. A failure is told by the name of the answer, never by a value, exit code 70.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from onprem.errors import OnpremError
from onprem.security.selftest import STANDARDS, Answer, wrong

if TYPE_CHECKING:
    from onprem.model import Span

# from reference data of RFC 6962's first implementation, certificate-transparency: cpp/merkletree/merkle_tree_test.cc
_LEAVES = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
_ROOT = bytes.fromhex("5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328")
_LINE = (
    b'{"action":"deid","actor":"uid:1000","approval":"","boot":"unknown","counts":{"held":1,"records":2},"digests":'
    b'{"policy":"abababababababababababababababababababababababababababababababab"},"error":"","monotonic":1,"outcome":'
    b'"held","prev":"0000000000000000000000000000000000000000000000000000000000000000","purpose":"release","role":'
    b'"operator","seq":7,"subjects":[],"utc":"2026-01-31T08:00:00.000000Z","v":1,"version":"0.1.0"}'
)
# numbers that nobody has: a card of test data, a social security number never issued, a domain kept for examples
_TAGGED = (
    "SSN: <SSN>987-65-4320</SSN>, card <ACCOUNT_NUMBER>4111 1111 1111 1111</ACCOUNT_NUMBER>, "
    "mail <EMAIL>o.b@hospital.example</EMAIL>; glucose 4111 1111 1111 1112 stays"
)
_NOTE = (
    "Seen 4 May 2024. MRN: <RECORD_NUMBER>44817234</RECORD_NUMBER>. "
    "身份证号：<NATIONAL_ID>110101199003070759</NATIONAL_ID>"
)
_RECOGNISERS = {"ssn", "payment_card", "email"}


def _merkle() -> bytes:
    from onprem.audit.merkle import Tree, leaf_hash

    tree = Tree()
    for leaf in _LEAVES:
        tree.add(leaf_hash(bytes.fromhex(leaf)))
    return tree.root()


def _canonical() -> bytes:
    from onprem.audit.events import parse

    return parse(_LINE).line()  # refused, if it is not the one form


def _derived() -> bytes:
    from onprem.vault.keys import derive

    return derive(bytes(range(32)), "self-test")


def _numbers() -> bytes:
    """Replace by three recognisers of ours, one with a checksum: the steps of every run, on few expressions."""
    from onprem import tagged
    from onprem.detect.recognisers import accounts, national_numbers, online
    from onprem.model import Span

    text = tagged.parse(_TAGGED).text
    found = [
        Span(*match.span("v" if "v" in match.re.groupindex else 0), rule.label, 1.0, frozenset({rule.name}))
        for rule in (*accounts.RECOGNISERS, *national_numbers.RECOGNISERS, *online.RECOGNISERS)
        if rule.name in _RECOGNISERS
        for match in re.finditer(rule.pattern, text)
        if rule.check is None or rule.check(match.group())
    ]
    return _replaced(text, found)


def _note() -> bytes:
    """Replace by all recognisers, in English and Chinese, with the union settled as in a run."""
    from onprem import tagged
    from onprem.detect.contract import Passage
    from onprem.detect.patterns import PatternDetector
    from onprem.detect.resolve import resolve
    from onprem.labels import Label

    text = tagged.parse(_NOTE).text
    spans = resolve(text, PatternDetector().find([Passage(text, "mixed")])[0])
    return _replaced(text, [span for span in spans if span.label is not Label.DATE])


def _replaced(text: str, spans: Iterable[Span]) -> bytes:
    from onprem.model import Edit
    from onprem.text import apply_edits

    return apply_edits(text, [Edit(span, f"[{span.label}]", "mask") for span in spans]).encode()


def _masked(text: str) -> bytes:
    return re.sub(r"<([A-Z_]+)>[^<]*</\1>", r"[\1]", text).encode()


OWN: dict[str, Answer] = {
    "Merkle root": Answer("RFC 6962, section 2.1, test data of certificate-transparency", _merkle, _ROOT),
    "canonical JSON": Answer("a line of the log, written by hand", _canonical, _LINE),
    "derived keys": Answer(
        "RFC 5869 worked out with HMAC alone",
        _derived,
        bytes.fromhex("c79102930fbd4f5ae7d2f67a59e9edc7fddde6f97fb7cffef5a7aa8f476f6e57"),
    ),
    "numbers hidden": Answer("a tagged sentence", _numbers, _masked(_TAGGED)),
    "note hidden": Answer("a tagged note", _note, _masked(_NOTE)),
}
ANSWERS: dict[str, Answer] = STANDARDS | OWN

LOG = ("SHA-256", "HMAC", "Merkle root", "canonical JSON")
SEAL = ("AES-256-GCM", "HKDF", "derived keys")
SIGN = ("Ed25519",)
STRETCH = ("Argon2id",)
FIND = ("numbers hidden",)


def require(names: Collection[str]) -> None:
    """Ask for the named answers.

    Raises:
        OnpremError: one does not come out; exit code 70.
    """
    if failed := wrong({name: ANSWERS[name] for name in names}):
        raise OnpremError(
            f"self-test failed, nothing was done: {', '.join(failed)}",
            hint="this installation computes wrongly: install onprem-hospital again, then onprem doctor",
        )
