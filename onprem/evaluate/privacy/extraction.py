"""Whether synthetic rows give canaries away: whole, their secret alone, or more of it than chance gives.

Rules: a row is searched by its letters and digits alone, so marks and spaces hide nothing; one secret is too many.
Exposure is log2 of (canaries never planted + 1) / rank, where the rank of a planted canary is told by the longest run of
its secret's pieces in any row: 0 to 1 bit is what chance gives, log2 of all of them the most that can be seen.

Source: N. Carlini and others, The Secret Sharer, USENIX Security (2019).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from onprem.evaluate.privacy.canaries import Canary
from onprem.evaluate.privacy.contract import Measure, counted
from onprem.text import fold, view

_BETWEEN = "\n"  # rows, in the text that is searched


def canary_measure(rows: Sequence[str], canaries: Sequence[Canary]) -> Measure:
    """Return how many planted canaries the rows give away, with their exposure by number of repeats."""
    searched = [_packed(row) for row in rows]
    texts = _Rows(_BETWEEN.join(searched), _BETWEEN.join("".join(filter(str.isdigit, row)) for row in searched))
    planted = [canary for canary in canaries if canary.repeats]
    never = [canary for canary in canaries if not canary.repeats]
    whole = [canary for canary in planted if _packed(canary.sentence) in texts.letters]
    secret = [canary for canary in planted if _holds(texts, canary.pieces, canary)]
    counts = {"planted": len(planted), "whole": len(whole), "secret": len(secret), "never planted": len(never)}
    counts |= {"never planted, secret": sum(_holds(texts, canary.pieces, canary) for canary in never)}
    reach = {id(canary): _reach(texts, canary) for canary in canaries}
    figures: dict[str, float] = {}
    for repeats in sorted({canary.repeats for canary in planted}):
        found = [_exposure(canary, never, reach) for canary in planted if canary.repeats == repeats]
        figures[f"exposure at {repeats}"] = sum(found) / len(found)
    if never:
        figures["largest exposure"] = max(_largest(canary, never) for canary in planted)
    made = counted("canaries", [], len(planted), counts)
    given = {id(canary) for canary in (*whole, *secret)}
    if not given:
        return Measure(made.code, made.verdict, made.metric, counts=counts, figures=figures)
    secrets = [_packed("".join(canary.pieces)) for canary in planted if id(canary) in given]
    holding = [place for place, row in enumerate(searched) if any(each in row for each in secrets)]
    failed = counted("canaries", [0] * len(given), len(planted), counts)
    return Measure(
        failed.code, failed.verdict, failed.metric, counts=counts, figures=figures, rows=tuple(holding[:100])
    )


@dataclass(frozen=True, slots=True)
class _Rows:
    """All rows as one text: letters and digits, and digits alone, which is short."""

    letters: str = field(repr=False)
    digits: str = field(repr=False)


def _packed(text: str) -> str:
    return "".join(filter(str.isalnum, fold(view(text).text)))


def _holds(texts: _Rows, pieces: Sequence[str], canary: Canary) -> bool:
    """Say whether a row holds these pieces of a secret in a row."""
    wanted = "".join(pieces)
    if canary.form == "number":
        return wanted in texts.digits
    return _packed(wanted) in texts.letters


def _reach(texts: _Rows, canary: Canary) -> int:
    """Return how many pieces of a secret stand in a row of the texts, at most: who holds a run holds every shorter one."""
    pieces = canary.pieces
    low, high = 0, len(pieces) + 1
    while high - low > 1:
        size = (low + high) // 2
        runs = (pieces[at : at + size] for at in range(len(pieces) - size + 1))
        low, high = (size, high) if any(_holds(texts, run, canary) for run in runs) else (low, size)
    return low


def _exposure(canary: Canary, never: Sequence[Canary], reach: dict[int, int]) -> float:
    own = reach[id(canary)]
    beside = [reach[id(other)] for other in never if (other.lang, other.form) == (canary.lang, canary.form)]
    rank = 1 + sum(other > own for other in beside) + sum(other == own for other in beside) / 2
    return math.log2((len(beside) + 1) / rank)


def _largest(canary: Canary, never: Sequence[Canary]) -> float:
    return math.log2(1 + sum((other.lang, other.form) == (canary.lang, canary.form) for other in never))
