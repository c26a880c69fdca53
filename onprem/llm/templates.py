"""Our own prompt templates, one per family of models; the template inside a model file is never rendered.

Rules: a prompt is made of marks, which are special tokens of the vocabulary, and of text, which never is: whatever a
user or a record says, `<|im_end|>` in it stays seven letters and some signs. So no text can end a turn or begin one in
another role.

Sources: the model cards of SmolLM2 and Qwen2.5 (ChatML), Llama 3 and Gemma 3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from onprem.errors import UsageError
from onprem.llm.shelf import Template

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation. What is said may be of a record, so it stands in no repr."""

    role: Role
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a prompt: a mark, which is one special token, or text, in which nothing is special."""

    text: str = field(repr=False)
    mark: bool = False


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the model is given, and what ends its answer: a mark, or a text that begins another turn."""

    pieces: tuple[Piece, ...]
    stop_marks: tuple[str, ...] = ()
    stop_texts: tuple[str, ...] = ()


def prompt(template: Template, messages: Sequence[Message]) -> Prompt:
    """Return the prompt that lets the model say the assistant's next turn.

    Raises:
        UsageError: there is no turn of a user, or a system turn is not the first, or the last one is not a user's.
    """
    roles = [message.role for message in messages]
    if not roles or roles[-1] != "user" or "system" in roles[1:]:
        raise UsageError("a conversation begins with at most one system turn and ends with a user's")
    return _FAMILIES[template](messages)


def _chatml(messages: Sequence[Message]) -> Prompt:
    def pieces() -> Iterator[Piece]:
        for message in messages:
            yield from (
                _mark("<|im_start|>"),
                Piece(f"{message.role}\n{message.text}"),
                _mark("<|im_end|>"),
                Piece("\n"),
            )
        yield from (_mark("<|im_start|>"), Piece("assistant\n"))

    return Prompt(tuple(pieces()), stop_marks=("<|im_end|>",))


def _llama3(messages: Sequence[Message]) -> Prompt:
    def turn(role: str, text: str) -> Iterator[Piece]:
        yield from (_mark("<|start_header_id|>"), Piece(role), _mark("<|end_header_id|>"), Piece(f"\n\n{text}"))

    def pieces() -> Iterator[Piece]:
        for message in messages:
            yield from turn(message.role, message.text)
            yield _mark("<|eot_id|>")
        yield from turn("assistant", "")

    return Prompt(tuple(pieces()), stop_marks=("<|eot_id|>",))


def _gemma(messages: Sequence[Message]) -> Prompt:
    """Gemma knows no system turn: its text stands before the first user's."""
    names = {"user": "user", "assistant": "model"}

    def pieces() -> Iterator[Piece]:
        before = ""
        for message in messages:
            if message.role == "system":
                before = f"{message.text}\n\n"
                continue
            text = f"{names[message.role]}\n{before}{message.text}"
            yield from (_mark("<start_of_turn>"), Piece(text), _mark("<end_of_turn>"), Piece("\n"))
            before = ""
        yield from (_mark("<start_of_turn>"), Piece("model\n"))

    return Prompt(tuple(pieces()), stop_marks=("<end_of_turn>",))


def _plain(messages: Sequence[Message]) -> Prompt:
    """For base models, which know no turns: named lines, ended where the model begins a user's line itself."""
    names = {"system": "", "user": "User: ", "assistant": "Assistant: "}
    turns = [f"{names[message.role]}{message.text}" for message in messages]
    return Prompt((Piece("\n\n".join([*turns, "Assistant:"])),), stop_texts=("\n\nUser:", "\nUser:"))


def _mark(text: str) -> Piece:
    return Piece(text, mark=True)


_FAMILIES: dict[Template, Callable[[Sequence[Message]], Prompt]] = {
    "chatml": _chatml,
    "llama3": _llama3,
    "gemma": _gemma,
    "plain": _plain,
}
