"""`onprem serve` with a stand-in for the model, as a program: `python serve_entry.py serve --socket PATH ...`.

The folder ONPREM_TEST_ROOM holds two FIFOs: the model waits for a line of `gate` when it is told to, and writes a line into
`heard` when something happened.
"""

import functools
import json
import os
import socket
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from onprem.assist.serve import connection
from onprem.cli import with_model
from onprem.errors import ModelError, UsageError
from onprem.llm.contract import Answer, Ended
from onprem.llm.scripted import Scripted

ROOM = Path(os.environ["ONPREM_TEST_ROOM"])


def heard(line):
    with (ROOM / "heard").open("w") as pipe:
        pipe.write(f"{line}\n")


def say(text):
    if "WAIT" in text:
        heard("waiting")
        with (ROOM / "gate").open() as pipe:
            pipe.readline()
    if "DIE" in text:
        raise ModelError("the model's process ended", hint="start again")
    if "WAY OUT" in text:
        try:
            socket.socket().close()
        except PermissionError:
            return "denied"
    return f"You said: {text.splitlines()[-3].removeprefix('User: ').upper()}" if "\n" in text else text.upper()


class Model(Scripted):
    def _answer(self, request):
        if "beyond the model" in request.schema:
            raise UsageError("the schema cannot be put into a grammar")
        answer = super()._answer(request)
        if answer.ended is Ended.STOP and request.schema:
            return Answer(json.dumps({"schema": json.loads(request.schema)}), Ended.STOP, 1, 1)
        return answer

    def stream(self, request):
        said = request.prompt.pieces[0].text
        if "ENDLESS" in said:
            return Endless(self.count(request.prompt), "on " * (1_000 if "LOUD" in said else 1))
        return super().stream(request)


class Endless:
    def __init__(self, length, piece):
        self._length, self._piece, self._cancelled, self._said = length, piece, False, 0

    def __iter__(self):
        while not self._cancelled:
            self._said += 1
            time.sleep(0.005)  # a model takes its time for a token
            yield self._piece

    def cancel(self):
        self._cancelled = True
        heard("cancelled")

    @property
    def answer(self):
        return Answer("on", Ended.CANCELLED, self._length, self._said)


@contextmanager
def use(site, name, **settings):
    if name == "slow-to-load":
        say("WAIT")
    model = Model(say)
    yield model
    model.close()


if __name__ == "__main__":
    from onprem.__main__ import run

    with_model.use = use
    limits = json.loads(os.environ.get("ONPREM_TEST_LIMITS", "{}"))
    connection.Limits = functools.partial(connection.Limits, **limits)
    sys.exit(run(sys.argv[1:]))
