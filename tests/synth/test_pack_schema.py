import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pack_world import TINY, shipped_pack, tiny

from onprem.errors import InputError
from onprem.synth.pack_read import MAX_PACK_BYTES, parse, read, shipped

PACKS = sorted(shipped())


def refused(text):
    with pytest.raises(InputError) as caught:
        parse(text, name="migraine")
    assert caught.value.__cause__ is None
    return caught.value.message


def test_a_pack_is_read(tmp_path):
    pack = read(tiny(tmp_path))
    assert (pack.name, pack.version, pack.asked, pack.flagged) == ("migraine", 3, ("days", "sudden"), {"sudden"})
    assert [pack.items["sudden"].point(value) for value in ("no", "yes")] == [0, 5]
    assert [pack.items["days"].point(value) for value in ("few", "many")] == [0, 1]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("version = 3", "version = 3\ncolour = 1", "colour: unknown key"),
        ("hides = 0.3", "hide = 0.3", "item.0.hide: unknown key"),
        ("shares = [0.5, 0.5]", "shares = [0.5, 0.4]", "their sum is 1"),
        ("shares = [0.5, 0.5]", "shares = [1.0]", "one for each value"),
        ("points = [0, 5]", "points = [0]", "points are one for each value"),
        ("load = { pain = 0.8 }", "load = { pain = 0.8, body = 0.8 }", "squares of its loads"),
        ('values = ["few", "many"]', 'values = ["few", "few"]', "a value stands twice"),
        ('id = "sudden"\nvalues', 'id = "days"\nvalues', "item days stands twice"),
        ('main = "burden"', 'main = "weight"', "main and risk: weight is not declared"),
        ('start = "days"', 'start = "nights"', "start: nights is not declared"),
        ("next = { sudden = 1 }", "next = { other = 1 }", "other is not declared"),
        ('id = "days"\nitems = ["days"]', 'id = "days"\nitems = ["nights"]', "nights is not declared"),
        ('id = "days"\nitems = ["days"]', 'id = "days"\nitems = ["sudden"]', "item of the topics sudden stands twice"),
        ("mandatory = true", "", "the topic of sudden must be mandatory"),
        ('when = { sudden = ["yes"] }', 'when = { sudden = ["maybe"] }', "not all are values of sudden"),
        ('when = { sudden = ["yes"] }', "when = { sudden = [] }", "not all are values of sudden"),
        ('[flag.say]\nen = "Thank you. I', '[flag.say]\nzh = "Thank you. I', "flag thunderclap: nothing to say in en"),
        ("bands = { low = 0, high = 1 }", "bands = { low = 2, high = 1 }", "bands ascend"),
        ("bands = { low = 0, high = 1 }", "bands = { low = 1, high = 2 }", "falls below the first band"),
        ('few = ["I have a headache', 'rare = ["I have a headache', "one entry for each value"),
        ('many = "headache on most days"', "", "one entry for each value"),
        ("[speech.en.item.sudden", "[speech.en.item.gradual", "is not both asked after and spoken of"),
        ('recap = ["So: {found}."]', 'recap = ["So: {what}."]', "each recap has {found}"),
        ('"Told: {found}. Denied', '"Told: {found}. {score}. Denied', "a summary has places"),
        ('recap = ["So: {found}."]', 'recap = ["So: {found."]', "is not closed"),
        ("topics = [2, 2]", "topics = [3, 2]", "topics = [least, most]"),
        ('evade = ["Hard to say."]', "evade = []", "evade"),
        ("name = ", "name == ", "is not TOML"),
        ('name = "migraine"', 'name = "headache"', "make the file"),
    ],
)
def test_what_is_not_sound_is_refused(old, new, words):
    assert old in TINY
    text = TINY.replace(old, new, 5 if "speech.en.item.sudden" in old else 1)
    with pytest.raises(InputError) as caught:
        parse(text, name="migraine")
    assert words in f"{caught.value.message} {caught.value.hint}"


def test_a_topic_that_nothing_leads_to_is_refused():
    text = TINY.replace("mandatory = true", "").replace("[[flag]]", "[[gone]]")
    text = re.sub(r"\[\[gone\]\].*?\n\n", "", text, flags=re.DOTALL).replace("[flag.say]\n", "")
    assert "no topic leads to it" in refused(text.replace("next = { sudden = 1 }\n", ""))


def test_a_file_that_is_none(tmp_path):
    for content in (b"\xff\xfe", b"#" * (MAX_PACK_BYTES + 1)):
        path = tmp_path / "migraine.toml"
        path.write_bytes(content)
        with pytest.raises(InputError):
            read(path)
    with pytest.raises(InputError, match="cannot be read"):
        read(tmp_path / "none.toml")


@given(st.sampled_from([line for line in TINY.splitlines() if "=" in line]), st.integers(0, 8))
def test_a_pack_with_a_line_gone_or_doubled_is_read_or_refused(line, times):
    text = TINY.replace(line, "\n".join([line] * times), 1)
    try:
        parse(text, name="migraine")
    except InputError as error:
        assert error.message.startswith("pack migraine")
    else:
        assert times <= 1


def test_the_digest_is_of_what_is_declared():
    pack = parse(TINY, name="migraine")
    assert parse("# a remark\n" + TINY, name="migraine").digest == pack.digest
    assert parse(TINY.replace('"Hello."', '"Hi."'), name="migraine").digest != pack.digest


def test_the_shipped_packs():
    assert PACKS == ["depression", "diabetes"]
    assert len(shipped_pack("depression").topic) == 11
    assert [topic.id for topic in shipped_pack("depression").topic if topic.mandatory] == [
        "mood",
        "interest",
        "suicide",
    ]


@pytest.mark.parametrize("name", PACKS)
def test_each_shipped_pack_speaks_both_languages_with_six_phrases_for_everything(name):
    pack = shipped_pack(name)
    assert set(pack.speech) == {"en", "zh"}
    for speech in pack.speech.values():
        said = set()
        for item, own in speech.item.items():
            assert len(own.open + own.closed) >= 6, item
            for value, phrases in own.say.items():
                assert len(set(phrases)) == len(phrases) >= 6, (item, value)
                assert said.isdisjoint(phrases)
                said.update(phrases)
        assert all(len(getattr(speech.acts, act)) >= 6 for act in type(speech.acts).model_fields)
        assert len(speech.summary) >= 6
