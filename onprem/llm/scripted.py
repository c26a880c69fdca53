"""A stand-in for a model that says what it is told to: for tests of what is built upon one, never at run time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from onprem.llm.contract import Answer, Ended, Request
from onprem.llm.shelf import Card
from onprem.llm.templates import Prompt

CARD = Card(
    name="scripted",
    sha256="0" * 64,
    size=1,
    licence="none",
    template="plain",
    architecture="none",
    quantisation="none",
    parameters=1,
    context_length=4_096,
    vocabulary=0,
    added="2026-01-01T00:00:00Z",
)


class Scripted:
    """Answers each request by a function of its prompt's text; a token is a word and the blank before it."""

    def __init__(self, say: Callable[[str], str], *, context: int = 4_096) -> None:
        self._say = say
        self.card = CARD
        self.context = context
        self.asked: list[Request] = []

    def complete(self, requests: Iterable[Request]) -> Iterator[Answer]:
        """Yield the answer of each request, in order."""
        for request in requests:
            yield self._answer(request)

    def stream(self, request: Request) -> _Writing:
        """Begin one answer."""
        return _Writing(self._answer(request))

    def count(self, prompt: Prompt) -> int:
        """Return the number of words."""
        return len(_text(prompt).split())

    def close(self) -> None:
        """Do nothing."""

    def _answer(self, request: Request) -> Answer:
        self.asked.append(request)
        length = self.count(request.prompt)
        if length >= self.context:
            return Answer("", Ended.TOO_LONG, length, 0)
        words = self._say(_text(request.prompt)).split(" ")
        said = words[: request.max_tokens]
        return Answer(" ".join(said), Ended.STOP if len(said) == len(words) else Ended.LENGTH, length, len(said))


class _Writing:
    def __init__(self, answer: Answer) -> None:
        self._whole = answer
        self._cancelled = False
        self._said = 0

    def __iter__(self) -> Iterator[str]:
        for place, word in enumerate(self._whole.text.split(" ")):
            if self._cancelled:
                return
            self._said += 1
            yield f" {word}" if place else word

    def cancel(self) -> None:
        """End the answer where it is."""
        self._cancelled = True

    @property
    def answer(self) -> Answer:
        """The answer as far as it was said."""
        if not self._cancelled:
            return self._whole
        text = " ".join(self._whole.text.split(" ")[: self._said])
        return Answer(text, Ended.CANCELLED, self._whole.prompt_tokens, self._said)


def _text(prompt: Prompt) -> str:
    return "".join(piece.text for piece in prompt.pieces)
