"""`onprem vault` as sessions: passphrases at the terminal, two persons, revealing after the event, shredding, epochs."""

import json
import re
import shutil

import pytest
from vault_world import ADA, NOTES, THREE, VAULT, World

from onprem.audit.log import actor
from onprem.vault import custody
from onprem.vault.wrapping import parse

MRN_CODE = re.compile(r"MRN (\[RECORD_NUMBER-[0-9A-F]{16}\])")
SEEN = re.compile(r"seen on (\d\d/\d\d/\d{4})")


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


@pytest.fixture(scope="module")
def _released(tmp_path_factory):
    """A key-file site that has released once, with a second person; made once and copied."""
    made = World(tmp_path_factory.mktemp("released"))
    made.enrol()
    return made, made.release()


@pytest.fixture
def released(_released, tmp_path, monkeypatch):
    """Return a copy of that site, and what it released."""
    made, out = _released
    copy = World.__new__(World)
    copy.__dict__.update(made.__dict__)
    copy.root, copy.site, copy.records = tmp_path, tmp_path / "site", tmp_path / "records"
    shutil.copytree(made.site, copy.site)
    shutil.copytree(made.records, copy.records)
    copy.environment = {**made.environment, "ONPREM_SITE": str(copy.site)}
    return copy, out


def codes_of(out):
    return MRN_CODE.findall(out["notes.jsonl"])


def keys(world):
    return sorted(path.name for path in (world.site / "keys").iterdir())


# how it is held


def test_a_passphrase_is_typed_twice_and_shown_nowhere(world):
    typing = [("new passphrase of the vault: ", VAULT), ("once more: ", VAULT)]
    done = world.type("vault", "init", "--passphrase", typing=typing, check=0)
    assert VAULT not in done.screen + done.out
    assert "destroy them" in done.screen
    assert keys(world) == ["audit.key", "root.sealed"]
    sealed = parse((world.site / "keys" / "root.sealed").read_bytes())
    assert (sealed.cost.memory_kib, sealed.cost.passes, sealed.cost.lanes) == (65_536, 3, 4)
    intent, event = world.events("vault.init")
    assert (intent["outcome"], event["outcome"], event["role"]) == ("intent", "done", "privacy-officer")
    assert len(event["digests"]["access"]) == 64


def test_the_echo_comes_back_and_a_confirmation_is_seen(world):
    typing = [("Type yes: ", "no thanks")]
    done = world.type("vault", "rotate", "--new-epoch", typing=typing, check=2)
    assert "no thanks" in done.screen  # echoed, unlike a passphrase
    assert world.events("vault.rotate") == []


@pytest.mark.parametrize(
    ("typing", "words"),
    [
        ([("new passphrase", VAULT), ("once more", VAULT + "x")], "not the same"),
        ([("new passphrase", "too short")], "12 characters"),
        ([("new passphrase", "")], "12 characters"),
    ],
)
def test_a_passphrase_that_will_not_do_changes_nothing(world, typing, words):
    before = (world.site / "keys" / "master.key").read_bytes()
    done = world.type("vault", "init", "--passphrase", typing=typing, check=2)
    assert words in done.screen
    assert VAULT not in done.screen
    assert (world.site / "keys" / "master.key").read_bytes() == before
    assert world.events("vault.init")[-1]["outcome"] == "refused"


def test_without_a_terminal_and_without_a_descriptor_nothing_is_asked(world):
    done = world.call("vault", "init", "--passphrase", check=2)
    assert "--passphrase-fd" in done.stderr
    assert keys(world) == ["audit.key", "master.key"]


@pytest.mark.parametrize("descriptor", ["0", "2", "250", "-1"])
def test_an_unfit_descriptor_is_refused(world, descriptor):
    done = world.call("--passphrase-fd", descriptor, "vault", "status", check=2)
    assert "--passphrase-fd" in done.stderr


