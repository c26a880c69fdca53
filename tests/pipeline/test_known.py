"""What is known of patients is sealed, joined without doubling, and bounded."""

import pytest

from onprem.detect.contract import Passage
from onprem.labels import Label
from onprem.pipeline.known import STAFF, Facts, KnownStore, full_names


@pytest.fixture
def store(tmp_path):
    opened = KnownStore(tmp_path / "known.sealed", b"k" * 32)
    yield opened
    opened.close()


def test_joining_twice_changes_nothing(store):
    facts = Facts(((Label.NAME, "Ada Okafor"),), ((Label.PHONE, "6175550123"),), "F")
    store.add([("s1", facts)])
    store.add([("s1", facts), ("s1", Facts((), ((Label.NAME, "Bo Lind"),)))])
    assert store.facts("s1") == Facts(facts.roster, (*facts.found, (Label.NAME, "Bo Lind")), "F")


def test_staff_are_searched_for_everybody(store):
    store.add([(STAFF, Facts(((Label.NAME, "Imre Kovalenko"),)))])
    _, matchers = store.matchers(None)
    text = "seen by Imre Kovalenko"
    assert [span for matcher in matchers for span in matcher.find(Passage(text, "en"))]


def test_a_name_of_two_patients_leads_to_neither(store):
    store.add_names([("kim min", "s1"), ("ada okafor", "s1"), ("kim min", "s2")])
    assert store.named("ada okafor") == "s1"
    assert store.named("kim min") is None


def test_full_names_need_two_words_or_characters():
    assert full_names(["Ada Okafor", "Okafor, Ada", "Ada", "王小明", "王"]) == ["ada okafor", "ada okafor", "小 明 王"]


def test_nothing_is_stored_in_clear(store, tmp_path):
    store.add([("s1", Facts(((Label.NAME, "Zebulon Quark"),)))])
    store.add_names([("quark zebulon", "s1")])
    content = (tmp_path / "known.sealed").read_bytes()
    assert b"Zebulon" not in content
    assert b"quark" not in content
