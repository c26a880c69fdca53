"""Sign-offs: never one's own work, only what was read verified, and the comment nowhere but in the sealed store."""

import random

import pytest

from onprem.audit import signoff
from onprem.audit.events import Event, Outcome
from onprem.audit.log import AuditLog
from onprem.audit.runs import overlap, runs_of, told, union, without
from onprem.audit.segments import segments
from onprem.audit.signoff import Comments, Signer, SignOffs, check_comment, plan, sign_off
from onprem.audit.view import Filters, View
from onprem.config import Settings, Site
from onprem.errors import AccessError, AuditError, PolicyError, SiteError, UsageError
from onprem.vault.keys import create_key

SIGNER = Signer("compliance-officer", "a" * 64)
COMMENT = "Seen with Dr. Halvorsen; the patient is Agatha Whitcombe. 已核对"


@pytest.fixture
def site(tmp_path):
    root = tmp_path / "site"
    for name in ("keys", "audit", "vault"):
        (root / name).mkdir(mode=0o700, parents=True)
    create_key(root / "keys" / "audit.key")
    create_key(root / "keys" / "master.key")
    return Site(root, Settings())


@pytest.fixture
def person(monkeypatch):
    """Become someone: the log and the sign-off ask the system who is there."""

    def become(login):
        monkeypatch.setattr("onprem.audit.log.actor", lambda: login)
        monkeypatch.setattr("onprem.audit.signoff.actor", lambda: login)

    return become


@pytest.fixture
def history(site, person):
    """Twelve events: 0-3 of grace, 4 and 5 of ada, 6-11 of linus; then ada is there."""
    for login, count in (("grace", 4), ("ada", 2), ("linus", 6)):
        person(login)
        for _ in range(count):
            AuditLog(site).append(Event("test.run", Outcome.DONE))
    person("ada")


def sign(site, asked, comment="", login="ada"):
    with View.open(site) as view:
        planned = plan(view, asked, login=login)
        return planned, sign_off(site, view, planned, signer=SIGNER, comment=comment)


def signed_by(site, seq):
    with View.open(site) as view:
        return view.event(seq).signed_off_by


def test_one_event_of_somebody_else_is_signed_off(site, history):
    _, written = sign(site, [(7, 7)])
    assert written == range(12, 13)
    with View.open(site) as view:
        row = view.event(12)
        assert (row.action, row.outcome, row.actor, row.role) == ("audit.signoff", "done", "ada", "compliance-officer")
        assert row.counts == {"seq": 7, "lines": 12}
        assert row.digests["access"] == "a" * 64
        assert view.event(7).signed_off_by == "ada"
        assert [view.event(seq).signed_off_by for seq in (6, 8, 12)] == ["", "", ""]


def test_the_event_names_the_history_that_was_looked_at(site, history):
    with View.open(site) as view:
        root = view.state.tree.root().hex()
        planned = plan(view, [(0, 0)], login="ada")
        sign_off(site, view, planned, signer=SIGNER, comment="")
    with View.open(site) as view:
        assert view.event(12).digests["checkpoint"] == root


def test_own_work_is_refused(site, history):
    with pytest.raises(AccessError, match="own work: events 4-5"):
        sign(site, [(4, 5)])
    assert len(AuditLog(site).segments()) == 1
    with View.open(site) as view:
        assert view.count(Filters()) == 12


def test_own_work_inside_a_range_is_left_out_and_told(site, history):
    planned, written = sign(site, [(0, 11)])
    assert (planned.ready, planned.own) == (((0, 3), (6, 11)), ((4, 5),))
    with View.open(site) as view:
        assert [view.event(seq).counts for seq in written] == [
            {"from": 0, "to": 3, "lines": 12},
            {"from": 6, "to": 11, "lines": 12},
        ]
        assert [view.event(seq).signed_off_by for seq in range(12)] == ["ada"] * 4 + [""] * 2 + ["ada"] * 6


def test_nobody_signs_off_their_own_sign_off(site, history, person):
    sign(site, [(0, 0)])
    with pytest.raises(AccessError):
        sign(site, [(12, 12)])
    person("boss")
    assert sign(site, [(12, 12)], login="boss")[1] == range(13, 14)


