"""A real model in its own process: what it says, that it says it again, and what happens when something goes wrong."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pytest
from cards import card_of

from onprem.errors import ModelError, ResourceError, UsageError
from onprem.llm import placing
from onprem.llm.contract import Ended, Request, Sampling
from onprem.llm.llama import Settings, load
from onprem.llm.shelf import Card
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


# who stops


def test_a_cancelled_answer_keeps_what_was_said(model):
    writing = model.stream(asked("Write a long story.", max_tokens=300))
    pieces = iter(writing)
    said = [next(pieces) for _ in range(3)]
    writing.cancel()
    writing.cancel()
    said += pieces
    assert (writing.answer.ended, writing.answer.text) == (Ended.CANCELLED, "".join(said))
    assert writing.answer.tokens < 100
    assert texts(model, [asked("Hello.")])


def test_an_abandoned_batch_is_ended(model):
    answers = model.complete([asked("Write a long story.", max_tokens=300) for _ in range(12)])
    began = time.monotonic()
    stream = model.stream(asked("Hello.", max_tokens=4))
    del answers
    assert stream.answer.text
    batch = model.complete([asked(f"Tell me {n}.", max_tokens=most) for n, most in enumerate((2, 400, 400, 400))])
    next(batch)
    batch.close()
    assert texts(model, [asked("Hello.", max_tokens=4)])
    assert time.monotonic() - began < 10


def test_a_conversation_goes_on_from_what_is_known(model):
    turns = [Message("user", "My name is Ada. " * 10)]
    first = model.stream(Request(prompt("chatml", turns), max_tokens=8)).answer
    turns += [Message("assistant", first.text), Message("user", "Who am I?")]
    second = model.stream(Request(prompt("chatml", turns), max_tokens=8)).answer
    assert second.reused >= first.prompt_tokens - 1


def test_an_interrupt_between_two_pieces_loses_none(model):
    request = asked("Name ten animals.", max_tokens=40)
    whole = model.stream(request).answer.text
    writing = model.stream(request)
    said, interrupts = [], 0
    signal.setitimer(signal.ITIMER_REAL, 0.02, 0.05)
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        while True:
            try:
                said.extend(writing)
                break
            except KeyboardInterrupt:
                interrupts += 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert interrupts
    assert writing.answer.text == whole


# what goes wrong


@pytest.fixture
def victim(smollm2, small_card):
    model = load(small_card, smollm2, Settings(context=512))
    yield model
    model.close()


def test_a_killed_process_is_an_error_and_what_was_said_stays(victim):
    writing = victim.stream(asked("Write a long story.", max_tokens=300))
    pieces = iter(writing)
    said = next(pieces)
    os.kill(victim.pid, signal.SIGKILL)
    with pytest.raises(ModelError, match="SIGKILL") as caught:
        for piece in pieces:
            said += piece
    assert "memory" in caught.value.hint
    assert said
    with pytest.raises(ModelError):
        list(victim.complete([asked("Hello.")]))
    victim.close()


def test_answers_before_a_crash_stay_true(victim):
    answers = victim.complete([asked(f"Say {n}.", max_tokens=4) for n in range(50)])
    assert next(answers).tokens
    os.kill(victim.pid, signal.SIGABRT)
    with pytest.raises(ModelError, match="SIGABRT"):
        list(answers)


def test_the_process_ends_with_who_started_it(smollm2, small_card, tmp_path):
    program = (
        "import sys, time\nfrom pathlib import Path\nfrom onprem.llm.llama import Settings, load\n"
        "from onprem.llm.shelf import Card\n"
        "model = load(Card.model_validate_json(sys.argv[2]), Path(sys.argv[1]), Settings(context=512))\n"
        "print(model.pid, flush=True)\ntime.sleep(60)\n"
    )
    arguments = [sys.executable, "-c", program, str(smollm2), small_card.model_dump_json()]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as parent:
        pid = int(parent.stdout.readline())
        parent.kill()
    until = time.monotonic() + 5
    while Path(f"/proc/{pid}").exists() and "Z" not in Path(f"/proc/{pid}/stat").read_text().split()[2]:
        assert time.monotonic() < until
        time.sleep(0.02)


def test_another_file_than_the_cards_is_not_loaded(smollm2):
    with pytest.raises(ModelError, match="not the one that was added"):
        load(card_of(smollm2, sha256="0" * 64), smollm2, Settings())


def test_what_is_no_model_is_told(tmp_path):
    path = tmp_path / "model.gguf"
    path.write_bytes(b"PK\x03\x04" + bytes(100))
    with pytest.raises(ModelError, match="no GGUF"):
        load(Card.model_construct(name="x", sha256=hashlib.sha256(path.read_bytes()).hexdigest()), path, Settings())


def test_a_model_that_is_cut_off_is_told(smollm2, tmp_path):
    path = tmp_path / "model.gguf"
    path.write_bytes(smollm2.read_bytes()[:-1_000_000])
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(ModelError, match="cut off"):
        load(Card.model_construct(name="x", sha256=digest), path, Settings())


def test_an_unknown_architecture_is_told(smollm2, tmp_path):
    content = smollm2.read_bytes()
    path = tmp_path / "model.gguf"
    path.write_bytes(content.replace(b"llama", b"lhama"))
    with pytest.raises(ModelError, match="architecture"):
        load(card_of(path), path, Settings())


def test_a_model_larger_than_memory_is_not_begun(smollm2, small_card, monkeypatch):
    monkeypatch.setattr(placing, "free_memory", lambda: 50 << 20)
    with pytest.raises(ResourceError, match=r"0\.0 GiB are free") as caught:
        load(small_card, smollm2, Settings())
    assert "smaller" in caught.value.hint


@pytest.mark.parametrize(
    "settings",
    [
        Settings(sequences=0),
        Settings(sequences=1_000),
        Settings(context=-1),
        Settings(context=100_000),
        Settings(threads=0),
    ],
)
def test_settings_that_cannot_be_are_refused(smollm2, small_card, settings):
    with pytest.raises(UsageError):
        load(small_card, smollm2, settings)


# where it lives


def test_the_process_is_behind_the_walls_and_knows_little(smollm2, small_card, monkeypatch):
    monkeypatch.setenv("LLAMA_CPP_LIB_PATH", "/nowhere")
    monkeypatch.setenv("WARD_SECRET", "1234")
    model = load(small_card, smollm2, Settings(context=512))
    try:
        process = Path(f"/proc/{model.pid}")
        status = dict(line.split(":\t", 1) for line in (process / "status").read_text().splitlines() if ":\t" in line)
        assert (status["Seccomp"], status["NoNewPrivs"]) == ("2", "1")
        assert str(smollm2).encode() not in (process / "cmdline").read_bytes()
        assert b"WARD_SECRET" not in (process / "environ").read_bytes()
        opened = [str(link.readlink()) for link in (process / "fd").iterdir()]
        assert not [target for target in opened if target.startswith("socket:")]
        assert (process / "oom_score_adj").read_text() == "1000\n"
    finally:
        model.close()
    assert not process.exists()


def test_closing_twice_is_closing_once(victim):
    victim.close()
    victim.close()
    with pytest.raises(ModelError):
        victim.stream(asked("Hello."))
