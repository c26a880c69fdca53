"""`onprem audit query` and `onprem audit ask` as a user meets them."""

import getpass
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

import onprem
from onprem.audit.checks import checks
from onprem.audit.events import Event, Outcome
from onprem.audit.log import AuditLog
from onprem.cli.audit_query import limits_of
from onprem.config import find_site
from onprem.policy.access import load_access
from onprem.vault.links import Links
from onprem.vault.subjects import Subjects

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(onprem.__file__).parents[1])}
NUMBER = "90210-4477"
REFERENCE = "ab" * 16


@pytest.fixture
def root(tmp_path):
    return tmp_path / "site"


@pytest.fixture
def onprem_command(root):
    def run(*arguments, typed=None):
        program = [sys.executable, "-m", "onprem", *map(str, arguments), "--site", str(root)]
        return subprocess.run(
            program, capture_output=True, text=True, env=ENVIRONMENT, timeout=60, check=False, input=typed
        )

    assert run("init").returncode == 0
    return run


@pytest.fixture
def log(onprem_command, root):
    return AuditLog(find_site(root))


def rows(done):
    assert done.returncode in (0, 1), done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def last_event(root):
    path = max((root / "audit").glob("*.jsonl"))
    return json.loads(path.read_bytes().splitlines()[-1])


def own_access(root, text):
    shipped = (Path(onprem.__file__).parents[1] / "policies" / "access.toml").read_text(encoding="utf-8")
    old, new = text
    assert old in shipped
    (root / "policies" / "access.toml").write_text(shipped.replace(old, new), encoding="utf-8")


def test_query_answers_sql_as_rows_and_leaves_an_event_without_it(onprem_command, root):
    done = onprem_command(
        "audit", "query", "SELECT seq, action AS what FROM events WHERE actor <> 'Brambleworth'", "--json"
    )
    assert rows(done) == [{"seq": 0, "what": "site.init"}]
    event = last_event(root)
    assert (event["action"], event["outcome"], event["role"]) == ("audit.query", "done", "operator")
    assert event["counts"] == {"lines": 1, "rows": 1}
    assert event["digests"] == {"access": load_access().digest}
    assert "Brambleworth" not in (root / "audit" / "000001.jsonl").read_text()


def test_query_shows_maps_and_lists_as_words_or_as_json(onprem_command, log):
    log.append(Event("deid", Outcome.DONE, subjects=(REFERENCE, "cd" * 16), counts={"files": 2, "records": 5}))
    sql = "SELECT subjects, counts FROM events WHERE action = 'deid'"
    assert rows(onprem_command("audit", "query", sql, "--json")) == [
        {"subjects": [REFERENCE, "cd" * 16], "counts": {"files": 2, "records": 5}}
    ]
    assert onprem_command("audit", "query", sql).stdout.splitlines() == [
        "subjects\tcounts",
        f"{REFERENCE} {'cd' * 16}\tfiles=2 records=5",
    ]


def test_query_from_a_file_and_from_standard_input(onprem_command, tmp_path):
    (tmp_path / "q.sql").write_text("SELECT count(*) AS n\nFROM events;\n")
    assert rows(onprem_command("audit", "query", "--file", tmp_path / "q.sql", "--json")) == [{"n": 1}]
    assert rows(onprem_command("audit", "query", "--file", "-", "--json", typed="SELECT 7 AS n")) == [{"n": 7}]
    assert onprem_command("audit", "query", "--file", tmp_path / "none").returncode == 3
    (tmp_path / "q.sql").write_bytes(b"SELECT '\xff'")
    assert onprem_command("audit", "query", "--file", tmp_path / "q.sql").returncode == 3
    assert onprem_command("audit", "query").returncode == 2
    assert onprem_command("audit", "query", "SELECT 1", "--file", "-").returncode == 2


def test_query_says_where_it_was_cut(onprem_command):
    done = onprem_command("audit", "query", "SELECT * FROM generate_series(1, 5)", "--limit", "3", "--json")
    assert len(rows(done)) == 3
    assert "more rows than 3" in done.stderr
    assert "more rows" not in onprem_command("audit", "query", "SELECT 1", "--limit", "1").stderr


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("SELEC 1", "syntax error"),
        ("SELECT nothing FROM events", "nothing"),
        ("DELETE FROM events", "not one SELECT"),
        ("SELECT * FROM '/etc/passwd'", "not a table of the log"),
        ("SELECT getenv('HOME')", "the function getenv"),
    ],
)
def test_query_that_is_refused_is_told_and_logged_as_refused(onprem_command, root, sql, told):
    done = onprem_command("audit", "query", sql)
    assert done.returncode == 2
    assert told in done.stderr
    assert "hint" in done.stderr
    assert done.stdout == ""
    event = last_event(root)
    assert (event["action"], event["outcome"], event["error"]) == ("audit.query", "refused", "UsageError")


