"""Identifiers in what was made: a row that holds one that code did not invent is no synthetic row, whoever it is of.

A model has read the world's text, and the examples: a name, number or address that it writes may be somebody's. Dates, ages
and the like identify nobody alone and are left to the privacy gate.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from onprem.evaluate.privacy.identifiers import DIRECT
from onprem.model import Span
from onprem.synth.contract import Made
from onprem.text import HAN

if TYPE_CHECKING:
    from onprem.detect.ensemble import Ensemble

_PROSE = frozenset("text question answer evidence passage summary".split())  # keys of what a model may have written
_CODE = re.compile(r"[a-z0-9][a-z0-9+_-]*")  # a role, an act, a class: between Chinese it would look like a name
_HAN_TITLE = 3  # characters of a title such as 主任医师, less one
_TITLES = frozenset("dr mr mrs ms miss prof professor md rn phd".split())
_WORD = re.compile(r"[^\W_]+")
_CERTAIN = 0.5  # score of a span, below which a word that only might be a name stays


class Scan:
    """Finds identifiers in rows and in records. The detectors are loaded when the first is scanned."""

    def __init__(self) -> None:
        self._ensemble: Ensemble | None = None

    def found(self, texts: Sequence[str]) -> list[list[Span]]:
        """Return the direct identifiers of each text.

        Raises:
            ModelError: a model of the detectors is missing or damaged.
        """
        if self._ensemble is None:
            from onprem.detect.ensemble import Ensemble

            self._ensemble = Ensemble.load(tier="fast")
        spans = self._ensemble.find(texts)
        return [[span for span in each if span.label in DIRECT and span.score >= _CERTAIN] for each in spans]

    def holds(self, rows: Sequence[Made]) -> list[bool]:
        """Say of each row whether it holds an identifier that code did not put there.

        Raises:
            ModelError: as `found`.
        """
        texts = ["\n".join(searched(row.line)) for row in rows]
        said = []
        for row, text, spans in zip(rows, texts, self.found(texts), strict=True):
            said.append(any(not _invented(text[span.start : span.end], row.invented) for span in spans))
        return said


def searched(value: Any, key: str = "") -> Iterator[str]:  # noqa: ANN401 - what JSON holds
    """Yield every text of a row that may hold what nobody decided: prose, and whatever is no single code word."""
    if isinstance(value, str):
        if key in _PROSE or not _CODE.fullmatch(value):
            yield value
    elif isinstance(value, dict):
        for name, each in value.items():
            if name != "id":
                yield from searched(each, name)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from searched(each, key)


def _invented(text: str, invented: Sequence[str]) -> bool:
    """Say whether a span is made of what code invented, but for a title before or behind it."""
    folded = text.casefold()
    if HAN.search(folded):
        return any(folded in own or (own in folded and len(folded) <= len(own) + _HAN_TITLE) for own in invented if own)
    known = {word for own in invented for word in _WORD.findall(own.casefold())} | _TITLES
    return all(word in known for word in _WORD.findall(folded))
