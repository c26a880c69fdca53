"""What the codes of a model's process mean: why a request is refused, why a model cannot go on. It says no more."""

from __future__ import annotations

from collections.abc import Mapping

from onprem.errors import ModelError, OnpremError, ResourceError, UsageError

_REFUSED = {
    "template": ("the model has no such mark as its template needs", "add it again with another --template"),
    "empty": ("the prompt is empty", ""),
    "schema": ("the schema cannot be put into a grammar", "use the parts of JSON schema that docs/summaries.md names"),
    "grammar": ("the grammar cannot be used", "it is GBNF with a rule named root"),
}
_FAILED: Mapping[str, tuple[type[OnpremError], str, str]] = {
    "architecture": (
        ModelError,
        "this build of llama.cpp does not know the model's architecture, or it writes no text",
        "take another model",
    ),
    "memory": (ResourceError, "the model does not fit into memory", "take a smaller one, or a shorter --context"),
    "unsound": (ModelError, "the model cannot be loaded or computed with", "take the file from its publisher again"),
    "missing": (ModelError, "llama-cpp-python is not installed", "make llama"),
}

# by the kind of frame that holds them
CODES: Mapping[str, frozenset[str]] = {"refused": frozenset(_REFUSED), "failed": frozenset(_FAILED)}


def refusal(code: str) -> UsageError:
    """Return why a request is not answered."""
    words, hint = _REFUSED[code]
    return UsageError(words, hint=hint)


def failure(code: str) -> OnpremError:
    """Return why a model cannot be loaded, or cannot go on."""
    kind, words, hint = _FAILED[code]
    return kind(words, hint=hint)
