"""What a language model is to the rest of the house: prompts in, answers out, many at once or one as it is written.

Rules: answers come in the order of the requests, however they were computed; the same model, request and seed give the
same answer; what does not fit is refused with a reason and never cut without saying so. A model never decides anything:
what it says is text, to be checked by whoever asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from onprem.llm.shelf import Card
from onprem.llm.templates import Prompt


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next token is chosen. With a temperature of 0 it is the likeliest, whatever the rest says.

    `top_k` tokens at most are considered (0: all), of these the likeliest that together have the probability `top_p`,
    of these such that have at least `min_p` times the probability of the likeliest.
    """

    temperature: float = 0.0
    top_k: int = 40
    top_p: float = 0.95
    min_p: float = 0.05
    seed: int = 0  # 0 to 2**32 - 2


@dataclass(frozen=True, slots=True)
class Request:
    """One prompt and how it is to be answered. At most one of `grammar` and `schema` is given.

    `grammar` is GBNF with a rule `root`; `schema` is a JSON schema. Both bind every token: what comes out is in the
    language of the grammar, unless `max_tokens` ends it first.
    """

    prompt: Prompt
    max_tokens: int = 512
    sampling: Sampling = Sampling()
    grammar: str = field(default="", repr=False)
    schema: str = field(default="", repr=False)


class Ended(StrEnum):
    """Why an answer ends where it does. Only `STOP` is a whole answer."""

    STOP = "stop"  # the model ended its turn, or the grammar was fulfilled
    LENGTH = "length"  # `max_tokens`, or the context, was full
    CANCELLED = "cancelled"  # by who asked
    TOO_LONG = "too long"  # the prompt does not fit into the context: nothing was computed
    STUCK = "stuck"  # no token of the vocabulary goes on with the grammar


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model said, and what it took. `reused` tokens of the prompt were known from an earlier one."""

    text: str = field(repr=False)
    ended: Ended
    prompt_tokens: int
    tokens: int
    reused: int = 0


class Writing(Protocol):
    """An answer as it is written: iterate over its pieces of text, then ask for the whole."""

    def __iter__(self) -> Iterator[str]:
        """Yield text as it comes; never half a character."""

    def cancel(self) -> None:
        """End the answer where it is. Its pieces end; `answer` says `Ended.CANCELLED`."""

    @property
    def answer(self) -> Answer:
        """The whole answer, once the pieces have ended."""


class LLM(Protocol):
    """A loaded model."""

    @property
    def card(self) -> Card:
        """What is known of the model."""

    @property
    def context(self) -> int:
        """Tokens that a prompt and its answer may have together."""

    def complete(self, requests: Iterable[Request]) -> Iterator[Answer]:
        """Yield the answer of each request, in order. Requests are taken as there is room for them.

        Raises:
            UsageError: a grammar or schema cannot be used.
            ModelError: the model's process ended; what was yielded before stays true.
        """

    def stream(self, request: Request) -> Writing:
        """Begin one answer; others wait until it has ended or was cancelled.

        Raises:
            UsageError, ModelError: as `complete`.
        """

    def count(self, prompt: Prompt) -> int:
        """Return how many tokens a prompt has.

        Raises:
            ModelError: as `complete`.
        """

    def close(self) -> None:
        """End the model's process. Idempotent."""
