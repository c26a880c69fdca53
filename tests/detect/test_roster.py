"""The roster: known values are found in every form in which people write them, and everyday words are left alone."""

import pytest

from onprem.detect.contract import Passage
from onprem.detect.resolve import resolve
from onprem.detect.roster import Matcher
from onprem.detect.variants import deletions, spelled_alike
from onprem.labels import Label


def found(values, text):
    passage = Passage(text, "mixed")
    spans = resolve(text, Matcher(values, by="roster").find(passage))
    return [text[span.start : span.end] for span in spans]


@pytest.mark.parametrize(
    ("label", "value", "text", "expected"),
    [
        (Label.NAME, "Okafor, Ngozi Ada", "pt NGOZI OKAFOR seen", ["NGOZI OKAFOR"]),
        (Label.NAME, "Okafor, Ngozi Ada", "Ms. Okafor called; ngozi is well", ["Okafor", "ngozi"]),
        (Label.NAME, "Okafor, Ngozi Ada", "N. Okafor", ["N. Okafor"]),
        (Label.NAME, "Okafor", "Okafer was seen", ["Okafer"]),
        (Label.NAME, "José García", "JOSE GARCIA", ["JOSE GARCIA"]),
        (Label.NAME, "Vivian White", "white blood cells; Mrs White", ["White"]),
        (Label.NAME, "王小明", "患者王小明今日出院，小明无不适", ["王小明", "小明"]),
        (
            Label.NAME,
            "王小明",
            "Wang Xiaoming / xiaoming wang / WANGXIAOMING",
            ["Wang Xiaoming", "xiaoming wang", "WANGXIAOMING"],
        ),
        (Label.NAME, "刘国强", "病人劉國強", ["劉國強"]),
        (Label.PHONE, "(617) 555-0123", "call 617.555.0123 or 6175550123", ["617.555.0123", "6175550123"]),
        (Label.RECORD_NUMBER, "MRN-0012345", "mrn 12345; 0012345; MRN-0012345", ["12345", "0012345", "MRN-0012345"]),
        (Label.EMAIL, "ada@example.org", "to ADA@EXAMPLE.ORG.", ["ADA@EXAMPLE.ORG"]),
        (Label.ADDRESS, "12 King Street, Boston", "lives at 12 King Street", ["12 King Street"]),
        (
            Label.ADDRESS,
            "浙江省杭州市西湖区文三路9号",
            "住浙江省杭州市西湖区文三路9号。",
            ["浙江省杭州市西湖区文三路9号"],
        ),
    ],
)
def test_known_values_are_found(label, value, text, expected):
    assert found([(label, value)], text) == expected


@pytest.mark.parametrize(
    ("label", "value", "text"),
    [
        (Label.NAME, "May Young", "may continue; young adult; white cells"),
        (Label.RECORD_NUMBER, "12345", "value 212345 and 123456"),
        (Label.RECORD_NUMBER, "12", "12 mg"),
        (Label.NAME, "李健康", "健康状况良好"),
        (Label.PHONE, "6175550123", "61755501234"),
    ],
)
def test_what_is_not_the_value_is_left(label, value, text):
    assert found([(label, value)], text) == []


def test_dotted_capital_i_does_not_shift_offsets():
    text = "İİİİ ada@example.org"
    assert found([(Label.EMAIL, "ada@example.org")], text) == ["ada@example.org"]


@pytest.mark.parametrize(
    ("one", "other"), [("okafor", "okafer"), ("martin", "matrin"), ("perez", "peres"), ("lee", "le")]
)
def test_one_edit_is_alike_and_shares_a_deletion(one, other):
    assert spelled_alike(one, other)
    assert deletions(one) & deletions(other)


def test_two_edits_are_not_alike():
    assert not spelled_alike("okafor", "okefer")
