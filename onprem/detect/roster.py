"""Search for values that are already known: a patient's own identifiers, their relatives', the staff's.

The same matcher serves three places: the roster from tables, the propagation of what was accepted in another note of
the patient, and the leak gate on what was written. Known names are found with one edit of difference in words of five
letters or more; numbers are compared without their separators.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache

from onprem.detect.contract import Passage
from onprem.detect.doubt import is_word
from onprem.detect.variants import Form, deletions, everyday_words, forms, spelled_alike
from onprem.labels import Label
from onprem.model import Span

_BETWEEN = frozenset(".,-'\u00b7/ ")  # may stand between the tokens of a name
_FUZZY_LENGTH = 5
_MAX_SKIPPED = 2  # separators between two tokens of a sequence

_deletions = lru_cache(maxsize=5_000)(deletions)


class Matcher:
    """Finds the forms of known values in passages. Built once per patient; searching costs one look-up per token."""

    def __init__(self, values: Iterable[tuple[Label, str]], *, by: str, fuzzy: bool = True, parts: bool = True) -> None:
        """Take what is known. What was only found in notes (`fuzzy` off) must be no English word, or have its capital."""
        self._by = frozenset({by})
        self._sequences: dict[str, list[Form]] = defaultdict(list)
        self._numbers: dict[str, Label] = {}
        self._net: dict[str, Label] = {}
        self._fuzzy: dict[str, set[str]] = defaultdict(set)  # deletion form -> known words
        seen: set[Form] = set()
        for label, value in values:
            for found in forms(label, value):
                if found in seen or not (found.whole or parts):
                    continue
                seen.add(found)
                common = not fuzzy and len(found.tokens) == 1 and is_word(found.tokens[0])
                form = replace(found, capital=True) if common else found
                self._add(form, fuzzy=fuzzy)

    def __bool__(self) -> bool:
        return bool(self._sequences or self._numbers or self._net)

    def _add(self, form: Form, *, fuzzy: bool) -> None:
        if form.tokens:
            self._sequences[form.tokens[0]].append(form)
            if fuzzy and form.label is Label.NAME:
                for token in form.tokens:
                    if len(token) >= _FUZZY_LENGTH and token.isascii() and not form.capital:
                        for shorter in deletions(token):
                            self._fuzzy[shorter].add(token)
        elif "@" in form.compact or "." in form.compact or ":" in form.compact or "/" in form.compact:
            self._net[form.compact] = form.label
        else:
            self._numbers.setdefault(form.compact, form.label)

    def find(self, passage: Passage) -> list[Span]:
        """Return every occurrence in the passage, in view offsets."""
        spans: list[Span] = []
        if self._sequences:
            spans += self._find_sequences(passage)
        if self._numbers:
            spans += self._find_numbers(passage)
        if self._net:
            lowered = passage.text.lower() if passage.text.isascii() else "".join(map(_lower_one, passage.text))
            for known, label in self._net.items():
                spans += _occurrences(lowered, known, label, self._by)
        return spans

    def _find_sequences(self, passage: Passage) -> list[Span]:
        known = self._sequences
        corrected = self._correct(passage.vocabulary) if self._fuzzy else {}
        if not corrected and known.keys().isdisjoint(passage.vocabulary):
            return []
        tokens = passage.tokens
        words = [corrected.get(word, word) for word in passage.folded] if corrected else passage.folded
        spans: list[Span] = []
        for index in [index for index, word in enumerate(words) if word in known]:
            for form in known[words[index]]:
                last = _follow(form.tokens, index, words)
                if last is None:
                    continue
                if form.capital and not tokens.words[index][0].isupper():
                    continue
                spans.append(Span(tokens.starts[index], tokens.ends[last], form.label, 1.0, self._by))
        return spans

    def _correct(self, vocabulary: Iterable[str]) -> dict[str, str]:
        """Map misspelt known words to their right spelling; of two, the first in the alphabet."""
        everyday = everyday_words()
        found: dict[str, str] = {}
        for word in vocabulary:
            if len(word) < _FUZZY_LENGTH - 1 or not word.isascii() or word in everyday or word.isdigit():
                continue
            near = {right for shorter in _deletions(word) for right in self._fuzzy.get(shorter, ())}
            right = min((right for right in near if right != word and spelled_alike(word, right)), default=None)
            if right is not None:
                found[word] = right
        return found

    def _find_numbers(self, passage: Passage) -> list[Span]:
        if not passage.has_digit:
            return []
        packed = passage.packed
        spans: list[Span] = []
        for number, label in self._numbers.items():
            at = packed.text.find(number)
            while at >= 0:
                start, end = packed.original(at), packed.original(at + len(number) - 1) + 1
                if _number_stands(passage.text, start, end, number):
                    spans.append(Span(start, end, label, 1.0, self._by))
                at = packed.text.find(number, at + 1)
        return spans


def _lower_one(character: str) -> str:
    lowered = character.lower()
    return lowered if len(lowered) == 1 else character  # U+0130 would shift every offset after it


def _is_ascii_alnum(character: str) -> bool:
    return character.isascii() and character.isalnum()


def _number_stands(text: str, start: int, end: int, number: str) -> bool:
    """A number is the known one if no digit continues it and it is not spread over unrelated numbers or lines."""
    if end - start > 2 * len(number) or "\n" in text[start:end]:
        return False
    if len(number) < 10 and re.search(r"\d[^0-9A-Za-z\-./]+\d|[,;:]", text[start:end]):
        return False  # "12 345" is two numbers unless the whole is long enough to be no accident
    before = text[start - 1] if start else " "
    after = text[end] if end < len(text) else " "
    if (number[0].isdigit() and before.isdigit()) or (number[-1].isdigit() and after.isdigit()):
        return False
    # a short number glued to letters is part of another code; a long one is the number itself
    return len(number) >= 6 or not (_is_ascii_alnum(before) or _is_ascii_alnum(after))


def _occurrences(text: str, known: str, label: Label, by: frozenset[str]) -> list[Span]:
    spans: list[Span] = []
    at = text.find(known)
    while at >= 0:
        spans.append(Span(at, at + len(known), label, 1.0, by))
        at = text.find(known, at + 1)
    return spans


def _follow(tokens: tuple[str, ...], index: int, words: Sequence[str]) -> int | None:
    """Return the index of the last token when `tokens` stand at `index` (separators may stand between), else None."""
    at = index
    for wanted in tokens[1:]:
        at += 1
        skipped = 0
        while at < len(words) and words[at] in _BETWEEN and skipped < _MAX_SKIPPED:
            at += 1
            skipped += 1
        if at >= len(words) or words[at] != wanted:
            return None
    return at
