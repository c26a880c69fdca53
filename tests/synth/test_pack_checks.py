import pytest
from pack_world import shipped_pack

from onprem.synth import pack_checks as checks
from onprem.synth.pack_checks import Checked, Checks, is_unsafe

EN = Checks("en", shipped_pack("depression").speech["en"])
ZH = Checks("zh", shipped_pack("depression").speech["zh"])
TIRED = Checked("energy", "most", "I am tired more often than not.")
NOT_HUNGRY = Checked("appetite", "most", "Most days I have no appetite.")
FINE = Checked("sleep", "none", "I have no trouble sleeping.")
ASKED = Checked("energy", "", "Do you get tired easily?")
LEI = Checked("energy", "most", "大半时间都觉得累。")
FAN = Checked("appetite", "daily", "天天吃不下，裤子都松了。")


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        (TIRED, "Most days I am so tired."),
        (TIRED, "I'm tired most of the time, really."),
        (NOT_HUNGRY, "I don't have an appetite most days."),
        (NOT_HUNGRY, "Most days there’s no appetite at my end."),
        (FINE, "Sleeping is no problem for me."),
        (ASKED, "Are you quickly tired in the daytime?"),
    ],
)
def test_what_says_the_same_in_other_words_passes(wanted, text):
    assert EN.fault(wanted, text) == ""


@pytest.mark.parametrize(
    ("wanted", "text", "why"),
    [
        (TIRED, "我大半时间都累。", checks.LANGUAGE),
        (TIRED, "...", checks.LANGUAGE),
        (TIRED, "I am tired most days and think of an overdose.", checks.UNSAFE),
        (TIRED, "Are you tired most days?", checks.ROLE),
        (TIRED, "Most days your body is tired.", checks.ROLE),
        (TIRED, "The patient is tired most days.", checks.ROLE),
        (TIRED, "Most days I am full of beans.", checks.GONE),
        (TIRED, "Most days I am tired and sad.", checks.OTHER),
        (TIRED, "I am tired every day.", checks.VALUE),
        (TIRED, "I am tired most days, sometimes more.", checks.VALUE),
        (TIRED, "I am tired as usual.", checks.VALUE),
        (TIRED, "I am tired.", checks.UNSAID),
        (TIRED, "Most days I am not tired.", checks.POLARITY),
        (TIRED, "I am tired, but not most days.", checks.POLARITY),
        (NOT_HUNGRY, "Most days I have an appetite.", checks.POLARITY),
        (TIRED, "Most days I am tired by 4 or so.", checks.NUMBER),
        (TIRED, "I am tired more often than not!", checks.COPY),
        (TIRED, "For the bigger part of the week I have no strength.", checks.GONE),
        (ASKED, "You get tired easily.", checks.QUESTION),
        (ASKED, "Are you tired? Why?", checks.QUESTION),
        (ASKED, "How is your mood?", checks.GONE),
        (ASKED, "Are you tired or sad?", checks.OTHER),
        (ASKED, "I feel tired, do you?", checks.ROLE),
    ],
)
def test_what_does_not_is_refused_with_its_reason(wanted, text, why):
    assert EN.fault(wanted, text) == why


@pytest.mark.parametrize(
    ("wanted", "text", "why"),
    [
        (LEI, "我多数时候都很累。", ""),
        (FAN, "我每天都吃不下。", ""),
        (LEI, "I am tired most days.", checks.LANGUAGE),
        (LEI, "您大半时间都累。", checks.ROLE),
        (LEI, "大半时间都没事。", checks.GONE),
        (LEI, "大半时间都累，心情也差。", checks.OTHER),
        (LEI, "我天天都累。", checks.VALUE),
        (LEI, "我挺累。", checks.UNSAID),
        (LEI, "大半时间都不累。", checks.POLARITY),
        (LEI, "大半时间都累，想烧炭。", checks.UNSAFE),
    ],
)
def test_chinese(wanted, text, why):
    assert ZH.fault(wanted, text) == why


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("It feels like walking through wet sand.", ""),
        ("At home I leave the washing where it is.", ""),
        ("It feels like a holiday, but I love it.", checks.POLARITY),
        ("At home I feel perfectly well.", checks.POLARITY),
        ("It feels like this every day.", checks.VALUE),
        ("At home I cry.", checks.OTHER),
        ("It feels like you do not care.", checks.ROLE),
        ("In the evening I look for a rope.", checks.UNSAFE),
        ("At home I count to 100.", checks.NUMBER),
        ("在家里躺着。", checks.LANGUAGE),
    ],
)
def test_a_sentence_that_follows_an_answer(text, why):
    assert EN.addition(TIRED, text) == why


@pytest.mark.parametrize("name", ["depression", "diabetes"])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_phrase_of_a_shipped_pack_says_its_own_value_by_the_same_checks(name, lang):
    pack = shipped_pack(name)
    speech = pack.speech[lang]
    held = Checks(lang, speech)
    for item, said in speech.item.items():
        for value, phrases in said.say.items():
            for phrase in phrases:
                assert held.meaning(Checked(item, value, phrase), phrase) == "", phrase
                assert held.fault(Checked(item, value, phrase), phrase) == checks.COPY
        for phrase in said.open + said.closed:
            assert held.meaning(Checked(item, "", phrase), phrase) == "", phrase


@pytest.mark.parametrize("name", ["depression", "diabetes"])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_phrase_does_not_pass_for_another_value(name, lang):
    speech = shipped_pack(name).speech[lang]
    held = Checks(lang, speech)
    passed = tried = 0
    for item, said in speech.item.items():
        for value, phrases in said.say.items():
            for other in said.say:
                if other != value:
                    for phrase in phrases:
                        tried += 1
                        passed += held.meaning(Checked(item, other, said.say[other][0]), phrase) == ""
    assert tried > 300
    assert passed == 0


@pytest.mark.parametrize("name", ["depression", "diabetes"])
def test_no_phrase_of_a_shipped_pack_is_unsafe(name):
    pack = shipped_pack(name)
    for lang, speech in pack.speech.items():
        acts = [phrase for act in type(speech.acts).model_fields for phrase in getattr(speech.acts, act)]
        items = [phrase for said in speech.item.values() for own in said.say.values() for phrase in own]
        fixed = [flag.say[lang] for flag in pack.flag]
        assert not [phrase for phrase in [*acts, *items, *fixed] if is_unsafe(phrase)]


@pytest.mark.parametrize(
    "text",
    [
        "I could Overdose on them.", "a rope", "I keep stockpiling", "You should die.", "Skip your insulin today.",
        "no need to see a doctor", "我想跳楼", "攒药", "你去死", "不用打胰岛素",
    ],
)  # fmt: skip
def test_unsafe(text):
    assert is_unsafe(text)


@pytest.mark.parametrize("text", ["I grope for words.", "I keep it short.", "我不想说话。", "I never skip breakfast."])
def test_not_unsafe(text):
    assert not is_unsafe(text)
