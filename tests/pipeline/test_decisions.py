"""A decision holds for the record it was made on and for what is known of its patient; what does not fit is told."""

import json
from dataclasses import replace

import pytest
from doubtful_world import NOTES, World

from onprem.errors import InputError, ResourceError
from onprem.labels import Label
from onprem.pipeline.decisions import Do, Why, decision_keys, decode, encode
from onprem.pipeline.known import STAFF
from onprem.pipeline.run import Request, run
from onprem.progress import Silent
from onprem.scale.local import pool
from onprem.vault.keys import create_key
from onprem.vault.subjects import Subjects


@pytest.fixture
def world(tmp_path, monkeypatch):
    return World(tmp_path, monkeypatch)


def replayed(done):
    return done.summary.replayed.applied, done.summary.replayed.ignored


def subject_of(world, name):
    """The key of the patient of the record in which a doubtful place reads `name`."""
    with world.queue() as queue:
        return next(
            item.asking.subject
            for item in queue.items
            if queue.show(item).text[item.question.start : item.question.end] == name
        )


def taught(world, subject, text, label=Label.NAME):
    """A decision that teaches a text, made on the first note."""
    keys = decision_keys(world.site)
    with Subjects.open(world.site, readonly=True) as subjects:
        own = None if subject == STAFF else subjects.get(subject).own("taught")
    words = NOTES[0][1].split()[0]
    return world.decision(Do.TEACH, 0, words, label, taught=keys.teach(subject, text, own))


def test_without_decisions_a_guess_is_acted_on_and_does_not_spread(world):
    texts = world.deid().texts
    assert "Thornbury" not in texts[0] and "Zumbella" not in texts[0]
    assert "Thornbury called again" in texts[1]


def test_an_accepted_guess_is_replaced_in_the_other_notes_of_the_patient_alone(world):
    decided = world.decide(world.decision(Do.ACCEPT, 0, "Thornbury"))
    done = world.deid(decisions=decided)
    assert "Thornbury" not in done.texts[0] + done.texts[1]
    assert "Thornbury" in done.texts[2]
    assert replayed(done) == (1, 0)


def test_a_rejected_guess_is_left_and_nothing_else_changes(world):
    before = world.deid().texts
    decided = world.decide(world.decision(Do.REJECT, 0, "Zumbella", why=Why.WORD))
    done = world.deid("again", decisions=decided)
    assert done.texts == [before[0].replace("He enjoys [NAME]", "He enjoys Zumbella"), *before[1:]]
    assert "Zumbella" in done.texts[0]
    assert replayed(done) == (1, 0)


def test_a_rejection_takes_nothing_away_that_is_known_of_the_patient(world):
    decided = world.decide(world.decision(Do.REJECT, 0, "Oswin Brambleworth", why=Why.WORD))
    done = world.deid(decisions=decided)
    assert "Brambleworth" not in "".join(done.texts)


def test_a_rejection_takes_nothing_away_that_a_pattern_found(world):
    world.guesses.append((r"(03/02/2023)", Label.DATE, 0.3))
    decided = world.decide(world.decision(Do.REJECT, 0, "03/02/2023", Label.DATE, why=Why.MEASURE))
    done = world.deid(decisions=decided)
    assert "03/02/2023" not in done.texts[0]
    assert replayed(done) == (0, 1)


def test_a_rejection_takes_away_no_more_than_was_shown(world):
    world.guesses[1] = (r"(Zumbella twice a week)", Label.ORGANISATION, 0.4)
    decided = world.decide(world.decision(Do.REJECT, 0, "twice a week", why=Why.WORD))
    text = world.deid(decisions=decided).texts[0]
    assert "Zumbella" not in text
    assert "twice a week" in text


def test_a_dropped_guess_that_is_accepted_is_replaced(world):
    assert "Kestrel" in world.deid().texts[1]
    done = world.deid("again", decisions=world.decide(world.decision(Do.ACCEPT, 1, "Kestrel")))
    assert "Kestrel" not in done.texts[1]