def test_who_may_change_it_is_said_by_access_toml(world):
    (world.site / "policies" / "access.toml").unlink()
    for command in (("init",), ("split",), ("rotate",), ("enrol",)):
        done = world.call("vault", *command, lines=[VAULT] * 4, check=11)
        assert "not permitted" in done.stderr
        assert world.events(f"vault.{command[0]}")[-1]["error"] == "AccessError"
    assert keys(world) == ["audit.key", "master.key"]


def test_three_tries_at_a_terminal_each_of_them_an_event(world):
    world.call("vault", "init", "--passphrase", lines=[VAULT], check=0)
    prompt = "passphrase of the vault: "
    typing = [(prompt, "not this one"), (prompt, "nor that one"), (prompt, VAULT)]
    done = world.type("vault", "enrol", "ada", typing=[*typing, ("new", ADA), ("once more", ADA)], check=0)
    assert done.screen.count("try again") == 2
    assert [event["outcome"] for event in world.events("vault.unlock")] == ["refused", "refused", "done"]
    wrong = world.type("vault", "rotate", typing=[(prompt, "wrong")] * 3, check=5)
    assert "does not open the vault" in wrong.screen
    assert not any(word in done.screen + wrong.screen for word in (VAULT, ADA, "not this one", "wrong\r"))
    assert world.events("vault.rotate")[-1]["outcome"] == "failed"


def test_any_two_of_three_open_it_and_one_does_not(world):
    world.call("vault", "init", "--two-of-three", lines=THREE, check=0)
    for pair in (THREE[:2], THREE[1:], (THREE[2], THREE[0])):
        world.call("vault", "enrol", "ada", "--replace", lines=[*pair, ADA], check=0)
    for pair in ((THREE[0], THREE[0]), (THREE[0], "somebody else's"), THREE[:1]):
        assert world.call("vault", "enrol", "ada", "--replace", lines=[*pair, ADA][: len(pair) + 1]).returncode != 0
        assert world.events("vault.enrol")[-1]["outcome"] != "done"
    status = json.loads(world.call("vault", "status", "--json", check=0).stdout)
    assert (status["held_by"], status["officers"]) == ("two-of-three", 1)


def test_split_asks_for_what_holds_it_now_and_for_three_new_ones(world):
    world.call("vault", "init", "--passphrase", lines=[VAULT], check=0)
    typing = [("passphrase of the vault", VAULT)]
    for which, words in zip(("first", "second", "third"), THREE, strict=True):
        typing += [(f"new passphrase of the {which} holder", words), ("once more", words)]
    done = world.type("vault", "split", typing=typing, check=0)
    assert not any(words in done.screen for words in (VAULT, *THREE))
    world.call("vault", "rotate", lines=[VAULT], check=2)
    world.call("vault", "rotate", lines=[*THREE[:2], *THREE], check=0)


def test_two_holders_may_not_share_a_passphrase(world):
    done = world.call("vault", "init", "--two-of-three", lines=[THREE[0], THREE[1], THREE[0]], check=2)
    assert "the same" in done.stderr
    assert keys(world) == ["audit.key", "master.key"]


def test_init_is_for_a_plain_key_file_and_finishes_what_was_cut_short(world):
    plain = (world.site / "keys" / "master.key").read_bytes()
    world.call("vault", "init", lines=[], check=0)
    assert keys(world) == ["audit.key", "root-000001.key", "root.sealed"]
    done = world.call("vault", "init", "--passphrase", lines=[VAULT], check=2)
    assert "already" in done.stderr
    (world.site / "keys" / "master.key").write_bytes(plain)  # as a kill before the last step leaves it
    (world.site / "keys" / "master.key").chmod(0o600)
    assert "cut short" in world.call("vault", "status", check=0).stderr
    assert "cut short" in world.call("doctor", "--site", world.site).stdout
    assert "finished" in world.call("vault", "init", check=0).stderr
    assert keys(world) == ["audit.key", "root-000001.key", "root.sealed"]


