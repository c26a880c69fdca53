"""The sign-off: another person has looked at events of the log and says so, in an event and perhaps in a comment.

Rules: nobody signs off their own work, not even inside a range; only events that were read verified are signed off, the
log is verified again before, and the event names the history that was looked at (its lines and root). A comment is free
text that could name a patient, so the log holds a keyed and salted digest of it; the text is sealed in
`SITE/vault/comments.sealed` under that digest. It is sealed before the event is written, so that no event points to
nothing; a comment whose event could not be written stays, and nothing points to it. The number of the event could not
be its key: another process may write first.

Source: 45 CFR 164.308(a)(1)(ii)(D), regular review of records of activity.
"""

from __future__ import annotations

import hmac
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType

from onprem.audit.events import ACTOR, Event, Outcome
from onprem.audit.log import AuditLog, actor
from onprem.audit.runs import Run, overlap, told, union, without
from onprem.audit.verify import check
from onprem.audit.view import EventRow, Filters, View
from onprem.config import Site
from onprem.errors import AccessError, AuditError, OnpremError, PolicyError, SiteError, UsageError
from onprem.vault import custody
from onprem.vault.keys import KEY_BYTES, derive
from onprem.vault.sealed import SealedStore

ACTION = "audit.signoff"
FILE = "comments.sealed"
MAX_COMMENT = 2_000  # characters
MAX_RUNS = 1_000  # sign-off events of one act: one group of the log
_PAGE = 1_000
_MAX_ISLANDS = 100_000
_NOT_IN_A_COMMENT = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})  # control, format, surrogate, not assigned


@dataclass(frozen=True, slots=True)
class Signer:
    """Under which role someone signs off, by which access.toml (its digest). Who it is, the log says."""

    role: str
    access: str


@dataclass(frozen=True, slots=True)
class SignOff:
    """One sign-off as the log tells it: `first` to `last` are the events that it covers."""

    seq: int
    utc: str
    actor: str
    role: str
    first: int
    last: int
    comment: str  # digest, 64 hex digits; "" without a comment


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of events that `login` wants to sign off. Runs rise and do not touch."""

    login: str
    ready: tuple[Run, ...]
    own: tuple[Run, ...]  # the reviewer's own work
    signed: tuple[Run, ...]  # signed off already
    absent: tuple[Run, ...]  # not in the log as it was read

    def check(self) -> None:
        """Refuse a plan by which nothing would be signed off.

        Raises:
            AccessError: all that is left is the reviewer's own work.
            UsageError: the events are signed off already, are not in the log, or lie too far apart.
        """
        if not self.ready and self.own:
            raise AccessError(f"nobody signs off their own work: {told(self.own)}", hint="ask another reviewer")
        if not self.ready and self.signed:
            raise UsageError(
                f"signed off already: {told(self.signed)}", hint="onprem audit list --action audit.signoff"
            )
        if not self.ready:
            raise UsageError(f"not in the log: {told(self.absent)}", hint="numbers are shown by: onprem audit list")
        if len(self.ready) > MAX_RUNS:
            raise UsageError(f"the events lie in more than {MAX_RUNS} pieces", hint="sign them off in smaller ranges")


class SignOffs:
    """The sign-offs of a view, by the events they cover."""

    def __init__(self, view: View) -> None:
        """Read every sign-off of the view."""
        self._all = list(_read(view))

    def of(self, seq: int, login: str) -> SignOff | None:
        """Return the first sign-off of an event of `login`; one by that login does not count."""
        found = (item for item in self._all if item.first <= seq <= item.last and item.actor != login)
        return next(found, None)

    def covered(self, view: View, within: Sequence[Run]) -> list[Run]:
        """Return what is signed off of the runs `within`."""
        runs: list[Run] = []
        for signer in {item.actor for item in self._all}:
            claimed = overlap(within, union((item.first, item.last) for item in self._all if item.actor == signer))
            runs += without(claimed, _own(view, signer, claimed))
        return union(runs)


def plan(view: View, asked: Iterable[Run], *, login: str) -> Plan:
    """Say what `login` can sign off of the runs `asked`."""
    wanted = union(asked)
    if not wanted:
        return Plan(login, (), (), (), ())
    newest = view.events(Filters(), limit=1)
    oldest = view.events(Filters(), limit=1, newest_first=False)
    there = [(oldest[0].seq, newest[0].seq)] if newest else []
    known = overlap(wanted, there)
    own = overlap(known, _own(view, login, known))
    rest = without(known, own)
    signed = overlap(rest, SignOffs(view).covered(view, rest))
    return Plan(login, tuple(without(rest, signed)), tuple(own), tuple(signed), tuple(without(wanted, there)))


def sign_off(site: Site, view: View, planned: Plan, *, signer: Signer, comment: str) -> range:
    """Write one event for each run that is ready; return their seqs.

    1. refuse an unfit comment or an empty plan; 2. verify the log again; 3. seal the comment; 4. write the events.

    Raises:
        UsageError: the comment is too long or holds control characters, or nothing can be signed off.
        AccessError: the events are the signer's own work.
        AuditError: the log does not verify any more, or cannot be written.
        SiteError: the comment cannot be sealed.
    """
    check_comment(comment)
    planned.check()
    if planned.login != actor():  # of whom the event will say that they signed
        raise AccessError("the sign-off was prepared by another login", hint="begin again as yourself")
    _still_sound(site, view)
    seen = {"access": signer.access, "checkpoint": view.state.tree.root().hex()}
    if not comment:
        return AuditLog(site).append_group(_events(view, planned, signer, seen))
    with Comments.open(site) as comments:
        seen["comment"] = comments.keep(comment)
    return AuditLog(site).append_group(_events(view, planned, signer, seen))


def note_refusal(site: Site, error: OnpremError, *, role: str = "operator") -> None:
    """Write the event of a sign-off that was asked for and did not happen.

    Raises:
        AuditError: it cannot be written.
    """
    refused = isinstance(error, AccessError | UsageError | PolicyError)
    outcome = Outcome.REFUSED if refused else Outcome.FAILED
    AuditLog(site).append(Event(ACTION, outcome, role=role, error=type(error).__name__))


def check_comment(comment: str) -> None:
    """Refuse a comment that is too long or that could change how a terminal shows it.

    Raises:
        UsageError: the message does not quote it.
    """
    if len(comment) > MAX_COMMENT:
        raise UsageError(f"the comment is too long: {len(comment)} characters", hint=f"at most {MAX_COMMENT}")
    if any(unicodedata.category(character) in _NOT_IN_A_COMMENT for character in comment):
        raise UsageError("the comment holds a control character", hint="write it as one paragraph, without tabs")


class Comments:
    """The sealed comments of one site. Use as a context manager, or call `close`."""

    def __init__(self, store: SealedStore, digests: bytes) -> None:
        self._store = store
        self._digests = digests

    @classmethod
    def open(cls, site: Site, *, readonly: bool = False) -> Comments:
        """Open the comments of `site`.

        Raises:
            SiteError: the vault is locked, or its key or the store is missing or unsound.
        """
        root = custody.root(site)
        store = SealedStore(site.folder("vault") / FILE, derive(root, "vault/comments"), readonly=readonly)
        return cls(store, derive(root, "audit/comment"))

    def keep(self, comment: str) -> str:
        """Seal a comment; return its digest for the event, another one each time."""
        value = os.urandom(KEY_BYTES) + comment.encode()
        digest = self._digest(value)
        self._store.put_many([(digest.encode(), value)])
        return digest

    def read(self, digest: str) -> str:
        """Return the comment of an event's digest.

        Raises:
            SiteError: it is not there, or is not the one that was signed.
        """
        value = self._store.get(digest.encode())
        if value is None or not hmac.compare_digest(self._digest(value), digest):
            raise SiteError("the comment of a sign-off is missing", hint=f"restore vault/{FILE} from your backup")
        return value[KEY_BYTES:].decode()

    def _digest(self, value: bytes) -> str:
        return hmac.digest(self._digests, value, "sha256").hex()

    def __enter__(self) -> Comments:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the store."""
        self._store.close()


