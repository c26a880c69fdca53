"""Patterns of a hospital's own: what may run away is refused, what is fine is not."""

from __future__ import annotations

import time

import pytest

from onprem.policy.patterns import check_pattern


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a+)+b", r"(a*)*", r"(a|aa)+b", r"(?:x{1,40})*y", r"([A-Z]+\d+)*-", r"(.*,)*x", r"a*", r"", r"(", r"[z-a]",
        r"(?P<v>x)?",
        r"a{1,5000}", r".*a.*b.*c.*d.*e", r"(?:\w+\s?)+$", r"((ab){2,})+",
    ],
)  # fmt: skip
def test_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"run away|compile|empty|too long"):
        check_pattern(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        r"MRN[-: ]?(?P<v>\d{6,10})",
        r"\b[A-Z]{2}\d{7}\b",
        r"住院号[:：]?\s*(?P<v>\d+)",
        r"(?:A|B)-\d+",
        r"X\d++",
        r"(?>\d+)-[A-Z]",
    ],
)
def test_accepted_and_fast_on_bad_text(pattern: str) -> None:
    compiled = check_pattern(pattern)
    start = time.process_time()
    for text in ("1" * 5_000, "A" * 5_000, "MRN" * 2_000, "住院号 " * 1_000 + "x"):
        compiled.search(text)
    assert time.process_time() - start < 1.0
