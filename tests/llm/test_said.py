"""What a model says is shown in whole characters, and never what ends the answer or its beginning."""

from hypothesis import given
from hypothesis import strategies as st

from onprem.llm.said import Said


def test_a_character_of_several_tokens_is_shown_once_it_is_whole():
    said = Said()
    first, rest = "咳".encode()[:1], "咳".encode()[1:]
    assert said.add(first) == ""
    assert said.add(rest) == "咳"


def test_half_a_character_at_the_end_is_dropped():
    said = Said()
    assert said.add("fever 发".encode()[:-1]) + said.end() == "fever "
    assert said.text == "fever "


def test_bytes_that_are_no_character_are_replaced():
    said = Said()
    assert said.add(b"a\xffb") == "a�b"


def test_a_stop_text_ends_the_answer_and_is_not_shown():
    said = Said(["\nUser:"])
    shown = [said.add(piece) for piece in (b"Rest.", b"\n", b"Us", b"er: and")]
    assert (shown, said.stopped) == (["Rest.", "", "", ""], True)
    assert said.text == "Rest."


def test_what_only_began_like_a_stop_text_is_shown():
    said = Said(["\nUser:"])
    assert said.add(b"One\nUs") == "One"
    assert said.add(b"ual") == "\nUsual"
    assert said.add(b"\nUser") == ""
    assert said.end() == "\nUser"


def test_of_several_stop_texts_the_first_in_the_text_counts():
    said = Said(["two", "one"])
    assert said.add(b"zero one two") == "zero "


@given(st.text(max_size=40), st.lists(st.text(min_size=1, max_size=4), max_size=3), st.data())
def test_pieces_of_any_size_give_the_same_text(text, stops, data):
    content = text.encode("utf-8", "ignore")
    text = content.decode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(content)), max_size=6)))
    said = Said(stops)
    shown = ""
    for start, end in zip([0, *cuts], [*cuts, len(content)], strict=True):
        shown += said.add(content[start:end])
        if said.stopped:
            break
    shown += said.end()
    assert shown == said.text
    assert text.startswith(shown)
    assert not any(stop in shown for stop in stops)
    if not said.stopped:
        assert shown == text
