"""An approval holds for what it was given for, for its days, and not for whoever gave it."""

from datetime import UTC, datetime, timedelta

import pytest

from onprem.audit import approvals
from onprem.audit.approvals import Wanted, check, give
from onprem.errors import AccessError

WANTED = Wanted("a" * 64, "registry", 7)


@pytest.fixture
def reference(site, log):
    log.fill(2)
    given = give(site, WANTED, by="grace", role="privacy-officer", access="b" * 64)
    log.fill(2)
    return given


def test_it_holds_for_what_it_was_given_for(site, reference):
    assert len(reference) == 32
    check(site, reference, WANTED, login="operator")


@pytest.mark.parametrize(
    ("wanted", "login", "why"),
    [
        (Wanted("c" * 64, "registry", 7), "operator", "another policy"),
        (Wanted("a" * 64, "", 7), "operator", "another recipient"),
        (Wanted("a" * 64, "insurer", 7), "operator", "another recipient"),
        (WANTED, "grace", "your own"),
    ],
)
def test_it_does_not_hold_for_anything_else(site, reference, wanted, login, why):
    with pytest.raises(AccessError, match=why):
        check(site, reference, wanted, login=login)


def test_it_expires(site, reference, monkeypatch):
    class Later(datetime):
        @classmethod
        def now(cls, zone=None):
            return datetime.now(zone) + timedelta(days=8)

    monkeypatch.setattr(approvals, "datetime", Later)
    with pytest.raises(AccessError, match="expired"):
        check(site, reference, WANTED, login="operator")
    assert datetime.now(UTC) < Later.now(UTC)


@pytest.mark.parametrize("other", ["0" * 32, "", "f" * 64])
def test_a_reference_of_nothing_is_refused(site, reference, other):
    with pytest.raises(AccessError, match="no approval"):
        check(site, other, WANTED, login="operator")


def test_another_event_is_no_approval(site, log, reference):
    from onprem.audit.merkle import leaf_hash

    with pytest.raises(AccessError, match="no approval"):
        check(site, leaf_hash(log.lines()[0]).hex()[:32], WANTED, login="operator")


def test_it_is_found_in_a_sealed_segment(site, reference):
    from onprem.audit.events import Event, Outcome
    from onprem.audit.log import AuditLog

    small = AuditLog(site, segment_bytes=100)
    small.append(Event("test.run", Outcome.DONE))
    assert small.seal_full()
    check(site, reference, WANTED, login="operator")
