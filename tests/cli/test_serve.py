"""`onprem serve` as other programs meet it: OpenAI's own client over the socket, and clients that mean no good."""

import json
import re
from concurrent.futures import ThreadPoolExecutor

import openai
import pytest
from serve_world import ASKED, HEAD


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
