"""The audit review as a compliance officer meets it: at the keyboard, in 80 by 24 characters, with and without colour."""

import asyncio
import re

import pytest
from audit_world import REVIEWER, History, invented, make_site, reference, seen

from onprem.audit.checks import checks
from onprem.audit.events import Event, Outcome
from onprem.audit.log import AuditLog
from onprem.audit.segments import segments
from onprem.audit.signoff import FILE as COMMENTS
from onprem.audit.view import Filters, View
from onprem.cli.audit_query import limits_of
from onprem.errors import AuditError
from onprem.policy.access import load_access
from onprem.review.audit_app import AuditApp
from onprem.review.audit_desk import Desk, Known
from onprem.review.long_list import PAGE, LongList
from onprem.review.theme import shown_keys

SMALL, LARGE = (80, 24), (120, 40)
COUNT = 300  # events of the invented log


@pytest.fixture
def site(tmp_path, monkeypatch):
    monkeypatch.setattr("onprem.audit.log.actor", lambda: REVIEWER)
    monkeypatch.setattr("onprem.audit.signoff.actor", lambda: REVIEWER)
    site = make_site(tmp_path / "site")
    History(site).write(invented())
    return site


@pytest.fixture(params=["colour", "NO_COLOR"])
def colour(request, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    if request.param == "NO_COLOR":
        monkeypatch.setenv("NO_COLOR", "1")
    return request.param


def desk(site, login=REVIEWER, known=None):
    access = load_access(site.folder("policies"))
    return Desk(site, access, login, limits=limits_of(access), known=known)


def review(at_desk, *steps, size=SMALL):
    """Open the review, take the steps (a key, or a function of what is seen), return what was looked at."""

    async def run():
        with at_desk:
            app = AuditApp(at_desk)
            async with app.run_test(size=size) as pilot:
                await pilot.pause()
                for step in steps:
                    if callable(step):
                        step(await settled(app, pilot))
                        continue
                    await pilot.press(*(step.split(" ") if len(step) > 1 else [step]))
                    await app.workers.wait_for_complete()
                    await pilot.pause()
                return app

    return asyncio.run(run())


async def settled(app, pilot):
    """Return what is seen once it stays the same."""
    before, now = None, seen(app)
    while before is None or before.lines != now.lines:
        await pilot.pause(0.02)
        before, now = now, seen(app)
    return now


def typed(text):
    """Return the keys of a text as one step."""
    return " ".join("space" if letter == " " else letter for letter in text)


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=str)
def test_it_opens_with_the_verdict_the_newest_events_and_all_keys(site, colour, size):
    def look(screen):
        assert screen.title == "Audit review - st-agnes - reviewer ada"
        assert re.search(r"SOUND: 300 lines verified, root( [0-9a-f]{4}){3}…; no checkpoint to compare\.", screen.words)
        assert "300 events" in screen.lines
        assert screen.cursor.startswith("299 2026-11-20 09:57 it-ops")
        assert "Event 299 (Enter: on its own page)" in screen.text
        assert "(audit.verify)" in screen.text
        assert max(map(len, screen.lines)) <= size[0]
        assert len(screen.lines) <= size[1]
        for (
            word
        ) in "Move Details Mark Unmark Timeline Ask Questions Digests Verdict Reload Export Help Quit Filter".split():
            assert re.search(rf"\b{word}\b", "\n".join(screen.lines[-3:])), word

    review(desk(site), look, size=size)


def test_every_key_is_shown_whole_and_explained(site):
    async def run():
        with desk(site) as at_desk:
            app = AuditApp(at_desk)
            async with app.run_test(size=SMALL) as pilot:
                await pilot.pause()
                keys = list(shown_keys(app.screen))
                bar = " ".join((await settled(app, pilot)).lines[-3:])
                assert all(f"{item.key_display or item.key} {item.description}" in bar for item in keys)
                explained = ""
                await pilot.press("h")
                for _ in range(8):
                    explained += (await settled(app, pilot)).words
                    await pilot.press("pagedown")
                assert "It holds no names of patients" in explained
                assert all(item.tooltip in explained for item in keys)
                await pilot.press("escape")
                await pilot.press("f1")
                assert (await settled(app, pilot)).title == "Help"

    asyncio.run(run())


