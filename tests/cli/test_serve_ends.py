"""`onprem serve` at its limits and its end: slow clients, full queues, signals, a model that dies."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import openai
import pytest
from serve_world import ASKED, ENTRY, HEAD


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
