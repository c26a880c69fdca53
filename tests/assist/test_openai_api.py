"""Requests in OpenAI's form: what is served reaches the model, what is not is refused by name, and nothing is said back."""

import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onprem.assist.serve.forms import MAX_SEED, Refused
from onprem.assist.serve.openai_api import (
    CHAT_TOKENS,
    COMPLETION_TOKENS,
    Reply,
    model,
    read_chat,
    read_completion,
    unanswered,
)
from onprem.llm.contract import Answer, Ended
from onprem.llm.scripted import CARD

SECRET = "Jane Whitfield"
TURN = {"role": "user", "content": f"{SECRET} has a cough"}


def chat(**more):
    content = {"model": "scripted", "messages": [TURN]} | more
    return read_chat(json.dumps(content).encode(), CARD, 4_096)


def completion(**more):
    return read_completion(json.dumps({"model": "scripted", "prompt": SECRET} | more).encode(), CARD, 4_096)


def refused(body, read=read_chat):
    with pytest.raises(Refused) as caught:
        read(body if isinstance(body, bytes) else json.dumps(body).encode(), CARD, 4_096)
    problem = caught.value.problem
    assert SECRET not in json.dumps(problem.body()) + repr(caught.value)
    return problem


def text(ask):
    return "".join(piece.text for piece in ask.request.prompt.pieces)


def test_conversation_becomes_the_prompt_of_the_models_family():
    turns = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "病人"}, {"type": "text", "text": "咳嗽"}]},
        {"role": "assistant", "content": "Since when?", "tool_calls": None, "refusal": None, "annotations": []},
        TURN,
    ]
    ask = chat(messages=turns)
    assert text(ask) == (
        f"Be brief.\n\nUser: 病人咳嗽\n\nAssistant: Since when?\n\nUser: {SECRET} has a cough\n\nAssistant:"
    )
    assert ask.texts == ("Be brief.", "病人咳嗽", "Since when?", f"{SECRET} has a cough")
    assert SECRET not in repr(ask)


def test_text_of_a_completion_is_given_as_it_is():
    ask = completion()
    assert text(ask) == SECRET
    assert ask.request.prompt.stop_texts == ()
    assert ask.request.max_tokens == COMPLETION_TOKENS


def test_sampling_is_as_asked_and_the_likeliest_token_where_nothing_is():
    sampling = chat(temperature=0.7, top_p=0.5, seed=MAX_SEED).request.sampling
    assert (sampling.temperature, sampling.top_p, sampling.seed) == (0.7, 0.5, MAX_SEED)
    assert chat().request.sampling.temperature == 0
    assert chat(temperature=1).request.sampling.seed != chat(temperature=1).request.sampling.seed


def test_length_and_stops_are_as_asked():
    assert chat().request.max_tokens == CHAT_TOKENS
    assert chat(max_tokens=7).request.max_tokens == 7
    assert chat(max_completion_tokens=8, max_tokens=8).request.max_tokens == 8
    assert chat(stop="END").request.prompt.stop_texts[-1:] == ("END",)
    assert chat(stop=["a", "b", "c", "停"]).request.prompt.stop_texts[-4:] == ("a", "b", "c", "停")


def test_form_of_the_answer_becomes_a_schema():
    schema = {"type": "object", "properties": {"症状": {"type": "string"}}}
    named = {"name": "visit", "schema": schema, "strict": True}
    bound = schema | {"required": [], "additionalProperties": False}
    assert json.loads(chat(response_format={"type": "json_schema", "json_schema": named}).request.schema) == bound
    assert json.loads(chat(response_format={"type": "json_object"}).request.schema) == {"type": "object"}
    assert chat(response_format={"type": "text"}).request.schema == ""


