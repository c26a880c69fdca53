"""A site for the audit tests, and ways to break its log."""

import json

import pytest

from onprem.audit.events import Event, Outcome, parse
from onprem.audit.log import AuditLog
from onprem.audit.merkle import leaf_hash
from onprem.audit.segments import segments
from onprem.config import Settings, Site
from onprem.vault.keys import create_key


@pytest.fixture
def site(tmp_path):
    root = tmp_path / "site"
    for name in ("keys", "audit"):
        (root / name).mkdir(mode=0o700, parents=True)
    create_key(root / "keys" / "audit.key")
    return Site(root, Settings())


class Log:
    """The lines of a log in one segment, for tests that break it."""

    def __init__(self, site):
        self.site = site
        self.folder = site.folder("audit")

    def fill(self, count, *, action="test.run"):
        log = AuditLog(self.site)
        for number in range(count):
            log.append(Event(action, Outcome.DONE, counts={"number": number}))

    def lines(self):
        return [line for path in segments(self.folder) for line in path.read_bytes().splitlines()]

    def write(self, lines):
        for path in segments(self.folder):
            path.unlink()
        (self.folder / "000001.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))

    @staticmethod
    def changed(line, **changes):
        """Return the line with other content, still canonical."""
        changed = json.dumps(json.loads(line) | changes, sort_keys=True, separators=(",", ":")).encode()
        parse(changed)
        return changed

    @classmethod
    def chained(cls, lines):
        """Number and chain the lines again, as an attacker would who knows how."""
        previous, made = "0" * 64, []
        for number, line in enumerate(lines):
            made.append(cls.changed(line, seq=number, prev=previous))
            previous = leaf_hash(made[-1]).hex()
        return made


@pytest.fixture
def log(site):
    return Log(site)
