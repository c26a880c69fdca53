"""What is asked and answered in the form of OpenAI's interface: JSON to a `Request` of ours, and an `Answer` to JSON.

Rules: a parameter that would change the answer and is not served is refused and named, never passed over; one that
changes nothing (`user`, `metadata`) is taken. A name that occurs twice, a number that is none, half a character: refused.
What is told of a refused request holds names of parameters, never a value. Nothing here waits, reads or writes.

Two defaults are the house's and not OpenAI's: without `temperature` the likeliest token is taken, and without a limit a
chat's answer has `CHAT_TOKENS` tokens at most.

Source: OpenAI API reference, chat completions and completions.
"""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass, field
from datetime import datetime

from onprem.assist.serve.forms import (
    MAX_SEED,
    AnyObject,
    Both,
    Chat,
    Completion,
    Json,
    OfSchema,
    Part,
    Problem,
    Refused,
    StreamOptions,
    invalid,
    read,
)
from onprem.assist.serve.schemas import binding
from onprem.errors import UsageError
from onprem.llm.contract import Answer, Ended, Request, Sampling
from onprem.llm.shelf import Card
from onprem.llm.templates import Message, Piece, Prompt, prompt

CHAT_TOKENS, COMPLETION_TOKENS = 1_024, 16  # where the client sets no limit
MAX_SCHEMA_CHARS = 65_536


@dataclass(frozen=True, slots=True)
class Ask:
    """What a client asks for. `texts` are what it gave to the model, for the count of identifiers."""

    request: Request
    chat: bool
    stream: bool
    usage: bool  # a last piece of the stream tells the tokens
    texts: tuple[str, ...] = field(repr=False)


def read_chat(body: bytes, card: Card, context: int) -> Ask:
    """Read the body of a request for a chat; `context` is the model's, in tokens.

    Raises:
        Refused: it is not JSON, or asks for what is not served.
    """
    given = read(Chat, body)
    _check(given, card)
    messages = [Message(turn.role, _text(turn.content)) for turn in given.messages]
    try:
        made = prompt(card.template, messages)
    except UsageError as error:
        raise invalid("messages", error.message) from None
    if given.max_tokens and given.max_completion_tokens and given.max_tokens != given.max_completion_tokens:
        raise invalid("max_tokens", "it contradicts max_completion_tokens")
    most = given.max_completion_tokens or given.max_tokens
    tokens = _tokens(most, "max_completion_tokens" if given.max_completion_tokens else "max_tokens", context)
    request = Request(_stopping(made, given), tokens or min(CHAT_TOKENS, context), _sampling(given), "", _schema(given))
    return _ask(given, request, chat=True, texts=tuple(message.text for message in messages))


def read_completion(body: bytes, card: Card, context: int) -> Ask:
    """Read the body of a request to go on with a text, which is given to the model as it is.

    Raises:
        Refused: as `read_chat`.
    """
    given = read(Completion, body)
    _check(given, card)
    if not given.prompt:
        raise invalid("prompt", "it is empty")
    tokens = _tokens(given.max_tokens, "max_tokens", context) or min(COMPLETION_TOKENS, context)
    request = Request(_stopping(Prompt((Piece(given.prompt),)), given), tokens, _sampling(given))
    return _ask(given, request, chat=False, texts=(given.prompt,))


def _check(given: Both, card: Card) -> None:
    if given.model != card.name:
        message = "there is no such model here; GET /v1/models names the one there is"
        raise Refused(Problem(404, message, param="model", code="model_not_found"))
    if given.stream_options is not None and not given.stream:
        raise invalid("stream_options", "it is for streams only")


def _text(content: str | list[Part]) -> str:
    return content if isinstance(content, str) else "".join(part.text for part in content)


def _tokens(given: int | None, param: str, context: int) -> int:
    if given and given > context:
        raise invalid(param, f"the model's context has {context} tokens")
    return given or 0


def _stopping(made: Prompt, given: Both) -> Prompt:
    stops = [given.stop] if isinstance(given.stop, str) else given.stop or []
    return Prompt(made.pieces, made.stop_marks, (*made.stop_texts, *stops))


def _sampling(given: Both) -> Sampling:
    default = Sampling()
    return Sampling(
        temperature=given.temperature or 0.0,
        top_p=default.top_p if given.top_p is None else given.top_p,
        seed=secrets.randbelow(MAX_SEED + 1) if given.seed is None else given.seed,
    )


