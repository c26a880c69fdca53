"""An invented hospital's audit log: people, weeks, what went well and what did not. Nobody in it exists."""

import hashlib
import html
import random
import re
from datetime import UTC, datetime, timedelta

from onprem import __version__
from onprem.audit.events import Entry, Event, Outcome
from onprem.audit.merkle import leaf_hash
from onprem.config import Settings, Site
from onprem.vault.keys import create_key

REVIEWER = "ada"
ACCESS = """
bulk_records = 5000
[roles]
operator = ["*"]
compliance-officer = ["ada"]
[actions]
review-audit = { roles = ["compliance-officer", "operator"] }
sign-off = { roles = ["compliance-officer"] }
[hours]
utc_offset_minutes = 60
"""
BOOT = "6b1f0c52-1111-4222-8333-444455556666"


def make_site(root):
    """Return a site with keys, an access.toml and no log."""
    for name in ("keys", "audit", "vault", "policies", "tmp", "work", "held"):
        (root / name).mkdir(mode=0o700, parents=True)
    root.chmod(0o700)
    (root / "onprem.toml").write_text('name = "st-agnes"\n', encoding="utf-8")
    create_key(root / "keys" / "master.key")
    create_key(root / "keys" / "audit.key")
    (root / "policies" / "access.toml").write_text(ACCESS, encoding="utf-8")
    return Site(root, Settings(name="st-agnes"))


def digest(word):
    return hashlib.sha256(word.encode()).hexdigest()


def reference(number):
    return digest(f"patient {number}")[:32]


class History:
    """Writes events with times and people of one's own, chained as the log chains them."""

    def __init__(self, site):
        self.path = site.folder("audit") / "000001.jsonl"
        self.seq, self.prev = 0, "0" * 64

    def write(self, past):
        """Append (time, actor, event) in order of time."""
        lines = []
        for moment, actor, event in past:
            utc = moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            entry = Entry(self.seq, utc, self.seq * 1_000_000, BOOT, actor, __version__, self.prev, event)
            lines.append(entry.line())
            self.seq, self.prev = self.seq + 1, leaf_hash(lines[-1]).hex()
        with self.path.open("ab") as file:
            file.write(b"".join(line + b"\n" for line in lines))


def invented(days=40, start=datetime(2026, 10, 12, 7, 30, tzinfo=UTC)):
    """Yield what happened at the hospital: the same each time."""
    dice = random.Random(7)
    yield start, "it-ops", Event("site.init", Outcome.DONE)
    policy = {"policy": digest("hipaa-expert"), "input": digest("in"), "output": digest("out")}
    for day in range(days):
        moment = start + timedelta(days=day)
        if moment.isoweekday() > 5 and day != 13:
            continue
        for _ in range(dice.randint(2, 4)):
            moment += timedelta(minutes=dice.randint(7, 95), seconds=dice.randint(0, 59))
            who = dice.choice(["grace", "grace", "linus", "mary.s"])
            people = tuple(reference(dice.randint(1, 60)) for _ in range(dice.randint(3, 9)))
            yield moment, who, Event("deid", Outcome.INTENT, purpose="release", digests=policy)
            yield moment + timedelta(seconds=1), who, Event("deid.subjects", Outcome.DONE, subjects=people)
            records = dice.randint(200, 4000)
            held = dice.choice([0, 0, 0, 7])
            ended = Outcome.HELD if held else Outcome.DONE
            counts = {"records": records, "released": records - held, "held": held}
            end = moment + timedelta(minutes=4)
            event = Event("deid", ended, purpose="release", recipient="registry", counts=counts, digests=policy)
            yield end, who, event
        yield moment + timedelta(minutes=6), "it-ops", Event("audit.verify", Outcome.DONE, counts={"lines": 10 * day})
        if day % 9 == 4:
            reveal = Event(
                "vault.reveal", Outcome.REFUSED, role="operator", subjects=(reference(3),), error="AccessError"
            )
            yield moment + timedelta(minutes=9), "linus", reveal
        if day == 13:
            glass = Event("vault.reveal", Outcome.DONE, purpose="break-glass", subjects=(reference(3),))
            yield moment + timedelta(hours=14), "mary.s", glass
        if day % 11 == 8:
            yield moment + timedelta(minutes=11), REVIEWER, Event("audit.report", Outcome.DONE, counts={"listed": 90})


class Screen:
    """What stands on a screen, read from its picture."""

    def __init__(self, svg):
        self.svg = svg
        rows = {}
        for x, y, text in re.findall(
            r'<text class="[^"]*" x="([\d.]+)" y="([\d.]+)" textLength[^>]*>([^<]*)</text>', svg
        ):
            shown = html.unescape(text).replace("\N{NO-BREAK SPACE}", " ")
            rows.setdefault(float(y), []).append((round(float(x) / 12.2), shown))
        self.lines = []
        for _, parts in sorted(rows.items()):
            line = ""
            for column, text in sorted(parts):
                line = line.ljust(column) + text
            self.lines.append(line.rstrip())
        self.text = "\n".join(self.lines)
        self.words = " ".join(self.text.split())

    @property
    def title(self):
        return self.lines[0].strip()

    @property
    def cursor(self):
        """The row under the cursor, without its mark."""
        (row,) = [line for line in self.lines if line.startswith(">")]
        return row[1:].strip()

    def colours(self):
        """Colours of letters and grounds, apart from the frame of the picture."""
        return set(re.findall(r"-r\d+ \{ fill: (#[0-9a-f]{6})", self.svg)) | set(
            re.findall(r'<rect fill="(#[0-9a-f]{6})" x="[^"]*" y="[^"]*" width="[^"]*" height="[^"]*" shape', self.svg)
        )


def seen(app):
    """Return what stands on the screen of an app."""
    return Screen(app.export_screenshot())