def test_status_asks_for_nothing_and_holds_no_secret(released):
    world, _ = released
    root = (world.site / "keys" / "master.key").read_bytes()
    world.call("vault", "init", "--passphrase", lines=[VAULT], check=0)
    done = world.call("vault", "status", "--json", check=0)
    status = json.loads(done.stdout)
    assert status == {
        "held_by": "passphrase", "plain_key_file": False, "wrapping": 1, "epoch": 0,
        "argon2id": "65536 KiB, 3 passes, 4 lanes", "patients": 2, "reversible_codes": 10,
        "patients_with_codes": 2, "officers": 1,
    }  # fmt: skip
    assert root.hex() not in done.stdout + done.stderr
    assert world.events("vault.status")[-1]["counts"]["patients"] == 2


def test_a_command_that_needs_the_key_asks_for_it_at_the_terminal(released):
    world, out = released
    world.call("vault", "init", "--passphrase", lines=[VAULT], check=0)
    arguments = ["deid", world.records, "--out", world.root / "again", "--policy", "ours"]
    refused = world.call(*arguments, check=2)
    assert "--passphrase-fd" in refused.stderr
    assert not (world.root / "again").exists()
    done = world.type(*arguments, typing=[("passphrase of the vault: ", VAULT)], check=0)
    assert VAULT not in done.screen + done.out
    assert {path.name: path.read_text() for path in (world.root / "again").iterdir()} == out


# revealing


def reveal(world, *codes, second="ada", lines=(ADA,), more=(), reason="treatment", check=None):
    arguments = ["vault", "reveal", "--reason", reason, *(["--second", second] if second else []), *more]
    return world.call(*arguments, lines=lines, stdin="".join(f"{code}\n" for code in codes), check=check)


def test_a_code_is_revealed_by_two_persons_and_the_log_says_so(released):
    world, out = released
    code, other = codes_of(out)
    done = reveal(world, code, other, more=["--json"], check=0)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(row["code"], row["label"], row["value"]) for row in rows] == [
        (code, "RECORD_NUMBER", ["40017733"]),
        (other, "RECORD_NUMBER", ["40017734"]),
    ]
    assert rows[0]["patient"][:1] == ["P0001"]
    assert "40017733" not in done.stderr
    intent, event = world.events("vault.reveal")
    assert (intent["outcome"], event["outcome"]) == ("intent", "done")
    for written in (intent, event):
        assert written["purpose"] == "treatment"
        assert (written["actor"], written["second"], written["role"]) == (actor(), "ada", "privacy-officer")
        assert written["counts"] == {"codes": 2, "found": 2, "patients": 2}
        assert len(written["subjects"]) == 2 and set(written["digests"]) == {"access"}
    assert "4001773" not in json.dumps(world.events())
    world.call("audit", "verify", check=0)


def test_nothing_is_shown_where_the_event_cannot_be_written(released):
    world, out = released
    shown = reveal(world, *codes_of(out), check=0)
    assert "40017733" in shown.stdout  # the control
    (world.site / "audit").rename(world.root / "audit elsewhere")
    done = reveal(world, *codes_of(out), check=7)
    assert done.stdout == ""
    assert "4001773" not in done.stderr


def test_codes_are_piped_in_while_the_second_person_types(released):
    world, out = released
    program = ["vault", "reveal", "--reason", "safety", "--second", "ada"]
    done = world.type(*program, typing=[("passphrase of ada: ", ADA)], stdin=codes_of(out)[0] + "\n", check=0)
    assert "40017733" in done.out and ADA not in done.screen
    assert [event["outcome"] for event in world.events("vault.reveal")] == ["intent", "done"]


