"""`onprem audit export` and `report` as a user meets them: under the walls, in a process of their own."""

import csv
import io
import json
import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

import onprem
from onprem.audit.events import Event, Outcome
from onprem.audit.log import AuditLog
from onprem.cli.audit_export import new_file
from onprem.config import Settings, Site
from onprem.errors import OutputError

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(onprem.__file__).parents[1])}
FORMS = ("fhir-r4", "fhir-r5", "cef", "syslog", "csv", "jsonl")
CANARY = "zz-canary-brambleworth"
NOBODY = '[roles]\ncompliance-officer = ["nobody-here"]\n[actions]\nreview-audit = { roles = ["compliance-officer"] }\n'


class World:
    """A site, and `onprem` run on it."""

    def __init__(self, root):
        self.root, self.site = root, root / "site"
        assert self.run("init").returncode == 0

    def run(self, *arguments, **more):
        program = [sys.executable, "-m", "onprem", *map(str, arguments), "--site", str(self.site)]
        return subprocess.run(
            program, capture_output=True, env=ENVIRONMENT, timeout=60, check=False, cwd=self.root, **more
        )

    def export(self, form, out, *more, code=0):
        done = self.run("audit", "export", "--format", form, "--out", out, *more)
        assert done.returncode == code, done.stderr.decode()
        return done

    def report(self, out, *more, code=0):
        done = self.run("audit", "report", "--out", out, *more)
        assert done.returncode == code, done.stderr.decode()
        return done

    def events(self, action=""):
        lines = b"".join(path.read_bytes() for path in sorted((self.site / "audit").glob("*.jsonl"))).splitlines()
        return [event for event in map(json.loads, lines) if event["action"].startswith(action)]

    def append(self, *events):
        AuditLog(Site(self.site, Settings())).append_group(events)

    def rewrite(self):
        path = self.site / "audit" / "000001.jsonl"
        path.write_bytes(path.read_bytes().replace(b'"action":"site.init"', b'"action":"site.sham"'))


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


# export


def test_an_export_stands_in_the_log_before_and_after_with_its_recipient_and_its_digest(world):
    world.append(*[Event("deid", Outcome.DONE, purpose="release", counts={"records": 3})] * 4)
    done = world.export("csv", world.root / "out.csv", "--to", "siem", "--action", "deid")
    assert b"4 of 6 events exported" in done.stderr
    assert done.stdout == b""
    content = (world.root / "out.csv").read_bytes()
    begun, ended = world.events("audit.export")
    assert (begun["outcome"], ended["outcome"]) == ("intent", "done")
    for event in (begun, ended):
        assert (event["purpose"], event["recipient"], event["role"]) == ("csv", "siem", "operator")
        assert set(event["digests"]) >= {"access"}
    assert ended["counts"] == {"events": 4, "filters": 1, "lines": 6, "written": 4}
    assert ended["digests"]["output"] == sha256(content).hexdigest()
    assert (world.root / "out.csv").stat().st_mode & 0o777 == 0o600
    assert world.run("audit", "verify").returncode == 0


@pytest.mark.parametrize("form", FORMS)
def test_standard_output_gets_what_a_file_gets_apart_from_the_exports_themselves(world, form):
    world.append(Event("review.open", Outcome.DONE, subjects=("ab" * 16, "cd" * 16)))
    world.export(form, world.root / "out", "--action", "review")
    piped = world.export(form, "-", "--action", "review")
    assert piped.stdout == (world.root / "out").read_bytes()
    assert piped.stdout


def test_filters_and_json(world):
    world.append(Event("deid", Outcome.DONE), Event("deid.subjects", Outcome.DONE), Event("verify.run", Outcome.DONE))
    done = world.export("jsonl", world.root / "out", "--action", "deid", "--since", "2020-01-01", "--json")
    told = json.loads(done.stdout)
    lines = (world.root / "out").read_bytes().splitlines()
    assert [json.loads(line)["action"] for line in lines] == ["deid", "deid.subjects"]
    assert (told["events"], told["lines"], told["format"]) == (2, 2, "jsonl")
    assert told["sha256"] == sha256((world.root / "out").read_bytes()).hexdigest()
    assert len(told["root"]) == 64
    world.export("csv", world.root / "none", "--actor", "nobody-here")
    assert len(list(csv.reader(io.StringIO((world.root / "none").read_text())))) == 1  # the header
    assert world.export("jsonl", "-", "--until", "2020-01-01").stdout == b""