def test_the_questions_are_listed_without_a_site():
    program = [sys.executable, "-m", "onprem", "audit", "ask", "--json"]
    environment = {key: value for key, value in ENVIRONMENT.items() if key != "ONPREM_SITE"}
    done = subprocess.run(program, capture_output=True, text=True, env=environment, timeout=60, check=False)
    assert [item["name"] for item in rows(done)] == [item.name for item in checks()]
    assert rows(done)[0]["needs"] == "subject"


def test_a_question_is_answered_and_leaves_its_name(onprem_command, root, log):
    log.append(Event("vault.reveal", Outcome.DONE, purpose="break-glass", subjects=(REFERENCE,)))
    done = onprem_command("audit", "ask", "break-glass", "--json")
    (row,) = rows(done)
    assert (row["seq"], row["action"], row["patients"], row["signed_off_by"]) == (1, "vault.reveal", 1, "")
    assert done.stderr == ""
    event = last_event(root)
    assert (event["action"], event["purpose"]) == ("audit.ask", "ask.break-glass")
    assert event["counts"] == {"lines": 2, "rows": 1}
    assert event["subjects"] == []
    spoken = onprem_command("audit", "ask", "3")
    assert spoken.stdout.startswith("seq\tutc\tactor")
    assert "Who used emergency access?" in spoken.stderr
    assert "rows: 1; about events that nobody has signed off: 1" in spoken.stderr


def test_a_question_about_a_user_and_a_span_of_time(onprem_command, root):
    (first,) = rows(onprem_command("audit", "ask", "by-user", "--actor", last_event(root)["actor"], "--json"))
    assert first["action"] == "site.init"
    begin = first["utc"][:19]
    asked = ("audit", "ask", "by-user", "--actor", first["actor"], "--json")
    assert rows(onprem_command(*asked, "--until", begin)) == []
    assert len(rows(onprem_command(*asked, "--since", begin))) == 3
    assert rows(onprem_command("audit", "ask", "by-user", "--actor", "nobody-here", "--json")) == []


def test_wrong_questions_are_usage_errors_with_a_hint(onprem_command):
    for arguments, hint in [
        (["brake-glass"], "onprem audit ask break-glass"),
        (["by-user"], "--actor"),
        (["by-user", "--actor", "Anna Lee"], "--actor"),
        (["touched-patient"], "--patient"),
        (["touched-patient", "--subject", "4477"], "--subject"),
        (["touched-patient", "--subject", REFERENCE, "--patient"], "--patient"),
        (["bulk", "--actor", "anna"], "leave it out"),
        (["bulk", "--patient"], "leave it out"),
        (["bulk", "--since", "yesterday"], "2026-01-31"),
        (["bulk", "--all"], "--all"),
        (["--all", "--actor", "anna"], "--all"),
    ]:
        done = onprem_command("audit", "ask", *arguments)
        assert done.returncode == 2, arguments
        assert hint in done.stderr.splitlines()[-1]


@pytest.fixture
def known(log, root):
    """The reference of a patient whom the vault knows by NUMBER, with an event of theirs in the log."""
    site = find_site(root)
    with Links.open(site) as links:
        (key,) = links.link([(("patient", NUMBER), ("encounter", "V-100200"))])
    with Subjects.open(site) as subjects:
        subjects.ensure([key])
        reference = subjects.reference(key)
    log.append(Event("review.open", Outcome.DONE, role="reviewer", subjects=(reference,)))
    return reference


@pytest.mark.parametrize("number", [NUMBER, "V-100200"])
def test_a_patient_is_found_by_a_number_from_standard_input(onprem_command, root, known, number):
    done = onprem_command("audit", "ask", "touched-patient", "--patient", "--json", typed=f" {number}\n")
    assert [item["action"] for item in rows(done)] == ["review.open"]
    assert last_event(root)["subjects"] == [known]
    assert (
        rows(onprem_command("audit", "ask", "touched-patient", "--subject", known, "--json"))[-1]["action"]
        == "audit.ask"
    )
    everything = done.stdout + done.stderr + (root / "audit" / "000001.jsonl").read_text()
    assert number not in everything


def test_a_number_that_nobody_knows_is_not_repeated(onprem_command, root, known):
    for typed in ("66601-0000\n", "\n", "", "9" * 500):
        done = onprem_command("audit", "ask", "touched-patient", "--patient", typed=typed)
        assert done.returncode == 2
        assert "666" not in done.stdout + done.stderr
        assert "999" not in done.stdout + done.stderr
    assert last_event(root)["outcome"] == "refused"


def test_a_site_without_patients_knows_no_number(onprem_command):
    done = onprem_command("audit", "ask", "touched-patient", "--patient", typed=f"{NUMBER}\n")
    assert done.returncode == 2
    assert "knows no patient" in done.stderr
    assert NUMBER not in done.stderr


