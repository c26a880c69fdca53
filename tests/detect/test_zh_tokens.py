"""Han characters are tokens of their own, also beside other letters: 二〇二四, Ⅱ型, β受体."""

from __future__ import annotations

import pytest

from onprem.text import tokenize


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("二〇二四年患者王伟", tuple("二〇二四年患者王伟")),
        ("Ⅱ型糖尿病张三", tuple("Ⅱ型糖尿病张三")),
        ("β受体阻滞剂", tuple("β受体阻滞剂")),
        ("naïve患者", ("naïve", "患", "者")),
        ("IgA肾病12床", ("Ig", "A", "肾", "病", "12", "床")),
    ],
)
def test_letters_end_before_han(text, words):
    assert tokenize(text).words == words