def test_what_is_signed_off_already_is_told_and_not_written_again(site, history, person):
    sign(site, [(0, 2)])
    with pytest.raises(UsageError, match="signed off already: events 1-2"):
        sign(site, [(1, 2)])
    person("boss")
    planned, _ = sign(site, [(0, 5)], login="boss")
    assert (planned.ready, planned.signed) == (((3, 5),), ((0, 2),))


def test_a_sign_off_of_own_work_that_someone_forced_into_the_log_does_not_count(site, history, person):
    person("linus")
    AuditLog(site).append(Event("audit.signoff", Outcome.DONE, counts={"from": 0, "to": 9}))
    person("ada")
    with View.open(site) as view:
        offs = SignOffs(view)
        assert offs.of(3, "grace").actor == "linus"
        assert offs.of(7, "linus") is None
        assert plan(view, [(0, 11)], login="ada").ready == ((6, 11),)


def test_a_sign_off_never_covers_what_came_after_it(site, history):
    AuditLog(site).append(Event("audit.signoff", Outcome.DONE, counts={"from": 10, "to": 90}))
    AuditLog(site).append(Event("audit.signoff", Outcome.DONE, counts={"from": 95, "to": 99}))
    AuditLog(site).append(Event("audit.signoff", Outcome.DONE, counts={"lines": 3}))
    with View.open(site) as view:
        covered = SignOffs(view)
        assert covered.of(11, "linus").last == 11
        assert covered.of(50, "x") is covered.of(97, "x") is covered.of(0, "x") is None


def test_events_that_are_not_there_are_refused(site, history):
    with pytest.raises(UsageError, match="not in the log: event 12"):
        sign(site, [(12, 12)])
    planned, _ = sign(site, [(10, 40)])
    assert (planned.ready, planned.absent) == (((10, 11),), ((12, 40),))


def test_an_empty_plan_writes_nothing(site, history):
    with View.open(site) as view, pytest.raises(UsageError):
        sign_off(site, view, plan(view, [], login="ada"), signer=SIGNER, comment="")


def test_a_plan_of_one_login_is_not_signed_by_another(site, history, person):
    with View.open(site) as view:
        planned = plan(view, [(4, 5)], login="grace")  # ada's work
        with pytest.raises(AccessError, match="another login"):
            sign_off(site, view, planned, signer=SIGNER, comment="")


def test_a_log_that_changed_since_it_was_read_is_not_signed_off(site, history):
    with View.open(site) as view:
        planned = plan(view, [(7, 7)], login="ada")
        path = segments(site.folder("audit"))[0]
        path.write_bytes(path.read_bytes().replace(b'"actor":"grace"', b'"actor":"linus"', 1))
        with pytest.raises(AuditError, match="changed under the review"):
            sign_off(site, view, planned, signer=SIGNER, comment=COMMENT)
    assert not (site.folder("vault") / signoff.FILE).exists()


def test_a_log_that_was_cut_since_it_was_read_is_not_signed_off(site, history):
    with View.open(site) as view:
        planned = plan(view, [(7, 7)], login="ada")
        path = segments(site.folder("audit"))[0]
        path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
        with pytest.raises(AuditError, match="changed under the review"):
            sign_off(site, view, planned, signer=SIGNER, comment="")


def test_a_log_that_grew_since_it_was_read_is_signed_off(site, history):
    with View.open(site) as view:
        planned = plan(view, [(7, 7)], login="ada")
        AuditLog(site).append(Event("test.run", Outcome.DONE))
        assert sign_off(site, view, planned, signer=SIGNER, comment="") == range(13, 14)


def test_the_comment_is_kept_sealed_and_only_its_digest_is_in_the_log(site, history):
    _, (seq,) = sign(site, [(7, 7)], COMMENT)
    with View.open(site) as view:
        digest = view.event(seq).digests["comment"]
        assert SignOffs(view).of(7, "linus").comment == digest
    with Comments.open(site, readonly=True) as comments:
        assert comments.read(digest) == COMMENT
    for path in site.root.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert all(word.encode() not in content for word in ("Agatha", "Halvorsen", "核对")), path
    assert (site.folder("vault") / signoff.FILE).stat().st_mode & 0o077 == 0


def test_equal_comments_have_different_digests(site, history):
    _, (first,) = sign(site, [(7, 7)], "fine")
    _, (second,) = sign(site, [(8, 8)], "fine")
    with View.open(site) as view:
        assert view.event(first).digests["comment"] != view.event(second).digests["comment"]


