"""No value and no passphrase leaves a month with the vault: only `reveal` shows one, and only on its standard output."""

import re
import sys
from pathlib import Path

import pytest
from canaries import search_bytes, search_tree

sys.path.insert(0, str(Path(__file__).parents[1] / "cli"))

from vault_world import ADA, THREE, VAULT, World

CANARIES = ("Ngozi Okafor", "Okafor", "Lindqvist", "40017733", "40017734", "1961-05-14", ADA, VAULT, *THREE)
CODE = re.compile(r"\[(?:NAME|RECORD_NUMBER)-[0-9A-F]{16}\]")
REVEALED = ("40017733", "40017734")
REPORTS = (
    ("audit", "verify"),
    ("audit", "list", "--json"),
    ("audit", "ask", "reveals"),
    ("audit", "query", "SELECT * FROM events"),
    ("audit", "report", "--out", "report.html"),
    *(
        ("audit", "export", "--format", form, "--out", f"events.{form}")
        for form in ("jsonl", "csv", "cef", "syslog", "fhir-r4", "fhir-r5")
    ),
    ("vault", "status", "--json"),
    ("doctor", "--json"),
)


class Watched(World):
    """A world in which everything that a command says is kept, and temporary files go to one place."""

    def __init__(self, root):
        self.said = []
        super().__init__(root)
        (root / "temp").mkdir()
        self.environment["TMPDIR"] = str(root / "temp")
        text = (self.site / "policies" / "access.toml").read_text()
        (self.site / "policies" / "access.toml").write_text(text + 'review-audit = { roles = ["privacy-officer"] }\n')

    def call(self, *arguments, **options):
        done = super().call(*arguments, **options)
        self.said.append((" ".join(map(str, arguments[:2])), done))
        return done

    def hits(self):
        """Every canary in what commands said and left, but for the records and what `reveal` printed."""
        found = [hit for folder in ("site", "temp", "made") for hit in search_tree(self.root / folder, CANARIES)]
        for name, done in self.said:
            found += search_bytes(f"{name} error", done.stderr.encode(), CANARIES)
            if name != "vault reveal":
                found += search_bytes(name, done.stdout.encode(), CANARIES)
        return found


@pytest.fixture
def world(tmp_path):
    return Watched(tmp_path)


def codes(out):
    return "".join(f"{code}\n" for code in CODE.findall(out["notes.jsonl"]))


def test_only_reveal_shows_a_value(world):
    made = world.root / "made"
    made.mkdir()
    world.call("vault", "init", "--passphrase", lines=[VAULT], check=0)
    world.enrol([VAULT])
    out = world.release("made/first", lines=[VAULT])
    shown = world.call(
        "vault", "reveal", "--reason", "safety", "--second", "ada", lines=[VAULT, ADA], stdin=codes(out), check=0
    )
    assert all(value in shown.stdout for value in REVEALED)  # the control
    world.call("vault", "split", lines=[VAULT, *THREE], check=0)
    world.call("vault", "rotate", "--new-epoch", "--yes", lines=[*THREE[:2], *THREE], check=0)
    world.release("made/second", lines=THREE[:2])
    shred = ["vault", "shred", "--second", "ada", "--yes"]
    world.call(*shred, lines=[*THREE[1:], ADA], stdin="40017733\n", check=0)
    for *report, last in REPORTS:
        world.call(*report, made / last if "." in last else last)
    assert {done.returncode for name, done in world.said if name.startswith("audit")} == {0}
    assert world.hits() == []


@pytest.mark.parametrize(
    ("arguments", "lines", "stdin"),
    [
        (("vault", "reveal", "--reason", "safety", "--second", "ada"), (VAULT, ADA), "Ngozi Okafor\n40017733\n"),
        (("vault", "reveal", "--reason", "safety", "--second", "ada"), (VAULT, VAULT), "40017733\n"),
        (("vault", "reveal", "--reason", "safety", "--second", "ada"), (ADA, ADA), "40017733\n"),
        (("vault", "shred", "--second", "ada", "--yes"), (VAULT, ADA), "Lindqvist\n"),
        (("vault", "shred", "--second", "ada", "--yes"), (VAULT, THREE[0]), "40017733\n"),
        (("vault", "rotate"), (THREE[0], THREE[1], THREE[2]), ""),
        (("vault", "enrol", "ada"), (VAULT, ADA), ""),
    ],
    ids=["codes", "second", "vault", "unknown patient", "second of shred", "two of three", "enrolled"],
)
def test_a_failure_names_neither_a_value_nor_a_passphrase(world, arguments, lines, stdin):
    world.call("vault", "init", "--passphrase", lines=[VAULT], check=0)
    world.enrol([VAULT])
    done = world.call(*arguments, lines=lines, stdin=stdin)
    assert done.returncode != 0
    assert world.hits() == []
    assert search_bytes("out", done.stdout.encode(), CANARIES) == []
