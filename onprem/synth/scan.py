"""Identifiers in what was made: a row that holds one that code did not invent is no synthetic row, whoever it is of.

A model has read the world's text, and the examples: a name, number or address that it writes may be somebody's. Dates, ages
and the like identify nobody alone and are left to the privacy gate.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from onprem.evaluate.privacy.identifiers import DIRECT
from onprem.model import Span
from onprem.synth.contract import Made

if TYPE_CHECKING:
    from onprem.detect.ensemble import Ensemble

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
        texts = ["\n".join(strings({key: row.line[key] for key in row.line if key != "id"})) for row in rows]
        said = []
        for row, text, spans in zip(rows, texts, self.found(texts), strict=True):
            said.append(any(not _invented(text[span.start : span.end], row.invented) for span in spans))
        return said


def _invented(text: str, invented: Sequence[str]) -> bool:
    folded = text.casefold()
    return any(folded in (own := each.casefold()) or own in folded for each in invented if each)


def strings(value: Any) -> Iterator[str]:  # noqa: ANN401 - what JSON holds
    """Yield every text in a JSON value, in order; names of keys are no texts."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from strings(each)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from strings(each)
