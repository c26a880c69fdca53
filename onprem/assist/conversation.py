"""A conversation with a model: what was said, what of it fits before the next answer, and what a typed line means.

Rules: nothing is left out silently: `Next` says how many turns no longer fit. A message that does not fit by itself is
refused and changes nothing. What a model said before it was stopped is kept, and kept as stopped. Nothing here reads,
writes or waits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from onprem.errors import UsageError
from onprem.llm.contract import LLM, Answer, Ended, Request, Sampling
from onprem.llm.templates import Message, Prompt, prompt

ANSWER_TOKENS = 1_024
MAX_MESSAGE = 500_000  # characters, with files
_BLOCK = '"""'


@dataclass(frozen=True, slots=True)
class Turn:
    """A message and its answer, for which the model was shown the turns from number `shown_from` on, from 0."""

    asked: str = field(repr=False)
    said: str = field(repr=False)
    ended: Ended
    shown_from: int = 0


@dataclass(frozen=True, slots=True)
class Next:
    """What the model is asked next, and how many turns, the oldest, were left out for it now."""

    request: Request
    left_out: int


class Conversation:
    """The turns so far, and which of them the model is still shown."""

    def __init__(self, llm: LLM, *, system: str = "", seed: int = 0, most: int = ANSWER_TOKENS) -> None:
        """Begin a conversation; `system` is what the model is told first, `most` the tokens of an answer.

        Raises:
            UsageError: what it is told first leaves no room for a message.
        """
        self._llm = llm
        self._system = [Message("system", system)] if system else []
        self._sampling = Sampling(temperature=0.7, top_p=0.95, seed=seed)
        self._answer_tokens = min(most, llm.context // 4)
        self._first = 0  # the oldest turn that is shown
        self.turns: list[Turn] = []
        if system and not self._fits(self._prompt("", 0)):
            raise UsageError("the file of --system does not fit into the model's context", hint="shorten it")

    def next(self, text: str) -> Next:
        """Return what to ask the model for an answer to `text`. The turns stay as they are until `add`.

        Raises:
            UsageError: the message alone does not fit into the model's context, or is empty.
            ModelError: the model's process ended.
        """
        if not text.strip():
            raise UsageError("the message is empty")
        for first in range(self._first, len(self.turns) + 1):
            made = self._prompt(text, first)
            if self._fits(made):
                left_out, self._first = first - self._first, first
                return Next(Request(made, max_tokens=self._answer_tokens, sampling=self._sampling), left_out)
        most = self._llm.context - self._answer_tokens
        words = f"the message does not fit: the model takes {most:,} tokens, and {self._answer_tokens:,} for its answer"
        raise UsageError(words, hint="shorten it, or give it in parts")

    def add(self, asked: str, answer: Answer) -> None:
        """Keep a turn."""
        self.turns.append(Turn(asked, answer.text, answer.ended, self._first))

    def reset(self) -> None:
        """Let the model forget the turns; they stay in `turns`."""
        self._first = len(self.turns)

    def _prompt(self, text: str, first: int) -> Prompt:
        messages = list(self._system)
        for turn in self.turns[first:]:
            if turn.said.strip():  # a turn that was stopped before a word would teach the model to be silent
                messages += (Message("user", turn.asked), Message("assistant", turn.said))
        return prompt(self._llm.card.template, [*messages, Message("user", text)])

    def _fits(self, made: Prompt) -> bool:
        return self._llm.count(made) + self._answer_tokens <= self._llm.context


class Word(StrEnum):
    """A command of the chat."""

    HELP = "/help"
    FILE = "/file"
    RESET = "/reset"
    QUIT = "/quit"


@dataclass(frozen=True, slots=True)
class Command:
    """A command, and what stands behind it on the line."""

    word: Word
    rest: str = field(repr=False, default="")


def command(message: str) -> Command | None:
    """Read a message as a command, None where it is none: a command is one line that begins with a stroke.

    Raises:
        UsageError: there is no such command.
    """
    if not message.startswith("/") or "\n" in message.rstrip("\n"):
        return None
    word, _, rest = message.strip().partition(" ")
    if word not in set(Word) or (rest.strip() and word != Word.FILE):
        raise UsageError(
            "there is no such command", hint="/help lists them; put a blank before a message with a stroke"
        )
    return Command(Word(word), rest.strip())


class Lines:
    """Lines as they are typed, put together to messages.

    A line that ends in a backslash goes on in the next; a line of three quotation marks begins a block and ends it.
    """

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._block = False

    @property
    def open(self) -> bool:
        """Whether a message was begun."""
        return self._block or bool(self._lines)

    def add(self, line: str) -> str | None:
        """Take a line; return the message that it ends, None where it goes on."""
        mark = line.strip() == _BLOCK
        if self._block and not mark:
            self._lines.append(line)
            return None
        if mark:
            self._block = not self._block
            return None if self._block else self._taken()
        self._lines.append(line.removesuffix("\\"))
        return None if line.endswith("\\") else self._taken()

    def drop(self) -> None:
        """Forget what was begun."""
        self._lines, self._block = [], False

    def _taken(self) -> str:
        message = "\n".join(self._lines)
        self.drop()
        return message


def with_files(message: str, files: Sequence[tuple[str, str]]) -> str:
    """Return a message with files, (name, text) each, before it.

    Raises:
        UsageError: it is too long together.
    """
    parts = [f"File {name}:\n{text.strip()}\nEnd of file {name}." for name, text in files]
    whole = "\n\n".join((*parts, message))
    if len(whole) > MAX_MESSAGE:
        raise UsageError(f"a message has at most {MAX_MESSAGE:,} characters with its files", hint="give it in parts")
    return whole
