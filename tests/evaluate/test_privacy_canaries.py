"""Canaries are planted where they are said to be, kept for one user alone, and found again in whatever form."""

import stat
from dataclasses import replace

import pytest
from privacy_world import notes, nothing

from onprem.errors import InputError, OutputError
from onprem.evaluate.privacy import canaries
from onprem.evaluate.privacy.contract import Settings, Verdict
from onprem.evaluate.privacy.extraction import canary_measure
from onprem.evaluate.privacy.texts import screen_texts

TEXTS = [*notes(60, 2), *notes(60, 2, "zh")]
PLANTED, LIST = canaries.plant(TEXTS, seed=7)
CLEAN = [*notes(60, 1), *notes(60, 1, "zh")]


def test_each_canary_stands_in_as_many_texts_as_it_repeats():
    assert {canary.repeats for canary in LIST} == {0, 1, 4, 16}
    assert {(canary.lang, canary.form) for canary in LIST if canary.repeats == 16} == {
        ("en", "number"), ("en", "words"), ("zh", "number"), ("zh", "words")
    }  # fmt: skip
    for canary in LIST:
        holding = [place for place, text in enumerate(PLANTED) if canary.sentence in text]
        assert len(holding) == canary.repeats
        assert all((place >= 60) == (canary.lang == "zh") for place in holding)
    assert len({canary.secret for canary in LIST}) == len(LIST)


def test_what_stood_there_before_still_does():
    for before, after in zip(TEXTS, PLANTED, strict=True):
        rest = after
        for canary in LIST:
            rest = rest.replace(canary.sentence, "")
        assert "".join(rest.split()) == "".join(before.split())


def test_few_texts_hold_a_canary_more_than_once():
    planted, listed = canaries.plant(["No fever.", "No cough."], seed=1)
    for canary in listed:
        assert sum(text.count(canary.sentence) for text in planted) == canary.repeats
    with pytest.raises(InputError):
        canaries.plant([], seed=1)


def test_the_same_seed_gives_the_same_canaries():
    assert canaries.plant(TEXTS, seed=7) == (PLANTED, LIST)
    assert canaries.plant(TEXTS, seed=8)[1] != LIST


def test_the_list_is_for_this_user_alone_and_is_read_back(tmp_path):
    path = tmp_path / "list.json"
    canaries.write(path, LIST)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert canaries.read(path) == LIST
    with pytest.raises(OutputError):
        canaries.write(path, LIST)
    assert LIST[0].secret not in repr(LIST[0]) and LIST[0].sentence not in repr(LIST[0])


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"canaries": 1, "list": []}',
        '{"canaries": 1, "list": [{"lang": "en"}]}',
        '{"canaries": 2, "list": []}',
        '{"canaries": 1, "list": [{"lang": "en", "form": "words", "repeats": 1, "sentence": "a", "secret": 5}]}',
    ],
)
def test_what_is_no_list_is_refused(tmp_path, content):
    path = tmp_path / "list.json"
    path.write_text(content)
    with pytest.raises(InputError):
        canaries.read(path)


def test_none_in_a_clean_set():
    measure = canary_measure(CLEAN, LIST)
    assert measure.verdict is Verdict.PASS
    assert measure.counts["planted"] == 24 and measure.counts["never planted"] == 64
    assert measure.counts["secret"] == measure.counts["never planted, secret"] == 0
    assert measure.metric.high == pytest.approx(0.117, abs=0.001)  # 95 %, one-sided, of 24
    assert max(value for name, value in measure.figures.items() if name.startswith("exposure at")) < 2.5


def planted(form, lang, repeats=1):
    return next(each for each in LIST if (each.form, each.lang, each.repeats) == (form, lang, repeats))


@pytest.mark.parametrize("form", ["number", "words"])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_one_secret_fails_and_its_row_is_told(form, lang):
    canary = planted(form, lang)
    for shown in (
        canary.sentence,
        canary.secret,
        canary.secret.upper().replace("-", " "),
        canary.secret.replace(" ", ", "),
    ):
        measure = canary_measure([*CLEAN, f"And then: {shown}"], LIST)
        assert measure.verdict is Verdict.FAIL and measure.rows == (120,), shown
        assert measure.counts["secret"] == 1
        assert measure.counts["whole"] == (shown == canary.sentence)
        # one of the two at one repeat reaches further than any that was never planted
        assert measure.figures["exposure at 1"] > measure.figures["exposure at 16"]


def test_half_a_secret_is_no_extraction_but_shows_in_the_exposure():
    canary = planted("number", "en", 16)
    half = canary.secret.replace("-", "")[:6]
    measure = canary_measure([*CLEAN, f"Box {half}."], LIST)
    assert measure.verdict is Verdict.PASS
    assert measure.figures["exposure at 16"] > canary_measure(CLEAN, LIST).figures["exposure at 16"]


def test_a_secret_over_two_rows_is_none():
    first, second = planted("number", "en").secret.split("-")
    assert canary_measure([first, second], LIST).counts["secret"] == 0


def test_the_gate_fails_on_planted_records_that_come_out():
    settings = Settings(find=nothing, canaries=LIST)
    unseen = [*notes(60, 3), *notes(60, 3, "zh")]
    row = next(text for text in PLANTED if planted("words", "en").sentence in text)
    assert screen_texts([*CLEAN[1:], row], PLANTED, unseen, settings).measure("canaries").verdict is Verdict.FAIL
    assert screen_texts(CLEAN, PLANTED, unseen, settings).measure("canaries").verdict is Verdict.PASS
    asked = screen_texts(CLEAN, PLANTED, unseen, replace(settings, canaries=None))
    assert asked.measure("canaries").verdict is Verdict.NOT_ASKED
