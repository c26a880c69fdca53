"""What is said in one language of a pack: questions, answers by value, words by which a text is checked, summaries.

Rules: for every item that is asked after there are open and closed questions, answers for each of its values and a note for
the summary; phrases are data, written by whoever writes the pack, and the code adds nothing of its own but blanks.
"""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

_STRICT = ConfigDict(extra="forbid", frozen=True)
MAX_PHRASE = 400  # characters
Phrase = Annotated[str, Field(min_length=1, max_length=MAX_PHRASE)]
Phrases = Annotated[tuple[Phrase, ...], Field(min_length=1, max_length=200)]
Words = tuple[Annotated[str, Field(min_length=1, max_length=60)], ...]
_PLACES = frozenset({"found", "absent", "unknown"})


class Said(BaseModel):
    """One item in one language.

    `name` is what it is called in a summary ("loss of interest"). `about` are words by which a text is seen to speak of it.
    `words` are, for each value, words that say that value and no other; where an item has none, those of the language hold.
    """

    model_config = _STRICT

    name: Phrase
    about: Words = Field(min_length=1)
    open: Phrases
    closed: Phrases
    say: Mapping[str, Phrases]
    note: Mapping[str, Phrase]
    words: Mapping[str, Words] = Field(default_factory=dict)


class Acts(BaseModel):
    """Phrases that belong to no item. `recap` has `{found}` in it. Those of the patient: from `evade` on."""

    model_config = _STRICT

    greeting: Phrases
    acknowledge: Phrases
    empathy: Phrases
    again: Phrases
    recap: Phrases
    advice: Phrases
    closing: Phrases
    evade: Phrases
    relent: Phrases  # before the truth, after it was evaded
    correct: Phrases  # before the truth, after it was understated
    hesitate: Phrases
    agree: Phrases  # to a recap
    accept: Phrases  # advice
    thanks: Phrases
    more: tuple[Phrase, ...] = ()  # how a second sentence of the patient begins, about something that burdens

    @model_validator(mode="after")
    def _sound(self) -> Acts:
        if any(_fields(phrase) != {"found"} for phrase in self.recap):
            raise ValueError("each recap has {found} in it, and no other place")
        return self


class Speech(BaseModel):
    """A language of a pack.

    `summary` are templates with the places {found}, {absent} and {unknown}; a sentence with a place that has nothing to fill
    it is left out. `comma` and `last` stand between what is listed ("a, b and c").
    """

    model_config = _STRICT

    acts: Acts
    comma: str = ", "
    last: str = " and "
    replies: Words = ()
    summary: Phrases
    words: Mapping[str, Words] = Field(default_factory=dict)  # by value
    item: Mapping[str, Said]

    @model_validator(mode="after")
    def _sound(self) -> Speech:
        if any(not _fields(phrase) or not _fields(phrase) <= _PLACES for phrase in self.summary):
            raise ValueError("a summary has places {found}, {absent} and {unknown}, and no other")
        return self

    def join(self, parts: Sequence[str]) -> str:
        """Return parts as a list within a sentence."""
        return self.last.join(filter(None, (self.comma.join(parts[:-1]), *parts[-1:])))

    def words_of(self, item: str) -> Mapping[str, Words]:
        """Return the words that say each value of an item."""
        return self.item[item].words or self.words

    def check(self, lang: str, values: Mapping[str, Sequence[str]]) -> None:
        """Hold the phrases against the items that are asked after and their values.

        Raises:
            ValueError: something is missing, or of no item or value.
        """
        if lost := sorted(set(self.item) ^ set(values)):
            raise ValueError(f"speech.{lang}: item {lost[0]} is not both asked after and spoken of")
        for item, own in values.items():
            said = self.item[item]
            for kind, table in (("say", said.say), ("note", said.note)):
                if set(table) != set(own):
                    raise ValueError(f"speech.{lang}.item.{item}.{kind}: one entry for each value, and no other")
            if said.words and not set(said.words) <= set(own):
                raise ValueError(f"speech.{lang}.item.{item}.words: not all are values of it")


def _fields(phrase: str) -> set[str]:
    try:
        return {name for _, name, _, _ in string.Formatter().parse(phrase) if name is not None}
    except ValueError:
        raise ValueError("a brace in a template is not closed") from None
