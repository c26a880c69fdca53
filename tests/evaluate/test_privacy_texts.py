"""The gate on texts fails on copies, near copies, identifiers and too little to tell, and passes a set made of nothing."""

from dataclasses import replace

import pytest
from privacy_world import notes, nothing, one_word_changed

from onprem.errors import InputError
from onprem.evaluate.privacy.contract import Bounds, Settings, Verdict
from onprem.evaluate.privacy.texts import screen_texts
from onprem.labels import Label
from onprem.model import Span

SEEN, UNSEEN, CLEAN = notes(300, 2), notes(300, 3), notes(300, 1)
PLAIN = Settings(find=nothing)
NAME = "Zebulon Quillfeather"


def screen(rows, seen=SEEN, unseen=UNSEEN, settings=PLAIN):
    return screen_texts(rows, seen, unseen, settings)


def finds(*values, label=Label.NAME):
    """Return a finder of these values."""

    def find(texts):
        return [
            [
                Span(text.index(value), text.index(value) + len(value), label, 0.9, frozenset({"test"}))
                for value in values
                if value in text
            ]
            for text in texts
        ]

    return find


def test_a_clean_set_passes_and_every_measure_tells_its_interval_and_threshold():
    result = screen(CLEAN)
    assert result.passed and result.verdict is Verdict.PASS
    for measure in result.measures:
        if measure.verdict is Verdict.PASS:
            assert measure.metric.low <= measure.metric.value <= measure.metric.high
            assert measure.metric.high > measure.metric.value  # nothing is certain
            assert measure.bounds is None or measure.metric.high <= measure.bounds.tolerated
    assert result.measure("membership-distance").figures["detectable"] == pytest.approx(0.586, abs=0.001)
    assert sum(result.histogram.seen) == sum(result.histogram.unseen) == 300


@pytest.mark.parametrize("copies", [1, 5])
def test_copied_records_fail_and_are_told_by_row(copies):
    result = screen([*CLEAN[copies:], *SEEN[:copies]])
    copied = result.measure("copies")
    assert not result.passed and copied.verdict is Verdict.FAIL
    assert copied.rows == tuple(range(300 - copies, 300))
    assert result.measure("longest-run").counts["seen"] > 40 > result.measure("longest-run").counts["never used"]


def test_a_passage_copied_into_an_invented_note_fails():
    passage = " ".join(SEEN[7].split()[3:45])
    result = screen([*CLEAN[1:], f"{CLEAN[0]} {passage}"])
    assert result.measure("copies").rows == (299,)


def test_near_copies_fail():
    result = screen([*CLEAN[6:], *(one_word_changed(text, place) for place, text in enumerate(SEEN[:6]))])
    assert result.measure("copies").rows == tuple(range(294, 300))
    assert result.measure("near-copies").verdict is Verdict.FAIL
    # with every fourth word changed no long run is left, but the phrases are
    scattered = [" ".join("xx" if at % 13 == 6 else word for at, word in enumerate(text.split())) for text in SEEN[:40]]
    result = screen([*CLEAN[40:], *scattered])
    assert result.measure("copies").counts["runs"] == 0
    assert result.verdict is Verdict.FAIL


def test_copies_of_short_records_fail_by_their_number():
    seen, unseen = notes(300, 12, sentences=(1, 1)), notes(300, 13, sentences=(1, 1))
    made = notes(300, 11, sentences=(1, 1))
    assert Verdict.FAIL not in {measure.verdict for measure in screen(made, seen, unseen).measures}
    copied = screen([*made[60:], *seen[:60]], seen, unseen)
    assert copied.measure("copies").verdict is Verdict.PASS  # none is long enough
    assert copied.measure("near-copies").verdict is Verdict.FAIL
    assert copied.measure("membership-distance").verdict is Verdict.FAIL


def test_chinese_is_judged_by_characters():
    seen, unseen, clean = notes(300, 2, "zh"), notes(300, 3, "zh"), notes(300, 1, "zh")
    assert screen(clean, seen, unseen).measure("copies").verdict is Verdict.PASS
    assert screen([*clean[1:], seen[0]], seen, unseen).measure("copies").rows == (299,)


def test_what_stands_in_never_used_records_too_is_no_copy():
    letterhead = " ".join(f"word{number}" for number in range(50)) + ". "
    seen, unseen = [letterhead + text for text in SEEN], [letterhead + text for text in UNSEEN]
    result = screen([letterhead + text for text in CLEAN], seen, unseen)
    assert result.passed, [(measure.code, measure.verdict) for measure in result.measures]
    assert result.measure("longest-run").counts["seen"] >= 50


def test_more_seen_records_than_never_used_ones_are_no_evidence():
    result = screen(CLEAN, [*SEEN, *notes(600, 21)], UNSEEN)
    phrases = result.measure("phrases")
    assert result.passed
    assert phrases.metric.low < 0 < phrases.metric.high
    assert abs(phrases.metric.value) < 0.01


