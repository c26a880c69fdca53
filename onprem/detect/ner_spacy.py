"""The same model as a spaCy pipeline: importing this module lets `spacy.load` open a model folder.

The tokeniser and the component are registered under the names that a model's `config.cfg` gives. Entities are set on the
`Doc`; the hospital's pipeline does not need this (see `ner`), people who work with spaCy do.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.util import registry
from spacy.vocab import Vocab

from onprem.detect.contract import Passage
from onprem.detect.ner import NerDetector, read_network
from onprem.text import tokenize


class TokenRows:
    """A spaCy tokeniser that cuts text as `onprem.text.tokenize` does, with white space kept as tokens."""

    def __init__(self, vocab: Vocab) -> None:
        self.vocab = vocab

    def __call__(self, text: str) -> Doc:
        """Return a Doc whose text is `text`."""
        words: list[str] = []
        spaces: list[bool] = []
        position = 0
        tokens = tokenize(text)
        for start, end, word in zip(tokens.starts, tokens.ends, tokens.words, strict=True):
            self._gap(text[position:start], words, spaces)
            words.append(word)
            spaces.append(False)
            position = end
        self._gap(text[position:], words, spaces)
        return Doc(self.vocab, words=words, spaces=spaces)

    @staticmethod
    def _gap(between: str, words: list[str], spaces: list[bool]) -> None:
        if between == " " and words:
            spaces[-1] = True
        elif between:
            words.append(between)
            spaces.append(False)

    def to_disk(self, _path: Path, **_: object) -> None:
        """Nothing is kept: the tokeniser is code."""

    def from_disk(self, _path: Path, **_: object) -> TokenRows:
        """Nothing is kept: the tokeniser is code."""
        return self


@registry.tokenizers("onprem.tokens.v1")  # type: ignore[untyped-decorator]  # confection is untyped
def make_tokenizer() -> Callable[[Language], TokenRows]:
    """Return what spaCy calls to make the tokeniser."""

    def create(nlp: Language) -> TokenRows:
        return TokenRows(nlp.vocab)

    return create


class PhiComponent:
    """A spaCy component that sets the identifiers it finds as entities."""

    def __init__(self, lang: str) -> None:
        self.lang = lang
        self._detector: NerDetector | None = None

    def __call__(self, doc: Doc) -> Doc:
        """Set `doc.ents`."""
        if self._detector is None:
            return doc
        spans: list[Span] = []
        for found in self._detector.find([Passage(doc.text, self.lang)])[0]:
            span = doc.char_span(found.start, found.end, label=found.label.value, alignment_mode="expand")
            if span is not None and (not spans or span.start >= spans[-1].end):
                spans.append(span)
        doc.ents = spans
        return doc

    def from_disk(self, path: Path, **_: object) -> PhiComponent:
        """Read the network of a model folder."""
        network, threshold = read_network(path)
        self._detector = NerDetector(self.lang, network, threshold=threshold)
        return self


@Language.factory("onprem_phi", default_config={"lang": "en"})
def make_component(nlp: Language, name: str, lang: str) -> PhiComponent:  # noqa: ARG001 - spaCy names them
    """Return the component; its network is read by `from_disk`."""
    return PhiComponent(lang)