def test_a_number_typed_at_the_terminal_is_not_shown(monkeypatch, capfd):
    from onprem.cli import audit_query

    parent, child = pty.openpty()
    monkeypatch.setattr(sys, "stdin", os.fdopen(child))
    monkeypatch.setattr(getpass, "getpass", lambda prompt: f"{NUMBER} {prompt}")
    with sys.stdin:
        assert audit_query._typed() == NUMBER
    os.close(parent)
    shown = capfd.readouterr()
    assert "not shown" in shown.err
    assert NUMBER not in shown.err + shown.out


def test_all_questions_say_by_exit_code_whether_something_is_to_be_seen_to(onprem_command, root, log):
    quiet = onprem_command("audit", "ask", "--all", "--json")
    assert quiet.returncode == 0, quiet.stdout
    told = {item["name"]: item for item in rows(quiet)}
    assert set(told) == {item.name for item in checks() if not item.parameters}
    assert {item["result"] for item in told.values()} == {"ok", "info"}
    assert last_event(root)["outcome"] == "done"

    log.append(Event("vault.reveal", Outcome.DONE, purpose="break-glass", subjects=(REFERENCE,)))
    alarm = onprem_command("audit", "ask", "--all", "--json")
    assert alarm.returncode == 1
    told = {item["name"]: item for item in rows(alarm)}
    assert (told["break-glass"]["result"], told["break-glass"]["rows"], told["break-glass"]["unsigned"]) == (
        "warning",
        1,
        1,
    )
    assert told["reveals"]["result"] == "warning"
    event = last_event(root)
    assert (event["purpose"], event["outcome"], event["counts"]["open"]) == ("ask.all", "held", 2)


def test_a_list_to_read_raises_no_alarm(onprem_command, log):
    log.append(Event("deid", Outcome.FAILED, error="InputError"))
    done = onprem_command("audit", "ask", "--all", "--json")
    assert done.returncode == 0
    failures = next(item for item in rows(done) if item["name"] == "failures")
    assert (failures["result"], failures["rows"]) == ("info", 1)


def test_the_sign_off_of_another_person_ends_the_alarm(onprem_command, log, monkeypatch):
    seq = log.append(Event("vault.reveal", Outcome.DONE, purpose="break-glass", subjects=(REFERENCE,)))
    log.append(Event("audit.signoff", Outcome.DONE, counts={"seq": seq}))
    own = onprem_command("audit", "ask", "--all", "--json")
    assert own.returncode == 1  # by the same person it counts for nothing
    assert {"break-glass", "own-sign-off"} <= {
        item["name"] for item in rows(own) if item["result"] in ("warning", "error")
    }
    monkeypatch.setattr("onprem.audit.log.actor", lambda: "carl")
    log.append(Event("audit.signoff", Outcome.DONE, counts={"from": 0, "to": 2}))
    done = onprem_command("audit", "ask", "--all", "--json")
    assert done.returncode == 0, done.stdout
    assert {item["unsigned"] for item in rows(done) if item["name"] in ("break-glass", "reveals", "own-sign-off")} == {
        0
    }


def test_only_who_may_review_the_log_may_ask(onprem_command, root):
    own_access(root, ('"compliance-officer", "operator"]', '"compliance-officer"]'))
    for arguments in (["query", "SELECT 1"], ["ask", "bulk"], ["ask", "--all"]):
        done = onprem_command("audit", *arguments)
        assert done.returncode == 11
        assert done.stdout == ""
        event = last_event(root)
        assert (event["action"], event["outcome"], event["error"]) == (
            f"audit.{arguments[0]}",
            "refused",
            "AccessError",
        )


def test_limits_come_from_access_toml(onprem_command, root, log):
    log.append(Event("deid", Outcome.DONE, purpose="dry-run", counts={"records": 50}))
    assert rows(onprem_command("audit", "ask", "bulk", "--json")) == []
    own_access(root, ("bulk_records = 10000", "bulk_records = 50"))
    assert [item["records"] for item in rows(onprem_command("audit", "ask", "bulk", "--json"))] == [50]
    limits = limits_of(load_access(root / "policies"))
    assert (limits.bulk_records, limits.opening, limits.days) == (50, "07:00", (1, 2, 3, 4, 5))


def test_a_log_that_does_not_verify_answers_nothing(onprem_command, root):
    onprem_command("audit", "verify")
    path = root / "audit" / "000001.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"action":"site.init"', b'"action":"site.sham"'))
    for arguments in (["query", "SELECT * FROM events"], ["ask", "bulk"], ["ask", "--all"]):
        done = onprem_command("audit", *arguments)
        assert done.returncode == 7
        assert done.stdout == ""
