"""What a run leaves for people: doubtful and dropped guesses, what is held, what the gate found; sealed and bounded."""

import json
import os

import pytest
from doubtful_world import NOTES, World

from onprem.errors import SiteError, UsageError
from onprem.labels import Label
from onprem.model import Reason
from onprem.pipeline import doubts
from onprem.pipeline.decisions import Do, Why
from onprem.pipeline.doubts import FILE, Asked
from onprem.pipeline.gate import _unmoved
from onprem.pipeline.queue import Queue, runs
from onprem.vault.keys import create_key


@pytest.fixture
def world(tmp_path, monkeypatch):
    return World(tmp_path, monkeypatch)


def words(queue, item):
    return queue.show(item).text[item.question.start : item.question.end]


def asked(world):
    """The items of the last run as (what, text, reason)."""
    with world.queue() as queue:
        return [(item.question.asked, words(queue, item), item.question.reason) for item in queue.items]


def test_guesses_that_were_dropped_come_before_those_that_were_acted_on(world):
    summary = world.deid().summary
    assert asked(world) == [
        (Asked.MISSED, "Kestrel", "refuted"),
        (Asked.DOUBTFUL, "Thornbury", ""),
        (Asked.DOUBTFUL, "Zumbella", ""),
    ]
    assert summary.asked == 3


def test_what_is_certain_is_not_asked(world):
    world.guesses[:] = [(r"with (Thornbury)", Label.NAME, 0.9), (r"(Oswin Brambleworth)", Label.NAME, 0.3)]
    assert world.deid().summary.asked == 0
    assert runs(world.site) == []


def test_what_the_policy_keeps_is_not_asked(world):
    world.guesses[:] = [(r"with (Thornbury)", Label.OCCUPATION, 0.5)]
    world.deid(policy="hipaa-expert")
    assert runs(world.site) == []


def test_guesses_below_the_threshold_of_the_policy_are_asked(world):
    policy = world.site.folder("policies") / "careful.toml"
    shipped = (
        'name = "careful"\ntitle = "Careful"\nbasis = "a test"\n[rules]\nNAME = "redact"\n[thresholds]\nner = 0.45\n'
    )
    policy.write_text(shipped, encoding="utf-8")
    assert "Zumbella" in world.deid(policy="careful").texts[0]
    assert (Asked.MISSED, "Zumbella", "threshold") in asked(world)


def test_where_something_is_replaced_anyway_is_known_and_the_rest_is_not(world):
    world.deid()
    with world.queue() as queue:
        item = queue.items[1]
        text = queue.show(item).text
        replaced = [text[start:end] for start, end, _ in item.asking.replaced[item.question.field]]
    assert replaced == ["Oswin Brambleworth", "03/02/2023", "Thornbury", "Zumbella"]


def test_held_records_are_asked_about_each_or_once_a_file(world):
    lines = (world.source / "notes.jsonl").read_text(encoding="utf-8")
    strange = json.dumps(
        {"id": "m9", "patient": "P0002", "text": "Пациентка жалуется на боль в груди и слабость. " * 3}
    )
    (world.source / "notes.jsonl").write_text(lines + strange + '\n{"id": \n{"id": \n{"id": \n', encoding="utf-8")
    world.deid()
    with world.queue() as queue:
        held = [item for item in queue.items if item.question.asked is Asked.HELD]
        assert [(item.question.reason, item.question.count) for item in held] == [
            (Reason.LANGUAGE.value, 1),
            (Reason.UNREADABLE.value, 3),
        ]
        assert queue.show(held[0]).text.startswith("Пациентка")
        assert queue.show(held[1]).record is None and queue.show(held[1]).why


def test_a_column_that_nobody_can_place_is_one_question_with_samples(world):
    rows = "mrn,zzqy,note\n" + "".join(f"QLF-44817234,val {number}x,fine\n" for number in "abcde")
    (world.source / "visits.csv").write_text(rows, encoding="utf-8")
    world.deid()
    with world.queue() as queue:
        (item,) = [item for item in queue.items if item.question.asked is Asked.FIELD]
        assert item.question.count == 5
        shown = queue.show(item)
        assert (shown.text, *shown.samples) == ("val ax", "val bx", "val cx")