def test_what_changes_nothing_is_taken():
    chat(
        user="ward-3", metadata={"job": "1"}, store=False, n=1, logprobs=False, tools=[], tool_choice="none",
        frequency_penalty=0, presence_penalty=0.0, logit_bias={}, modalities=["text"], service_tier="auto",
        stream=None, stop=None, seed=None, safety_identifier="a", prompt_cache_key="b",
    )  # fmt: skip
    completion(echo=False, best_of=1, logprobs=None, suffix=None)


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"tools": [{"type": "function"}]}, "tools"),
        ({"tool_choice": "auto"}, "tool_choice"),
        ({"functions": []}, "functions"),
        ({"logprobs": True}, "logprobs"),
        ({"top_logprobs": 2}, "top_logprobs"),
        ({"n": 2}, "n"),
        ({"n": True}, "n"),
        ({"store": True}, "store"),
        ({"frequency_penalty": 0.1}, "frequency_penalty"),
        ({"logit_bias": {"5": -100}}, "logit_bias"),
        ({"reasoning_effort": "low"}, "reasoning_effort"),
        ({"modalities": ["text", "audio"]}, "modalities"),
        ({"temperature": 2.1}, "temperature"),
        ({"temperature": "hot"}, "temperature"),
        ({"top_p": 0}, "top_p"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**32 - 1}, "seed"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": 4_097}, "max_tokens"),
        ({"max_completion_tokens": 4_097}, "max_completion_tokens"),
        ({"max_tokens": 5, "max_completion_tokens": 6}, "max_tokens"),
        ({"stop": ["1", "2", "3", "4", "5"]}, "stop"),
        ({"stop": ""}, "stop"),
        ({"stream": "yes"}, "stream"),
        ({"stream_options": {"include_usage": True}}, "stream_options"),
        ({"response_format": {"type": "yaml"}}, "response_format"),
        ({"response_format": {"type": "json_schema", "json_schema": {"name": "a"}}}, "response_format"),
        ({"metadata": {str(number): "" for number in range(17)}}, "metadata"),
        ({"messages": [TURN] * 1_001}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": SECRET}, "messages"),
        ({"messages": [TURN, {"role": SECRET, "content": "a"}]}, "messages[1].role"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": SECRET}]}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": None}]}, "messages[0].content"),
        ({"messages": [TURN | {"name": SECRET}]}, "messages[0]"),
        ({"messages": [TURN, {"role": "system", "content": SECRET}]}, "messages"),
        ({"messages": [TURN | {"role": "assistant"}]}, "messages"),
        ({"model": "gpt-4o"}, "model"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_is_not_served_is_refused_by_name(more, param):
    problem = refused({"model": "scripted", "messages": [TURN]} | more)
    assert problem.param == param
    assert problem.status == (404 if param == "model" else 400)


@pytest.mark.parametrize(
    ("more", "param"),
    [({"prompt": [SECRET]}, "prompt"), ({"prompt": ""}, "prompt"), ({"suffix": SECRET}, "suffix"),
     ({"echo": True}, "echo"), ({"best_of": 2}, "best_of"), ({"logprobs": 0}, "logprobs"), ({"messages": []}, "messages")],
)  # fmt: skip
def test_what_is_not_served_of_a_completion_is_refused_by_name(more, param):
    assert refused({"model": "scripted", "prompt": SECRET} | more, read_completion).param == param


def test_what_is_missing_is_named():
    assert refused({"model": "scripted"}).message == "messages is missing"
    assert refused({"messages": [TURN]}).code == "missing_required_parameter"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b'{"model": "scripted", "model": "scripted", "messages": []}',
        b'{"temperature": NaN}',
        b'{"model": "\xff"}',
        b'{"model": "half \\ud83d"}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"max_tokens": 1' + b"0" * 5_000 + b"}",
    ],
    ids=range(11),
)
def test_what_is_no_json_of_one_meaning_is_refused(body):
    assert refused(body).status == 400


@pytest.mark.parametrize(
    "messages",
    [[{}] * 500_000, [{"role": "user", "content": [{}] * 500_000}], [{"role": "user", "content": [{}] * 900}] * 900],
    ids=["turns", "parts", "both"],
)
def test_a_million_faults_are_not_all_looked_at(messages):
    body = json.dumps({"model": "scripted", "messages": messages}).encode()
    tracemalloc.start()
    try:
        assert refused(body).param.startswith("messages[0]")
        assert tracemalloc.get_traced_memory()[1] < 200 << 20  # gigabytes where each has its error
    finally:
        tracemalloc.stop()


