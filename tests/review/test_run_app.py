"""The screen of `onprem review RUN`: what it shows in 80 by 24 characters, what each key decides, what it never does."""

import asyncio
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "pipeline"))  # the world of the pipeline's tests

from doubtful_world import NOTES, World

from onprem.errors import InputError, OutputError
from onprem.labels import Label
from onprem.model import Reason
from onprem.pipeline.decisions import Do, Why
from onprem.pipeline.doubts import Asked
from onprem.review.judging import Judging
from onprem.review.ledger import Ledger, Under, opening
from onprem.review.picking import Edge, Pick
from onprem.review.record_text import Place, clean, lay_out, line_of
from onprem.review.run_app import RunApp
from onprem.review.run_words import HELD, why

UNDER = Under("reviewer", "a" * 64, "b" * 64)
KESTREL, THORNBURY, ZUMBELLA = 0, 1, 2  # the items, in order


@pytest.fixture
def world(tmp_path, monkeypatch):
    made = World(tmp_path, monkeypatch)
    made.deid()
    return made


@pytest.fixture
def judging(world, tmp_path):
    with world.queue() as queue:
        yield Judging(queue, ledger_of(world, queue, tmp_path), by="ada")


def ledger_of(world, queue, tmp_path):
    return Ledger(world.site, tmp_path / "decided.jsonl", queue.keys, UNDER)


def screen(app):
    """What stands on the screen, line by line."""
    return ["".join(segment.text for segment in strip).rstrip() for strip in app.screen._compositor.render_strips()]


def press(judging, *keys, size=(80, 24)):
    """Open the screen, press keys, and return what it shows then."""

    async def play():
        app = RunApp(judging)
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            for key in keys:
                await pilot.press(key)
                await pilot.pause()
            return screen(app)

    return asyncio.run(play())


def made(judging):
    """What has been decided: (what, start of the place, end, label, why)."""
    return [(item.do, item.start, item.end, item.label, item.why) for item in judging.ledger.decisions]


def place(number, words):
    start = NOTES[number][1].index(words)
    return start, start + len(words)


def test_the_place_stands_in_brackets_and_what_is_replaced_is_masked(judging):
    shown = press(judging, "n")
    text = " ".join(" ".join(shown).split())
    assert ">>Thornbury<<" in text
    assert "[NAME] was seen on [DATE]" in text
    assert "Brambleworth" not in text and "Zumbella" not in text
    assert "score 0.50" in text
    assert shown[0].startswith(" 2 of 3, 3 open: source 0 (notes.jsonl), record 0")
    assert all(len(line) <= 80 for line in shown) and len(shown) == 24


def test_every_key_is_shown_also_on_a_narrow_screen(judging):
    for size in ((80, 24), (60, 18), (132, 50)):
        text = " ".join(press(judging, size=size))
        words = "Accept Alike Reject Borders Add Teach Keep Column Next Previous Others Undo Help Quit".split()
        assert [word for word in words if word not in text] == []


def test_what_is_masked_is_shown_when_asked_for_and_masked_again_on_the_next_place(judging):
    assert "Oswin Brambleworth" in " ".join(press(judging, "n", "v"))
    assert "Oswin" not in " ".join(press(judging, "n", "v", "n"))


def test_accept_goes_on_to_the_next_place(judging):
    shown = press(judging, "a")
    assert made(judging) == [(Do.ACCEPT, *place(1, "Kestrel"), Label.NAME, Why.NONE)]
    assert shown[0].startswith(" 2 of 3, 2 open")


def test_reject_asks_for_a_reason_and_can_be_left(judging):
    press(judging, "r", "escape")
    assert made(judging) == []
    press(judging, "r", "down", "enter")
    assert made(judging) == [(Do.REJECT, *place(1, "Kestrel"), Label.NAME, Why.WORD)]


def test_borders_are_moved_by_words_and_what_is_cut_off_is_rejected(world, judging, tmp_path):
    world.guesses[1] = (r"(Zumbella twice a week)", Label.ORGANISATION, 0.4)
    world.deid("again")
    with world.queue() as queue:
        other = Judging(queue, ledger_of(world, queue, tmp_path), by="ada")
        press(other, "n", "n", "e", "tab", "left", "left", "left", "enter")
        assert made(other) == [
            (Do.ACCEPT, *place(0, "Zumbella"), Label.ORGANISATION, Why.NONE),
            (Do.REJECT, *place(0, " twice a"), Label.ORGANISATION, Why.BORDERS),
        ]