def test_a_value_that_the_gate_found_is_asked_about_where_it_stands(world, monkeypatch):
    """The gate knows a value that the detectors could not find: the matcher of known values is made blind to it."""
    from onprem.pipeline import known

    real = known.Matcher.find

    def blind(self, passage):
        return [span for span in real(self, passage) if passage.text[span.start : span.end] != "Thornbury"]

    world.guesses[:] = [(r"with (Thornbury)", Label.NAME, 0.95)]
    monkeypatch.setattr("onprem.pipeline.change.deidentify", _with(blind, real))
    done = world.deid()
    assert [finding.code for finding in done.summary.gate] == ["value-survives"]
    with world.queue() as queue:
        (leak,) = [item for item in queue.items if item.question.asked is Asked.LEAK]
        assert words(queue, leak) == "Thornbury"
        assert leak.asking.record == 1


def _with(blind, real):
    """Return `deidentify` under a matcher that is blind; the gate sees."""
    from onprem.detect.roster import Matcher
    from onprem.pipeline.deidentify import deidentify

    def without(*arguments):
        Matcher.find = blind
        try:
            return deidentify(*arguments)
        finally:
            Matcher.find = real

    return without


@pytest.mark.parametrize(
    ("output", "source"),
    [((0, 4), ((0, 4), False)), ((5, 11), ((5, 12), True)), ((6, 8), ((5, 12), True)), ((12, 15), ((13, 16), False))],
)
def test_places_of_the_output_lead_back_to_the_source(output, source):
    # source:  "Seen Ada Lee by X"; 5..12 became six characters
    assert _unmoved(output, [(5, 12, 6, Label.NAME)]) == source


def test_an_input_that_has_changed_is_not_shown(world):
    world.deid()
    notes = world.source / "notes.jsonl"
    before = notes.stat()
    notes.write_text(notes.read_text(encoding="utf-8").replace("Thornbury", "Thornbary"), encoding="utf-8")
    with world.queue() as queue:
        assert all(queue.show(item).text == "" and "changed" in queue.show(item).why for item in queue.items)
    # the same size and time, another content: the digest of the record tells
    os.utime(notes, ns=(before.st_atime_ns, before.st_mtime_ns))
    with world.queue() as queue:
        assert all(queue.show(item).text == "" and "changed" in queue.show(item).why for item in queue.items)
    notes.unlink()
    with world.queue() as queue:
        assert all(queue.show(item).why for item in queue.items)


def test_places_with_the_same_text_are_known_without_being_read(world):
    world.write([*NOTES, ("P0002", "She plays Zumbella twice a month.")])
    world.deid()
    with world.queue() as queue:
        here = next(item for item in queue.items if item.asking.record == 0 and words(queue, item) == "Zumbella")
        assert [item.asking.record for item in queue.same(here)] == [3]


def test_a_run_leaves_no_text_and_no_path(world):
    world.deid()
    (path,) = world.site.folder("held").glob(f"*/{FILE}")
    content = path.read_bytes()
    for value in ("Thornbury", "Zumbella", "notes.jsonl", "P0001", str(world.source)):
        assert value.encode() not in content
    assert path.stat().st_mode & 0o077 == 0


def test_of_too_many_questions_those_that_matter_most_are_kept_and_the_others_counted(world, monkeypatch):
    monkeypatch.setattr(doubts, "MOST", 2)
    world.deid()
    assert [(what, text) for what, text, _ in asked(world)] == [
        (Asked.MISSED, "Kestrel"),
        (Asked.DOUBTFUL, "Zumbella"),
    ]
    with world.queue() as queue:
        assert queue.heading.left == 1


def test_a_dry_run_leaves_its_questions_and_nothing_else(world):
    done = world.deid(dry_run=True)
    assert done.summary.asked == 3
    (folder,) = world.site.folder("held").iterdir()
    assert [path.name for path in folder.iterdir()] == [FILE]


def test_what_was_decided_is_not_asked_again(world):
    decided = world.decide(
        world.decision(Do.ACCEPT, 0, "Thornbury"),
        world.decision(Do.REJECT, 0, "Zumbella", why=Why.WORD),
        world.decision(Do.ACCEPT, 1, "Kestrel"),
    )
    assert world.deid(decisions=decided).summary.asked == 0


@pytest.mark.parametrize("name", ["0" * 16, "../../etc", "x", ""])
def test_a_run_that_left_nothing_is_refused_with_the_names_of_those_that_did(world, name):
    world.deid()
    with pytest.raises(UsageError) as caught:
        Queue.open(world.site, name)
    assert runs(world.site)[0] in caught.value.hint


def test_what_another_site_left_does_not_open(world):
    world.deid()
    key = world.site.folder("keys") / "master.key"
    key.unlink()
    create_key(key)
    with pytest.raises(SiteError):
        world.queue()
