"""`onprem serve` as other programs meet it: OpenAI's own client over the socket, and clients that mean no good."""

import contextlib
import json
import os
import re
import select
import signal
import socket
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import openai
import pytest

import onprem

ENTRY = Path(__file__).with_name("serve_entry.py")
ASKED = [{"role": "user", "content": "good morning"}]


class Server:
    """A server in a process of its own, with a stand-in for the model."""

    def __init__(self, folder, *arguments, limits=None):
        self.folder, self.site = folder, folder / "site"
        self.path, self.token_file = folder / "run" / "s", self.site / "serve.token"
        (folder / "run").mkdir(mode=0o700, exist_ok=True)
        if not self.site.exists():
            subprocess.run([sys.executable, "-m", "onprem", "init", "--site", self.site], env=self.env, check=True)
            for name in ("gate", "heard"):
                os.mkfifo(self.site / "tmp" / name)
        # both ends are open here, so that neither side ever waits for the other to open its own
        self.gate, self.ear = (os.open(self.site / "tmp" / name, os.O_RDWR) for name in ("gate", "heard"))
        environment = self.env | {"ONPREM_TEST_LIMITS": json.dumps(limits or {})}
        program = [sys.executable, ENTRY, "serve", "--socket", self.path, "--site", self.site, *arguments]
        self.process = subprocess.Popen(
            [*map(str, program)], env=environment, text=True, stderr=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.begun = "" if "slow-to-load" in arguments else self.process.stderr.readline()
        if self.begun.endswith("no clinical claim\n"):
            self.begun += self.process.stderr.readline()
        self.token = self.token_file.read_text().strip() if self.token_file.exists() else ""

    @property
    def env(self):
        kept = {key: value for key, value in os.environ.items() if not key.startswith("ONPREM_")}
        root = str(Path(onprem.__file__).parents[1])
        return kept | {"PYTHONPATH": root, "ONPREM_TEST_ROOM": str(self.site / "tmp")}

    @contextlib.contextmanager
    def client(self, token=None):
        transport = httpx2.HTTPTransport(uds=str(self.path))
        with (
            httpx2.Client(transport=transport) as http,
            openai.OpenAI(
                base_url="http://site/v1", api_key=token or self.token, http_client=http, max_retries=0, timeout=30
            ) as client,
        ):
            yield client

    def chat(self, content, **more):
        with self.client() as client:
            asked = [{"role": "user", "content": content}]
            return client.chat.completions.create(model="scripted", messages=asked, **more)

    def raw(self, *parts, close=True):
        """Send bytes as they are; return all that comes until the server closes."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(30)
            client.connect(str(self.path))
            for part in parts:
                client.sendall(part)
            if close:
                client.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: client.recv(65_536), b""))

    def heard(self):
        assert select.select([self.ear], [], [], 30)[0], "nothing happened"
        return os.read(self.ear, 100).decode().strip()

    def open_gate(self):
        os.write(self.gate, b"go\n")

    def end(self, number=signal.SIGTERM):
        """End the server; return as `ended`."""
        self.process.send_signal(number)
        return self.ended()

    def ended(self):
        """Wait for the end; return the exit code, what was printed, and the last event of the log."""
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out + self.begun + err, self.events()[-1]

    def kill(self):
        self.process.kill()
        self.process.communicate()
        os.close(self.gate)
        os.close(self.ear)

    def events(self):
        lines = [line for path in sorted(self.site.glob("audit/*.jsonl")) for line in path.read_text().splitlines()]
        return [json.loads(line) for line in lines]


@pytest.fixture
def start(tmp_path_factory):
    """Start servers that end with the test."""
    begun = []

    def start(*arguments, folder=None, limits=None):
        begun.append(Server(folder or tmp_path_factory.mktemp("s"), *arguments, limits=limits))
        return begun[-1]

    yield start
    for server in begun:
        server.kill()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One server for the tests that leave it as it was."""
    server = Server(tmp_path_factory.mktemp("s"))
    yield server
    server.kill()


def test_models_are_listed(server):
    with server.client() as client:
        assert [model.id for model in client.models.list()] == ["scripted"]
        assert client.models.retrieve("scripted").owned_by == "site"


def test_chat_is_answered_with_its_usage(server):
    with server.client() as client:
        said = client.chat.completions.create(model="scripted", messages=ASKED)
        assert said.choices[0].message.content == "You said: GOOD MORNING"
        assert said.choices[0].finish_reason == "stop"
        assert said.usage.total_tokens == said.usage.prompt_tokens + said.usage.completion_tokens > 0
        # what came back can be handed in again
        turns = [
            *ASKED,
            said.choices[0].message.model_dump(),
            {"role": "user", "content": [{"type": "text", "text": "你好"}]},
        ]
        again = client.chat.completions.create(model="scripted", messages=turns, max_tokens=2)
        assert (again.choices[0].message.content, again.choices[0].finish_reason) == ("You said:", "length")


def test_stream_is_the_same_answer_in_pieces(server):
    with server.client() as client:
        stream = client.chat.completions.create(
            model="scripted", messages=ASKED, stream=True, stream_options={"include_usage": True}
        )
        pieces = list(stream)
    said = [piece.choices[0].delta.content for piece in pieces if piece.choices]
    assert "".join(filter(None, said)) == "You said: GOOD MORNING"
    assert len(said) >= 4
    assert [piece.choices[0].finish_reason for piece in pieces if piece.choices][-1] == "stop"
    assert pieces[-1].usage.completion_tokens == 4


def test_schema_reaches_the_model_and_one_it_cannot_use_is_refused(server):
    def asked(schema):
        form = {"type": "json_schema", "json_schema": {"name": "visit", "schema": schema, "strict": True}}
        return json.loads(server.chat("any", response_format=form).choices[0].message.content)

    schema = {"type": "object", "properties": {"药": {"type": "string"}}, "required": [], "additionalProperties": False}
    assert asked(schema) == {"schema": schema}
    assert json.loads(server.chat("any", response_format={"type": "json_object"}).choices[0].message.content) == {
        "schema": {"type": "object"}
    }
    for bad in ({"type": "string", "pattern": "^a*$"}, {"enum": ["beyond the model"]}):
        with pytest.raises(openai.BadRequestError) as refused:
            asked(bad)
        assert refused.value.param == "response_format"


def test_text_is_gone_on_with(server):
    with server.client() as client:
        said = client.completions.create(model="scripted", prompt="once upon")
        assert said.choices[0].text == "ONCE UPON"
        pieces = list(client.completions.create(model="scripted", prompt="once upon", stream=True))
    assert "".join(piece.choices[0].text for piece in pieces) == "ONCE UPON"


def test_token_is_asked_for_and_health_is_not(server):
    with server.client("wrong") as client:
        for ask in (client.models.list, lambda: client.chat.completions.create(model="scripted", messages=ASKED)):
            with pytest.raises(openai.AuthenticationError) as refused:
                ask()
            assert refused.value.code == "invalid_api_key"
    token = server.token.encode()
    for headers in (
        b"",
        b"Authorization: Basic " + token,
        b"Authorization: " + token,
        b"Authorization: Bearer " + token[:-1],
    ):
        assert b" 401 " in server.raw(b"GET /v1/models HTTP/1.1\r\nHost: a\r\n" + headers + b"\r\n\r\n")
    twice = b"Authorization: Bearer " + token + b"\r\nAuthorization: Bearer x\r\n"
    assert b" 401 " in server.raw(b"GET /v1/models HTTP/1.1\r\nHost: a\r\n" + twice + b"\r\n")
    assert server.raw(b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").endswith(b'{"status":"ok"}')


def test_what_is_not_served_is_refused_by_name(server):
    with server.client() as client:
        with pytest.raises(openai.NotFoundError) as unknown:
            client.chat.completions.create(model="gpt-4o", messages=ASKED)
        with pytest.raises(openai.BadRequestError) as refused:
            client.chat.completions.create(model="scripted", messages=ASKED, n=2)
        with pytest.raises(openai.NotFoundError):
            client.embeddings.create(model="scripted", input="any")
        with pytest.raises(openai.BadRequestError) as long:
            client.chat.completions.create(model="scripted", messages=[{"role": "user", "content": "word " * 5_000}])
    assert (unknown.value.code, refused.value.param, long.value.code) == (
        "model_not_found",
        "n",
        "context_length_exceeded",
    )


def test_many_at_once_each_get_their_own_answer(server):
    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(lambda number: server.chat(f"number {number}").choices[0].message.content, range(8)))
    assert said == [f"You said: NUMBER {number}" for number in range(8)]


def test_server_itself_has_no_way_out(server):
    with server.client() as client:
        assert client.completions.create(model="scripted", prompt="WAY OUT").choices[0].text == "denied"


def test_client_that_leaves_ends_its_stream(server):
    with server.client() as client:
        stream = client.chat.completions.create(
            model="scripted", messages=[{"role": "user", "content": "ENDLESS"}], stream=True
        )
        assert next(iter(stream)).choices[0].delta.role == "assistant"
        stream.close()
    assert server.heard() == "cancelled"
    assert server.chat("still there").choices[0].message.content == "You said: STILL THERE"


HEAD = b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\n"


@pytest.mark.parametrize(
    ("rest", "status"),
    [
        (b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde", 400),
        (b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
        (b"Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\na", 415),
        (b"Content-Length: 4194305\r\n\r\n", 413),
        (b"Transfer-Encoding: chunked\r\n\r\n" + (b"100000\r\n" + b"a" * 0x100000 + b"\r\n") * 4 + b"1\r\na\r\n", 413),
        (b"X: " + b"a" * 20_000 + b"\r\n\r\n", 431),
        (b"Content-Length: 10\r\n\r\n{", 400),
        (b"Content-Length: 1\r\n\r\n{", 400),
        (b"Content-Length: 60\r\n\r\n" + b"[" * 60, 400),
        (b"Content-Length: 100000\r\n\r\n" + b"[" * 100_000, 400),
    ],
    ids=["length and chunks", "two lengths", "coding", "encoded", "long", "long by chunks", "head", "broken off", "no JSON",
         "open", "deep"],
)  # fmt: skip
def test_request_that_could_mislead_is_refused_and_its_connection_closed(server, rest, status):
    said = server.raw(HEAD % server.token.encode() + rest, close=status == 400)
    head, _, body = said.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert json.loads(body)["error"]["message"]
    assert len(re.findall(rb"HTTP/1\.1 \d", said)) == 1


def test_one_connection_takes_requests_one_after_another(server):
    one = b"GET /v1/models HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\n" % server.token.encode()
    said = server.raw(one + b"\r\n" + one + b"\r\n", one + b"Connection: close\r\n\r\n")
    assert said.count(b"HTTP/1.1 200") == 3
    assert server.raw(b"HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").endswith(b"\r\n\r\n")


def test_client_that_asks_first_whether_to_go_on_is_told_to(server):
    body = json.dumps({"model": "scripted", "messages": ASKED}).encode()
    head = HEAD % server.token.encode() + b"Connection: close\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n"
    said = server.raw(head % len(body), body, close=False)
    assert re.match(rb"HTTP/1.1 100 \r\n\r\nHTTP/1.1 200 ", said)


def test_slow_client_is_cut_off(start):
    server = start(limits={"idle_s": 0.3, "head_s": 0.3, "body_s": 0.3})
    assert server.raw(close=False) == b""
    assert b" 408 " in server.raw(b"GET /v1/mod", close=False)
    assert b" 408 " in server.raw(HEAD % server.token.encode() + b"Content-Length: 9\r\n\r\n{", close=False)


def test_client_that_takes_nothing_of_its_stream_is_cut_off(start):
    server = start(limits={"write_s": 0.3})
    asked = {"model": "scripted", "messages": [{"role": "user", "content": "ENDLESS LOUD"}], "stream": True}
    body = json.dumps(asked).encode()
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(server.path))
        client.sendall(HEAD % server.token.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        assert server.heard() == "cancelled"
    assert server.chat("still there").choices[0].finish_reason == "stop"


def test_more_than_may_wait_are_refused_at_once(start):
    server = start(limits={"waiting": 1})
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(server.chat, "WAIT")
        assert server.heard() == "waiting"
        with pytest.raises(openai.RateLimitError) as refused:
            server.chat("another")
        server.open_gate()
        assert first.result().choices[0].message.content == "You said: WAIT"
    assert refused.value.code == "queue_full"
    assert refused.value.response.headers["retry-after"] == "1"


def test_running_answer_is_finished_when_the_server_is_asked_to_end(start):
    server = start()
    token, mode = server.token, stat.S_IMODE(server.token_file.stat().st_mode)
    assert server.begun.startswith("onprem: scripted, licence none; no clinical claim\nonprem: serving scripted on ")
    assert f"{server.path}, the one door in the walls, mode 0600: for this user alone" in server.begun
    server.chat("I am Jane Whitfield, phone 212-555-0148")
    with server.client("wrong") as client, pytest.raises(openai.AuthenticationError):
        client.models.list()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(server.chat, "WAIT")
        assert server.heard() == "waiting"
        server.process.send_signal(signal.SIGTERM)
        server.open_gate()
        assert running.result().choices[0].message.content == "You said: WAIT"
    code, printed, last = server.ended()
    assert code == 0
    assert mode == 0o600
    assert not server.path.exists()
    assert not server.token_file.exists()
    assert [event["action"] for event in server.events()][-2:] == ["serve.open", "serve.close"]
    assert (last["outcome"], last["counts"]["requests"], last["counts"]["refused"]) == ("done", 2, 1)
    assert last["counts"]["users"] == 1
    assert last["counts"]["tokens"] > 3
    assert last["counts"]["identifiers.asked"] >= 2
    kept = printed + "".join(path.read_text() for path in server.site.glob("audit/*"))
    assert not [word for word in (token, "Jane", "Whitfield", "0148") if word in kept]


def test_client_that_leaves_before_its_turn_is_not_answered_for(start):
    server = start()
    body = json.dumps({"model": "scripted", "messages": ASKED}).encode()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(server.chat, "WAIT")
        assert server.heard() == "waiting"
        # nothing comes, and the server closes, because it has seen that the client left
        assert server.raw(HEAD % server.token.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body) == b""
        server.open_gate()
        said = first.result().usage.completion_tokens
    assert server.end()[2]["counts"] | {"requests": 2, "tokens": said} == server.events()[-1]["counts"]


def test_answer_that_takes_too_long_is_cut_off_at_the_end(start):
    server = start(limits={"grace_s": 0.2})
    with server.client() as client:
        asked = [{"role": "user", "content": "ENDLESS"}]
        stream = client.chat.completions.create(model="scripted", messages=asked, stream=True)
        next(iter(stream))
        server.process.send_signal(signal.SIGTERM)
        with pytest.raises(openai.APIError, match=r"ending|cancelled"):
            list(stream)
    assert server.heard() == "cancelled"
    assert server.ended()[0] == 0


def test_model_that_ends_is_told_and_ends_the_server(start):
    server = start()
    with pytest.raises(openai.InternalServerError) as told:
        server.chat("DIE")
    assert (told.value.status_code, told.value.code) == (503, "model_ended")
    code, printed, last = server.ended()
    assert code == 10
    assert "onprem: error: the model's process ended" in printed
    assert (last["action"], last["outcome"], last["error"]) == ("serve.close", "failed", "ModelError")
    assert not server.path.exists()


def test_ctrl_c_ends_it_as_well(start):
    server = start()
    assert server.end(signal.SIGINT)[0] == 0


def test_end_while_the_model_loads_takes_back_what_was_begun(start):
    server = start("--model", "slow-to-load")
    assert server.heard() == "waiting"
    assert server.path.is_socket()
    code, _, last = server.end()
    assert code == 130
    assert not server.path.exists()
    assert not server.token_file.exists()
    assert (last["action"], last["outcome"]) == ("serve.open", "interrupted")


def test_second_server_takes_neither_socket_nor_token_of_the_first(start):
    first = start()
    token = first.token
    same = start(folder=first.folder)
    assert same.ended()[0] == 4
    assert "another program listens" in same.begun
    other = start("--socket", first.folder / "run" / "other", folder=first.folder)
    assert other.ended()[0] == 2
    assert "--socket is given twice" in other.begun
    assert first.token == token
    assert first.chat("still there").choices[0].finish_reason == "stop"


def test_token_of_another_server_is_not_written_over(start, tmp_path):
    held = tmp_path / "held"
    held.write_text("dear diary\n")
    server = start("--token-file", held)
    code, printed, last = server.ended()
    assert (code, held.read_text()) == (4, "dear diary\n")
    assert "the token's file holds something else" in printed
    assert (last["action"], last["error"]) == ("serve.open", "OutputError")
    assert not server.path.exists()


def test_token_that_a_killed_server_left_is_replaced(start):
    first = start()
    token = first.token
    first.process.kill()
    first.process.wait()
    assert first.path.exists()
    again = start(folder=first.folder)
    assert again.token != token
    assert again.chat("good morning").choices[0].finish_reason == "stop"


def test_group_is_given_the_socket_and_a_token_file_that_is_named(start, tmp_path):
    gid = os.getgid()
    left = tmp_path / "token"
    server = start("--group", str(gid), "--token-file", left)
    server.token = left.read_text().strip()
    for path, mode in ((server.path, 0o660), (left, 0o640)):
        assert (stat.S_IMODE(path.stat().st_mode), path.stat().st_gid) == (mode, gid)
    assert f"mode 0660: for group {gid}" in server.begun
    assert server.chat("good morning").choices[0].finish_reason == "stop"
    assert server.end()[0] == 0
    assert not left.exists()


def test_door_is_for_serve_as_the_first_word_alone(start):
    server = start()
    server.end()
    with Path(os.devnull).open() as words:
        number = words.fileno()
        program = [
            sys.executable,
            ENTRY,
            "--passphrase-fd",
            number,
            "serve",
            "--socket",
            server.path,
            "--site",
            server.site,
        ]
        done = subprocess.run(
            [*map(str, program)], env=server.env, pass_fds=[number], capture_output=True, text=True, check=False
        )
    assert done.returncode == 2
    assert "before the walls are raised" in done.stderr
    assert not server.path.exists()
