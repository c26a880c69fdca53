"""All detectors in union over prepared passages: the one place that knows which detectors there are.

The order, for one text:

1. `prepare` makes the normalised view and tells the language.
2. `search` runs patterns, Presidio and the named-entity models; nothing is merged yet.
3. `settle` adds what is known (roster, propagated), clears the vetoed guesses and makes the union.
4. `original` maps the result to offsets of the original text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from onprem.detect.contract import Detector, Passage, Recogniser
from onprem.detect.doubt import refute
from onprem.detect.language import language
from onprem.detect.resolve import resolve
from onprem.detect.roster import Matcher
from onprem.detect.veto import context_veto
from onprem.labels import MEANING, Label, Surrogate
from onprem.model import Kind, Span, Tier
from onprem.text import HAN, View, view

DETECTORS = ("patterns", "presidio", "ner")
LANGUAGES = ("en", "zh")

_SPREAD = frozenset(
    {Label.NAME, Label.ADDRESS, Label.HOSPITAL, Label.ORGANISATION, Label.PHONE, Label.FAX, Label.EMAIL}
)
_NER_SURE = 0.8  # a guess of the model alone spreads to a patient's other notes only above this probability
_MAX_ROUNDS = 3
_BATCH_CHARS = 100_000


@dataclass(frozen=True, slots=True)
class Prepared:
    """A field's text ready for search: its view (with alignment) and the passage that detectors see."""

    view: View
    passage: Passage

    @property
    def readable(self) -> bool:
        """Whether the detectors were made for this text's language."""
        return self.passage.lang != "other"


def prepare(text: str, *, kind: Kind = Kind.TEXT, lang: str = "auto") -> Prepared:
    """Return the view of `text` and its passage; `lang` "auto" looks at the text."""
    shown = view(text)
    return Prepared(shown, Passage(shown.text, language(shown.text) if lang == "auto" else lang, kind))


class Ensemble:
    """The detectors of a run, loaded once per process."""

    def __init__(self, detectors: Sequence[Detector], models: Mapping[str, Detector]) -> None:
        self._detectors = tuple(detectors)
        self._models = dict(models)

    @classmethod
    def load(
        cls,
        *,
        recognisers: Sequence[Recogniser] = (),
        langs: Sequence[str] = LANGUAGES,
        only: Sequence[str] = DETECTORS,
        tier: Tier = "thorough",
    ) -> Ensemble:
        """Load the detectors named in `only`, with a policy's own recognisers and the models of a tier.

        Raises:
            ModelError: a model is missing or its digest is not that of its card.
        """
        detectors: list[Detector] = []
        if "patterns" in only:
            detectors.append(pattern_detector(tuple(recognisers)))
        if "presidio" in only:
            from onprem.detect.presidio import PresidioDetector

            detectors.append(PresidioDetector())
        models: dict[str, Detector] = {}
        if "ner" in only:
            from onprem.detect import ner

            models = {lang: ner.load(lang, tier=tier) for lang in langs}
        return cls(detectors, models)

    def search(self, passages: Sequence[Passage]) -> list[list[Span]]:
        """Return what each detector finds in each passage, unmerged, in view offsets."""
        found: list[list[Span]] = [[] for _ in passages]
        for detector in self._detectors:
            for index, more in enumerate(detector.find(passages)):
                found[index] += more
        for lang, model in self._models.items():
            wanted = [
                (index, start, piece)
                for index, passage in enumerate(passages)
                if passage.kind is Kind.TEXT
                for start, piece in _pieces(passage, lang)
            ]
            for (index, start, _), spans in zip(wanted, model.find([piece for *_, piece in wanted]), strict=True):
                found[index] += [Span(s.start + start, s.end + start, s.label, s.score, s.by) for s in spans]
        return found

    def find(self, texts: Sequence[str], *, lang: str = "auto") -> list[tuple[Span, ...]]:
        """Return the final spans of texts that belong to nobody's record, in original offsets: for evaluation."""
        results: list[tuple[Span, ...]] = []
        prepared = [prepare(text, lang=lang) for text in texts]
        for batch in batches(prepared):
            raw = self.search([item.passage for item in batch])
            for item, spans in zip(batch, raw, strict=True):
                settled = settle_record([item.passage], [spans], ())
                results.append(original(item.view, settled[0]))
        return results