def test_what_a_reviewer_added_is_replaced_in_all_notes_of_the_patient(world):
    world.write([*NOTES, ("P0002", "Maplewood is where she lives.")])
    done = world.deid(decisions=world.decide(world.decision(Do.ADD, 2, "Maplewood", Label.HOSPITAL)))
    assert "Maplewood" not in "".join(done.texts)


def test_a_record_that_a_reviewer_keeps_is_held(world):
    done = world.deid(decisions=world.decide(world.decision(Do.KEEP, 1, "Thornbury")))
    assert len(done.texts) == 2
    assert [(str(reason), count) for reason, count in done.summary.held] == [("reviewer", 1)]
    assert replayed(done) == (1, 0)


def test_a_text_taught_of_a_patient_is_found_in_their_notes_alone(world):
    world.deid()
    decided = world.decide(taught(world, subject_of(world, "Thornbury"), "Thornbury"))
    texts = world.deid("again", decisions=decided).texts
    assert "Thornbury" not in texts[0] + texts[1]
    assert "Thornbury" in texts[2]


def test_a_text_taught_for_everybody_is_found_in_every_note(world):
    world.deid()
    texts = world.deid("again", decisions=world.decide(taught(world, STAFF, "Maplewood"))).texts
    assert "Maplewood" not in "".join(texts)


def test_what_was_taught_holds_when_its_record_is_gone(world):
    world.deid()
    decided = world.decide(taught(world, subject_of(world, "Thornbury"), "Thornbury"))
    world.write([("P0001", "Thornbury rang once more.")])
    done = world.deid("again", decisions=decided)
    assert "Thornbury" not in done.texts[0]
    assert replayed(done) == (1, 0)


def test_what_was_taught_of_a_patient_who_was_shredded_is_forgotten(world):
    world.deid()
    decision = taught(world, subject := subject_of(world, "Thornbury"), "Thornbury")
    with Subjects.open(world.site) as subjects:
        subjects.forget([subject])
    # the run makes the patient a new secret, which does not open what was sealed under the old one
    done = world.deid("again", decisions=world.decide(replace(decision, record="0" * 64)))
    assert "Thornbury" in done.texts[1]
    assert replayed(done) == (0, 1)


def test_a_decision_on_a_record_that_has_changed_is_ignored_and_told(world):
    decided = world.decide(
        world.decision(Do.REJECT, 0, "Zumbella", why=Why.WORD), world.decision(Do.ACCEPT, 1, "Kestrel")
    )
    world.write([(NOTES[0][0], NOTES[0][1] + " Well."), *NOTES[1:]])
    done = world.deid(decisions=decided)
    assert "Zumbella" not in done.texts[0]
    assert replayed(done) == (1, 1)


def test_a_decision_follows_its_record_to_another_place(world):
    decided = world.decide(world.decision(Do.REJECT, 0, "Zumbella", why=Why.WORD))
    (world.source / "notes.jsonl").rename(world.source / "a.jsonl")
    rows = (world.source / "a.jsonl").read_text(encoding="utf-8").splitlines()
    (world.source / "notes.jsonl").write_text("\n".join(reversed(rows)) + "\n", encoding="utf-8")
    (world.source / "a.jsonl").unlink()
    done = world.deid(decisions=decided)
    assert "Zumbella" in done.texts[2]
    assert replayed(done) == (1, 0)


def test_a_rejection_counts_under_its_own_policy_alone_and_protection_under_every(world):
    decided = world.decide(
        world.decision(Do.REJECT, 0, "Zumbella", why=Why.WORD), world.decision(Do.ACCEPT, 0, "Thornbury")
    )
    done = world.deid(decisions=decided, policy="gdpr-anonymise")
    assert "Zumbella" not in done.texts[0]
    assert "Thornbury" not in done.texts[1]
    assert replayed(done) == (1, 1)


def test_offsets_are_those_of_the_original_text(world):
    world.write([("P0001", "Hé\u200bllo e\u0301 Zum\u200bbella twice, with Thorn\u0301bury")])
    world.guesses[:] = [(r"(Zumbella) twice", Label.NAME, 0.4), (r"with (Thor.*)", Label.NAME, 0.4)]
    decided = world.decide(world.decision(Do.REJECT, 0, "Zum\u200bbella", why=Why.WORD))
    (text,) = world.deid(decisions=decided).texts
    assert text == "Hé\u200bllo e\u0301 Zum\u200bbella twice, with [NAME]"