def test_never_used_records_that_are_seen_ones_do_not_hide_copies():
    result = screen([*CLEAN[1:], SEEN[0]], SEEN, [*SEEN[:150], *UNSEEN])
    assert result.measure("split").verdict is Verdict.FAIL
    assert result.measure("split").metric.value == pytest.approx(1 / 3)
    assert result.measure("copies").rows == (299,)
    with pytest.raises(InputError, match="every never-used record repeats a seen one"):
        screen(CLEAN, SEEN, SEEN)


def test_an_identifier_of_a_seen_record_fails():
    rows = [*CLEAN[1:], f"{CLEAN[0]} Seen by Dr. {NAME}."]
    seen = [f"{SEEN[0]} Dr. {NAME.upper()} was called.", *SEEN[1:]]
    result = screen(rows, seen, settings=replace(PLAIN, find=finds(NAME)))
    assert result.measure("identifiers").verdict is Verdict.FAIL
    assert result.measure("identifiers").rows == (299,)
    invented = screen(rows, settings=replace(PLAIN, find=finds(NAME)))
    assert invented.passed and invented.measure("identifiers").counts == {"found": 1, "invented": 1, "common": 0}


@pytest.mark.parametrize("written", ["617-555-0142", "(617) 555 0142", "6175550142"])
def test_a_number_is_the_same_however_it_is_written_and_whoever_has_it(written):
    rows = [*CLEAN[1:], f"{CLEAN[0]} Call (617) 555-0142."]
    settings = replace(PLAIN, find=finds("(617) 555-0142", label=Label.PHONE))
    for seen, unseen in (([f"Home {written}.", *SEEN], UNSEEN), (SEEN, [f"Home {written}.", *UNSEEN])):
        assert screen(rows, seen, unseen, settings).measure("identifiers").verdict is Verdict.FAIL
    assert screen(rows, ["Home 617-555-0143.", *SEEN], UNSEEN, settings).passed


def test_a_single_name_that_never_used_records_hold_too_is_common():
    rows, settings = [*CLEAN[1:], f"{CLEAN[0]} Dr. Smith agreed."], replace(PLAIN, find=finds("Smith"))
    seen, unseen = ["Dr. Smith came.", *SEEN], ["Dr. Smith left.", *UNSEEN]
    assert screen(rows, seen, unseen, settings).measure("identifiers").counts["common"] == 1
    assert screen(rows, seen, UNSEEN, settings).measure("identifiers").verdict is Verdict.FAIL
    full = replace(PLAIN, find=finds("Ada Smith"))
    named = [*CLEAN[1:], f"{CLEAN[0]} Dr. Ada Smith agreed."]
    both = screen(named, ["Ada Smith came.", *SEEN], ["Ada Smith left.", *UNSEEN], full).measure("identifiers")
    assert both.verdict is Verdict.PASS and both.counts["common"] == 1
    one = screen(named, SEEN, ["Ada Smith left.", *UNSEEN], full).measure("identifiers")
    assert one.verdict is Verdict.FAIL  # somebody's, however it came about
    alone = screen(rows, seen, None, settings)
    assert alone.measure("identifiers").verdict is Verdict.NOT_MEASURED and alone.verdict is Verdict.INCOMPLETE


def test_without_never_used_records_the_result_is_incomplete_and_a_leak_still_fails():
    result = screen(CLEAN, SEEN, None)
    assert result.verdict is Verdict.INCOMPLETE and not result.passed
    assert result.measure("copies").verdict is Verdict.NOT_MEASURED
    assert result.measure("longest-run").counts == {"seen": 21}
    rows = [*CLEAN[1:], f"{CLEAN[0]} Dr. {NAME} agreed."]
    seen = [f"Dr. {NAME} came.", *SEEN]
    assert screen(rows, seen, None, replace(PLAIN, find=finds(NAME))).verdict is Verdict.FAIL


def test_too_few_records_cannot_tell_and_say_how_many_would():
    result = screen(CLEAN[:12], SEEN[:12], UNSEEN[:12])
    measure = result.measure("membership-distance")
    assert result.verdict is Verdict.FAIL and measure.verdict is Verdict.CANNOT_TELL
    assert measure.hint == "about 131 records of each kind are needed to tell"
    assert measure.figures["detectable"] > 0.8


def test_thresholds_are_what_decides():
    strict = replace(PLAIN, auc=Bounds(0.52, 0.53))
    assert screen(CLEAN, settings=strict).measure("membership-distance").verdict is Verdict.CANNOT_TELL


def test_the_same_seed_gives_the_same_result():
    assert screen(CLEAN[:100]).measures == screen(CLEAN[:100]).measures


@pytest.mark.parametrize("empty", ["rows", "seen", "unseen"])
def test_an_empty_set_is_refused(empty):
    given = {"rows": CLEAN, "seen": SEEN, "unseen": UNSEEN} | {empty: []}
    with pytest.raises(InputError, match="one of them is empty"):
        screen(**given)


def test_no_result_shows_a_text():
    result = screen([*CLEAN[1:], SEEN[0]])
    assert "patient" not in repr(result) and SEEN[0].split(".")[0] not in repr(result)
