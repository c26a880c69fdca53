"""`onprem serve` with a real model, asked by OpenAI's own client over the socket."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import httpx2
import jsonschema
import openai
import pytest
from model_world import TIMEOUT, World
from pydantic import BaseModel, Field

ASKED = [{"role": "system", "content": "Answer in one sentence."}, {"role": "user", "content": "What is a ward round?"}]
SCHEMA = {
    "type": "object",
    "properties": {"drug": {"enum": ["aspirin", "insulin"]}, "urgent": {"type": "boolean"}},
    "required": ["drug", "urgent"],
    "additionalProperties": False,
}


class string(BaseModel):  # noqa: N801 - a name that a grammar has for something else
    place: Literal["arm", "knie", "膝"]


class Visit(BaseModel):
    drug: string
    other: string | None
    when: Annotated[str, Field(max_length=12)]
    doses: Annotated[list[int], Field(min_length=1, max_length=3)]


class Served:
    """A running server on a site with the small model."""

    def __init__(self, world, name):
        folder = world.folder / "run"
        folder.mkdir(mode=0o700, exist_ok=True)
        self.path, self.token_file = folder / name, folder / f"{name}.token"
        program = [sys.executable, "-m", "onprem", "serve", "--socket", self.path, "--token-file", self.token_file]
        self.process = subprocess.Popen(
            [*map(str, program)], env=world.environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self.begun = self.process.stderr.readline() + self.process.stderr.readline()
        assert "serving small" in self.begun, self.process.communicate()[1]
        self.token = self.token_file.read_text().strip()

    @contextmanager
    def client(self, **more):
        transport = httpx2.HTTPTransport(uds=str(self.path))
        settings = {"api_key": self.token, "max_retries": 0, "timeout": TIMEOUT, **more}
        with (
            httpx2.Client(transport=transport) as http,
            openai.OpenAI(base_url="http://site/v1", http_client=http, **settings) as client,
        ):
            yield client

    def chat(self, **more):
        with self.client() as client:
            asked = {"model": "small", "messages": ASKED, "max_tokens": 24, **more}
            return client.chat.completions.create(**asked)

    def endless(self, text):
        """Ask to go on with what a small model repeats for as long as it may."""
        with self.client() as client:
            return client.completions.create(model="small", prompt=text * 8, max_tokens=3_900)

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        return self.ended()

    def ended(self):
        out, err = self.process.communicate(timeout=TIMEOUT)
        return self.process.returncode, out, err

    @property
    def child(self):
        """The process id of the model."""
        pid = self.process.pid
        listed = [path.read_text().split() for path in Path(f"/proc/{pid}/task").glob("*/children")]
        (found,) = [int(number) for numbers in listed for number in numbers]
        return found


@pytest.fixture(scope="module")
def world(smollm2, tmp_path_factory):
    return World(tmp_path_factory.mktemp("serve"), smollm2)


@contextmanager
def serving(world, name):
    served = Served(world, name)
    try:
        yield served
    finally:
        served.process.kill()
        served.process.communicate()


@pytest.fixture(scope="module")
def served(world):
    with serving(world, "shared") as served:
        yield served


def filters(pid):
    """Return how many seccomp filters a process has."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(dict(line.split(":", 1) for line in lines)["Seccomp_filters"])


def test_model_is_named_and_answers(served):
    assert served.begun.startswith("onprem: small, licence Apache-2.0; no clinical claim\n")
    assert f"serving small on {served.path}, the one door in the walls, mode 0600: for this user alone" in served.begun
    with served.client() as client:
        assert [model.id for model in client.models.list()] == ["small"]
    said = served.chat()
    assert said.choices[0].message.content.strip()
    assert said.usage.completion_tokens <= 24
    assert said.usage.prompt_tokens > 10


def test_stream_says_what_the_whole_answer_says(served):
    whole = served.chat()
    with served.client() as client:
        stream = client.chat.completions.create(
            model="small", messages=ASKED, max_tokens=24, stream=True, stream_options={"include_usage": True}
        )
        pieces = list(stream)
    said = [piece.choices[0].delta.content for piece in pieces if piece.choices]
    assert "".join(filter(None, said)) == whole.choices[0].message.content
    assert len(said) > 4
    assert pieces[-1].usage.completion_tokens == whole.usage.completion_tokens


