"""Frames come out as they went in, also when reading is interrupted; what is no frame ends the conversation."""

import os
import signal
import struct
import threading
import time

import pytest

from onprem.llm.wire import MAX_BYTES, Closed, Reader, write


@pytest.fixture
def pipe():
    source, target = os.pipe()
    yield source, target
    for descriptor in (source, target):
        try:
            os.close(descriptor)
        except OSError:
            continue


def test_frames_come_out_as_they_went_in(pipe):
    source, target = pipe
    reader = Reader(source)
    frames = [{"op": "ask", "text": "咳嗽 \u2028 \x00"}, {"n": 1.5, "none": None}, {"long": "x" * 50_000}]
    for frame in frames:
        write(target, frame)
    assert [reader.read() for _ in frames] == frames


def test_a_frame_longer_than_the_pipe_is_written_whole(pipe):
    source, target = pipe
    frame = {"text": "发热" * 300_000}
    writer = threading.Thread(target=write, args=(target, frame))
    writer.start()
    assert Reader(source).read() == frame
    writer.join()


def test_an_interrupt_while_reading_loses_nothing(pipe):
    source, target = pipe
    reader = Reader(source)
    body = b'{"op":"count"}'
    os.write(target, struct.pack(">I", len(body)) + body[:5])
    threading.Thread(target=lambda: (time.sleep(0.2), os.kill(os.getpid(), signal.SIGINT))).start()
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # where tests run side by side it is ignored
    try:
        with pytest.raises(KeyboardInterrupt):
            reader.read()
    finally:
        signal.signal(signal.SIGINT, before)
    os.write(target, body[5:])
    assert reader.read() == {"op": "count"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0\0",
        struct.pack(">I", 9) + b"{}",
        struct.pack(">I", MAX_BYTES + 1),
        struct.pack(">I", 2) + b"[]",
        struct.pack(">I", 3) + b"{x}",
        struct.pack(">I", 2) + b"\xff\xff",
    ],
    ids=["nothing", "half a head", "half a body", "too long", "no object", "no JSON", "no text"],
)
def test_what_is_no_frame_ends_the_conversation(pipe, content):
    source, target = pipe
    os.write(target, content)
    os.close(target)
    with pytest.raises(Closed) as caught:
        Reader(source).read()
    assert caught.value.__context__ is None or caught.value.__suppress_context__


def test_writing_to_nobody_is_told(pipe):
    source, target = pipe
    os.close(source)
    with pytest.raises(Closed):
        write(target, {"op": "last"})


def test_a_frame_that_is_too_long_is_not_written(pipe):
    _, target = pipe
    with pytest.raises(Closed):
        write(target, {"text": "x" * MAX_BYTES})
