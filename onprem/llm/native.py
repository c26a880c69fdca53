"""One loaded model and its memory: tokens in, numbers out. Lives in the process of the model (`onprem.llm.child`).

Rules: nothing here knows of requests. A sequence is one text that is being written, numbered from 0; its tokens stand at
positions from 0 on, and sequences may share the beginning of their texts, which is then held once.

Sources: `llama.h` of llama.cpp, https://github.com/ggml-org/llama.cpp.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from onprem.llm import binding
from onprem.llm.binding import C, Cause

Logits = npt.NDArray[np.float32]  # one row: a number for each token of the vocabulary
BATCH = 512  # tokens that are computed together at most
_MAX_PIECE = 4_096  # bytes of one token


class Unfit(Exception):  # noqa: N818 - said by its cause alone
    """The model cannot be loaded, or cannot be computed with."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause)
        self.cause = cause


@dataclass(frozen=True, slots=True)
class Row:
    """One token to compute: which, where, in which sequence, and whether the numbers of the next are wanted."""

    token: int
    position: int
    sequence: int
    wanted: bool


@dataclass(frozen=True, slots=True)
class Size:
    """How a model is to be held: `cells` is the number of tokens that all sequences hold together."""

    sequences: int
    cells: int
    gpu_layers: int
    threads: int


class Network:
    """A model and the memory of its sequences."""

    def __init__(self, path: str, size: Size) -> None:
        """Load a model and compute one token, so that what cannot be computed with is found here.

        Raises:
            Unfit: it cannot.
        """
        binding.listen()
        C.llama_backend_init()
        self._model = _made(C.llama_model_load_from_file(path.encode(), _model_parameters(size)))
        if C.llama_model_has_encoder(self._model) or not C.llama_model_has_decoder(self._model):
            raise Unfit(Cause.ARCHITECTURE)  # it writes no text
        self._vocabulary = _made(C.llama_model_get_vocab(self._model))
        self.tokens = int(C.llama_vocab_n_tokens(self._vocabulary))
        if self.tokens <= 0:
            raise Unfit(Cause.UNSOUND)
        self._context = _made(C.llama_init_from_model(self._model, _context_parameters(size)))
        self._memory = _made(C.llama_get_memory(self._context))
        self.sequences = size.sequences
        self.trained = int(C.llama_model_n_ctx_train(self._model))
        self._batch = _Batch(size.sequences)
        self._begin = self._beginning()
        self.control = self._controls()
        self.compute([Row(self._probe(), 0, 0, wanted=True)])
        self.clear()

    # text

    def tokenise(self, text: str, *, mark: bool) -> list[int]:
        """Return the tokens of a text; only with `mark` is a special token known by its name."""
        content = text.encode("utf-8", "replace")
        room = len(content) + 8
        while True:
            found = (C.llama_token * room)()
            count = C.llama_tokenize(self._vocabulary, content, len(content), found, room, False, mark)
            if count >= 0:
                return list(found[:count])
            room = -count

    def piece(self, token: int) -> bytes:
        """Return the bytes of a token; of a special one, none."""
        room = ctypes.create_string_buffer(_MAX_PIECE)
        count = C.llama_token_to_piece(self._vocabulary, token, room, _MAX_PIECE, 0, False)
        return room.raw[: max(0, count)]

    def ends(self, token: int) -> bool:
        """Return whether a token ends what a model says."""
        return bool(C.llama_vocab_is_eog(self._vocabulary, token))

    @property
    def beginning(self) -> list[int]:
        """The tokens that every prompt of this model begins with."""
        return [*self._begin]

    # numbers

    def compute(self, rows: Sequence[Row]) -> Logits:
        """Compute some tokens together; return one row of numbers for each that wants them, in their order.

        What is returned is overwritten by the next call.

        Raises:
            Unfit: it cannot be computed.
        """
        self._batch.fill(rows)
        if C.llama_decode(self._context, self._batch.structure) != 0:
            raise Unfit(binding.heard())
        wanted = sum(row.wanted for row in rows)
        if not wanted:
            return np.empty((0, self.tokens), np.float32)
        return _view(_made(C.llama_get_logits(self._context)), wanted, self.tokens)

    def keep(self, sequence: int, count: int) -> bool:
        """Forget all of a sequence but its first `count` tokens; return False where that cannot be, and all is gone."""
        if C.llama_memory_seq_rm(self._memory, sequence, count, -1):
            return True
        C.llama_memory_seq_rm(self._memory, sequence, -1, -1)
        return False

    def share(self, source: int, target: int, count: int) -> bool:
        """Let the target, which is forgotten, begin with the first `count` tokens of the source."""
        C.llama_memory_seq_rm(self._memory, target, -1, -1)
        C.llama_memory_seq_cp(self._memory, source, target, 0, count)
        return int(C.llama_memory_seq_pos_max(self._memory, target)) == count - 1

    def clear(self) -> None:
        """Forget all sequences."""
        C.llama_memory_clear(self._memory, True)

    # choosing

    @contextmanager
    def grammar(self, text: str) -> Iterator[int | None]:
        """Yield the sampler of a grammar; None where it is none."""
        sampler = C.llama_sampler_init_grammar(self._vocabulary, text.encode("utf-8", "replace"), b"root")
        try:
            yield sampler
        finally:
            if sampler:
                C.llama_sampler_free(sampler)

    # measuring

    def raw(self, prompt: Sequence[int], count: int) -> float:
        """Return the seconds that the library's plainest loop takes for `count` tokens after a prompt, which is no part.

        It is what a program in C would do for one text: decode a token, choose the likeliest, and no text is made of it.
        """
        self.compute([Row(token, place, 0, wanted=place == len(prompt) - 1) for place, token in enumerate(prompt)])
        greedy = C.llama_sampler_init_greedy()
        token = (C.llama_token * 1)(C.llama_sampler_sample(greedy, self._context, -1))
        began = time.perf_counter()
        for _ in range(count):
            if C.llama_decode(self._context, C.llama_batch_get_one(token, 1)) != 0:
                raise Unfit(binding.heard())
            token[0] = C.llama_sampler_sample(greedy, self._context, -1)
        took = time.perf_counter() - began
        C.llama_sampler_free(greedy)
        return took

    def describe(self) -> dict[str, object]:
        """Return what the library says of the machine and of itself."""
        return {
            "offload": bool(C.llama_supports_gpu_offload()),
            "system": C.llama_print_system_info().decode("utf-8", "replace"),
        }

    def _beginning(self) -> list[int]:
        if not C.llama_vocab_get_add_bos(self._vocabulary):
            return []
        token = int(C.llama_vocab_bos(self._vocabulary))
        return [token] if 0 <= token < self.tokens else []

    def _controls(self) -> npt.NDArray[np.intp]:
        """Return the special tokens that do not end a text: they have no text, so no grammar has a place for them."""
        found = (
            token
            for token in range(self.tokens)
            if C.llama_vocab_is_control(self._vocabulary, token) and not self.ends(token)
        )
        return np.fromiter(found, np.intp)

    def _probe(self) -> int:
        return self._begin[0] if self._begin else 0