@pytest.mark.parametrize("form", FORMS)
def test_of_a_log_that_does_not_verify_nothing_comes_out(world, form):
    world.append(Event("deid", Outcome.DONE))
    world.rewrite()
    before = sorted(world.root.iterdir())
    assert b"does not verify" in world.export(form, world.root / "out", code=7).stderr
    assert world.export(form, "-", code=7).stdout == b""
    assert sorted(world.root.iterdir()) == before
    assert list((world.site / "tmp").iterdir()) == []
    assert [event["outcome"] for event in world.events("audit.export")] == ["intent", "failed"] * 2


def test_a_file_is_never_overwritten_nor_put_into_the_site(world):
    kept = world.root / "kept"
    kept.write_text("mine")
    assert b"exists already" in world.export("csv", kept, code=4).stderr
    assert kept.read_text() == "mine"
    (world.root / "dangling").symlink_to(world.root / "nowhere")
    world.export("csv", world.root / "dangling", code=4)
    (world.root / "link").symlink_to(world.site / "work")
    for inside in (world.site / "x.csv", world.site / "work" / "x.csv", world.root / "link" / "x.csv"):
        assert b"does not belong into the site" in world.export("csv", inside, code=4).stderr
    assert b"mkdir" in world.export("csv", world.root / "none" / "x.csv", code=4).stderr
    world.report(kept, code=4)
    world.report(world.site / "work" / "r.html", code=4)
    assert not list(world.site.glob("**/*.csv"))
    assert world.events("audit.export") == []


def test_who_may_not_review_the_log_may_not_export_it(world):
    (world.site / "policies" / "access.toml").write_text(NOBODY)
    for form in FORMS:
        done = world.export(form, world.root / "out", code=11)
        assert b"review-audit is not permitted to you" in done.stderr
    assert world.export("csv", "-", code=11).stdout == b""
    world.report(world.root / "r.html", code=11)
    assert not (world.root / "out").exists()
    assert not (world.root / "r.html").exists()
    assert {event["outcome"] for event in world.events("audit.export")} == {"refused"}
    assert [event["error"] for event in world.events("audit.report")] == ["AccessError"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--format", "xml", "--out", "x"), "fhir-r4, fhir-r5"),
        (("--format", "csv", "--out", "x", "--to", CANARY.upper()), "--to is no code"),
        (("--format", "csv", "--out", "x", "--since", "last week"), "not a UTC time"),
        (("--format", "csv", "--out", "x", "--since", "2026-01-01' OR '1'='1"), "not a UTC time"),
        (("--format", "csv", "--out", "-", "--json"), "standard output holds the events"),
    ],
)
def test_what_cannot_be_asked_for_is_told_and_writes_nothing(world, more, words):
    done = world.run("audit", "export", *more)
    assert done.returncode == 2
    assert words in done.stderr.decode()
    assert CANARY not in done.stderr.decode()
    assert done.stdout == b""
    assert not (world.root / "x").exists()


def test_a_pipe_that_is_closed_is_told_in_the_log(world):
    world.append(*[Event("deid", Outcome.DONE, counts={"records": 3})] * 900)
    program = [
        sys.executable,
        "-m",
        "onprem",
        "audit",
        "export",
        "--format",
        "fhir-r4",
        "--out",
        "-",
        "--site",
        world.site,
    ]
    with subprocess.Popen(
        program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT, cwd=world.root
    ) as job:
        job.stdout.read(10)
        job.stdout.close()
        assert job.wait(timeout=60) == 141
        assert job.stderr.read() == b""
    assert [event["outcome"] for event in world.events("audit.export")] == ["intent", "failed"]
    assert world.events("audit.export")[-1]["error"] == "BrokenPipeError"


def test_a_file_that_comes_to_stand_there_meanwhile_is_kept(tmp_path):
    path = tmp_path / "out"
    with pytest.raises(OutputError, match="exists already"), new_file(path) as file:
        file.write(b"ours")
        path.write_text("theirs")
    assert path.read_text() == "theirs"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_system_without_hard_links_serves_too(tmp_path, monkeypatch):
    def refused(*_):
        raise PermissionError("operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refused)
    with new_file(tmp_path / "out") as file:
        file.write(b"ours")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("out", b"ours")]
    with pytest.raises(OutputError, match="exists already"), new_file(tmp_path / "out") as file:
        file.write(b"others")
    assert (tmp_path / "out").read_bytes() == b"ours"