def _still_sound(site: Site, view: View) -> None:
    now, then = check(site), view.state
    same = now.tree.size > then.tree.size or (now.tree.size == then.tree.size and now.tree.root() == then.tree.root())
    if not now.sound or not same:
        raise AuditError(
            "the audit log has changed under the review, so nothing is signed off", hint="onprem audit verify"
        )


def _events(view: View, planned: Plan, signer: Signer, digests: dict[str, str]) -> list[Event]:
    lines = {"lines": view.state.tree.size}
    covered: list[dict[str, int]] = [
        {"seq": first} if first == last else {"from": first, "to": last} for first, last in planned.ready
    ]
    return [Event(ACTION, Outcome.DONE, role=signer.role, counts=counts | lines, digests=digests) for counts in covered]


def _read(view: View) -> Iterator[SignOff]:
    wanted, offset = Filters(action=ACTION, outcome=Outcome.DONE), 0
    while page := view.events(wanted, limit=_PAGE, offset=offset, newest_first=False):
        for row in page:
            first, last = covers(row)
            if first <= last:
                comment = row.digests.get("comment", "")
                yield SignOff(row.seq, row.utc, row.actor, row.role, first, last, comment)
        offset += len(page)


def covers(row: EventRow) -> Run:
    """Return what a sign-off covers, never more than what came before it; an empty run if it says nothing."""
    first = row.counts.get("seq", row.counts.get("from", -1))
    last = row.counts.get("seq", row.counts.get("to", -1))
    return (first, min(last, row.seq - 1)) if first >= 0 else (0, -1)


def _own(view: View, login: str, within: Sequence[Run]) -> list[Run]:
    """Return the events of `login` as runs: neighbours have the same distance to their rank."""
    if not within or not re.fullmatch(ACTOR, login):
        return []
    # the login was matched against a narrow form and the numbers are whole, so no outside text is in this statement
    ranked = f"""
        SELECT seq, seq - row_number() OVER (ORDER BY seq) AS island FROM events
        WHERE actor = '{login}' AND seq BETWEEN {int(within[0][0])} AND {int(within[-1][1])}
    """  # noqa: S608
    islands = f"SELECT min(seq), max(seq) FROM ({ranked}) GROUP BY island ORDER BY 1"  # noqa: S608
    answer = view.query(islands, limit=_MAX_ISLANDS)
    if answer.cut:  # an answer cut short would let own work through
        raise UsageError("the events are too many to look through at once", hint="sign them off in smaller ranges")
    return [(int(str(first)), int(str(last))) for first, last in answer.rows]
