"""What of an answer may stand: sentences that a passage bears out, each with the numbers of passages that do.

Rules: decided by code, never by the model. A citation of a passage that does not exist, or does not bear the sentence
out, is removed; a sentence that no passage bears out is dropped and counted; one that was said before is not said again.
A passage bears a sentence out when it holds

- all of its numbers, all of its names (capitals within the sentence) and all signs of code, links or hidden text in it;
- most of its words, and some of each clause; new words stand alone, or are ones by which one speaks of a passage;
- not the contrary: what it says with the same words is negated where the sentence is.

A word of the question is not new. So one new word at a time is the room that a model has to put things in its own way.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from onprem.assist.retrieve import HAN_RUN, asking, terms

SHARE = 0.6  # of a sentence's words, or pairs of Han characters, that a passage must hold
_NEW_HAN = 2  # Han characters in a row: one word

_CITE = r"[\[【](?:passage|段落)?\s*\d{1,9}(?:\s*[,，、;–-]\s*\d{1,9})*\s*[\]】]"
_CITATION = re.compile(rf"\s*{_CITE}", re.IGNORECASE)
_CLOSING = "\"'”’」』》）)"
_END = rf"[.!?]{{1,3}}[{_CLOSING}]{{0,3}}(?=\s|[\[【]|$)|[。！？；]{{1,3}}[{_CLOSING}]{{0,3}}"
_SHORT = "".join(rf"(?<!\b{word})" for word in ("Dr", "Mr", "Mrs", "Ms", "St", r"e\.g", r"i\.e", "vs", "approx", "No"))
_MARKER = r"(?:[-*•]|\d{1,2}[.)、])[ \t]+"  # of an item in a list
_SENTENCE = re.compile(
    rf"(?P<marker>{_MARKER})?(?P<body>\S.*?)(?:{_SHORT}(?P<end>{_END})(?P<after>(?:[ \t]*{_CITE})*)|$)",
    re.MULTILINE | re.IGNORECASE,
)
_LAST = re.compile(rf"(?:{_END})$")
_NEGATION = re.compile(r"\b(?:no|not|never|none|neither|nor|without|cannot)\b|n['’]t\b|[不没無无未勿禁]", re.IGNORECASE)
_CLAUSE = re.compile(r"[.!?](?=\s)|[。！？；;\n]")

# by these an answer speaks of a passage; they say nothing of what is in it
_TELLING = frozenset(
    terms(
        "according based stated states say says said mentioned document documents passage passages text follows following"
    )
    + terms("answer yes no therefore also however")
    + terms("根据 依据 按照 文档 文件 段落 资料 回答 所述 规定 提到 因此")
)
_PARTS = re.compile(r"[，、；：（）()—]+|[,;:](?=\s)|\s[-–]\s")
_NAME = re.compile("(?<![A-Za-z\u00c0-\u024f])[A-Za-z\u00c0-\u024f]*[A-Z][A-Za-z\u00c0-\u024f]*")
# of markup, links, addresses and code: what is written without a blank around such a sign
_CODE = re.compile(r"[!-~]*(?:://|\]\(|</?[a-z!|]|[{}|=_@\\])[!-~]*")
# what a terminal obeys or does not show
_UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]"
)


@dataclass(frozen=True, slots=True)
class Checked:
    """What may stand of an answer; `cited` are the numbers of passages, from 1, in order of their first citation."""

    text: str = field(repr=False)
    cited: tuple[int, ...]
    dropped: int  # sentences


def check(answer: str, passages: Sequence[str], *, question: str = "") -> Checked:
    """Keep the sentences of an answer that a passage bears out, each with its citations before its end."""
    kept, cited, dropped, at = "", list[int](), 0, 0
    once: set[str] = set()
    for marker, body, end, numbers, begun, over in _sentences(answer):
        bearing = [n for n, passage in enumerate(passages, 1) if bears(passage, body, question=question)]
        # the best passage of those that say it, where the model named none of them
        own = [number for number in numbers if number in bearing] or bearing[:1]
        if not own:
            dropped += 1
            continue
        if body in once:
            continue
        once.add(body)
        apart = "\n" if "\n" in answer[at:begun] else "" if kept[-1:] in "。！？；" else " "
        marks = "".join(f"[{number}]" for number in own)
        kept += (apart if kept else "") + marker + body + ("" if _is_han(body) else " ") + marks + end
        cited += own
        at = over
    return Checked(kept, tuple(dict.fromkeys(cited)), dropped)


def bears(passage: str, sentence: str, *, question: str = "") -> bool:
    """Say whether a passage bears a sentence out, which answers a question."""
    said, held = set(terms(sentence)), set(terms(passage))
    numbers = {term for term in said if term[0].isdigit()}
    words = said - numbers - (_TELLING - held)
    if not words - _TELLING or numbers - held or len(words & held) < SHARE * len(words):
        return False
    if not set(_UNSEEN.findall(sentence)) <= set(_UNSEEN.findall(passage)):
        return False
    if not all(code.rstrip(",.;:!?") in passage for code in _CODE.findall(sentence)):
        return False
    known = held | set(terms(question))
    if _names(sentence) - known or not all(_is_near(part, known) for part in _PARTS.split(sentence)):
        return False
    closest = max(_CLAUSE.split(passage), key=lambda clause: len(said.intersection(terms(clause))))
    return bool(_NEGATION.search(closest)) == bool(_NEGATION.search(sentence))


def _names(sentence: str) -> set[str]:
    """Return the words with a capital in them, but for the first of the sentence, which has one for another reason."""
    names = [found[0] for found in _NAME.finditer(sentence) if found.start() or not found[0][1:].islower()]
    return {term for name in names for term in terms(name) if len(name) > 1} - _TELLING


def _is_near(part: str, known: set[str]) -> bool:
    """Say whether a clause has something known, and new only single words: of Latin script, or of two Han characters."""
    own = [term for term in terms(part) if term not in _TELLING]
    if own and known.isdisjoint(own):
        return False
    return max(_in_a_row(term not in known for term in own if not _is_han(term)), default=0) <= 1 and all(
        run <= _NEW_HAN for han in HAN_RUN.findall(part) for run in _in_a_row(_new_han(han, known))
    )


def _new_han(run: str, known: set[str]) -> list[bool]:
    """Say of each Han character of a row whether it is in no word of grammar and in no pair that is known."""
    new = [True] * len(run)
    for pair in known.intersection(terms(run)) | {term for term in _TELLING if _is_han(term)}:
        for found in re.finditer(f"(?={pair})", run):
            new[found.start() : found.start() + len(pair)] = [False] * len(pair)
    for found in asking(run):
        new[found.start() : found.end()] = [False] * len(found[0])
    return new


def _in_a_row(flags: Iterable[bool]) -> Iterator[int]:
    """Yield the length of each row of true ones."""
    return (len(list(row)) for flag, row in groupby(flags) if flag)


def _sentences(answer: str) -> Iterator[tuple[str, str, str, list[int], int, int]]:
    """Yield marker, body, end and citations of each sentence, with where it begins and ends."""
    for found in _SENTENCE.finditer(answer):
        cited = "".join(_CITATION.findall(found["body"])) + (found["after"] or "")
        body = _CITATION.sub("", found["body"]).strip()
        end = found["end"] or ""
        if not end and (last := _LAST.search(body)):  # "[1]." has its end after its citation, "…. [1]" before
            body, end = body[: last.start()], last[0]
        if body:
            numbers = [int(digits) for digits in re.findall(r"\d+", cited)]
            yield found["marker"] or "", body, end, list(dict.fromkeys(numbers)), found.start(), found.end()


def _is_han(text: str) -> bool:
    return "\u3400" <= text[-1:] <= "\u9fff"
