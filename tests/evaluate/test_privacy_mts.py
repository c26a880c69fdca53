"""The gate on real dialogues and notes (MTS-Dialog, CC BY 4.0, abachaa/MTS-Dialog): clean parts pass, copies fail."""

import csv
import random
from pathlib import Path

import pytest
from privacy_world import nothing, one_word_changed

from onprem.evaluate.privacy import canaries
from onprem.evaluate.privacy.contract import Settings, Verdict
from onprem.evaluate.privacy.texts import screen_texts
from onprem.near import Near

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "mts-dialog" / "TrainingSet.csv"
pytestmark = pytest.mark.skipif(not DATA.is_file(), reason="MTS-Dialog is not at ../shared/data/mts-dialog")


@pytest.fixture(scope="module")
def parts():
    """Synthetic, seen and never-used dialogues: a third each, none near to another."""
    with DATA.open(encoding="utf-8", newline="") as file:
        texts = [row["dialogue"] for row in csv.DictReader(file)]
    near, kept = Near(), []
    for text in texts:
        if not near.is_near(text):
            near.add(text)
            kept.append(text)
    random.Random(11).shuffle(kept)
    size = len(kept) // 3
    return kept[:size], kept[size : 2 * size], kept[2 * size : 3 * size]


def test_other_dialogues_pass_although_they_share_phrases(parts):
    made, seen, unseen = parts
    result = screen_texts(made, seen, unseen, Settings(find=nothing))
    assert result.passed, [(measure.code, measure.verdict) for measure in result.measures]
    assert result.measure("phrases").figures["seen"] > 0.01  # a raw count would have objected


@pytest.mark.parametrize("change", [lambda text, _: text, one_word_changed], ids=["whole", "one word changed"])
def test_one_copied_dialogue_fails(parts, change):
    made, seen, unseen = parts
    long = next(text for text in seen if len(text.split()) > 90)
    result = screen_texts([*made[1:], change(long, 4)], seen, unseen, Settings(find=nothing))
    assert result.measure("copies").verdict is Verdict.FAIL
    assert len(made) - 1 in result.measure("copies").rows


def test_canaries_planted_into_dialogues_fail_when_they_come_out(parts):
    made, seen, unseen = parts
    planted, listed = canaries.plant(seen, seed=5)
    secret = next(each for each in listed if each.repeats == 4 and each.form == "words").secret
    settings = Settings(find=nothing, canaries=listed)
    assert screen_texts(made, planted, unseen, settings).measure("canaries").verdict is Verdict.PASS
    result = screen_texts([*made, f"Doctor: Anything else? Patient: {secret}."], planted, unseen, settings)
    assert result.measure("canaries").rows == (len(made),)


def test_an_identifier_of_a_seen_dialogue_fails_with_the_detectors_of_the_house(parts):
    made, seen, unseen = (part[:40] for part in parts)
    told = "Doctor: Is that you, Zebulon Quillfeather? Patient: Yes."
    result = screen_texts([*made, f"{told} I cough."], [*seen, f"{told} My ear hurts."], unseen)
    assert len(made) in result.measure("identifiers").rows