def _schema(given: Chat) -> str:
    match given.response_format:
        case AnyObject():
            return '{"type": "object"}'
        case OfSchema(json_schema=named):
            try:
                schema = json.dumps(binding(named.json_schema), ensure_ascii=False, allow_nan=False)
            except (ValueError, RecursionError):  # a number beyond all, or too deep
                raise invalid("response_format", "the schema cannot be written as JSON") from None
            if len(schema) > MAX_SCHEMA_CHARS:
                raise invalid("response_format", f"the schema has more than {MAX_SCHEMA_CHARS} characters")
            return schema
    return ""


def _ask(given: Both, request: Request, *, chat: bool, texts: tuple[str, ...]) -> Ask:
    options = given.stream_options or StreamOptions()
    return Ask(request, chat, bool(given.stream), options.include_usage, texts)


# the grammar of a schema lets a text hold control characters as they are, and JSON does not; they are nowhere else in it
_ESCAPED = {number: f"\\u{number:04x}" for number in range(32)}
_REASONS = {Ended.STOP: "stop", Ended.LENGTH: "length"}


def unanswered(answer: Answer, context: int) -> Problem | None:
    """Return why an answer is none; None where it is one."""
    if answer.ended in _REASONS:
        return None
    if answer.ended is Ended.TOO_LONG:
        message = f"the prompt has {answer.prompt_tokens} tokens; the model's context has {context}, with the answer"
        return Problem(400, message, code="context_length_exceeded")
    if answer.ended is Ended.STUCK:
        return Problem(500, "the model cannot go on within the schema", "server_error", code="stuck")
    return Problem(503, "the answer was cancelled", "server_error", code="cancelled")


class Reply:
    """The words around one answer: as a whole, or piece by piece."""

    def __init__(self, ask: Ask, card: Card) -> None:
        self._ask = ask
        kind = "chat.completion" if ask.chat else "text_completion"
        self._head: Json = {
            "id": f"{'chatcmpl' if ask.chat else 'cmpl'}-{secrets.token_hex(12)}",
            "object": f"{kind}.chunk" if ask.chat and ask.stream else kind,
            "created": int(time.time()),
            "model": card.name,
            "system_fingerprint": f"fp_{card.sha256[:12]}",
        }

    def whole(self, answer: Answer) -> Json:
        """Return a whole answer."""
        text = self._text(answer.text)
        said: Json = {"text": text}
        if self._ask.chat:
            said = {"message": {"role": "assistant", "content": text, "refusal": None}}
        return self._head | {"choices": [self._choice(said, answer)], "usage": _usage(answer)}

    def begin(self) -> list[Json]:
        """Return what a stream begins with."""
        return [self._piece({"delta": {"role": "assistant", "content": ""}})] if self._ask.chat else []

    def piece(self, text: str) -> Json:
        """Return a piece of a stream."""
        text = self._text(text)
        return self._piece({"delta": {"content": text}} if self._ask.chat else {"text": text})

    def end(self, answer: Answer) -> list[Json]:
        """Return what a stream ends with."""
        last = self._piece({"delta": {}} if self._ask.chat else {"text": ""}, answer)
        return [last, self._head | {"choices": [], "usage": _usage(answer)}] if self._ask.usage else [last]

    def _text(self, said: str) -> str:
        return said.translate(_ESCAPED) if self._ask.request.schema else said

    def _piece(self, said: Json, answer: Answer | None = None) -> Json:
        none: Json = {"usage": None} if self._ask.usage else {}
        return self._head | {"choices": [self._choice(said, answer)]} | none

    def _choice(self, said: Json, answer: Answer | None) -> Json:
        return {"index": 0} | said | {"logprobs": None, "finish_reason": answer and _REASONS[answer.ended]}


def _usage(answer: Answer) -> Json:
    return {
        "prompt_tokens": answer.prompt_tokens,
        "completion_tokens": answer.tokens,
        "total_tokens": answer.prompt_tokens + answer.tokens,
        "prompt_tokens_details": {"cached_tokens": answer.reused},
    }


def model(card: Card) -> Json:
    """Return what is told of the model."""
    return {
        "id": card.name,
        "object": "model",
        "created": int(datetime.fromisoformat(card.added).timestamp()),
        "owned_by": "site",
    }
