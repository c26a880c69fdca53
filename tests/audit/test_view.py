"""The checked view: it holds exactly the events that verify, and agrees with reading them one by one."""

import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import onprem.audit.view as module
from onprem.audit import load
from onprem.audit.checks.contract import Past, lines_of
from onprem.audit.events import Event, Outcome
from onprem.audit.log import AuditLog
from onprem.audit.merkle import leaf_hash
from onprem.audit.segments import read_segment, segments
from onprem.audit.verify import begin, entries
from onprem.audit.view import Filters, Limits, View
from onprem.errors import AuditError, ResourceError, UsageError

ANNA, BERT = "ab" * 16, "cd" * 16


def row_of(entry):
    """Return what the view should say of an event, without its sign-off."""
    event = entry.event
    return {
        "seq": entry.seq,
        "utc": entry.utc,
        "actor": entry.actor,
        "role": event.role,
        "action": event.action,
        "outcome": str(event.outcome),
        "purpose": event.purpose,
        "approval": event.approval,
        "recipient": event.recipient,
        "second": event.second,
        "subjects": event.subjects,
        "counts": dict(event.counts),
        "digests": dict(event.digests),
        "error": event.error,
        "version": entry.version,
        "boot": entry.boot,
    }


def told(row):
    return {name: value for name, value in asdict(row).items() if name != "signed_off_by"}


EVENT = Event("test.run", Outcome.DONE)
FULL = Event(
    "deid",
    Outcome.HELD,
    purpose="release",
    role="privacy-officer",
    approval="ef" * 16,
    recipient="registry",
    subjects=(ANNA, BERT),
    counts={"records": 2**63 - 1, "a": 0, "files.text": 7},
    digests={"policy": "1" * 64, "access": "2" * 64},
)
FAILED = Event("vault.reveal", Outcome.FAILED, error="SiteError")


def test_every_field_arrives_as_it_was_written(site, log):
    log.write(lines_of([Past("2026-03-02T09:00:00", "anna", item) for item in (EVENT, FULL, FAILED)]))
    with View.open(site) as view:
        shown = view.events(Filters(), newest_first=False)
        assert [told(row) for row in shown] == [row_of(entry) for entry in entries(site, begin(site))]
        assert shown[1].counts == FULL.counts
        assert shown[0].recipient == ""
        assert view.event(1) == shown[1]
        assert view.event(3) is None
        assert view.event(-1) is None


def test_an_empty_log_is_an_empty_view(site):
    with View.open(site) as view:
        assert view.events(Filters()) == []
        assert view.count(Filters()) == 0
        assert view.timeline(Filters(), "day") == []
        assert view.state.tree.size == 0


FILTERED = [
    Past("2026-03-01T23:30:00", "anna", Event("audit.list", Outcome.DONE)),
    Past("2026-03-02T09:00:00", "anna", Event("audit", Outcome.DONE)),
    Past("2026-03-02T09:30:00", "bert", Event("auditor", Outcome.REFUSED, purpose="release", error="AccessError")),
    Past("2026-03-02T10:00:00", "bert", Event("deid", Outcome.DONE, purpose="release", subjects=(BERT, ANNA))),
]


@pytest.mark.parametrize(
    ("filters", "seqs"),
    [
        (Filters(), [0, 1, 2, 3]),
        (Filters(action="audit"), [0, 1]),
        (Filters(action="audit.list"), [0]),
        (Filters(action="audit."), []),
        (Filters(actor="bert"), [2, 3]),
        (Filters(outcome="refused"), [2]),
        (Filters(purpose="release"), [2, 3]),
        (Filters(subject=ANNA), [3]),
        (Filters(subject=ANNA[:31]), []),
        (Filters(since="2026-03-02"), [1, 2, 3]),
        (Filters(until="2026-03-02T09:30:00.000000Z"), [0, 1]),
        (Filters(since="2026-03-02T09:30", until="2026-03-02T10:00"), [2]),
        (Filters(actor="bert", purpose="release", outcome="done", subject=BERT, action="deid"), [3]),
        (Filters(actor="x' OR '1'='1"), []),
    ],
)
def test_filters(site, log, filters, seqs):
    log.write(lines_of(FILTERED))
    with View.open(site) as view:
        assert [row.seq for row in view.events(filters, newest_first=False)] == seqs
        assert [row.seq for row in view.events(filters)] == seqs[::-1]
        assert view.count(filters) == len(seqs)
        assert sum(number for _, number in view.timeline(filters, "hour")) == len(seqs)