def test_seed_decides_what_is_drawn(served):
    def drawn(seed):
        return served.chat(temperature=1.5, top_p=1, seed=seed).choices[0].message.content

    assert drawn(7) == drawn(7)
    assert len({drawn(seed) for seed in range(4)}) > 1


def test_answer_keeps_to_its_schema(served):
    form = {"type": "json_schema", "json_schema": {"name": "order", "schema": SCHEMA, "strict": True}}
    for temperature in (0, 2):
        said = served.chat(response_format=form, temperature=temperature, seed=1, max_tokens=200)
        assert said.choices[0].finish_reason == "stop"
        jsonschema.validate(json.loads(said.choices[0].message.content), SCHEMA)


def test_answer_is_parsed_into_a_class_of_the_client(served):
    with served.client() as client:
        said = client.chat.completions.parse(
            model="small", messages=ASKED, response_format=Visit, temperature=2, seed=3, max_tokens=400
        )
    assert isinstance(said.choices[0].message.parsed, Visit)


def test_answer_ends_at_its_limit_and_before_its_stop(served):
    cut = served.chat(max_tokens=3)
    assert (cut.choices[0].finish_reason, cut.usage.completion_tokens) == ("length", 3)
    whole = served.chat().choices[0].message.content
    stop = whole.split()[4]
    stopped = served.chat(stop=[stop])
    assert stopped.choices[0].message.content == whole[: whole.index(stop)]
    assert stopped.choices[0].finish_reason == "stop"


def test_text_is_gone_on_with(served):
    with served.client() as client:
        said = client.completions.create(model="small", prompt="One, two, three, four,", max_tokens=6)
    assert "five" in said.choices[0].text


def test_prompt_beyond_the_context_is_refused(served):
    with pytest.raises(openai.BadRequestError) as refused:
        served.chat(messages=[{"role": "user", "content": "word " * 50_000}])
    assert refused.value.code == "context_length_exceeded"


def test_many_at_once_are_all_answered(served):
    def ask(number):
        asked = [*ASKED[:1], {"role": "user", "content": f"Say the number {number}."}]
        return served.chat(messages=asked, max_tokens=12)

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(ask, range(12)))
    assert all(answer.choices[0].message.content for answer in answers)
    assert len({answer.choices[0].message.content for answer in answers}) > 6


def test_wrong_token_is_told_even_while_a_long_body_is_being_sent(served):
    with served.client(api_key="wrong") as client, pytest.raises(openai.AuthenticationError):
        client.chat.completions.create(model="small", messages=[{"role": "user", "content": "a" * 3_000_000}])


def test_model_process_has_walls_of_its_own_and_no_door(served):
    assert filters(served.child) > filters(served.process.pid) > 0
    if os.geteuid() == 0:  # nobody else may look into a process that is not dumpable
        links = [str(path.readlink()) for path in Path(f"/proc/{served.child}/fd").iterdir()]
        assert links
        assert not [link for link in links if link.startswith("socket:")]


def test_end_cuts_off_a_long_answer_and_leaves_nothing(world):
    with serving(world, "own") as served, ThreadPoolExecutor(1) as pool:
        running = pool.submit(served.endless, "Jane Whitfield, phone 212-555-0148. ")
        time.sleep(1)
        code, out, err = served.end()
        with pytest.raises(openai.InternalServerError) as told:
            running.result()
        assert (code, out, err) == (0, "", "")
        assert told.value.code == "ending"
        assert not served.path.exists()
        assert not served.token_file.exists()
        last = world.events("serve.close")[-1]
        assert (last["outcome"], last["counts"]["requests"]) == ("done", 1)
        assert not [word for word in (served.token, "Whitfield", "0148") if word in world.log()]


def test_model_process_that_is_killed_is_told_and_ends_the_server(world):
    with serving(world, "own") as served, ThreadPoolExecutor(1) as pool:
        running = pool.submit(served.endless, "la ")
        time.sleep(1)
        os.kill(served.child, signal.SIGKILL)
        with pytest.raises(openai.InternalServerError) as told:
            running.result()
        assert told.value.code == "model_ended"
        code, _, err = served.ended()
        assert code == 10, err
        assert "onprem: error: the model's process was ended by SIGKILL" in err