@lru_cache(maxsize=2)
def pattern_detector(recognisers: tuple[Recogniser, ...]) -> Detector:
    """Return the pattern detector with a policy's own recognisers; compiled once per process."""
    from onprem.detect.patterns import PatternDetector

    return PatternDetector(recognisers)


def batches(prepared: Iterable[Prepared]) -> Iterable[list[Prepared]]:
    """Group prepared texts so that a batch holds about 100,000 code points."""
    batch: list[Prepared] = []
    size = 0
    for item in prepared:
        batch.append(item)
        size += len(item.passage.text)
        if size >= _BATCH_CHARS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def settle_record(
    passages: Sequence[Passage], raw: Sequence[Sequence[Span]], matchers: Sequence[Matcher]
) -> list[tuple[Span, ...]]:
    """Return the final spans of one record's passages, in view offsets.

    What the detectors found is joined by what `matchers` know; then what was accepted anywhere in the record is searched
    in all of it, until nothing new is found.
    """
    spans = [list(found) for found in raw]
    for matcher in matchers:
        for index, passage in enumerate(passages):
            spans[index] += matcher.find(passage)
    settled = [settle(passage, found) for passage, found in zip(passages, spans, strict=True)]
    known: set[tuple[Label, str]] = set()
    for _ in range(_MAX_ROUNDS):
        values = {value for passage, found in zip(passages, settled, strict=True) for value in accepted(passage, found)}
        if values <= known:
            break
        matcher = Matcher(sorted(values - known), by="propagated", fuzzy=False)
        known |= values
        if not matcher:
            break
        for index, passage in enumerate(passages):
            more = [span for span in matcher.find(passage) if not _covered(span, settled[index])]
            if more:
                spans[index] += more
                settled[index] = settle(passage, spans[index])
    return settled


def accepted(passage: Passage, spans: Iterable[Span]) -> list[tuple[Label, str]]:
    """Return the values that may spread to the patient's other notes: (label, text of the view)."""
    return [(span.label, passage.text[span.start : span.end]) for span in spans if spreads(span)]


def spreads(span: Span) -> bool:
    """Say whether the value of a settled span may spread to the patient's other notes."""
    return (
        (span.label in _SPREAD or MEANING[span.label].surrogate is Surrogate.NUMBER)
        and span.end - span.start <= 120
        and (span.score >= _NER_SURE or any(not name.startswith("ner") for name in span.by))
    )


def original(shown: View, spans: Iterable[Span]) -> tuple[Span, ...]:
    """Map spans of a view to the original text."""
    return tuple(Span(*shown.original(span.start, span.end), span.label, span.score, span.by) for span in spans)


def believed(passage: Passage, spans: Sequence[Span]) -> list[Span]:
    """Return the spans without the guesses that their context or their form speaks against."""
    return refute(passage.text, context_veto(passage.text, spans))


def settle(passage: Passage, spans: Sequence[Span]) -> tuple[Span, ...]:
    """Return the union of what is believed: one label for each stretch of text."""
    return resolve(passage.text, believed(passage, spans))


def _covered(span: Span, spans: Sequence[Span]) -> bool:
    return any(other.start <= span.start and span.end <= other.end for other in spans)


def _pieces(passage: Passage, lang: str) -> list[tuple[int, Passage]]:
    """Return the parts of a passage that the model of `lang` reads: (offset, part)."""
    if passage.lang == lang:
        return [(0, passage)]
    if passage.lang != "mixed":
        return []
    parts: list[tuple[int, Passage]] = []
    position = 0
    for line in passage.text.splitlines(keepends=True):
        # in a text that is mostly English, lines with Chinese go to both models
        if line.strip() and (lang == "en" or HAN.search(line)):
            parts.append((position, Passage(line, lang)))
        position += len(line)
    return parts