def test_add_marks_a_word_with_a_label(judging):
    press(judging, "+", "right", "right", "enter", "end", "enter")  # the last label of the list
    assert made(judging) == [(Do.ADD, *place(1, "stays"), list(Label)[-1], Why.NONE)]


def test_teach_seals_the_text_for_the_patient(judging):
    shown = press(judging, "n", "t", "enter", "enter", "enter")
    assert "taught as NAME" in " ".join(shown)
    ((do, start, end, label, _),) = made(judging)
    assert (do, (start, end), label) == (Do.TEACH, place(0, "Thornbury"), Label.NAME)
    (decision,) = judging.ledger.decisions
    subject, text = judging.queue.keys.taught_by(decision, lambda key: _own(judging, key))
    assert (subject, text) == (judging.queue.items[THORNBURY].asking.subject, "Thornbury")


def _own(judging, key):
    from onprem.pipeline.replay import own_key

    return own_key(judging.queue._room.subjects, key)


def test_keep_holds_the_record(judging):
    press(judging, "k")
    assert made(judging) == [(Do.KEEP, 0, 0, None, Why.NONE)]
    assert judging.open_items() == 2


def test_undo_takes_the_last_decision_of_this_review_back(judging, world):
    assert "undone" in " ".join(press(judging, "a", "a", "u"))
    assert made(judging) == [(Do.ACCEPT, *place(1, "Kestrel"), Label.NAME, Why.NONE)]
    assert "nothing to undo" in " ".join(press(judging, "u", "u"))
    assert [event["counts"] for event in world.events("review.decide")][-2:] == [{"undo": 1}, {"undo": 1}]


def test_alike_accepts_every_place_with_the_same_text(world, tmp_path):
    world.write([*NOTES, ("P0002", "She plays Zumbella twice a month.")])
    world.deid("again")
    with world.queue() as queue:
        judging = Judging(queue, ledger_of(world, queue, tmp_path), by="ada")
        press(judging, "n", "n", "A")
        assert [(item.do, item.record) for item in judging.ledger.decisions] == [
            (Do.ACCEPT, queue.items[2].asking.digest),
            (Do.ACCEPT, queue.items[3].asking.digest),
        ]
    decided = world.events("review.decide")
    assert [len(event["subjects"]) for event in decided] == [1, 1]
    assert decided[0]["subjects"] != decided[1]["subjects"]


def test_a_place_that_is_decided_says_so(judging):
    press(judging, "r", "enter")
    assert "rejected: it will be left (a disease, sign, drug, device or test) - ada" in " ".join(press(judging, "p"))


@pytest.mark.parametrize(
    ("by", "why"),
    [
        (("roster",), "the roster"),
        (("ner", "patterns/phone"), "a pattern"),
        (("ner", "propagated"), "another note"),
        (("review",), "a reviewer"),
    ],
)
def test_what_any_sure_detector_found_cannot_be_rejected(judging, by, why):
    from dataclasses import replace

    item = judging.queue.items[THORNBURY]
    sure = replace(item, question=replace(item.question, by=by))
    assert why in judging.refusal(sure)
    with pytest.raises(ValueError, match="cannot be rejected"):
        judging.reject(sure, Why.WORD)
    leak = replace(item, question=replace(item.question, asked=Asked.LEAK))
    assert "gate" in judging.refusal(leak)
    assert made(judging) == []


def test_a_rejection_without_a_reason_is_none(judging):
    with pytest.raises(ValueError, match="cannot be rejected"):
        judging.reject(judging.queue.items[THORNBURY], Why.NONE)


def test_nothing_is_decided_about_what_is_not_shown(world, judging):
    (world.source / "notes.jsonl").write_text("{}\n", encoding="utf-8")
    for key in ("a", "A", "r", "e", "+", "t", "k"):
        shown = " ".join(press(judging, key))
        assert "the input has changed since the run" in shown
        assert "Thornbury" not in shown
    assert made(judging) == []


def test_a_held_record_can_be_kept_and_nothing_accepted(world, tmp_path):
    world.write([("P0002", "Пациентка жалуется на боль в груди и слабость. " * 3)])
    world.deid("again")
    with world.queue() as queue:
        judging = Judging(queue, ledger_of(world, queue, tmp_path), by="ada")
        assert "there is no guess here" in " ".join(press(judging, "a"))
        assert "no guess here that could be rejected" in " ".join(press(judging, "r"))
        press(judging, "k")
        assert [item.do for item in judging.ledger.decisions] == [Do.KEEP]


