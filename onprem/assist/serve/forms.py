"""The forms of OpenAI's requests: which parameters there are, what each may be, and what is told where one is not.

Rules: as in `openai_api`. A form lists what is served, and, with nothing as the only value, what clients send though it
says nothing; every other name is refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal, NoReturn, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

MAX_SEED = 2**32 - 2
MAX_TURNS = MAX_PARTS = 1_000  # of a conversation, of a turn

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why there is no answer: an HTTP status, and what OpenAI's error object says."""

    status: int
    message: str
    kind: str = "invalid_request_error"
    param: str | None = None
    code: str | None = None

    def body(self) -> Json:
        """Return OpenAI's error object."""
        return {"error": {"message": self.message, "type": self.kind, "param": self.param, "code": self.code}}


class Refused(Exception):  # noqa: N818 - an answer to a client, no failure of ours
    """A request is not answered."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class _Given(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)

    def __repr_args__(self) -> Iterator[tuple[str | None, object]]:
        """Show nothing: it may be of a record."""
        return iter(())


_Nothing = Annotated[list[object], Field(max_length=0)] | Annotated[dict[str, object], Field(max_length=0)] | None
_Zero = Annotated[float, Field(ge=0, le=0)] | None
_One = Annotated[int, Field(ge=1, le=1)] | None
_Tokens = Annotated[int, Field(ge=1)] | None
_Stop = Annotated[str, Field(min_length=1, max_length=256)]


class Part(_Given):
    """A part of what is said in a turn."""

    type: Literal["text"]
    text: str


class Turn(_Given):
    """A turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    # the first that is wrong is enough: an error for each of a million would take gigabytes
    content: str | Annotated[list[Part], Field(min_length=1, max_length=MAX_PARTS, fail_fast=True)]
    # what an earlier answer carries, when a client hands it back as it came
    refusal: None = None
    tool_calls: _Nothing = None
    function_call: None = None
    annotations: _Nothing = None
    audio: None = None


class StreamOptions(_Given):
    """What a stream tells beside the answer."""

    include_usage: bool = False


class AnyText(_Given):
    """An answer in any form."""

    type: Literal["text"]


class AnyObject(_Given):
    """An answer that is a JSON object."""

    type: Literal["json_object"]


class Named(_Given):
    """A JSON schema with its name."""

    name: str
    json_schema: Annotated[dict[str, object], Field(alias="schema")]
    description: str | None = None
    strict: bool | None = None


class OfSchema(_Given):
    """An answer by a JSON schema."""

    type: Literal["json_schema"]
    json_schema: Named


class Both(_Given):
    """Parameters of both kinds of request; those that may only be absent or say nothing stand last."""

    model: str
    max_tokens: _Tokens = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    seed: Annotated[int, Field(ge=0, le=MAX_SEED)] | None = None
    stop: _Stop | Annotated[list[_Stop], Field(max_length=4)] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    user: str | None = None
    n: _One = None
    frequency_penalty: _Zero = None
    presence_penalty: _Zero = None
    logit_bias: _Nothing = None


class Chat(Both):
    """A request for the next turn of a conversation."""

    messages: Annotated[list[Turn], Field(min_length=1, max_length=MAX_TURNS, fail_fast=True)]
    max_completion_tokens: _Tokens = None
    response_format: Annotated[AnyText | AnyObject | OfSchema, Field(discriminator="type")] | None = None
    metadata: Annotated[dict[str, str], Field(max_length=16)] | None = None
    safety_identifier: str | None = None
    prompt_cache_key: str | None = None
    store: Literal[False] | None = None
    service_tier: Literal["auto", "default"] | None = None
    modalities: Annotated[list[Literal["text"]], Field(max_length=1)] | None = None
    logprobs: Literal[False] | None = None
    tools: _Nothing = None
    tool_choice: Literal["none"] | None = None


class Completion(Both):
    """A request to go on with a text."""

    prompt: str
    echo: Literal[False] | None = None
    best_of: _One = None
    logprobs: None = None
    suffix: None = None


_FORMS: dict[str, str] = {
    "messages": f"1 to {MAX_TURNS:,} turns of system, user and assistant; content is text, or parts of the type text",
    "prompt": "one text",
    "max_tokens": "a whole number from 1",
    "max_completion_tokens": "a whole number from 1",
    "temperature": "0 to 2",
    "top_p": "above 0, up to 1",
    "seed": f"a whole number from 0 to {MAX_SEED}",
    "stop": "up to 4 texts of up to 256 characters",
    "n": "1",
    "response_format": "text, json_object, or json_schema with a schema",
}

Form = TypeVar("Form", bound=Both)


def read(form: type[Form], body: bytes) -> Form:
    """Read the body of a request.

    Raises:
        Refused: it is not JSON, or not of this form.
    """
    try:
        content = json.loads(body.decode("utf-8"), parse_constant=_no_number, object_pairs_hook=_once)
        if b"\\u" in body:  # an escape may be half a character, which no text of UTF-8 holds
            json.dumps(content, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        raise Refused(Problem(400, "the body is not JSON in UTF-8 with each name once")) from None
    if not isinstance(content, dict):
        raise Refused(Problem(400, "the body is no JSON object"))
    try:
        return form.model_validate(content)
    except ValidationError as error:
        raise _unfit(error) from None


def _no_number(_: str) -> NoReturn:
    raise ValueError


def _once(pairs: list[tuple[str, object]]) -> Json:
    content = dict(pairs)
    if len(content) != len(pairs):
        raise ValueError
    return content


def _unfit(error: ValidationError) -> Refused:
    """Return what is told of the first parameter that is not accepted."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = first["loc"]
    top = str(where[0])
    if not (top.isascii() and top.isidentifier() and len(top) <= 40):  # a client may put anything there
        return Refused(Problem(400, "a parameter with no fit name is not supported", code="unsupported_parameter"))
    param = top
    if len(where) > 1 and isinstance(where[1], int):
        param += f"[{where[1]}]"
        if len(where) > 2 and where[2] in Turn.model_fields:
            param += f".{where[2]}"
    if first["type"] == "missing" and len(where) == 1:
        return Refused(Problem(400, f"{param} is missing", param=param, code="missing_required_parameter"))
    if top not in _FORMS:
        return Refused(Problem(400, f"{param} is not supported", param=param, code="unsupported_parameter"))
    return invalid(param, f"it may be {_FORMS[top]}")


def invalid(param: str, why: str) -> Refused:
    """Return what is told of a parameter that has a value it may not have."""
    return Refused(Problem(400, f"{param} is not accepted: {why}", param=param, code="invalid_value"))
