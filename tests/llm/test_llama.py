"""A real model in its own process: what it says, that it says it again, and what happens when something goes wrong."""

import json
import time

import jsonschema
import pytest

from onprem.errors import ModelError, UsageError
from onprem.llm.contract import Ended, Request, Sampling
from onprem.llm.llama import Settings, load
from onprem.llm.templates import Message, Piece, Prompt, prompt

SHORT = Sampling(temperature=0.9, seed=7)
PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 24},
        "age": {"type": "integer", "minimum": 0, "maximum": 130},
        "smokes": {"type": ["boolean", "null"]},
        "drugs": {"type": "array", "items": {"enum": ["aspirin", "metformin"]}, "maxItems": 2},
    },
    "required": ["name", "age", "smokes", "drugs"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def model(smollm2, small_card):
    model = load(small_card, smollm2, Settings(sequences=4, context=512))
    yield model
    model.close()


def asked(words, **how):
    how.setdefault("max_tokens", 12)
    return Request(prompt("chatml", [Message("user", words)]), **how)


def texts(model, requests):
    return [answer.text for answer in model.complete(requests)]


# what it says


def test_it_answers(model):
    (answer,) = model.complete([asked("What is the capital of France?", max_tokens=40)])
    assert "Paris" in answer.text
    assert answer.ended == Ended.STOP
    assert answer.tokens > 3 and answer.prompt_tokens > 10


def test_answers_come_in_the_order_of_the_requests(model):
    lengths = (24, 1, 12, 2, 3, 1, 9, 4, 2, 6)
    requests = [asked("Say it. " * n, max_tokens=most) for n, most in enumerate(lengths, 1)]
    alone = [model.stream(request).answer.prompt_tokens for request in requests]
    answers = list(model.complete(requests))
    assert [answer.prompt_tokens for answer in answers] == alone
    assert all(answer.tokens <= request.max_tokens for answer, request in zip(answers, requests, strict=True))


def test_a_stream_is_the_answer_in_pieces(model):
    request = asked("Name three fruits.", max_tokens=20)
    writing = model.stream(request)
    pieces = list(writing)
    assert len(pieces) > 5
    assert "".join(pieces) == writing.answer.text == texts(model, [request])[0]


def test_requests_are_taken_as_there_is_room(model):
    taken = []

    def requests():
        for n in range(40):
            taken.append(n)
            yield asked(f"Say {n}.", max_tokens=2)

    answers = model.complete(requests())
    next(answers)
    assert len(taken) < 40
    assert len(list(answers)) == 39


def test_what_a_text_says_is_never_a_mark(model):
    assert model.count(Prompt((Piece("<|im_end|>", mark=True),))) == 1
    assert model.count(Prompt((Piece("<|im_end|>"),))) > 1


def test_a_stop_text_ends_the_answer(model):
    whole = texts(model, [asked("Count: one, two,", max_tokens=20)])[0]
    stop = whole[6:9]
    request = asked("Count: one, two,", max_tokens=20)
    ended = next(model.complete([Request(Prompt(request.prompt.pieces, stop_texts=(stop,)), max_tokens=20)]))
    assert (ended.text, ended.ended) == (whole[: whole.index(stop)], Ended.STOP)


# that it says it again


def test_same_seed_same_text_twenty_times(model):
    requests = [
        asked(f"Tell me about {what}.", sampling=SHORT, max_tokens=6)
        for what in ("fever", "cough", "rain", "tea", "sleep")
    ]
    first = texts(model, requests)
    assert len(set(first)) > 1
    assert all(texts(model, requests) == first for _ in range(19))


def test_same_seed_same_text_in_another_process(smollm2, small_card, model):
    requests = [asked(f"Tell me about {what}.", sampling=SHORT) for what in ("fever", "cough", "rain", "tea", "sleep")]
    other = load(small_card, smollm2, Settings(sequences=4, context=512))
    try:
        assert texts(other, requests) == texts(model, requests)
    finally:
        other.close()


def test_how_slowly_requests_come_changes_nothing(model):
    requests = [asked(f"Tell me about {what}.", sampling=SHORT) for what in ("fever", "cough", "rain", "tea", "sleep")]

    def slowly():
        for request in requests:
            time.sleep(0.15)
            yield request

    assert texts(model, slowly()) == texts(model, requests)


def test_another_seed_says_something_else(model):
    said = texts(model, [asked("Tell me a story.", sampling=Sampling(temperature=1.0, seed=seed)) for seed in range(6)])
    assert len(set(said)) > 3


# what binds it


def test_what_it_says_fits_the_schema_whatever_is_drawn(model):
    request = [
        asked("Describe a patient.", max_tokens=120, schema=json.dumps(PERSON), sampling=Sampling(1.3, seed=seed))
        for seed in range(12)
    ]
    answers = list(model.complete(request))
    whole = [answer for answer in answers if answer.ended == Ended.STOP]
    assert len(whole) >= 10
    for answer in whole:
        jsonschema.validate(json.loads(answer.text), PERSON)


def test_a_text_of_a_schema_has_no_control_characters_whatever_is_drawn(model):
    schema = '{"type": "array", "items": {"type": "string", "maxLength": 60}, "minItems": 2, "maxItems": 2}'
    asking = "Write lines of a poem, one under the other:\n1.\n2.\n3.\n"
    requests = [asked(asking, max_tokens=90, schema=schema, sampling=Sampling(2.0, top_k=0, seed=n)) for n in range(8)]
    answers = [answer for answer in model.complete(requests) if answer.ended == Ended.STOP]
    assert len(answers) >= 5
    for answer in answers:
        json.loads(answer.text)


def test_a_grammar_binds_the_likeliest_too(model):
    (answer,) = model.complete([asked("Is water wet?", grammar='root ::= "perhaps" | "maybe"')])
    assert answer.text in ("perhaps", "maybe")
    assert answer.ended == Ended.STOP


def test_a_grammar_that_allows_chinese_is_followed(model):
    (answer,) = model.complete([asked("Say it.", grammar='root ::= "咳嗽三天" "。"')])
    assert (answer.text, answer.ended) == ("咳嗽三天。", Ended.STOP)


@pytest.mark.parametrize(
    "how",
    [
        {"schema": '{"type": "nonsense"}'},
        {"schema": '{"$ref": "#/nowhere"}'},
        {"schema": "no JSON"},
        {"schema": '{"type": "string", "pattern": "no anchors"}'},
        {"schema": '{"type": "array", "items": {"type": "string"}, "maxItems": 2000000000}'},
        {"grammar": "root ::= ("},
        {"grammar": "other ::= [a-z]"},
        {"grammar": "root ::= root"},
        {"grammar": "x", "schema": "{}"},
    ],
    ids=["type", "reference", "no JSON", "pattern", "too many", "syntax", "no root", "left recursion", "both"],
)
def test_what_cannot_bind_is_refused(model, how):
    with pytest.raises(UsageError) as caught:
        list(model.complete([asked("Say it.", **how)]))
    assert caught.value.hint or "both" in caught.value.message
    assert texts(model, [asked("What is the capital of France?")])  # and the model goes on


# what does not fit


def test_a_prompt_that_is_too_long_is_not_computed(model):
    (answer, after) = model.complete([asked("cough " * 600), asked("Hello.")])
    assert (answer.ended, answer.text, answer.tokens) == (Ended.TOO_LONG, "", 0)
    assert answer.prompt_tokens > model.context
    assert after.text


def test_an_answer_ends_where_the_context_ends(model):
    words = "cough " * 470
    (answer,) = model.complete([asked(words, max_tokens=500, grammar='root ::= "a" root')])
    assert answer.ended == Ended.LENGTH
    assert answer.prompt_tokens + answer.tokens == model.context


def test_an_empty_prompt_is_refused(model):
    with pytest.raises(UsageError, match="empty"):
        list(model.complete([Request(Prompt(()))]))
    with pytest.raises(UsageError, match="empty"):
        list(model.stream(Request(Prompt((Piece(""),)))))


def test_a_template_that_is_not_the_models_is_refused(model):
    foreign = prompt("gemma", [Message("user", "Hello.")])
    with pytest.raises(UsageError, match="mark"):
        list(model.complete([Request(foreign)]))
    with pytest.raises(ModelError, match="mark"):
        model.count(foreign)


@pytest.mark.parametrize(
    "how", [{"max_tokens": 0}, {"sampling": Sampling(seed=-1)}, {"sampling": Sampling(seed=2**32 - 1)}]
)
def test_numbers_that_cannot_be_are_refused(model, how):
    with pytest.raises(UsageError):
        list(model.complete([asked("Say it.", **how)]))
