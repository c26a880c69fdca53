"""A pipeline as it is kept: with what it learnt, and without what it read.

spaCy's store of strings holds every word that a pipeline ever saw, and `to_disk` writes the store: names of patients too, if
they stood in the data or in what was measured on. So what is written is a pipeline of the same configuration that has read
nothing, given the weights alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spacy.language import Language


def unread(nlp: Language, begin: Callable[[Language], None] | None = None) -> Language:
    """Return a pipeline with the weights of `nlp` that has read nothing; `begin` gives it its vectors, if it has some."""
    from spacy.util import load_model_from_config

    fresh: Language = load_model_from_config(nlp.config)
    if begin is not None:
        begin(fresh)
    fresh.from_bytes(nlp.to_bytes(exclude=["vocab"]), exclude=["vocab"])
    return fresh