def test_the_comment_is_sealed_before_the_event_is_written(site, history, monkeypatch):
    seen = []

    def refuse(self, events):
        with Comments.open(site, readonly=True) as comments:
            seen.append(comments.read(events[0].digests["comment"]))
        raise AuditError("the audit log cannot be written")

    monkeypatch.setattr(AuditLog, "append_group", refuse)
    with pytest.raises(AuditError):
        sign(site, [(7, 7)], COMMENT)
    assert seen == [COMMENT]


def test_a_comment_that_is_missing_or_exchanged_is_told(site, history):
    _, (first,) = sign(site, [(7, 7)], "one")
    _, (second,) = sign(site, [(8, 8)], "two")
    with View.open(site) as view, Comments.open(site) as comments:
        one, two = (view.event(seq).digests["comment"] for seq in (first, second))
        with pytest.raises(SiteError, match="missing"):
            comments.read("0" * 64)
        comments._store.put_many([(one.encode(), comments._store.get(two.encode()))])
        with pytest.raises(SiteError, match="missing"):
            comments.read(one)
        assert comments.read(two) == "two"


@pytest.mark.parametrize(
    "comment",
    [
        "x" * 2_001,
        "two\nlines",
        "tab\t",
        "bell\x07",
        "clear\x1b[2J",
        "\N{RIGHT-TO-LEFT OVERRIDE}gnp",
        "\ud800",
        "\x9b1m",
    ],
    ids=ascii,
)
def test_unfit_comments_are_refused_without_being_quoted(site, history, comment):
    with pytest.raises(UsageError) as caught:
        sign(site, [(7, 7)], comment)
    assert comment not in caught.value.message + caught.value.hint
    assert signed_by(site, 7) == ""
    assert not (site.folder("vault") / signoff.FILE).exists()


@pytest.mark.parametrize("comment", ["x" * 2_000, "已核对，无异常。\u3000好", "na\u00efve \u2014 \u201cok\u201d", ""])
def test_fit_comments_are_accepted(comment):
    check_comment(comment)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (AccessError("no"), "refused"),
        (UsageError("no"), "refused"),
        (PolicyError("x"), "refused"),
        (SiteError("x"), "failed"),
    ],
)
def test_a_sign_off_that_did_not_happen_is_an_event_that_covers_nothing(site, history, error, outcome):
    signoff.note_refusal(site, error)
    with View.open(site) as view:
        row = view.event(12)
        assert (row.action, row.outcome, row.error) == ("audit.signoff", outcome, type(error).__name__)
        assert SignOffs(view).of(7, "linus") is None


def test_more_pieces_than_a_group_holds_are_refused(site, history, monkeypatch):
    monkeypatch.setattr(signoff, "MAX_RUNS", 1)
    with pytest.raises(UsageError, match="pieces"):
        sign(site, [(0, 11)])


def test_own_work_in_more_pieces_than_can_be_looked_through_is_refused_not_let_through(site, person, monkeypatch):
    for _ in range(4):
        for login in ("ada", "grace"):
            person(login)
            AuditLog(site).append(Event("test.run", Outcome.DONE))
    person("ada")
    monkeypatch.setattr(signoff, "_MAX_ISLANDS", 3)
    with pytest.raises(UsageError, match="too many"):
        sign(site, [(0, 7)])


@pytest.mark.parametrize("seed", range(20))
def test_runs_are_what_sets_of_numbers_are(seed):
    dice = random.Random(seed)
    left, right = (set(dice.sample(range(60), dice.randint(0, 40))) for _ in range(2))

    def numbers(runs):
        return {number for first, last in runs for number in range(first, last + 1)}

    both = runs_of(left), runs_of(right)
    assert numbers(overlap(*both)) == left & right
    assert numbers(without(*both)) == left - right
    assert numbers(union([*both[0], *both[1]])) == left | right
    for runs in (*both, overlap(*both), without(*both), union([*both[0], *both[1]])):
        assert union(runs) == list(runs)


def test_runs_in_words():
    assert told([(7, 7)]) == "event 7"
    assert told([(3, 5), (9, 9)]) == "events 3-5, 9"
    assert told(runs_of(range(0, 40, 2)), most=2) == "events 0, 2 and 18 more pieces"
