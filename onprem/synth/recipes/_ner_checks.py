"""What a sentence of the recipe `ner` must be, and why one is not taken."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from onprem.labelled import Mention
from onprem.near import shingles
from onprem.synth.contract import Lang
from onprem.text import HAN

PASSED = ("a sentence", "no list", "language", "no echo", "no repetition")

_LISTS = re.compile(
    r"[\n\r\t*#|`<>{}\[\]\\]|^\s*(?:\d+[.)]\s|[-•])|https?:|www\.|\b[Ww]rite (?:one|a) sentence|^(?:Sure|Certainly|Here)\b"
)
_ENDS = re.compile(r'(?<=[.!?])["\']?\s+(?=["\']?[A-Z])|(?<=[。！？])')
_LENGTHS = {"en": (4, 45), "zh": (6, 90)}  # words, characters
_ECHO = 0.4  # share of an answer's shingles that stand in an example
_WORD = re.compile(r"\w+")
_OTHER = 0.15  # share of letters of another script


def sentences(answer: str, *, whole: bool) -> str:
    """Return the first two sentences of an answer, without one that was cut short ("" if there is no whole one)."""
    parts = [part.strip() for part in _ENDS.split(" ".join(answer.split(" ")).strip()) if part.strip()]
    if parts and (not whole or parts[-1][-1] not in ".!?。！？"):
        parts = parts[:-1]
    return " ".join(parts[:2]) if not HAN.search(answer) else "".join(parts[:2])


class Checks:
    """Judges sentences of a language. `cues` tell words that look like entities; `shown` are texts not to be echoed."""

    def __init__(self, lang: Lang, cues: Sequence[re.Pattern[str]], shown: Sequence[str]) -> None:
        self._lang = lang
        self._cues = cues
        self._shown = [shingles(text) for text in shown]

    def reason(self, text: str) -> str:
        """Return why a sentence is not taken, "" if nothing speaks against it."""
        least, most = _LENGTHS[self._lang]
        length = len(text.split()) if self._lang == "en" else len(text)
        own = shingles(text)
        judged = (
            ("no whole sentence", not text),
            ("list or markup", _LISTS.search(text) is not None),
            ("length", not least <= length <= most),
            ("language", self._is_foreign(text)),
            ("repetition", self._repeats(text)),
            ("echo of an example", any(len(own & shown) > _ECHO * len(own) for shown in self._shown)),
        )
        return next((reason for reason, is_so in judged if is_so), "")

    def unsure(self, text: str, mentions: Sequence[Mention]) -> bool:
        """Say whether a word looks like an entity and has no label."""
        for cue in self._cues:
            for found in cue.finditer(text):
                if not any(mention.start < found.end() and found.start() < mention.end for mention in mentions):
                    return True
        return False

    def _is_foreign(self, text: str) -> bool:
        letters = [character for character in text if character.isalpha()]
        han = sum(bool(HAN.match(character)) for character in letters)
        other = han if self._lang == "en" else len(letters) - han
        strange = sum(not character.isascii() for character in letters) if self._lang == "en" else 0
        share = _OTHER if self._lang == "en" else 0.5
        return not letters or max(other, strange) > share * len(letters)

    def _repeats(self, text: str) -> bool:
        found = [
            word.lower() for word in (_WORD.findall(text) if self._lang == "en" else [c for c in text if HAN.match(c)])
        ]
        runs = Counter(zip(found, found[1:], found[2:], found[3:], strict=False))
        words = Counter(word for word in found if len(word) > 3)
        return max(runs.values(), default=0) > (1 if self._lang == "en" else 2) or max(words.values(), default=0) > 3
