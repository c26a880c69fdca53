"""What a model's process says is believed no further than it keeps to the form of its frames."""

import subprocess
import sys

import pytest

from onprem.errors import ModelError
from onprem.llm import process
from onprem.llm.contract import Request
from onprem.llm.llama import Chosen, Llama
from onprem.llm.scripted import CARD
from onprem.llm.templates import Piece, Prompt

ANSWER = {"is": "answer", "id": 1, "text": "x", "ended": "stop", "prompt_tokens": 1, "tokens": 1, "reused": 0}


@pytest.fixture
def says(monkeypatch):
    """A process that says one line of bytes and then waits."""

    def started(content):
        program = f"import sys, time; sys.stdout.buffer.write({content!r}); sys.stdout.flush(); time.sleep(30)"
        popen = subprocess.Popen
        monkeypatch.setattr(process.subprocess, "Popen", lambda _, **how: popen([sys.executable, "-c", program], **how))
        return process.Process()

    return started


def framed(text):
    return len(text).to_bytes(4, "big") + text.encode()


def test_a_frame_of_a_known_form_is_taken(says):
    model = says(framed('{"is":"piece","id":3,"text":"cough"}'))
    assert model.receive() == {"is": "piece", "id": 3, "text": "cough"}
    model.end()


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        '{"is":"secret","id":1}',
        '{"is":"piece","id":"1","text":"x"}',
        '{"is":"piece","id":1}',
        '{"is":"refused","id":1,"code":"../etc"}',
        '{"is":"refused","id":1,"code":"memory"}',
        '{"is":"failed","code":"schema"}',
        '{"is":["answer"],"id":1}',
        str({**ANSWER, "ended": "released"}).replace("'", '"'),
    ],
)
def test_a_frame_of_another_form_ends_the_process_and_is_told_without_it(says, text):
    model = says(framed(text))
    with pytest.raises(ModelError, match="not understood") as caught:
        model.receive()
    assert model.ended
    assert "secret" not in str(caught.value) and "released" not in str(caught.value)
    with pytest.raises(ModelError):
        model.send({"op": "last"})


def test_a_model_that_cannot_be_computed_with_while_it_writes_is_told_as_such(says):
    started = says(framed('{"is":"failed","code":"unsound"}'))
    held = Chosen(512, 512, 1, 1, 0, offload=False, needed=0, load_s=0.0, system="")
    model = Llama(CARD, held, started)
    with pytest.raises(ModelError, match="computed with"):
        list(model.complete([Request(Prompt((Piece("cough"),)))]))
    assert started.ended