def test_codes_can_be_typed_at_the_terminal(released):
    world, out = released
    typing = [("codes, one a line", codes_of(out)[0]), ("next: ", ""), ("login of the second person: ", "ada")]
    done = world.type("vault", "reveal", "--reason", "quality", typing=[*typing, ("passphrase of ada: ", ADA)], check=0)
    assert "40017733" in done.out


@pytest.mark.parametrize(
    ("second", "lines", "words"),
    [
        ("ada", ["wrong words here"], "not the passphrase of ada"),
        ("bo", [ADA], "not permitted"),
        ("self", [ADA], "takes two people"),
        ("", ["ada", "wrong words here"], "not the passphrase of ada"),
    ],
)
def test_without_the_second_person_nothing_is_shown(released, second, lines, words):
    world, out = released
    done = reveal(world, *codes_of(out), second=actor() if second == "self" else second, lines=lines, check=11)
    assert words in done.stderr
    assert done.stdout == ""
    (event,) = world.events("vault.reveal")
    assert (event["outcome"], event["error"]) == ("refused", "AccessError")


def test_a_second_person_who_never_enrolled_is_no_second_person(world):
    world.release()
    done = reveal(world, "[SSN-0011223344556677]", check=11)
    assert "onprem vault enrol ada" in done.stderr


def test_break_glass_asks_nobody_and_is_recorded_as_such(released):
    world, out = released
    (world.site / "policies" / "access.toml").unlink()  # the shipped one permits it to nobody
    reveal(world, *codes_of(out), check=11)
    done = reveal(world, codes_of(out)[0], second="", lines=(), reason="break-glass", check=0)
    assert "40017733" in done.stdout
    intent, event = world.events("vault.reveal")[-2:]
    assert {intent["purpose"], event["purpose"]} == {"break-glass"}
    assert (event["role"], event.get("second", "")) == ("operator", "")


def test_an_unknown_code_is_counted_and_not_told(released):
    world, out = released
    done = reveal(world, codes_of(out)[0], "[SSN-0011223344556677]", check=1)
    assert "1 of 2 codes are not known" in done.stderr
    assert "0011223344556677" not in done.stdout + done.stderr


@pytest.mark.parametrize("stdin", ["", "\n\n", "40017733\n", "seen by [NAME-0011223344556677]\n", "x" * 200_000])
def test_what_is_no_code_is_refused_without_quoting_it(released, stdin):
    world, _ = released
    done = world.call("vault", "reveal", "--reason", "legal", "--second", "ada", lines=[ADA], stdin=stdin, check=2)
    assert not stdin.strip() or stdin.strip()[:8] not in done.stderr
    assert done.stdout == ""


def test_codes_are_no_arguments_and_a_reason_is_one_of_the_list(released):
    world, out = released
    code = codes_of(out)[0]
    assert world.call("vault", "reveal", "--reason", "treatment", code).returncode == 2
    assert world.call("vault", "reveal", stdin=code).returncode == 2
    done = world.call("vault", "reveal", "--reason", "curiosity", stdin=code, check=2)
    assert "research-contact" in done.stderr


def test_a_site_may_do_without_a_second_person(tmp_path):
    world = World(tmp_path, second=False)
    out = world.release()
    done = reveal(world, codes_of(out)[0], second="", lines=(), check=0)
    assert "40017733" in done.stdout


def test_present_passphrase_is_asked_for_before_a_new_one_is_set(world):
    world.enrol()
    refused = world.call("vault", "enrol", "ada", lines=["not ada's words", "nine green lanterns"], check=11)
    assert "--replace" in refused.stderr
    world.call("vault", "enrol", "ada", lines=[ADA, "nine green lanterns"], check=0)
    world.call("vault", "enrol", "ada", "--replace", lines=["forty blue ladders"], check=0)
    counts = [event["counts"] for event in world.events("vault.enrol") if event["outcome"] == "done"]
    assert counts == [{"new": 1, "replaced": 0}, {"new": 0, "replaced": 0}, {"new": 0, "replaced": 1}]
    assert {event["second"] for event in world.events("vault.enrol") if event["outcome"] == "done"} == {"ada"}