def test_decisions_are_part_of_the_name_of_a_run(world):
    plain = world.deid().summary.run
    first = world.decide(world.decision(Do.ACCEPT, 0, "Thornbury"))
    one = world.deid("one", decisions=first, dry_run=True).summary.run
    second = world.decide(world.decision(Do.ACCEPT, 1, "Kestrel"))
    two = world.deid("one", decisions=second, dry_run=True).summary.run
    assert len({plain, one, two}) == 3


def test_a_run_with_decisions_that_was_stopped_goes_on_with_them(world, monkeypatch):
    decided = world.decide(world.decision(Do.REJECT, 0, "Zumbella", why=Why.WORD))

    def stop(*_):
        raise ResourceError("stopped")

    with monkeypatch.context() as patched, pytest.raises(ResourceError, match="stopped"):
        patched.setattr("onprem.pipeline.run._change", stop)
        world.deid(decisions=decided)
    done = world.deid(decisions=decided, resume=True)
    assert "Zumbella" in done.texts[0]
    assert replayed(done) == (1, 0)


@pytest.mark.parametrize("damage", ["cut", "changed", "swapped", "foreign", "empty", "none", "text"])
def test_a_file_that_is_not_as_it_was_written_is_refused_before_anything_is_made(world, tmp_path, damage):
    path = world.decide(world.decision(Do.ACCEPT, 0, "Thornbury"), world.decision(Do.ACCEPT, 1, "Kestrel"))
    content = path.read_bytes()
    lines = content.splitlines(keepends=True)
    if damage == "foreign":
        key = world.site.folder("keys") / "master.key"
        key.unlink()
        create_key(key)
    path.write_bytes(
        {
            "cut": b"".join([*lines[:2], lines[-1]]),
            "changed": content.replace(b'"start":28', b'"start":27'),
            "swapped": b"".join([lines[0], lines[2], lines[1], lines[3]]),
            "foreign": content,
            "empty": b"",
            "none": b"".join(lines[:-1]),
            "text": b"Thornbury\n",
        }[damage]
    )
    if damage != "foreign":
        assert path.read_bytes() != content
    request = Request((world.source,), tmp_path / "refused", "hipaa-safe-harbor", decisions=path)
    with pytest.raises(InputError) as caught:
        run(world.site, request, pool, Silent())
    assert "Thornbury" not in str(caught.value)
    assert not (tmp_path / "refused").exists()
    assert list(world.site.folder("work").iterdir()) == []


def test_a_decisions_file_that_does_not_exist_is_refused(world, tmp_path):
    with pytest.raises(InputError, match="decisions file cannot be read"):
        world.deid(decisions=tmp_path / "nowhere.jsonl")


def test_a_file_of_decisions_holds_no_text_and_reads_as_written(world):
    world.deid()
    made = (
        world.decision(Do.REJECT, 0, "Zumbella", why=Why.WORD),
        taught(world, STAFF, "Maplewood"),
        taught(world, subject_of(world, "Thornbury"), "Thornbury"),
    )
    keys = decision_keys(world.site)
    content = encode(made, keys)
    assert decode(content, keys) == made
    assert not any(word in content for word in (b"Zumbella", b"Maplewood", b"Thornbury", b"Oswin", b"P0001"))
    for line in content.splitlines()[1:-1]:
        assert json.dumps(json.loads(line), sort_keys=True, separators=(",", ":")).encode() == line


def test_digests_of_records_are_keyed(world, tmp_path):
    here = decision_keys(world.site)
    key = world.site.folder("keys") / "master.key"
    key.unlink()
    create_key(key)
    there = decision_keys(world.site)
    assert here.same("Thornbury") != there.same("Thornbury")
    assert here.same("Thornbury ") == here.same("thornbury")
    assert repr(here) == object.__repr__(here)
