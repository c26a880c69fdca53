"""A release that takes an approval: another person gives it with a passphrase of their own, and the log names both."""

import pytest
from vault_world import ADA, World, access

from onprem.audit.log import actor


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path, second=False)
    rules = access(second=False).replace(
        'release = { roles = ["operator"] }',
        'release = { roles = ["operator"], approval = true }\n'
        'approve = { roles = ["privacy-officer"] }\n'
        'review-audit = { roles = ["operator"] }',
    )
    (made.site / "policies" / "access.toml").write_text(rules)
    made.enrol()
    return made


def deid(world, name, *more, check):
    return world.call("deid", world.records, "--out", world.root / name, "--policy", "ours", *more, check=check)


def test_a_release_takes_the_approval_of_another_person(world):
    refused = deid(world, "out", check=11)
    assert "takes an approval" in refused.stderr
    assert not (world.root / "out").exists()
    given = world.call("approve", "ours", "--as", "ada", "--to", "registry", lines=[ADA], check=0)
    reference = given.stdout.strip()
    assert deid(world, "out", "--approval", reference, check=11).returncode == 11  # for another recipient
    deid(world, "out", "--approval", reference, "--to", "registry", check=0)
    done = world.events("deid")[-1]
    assert (done["approval"], done["recipient"], done["role"]) == (reference, "registry", "operator")
    (approval,) = world.events("approval.give")
    assert (approval["second"], approval["actor"]) == ("ada", actor())
    answered = world.call("audit", "ask", "exports-without-approval", "--json", check=0)
    assert answered.stdout == ""


def test_no_passphrase_no_approval(world):
    assert world.call("approve", "ours", "--as", "ada", lines=["wrong words here"]).returncode == 11
    assert world.call("approve", "ours", "--as", "bo", lines=[ADA]).returncode == 11
    assert world.events("approval.give") == []
    deid(world, "out", "--approval", "0" * 32, check=11)


def test_a_run_names_its_patients_by_reference_before_it_releases(world):
    reference = world.call("approve", "ours", "--as", "ada", lines=[ADA], check=0).stdout.strip()
    deid(world, "out", "--approval", reference, check=0)
    events = world.events()
    named = [event for event in events if event["action"] == "deid.subjects"]
    assert [len(event["subjects"]) for event in named] == [2]
    places = [event["action"] for event in events if event["action"].startswith("deid")]
    assert places[-3:] == ["deid", "deid.subjects", "deid"]  # intent, whose, outcome
    touched = world.call("audit", "ask", "touched-patient", "--patient", "--json", stdin="40017733\n", check=0)
    assert '"action": "deid.subjects"' in touched.stdout
