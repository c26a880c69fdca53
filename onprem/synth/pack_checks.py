"""Checks on a turn that a model wrote in place of a phrase: does it say the same, nothing else, and nothing that harms.

A turn passes that
1. is in the language, speaks as who it is of, and holds nothing unsafe (`packs/_unsafe.toml`);
2. still speaks of what the phrase speaks of (a word of `about`), and of no other item;
3. says the value of the phrase by a word of it, and no other value, is negated where the phrase is, and adds no number;
4. is no copy of a phrase of the pack.

Rules: words of the pack decide, by how they are written; nothing is understood. So a turn may pass that a reader would not
let pass, which is measured (docs/packs.md), and good ones fall.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from onprem.synth.contract import Lang
from onprem.synth.pack_read import PACKS
from onprem.synth.pack_speech import Speech
from onprem.text import HAN

# what negates, once what only looks like it is taken out
_NEGATED = {
    "en": re.compile(
        r"\b(?:not|no|none|nobody|nothing|nowhere|never|neither|nor|without|cannot|hardly|barely|\w+n't|stopped|unable)\b",
        re.I,
    ),
    "zh": re.compile("不|没|无|未|别(?!人)"),
}
_NO_NEGATION = {
    "en": re.compile(r"\b(?:than not|not only|no wonder|no doubt)\b"),
    "zh": re.compile(
        "时不时|差不多|不过|动不动|要不|不断|无时无刻不|没有一天不|没有一晚不|无时无刻|时时刻刻|没有一天|没有一晚|特别"
    ),
}
# "not every day": the value's own word, denied
_DENIED = r"\b(?:not|n't|never)(?: \w+)?(?: on)? (?:{})"
_AS_DOCTOR = {
    "en": re.compile(
        r"\b(?:you|your|yours|patients?|doctor says|I recommend|I suggest|I would advise|let's|symptoms?|diagnos\w+)\b"
        r"|\btreatment\b|[?]",
        re.I,
    ),
    "zh": re.compile("您|你|患者|病人|建议|诊断|治疗方案|症状|[？?]"),
}
_AS_PATIENT = {
    "en": re.compile(r"\b(?:I feel|I am|I'm|I've|my|me|doctor)\b", re.I),
    "zh": re.compile("我觉得|我每天|医生"),
}
# what takes back a complaint; nothing of it may follow one
_BRIGHT = {
    "en": re.compile(
        r"\b(?:but|however|although|though|fine|okay|ok|normal\w*|great\w*|good|better|best|happy|happily|glad|well|love\w*|perfect\w*"
        r"|wonderful|amazing|proud|enjoy\w*|blessed|lucky|healthy|calm|relaxed|thank\w*|hope|hopeful)\b"
    ),
    "zh": re.compile("但|不过|可是|挺好|正常|高兴|开心|没事|幸福|满意|感谢|希望|轻松"),
}
_NUMBER = re.compile(r"\d+")
_LETTER = re.compile(r"[^\W\d_]")
_HAN_LEAST = 0.8  # of the letters
_BLANK = re.compile(r"[\W_]+")

LANGUAGE, UNSAFE, ROLE, GONE, OTHER = "another language", "unsafe", "role mixed up", "item gone", "another item"
VALUE, UNSAID, POLARITY, NUMBER, COPY, QUESTION = (
    "another value", "value not said", "polarity", "number added", "copy", "no question",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Checked:
    """What a turn is to say: an item's value in the words of `phrase`; `value` is "" for a question of the doctor."""

    item: str
    value: str
    phrase: str = field(repr=False)