def test_a_column_is_explained_by_its_number(world, tmp_path):
    rows = "mrn,zzqy,note\n" + "".join(f"QLF-44817234,val {number}x,fine\n" for number in "abcde")
    (world.source / "visits.csv").write_text(rows, encoding="utf-8")
    world.deid("again")
    with world.queue() as queue:
        judging = Judging(queue, ledger_of(world, queue, tmp_path), by="ada")
        assert "cell: val ax" in " ".join(press(judging))
        shown = " ".join(" ".join(press(judging, "l")).split())
    assert "column 2 of source 2" in shown and "onprem policy column HEADER WHAT" in shown


def test_a_failure_of_the_screen_is_kept_and_nothing_of_a_record_is_printed(judging, monkeypatch, capfd):
    def fail(self):
        text = self._shown.text  # a local variable that a traceback with locals would print
        raise RuntimeError(f"failed on {text}")

    monkeypatch.setattr("onprem.review.run_app.ItemPage.action_help", fail)

    async def play():
        app = RunApp(judging)
        with pytest.raises(RuntimeError):
            async with app.run_test(size=(80, 24)) as pilot:
                await pilot.pause()
                await pilot.press("h")
                await pilot.pause()
        return app

    app = asyncio.run(play())
    assert isinstance(app.failure, RuntimeError)
    printed = capfd.readouterr()
    assert "Kestrel" not in printed.out + printed.err
    assert "Thornbury" not in printed.out + printed.err


def test_every_decision_is_logged_before_it_is_written_with_the_digest_of_the_file(judging, world, tmp_path):
    press(judging, "a", "r", "enter")
    first, second = world.events("review.decide")
    assert (first["counts"], second["counts"]) == ({"accept": 1}, {"reject": 1})
    assert second["digests"] == {"access": "a" * 64, "policy": "b" * 64, "decisions": judging.ledger.digest()}
    assert first["role"] == "reviewer" and first["purpose"] == "review"
    assert len(first["subjects"]) == 1


def test_no_decision_is_written_that_cannot_be_logged(judging, world, tmp_path, monkeypatch):
    from onprem.audit.log import AuditLog
    from onprem.errors import AuditError

    def full(self, events):
        raise AuditError("the audit log cannot be written")

    monkeypatch.setattr(AuditLog, "append_group", full)
    with pytest.raises(AuditError):
        judging.accept([judging.queue.items[KESTREL]])
    assert not (tmp_path / "decided.jsonl").exists()
    assert made(judging) == []


def test_a_file_that_somebody_else_has_changed_is_not_written_over(judging, world, tmp_path):
    judging.accept([judging.queue.items[KESTREL]])
    other = ledger_of(world, judging.queue, tmp_path)
    other.add([(other.decisions[0], None)])
    with pytest.raises(OutputError, match="somebody else"):
        judging.accept([judging.queue.items[ZUMBELLA]])
    assert len(ledger_of(world, judging.queue, tmp_path).decisions) == 2


def test_a_ledger_goes_on_with_its_file_and_refuses_an_altered_one(judging, world, tmp_path):
    judging.accept([judging.queue.items[KESTREL]])
    again = Judging(judging.queue, ledger_of(world, judging.queue, tmp_path), by="bo")
    assert again.decided(again.queue.items[KESTREL]).by == "ada"
    assert again.ledger.undo() == 0  # what others decided is not taken back
    path = tmp_path / "decided.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"ada"', b'"eve"'))
    with pytest.raises(InputError, match="altered"):
        ledger_of(world, judging.queue, tmp_path)


def test_who_may_be_seen_is_told_in_groups_of_a_hundred(world):
    from onprem.vault.subjects import Subjects

    with Subjects.open(world.site) as subjects:
        subjects.ensure(f"s{number}" for number in range(250))
    events = opening(world.site, [f"s{number}" for number in range(250)], 7, UNDER)
    assert [len(event.subjects) for event in events] == [100, 100, 50]
    assert [event.counts for event in events] == [{"items": 7, "part": part, "parts": 3} for part in (1, 2, 3)]
    for event in events:
        event.check()
    (alone,) = opening(world.site, [], 0, UNDER)
    assert alone.subjects == ()


def text_of(lines):
    return ["".join(cell.shown for cell in line if cell.shown != "\n") for line in lines]


