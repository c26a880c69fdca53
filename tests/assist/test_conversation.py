"""What of a conversation the model is shown, what is left out and said to be, and what a typed line means."""

import pytest

from onprem.assist.conversation import (
    ANSWER_TOKENS,
    MAX_MESSAGE,
    Command,
    Conversation,
    Lines,
    Word,
    command,
    with_files,
)
from onprem.assist.session import Session
from onprem.errors import UsageError
from onprem.llm.contract import Answer, Ended
from onprem.llm.scripted import Scripted


def hold(*messages, context=4_096, system="", say=lambda _: "yes"):
    """Hold a conversation; return it, the model, and how many turns were left out before each answer."""
    model = Scripted(say, context=context)
    conversation = Conversation(model, system=system)
    left_out = []
    for message in messages:
        following = conversation.next(message)
        left_out.append(following.left_out)
        conversation.add(message, model.stream(following.request).answer)
    return conversation, model, left_out


def shown(model, number=-1):
    return "".join(piece.text for piece in model.asked[number].prompt.pieces)


# what the model is shown


def test_the_model_is_shown_what_was_said_before_and_what_it_is_told_first():
    _, model, left_out = hold("good morning", "and now", system="Be brief.")
    assert shown(model).split() == "Be brief. User: good morning Assistant: yes User: and now Assistant:".split()
    assert left_out == [0, 0]


def test_oldest_turns_that_no_longer_fit_are_left_out_and_counted_once():
    conversation, model, left_out = hold(*(f"number {number} {'word ' * 15}" for number in range(6)), context=100)
    assert left_out[0] == 0 and sum(left_out) > 0
    assert [turn.shown_from for turn in conversation.turns] == [sum(left_out[: place + 1]) for place in range(6)]
    assert "number 0" not in shown(model) and "number 5" in shown(model)
    assert all(model.count(asked.prompt) + asked.max_tokens <= 100 for asked in model.asked)
    assert len(conversation.turns) == 6  # for the transcript all are kept


def test_what_the_model_is_told_first_is_never_left_out():
    _, model, left_out = hold(*(["word " * 20] * 6), context=100, system="Be brief.")
    assert sum(left_out) > 0
    assert all(shown(model, number).startswith("Be brief.") for number in range(6))


def test_a_message_that_does_not_fit_is_refused_and_changes_nothing():
    conversation, _, _ = hold("one", "two", context=100)
    with pytest.raises(UsageError, match="does not fit") as refused:
        conversation.next("word " * 90)
    assert "75 tokens" in refused.value.message
    assert len(conversation.turns) == 2
    assert conversation.next("three").left_out == 0
    assert "one" in "".join(piece.text for piece in conversation.next("three").request.prompt.pieces)


@pytest.mark.parametrize("text", ["", " ", "\n\n"])
def test_an_empty_message_is_refused(text):
    with pytest.raises(UsageError, match="empty"):
        hold(text)


def test_a_system_text_that_leaves_no_room_is_refused_before_anything_is_typed():
    with pytest.raises(UsageError, match="--system"):
        hold(context=100, system="word " * 80)


def test_reset_lets_the_model_forget_and_keeps_the_turns():
    conversation, _, _ = hold("my name is Ngozi", "hello")
    conversation.reset()
    following = conversation.next("what is my name")
    assert "Ngozi" not in "".join(piece.text for piece in following.request.prompt.pieces)
    assert (following.left_out, len(conversation.turns)) == (0, 2)


def test_an_answer_that_was_stopped_is_shown_as_far_as_it_went_and_one_before_a_word_not_at_all():
    conversation, _, _ = hold("one")
    conversation.add("two", Answer("half of", Ended.CANCELLED, 1, 2))
    conversation.add("three", Answer("", Ended.CANCELLED, 1, 0))
    text = "".join(piece.text for piece in conversation.next("four").request.prompt.pieces)
    assert "half of" in text
    assert "three" not in text
    assert [turn.ended for turn in conversation.turns] == [Ended.STOP, Ended.CANCELLED, Ended.CANCELLED]


