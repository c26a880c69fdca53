"""A text as sentences, each with the heading that it stands under.

Rules: offsets stay those of the text. A line that goes on in the next is one; a sign before an item of a list is no number.
A heading holds for its line, and one that stands alone on its line for those below it up to the next; where it cannot be
said whether it still holds, it is not sure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from onprem.assist.ground_words import words

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_LIST_MARK = re.compile(r"(^|\n|[:;.]\s|。\s?)([ \t]*\d{1,2}[.)、]|[ \t]*[-*•])(?=\s*[^\W\d])")
# a line that was only broken to fit a page: it ends in the middle of a list or before a small letter
_WRAPPED = re.compile(
    r"(?<=[,、])[ \t]*\n(?=[ \t]*\S)|(?<=[^\s.!?:;。])[ \t]*\n(?=[ \t]*[a-z])|(?<=\band)\s*\n|(?<=\bor)\s*\n"
)
_SHORT = "".join(rf"(?<!\b{word})" for word in ("Dr", "Mr", "Mrs", "Ms", "St", r"e\.g", r"i\.e", "vs", "approx", "No"))
_SENTENCE = re.compile(rf"[^\n]*?(?:{_SHORT}[.!?](?=\s|$)|[。!?](?=[{HAN}])|[。;]|(?=\n)|$)", re.IGNORECASE)
_HEADING = re.compile(rf"\s*([A-Za-z][A-Za-z0-9 /&'-]{{0,40}}|[{HAN}、/]{{1,10}})\s*:(?!\d)")
_CAPITALS = re.compile(r"[ \t]*([A-Z][A-Z0-9 /&'-]{2,40})[ \t]*")


@dataclass(frozen=True, slots=True)
class Sentence:
    """(start, end) of a sentence, and where it begins behind its heading. `named` is where the heading stands."""

    start: int
    end: int
    begun: int
    heading: str = field(repr=False, default="")
    named: tuple[int, int] = (0, 0)
    sure: bool = True  # that the heading holds here


def flat(text: str) -> str:
    """Return a text of the same length in which signs of lists are semicolons, and broken lines are whole."""
    marked = _LIST_MARK.sub(lambda found: found[1] + ";".ljust(len(found[2])), text)
    return _WRAPPED.sub(lambda found: " " * len(found[0]), marked)


def sentences(text: str, *, claim: bool) -> Iterator[Sentence]:
    """Yield the sentences of a flat text. In a claim only known headings are any: what else has a colon is content."""
    at = 0
    heading, named, sure = "", (0, 0), True
    carried = blank = False  # a heading from a line above; a blank line since
    for line in text.split("\n"):
        start, at = at, at + len(line) + 1
        if not line.strip(" \t;"):
            blank = blank or not heading or not carried  # the one right below a heading is no end
            continue
        if not carried:
            heading, sure = "", True
        elif blank:
            sure = False
        alone = _alone(text, start, at - 1, claim=claim)
        if alone:
            heading, named, sure, carried, blank = text[slice(*alone)].strip(), alone, True, True, False
            yield Sentence(start, start + len(line.rstrip()), start + len(line.rstrip()), heading, named)
            continue
        for begun, end in _of_line(text, start, at - 1):
            found = _HEADING.match(text, begun, end)
            behind = begun
            if found and not (claim and not is_known(found[1].strip())):
                heading, named, behind = found[1].strip(), found.span(1), found.end()
                sure, carried = True, False
            yield Sentence(begun, end, behind, heading, named, sure)
            sure = sure and (carried or text[end - 1] == ";")
        # what is not ended by a full stop may go on in the next line
        if heading and not carried and text[at - 2 : at - 1] not in {".", "。", "!"} and _sets_a_mark(heading):
            carried, sure, blank = True, False, False
        elif carried and blank:
            sure = False


def _of_line(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    for found in _SENTENCE.finditer(text, start, end):
        said = found[0]
        if said.strip(" \t;"):
            yield found.start() + len(said) - len(said.lstrip(" \t;")), found.start() + len(said.rstrip())


def _alone(text: str, start: int, end: int, *, claim: bool) -> tuple[int, int] | None:
    """Return where a heading stands that has its line for itself, with a colon, in capitals, or known as one."""
    if claim:
        return None
    found = _HEADING.match(text, start, end)
    if found and not text[found.end() : end].strip():
        return found.span(1)
    if (found := _CAPITALS.fullmatch(text, start, end)) is not None:
        return found.span(1)
    line = text[start:end].strip()
    return (start, end) if line and is_known(line) else None


def is_known(heading: str) -> bool:
    """Whether a heading is one of those that say of what stands below how it is meant."""
    return any(pattern.fullmatch(heading) for _, pattern in words().headings) or bool(
        words().medication_heading.fullmatch(heading)
    )


def _sets_a_mark(heading: str) -> bool:
    return any(pattern.fullmatch(heading) for mark, pattern in words().headings if mark != "past") or any(
        trigger.pattern.search(heading) for trigger in words().triggers if trigger.mark != "past"
    )
