"""Near-duplicates: a text that says mostly what an earlier one said.

Two texts are as near as the share of their shingles (runs of words; of characters in Chinese) that both have, the Jaccard
index. It is computed exactly, from an index of shingles: a set of a hospital's size needs no estimate (MinHash).

Source: A. Broder, On the resemblance and containment of documents, SEQUENCES (1997).
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict

from onprem.text import HAN

_WORDS = re.compile(r"\w+")
_RUN = 3  # words
_RUN_HAN = 4  # characters
_COMMON = 0.1  # share of the texts, above which a shingle tells nothing and is not looked up
_COMMON_LEAST = 50  # texts
NEAR = 0.7


def shingles(text: str) -> frozenset[str]:
    """Return the runs of three words of a text, or of four characters where it is Chinese; the whole if it is shorter."""
    words = _WORDS.findall(text.lower())
    if HAN.search(text):
        words = [character for word in words for character in word]
    run = _RUN_HAN if HAN.search(text) else _RUN
    if len(words) <= run:
        return frozenset({" ".join(words)})
    return frozenset(" ".join(words[at : at + run]) for at in range(len(words) - run + 1))


class Near:
    """The texts so far, and whether another is near to one of them."""

    def __init__(self, least: float = NEAR) -> None:
        self._least = least
        self._sizes: list[int] = []
        self._having: defaultdict[str, list[int]] = defaultdict(list)

    def __len__(self) -> int:
        return len(self._sizes)

    def nearest(self, text: str) -> float:
        """Return how near the nearest text is, 0 to 1."""
        own = shingles(text)
        common = max(_COMMON_LEAST, int(_COMMON * len(self._sizes)))
        shared: Counter[int] = Counter()
        told = [self._having[each] for each in own if each in self._having]
        rare = [places for places in told if len(places) <= common]
        for places in rare or told:
            shared.update(places)
        # the common ones are counted for the few texts that share a rare one
        if rare:
            for places in told:
                if len(places) > common:
                    shared.update(set(places) & shared.keys())
        best = 0.0
        for place, both in shared.items():
            best = max(best, both / (len(own) + self._sizes[place] - both))
        return best

    def is_near(self, text: str) -> bool:
        """Say whether a text is a near-duplicate."""
        return self.nearest(text) >= self._least

    def add(self, text: str) -> None:
        """Remember a text."""
        own = shingles(text)
        for each in own:
            self._having[each].append(len(self._sizes))
        self._sizes.append(len(own))