def test_lines_break_at_spaces_and_wide_characters_count_two():
    lines = lay_out("alpha beta gamma delta", Place(6, 10), [], width=14)
    assert text_of(lines) == ["alpha >>beta<<", " gamma delta"]
    lines = lay_out("患者因反复咳嗽两周入院", Place(0, 0), [], width=10)
    assert text_of(lines) == ["患者因反复", "咳嗽两周入", "院"]


def test_a_place_at_either_end_is_marked_and_an_empty_one_is_not():
    assert text_of(lay_out("Ada", Place(0, 3), [], width=40)) == [">>Ada<<"]
    assert text_of(lay_out("Ada", Place(1, 1), [], width=40)) == ["Ada"]
    assert text_of(lay_out("", Place(0, 0), [], width=40)) == [""]


def test_masks_hide_all_but_what_the_place_meets():
    masked = [(0, 3, Label.NAME), (4, 7, Label.CITY), (8, 11, Label.NAME)]
    assert text_of(lay_out("Ada Ulm Lee", Place(4, 7), masked, width=40)) == ["[NAME] >>Ulm<< [NAME]"]
    assert text_of(lay_out("Ada Ulm Lee", Place(5, 9), masked, width=40)) == ["[NAME] U>>lm L<<ee"]


def test_a_long_text_is_laid_out_around_its_place():
    text = "a" * 50_000 + " Ada " + "b" * 50_000
    lines = lay_out(text, Place(50_001, 50_004), [], width=78)
    assert sum(map(len, lines)) < 13_000
    assert ">>Ada<<" in text_of(lines)[line_of(lines, 50_001)]


def test_nothing_that_steers_a_terminal_reaches_it():
    nasty = "a\x1b]0;x\x07b\u202ec\ud800d\re\tf\u200bg"
    shown = clean(nasty)
    assert len(shown) == len(nasty)
    assert not any(character in shown for character in "\x1b\x07\u202e\ud800\r\t\u200b")
    lines = lay_out(nasty, Place(0, 1), [], width=40)
    assert all(character.isprintable() for line in text_of(lines) for character in line)


TEXT = "Seen by Ada Lee today, 王小明来院"


def marked(pick):
    return TEXT[pick.place.start : pick.place.end]


def test_a_pick_steps_by_words_and_by_single_han_characters():
    pick = Pick(TEXT, Place(8, 8), [], edge=Edge.WORD)
    assert marked(pick) == "Ada"
    pick.step(1)
    assert marked(pick) == "Lee"
    pick.step(3)
    assert marked(pick) == "王"
    pick.turn()
    pick.turn()
    pick.step(2)
    assert (marked(pick), pick.edge) == ("王小明", Edge.END)


def test_a_pick_moves_its_borders_one_by_one_and_never_is_empty():
    pick = Pick(TEXT, Place(8, 11), [], edge=Edge.START)
    pick.step(-1)
    assert marked(pick) == "by Ada"
    pick.nudge(2)
    assert marked(pick) == " Ada"
    pick.step(1)
    pick.step(5)
    assert marked(pick) == "Ada"
    pick.turn()
    pick.nudge(-3)
    assert marked(pick) == "Ada"
    pick.step(-9)
    assert marked(pick) == "Ada"


def test_a_pick_steps_over_what_is_masked():
    pick = Pick(TEXT, Place(5, 5), [(8, 15, Label.NAME)], edge=Edge.WORD)
    assert marked(pick) == "by"
    pick.step(1)
    assert marked(pick) == "today"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"asked": Asked.LEAK}, "a known NAME (name of a person) stood here in the output"),
        ({"asked": Asked.LEAK, "start": 0, "end": 0}, "somewhere in this field"),
        ({"asked": Asked.LEAK, "field": -1, "start": 0, "end": 0}, "in the name of the output file"),
        ({"asked": Asked.LEAK, "reason": "repeats"}, "what was put here repeats a known NAME"),
        ({"asked": Asked.MISSED, "reason": "threshold"}, "below the policy's threshold. It is left."),
        (
            {},
            "the name finder alone took it for NAME (name of a person), score 0.50. The policy replaces it by its label.",
        ),
    ],
)
def test_why_it_is_asked_is_said_in_words(judging, change, words):
    from dataclasses import replace

    item = judging.queue.items[THORNBURY]
    asked = replace(item, question=replace(item.question, **change))
    assert words in why(asked, judging.queue.heading)


def test_every_reason_for_which_something_is_held_has_words():
    assert set(HELD) >= set(Reason) - {Reason.UNKNOWN_FIELD, Reason.LEAK}