def test_pages_follow_each_other(site, log):
    log.fill(25)
    with View.open(site) as view:
        pages = [view.events(Filters(), limit=10, offset=offset) for offset in (0, 10, 20, 30)]
        assert [row.seq for page in pages for row in page] == list(range(24, -1, -1))
        assert [len(page) for page in pages] == [10, 10, 5, 0]


def test_timelines_follow_the_clock_of_the_hospital(site, log):
    log.write(lines_of([*FILTERED, Past("9999-99-99T99:99:99", "anna", EVENT)]))
    with View.open(site) as view:
        assert view.timeline(Filters(), "hour") == [("2026-03-01T23", 1), ("2026-03-02T09", 2), ("2026-03-02T10", 1)]
        assert view.timeline(Filters(), "day") == [("2026-03-01", 1), ("2026-03-02", 3)]
        assert view.timeline(Filters(actor="bert"), "month") == [("2026-03", 2)]
        assert view.count(Filters()) == 5
    with View.open(site, limits=Limits(utc_offset_minutes=60)) as view:
        assert view.timeline(Filters(), "day") == [("2026-03-02", 4)]
    with View.open(site, limits=Limits(utc_offset_minutes=-10 * 60)) as view:
        assert view.timeline(Filters(), "day") == [("2026-03-01", 3), ("2026-03-02", 1)]


def sign_off(actor, **counts):
    return Past("2026-03-03T09:00:00", actor, Event("audit.signoff", Outcome.DONE, counts={"lines": 9, **counts}))


def test_a_sign_off_by_another_person_stands_beside_the_event(site, log):
    work = [Past("2026-03-02T09:00:00", actor, EVENT) for actor in ("anna", "anna", "carl", "anna")]
    log.write(
        lines_of(
            [
                *work,
                sign_off("carl", **{"from": 1, "to": 2}),  # 4: not his own
                sign_off("dora", seq=1),  # 5: he was first
                sign_off("dora", seq=2),  # 6
                sign_off("carl", seq=99),  # 7: not there yet
                sign_off("carl", **{"from": 5, "to": 99}),  # 8: only what came before, and not his own
                sign_off("carl", note=3),  # 9: says nothing
                Past("2026-03-03T09:00:00", "dora", Event("audit.signoff", Outcome.FAILED, counts={"seq": 3})),
            ]
        )
    )
    with View.open(site) as view:
        signed = {row.seq: row.signed_off_by for row in view.events(Filters()) if row.signed_off_by}
        assert signed == {1: "carl", 2: "dora", 5: "carl", 6: "carl"}
        assert view.event(2).signed_off_by == "dora"
        assert view.query("SELECT seq, first, last FROM signoffs ORDER BY 1").rows == [
            (4, 1, 2),
            (5, 1, 1),
            (6, 2, 2),
            (8, 5, 7),
        ]


def test_the_reference_of_an_event_is_the_beginning_of_its_leaf_hash(site, log):
    log.fill(3)
    with View.open(site) as view:
        answer = view.query("SELECT reference FROM events ORDER BY seq")
    assert [row[0] for row in answer.rows] == [leaf_hash(line).hex()[:32] for line in log.lines()]


def test_a_log_that_does_not_verify_is_not_shown(site, log):
    log.fill(4)
    lines = log.lines()
    lines[1] = log.changed(lines[1], actor="mallory")
    log.write(lines)
    with pytest.raises(AuditError, match="does not verify"):
        View.open(site)


@pytest.mark.parametrize("cut", [1, 40])
def test_torn_lines_are_left_out_and_their_repairs_stay(site, log, cut):
    log.fill(3)
    path = log.folder / "000001.jsonl"
    path.write_bytes(path.read_bytes() + log.lines()[0][:cut])
    with View.open(site) as view:  # not repaired yet
        assert view.count(Filters()) == 3
    log.fill(2)
    path.write_bytes(path.read_bytes() + b"\x00\xff")
    log.fill(1)
    found = list(entries(site, state := begin(site)))
    assert state.sound
    with View.open(site) as view:
        assert [row.seq for row in view.events(Filters(), newest_first=False)] == [item.seq for item in found]
        assert [row.seq for row in view.events(Filters(action="audit.repair"), newest_first=False)] == [4, 8]
        assert view.event(3) is None  # torn
        assert view.count(Filters()) == len(found) == 8
        assert view.state.tree.size == 10
        references = [row[0] for row in view.query("SELECT reference FROM events ORDER BY seq").rows]
    lines = read_segment(path).split(b"\n")
    assert references == [leaf_hash(lines[item.seq]).hex()[:32] for item in found]


