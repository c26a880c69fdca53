"""Holds a written sentence against its condition: both names in it once, one sentence, the cue there and not turned round.

What code can tell is told by words: a sentence of a drug that causes a disease must say so, and may hold neither a negation
nor a word of treatment; the other labels likewise. What words cannot tell stays as noise of the labels, and is measured.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from onprem.near import shingles
from onprem.synth.contract import Lang, Rejected
from onprem.synth.recipes._relation_words import Words

PASSED = ("both names once", "one sentence", "cue kept", "no echo")
LONGEST = {"en": 320, "zh": 120}  # characters
_SHORTEST = {"en": 20, "zh": 10}
_WORD = {"en": re.compile(r"[^\W\d_]+"), "zh": re.compile(r"[^\W\d_]")}
_LEAST_WRITTEN = {"en": 3, "zh": 4}  # words, characters: an opening with a full stop behind it is a template
_ECHO = 0.5  # share of the shingles of an example
_END = re.compile(r"[.!?](?=\s|$)|[。！？]|\n")
_ABBREVIATION = re.compile(r"\b(?:e\.g|i\.e|vs|Dr|mg|approx|no|fig|al)\.$", re.IGNORECASE)
_ODD = re.compile(r"[{}<>|*_#\[\]=:;]|https?|Drug|Disease|药物：|疾病：|\bsentence\b")


@dataclass(frozen=True, slots=True)
class Said:
    """What was written: the whole text, how much of it code gave, the two names it must hold, and others that code gave.

    `tight` is whether the opening holds the cue.
    """

    text: str = field(repr=False)
    opening: int  # characters
    tight: bool
    names: tuple[str, ...]  # head, tail, and those of other things


def first_sentence(text: str) -> str:
    """Return a text up to the end of its first sentence, "" where none ends."""
    line = text.strip()
    for found in _END.finditer(line):
        if found[0] == "\n":
            break
        if not _ABBREVIATION.search(line[: found.end()]):
            return line[: found.end()]
    return ""


def place(text: str, name: str, lang: Lang) -> list[tuple[int, int]]:
    """Return where a name stands as a whole word, (start, end) in code points, whatever its case."""
    edges = (r"(?<![\w])", r"(?![\w])") if lang == "en" else ("", "")
    return [match.span() for match in re.finditer(edges[0] + re.escape(name) + edges[1], text, re.IGNORECASE)]


def judge(said: Said, label: str, words: Words, lang: Lang, shown: Sequence[str]) -> Rejected | None:
    """Return why a sentence is not what its condition asks for, None where it is as far as code can tell."""
    reason = _form(said.text, lang) or _names(said, lang)
    if reason:
        return Rejected(reason)
    if len(_WORD[lang].findall(said.text[said.opening :])) < _LEAST_WRITTEN[lang]:
        return Rejected("nothing added")
    own = shingles(said.text)
    if any(len(own & other) > _ECHO * len(own) for other in map(shingles, shown)):
        return Rejected("echo")
    return None if _keeps(said, label, words) else Rejected("cue not kept")


def _form(text: str, lang: Lang) -> str:
    if not text:
        return "no sentence"
    if not _SHORTEST[lang] <= len(text) <= LONGEST[lang]:
        return "length"
    return "not a sentence" if _ODD.search(text) or _other_script(text, lang) else ""


def _names(said: Said, lang: Lang) -> str:
    counts = [len(place(said.text, name, lang)) for name in said.names[:2]]
    if 0 in counts:
        return "name missing"
    return "name repeated" if max(counts) > 1 else ""


def _keeps(said: Said, label: str, words: Words) -> bool:
    """Say whether the words of a sentence fit its label: it is said, and nothing behind the opening says otherwise."""

    def has(name: str, text: str) -> bool:
        return words.patterns[name].search(_without(text, said.names).lower()) is not None

    rest = said.text[said.opening :]
    if label == "":
        return not has("harms", rest) and not has("helps", rest)
    if has("turns", rest) or has("helps" if label == "causes" else "harms", rest):
        return False
    return said.tight or has(label, said.text)


def _without(text: str, names: Sequence[str]) -> str:
    for name in names:
        text = re.sub(re.escape(name), "•", text, flags=re.IGNORECASE)
    return text


def _other_script(text: str, lang: Lang) -> bool:
    """Say whether a text is not in its language: Han characters in English, hardly any in Chinese."""
    han = sum("\u4e00" <= character <= "\u9fff" for character in text)
    return han > 0 if lang == "en" else han < len(text) / 3
