"""Text on its way to a terminal: nothing that steers or hides is left, nothing is lost, and JSON keeps its values."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onprem.cli.harmless import harmless, in_json, json_line, one_line

STEERING = [
    chr(code) for code in (*range(9), *range(11, 32), *range(0x7F, 0xA0), *range(0x202A, 0x202F), 0x2028, 0xE0041)
]


def steers(text):
    return [sign for sign in text if unicodedata.category(sign) in ("Cc", "Zl", "Zp") and sign not in "\n\t"]


@pytest.mark.parametrize("sign", STEERING, ids=ascii)
def test_a_sign_that_steers_is_shown_instead(sign):
    shown = harmless(f"a{sign}b")
    assert sign not in shown
    assert shown[0] + shown[-1] == "ab" and len(shown) >= 3


@given(st.text(alphabet=st.characters() | st.sampled_from(STEERING), max_size=60), st.integers(0, 60))
def test_a_stream_may_be_cut_anywhere_and_json_keeps_its_values(text, cut):
    assert harmless(text[:cut]) + harmless(text[cut:]) == harmless(text)
    assert steers(harmless(text)) == []
    assert harmless(harmless(text)) == harmless(text)
    line = json_line({"a": text})
    assert json.loads(line) == {"a": text}
    assert steers(line) == [] and "\n" not in line
    assert in_json(line) == line


def test_text_stays_as_it_is():
    text = "é 中文 ½ 👩‍⚕️\tx\n"
    assert harmless(text) == text
    assert one_line(" a\n\tb\r\x1b ") == "a b \u241b"
