"""Which token comes next: the likeliest, or one drawn with a seed, and never one that a grammar forbids.

Rules: what is drawn depends on the numbers, the seed and how many were drawn before, so the same request is answered the
same. Under a grammar a token is first chosen freely and then looked at; only where the grammar forbids it are the others
asked about, because asking about all is slow. A token is given to the grammar only after the grammar has allowed it.
"""

from __future__ import annotations

import ctypes
import json
from contextlib import ExitStack
from typing import Any

import numpy as np

from onprem.llm import binding
from onprem.llm.binding import C, Cause
from onprem.llm.contract import Sampling
from onprem.llm.native import Logits, Network, Unfit

_TOKEN = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])  # struct llama_token_data
# a sign of a text as the converter writes it, which JSON does not allow where it is a control character
_ANY_SIGN, _JSON_SIGN = r'[^"\\]', r'[^"\\\x7F\x00-\x1F]'
_COUNTS = frozenset({"minItems", "maxItems", "minLength", "maxLength"})
_MOST_REPEATS = 10_000
_FEW = 64  # of the likeliest, which are asked about before all are


class NoGrammar(Exception):  # noqa: N818 - no failure of ours
    """The text is no grammar, or the schema is none that can be one."""


def grammar_of(schema: str) -> str:
    """Return the grammar of all JSON texts that a schema allows.

    Raises:
        NoGrammar: it uses what cannot be put into a grammar.
    """
    try:
        if not _is_bounded(json.loads(schema)):
            raise NoGrammar
        found: str = binding.json_schema_to_gbnf(schema)
    except (
        ValueError,
        TypeError,
        LookupError,
        AttributeError,
        AssertionError,
        RecursionError,
        MemoryError,
        OverflowError,
    ):
        # what the binding raises for what it does not expect is not documented
        raise NoGrammar from None
    return found.replace(_ANY_SIGN, _JSON_SIGN)


def _is_bounded(schema: object) -> bool:
    """Return whether no number in a schema asks for more repeats than a grammar should have."""
    if isinstance(schema, dict):
        counts = [value for key, value in schema.items() if key in _COUNTS and isinstance(value, (int, float))]
        return all(value <= _MOST_REPEATS for value in counts) and all(map(_is_bounded, schema.values()))
    return all(map(_is_bounded, schema)) if isinstance(schema, list) else True


class Chooser:
    """Chooses the tokens of one answer, one after another. Close it at the end."""

    def __init__(self, network: Network, sampling: Sampling, grammar: str) -> None:
        """Begin.

        Raises:
            NoGrammar: the grammar is none.
        """
        self._network = network
        self._held = ExitStack()
        self._grammar = self._held.enter_context(network.grammar(grammar)) if grammar else None
        if grammar and not self._grammar:
            raise NoGrammar
        self._chain = _chain(sampling) if sampling.temperature > 0 else None
        if self._chain:
            self._held.callback(C.llama_sampler_free, self._chain)

    def close(self) -> None:
        """Give back what the library holds. Idempotent."""
        self._held.close()
        self._grammar = self._chain = None

    def choose(self, logits: Logits) -> int | None:
        """Return the next token, None where the grammar allows none.

        Raises:
            Unfit: the numbers are none.
        """
        token = self._likeliest(logits) if self._chain is None else self._drawn(_candidates(logits))
        if not np.isfinite(logits[token]):
            raise Unfit(Cause.UNSOUND)
        if self._grammar:
            free = logits.copy()
            free[self._network.control] = -np.inf
            if free[token] == -np.inf or not self._allowed(_candidates(logits, np.array([token]))).size:
                bound = self._bound(free)
                if bound is None:
                    return None
                token = bound
            if not self._network.ends(token):
                C.llama_sampler_accept(self._grammar, token)
        if self._chain:
            C.llama_sampler_accept(self._chain, token)
        return token

    def _likeliest(self, logits: Logits) -> int:
        return int(logits.argmax())

    def _bound(self, logits: Logits) -> int | None:
        """Return a token that the grammar allows, chosen among those as freely as before."""
        few = np.argpartition(logits, -_FEW)[-_FEW:] if len(logits) > _FEW and self._chain is None else None
        if few is not None:
            likeliest = few[np.argsort(-logits[few], kind="stable")]
            found = self._allowed(_candidates(logits, likeliest))
            if found.size:
                return int(found["id"][found["logit"].argmax()])
        found = self._allowed(_candidates(logits))
        if not found.size:
            return None
        return int(found["id"][found["logit"].argmax()]) if self._chain is None else self._drawn(found)

    def _allowed(self, candidates: Any) -> Any:  # noqa: ANN401 - an array of _TOKEN
        """Return those of some candidates that the grammar allows now."""
        C.llama_sampler_apply(self._grammar, ctypes.byref(_listed(candidates)))
        return candidates[candidates["logit"] > -np.inf]

    def _drawn(self, candidates: Any) -> int:  # noqa: ANN401 - an array of _TOKEN
        listed = _listed(candidates)
        C.llama_sampler_apply(self._chain, ctypes.byref(listed))
        if not 0 <= listed.selected < listed.size:
            raise Unfit(Cause.UNSOUND)
        return int(listed.data[listed.selected].id)


def _candidates(logits: Logits, tokens: Any = None) -> Any:  # noqa: ANN401 - arrays of tokens, and of _TOKEN
    ids = np.arange(len(logits)) if tokens is None else tokens
    found = np.zeros(len(ids), _TOKEN)
    found["id"] = ids
    found["logit"] = logits[ids]
    return found


def _listed(candidates: Any) -> Any:  # noqa: ANN401 - an array of _TOKEN, and a structure of the library
    data = ctypes.cast(candidates.ctypes.data, C.llama_token_data_p)
    return C.llama_token_data_array(data=data, size=len(candidates), selected=-1, sorted=False)


def _chain(sampling: Sampling) -> Any:  # noqa: ANN401 - an address of the library
    chain = C.llama_sampler_chain_init(C.llama_sampler_chain_default_params())
    steps = (
        C.llama_sampler_init_top_k(sampling.top_k),
        C.llama_sampler_init_top_p(sampling.top_p, 1),
        C.llama_sampler_init_min_p(sampling.min_p, 1),
        C.llama_sampler_init_temp(sampling.temperature),
        C.llama_sampler_init_dist(sampling.seed),
    )
    for step in steps:
        C.llama_sampler_chain_add(chain, step)
    return chain
