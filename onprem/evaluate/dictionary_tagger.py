"""Names of a list in a text: the trivial tagger beside which a trained one is measured, and by which recipes label.

Rules: a name is found as whole words, the longest first, in any case, in the plural too; a short one in capitals only as
it is written, because "ALL" is a leukaemia and "all" is not. In Chinese, where nothing parts words, characters are compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from onprem.labelled import Mention

_TOKENS = re.compile(r"[\u3400-\u9fff]|[^\W\u3400-\u9fff_]+|[^\w\s]|_")
_SHORT = 5  # letters, up to which capitals are an abbreviation
_LEAST = 2  # characters of a name that is looked for


@dataclass(slots=True)
class _Node:
    after: dict[str, _Node] = field(default_factory=dict)
    label: str = ""
    written: dict[str, str] = field(default_factory=dict)  # labels of the names that are found only as they are written


class Dictionary:
    """Finds the names of a list, given as pairs of name and label; of two labels for a name the first stands."""

    def __init__(self, names: Iterable[tuple[str, str]]) -> None:
        self._root = _Node()
        for name, label in names:
            if len(name) >= _LEAST:
                self.add(name, label)

    def add(self, name: str, label: str) -> None:
        """Look for another name."""
        node = self._root
        tokens = _TOKENS.findall(name)
        for token in tokens:
            node = node.after.setdefault(token.lower(), _Node())
        if is_short_form(name):
            node.written.setdefault(name, label)
        else:
            node.label = node.label or label

    def find(self, text: str) -> tuple[Mention, ...]:
        """Return the names in a text, sorted and without overlap."""
        tokens = [(found.group(), found.start(), found.end()) for found in _TOKENS.finditer(text)]
        found: list[Mention] = []
        at = 0
        while at < len(tokens):
            longest = self._from(text, tokens, at)
            if longest is None:
                at += 1
                continue
            last, label = longest
            found.append(Mention(tokens[at][1], tokens[last][2], label))
            at = last + 1
        return tuple(found)

    def _from(self, text: str, tokens: list[tuple[str, int, int]], at: int) -> tuple[int, str] | None:
        """Return the last token and the label of the longest name that begins at a token."""
        node, longest = self._root, None
        for place in range(at, len(tokens)):
            word, _, end = tokens[place]
            for singular in _singulars(word.lower()):
                ended = node.after.get(singular)
                if ended is not None:
                    label = ended.label
                    # a plural's end does not belong to what is written in capitals
                    written = text[tokens[at][1] : end - (len(word) - len(singular) if word[-1:] == "s" else 0)]
                    label = ended.written.get(text[tokens[at][1] : end], "") or ended.written.get(written, "") or label
                    if label:
                        longest = (place, label)
                        break
            following = node.after.get(word.lower())
            if following is None:
                break
            node = following
        return longest


def is_short_form(name: str) -> bool:
    """Say whether a name is an abbreviation, which is found only as it is written."""
    return len(name) <= _SHORT and any(character.isupper() for character in name[1:]) and name.upper() == name


def _singulars(word: str) -> Iterable[str]:
    """Yield a word and what it may be the plural of."""
    yield word
    if len(word) > 3 and word.endswith("s"):
        yield word[:-1]
        if word.endswith("ies"):
            yield f"{word[:-3]}y"
        elif word.endswith("es"):
            yield word[:-2]