def test_sealed_and_retired_segments_are_read_as_the_others(site, log, tmp_path):
    small = AuditLog(site, segment_bytes=1_500)
    for number in range(20):
        small.append(Event("test.run", Outcome.DONE, counts={"number": number}))
    small.seal_full()
    assert any(path.name.endswith(".gz") for path in segments(log.folder))
    with View.open(site) as view:
        assert [row.counts["number"] for row in view.events(Filters(), newest_first=False)] == list(range(20))

    from onprem.audit.retire import retire

    (tmp_path / "kept").mkdir()
    gone = retire(site, older_than="9999-01-01T00:00:00.000000Z", to=tmp_path / "kept").size
    assert 0 < gone < 20
    with View.open(site) as view:
        assert [row.seq for row in view.events(Filters(), newest_first=False)] == list(range(gone, 20))
        assert view.state.tree.size == 20


def test_what_is_loaded_is_what_was_verified(site, log, monkeypatch):
    """A line exchanged between the verification and the loading is found, even if it is chained again."""
    log.fill(4)
    lines = log.lines()
    lines[3] = log.changed(lines[3], actor="mallory")
    real = module.check

    def checked(where):
        state = real(where)
        log.write(lines)
        return state

    monkeypatch.setattr(module, "check", checked)
    with pytest.raises(AuditError, match="changed while it was read"):
        View.open(site)
    monkeypatch.setattr(module, "check", real)
    with View.open(site) as view:  # without a checkpoint, the end can be rewritten: this is not claimed
        assert view.event(3).actor == "mallory"


@pytest.mark.parametrize("what", ["gone", "shorter", "longer"])
def test_a_log_that_is_cut_while_it_is_read_is_refused_and_one_that_grows_is_not(site, log, monkeypatch, what):
    log.fill(4)
    real = module.check

    def checked(where):
        state = real(where)
        if what == "longer":
            log.fill(3)
        else:
            log.write(log.lines()[: 3 if what == "shorter" else 0])
        return state

    monkeypatch.setattr(module, "check", checked)
    if what == "longer":
        with View.open(site) as view:
            assert view.count(Filters()) == 4
        return
    with pytest.raises(AuditError, match="changed while it was read"):
        View.open(site)


def test_many_segments_arrive_in_order(site, log, monkeypatch):
    monkeypatch.setattr(load, "_TOGETHER", 7)
    small = AuditLog(site, segment_bytes=2_000)
    for number in range(60):
        small.append(Event("test.run", Outcome.DONE, counts={"number": number}))
    assert len(segments(log.folder)) > 5
    with View.open(site) as view:
        assert [row.counts["number"] for row in view.events(Filters(), newest_first=False)] == list(range(60))


def test_a_log_that_is_too_large_is_an_error_with_a_hint(site, log, monkeypatch):
    log.write(lines_of([Past("2026-03-02T09:00:00", "anna", FULL)] * 4_000))
    monkeypatch.setattr(module, "MEMORY_MIB", 1)
    with pytest.raises(ResourceError, match="memory") as caught:
        View.open(site)
    assert caught.value.hint


def test_queries_of_the_users_own_reach_the_events_and_nothing_else(site, log):
    log.write(lines_of(FILTERED))
    with View.open(site) as view:
        answer = view.query("SELECT actor, count(*) AS n FROM events GROUP BY actor ORDER BY n, actor")
        assert (answer.columns, answer.rows, answer.cut) == (("actor", "n"), [("anna", 2), ("bert", 2)], False)
        assert view.query("SELECT seq FROM events ORDER BY seq", limit=3).cut
        local = "SELECT strftime(\"local\", '%H') FROM events WHERE time > '2026-03-02 09:45'"
        assert view.query(local).rows == [("10",)]
        for sql in ("SELECT * FROM signed", "SELECT * FROM limits", "DELETE FROM events", "SELECT * FROM batch"):
            with pytest.raises(UsageError):
                view.query(sql)
        assert view.count(Filters()) == 4


def test_a_query_that_takes_too_long_is_stopped(site, log, monkeypatch):
    log.fill(1)
    monkeypatch.setattr(module, "SECONDS", 0.2)
    with View.open(site) as view, pytest.raises(ResourceError, match="longer"):
        view.query("SELECT count(*) FROM generate_series(1, 100000000000) WHERE generate_series % 7 = 3")


