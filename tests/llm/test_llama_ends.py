"""A real model in its own process: who stops it, what goes wrong, and where it lives."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cards import card_of

from onprem.errors import ModelError, ResourceError, UsageError
from onprem.llm import placing
from onprem.llm.contract import Ended, Request
from onprem.llm.llama import Settings, load
from onprem.llm.shelf import Card
from onprem.llm.templates import Message, prompt


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
    began = time.monotonic()
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