class Checks:
    """The checks of one language of a pack."""

    def __init__(self, lang: Lang, speech: Speech) -> None:
        self._lang = lang
        self._about = {item: _words(lang, said.about) for item, said in speech.item.items()}
        self._values = {
            item: {value: _words(lang, words) for value, words in speech.words_of(item).items() if words}
            for item in speech.item
        }
        self._phrases = frozenset(
            _bare(phrase)
            for said in speech.item.values()
            for phrases in (said.open, said.closed, *said.say.values())
            for phrase in phrases
        )

    def fault(self, wanted: Checked, text: str) -> str:
        """Return why a turn is not taken, as a fixed word or two; "" where it is."""
        return "" if not (why := self.meaning(wanted, text)) and _bare(text) not in self._phrases else why or COPY

    def addition(self, wanted: Checked, text: str) -> str:
        """Return why a sentence may not follow the phrase, which stays and says the value; "" where it may."""
        said = _plain(text)
        others = (words for value, words in self._values[wanted.item].items() if value != wanted.value)
        if why := self._speaker(wanted, said):
            return why
        if self._holds_other(wanted, said):
            return OTHER
        if any(words.search(said) for words in others):
            return VALUE
        if _BRIGHT[self._lang].search(said):
            return POLARITY
        return NUMBER if _NUMBER.search(said) else ""

    def meaning(self, wanted: Checked, text: str) -> str:
        """Return why a text does not say what is wanted, "" where it does; a copy of the phrase always does."""
        said, phrase = _plain(text), _plain(wanted.phrase)
        own = self._about[wanted.item]
        if why := self._speaker(wanted, said):
            return why
        # where the phrase has a word of the item, so must the turn; an answer such as "Not at all" has none
        if own.search(phrase) and not _shared(own, phrase, said, exact=bool(wanted.value)):
            return GONE
        if self._holds_other(wanted, said):
            return OTHER
        return self._value(wanted, said, phrase) if wanted.value else _question(said)

    def _speaker(self, wanted: Checked, said: str) -> str:
        if not self._is_of_language(said):
            return LANGUAGE
        if is_unsafe(said):
            return UNSAFE
        return ROLE if self._mixes_roles(wanted, said) else ""

    def _holds_other(self, wanted: Checked, said: str) -> bool:
        """Say whether a text speaks of another item, where the phrase does not."""
        phrase = _plain(wanted.phrase)
        return any(found not in phrase for found in self._of_others(wanted.item, said))

    def _value(self, wanted: Checked, said: str, phrase: str) -> str:
        values = self._values[wanted.item]
        own = values.get(wanted.value)
        for value, words in values.items():
            # "not far from every day" and the like are not taken apart: a word is of the value whose list has it
            if value != wanted.value and any(not _inside(own, found, said) for found in words.finditer(said)):
                return VALUE
        if own is not None and own.search(phrase) and not own.search(said):
            return UNSAID
        if own is not None and self._lang == "en" and _denies(own, said) and not _denies(own, phrase):
            return POLARITY
        if self._is_negated(said) != self._is_negated(phrase):
            return POLARITY
        return NUMBER if set(_NUMBER.findall(said)) - set(_NUMBER.findall(phrase)) else ""

    def _is_of_language(self, said: str) -> bool:
        letters = len(_LETTER.findall(said))
        han = len(HAN.findall(said))
        return letters > 0 and (han >= _HAN_LEAST * letters if self._lang == "zh" else han == 0)

    def _mixes_roles(self, wanted: Checked, said: str) -> bool:
        wrong = (_AS_DOCTOR if wanted.value else _AS_PATIENT)[self._lang]
        # what the phrase itself says may stay
        return any(found.lower() not in _plain(wanted.phrase) for found in wrong.findall(said))

    def _of_others(self, item: str, said: str) -> Iterable[str]:
        own = self._about[item]
        for other, words in self._about.items():
            if other != item:
                yield from (found[0] for found in words.finditer(said) if not _inside(own, found, said))

    def _is_negated(self, said: str) -> bool:
        return _NEGATED[self._lang].search(_NO_NEGATION[self._lang].sub("", said)) is not None


def is_unsafe(text: str) -> bool:
    """Say whether a text holds what no turn may say, in either language."""
    said = _plain(text)
    return any(words.search(said) for words in _unsafe())


@lru_cache(maxsize=1)
def _unsafe() -> tuple[re.Pattern[str], ...]:
    lists = tomllib.loads((PACKS / "_unsafe.toml").read_text(encoding="utf-8"))
    return _words("en", lists["en"]["words"]), _words("zh", lists["zh"]["words"])


def _words(lang: Lang, words: Sequence[str]) -> re.Pattern[str]:
    """Return a pattern of words; in English whole ones, with "*" for any ending."""
    longest = sorted((_plain(word) for word in words), key=lambda word: (-len(word), word))
    if lang == "zh":
        return re.compile("|".join(map(re.escape, longest)))
    return re.compile(r"\b(?:" + "|".join(re.escape(word).replace(r"\*", r"\w*") for word in longest) + r")(?!\w)")


def _plain(text: str) -> str:
    return text.replace("’", "'").casefold()


def _bare(text: str) -> str:
    return _BLANK.sub(" ", _plain(text)).strip()


def _question(said: str) -> str:
    return "" if said.rstrip()[-1:] in "?？" and len(re.findall("[?？]", said)) == 1 else QUESTION


def _shared(words: re.Pattern[str], phrase: str, said: str, *, exact: bool) -> bool:
    """Say whether a text has one of the words that the phrase has; a question any word of the item."""
    if not exact:
        return words.search(said) is not None
    return not {found[0] for found in words.finditer(phrase)}.isdisjoint(found[0] for found in words.finditer(said))


def _inside(words: re.Pattern[str] | None, found: re.Match[str], said: str) -> bool:
    """Say whether what was found is only part of a longer word of the right kind."""
    if words is None:
        return False
    return any(own.start() <= found.start() and found.end() <= own.end() for own in words.finditer(said))


def _denies(words: re.Pattern[str], said: str) -> bool:
    return re.search(_DENIED.format(words.pattern), said) is not None