codes = st.sampled_from(["audit", "audit.list", "audit.ask", "auditor", "deid", "deid.subjects", "vault.reveal"])
people = st.sampled_from(["anna", "bert", "carl", "uid:1000", "svc-onprem$"])
patients = st.sampled_from([f"{number:032x}" for number in range(5)])
moments = st.integers(0, 400_000).map(lambda minute: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute))
times = moments.map(lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%S"))
past = st.builds(
    Past,
    utc=times,
    actor=people,
    event=st.builds(
        Event,
        action=codes,
        outcome=st.sampled_from(Outcome),
        purpose=st.sampled_from(["", "release", "break-glass"]),
        recipient=st.sampled_from(["", "registry"]),
        second=st.sampled_from(["", "grace"]),
        subjects=st.lists(patients, max_size=4).map(tuple),
        counts=st.dictionaries(st.sampled_from(["seq", "records", "a.b"]), st.integers(0, 2**63 - 1), max_size=3),
        digests=st.dictionaries(st.sampled_from(["policy", "access"]), st.sampled_from(["1" * 64, "f" * 64])),
    ),
)
wanted = st.builds(
    Filters,
    action=st.just("") | codes,
    actor=st.just("") | people,
    outcome=st.just("") | st.sampled_from([str(item) for item in Outcome]),
    since=st.just("") | times | times.map(lambda text: text[:10]),
    until=st.just("") | times | times.map(lambda text: text[:13]),
    subject=st.just("") | patients,
    purpose=st.sampled_from(["", "release", "break-glass"]),
)


def lets_through(filters, entry):
    event = entry.event
    return (
        (not filters.action or event.action == filters.action or event.action.startswith(filters.action + "."))
        and filters.actor in ("", entry.actor)
        and filters.outcome in ("", str(event.outcome))
        and entry.utc >= filters.since
        and (not filters.until or entry.utc < filters.until)
        and (not filters.subject or filters.subject in event.subjects)
        and filters.purpose in ("", event.purpose)
    )


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],  # a busy machine is no fault
)
@given(st.lists(past, max_size=30), st.lists(wanted, min_size=1, max_size=4))
def test_counts_agree_with_reading_the_events_one_by_one(site, log, said, asked):
    log.write(lines_of(said))
    state = begin(site)
    found = list(entries(site, state))
    assert state.sound
    with View.open(site) as view:
        assert [told(row) for row in view.events(Filters(), newest_first=False)] == [row_of(entry) for entry in found]
        for filters in asked:
            assert view.count(filters) == sum(lets_through(filters, entry) for entry in found)
            shown = view.events(filters, newest_first=False)
            assert [row.seq for row in shown] == [entry.seq for entry in found if lets_through(filters, entry)]


def signed_off(found):
    """Return who signed off which event, worked out one by one."""
    signed = {}
    for entry in found:
        counts = entry.event.counts
        if (entry.event.action, entry.event.outcome) != ("audit.signoff", Outcome.DONE):
            continue
        first = counts.get("seq", counts.get("from", -1))
        last = min(counts.get("seq", counts.get("to", -1)), entry.seq - 1)
        for other in found:
            if 0 <= first <= other.seq <= last and other.actor != entry.actor:
                signed.setdefault(other.seq, entry.actor)
    return signed


sign_offs = st.builds(
    Past,
    utc=times,
    actor=people,
    event=st.builds(
        Event,
        action=st.just("audit.signoff"),
        outcome=st.sampled_from([Outcome.DONE, Outcome.DONE, Outcome.FAILED]),
        counts=st.dictionaries(st.sampled_from(["seq", "from", "to"]), st.integers(0, 15), max_size=3),
    ),
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],  # a busy machine is no fault
)
@given(st.lists(past | sign_offs, max_size=15))
def test_sign_offs_agree_with_reading_them_one_by_one(site, log, said):
    log.write(lines_of(said))
    expected = signed_off(list(entries(site, begin(site))))
    with View.open(site) as view:
        assert {row.seq: row.signed_off_by for row in view.events(Filters()) if row.signed_off_by} == expected


@pytest.mark.parametrize("counts", [{"from": 0}, {"to": 0}, {}])
def test_a_sign_off_that_does_not_say_both_ends_covers_nothing(site, log, counts):
    signing = Event(action="audit.signoff", outcome=Outcome.DONE, counts=counts)
    log.write(lines_of([Past("2026-03-02T09:00:00", "anna", FULL), Past("2026-03-02T10:00:00", "bert", signing)]))
    with View.open(site) as view:
        assert [row.signed_off_by for row in view.events(Filters())] == ["", ""]


def test_answers_can_be_written_as_json(site, log):
    log.write(lines_of([Past("2026-03-02T09:00:00", "anna", FULL)]))
    with View.open(site) as view:
        answer = view.query("SELECT * FROM events")
    shown = dict(zip(answer.columns, json.loads(json.dumps(answer.rows[0])), strict=True))
    assert shown["counts"] == dict(FULL.counts)
    assert shown["time"] == "2026-03-02T09:00:00"
