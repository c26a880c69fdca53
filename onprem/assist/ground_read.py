"""A text as what can be compared of it: sentences, their parts, and in each part words, numbers with units, Han characters.

Rules: offsets are of the text's normalised view (`onprem.text.view`); what a part's words are surely not tied to stands in
another part. A part without a noun of its own belongs to the one before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise

from onprem.assist.ground_lines import HAN, flat, sentences
from onprem.assist.ground_marks import Setting, marked, triggers_of_han
from onprem.assist.ground_numbers import often_of, value_of
from onprem.assist.ground_words import MARKS, stem, words

_BREAK = re.compile(r"[,;:()\[\]\"、“”]")


@dataclass(slots=True)
class Token:
    """Something that is compared. `marks` are in the order of MARKS: 0 no, 1 yes, 2 either, 3 not clear."""

    key: str = field(repr=False)
    kind: str  # "word", "han", "number", "often" (a frequency), "cut"
    start: int
    end: int
    word: str = field(repr=False, default="")  # as written, in lower case
    plain: bool = False  # needs no support
    unit: str = ""
    role: str = ""  # of a number: "from" or "to"
    marks: tuple[int, ...] = (0,) * len(MARKS)


@dataclass(slots=True)
class Part:
    """Words that are tied together, with what its heading adds and what it shares with the part before it."""

    sentence: int
    own: list[Token]
    shared: list[Token]
    heading: list[Token]
    medication: bool = False  # under a heading of medications
    doubtful: bool = False  # beside something that was stopped, and perhaps stopped with it


@dataclass(frozen=True, slots=True)
class Read:
    """A text as read: (start, end) of its sentences, and its parts.

    `quotable` are the sentences that mean alone what they mean in their place, as `quoted` compares them.
    """

    sentences: tuple[tuple[int, int], ...]
    parts: tuple[Part, ...]
    quotable: Mapping[str, int] = field(repr=False)  # text: index


def read(text: str, *, claim: bool = False) -> Read:
    """Read the view of a text. In a claim a heading adds nothing: what stands before a colon needs support too."""
    whole = flat(text)
    spans: list[tuple[int, int]] = []
    parts: list[Part] = []
    quotable: dict[str, int] = {}
    kin = ""
    for said in sentences(whole, claim=claim):
        start, end, begun, heading = said.start, said.end, said.begun, said.heading
        marks, kin = marked(whole, begun, end, Setting(heading, said.sure, kin))
        tokens = _tokens(whole, begun, end)
        if claim:
            tokens = [token for token in tokens if token.word != ":"]
        only_marks = triggers_of_han(whole, begun, end)
        for token in tokens:
            token.marks = _of(token, marks)
            token.plain = token.plain or (token.kind == "han" and token.start in only_marks)
        above = _tokens(whole, *said.named) if heading else []
        for token in above:
            token.marks = _said_of(tokens) or (2,) * len(MARKS)
        medication = bool(heading and words().medication_heading.fullmatch(heading))
        parts += _parts(tokens, above, len(spans), medication=medication)
        unclear = any(value == 3 for *_, mark, value in marks if mark == "kin")
        if start < begun < end or (not heading and not unclear):
            quotable.setdefault(quoted(whole[start:end]), len(spans))
        spans.append((start, end))
    return Read(tuple(spans), tuple(parts), quotable)


def quoted(sentence: str) -> str:
    """Return a sentence in the form in which a quotation is known again: no case, no blanks too many, no sign at its end."""
    return " ".join(sentence.casefold().split()).rstrip(".!。;")


def _said_of(body: list[Token]) -> tuple[int, ...]:
    """Return the marks that a heading takes from what stands behind it, where that is a mark alone: "Ulcer: none"."""
    if any(not token.plain and token.word not in words().absent for token in body):
        return ()
    return max((token.marks for token in body if any(token.marks)), default=())


def _of(token: Token, marks: list[tuple[int, int, str, int]]) -> tuple[int, ...]:
    found = dict.fromkeys(MARKS, 0)
    for start, end, mark, value in marks:
        if start <= token.start < end:
            found[mark] = max(found[mark], value) if found[mark] != 1 or value == 3 else 1
    return tuple(found.values())


@cache
def _pattern() -> re.Pattern[str]:
    unit = words().unit
    count = r"\d+(?:[.,]\d+)*"
    return re.compile(
        rf"""(?P<age>(?<![A-Za-z0-9.]){count}[\s-]?(?:years?[\s-]old|years?\s+of\s+age|y/?o\b|岁))
        |(?P<often>\b(?:once|twice|(?:three|four|five|six|\d)\s+times)\s+(?:(?:a|per|each|every)\s+day|daily)\b
          |\b(?:every|q)\s*\d+\s*(?:hours?|hrs?|h)\b|\b[btq]\.?i\.?d\b\.?|\b(?:daily|every\s+day|per\s+day|a\s+day|q\.?d)\b
          |(?:每日|每天|一日)\s*[一二两三四1-4]次|每(?:\d+|[一二三四六八])小时(?:[一1]次)?|每晚(?:[一1]次)?)
        |(?P<date>\d{{4}}[-/.年]\d{{1,2}}[-/.月]\d{{1,2}}日?|(?<!\d)\d{{1,2}}月\d{{1,2}}[日号])
        |(?P<number>(?:[<>≤≥]=?\s?)?(?:(?<![A-Za-z0-9.]){count}(?:\s?[-~/]\s?{count})*(?:\s?[x×*]\s?10\^?\d+)?
          |\b(?:{"|".join(word for word in words().numbers if word.isascii())})\b
          |[一二三四五六七八九十两](?=\s?[天日周月年岁次小个片粒])))
          (?:[\s-]?(?P<unit>(?:{unit})(?:\s?/\s?(?:{unit}))*)(?![A-Za-z])|\s(?P<month>{"|".join(_months())})\b)?
          (?P<per>/(?:{unit})(?![A-Za-z]))?
        |(?P<word>(?:(?![{HAN}])[^\W\d_])(?:(?![{HAN}])[^\W_])*(?:'s\b)?)
        |(?P<break>{_BREAK.pattern})
        |(?P<han>[{HAN}])""",
        re.IGNORECASE | re.VERBOSE,
    )


def _months() -> list[str]:
    return "january february march april may june july august september october november december".split()


def _tokens(text: str, start: int, end: int) -> list[Token]:
    found: list[Token] = []
    at = start
    while (match := _pattern().search(text, at, end)) is not None:
        at = match.end()
        if match["han"]:
            at = _han(text, match.start(), end, found)
        elif match["word"]:
            found += _word(match)
        elif match["break"]:
            found.append(Token("", "cut", match.start(), match.end(), match[0]))
        elif match["often"]:
            found.append(Token(often_of(match[0]), "often", match.start(), match.end()))
        else:
            found.append(_number(match, found))
    return found


def _word(match: re.Match[str]) -> Iterator[Token]:
    known = words()
    word = match["word"].casefold().removesuffix("'s")
    span = match.start(), match.end()
    if word in known.delimiters:
        yield Token("", "cut", *span, word)
        return
    for part in known.expanded.get(word, (word,)):
        if part.isdigit():
            yield Token(part, "number", *span)
            continue
        key = known.pronouns.get(part) or known.keys.get(part)
        if part in known.use:
            key = "@use"
        plain = part in known.pronouns or (key is None and (part in known.everyday or part in known.markers))
        yield Token(key or stem(part), "word", *span, part, plain)


def _han(text: str, at: int, end: int, found: list[Token]) -> int:
    """Add the token at a Han character, or the phrase of several; return where it ends."""
    known = words()
    match = known.han_phrases.match(text, at, end)
    if match is None:
        found.append(Token(text[at], "han", at, at + 1, text[at]))
        return at + 1
    group = (match.lastgroup or "").partition("_")[0]
    phrase = match[0]
    if group == "delimiter":
        found.append(Token("", "cut", at, match.end(), phrase))
    elif group in {"key", "pronoun", "use"}:
        key = {"key": known.keys.get(phrase, ""), "pronoun": known.pronouns.get(phrase, ""), "use": "@use"}[group]
        found.append(Token(key, "word", at, match.end(), phrase, plain=group == "pronoun"))
    elif group == "route":
        found.append(Token(phrase, "word", at, match.end(), phrase))
    else:
        found += [Token(sign, "han", at + place, at + place + 1, phrase, True) for place, sign in enumerate(phrase)]
    return match.end()


def _number(match: re.Match[str], before: list[Token]) -> Token:
    known = words()
    unit = ""
    if match["age"]:
        value, unit = re.split(r"[\s-]|[^\d.,]", match["age"], maxsplit=1)[0], "age"
    elif match["date"]:
        value, unit = "-".join(str(int(part)) for part in re.findall(r"\d+", match["date"])), "date"
    else:
        value = known.numbers.get(match["number"].casefold(), match["number"])
        said = (match["month"] or match["unit"] or "") + (match["per"] or "")
        unit = "/".join(known.units.get(atom.strip(), atom.strip()) for atom in said.casefold().split("/") if atom)
        unit = f"/{unit}" if match["per"] and not match["unit"] else unit
    last = before[-1].word if before else ""
    if not unit and last in {"age", "aged", "ages"}:
        unit = "age"
    role = "from" if last in {"from", "由", "从"} else "to" if last in {"to", "至", "到"} else ""
    if before and before[-1].kind == "word" and before[-1].word[-1:] in {"至", "到"}:
        role = "to"
    return Token(value_of(value), "number", match.start(), match.end(), unit=unit, role=role)


def _parts(tokens: list[Token], above: list[Token], sentence: int, *, medication: bool) -> list[Part]:
    """Cut a sentence's tokens into parts."""
    known = words()
    found: list[Part] = []
    run: list[Token] = []
    joined = ""  # the sign or word between this part and the one before
    cuts: list[str] = []  # of each part: what stands before it

    def close(cut: str) -> None:
        nonlocal run, joined
        if run:
            first = run[0].word
            bare = not any(token.kind in {"word", "han"} and not _only_modifies(token) for token in run)
            if found and joined != ":" and (bare or first in known.attach or _han_starts(run)):
                found[-1].own += run
            else:
                linked = joined in _LINKS and not (joined == "," and run[0].kind == "han")
                shared = _shared(found[-1], run) if found and linked else []
                found.append(Part(sentence, run, shared, above, medication))
                cuts.append(joined)
        run, joined = [], cut

    for token in tokens:
        if token.kind == "cut":
            close(token.word)
        else:
            run.append(token)
    close("")
    for place, (part, following) in enumerate(pairwise(found)):
        if not any(token.word in known.routes for token in part.own):
            part.shared += [token for token in following.own if token.word in known.routes]
        if not _acts(part) and _acts(following) & ENDED and cuts[place + 1] != ",":
            part.doubtful = True
        if not _acts(following) and _acts(part) & ENDED:
            following.doubtful = True
    return found


ENDED = frozenset({"@stop", "@switch"})


def _acts(part: Part) -> set[str]:
    return {token.key for token in part.own if token.key[:1] == "@"}


_LINKS = frozenset({",", "、", "and", "or", "nor", "和", "或", "以及"})


def _only_modifies(token: Token) -> bool:
    return token.plain or token.word in words().opposed


def _han_starts(run: list[Token]) -> bool:
    text = "".join(token.word[:1] if token.kind == "han" and not token.plain else token.word for token in run[:4])
    return any(text.startswith(word) for word in words().attach if not word.isascii())


def _shared(before: Part, run: list[Token]) -> list[Token]:
    """Return what a part that is one thing alone shares with the part before it: not numbers, sides or grades."""
    own = [token for token in run if not token.plain]
    han = [token for token in own if token.kind == "han"]
    if len(own) - len(han) + bool(han) != 1 or len(han) > 4 or any(token.kind != own[0].kind for token in own):
        return []
    if own[0].kind not in {"word", "han"} or words().kin.search("".join(token.word for token in own)):
        return []
    held = [*before.shared, *before.own]
    return [
        token
        for token in held
        if token.kind in {"word", "han"} and token.word not in words().opposed and token.key[:1] != "@"
    ]