@pytest.mark.parametrize("login", ["Ada", "a b", "../x", "uid:", "-x y"])
def test_what_is_no_login_is_refused(world, login):
    assert world.call("vault", "enrol", "--", login, lines=[ADA]).returncode == 2


# wrapping anew


def test_a_new_wrapping_leaves_codes_shifts_and_links(released):
    world, out = released
    world.call("vault", "rotate", check=0)
    assert keys(world) == ["audit.key", "root-000001.key", "root.sealed"]
    assert world.release("again") == out
    assert "40017733" in reveal(world, codes_of(out)[0], check=0).stdout
    world.call("vault", "rotate", check=0)
    assert keys(world) == ["audit.key", "root-000002.key", "root.sealed"]


def test_a_new_epoch_gives_other_codes_and_shifts_and_old_codes_stay_revealable(released):
    world, out = released
    assert "--yes" in world.call("vault", "rotate", "--new-epoch", check=2).stderr
    world.call("vault", "rotate", "--new-epoch", "--yes", check=0)
    later = world.release("later", jobs=2)
    assert not set(codes_of(out)) & set(codes_of(later))
    assert SEEN.findall(out["notes.jsonl"]) != SEEN.findall(later["notes.jsonl"])
    assert world.release("once more") == later
    for code in (codes_of(out)[0], codes_of(later)[0]):
        assert "40017733" in reveal(world, code, check=0).stdout
    assert world.events("vault.rotate")[-1]["counts"] == {"wrapping": 1, "epoch": 1}


# shredding


def shred(world, *arguments, stdin="P0001\n", lines=("ada", ADA), check=None):
    return world.call("vault", "shred", *arguments, "--yes", lines=lines, stdin=stdin, check=check)


def test_a_shredded_patient_has_other_codes_and_shifts_and_nobody_is_told_the_old(released):
    world, out = released
    code, other = codes_of(out)
    done = shred(world, "--json", check=0)
    counts = json.loads(done.stdout)
    assert {key: counts[key] for key in ("secrets", "codes", "runs")} == {"secrets": 1, "codes": 5, "runs": 0}
    gone = reveal(world, code, check=1)
    assert gone.stdout.splitlines() in ([], ["code\tlabel\tvalue\tpatient"])
    assert "40017734" in reveal(world, other, check=0).stdout
    later = world.release("later")
    new_code, same_code = codes_of(later)
    assert same_code == other and new_code != code
    assert SEEN.findall(out["notes.jsonl"])[1] == SEEN.findall(later["notes.jsonl"])[1]
    assert not set(re.findall(r"[0-9A-F]{16}", out["patients.csv"].splitlines()[1])) & set(
        re.findall(r"[0-9A-F]{16}", later["patients.csv"])
    )
    assert "40017733" in reveal(world, new_code, check=0).stdout
    reveal(world, code, check=1)
    intent, event = world.events("vault.shred")
    assert (intent["outcome"], event["outcome"], intent["subjects"]) == ("intent", "done", event["subjects"])
    assert event["second"] == "ada" and len(event["subjects"]) == 1


def test_a_code_in_the_name_of_a_file_is_forgotten_with_the_patient(released):
    world, _ = released
    for number, mrn in (("Okafor_Ngozi", "40017733"), ("scan", "40017734"), ("visit 2024-05-17", "")):
        (world.records / f"{number}-{mrn}.txt").write_text("BP 120/80, HR 72.")
    before = set(world.release("before"))
    assert sum(name.startswith("named-") for name in before) == 3
    assert set(world.release("again")) == before
    shred(world, check=0)
    after = set(world.release("after"))
    assert sum(name.startswith("named-") for name in after) == 3
    assert len(before - after) == len(after - before) == 1