def test_parameter_with_a_name_that_says_something_is_not_said_back():
    assert refused({"model": "scripted", "messages": [TURN], f"{SECRET} coughs": 1}).param is None


def test_schema_that_is_no_json_or_too_long_is_refused():
    def form(schema):
        return {"type": "json_schema", "json_schema": {"name": "a", "schema": schema}}

    asked = {"model": "scripted", "messages": [TURN]}
    assert refused(asked | {"response_format": form({"const": "a" * 70_000})}).param == "response_format"
    endless = json.dumps(asked | {"response_format": form({"const": 0.5})}).replace('"const": 0.5', '"const": 1e999')
    assert refused(endless.encode()).param == "response_format"


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8), st.sampled_from(["messages", "stop", "tools", "response_format", "seed", "any"]))  # fmt: skip # noqa: E501
def test_no_value_does_anything_but_pass_or_be_refused(value, name):
    body = json.dumps({"model": "scripted", "messages": [TURN], name: value}).encode()
    try:
        ask = read_chat(body, CARD, 4_096)
    except Refused as caught:
        assert caught.problem.status == 400
    else:
        assert text(ask)


def test_answer_as_a_whole_and_in_pieces():
    answer = Answer("Good 好", Ended.LENGTH, 5, 2, reused=3)
    whole = Reply(chat(), CARD).whole(answer)
    assert whole["object"] == "chat.completion"
    assert whole["choices"][0]["message"]["content"] == "Good 好"
    assert whole["choices"][0]["finish_reason"] == "length"
    assert whole["usage"] == {
        "prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7, "prompt_tokens_details": {"cached_tokens": 3}
    }  # fmt: skip
    reply = Reply(chat(stream=True, stream_options={"include_usage": True}), CARD)
    pieces = [*reply.begin(), reply.piece("Good "), reply.piece("好"), *reply.end(answer)]
    assert {piece["object"] for piece in pieces} == {"chat.completion.chunk"}
    assert len({piece["id"] for piece in pieces}) == 1
    assert [piece["choices"][0]["finish_reason"] for piece in pieces[:-1]] == [None, None, None, "length"]
    assert (pieces[-1]["choices"], pieces[-1]["usage"], pieces[0]["usage"]) == ([], whole["usage"], None)
    assert "usage" not in Reply(chat(stream=True), CARD).piece("a")
    assert Reply(completion(), CARD).whole(answer)["choices"][0]["text"] == "Good 好"


def test_control_characters_in_a_text_of_json_are_escaped_and_elsewhere_stay():
    answer = Answer('{"a" :"b\n\x00c"}', Ended.STOP, 5, 2)
    bound = chat(response_format={"type": "json_object"}, stream=True)
    for said in (
        Reply(bound, CARD).whole(answer)["choices"][0]["message"]["content"],
        Reply(bound, CARD).piece(answer.text)["choices"][0]["delta"]["content"],
    ):
        assert json.loads(said) == {"a": "b\n\x00c"}
    assert Reply(chat(), CARD).whole(answer)["choices"][0]["message"]["content"] == answer.text


def test_answer_that_is_none_says_why():
    assert unanswered(Answer("", Ended.TOO_LONG, 5_000, 0), 4_096).code == "context_length_exceeded"
    assert unanswered(Answer("{", Ended.STUCK, 5, 1), 4_096).status == 500
    assert unanswered(Answer("a", Ended.CANCELLED, 5, 1), 4_096).status == 503
    assert unanswered(Answer("a", Ended.STOP, 5, 1), 4_096) is None


def test_model_is_told_with_the_time_it_came():
    assert model(CARD) == {"id": "scripted", "object": "model", "created": 1_767_225_600, "owned_by": "site"}
