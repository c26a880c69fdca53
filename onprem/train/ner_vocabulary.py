"""The names of a vocabulary as a part of a tagger: what the network misses and a list knows is found all the same.

Rules: of a network's mention and a name that overlap the longer stays; it is spaCy's own component, so plain spaCy runs it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from onprem.evaluate.dictionary_tagger import is_short_form

if TYPE_CHECKING:
    from spacy.language import Language

_CONFIG = {
    "spans_key": None,
    "annotate_ents": True,
    "overwrite": False,
    "phrase_matcher_attr": "LOWER",
    "ents_filter": {"@misc": "spacy.first_longest_spans_filter.v1"},
}


def add_names(nlp: Language, names: Iterable[tuple[str, str]]) -> None:
    """Add (name, label) pairs to a pipeline, behind its network."""
    ruler: Any = nlp.add_pipe("span_ruler", name="vocabulary", config=_CONFIG)
    ruler.add_patterns(list(_patterns(nlp, names)))


def _patterns(nlp: Language, names: Iterable[tuple[str, str]]) -> Iterator[dict[str, Any]]:
    """Yield patterns: a name and its plural in any case, an abbreviation as it is written."""
    seen: set[str] = set()
    for name, label in names:
        if is_short_form(name):
            yield {"label": label, "pattern": [{"ORTH": token.text} for token in nlp.make_doc(name)]}
            continue
        for form in (name.lower(), f"{name.lower()}s"):
            if form not in seen and not form.endswith("ss"):
                seen.add(form)
                yield {"label": label, "pattern": form}