def test_without_colour_no_colour_is_sent_and_the_cursor_is_still_seen(site, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")

    def look(screen):
        assert len(screen.colours()) == 2  # letters and ground, exchanged where text is reversed
        assert screen.cursor

    review(desk(site), look, "h", look_at_title("Help"), "escape", "s", look_at_title("Sign off"))


def look_at_title(title):
    def look(screen):
        assert screen.title == title

    return look


def test_moving_by_lines_pages_and_to_the_ends(site):
    def at(number):
        return lambda screen: screen.cursor.startswith(f"{number} ") or pytest.fail(screen.text)

    review(desk(site), "down", at(298), "j", at(297), "up", at(298), "end", at(0), "pageup", at(8), "home", at(299))


def test_a_list_of_any_length_asks_only_for_what_is_in_sight(site):
    at_desk = desk(site)
    asked = []
    page = at_desk.page
    at_desk.count = lambda: 500_000
    at_desk.page = lambda offset, limit: asked.append((offset, limit)) or page(0, limit)
    review(at_desk, "pagedown", "end", "home")
    assert {limit for _, limit in asked} == {PAGE}
    assert {offset for offset, _ in asked} == {0, 500_000 - PAGE}
    assert len(asked) == 2  # pages that were seen are kept


def test_details_say_everything_in_plain_words_and_digests_in_full_on_a_key(site):
    def short(screen):
        assert screen.title == "Event 298"
        for words in (
            "What De-identification of records, to release records (deid)",
            "Outcome Done, but some records were held back or a check failed",
            "Who linus, as operator",
            "hospital time (UTC+01:00)",
            "2026-11-20 08:55:",
            "Counts held 7, records",
            "Given to registry",
            "Signed off not yet",
        ):
            assert words in screen.words, words
        assert not re.search(r"[0-9a-f]{32}", screen.text)

    def full(screen):
        assert len(re.findall(r"[0-9a-f]{20,}", screen.text)) >= 3

    app = review(desk(site), "down", "enter", short, "d", full, "escape", "q")
    assert 298 in app.desk.looked.events


def test_filters_are_chosen_from_what_the_log_has(site):
    def choices(screen):
        assert screen.title == "What was done"
        assert "Everything about: vault (vault)" not in screen.text
        assert "Reveal of an identity (vault.reveal)" in screen.text
        assert "Everything about: audit" in screen.text

    def filtered(screen):
        assert "who did it: linus; how it ended: Refused: nothing was done" in screen.words
        assert "4 events" in screen.words
        assert screen.text.count("! refused") == 4

    steps = ["f", "enter", choices, "escape", "down", "enter", "down down down down", "enter"]
    steps += ["down", "enter", "down down down down", "enter", "escape", filtered, "c"]
    app = review(desk(site), *steps, lambda screen: "300 events" in screen.lines or pytest.fail(screen.text))
    assert app.desk.looked.filters == 2


def test_times_are_the_hospitals_and_a_last_day_counts_whole(site):
    def wrong(screen):
        assert "! write it as 2026-01-31 or 2026-01-31 08:00" in screen.text

    def right(screen):
        assert "from: 2026-11-20 00:00; until: 2026-11-21 00:00" in screen.words
        assert "7 events" in screen.words

    steps = ["f", "down down down down", "enter", typed("yesterday"), "enter", wrong, "ctrl+u", typed("2026-11-20")]
    steps += ["enter", "down", "enter", typed("2026-11-20"), "enter", "escape", right]
    app = review(desk(site), *steps)
    assert app.desk.filters.since == "2026-11-19T23:00:00.000000Z"
    assert app.desk.filters.until == "2026-11-20T23:00:00.000000Z"


def test_a_patient_is_looked_for_by_reference_and_that_is_told_at_the_end(site):
    def refused(screen):
        assert "! this site knows no patient of this number" in screen.words
        assert "70012345" in screen.text  # it stands in the line that was typed and nowhere else
        assert screen.text.count("70012345") == 1

    steps = ["f", "end", "enter", typed("70012345"), "enter", refused, "ctrl+u", typed(reference(3)), "enter", "escape"]
    app = review(
        desk(site), *steps, lambda screen: f"whose records: {reference(3)}"[:40] in screen.text or pytest.fail()
    )
    assert app.desk.looked.references() == (reference(3),)
    assert app.desk.looked.counts()["filters"] == 1


def test_a_patients_number_is_turned_into_the_reference(site):
    from onprem.vault.links import Links
    from onprem.vault.subjects import Subjects

    with Links.open(site) as links:
        (key,) = links.link([(("patient", "70012345"),)])
    with Subjects.open(site) as subjects:
        expected = subjects.reference(key)
    app = review(desk(site), "f", "end", "enter", typed("70012345"), "enter", "escape")
    assert app.desk.filters == Filters(subject=expected)


def test_the_timeline_reads_without_colour_and_leads_to_its_events(site):
    def days(screen):
        assert screen.title == "Timeline: events by the hospital's clock (UTC+01:00)"
        assert re.search(r"2026-11-20 Fri +7 #+", screen.text)
        bars = {
            int(count): len(bar)
            for count, bar in re.findall(r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) +(\d+) (#+)", screen.text)
        }
        assert len(bars) > 3
        assert sorted(bars.values()) == [bars[count] for count in sorted(bars)]

    def months(screen):
        assert re.search(r"> 2026-11 +\d+ #+\n  2026-10 +\d+ #+", screen.text)

    def hours(screen):
        assert re.search(r"> 2026-11-20 Fri 09h +\d", screen.text)

    def november(screen):
        assert "from: 2026-11-01 00:00; until: 2026-12-01 00:00" in screen.words

    def one_day(screen):
        assert "7 events" in screen.words
        assert "from: 2026-11-20 00:00; until: 2026-11-21 00:00" in screen.words

    review(desk(site), "t", days, "o", hours, "m", months, "enter", november, "c", "t", "enter", one_day)


@pytest.mark.parametrize("index", range(len(checks())), ids=[item.name for item in checks()])
def test_each_question_is_asked_by_its_number_or_from_the_list(site, index):
    question = checks()[index]
    steps = ["1234567890"[index]] if index < 10 else ["question_mark", "down " * (index - 1) + "down", "enter"]
    if question.parameters == ("subject",):
        steps += ["ctrl+u", typed(reference(3)), "enter"]
    elif question.parameters == ("actor",):
        steps += ["enter"]

    def answer(screen):
        assert screen.title == question.title
        assert " ".join(question.explanation.split())[:60] in screen.words
        with View.open(site) as view:
            given = {"subject": reference(3), "actor": "it-ops"}
            found = view.ask(question, {name: given[name] for name in question.parameters}).rows
        expected = f"{len(found)} found." if found else "Nothing was found."
        assert expected in screen.text

    app = review(desk(site), *steps, answer, "escape", lambda screen: "300 events" in screen.lines or pytest.fail())
    assert app.desk.looked.questions == 1


def test_from_an_answer_an_event_is_opened_marked_and_signed_off(site):
    steps = ["6", "enter", look_at_title("Event 45"), "escape", "space", "space", "s"]

    def told(screen):
        assert "sign off 2 events: 45, 104." in screen.words

    review(desk(site), *steps, told, "enter", look_at_title("Signed off"), "escape", "escape")
    with View.open(site) as view:
        assert [view.event(seq).signed_off_by for seq in (45, 104, 179)] == [REVIEWER, REVIEWER, ""]


def test_answers_wider_than_the_screen_are_reached_by_right(site):
    def left(screen):
        assert "When" in screen.text
        assert "Signed" not in screen.text

    def right(screen):
        assert re.search(r"No\. .*Signed", screen.text)

    review(desk(site), "2", "enter", left, "right right right right right", right, "left left left left left", left)


def test_sign_off_of_one_event_with_a_comment_that_is_sealed(site):
    def page(screen):
        assert "You, ada (compliance officer), sign off event 298." in screen.words

    def done(screen):
        assert "You have signed off event 298, with your comment. The log says so in event 300." in screen.words

    def detail(screen):
        assert "Signed off by ada on" in screen.words
        assert "(event 300): seen with Agatha" in screen.words

    steps = ["down", "s", page, typed("seen with Agatha"), "enter", done, "escape", "enter", detail, "escape"]
    app = review(desk(site), *steps, "r", "down down", "enter", detail)
    assert app.desk.looked.counts() == {"shown": 3, "questions": 0, "filters": 0, "readings": 1, "signed": 1}
    assert not [path for path in site.root.rglob("*") if path.is_file() and b"Agatha" in path.read_bytes()]
    assert (site.folder("vault") / COMMENTS).exists()


def test_marks_and_ranges_are_signed_off_and_own_work_is_left_out_and_told(site):
    own = [row.seq for row in rows_of(site, REVIEWER)]

    def told(screen):
        assert (
            f"! Left out, because nobody signs off their own work: event {own[-1]}. Ask another reviewer."
            in screen.words
        )

    first = COUNT - 1 - (own[-1] + 1)  # rows from the top to the event after the reviewer's own
    steps = ["down " * (first - 1) + "down", "space", "down", "a", "s", told, "enter"]

    def done(screen):
        assert "You have signed off 2 events: " in screen.words
        assert "own work" in screen.words

    app = review(desk(site), *steps, done, "escape")
    assert not app.desk.marks
    with View.open(site) as view:
        around = [view.event(own[-1] + step).signed_off_by for step in (1, 0, -1)]
    assert around == [REVIEWER, "", REVIEWER]


def rows_of(site, login):
    with View.open(site) as view:
        return view.events(Filters(actor=login), newest_first=False)


def test_own_work_is_refused_and_the_refusal_is_an_event(site):
    AuditLog(site).append(Event("audit.list", Outcome.DONE))  # by the reviewer

    def refused(screen):
        assert screen.title == "Not signed off"
        assert "Nobody signs off their own work: event 300." in screen.words

    review(desk(site), "s", refused)
    with View.open(site) as view:
        row = view.event(301)
        assert (row.action, row.outcome, row.error) == ("audit.signoff", "refused", "AccessError")
        assert view.event(300).signed_off_by == ""


def test_who_may_only_read_does_not_sign_off(site, monkeypatch):
    monkeypatch.setattr("onprem.audit.signoff.actor", lambda: "grace")

    def refused(screen):
        assert "Sign-off is not permitted to you: it takes compliance-officer." in screen.words

    review(desk(site, "grace"), "s", refused)


def test_what_is_signed_off_already_is_told_also_before_the_log_is_read_again(site):
    def again(screen):
        assert screen.title == "Not signed off"
        assert "Signed off already: event 299." in screen.words

    review(desk(site), "s", "enter", "escape", "s", again, "escape", "r", "down", "s", again)
    with View.open(site) as view:
        assert view.count(Filters(action="audit.signoff", outcome="done")) == 1


def test_leaving_the_comment_writes_nothing(site):
    review(desk(site), "s", typed("never mind"), "escape", "q")
    with View.open(site) as view:
        assert view.state.tree.size == COUNT
    assert not (site.folder("vault") / COMMENTS).exists()


def test_a_comment_that_is_too_long_is_told_and_nothing_is_written(site):
    async def run():
        with desk(site) as at_desk:
            app = AuditApp(at_desk)
            async with app.run_test(size=SMALL) as pilot:
                await pilot.press("s")
                await pilot.pause()
                app.screen.query_one("Comment").text = "x" * 2_001
                await pilot.pause()
                await pilot.press("enter")
                assert "! The comment is too long: 2001 characters." in (await settled(app, pilot)).words
                app.screen.query_one("Comment").text = "over\ntwo lines"
                await pilot.press("enter")
                await app.workers.wait_for_complete()
                assert (await settled(app, pilot)).title == "Signed off"

    asyncio.run(run())
    app = review(desk(site), "down", "enter", lambda screen: ": over two lines" in screen.words or pytest.fail())
    assert app.desk.looked.events


def test_reload_shows_what_other_processes_wrote(site):
    at_desk = desk(site)

    def write(_):
        AuditLog(site).append(Event("doctor.run", Outcome.DONE))

    def fresh(screen):
        assert "SOUND: 301 lines verified" in screen.text
        assert screen.cursor.startswith("300 ")
        assert "Machine check" in screen.cursor

    review(at_desk, write, "r", fresh)


@pytest.mark.parametrize("key", ["r", "s"])
def test_tampering_ends_the_review_and_nothing_more_is_shown(site, key):
    at_desk = desk(site)

    def tamper(_):
        path = segments(site.folder("audit"))[0]
        path.write_bytes(path.read_bytes().replace(b'"actor":"grace"', b'"actor":"linus"', 1))

    def over(screen):
        assert screen.title == "! THE LOG DOES NOT VERIFY"
        assert "Keep the folder of the site as it is and tell your security officer." in screen.words
        assert "De-identification" not in screen.text

    steps = [tamper, key] if key == "r" else [tamper, key, "enter"]
    with pytest.raises(AuditError):
        review(at_desk, *steps, over, "down", "s", "f", over, "q")
    lines = segments(site.folder("audit"))[0].read_bytes().count(b"\n")
    assert lines == COUNT


def test_a_checkpoint_is_compared_and_named(site, tmp_path):
    from onprem.audit.checkpoint import sign
    from onprem.audit.verify import check

    state = check(site)
    path = tmp_path / "a-very-long-name-of-a-checkpoint-file-2026-11-20.txt"
    path.write_bytes(sign(site, state.tree.size, state.tree.root(), state.last_utc))

    def look(screen):
        assert "same history as checkpoint a-very-long-…6-11-20.txt." in screen.words
        assert not any(line.endswith(("-", "…")) for line in screen.lines[1:3])

    review(desk(site, known=Known(path)), look)
    whole = segments(site.folder("audit"))[0]
    whole.write_bytes(b"".join(whole.read_bytes().splitlines(keepends=True)[:-1]))
    with pytest.raises(AuditError, match="truncation"):
        desk(site, known=Known(path))


def test_verdict_warnings_are_counted_and_told_in_full(site):
    path = site.folder("audit") / "000001.jsonl"
    with path.open("ab") as file:
        file.write(b'{"torn')

    def verdict(screen):
        assert "1 warning: press v." in screen.words

    def full(screen):
        assert "warning: the last line has no end" in screen.words
        assert re.search(r"Root in full: [0-9a-f]{64}", screen.words)

    review(desk(site), verdict, "v", full)


def test_export_tells_the_command_with_the_filters(site):
    def told(screen):
        assert "onprem audit export --format csv --out FILE --outcome refused" in screen.words

    review(desk(site), "f", "down down", "enter", "end", "enter", "escape", "e", told)


def test_quit_leaves_from_the_list(site):
    app = review(desk(site), "q")
    assert app.failure is None
    assert not app.is_running


def test_a_terminal_of_60_by_18_still_shows_the_list_and_the_keys(site):
    def look(screen):
        assert max(map(len, screen.lines)) <= 60
        assert "Quit" in screen.lines[-1]
        assert screen.cursor.startswith("299 ")

    review(desk(site), look, "enter", look_at_title("Event 299"), size=(60, 18))


def test_the_verdict_is_never_cut_within_a_word(site):
    def look(screen):
        assert "no checkpoint to compare." in " ".join(screen.lines[1:3])

    review(desk(site), look, size=(64, 24))


def test_the_list_has_a_cursor_only_where_it_has_rows(site):
    at_desk = desk(site)
    at_desk.narrow(Filters(actor="nobody"))

    def empty(screen):
        assert "0 events; who did it: nobody" in screen.words
        assert "No event fits. c shows all." in screen.words

    app = review(at_desk, empty, "down", "enter", "space", "a", "s", "d", empty, "c")
    assert app.failure is None


def test_lists_keep_few_pages():
    rows = LongList([])
    rows._fetch = lambda offset, limit: [(str(number),) for number in range(offset, offset + limit)]
    assert [rows.row(number)[0] for number in range(0, 100 * PAGE, PAGE)] == [
        str(n) for n in range(0, 100 * PAGE, PAGE)
    ]
    assert len(rows._pages) <= 10