def test_a_patient_is_named_by_the_reference_of_the_log(released):
    world, out = released
    reveal(world, codes_of(out)[0], check=0)
    (reference,) = world.events("vault.reveal")[-1]["subjects"]
    shred(world, reference, stdin="", check=0)
    reveal(world, codes_of(out)[0], check=1)
    assert shred(world, reference, stdin="", check=3).stdout == ""


@pytest.mark.parametrize("argument", ["P0001", "40017733", "0" * 31, "Z" * 32])
def test_a_number_is_no_argument(released, argument):
    world, _ = released
    done = shred(world, argument, check=2)
    assert "never an argument" in done.stderr
    assert world.events("vault.shred") == []


def test_an_unknown_number_is_not_quoted(released):
    world, _ = released
    done = shred(world, stdin="QX-99133775\n", check=3)
    assert "99133775" not in done.stdout + done.stderr
    assert world.events("vault.shred")[-1]["outcome"] == "failed"


def test_a_shredding_is_confirmed_at_the_terminal(released):
    world, out = released
    typing = [("number of the patient: ", "P0001"), ("login of the second", "ada"), ("passphrase of ada", ADA)]
    world.type("vault", "shred", typing=[*typing, ("Type yes: ", "no")], check=2)
    assert "40017733" in reveal(world, codes_of(out)[0], check=0).stdout
    world.type("vault", "shred", typing=[*typing, ("Type yes: ", "yes")], check=0)
    reveal(world, codes_of(out)[0], check=1)


def test_a_shredding_whose_event_cannot_be_written_does_nothing(released):
    world, out = released
    (world.site / "audit").rename(world.root / "audit elsewhere")
    shred(world, check=7)
    (world.root / "audit elsewhere").rename(world.site / "audit")
    assert "40017733" in reveal(world, codes_of(out)[0], check=0).stdout


def test_a_shredding_takes_stopped_runs_along_and_waits_for_running_ones(released):
    world, _ = released
    (world.site / "work" / "0123456789abcdef").mkdir()
    with custody.at_work(find(world)):
        done = shred(world, check=9)
        assert "a run is going on" in done.stderr
    assert "1 runs" in shred(world, check=0).stderr
    assert not (world.site / "work" / "0123456789abcdef").exists()


def find(world):
    from onprem.config import find_site

    return find_site(world.site)


# a policy that leads back


def test_a_policy_that_is_not_reversible_keeps_nothing(world):
    text = (world.site / "policies" / "ours.toml").read_text()
    (world.site / "policies" / "ours.toml").write_text(text.replace("reversible = true", "reversible = false"))
    out = world.release()
    assert codes_of(out)
    status = json.loads(world.call("vault", "status", "--json", check=0).stdout)
    assert (status["patients"], status["reversible_codes"], status["patients_with_codes"]) == (2, 0, 0)


@pytest.mark.parametrize("claim", ["gdpr-anonymise", "pipl-anonymise"])
def test_what_claims_to_be_anonymous_cannot_be_reversible(world, claim):
    content = world.call("policy", "show", "gdpr-anonymise", "--toml", check=0).stdout
    content = re.sub(r'claims = "[a-z-]+"', f'claims = "{claim}"\nreversible = true', content)
    content = content.replace('name = "gdpr-anonymise"', 'name = "back"')
    (world.site / "policies" / "back.toml").write_text(content)
    for arguments in (
        ("policy", "check", "back"),
        ("deid", world.records, "--out", world.root / "o", "--policy", "back"),
    ):
        done = world.call(*arguments, check=6)
        assert "reversible" in done.stderr


def test_the_sealed_root_on_disk_holds_no_word_of_a_note(released):
    world, _ = released
    everything = b"".join(path.read_bytes() for path in world.site.rglob("*") if path.is_file())
    for _, patient, text in NOTES:
        for word in (patient, *re.findall(r"\d{8}|Okafor|Lindqvist", text)):
            assert word.encode() not in everything
