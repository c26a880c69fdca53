"""Records for a recipe: searched for identifiers, divided by a keyed digest into used and never used."""

import json

import pytest

from onprem.errors import InputError, UsageError
from onprem.labelled import Sentence
from onprem.progress import Silent
from onprem.synth.scan import Scan
from onprem.synth.sources import Take, check_examples, read_records

SCAN = Scan()
CLEAN = [
    f"the patient has had {what} for {days} days and was given {drug}"
    for days, (what, drug) in enumerate(
        (what, drug)
        for what in ("a cough", "a fever", "a rash", "nausea", "back pain", "vertigo", "fatigue", "swollen ankles")
        for drug in ("paracetamol", "ibuprofen", "an inhaler", "fluids", "rest")
    )
]
NAMED = "Seen by Dr. Margaret Thornfield, phone 020 7946 0018, on the ward."


def folder_of(path, texts):
    path.mkdir()
    lines = [json.dumps({"id": str(number), "text": text}) for number, text in enumerate(texts)]
    (path / "notes.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_records_are_divided_the_same_way_each_time_and_by_the_key(tmp_path):
    given = folder_of(tmp_path / "a", CLEAN)
    first, again = (read_records(given, Take(key=b"k" * 32), SCAN, Silent()) for _ in range(2))
    assert first == again
    used, unseen = {source.text for source in first.used}, set(first.unseen)
    assert used | unseen == set(CLEAN) and not used & unseen and used and unseen
    other = read_records(given, Take(key=b"l" * 32), SCAN, Silent())
    assert set(other.unseen) != unseen
    assert {source.key for source in first.used}.isdisjoint(source.key for source in other.used)


def test_copies_of_a_record_stand_on_one_side(tmp_path):
    given = read_records(folder_of(tmp_path / "a", CLEAN * 2), Take(key=b"k" * 32), SCAN, Silent())
    assert {source.text for source in given.used}.isdisjoint(given.unseen)
    assert len({source.key for source in given.used}) == len(given.used)


def test_a_record_with_an_identifier_is_refused_and_counted(tmp_path):
    given = read_records(
        folder_of(tmp_path / "a", [*CLEAN[:6], NAMED, ""]), Take(key=b"k" * 32, share=0.0), SCAN, Silent()
    )
    assert (len(given.used), given.refused, given.unreadable) == (6, 1, 1)


def test_records_that_all_hold_identifiers_are_an_error_without_a_value(tmp_path):
    with pytest.raises(UsageError) as told:
        read_records(folder_of(tmp_path / "a", [NAMED]), Take(key=b"k" * 32), SCAN, Silent())
    assert "Thornfield" not in f"{told.value.message}{told.value.hint}" and "policy" in told.value.hint


def test_no_record_at_all_is_an_error(tmp_path):
    with pytest.raises(InputError):
        read_records(folder_of(tmp_path / "a", [""]), Take(key=b"k" * 32), SCAN, Silent())


def test_examples_with_identifiers_are_refused():
    check_examples([Sentence(text) for text in CLEAN], SCAN)
    with pytest.raises(UsageError, match="1 of 3 examples"):
        check_examples([Sentence(CLEAN[0]), Sentence(NAMED), Sentence(CLEAN[1])], SCAN)