def test_the_seed_and_the_room_for_an_answer_are_asked_for():
    model = Scripted(lambda _: "yes")
    request = Conversation(model, seed=7).next("hello").request
    assert (request.sampling.seed, request.max_tokens) == (7, ANSWER_TOKENS)


def test_no_turn_shows_what_was_said():
    conversation, _, _ = hold("my name is Ngozi", say=lambda _: "Hello Ngozi")
    assert "Ngozi" not in repr(conversation.turns) + repr(conversation.next("Ngozi"))


# lines


def messages(*typed):
    lines = Lines()
    return [message for line in typed if (message := lines.add(line)) is not None], lines.open


@pytest.mark.parametrize(
    ("typed", "expected", "still_open"),
    [
        (["hello", "you"], ["hello", "you"], False),
        (["one\\", "two"], ["one\ntwo"], False),
        (["one\\", "two\\"], [], True),
        (['"""', "one", "", "two\\", '"""'], ["one\n\ntwo\\"], False),
        (['"""', "/quit"], [], True),
        (['  """  ', "one", '"""', "two"], ["one", "two"], False),
        (["a\\", '"""', "b", '"""'], ["a\nb"], False),
    ],
)
def test_lines_become_messages(typed, expected, still_open):
    assert messages(*typed) == (expected, still_open)


def test_what_was_begun_can_be_dropped():
    lines = Lines()
    lines.add('"""')
    lines.add("one")
    lines.drop()
    assert not lines.open
    assert lines.add("two") == "two"


# commands


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("/help", Command(Word.HELP)),
        ("/file my notes.txt ", Command(Word.FILE, "my notes.txt")),
        ("/reset\n", Command(Word.RESET)),
        ("hello /help", None),
        (" /help", None),
        ("/help\nme", None),
        ("", None),
    ],
)
def test_a_command_is_one_line_that_begins_with_a_stroke(line, expected):
    assert command(line) == expected


@pytest.mark.parametrize("line", ["/", "/halp", "/reset now", "/5 mg", "/HELP"])
def test_what_looks_like_a_command_is_not_given_to_the_model(line):
    with pytest.raises(UsageError, match="no such command"):
        command(line)


def test_files_stand_before_the_message_each_with_its_name_and_end():
    assert with_files("Sum up.", [("a.txt", "One.\n"), ("b.txt", "Two.")]) == (
        "File a.txt:\nOne.\nEnd of file a.txt.\n\nFile b.txt:\nTwo.\nEnd of file b.txt.\n\nSum up."
    )
    with pytest.raises(UsageError, match="at most"):
        with_files("x", [("a.txt", "y" * MAX_MESSAGE)])


# what is counted


def test_a_session_counts_turns_tokens_stops_and_identifiers_and_holds_none_of_them():
    model = Scripted(lambda _: "Hello Ngozi Okafor, MRN 40017733.")
    session = Session(Conversation(model))
    for message in ("I am Ngozi Okafor, MRN 40017733.", "Call 212-555-0148."):
        following = session.conversation.next(message)
        said = []
        assert session.hear(message, model.stream(following.request), said.append).text == "".join(said)
    counts = session.counts()
    session.close()
    assert (counts["turns"], counts["tokens"], counts["stopped"]) == (2, 10, 0)
    assert counts["identifiers.asked"] >= 3
    assert counts["identifiers.said"] >= 4
    assert all(isinstance(count, int) for count in counts.values())


def test_what_was_said_is_kept_when_its_writing_fails():
    class FullError(Exception):
        pass

    def write(piece):
        if piece == " three":
            raise FullError

    model = Scripted(lambda _: "one two three four")
    session = Session(Conversation(model))
    with pytest.raises(FullError):
        session.hear("hello", model.stream(session.conversation.next("hello").request), write)
    (turn,) = session.conversation.turns
    assert (turn.said, turn.ended, session.counts()["stopped"]) == ("one two three", Ended.CANCELLED, 1)
    session.close()