def test_a_block_that_fails_leaves_no_file(tmp_path):
    with pytest.raises(RuntimeError), new_file(tmp_path / "out") as file:
        file.write(b"half")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


# report


def test_a_report_stands_in_the_log_and_holds_what_the_log_does(world):
    world.append(
        Event("vault.reveal", Outcome.DONE, purpose="break-glass", subjects=("ab" * 16,)),
        Event("deid", Outcome.FAILED, error="InputError"),
    )
    assert world.run("audit", "checkpoint", "--out", world.root / "point").returncode == 0
    done = world.report(world.root / "r.html", "--against", world.root / "point", "--json")
    told = json.loads(done.stdout)
    (event,) = world.events("audit.report")
    assert (event["outcome"], event["role"]) == ("done", "operator")
    assert event["counts"] == {"findings": 0, "lines": 4, "open": told["open"]}
    html = (world.root / "r.html").read_text()
    assert event["digests"]["checkpoint"] in html
    assert "also against a checkpoint" in html
    assert "break-glass" in html
    assert (world.root / "r.html").stat().st_mode & 0o777 == 0o600
    for banned in ("<script", "<link", "<img", "http://", "https://", "src=", "href=", "@import"):
        assert banned not in html


def test_without_a_checkpoint_the_report_says_what_that_is_worth(world):
    world.report(world.root / "r.html")
    assert "against itself alone" in (world.root / "r.html").read_text()
    assert world.run("audit", "report", "--out", world.root / "s", "--cosigners", world.root / "r.html").returncode == 2


def test_of_a_log_that_does_not_verify_the_report_says_so_and_shows_no_event(world):
    world.append(Event("vault.reveal", Outcome.DONE, purpose="break-glass"))
    world.rewrite()
    assert b"does not verify" in world.report(world.root / "r.html", code=7).stderr
    html = (world.root / "r.html").read_text()
    assert "does not verify" in html
    assert "rewrite" in html
    assert "vault.reveal" not in html
    assert world.events("audit.report")[-1]["outcome"] == "failed"


def test_another_history_than_that_of_the_checkpoint_is_told(world):
    world.append(Event("deid", Outcome.DONE))
    assert world.run("audit", "checkpoint", "--out", world.root / "point").returncode == 0
    segment = world.site / "audit" / "000001.jsonl"
    segment.write_bytes(segment.read_bytes().splitlines(keepends=True)[0])
    world.report(world.root / "r.html", "--against", world.root / "point", code=7)
    assert "truncation" in (world.root / "r.html").read_text()


def test_no_text_of_the_site_gets_into_an_export_or_a_report(world):
    named = world.root / f"{CANARY}-checkpoint"
    settings = world.site / "onprem.toml"
    settings.write_text(f'name = "{CANARY}"\n')
    world.append(Event("deid", Outcome.DONE, purpose="release", recipient="registry"))
    access = '[roles]\ncompliance-officer = ["*"]\n[actions]\nreview-audit = { roles = ["compliance-officer"] }\n'
    access += f'sign-off = {{ roles = ["compliance-officer"] }}\n# {CANARY}\n'
    (world.site / "policies" / "access.toml").write_text(access)
    comment = {"input": CANARY.encode()}
    world.run("audit", "signoff", "--seq", "0", "--comment-stdin", **comment)
    world.run("audit", "export", "--format", "csv", "--out", "x", "--to", CANARY.upper())  # refused
    assert world.run("audit", "checkpoint", "--out", named).returncode == 0
    world.report(world.root / f"{CANARY}.html", "--against", named)
    found = [(world.root / f"{CANARY}.html").read_bytes()]
    for form in FORMS:
        world.export(form, world.root / f"{CANARY}.{form}")
        found.append((world.root / f"{CANARY}.{form}").read_bytes())
    for content in (*found, *(path.read_bytes() for path in (world.site / "audit").iterdir())):
        assert CANARY.encode() not in content.lower()
        assert b"brambleworth" not in content.lower()
        assert str(world.root).encode() not in content
    assert CANARY in settings.read_text()  # the search would have found it