class _Batch:
    """A llama_batch whose fields are arrays that are written in whole."""

    def __init__(self, sequences: int) -> None:
        self._tokens, self._positions = np.zeros(BATCH, np.int32), np.zeros(BATCH, np.int32)
        self._wanted = np.zeros(BATCH, np.int8)
        self._one = np.ones(BATCH, np.int32)
        self._names = np.arange(sequences, dtype=np.int32)
        self._of = self._names.ctypes.data + 4 * np.arange(sequences, dtype=np.uint64)  # where each name stands
        self._sequences = np.zeros(BATCH, np.uint64)
        self.structure = C.llama_batch(
            n_tokens=0,
            token=_pointer(self._tokens, C.llama_token),
            embd=None,
            pos=_pointer(self._positions, C.llama_pos),
            n_seq_id=_pointer(self._one, ctypes.c_int32),
            seq_id=_pointer(self._sequences, ctypes.POINTER(C.llama_seq_id)),
            logits=_pointer(self._wanted, ctypes.c_int8),
        )

    def fill(self, rows: Sequence[Row]) -> None:
        count = len(rows)
        self._tokens[:count] = [row.token for row in rows]
        self._positions[:count] = [row.position for row in rows]
        self._sequences[:count] = self._of[[row.sequence for row in rows]]
        self._wanted[:count] = [row.wanted for row in rows]
        self.structure.n_tokens = count


def _pointer(array: npt.NDArray[Any], kind: Any) -> Any:  # noqa: ANN401 - ctypes makes types of types
    return ctypes.cast(array.ctypes.data, ctypes.POINTER(kind))


def _view(pointer: Any, rows: int, width: int) -> Logits:  # noqa: ANN401 - an address of the library
    found: Logits = np.ctypeslib.as_array(pointer, shape=(rows, width))
    return found


def _made(pointer: Any) -> Any:  # noqa: ANN401 - an address of the library
    if not pointer:
        raise Unfit(binding.heard())
    return pointer


def _model_parameters(size: Size) -> Any:  # noqa: ANN401 - a structure of the library
    parameters = C.llama_model_default_params()
    parameters.n_gpu_layers = size.gpu_layers
    return parameters


def _context_parameters(size: Size) -> Any:  # noqa: ANN401 - a structure of the library
    parameters = C.llama_context_default_params()
    parameters.n_ctx = size.cells
    parameters.n_seq_max = size.sequences
    parameters.n_batch = parameters.n_ubatch = BATCH
    parameters.n_threads = parameters.n_threads_batch = size.threads
    parameters.kv_unified = True  # sequences share what they begin with (docs/decisions/0016)
    parameters.swa_full = True  # else the beginning of a text is gone when it is to be shared
    parameters.no_perf = True
    return parameters
