"""Many answers at once are what one by one would be, and what prompts have in common is computed once."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_network import Likeliest, ToyNetwork, slowly

from onprem.llm.batching import Batching, Finished, Task, Wrote
from onprem.llm.contract import Ended

CONTEXT = 60
PROMPTS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 25), st.lists(st.integers(0, 38), min_size=1, max_size=12)),
    min_size=1,
    max_size=9,
)


def prompt(beginning, length, rest):
    """A prompt that begins with some tokens of one of four beginnings."""
    return [(beginning * 7 + place) % 39 for place in range(length)] + rest


def answer(batching, tasks):
    """Work until all is answered; return the answers by key."""
    for task in tasks:
        batching.add(task)
    found = {}
    while not batching.idle:
        for event in batching.step():
            if isinstance(event, Finished):
                found[event.task.key] = event
    return found


def tokens(event):
    return [int(word) for word in event.task.said.text.split()]


@settings(max_examples=150, deadline=None)
@given(PROMPTS, st.integers(1, 4), st.integers(1, 20), st.booleans(), st.sampled_from([CONTEXT, CONTEXT + 30, 10**6]))
def test_a_batch_answers_as_one_by_one(parts, sequences, most, forgets, cells):
    network = ToyNetwork(forgets=forgets, cells=cells)
    batching = Batching(network, sequences=sequences, cells=cells, context=CONTEXT)
    prompts = [prompt(*part) for part in parts]
    found = answer(batching, [Task(key, list(one), most, Likeliest()) for key, one in enumerate(prompts)])
    assert len(found) == len(prompts)
    for key, one in enumerate(prompts):
        expected, ended = slowly(one, most, CONTEXT)
        assert (tokens(found[key]), found[key].ended) == (expected, Ended(ended))
        assert found[key].task.chooser.closed


def test_a_shared_beginning_is_computed_once():
    shared = [place % 39 for place in range(200)]
    network = ToyNetwork()
    batching = Batching(network, sequences=16, cells=10**6, context=400)
    answer(batching, [Task(key, [*shared, key], 1, Likeliest()) for key in range(16)])
    assert network.computed == len(shared) + 16


def test_a_conversation_goes_on_from_what_was_computed():
    network = ToyNetwork()
    batching = Batching(network, sequences=1, cells=400, context=400)
    first = answer(batching, [Task(0, list(range(30)), 5, Likeliest())])[0]
    before = network.computed
    longer = [*range(30), *tokens(first), 1, 2, 3]
    second = answer(batching, [Task(1, longer, 1, Likeliest())])[1]
    assert second.task.reused == 30 + len(tokens(first)) - 1  # the last one said was never computed
    assert network.computed - before == len(longer) - second.task.reused


def test_the_same_prompt_again_computes_one_token():
    network = ToyNetwork()
    batching = Batching(network, sequences=2, cells=400, context=400)
    answer(batching, [Task(0, list(range(30)), 1, Likeliest())])
    before = network.computed
    assert answer(batching, [Task(1, list(range(30)), 1, Likeliest())])[1].task.reused == 29
    assert network.computed - before == 1


def test_nothing_is_known_after_forgetting():
    network = ToyNetwork()
    batching = Batching(network, sequences=2, cells=400, context=400)
    answer(batching, [Task(0, list(range(30)), 1, Likeliest())])
    batching.forget()
    assert answer(batching, [Task(1, list(range(30)), 1, Likeliest())])[1].task.reused == 0


def test_an_answer_that_ends_makes_room_for_the_next_request():
    network = ToyNetwork()
    batching = Batching(network, sequences=2, cells=10**6, context=400)
    tasks = [Task(key, [key, 5, 6], most, Likeliest()) for key, most in enumerate((30, 3, 3, 3, 3))]
    ends = {key: len(slowly([key, 5, 6], task.most, 400)[0]) for key, task in enumerate(tasks)}
    answer(batching, tasks)
    assert network.steps <= max(ends[0], sum(ends[key] for key in range(1, 5))) + 5  # not one batch after another


def test_a_long_prompt_is_computed_in_parts_while_others_write_on():
    network = ToyNetwork()
    batching = Batching(network, sequences=2, cells=10**6, context=4_000)
    found = answer(batching, [Task(0, [1, 2], 9, Likeliest()), Task(1, [7] * 1_500, 2, Likeliest())])
    assert network.most_rows == 512
    assert tokens(found[1]) == slowly([7] * 1_500, 2, 4_000)[0]


@pytest.mark.parametrize("when", [0, 1, 2, 3])
def test_a_cancelled_answer_ends_and_the_others_do_not(when):
    network = ToyNetwork()
    batching = Batching(network, sequences=2, cells=10**6, context=1_000)
    shared = list(range(38)) * 20
    tasks = [Task(key, [*shared, key], 20, Likeliest()) for key in range(3)]
    for task in tasks:
        batching.add(task)
    events = [event for _ in range(when) for event in batching.step()]
    events += batching.cancel(0)
    while not batching.idle:
        events += batching.step()
    ended = {event.task.key: event.ended for event in events if isinstance(event, Finished)}
    assert ended[0] == Ended.CANCELLED
    for key in (1, 2):
        expected, why = slowly([*shared, key], 20, 1_000)
        assert (tokens_of(events, key), ended[key]) == (expected, Ended(why))


def tokens_of(events, key):
    return next(tokens(event) for event in events if isinstance(event, Finished) and event.task.key == key)


def test_text_is_told_as_it_is_written_if_it_is_asked_for():
    batching = Batching(ToyNetwork(), sequences=1, cells=400, context=400)
    batching.add(Task(0, [1, 2, 3], 6, Likeliest(), streamed=True))
    events = []
    while not batching.idle:
        events += batching.step()
    *pieces, end = events
    assert all(isinstance(piece, Wrote) for piece in pieces)
    assert "".join(piece.text for piece in pieces) == end.task.said.text
