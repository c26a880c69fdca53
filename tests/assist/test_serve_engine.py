"""The thread that has the model: what waits together is answered together, and one bad request takes no other with it."""

import threading

import pytest

from onprem.assist.serve.engine import CANCELLED, ENDING, MODEL_ENDED, Engine, Job
from onprem.assist.serve.forms import Problem
from onprem.errors import ModelError, UsageError
from onprem.llm.contract import Answer, Request
from onprem.llm.scripted import Scripted
from onprem.llm.templates import Piece, Prompt


class Model(Scripted):
    """Notes which requests came in one batch; waits, refuses and ends where a prompt says so."""

    def __init__(self):
        super().__init__(str.upper)
        self.batches, self.gate, self.waiting = [], threading.Event(), threading.Event()

    def complete(self, requests):
        self.batches.append([])
        for request in requests:
            self.batches[-1].append(request.prompt.pieces[0].text)
            yield self._answer(request)

    def stream(self, request):
        self.batches.append([request.prompt.pieces[0].text])
        return super().stream(request)

    def _answer(self, request):
        match request.prompt.pieces[0].text:
            case "wait":
                self.waiting.set()
                assert self.gate.wait(30)
            case "die":
                raise ModelError("the model's process ended")
        if request.schema == "bad":
            raise UsageError("the schema cannot be used")
        return super()._answer(request)


class Told:
    """A job and what it was told."""

    def __init__(self, text, *, stream=False, schema=""):
        self.told, self.end = [], threading.Event()
        self.job = Job(Request(Prompt((Piece(text),)), schema=schema), stream, self._tell)

    def _tell(self, told):
        self.told.append(told)
        if not isinstance(told, str):
            self.end.set()

    @property
    def last(self):
        assert self.end.wait(30)
        return self.told[-1].text if isinstance(self.told[-1], Answer) else self.told[-1]


@pytest.fixture
def model():
    return Model()


@pytest.fixture
def engine(model):
    engine = Engine(model, lambda: None)
    yield engine
    model.gate.set()
    engine.close()


def run(engine, model, *jobs):
    """Let jobs wait behind another, then run the engine until all have their end."""
    first = Told("wait")
    engine.put(first.job)
    thread = threading.Thread(target=engine.run)
    thread.start()
    assert model.waiting.wait(30)
    for told in jobs:
        engine.put(told.job)
    model.gate.set()
    found = [told.last for told in (first, *jobs)][1:]
    engine.close()
    thread.join(30)
    assert not thread.is_alive()
    return found


def test_requests_that_wait_are_given_to_the_model_together(engine, model):
    jobs = [Told(f"job {number}") for number in range(5)]
    assert run(engine, model, *jobs) == [f"JOB {number}" for number in range(5)]
    assert model.batches == [["wait", *(f"job {number}" for number in range(5))]]
    assert all(len(job.told) == 1 for job in jobs)


def test_stream_has_its_turn_in_the_order_it_came(engine, model):
    jobs = [Told("a"), Told("b c d", stream=True), Told("e"), Told("f")]
    assert run(engine, model, *jobs) == ["A", "B C D", "E", "F"]
    assert model.batches == [["wait", "a"], ["b c d"], ["e", "f"]]
    assert jobs[1].told[:-1] == ["B", " C", " D"]


def test_schema_that_cannot_be_used_is_told_to_its_own_client_alone(engine, model):
    jobs = [Told("a"), Told("b", schema="bad"), Told("c")]
    good, bad, other = run(engine, model, *jobs)
    assert (good, other) == ("A", "C")
    assert bad == Problem(400, "the schema cannot be used", param="response_format", code="invalid_value")
    assert run_alone(Told("b", schema="bad")).status == 400
    assert run_alone(Told("b", schema="bad", stream=True)).status == 400


def run_alone(told):
    model = Model()
    engine = Engine(model, lambda: None)
    engine.put(told.job)
    thread = threading.Thread(target=engine.run)
    thread.start()
    found = told.last
    engine.close()
    thread.join(30)
    return found


def test_request_that_is_not_wanted_any_more_is_not_given_to_the_model(engine, model):
    gone = Told("gone")
    gone.job.cancelled = True
    assert run(engine, model, gone, Told("a")) == [CANCELLED, "A"]
    assert "GONE" not in str(model.batches).upper()


def test_cancelled_stream_ends_where_it_is():
    told = Told("a b c d", stream=True)
    model = Model()
    engine = Engine(model, lambda: None)

    def tell(piece):
        told.job.cancelled = True
        told._tell(piece)

    told.job.tell = tell
    engine.put(told.job)
    thread = threading.Thread(target=engine.run)
    thread.start()
    assert told.last == "A B"  # one piece was told, and one more was written when that was seen
    engine.close()
    thread.join(30)
    assert told.told[:-1] == ["A"]


def test_model_that_ends_is_told_to_all_who_wait_and_who_come_later(model):
    ended = threading.Event()
    engine = Engine(model, ended.set)
    jobs = [Told("a"), Told("die"), Told("b"), Told("c", stream=True)]
    assert run(engine, model, *jobs) == ["A", MODEL_ENDED, MODEL_ENDED, MODEL_ENDED]
    assert ended.is_set()
    assert isinstance(engine.failure, ModelError)
    late = Told("late")
    engine.put(late.job)
    assert late.last == MODEL_ENDED


def test_closed_engine_answers_nothing_new(engine):
    waiting, late = Told("a"), Told("b")
    engine.put(waiting.job)
    engine.close()
    engine.run()
    engine.put(late.job)
    assert (waiting.last, late.last, engine.failure) == (ENDING, ENDING, None)
