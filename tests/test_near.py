"""Near-duplicates by exact Jaccard of shingles."""

from hypothesis import given
from hypothesis import strategies as st

from onprem.near import Near, shingles

TEXTS = st.lists(
    st.sampled_from("the patient has no fever cough and rash today 头痛 发热".split()), min_size=1, max_size=12
)


def slow(own, others):
    return max((len(own & other) / len(own | other) for other in others), default=0.0)


@given(st.lists(TEXTS.map(" ".join), max_size=12), TEXTS.map(" ".join))
def test_nearest_is_the_obvious_slow_one(texts, text):
    near = Near()
    for each in texts:
        near.add(each)
    assert abs(near.nearest(text) - slow(shingles(text), [shingles(each) for each in texts])) < 1e-12


def test_common_shingles_do_not_hide_a_duplicate():
    near = Near()
    for number in range(400):
        near.add(f"patient was seen in clinic for problem {number} and was sent home with plan {number * 7}")
    assert near.is_near("patient was seen in clinic for problem 17 and was sent home with plan 119")
    assert not near.is_near("a new complaint of chest pain since this morning without any earlier event")


def test_chinese_is_compared_by_characters():
    near = Near()
    near.add("患者三天前无明显诱因出现发热,体温最高三十九度")
    assert near.is_near("患者三天前无明显诱因出现发热,体温最高三十八度")
    assert not near.is_near("患者一周前受凉后出现咳嗽咳痰,痰为白色")
