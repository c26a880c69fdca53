"""The forms in which a name stands in a sentence, put in by code: plain, abbreviated, before a noun, beside another name."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from onprem.labelled import Mention
from onprem.synth.contract import Lang, Term

Kind = Literal["plain", "with abbreviation", "abbreviation", "before a noun", "pair", "shared head"]

# how often each is drawn; abbreviations are a third of what papers write, and no vocabulary lists them
_ENGLISH: tuple[tuple[Kind, float], ...] = (
    ("plain", 0.43),
    ("with abbreviation", 0.14),
    ("abbreviation", 0.20),
    ("before a noun", 0.11),
    ("pair", 0.06),
    ("shared head", 0.06),
)
_CHINESE: tuple[tuple[Kind, float], ...] = (("plain", 0.85), ("pair", 0.15))
EITHER = ("and", "and", "or")
_NOUNS = ("patients", "families", "gene", "carriers", "cases", "risk", "symptoms", "locus")
_LONG_WORD = 9  # letters, from which one word is abbreviated
_NUMBERED = 0.4  # share of symbols that end with a number
_SMALL = frozenset("of the and in with to a an or for by".split())
_BRACKET = re.compile(r"\s?\(([A-Z][A-Za-z0-9-]{1,6})\)")


@dataclass(frozen=True, slots=True)
class Form:
    """A form: its kind, and what it adds: an abbreviation, a noun, or another term."""

    kind: Kind
    added: str = ""
    other: Term | None = None

    @classmethod
    def drawn(cls, rng: random.Random, term: Term, others: tuple[Term, Term | None], lang: Lang) -> Form:
        """Return a form of chance that the term can take; `others` are another term, and one with the same last word."""
        other, sharing = others
        kinds, shares = zip(*(_ENGLISH if lang == "en" else _CHINESE), strict=True)
        kind = rng.choices(kinds, shares)[0]
        noun = rng.choice(_NOUNS)
        if kind == "pair" and other.text != term.text:
            return cls(kind, other=other)
        if kind == "before a noun":
            return cls(kind, noun)
        if kind == "shared head" and sharing is not None:
            return cls(kind, rng.choice(EITHER), sharing)
        if kind in {"abbreviation", "with abbreviation"} and (short := abbreviation(term.text, rng)):
            return cls(kind, short)
        return cls("plain")

    def asked(self, term: Term) -> str:
        """Return the words that a model is asked to write."""
        return f"{term.text} {self.added}" if self.kind == "before a noun" else term.text


PLAIN = Form("plain")


def abbreviation(name: str, rng: random.Random) -> str:
    """Return the initials of a name of two to five words ("cystic fibrosis": "CF"); of one long word three of its letters.

    "" where it has none.
    """
    parts = [part for part in re.split(r"[\s-]+", name) if part and part.lower() not in _SMALL]
    initials = "".join(part[0] for part in parts)
    if len(parts) == 1 and len(name) >= _LONG_WORD:
        inner = [place for place in range(2, len(name) - 1) if name[place] not in "aeiouy"]
        initials = name[0] + "".join(name[place] for place in sorted(rng.sample(inner, min(2, len(inner)))))
    fits = 2 <= len(initials) <= 5 and initials.isalpha() and initials.isascii()
    return initials.upper() if fits else ""


def symbol(rng: random.Random) -> str:
    """Return letters, with a number or not, that look like an abbreviation: of a gene, a test, a method."""
    letters = "".join(rng.choice("ABCDEFGHIKLMNPRSTX") for _ in range(rng.randint(2, 5)))
    return letters + (str(rng.randint(1, 12)) if rng.random() < _NUMBERED else "")


def placed(text: str, own: Sequence[Mention], form: Form, both: str) -> tuple[str, tuple[Mention, ...]]:
    """Return a text with its names in a form, and where they stand then.

    Only the first takes an addition (the abbreviation in brackets, another name beside it); all become the abbreviation
    where that is the form, because a text does not change between both without having said what it stands for.
    """
    made, at = "", 0
    mentions: list[Mention] = []

    def put(words: str, label: str) -> None:
        nonlocal made
        mentions.append(Mention(len(made), len(made) + len(words), label))
        made += words

    for place, mention in enumerate(own):
        made += text[at : mention.start]
        name = text[mention.start : mention.end]
        at = mention.end
        if form.kind == "abbreviation":
            put(form.added, mention.label)
        elif form.kind == "with abbreviation" and place == 0:
            put(name, mention.label)
            made += " ("
            put(form.added, mention.label)
            made += ")"
            # the model may have given its own
            if (given := _BRACKET.match(text, at)) is not None:
                at = given.end()
        elif form.kind == "pair" and place == 0 and form.other is not None:
            before, between, behind = re.split(r"\{first\}|\{second\}", both)
            made += before
            put(name, mention.label)
            made += between
            put(form.other.text, form.other.label)
            made += behind
        elif form.kind == "shared head" and place == 0 and form.other is not None:
            # one mention over both: what it leaves out stands only once
            put(f"{name.rpartition(' ')[0]} {form.added} {form.other.text}", mention.label)
        else:
            put(name, mention.label)
    return made + text[at:], tuple(mentions)


def bracketed(text: str, mentions: Sequence[Mention]) -> list[Mention]:
    """Return the abbreviations in brackets behind mentions whose initials they are, and where they stand again.

    Source: A. Schwartz, M. Hearst, A simple algorithm for identifying abbreviation definitions in biomedical text,
    PSB (2003), in short: letters in order, the first one an initial.
    """
    found: list[Mention] = []
    taken = [(mention.start, mention.end) for mention in mentions]
    for mention in mentions:
        given = _BRACKET.match(text, mention.end)
        if given is None or not _stands_for(given[1], text[mention.start : mention.end]):
            continue
        for again in re.finditer(rf"(?<![\w-]){re.escape(given[1])}(?![\w-])", text):
            span = again.span()
            if not any(start < span[1] and span[0] < end for start, end in taken):
                taken.append(span)
                found.append(Mention(*span, mention.label))
    return found


def _stands_for(short: str, name: str) -> bool:
    letters = iter(name.lower())
    return name[:1].lower() == short[:1].lower() and all(
        letter in letters for letter in short.lower() if letter.isalnum()
    )
