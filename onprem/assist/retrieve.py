"""Which passages may answer a question: BM25 over words of Latin script, without their plurals, and pairs of Han characters.

Rules: the same passages and question give the same order, equal ones in the order of the documents; a passage that holds
too little of what is asked for (`FLOOR`) is no hit, however well it ranks among others.

Source: Robertson and Zaragoza, The Probabilistic Relevance Framework (2009), as computed by bm25s (Lucene's variant).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from onprem.assist.passages import Passage
from onprem.text import fold, view

if TYPE_CHECKING:
    from bm25s import BM25

FLOOR = 0.2  # of the weight of the question's terms, each weighing the more the fewer passages hold it

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
HAN_RUN = re.compile(f"[{_HAN}]+")
_WORD = re.compile(rf"[{_HAN}]+|\d+(?:[.,]\d+)*|(?:(?![{_HAN}])[^\W\d_])+")
_STOP = frozenset(
    """a an and any are as at be been being but by can could did do does for from had has have how i if in into is it its
    may me must my of on or our shall should so than that the their them then there these they this to was we were what
    when where which who whom whose why will with would you your""".split()
)
# words of questions and grammar; what stands on both sides of them makes no pair
_ASKING = re.compile(
    "什么时候|什么|怎么样|怎么办|怎么|怎样|如何|多少|多久|多长|多大|几[个天次小]|哪[里些种个位]|是否|是不是|有没有|能不能|可不可以|可以|"
    "需要|应该|应当|必须|请问|为何|为什么|谁|的|了|吗|呢|吧|啊|是|在|和|与|及|或|有|就|都|要|会|能|被|把|对|于|从|到|时|后|前"
)


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage, and the share of the question's weight that it holds, 0 to 1."""

    passage: Passage
    share: float


class Index:
    """Passages, ready to be searched."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        """Index the passages, each with the words of its headings."""
        from bm25s import BM25

        self._passages = tuple(passages)
        found = [terms(" \n".join((*passage.heading, passage.text))) for passage in passages]
        self._held = [frozenset(words) for words in found]
        self._frequency = Counter(word for words in self._held for word in words)
        self._ranker: BM25 | None = None
        if self._frequency:
            self._ranker = BM25()
            self._ranker.index(found, show_progress=False)

    def search(self, question: str) -> Iterator[Hit]:
        """Yield the passages that may answer a question, the best first; none where none is above the floor."""
        asked = sorted(set(terms(question)))
        if self._ranker is None or not asked:
            return
        for place in (-self._ranker.get_scores(asked)).argsort(kind="stable"):
            share = self._share(asked, place)
            if share >= FLOOR:
                yield Hit(self._passages[place], share)

    def _share(self, asked: Sequence[str], place: int) -> float:
        held = self._held[place]
        return sum(map(self._weight, held.intersection(asked))) / sum(map(self._weight, asked))

    def _weight(self, word: str) -> float:
        """Return the inverse document frequency of a word, the same as the ranker's; the highest where none holds it."""
        frequency = self._frequency[word]
        return math.log(1 + (len(self._passages) - frequency + 0.5) / (frequency + 0.5))


def terms(text: str) -> list[str]:
    """Return what a text is found by, in order: words without their plurals, numbers, pairs of Han characters."""
    return [term for run in _WORD.findall(view(text).text) for term in _terms_of(run)]


def asking(run: str) -> Iterator[re.Match[str]]:
    """Yield the words of questions and grammar in a row of Han characters, which are no terms."""
    return _ASKING.finditer(run)


def _terms_of(run: str) -> Iterator[str]:
    if re.match(f"[{_HAN}]", run):
        for part in _ASKING.split(run):
            yield from (part[at : at + 2] for at in range(len(part) - 1)) if len(part) > 1 else filter(None, [part])
    elif (word := fold(run)) not in _STOP:
        yield stem(word)


def stem(word: str) -> str:
    """Return an English word without the ending of its plural. Source: Harman, How effective is suffixing? (1991)."""
    if len(word) > 3 and word.endswith("ies") and not word.endswith(("eies", "aies")):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("us", "ss", "is")):
        return word[:-1]
    return word
