"""Many records through one model: asked in order, several at a time, a line for each, also for one that failed.

Rules: requests are made as there is room for them, so memory stays flat. A record that fails has a line that says why, and
the others go on. A record is never cut without its line saying so.
"""

from __future__ import annotations

import math
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Protocol

from onprem.assist import marks
from onprem.assist.batch_out import Line
from onprem.assist.records import Item
from onprem.llm.contract import LLM, Answer, Ended, Request
from onprem.progress import Progress

_WINDOW = 4  # requests for each answer at a time that are made ready together, where records may be cut
_LONGEST = 64  # characters for which a token stands, on the average of a whole record, at the very most
_LOOK = 32  # records whose identifiers are counted at a time
_Z = 1.959964  # of the normal distribution, 95 % of which lies within
_END = re.compile(r"[.!?](?=\s)|[。！？；]|\n")  # of a sentence


class Work(Protocol):
    """What is asked of each record, and what becomes of the answer, of `tokens` at most."""

    @property
    def tokens(self) -> int:
        """Tokens that an answer may have."""

    def request(self, text: str) -> Request:
        """Return what the model is asked of a record's text."""

    def read(self, text: str, answer: Answer) -> Line:
        """Return what an answer says of the text: whole lines with `error` where it says nothing that may stand."""


@dataclass(slots=True)
class Tally:
    """Counts of a run. `borne_out` of `claims` sentences or values stand in their records."""

    records: int = 0
    failed: int = 0
    claims: int = 0
    borne_out: int = 0
    tokens: int = 0
    asked: int = 0  # identifiers
    said: int = 0
    _texts: list[tuple[str, str]] = field(default_factory=list, repr=False)

    def add(self, line: Mapping[str, Any]) -> None:
        """Count a line."""
        self.records += 1
        self.failed += "error" in line
        self.claims += line.get("of", 0)
        self.borne_out += line.get("supported", line.get("found", 0))

    def heard(self, text: str, answer: Answer) -> None:
        """Count the tokens of an answer, and later the identifiers in it and in the record."""
        self.tokens += answer.tokens
        self._texts.append((text, answer.text))
        if len(self._texts) >= _LOOK:
            self.look()

    def look(self) -> None:
        """Count the identifiers in what was said since the last look.

        Raises:
            ModelError: a model of the detectors is missing or damaged.
        """
        if self._texts:
            asked, said = zip(*self._texts, strict=True)
            self._texts = []
            self.asked += sum(map(len, marks.identifiers(asked)))
            self.said += sum(map(len, marks.identifiers(said)))

    def counts(self, claims: str) -> dict[str, int]:
        """Return what the audit event holds; `claims` names what was borne out."""
        return {
            "records": self.records,
            "failed": self.failed,
            claims: self.claims,
            "supported": self.borne_out,
            "tokens": self.tokens,
            "identifiers.asked": self.asked,
            "identifiers.said": self.said,
        }


@dataclass(frozen=True, slots=True)
class How:
    """How records are put to the model: `at_a_time` answers; `cut` says that what does not fit is cut, and told."""

    at_a_time: int = 8
    cut: bool = False


def lines(llm: LLM, work: Work, items: Iterable[Item], how: How, tally: Tally) -> Iterator[Line]:
    """Yield a line for each record, in order.

    Raises:
        UsageError: the model cannot be bound as the work asks.
        ModelError: the model's process ended; what was yielded before stays true.
    """
    rest = iter(items)
    if not how.cut:
        yield from _answered(llm, work, ((item, item.text) for item in rest), tally)
        return
    while window := list(islice(rest, _WINDOW * how.at_a_time)):
        # the model counts or writes, never both, so all are cut before the first is asked
        fitted = [(item, item.text if item.error else fit(llm, work, item.text)) for item in window]
        yield from _answered(llm, work, fitted, tally)


def _answered(llm: LLM, work: Work, asked: Iterable[tuple[Item, str]], tally: Tally) -> Iterator[Line]:
    waiting: deque[tuple[Item, str, bool]] = deque()

    def requests() -> Iterator[Request]:
        for item, text in asked:
            is_asked = not item.error and 0 < len(text) <= _LONGEST * llm.context
            waiting.append((item, text, is_asked))
            if is_asked:
                yield work.request(text)

    answers = llm.complete(requests())
    for answer in answers:
        while not waiting[0][2]:
            yield _refused(waiting.popleft()[0])
        item, text, _ = waiting.popleft()
        tally.heard(text, answer)
        yield _line(work, item, text, answer)
    while waiting:
        yield _refused(waiting.popleft()[0])


def _refused(item: Item) -> Line:
    return _head(item) | {"error": item.error or "too long"}


def _line(work: Work, item: Item, text: str, answer: Answer) -> Line:
    line = _head(item)
    if answer.ended in {Ended.TOO_LONG, Ended.STUCK, Ended.CANCELLED}:
        return line | {"error": str(answer.ended)}
    if answer.ended is Ended.LENGTH and answer.tokens < work.tokens:  # the record left no room for the rest
        return line | {"error": str(Ended.TOO_LONG)}
    if len(text) < len(item.text):
        line["cut"] = {"kept": len(text), "of": len(item.text)}
    return line | work.read(text, answer)


def _head(item: Item) -> Line:
    return {"source": item.source, "record": item.record} | ({"id": item.id} if item.id else {})


def fit(llm: LLM, work: Work, text: str) -> str:
    """Return as much of a record as fits with its answer, up to the end of a sentence; "" where none fits.

    Raises:
        ModelError: the model's process ended.
    """

    def fits(length: int) -> bool:
        request = work.request(text[:length])
        return llm.count(request.prompt) + request.max_tokens <= llm.context

    most = _LONGEST * llm.context
    if len(text) <= most and fits(len(text)):
        return text
    ends = [found.end() for found in _END.finditer(text, 0, most)]
    low, high = 0, len(ends)  # so many sentences fit, and so many do not
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(ends[middle - 1]) else (low, middle - 1)
    return text[: ends[low - 1]] if low else ""


def interval(held: int, of: int) -> tuple[float, float]:
    """Return the 95 % interval of a share. Source: Wilson, J. Am. Stat. Assoc. 22 (1927)."""
    if not of:
        return 0.0, 1.0
    share, square = held / of, _Z * _Z
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = _Z * math.sqrt(share * (1 - share) / of + square / (4 * of * of)) / (1 + square / of)
    return max(0.0, middle - half), min(1.0, middle + half)


def run(produced: Iterable[Line], write: Callable[[Line], object], tally: Tally, progress: Progress) -> None:
    """Give each line to `write`, and count it.

    Raises:
        OutputError, ModelError: as what produces and what writes.
    """
    for line in produced:
        write(line)
        tally.add(line)
        progress.advance(1)
    tally.look()
