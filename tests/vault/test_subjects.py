"""Subject secrets: made once, the same in every process, gone when forgotten."""

import pickle
import subprocess
import sys
import time

import pytest

from onprem.config import Settings, Site
from onprem.errors import SiteError
from onprem.policy.contract import Subject
from onprem.vault.keys import create_key
from onprem.vault.subjects import Subjects


@pytest.fixture
def site(tmp_path):
    for name in ("keys", "vault"):
        (tmp_path / name).mkdir(mode=0o700)
    create_key(tmp_path / "keys" / "master.key")
    return Site(tmp_path, Settings())


def test_secrets_are_made_once(site):
    with Subjects.open(site) as subjects:
        assert subjects.ensure(["MRN-1", "MRN-2", "MRN-1"]) == 2
        before = subjects.get("MRN-1").key("date")
        assert subjects.ensure(["MRN-1", "MRN-3"]) == 1
        assert subjects.get("MRN-1").key("date") == before
        assert len(subjects) == 3


def test_keys_differ_by_patient_and_purpose(site):
    with Subjects.open(site) as subjects:
        subjects.ensure(["a", "b"])
        first: Subject = subjects.get("a")
        keys = {first.key("date"), first.key("code"), subjects.get("b").key("date"), subjects.get("b").key("code")}
    assert len(keys) == 4
    assert {len(key) for key in keys} == {32}


def test_workers_read_the_same_key(site):
    with Subjects.open(site) as subjects:
        subjects.ensure(["病人-7", "\ud800 lone"])
        expected = subjects.get("病人-7").key("date").hex()
        subjects.get("\ud800 lone")
    code = (
        "import sys; from pathlib import Path\n"
        "from onprem.config import Settings, Site\n"
        "from onprem.vault.subjects import Subjects\n"
        "print(Subjects.open(Site(Path(sys.argv[1]), Settings()), readonly=True).get('病人-7').key('date').hex())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, site.root], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == expected


def test_unknown_patient_and_readonly_ensure_are_refused_without_the_key(site):
    with Subjects.open(site) as subjects:
        subjects.ensure(["MRN-1"])
    with Subjects.open(site, readonly=True) as subjects:
        with pytest.raises(SiteError) as caught:
            subjects.get("MRN-44817234")
        assert "44817234" not in caught.value.message + caught.value.hint
        with pytest.raises(SiteError):
            subjects.ensure(["MRN-2"])


def test_an_epoch_gives_other_keys_and_the_first_is_as_before(site):
    with Subjects.open(site) as subjects:
        subjects.ensure(["a"])
        first = subjects.get("a")
    with Subjects.open(site, epoch=0) as subjects:
        assert subjects.get("a").key("date") == first.key("date")
    keys = {first.key("date")}
    for epoch in (1, 2, 11):
        with Subjects.open(site, epoch=epoch, readonly=True) as subjects:
            keys.add(subjects.get("a").key("date"))
            assert subjects.get("a").own("codes") == first.own("codes")
    assert len(keys) == 4


def test_forgotten_patient_cannot_be_derived_again(site):
    with Subjects.open(site) as subjects:
        subjects.ensure(["a"])
        before = subjects.get("a").key("date")
        assert subjects.forget(["a", "never there"]) == 1
        with pytest.raises(SiteError):
            subjects.get("a")
        subjects.ensure(["a"])
        assert subjects.get("a").key("date") != before


def test_reference_is_keyed_and_stable(site, tmp_path):
    with Subjects.open(site) as subjects:
        reference = subjects.reference("MRN-1")
        assert reference == subjects.reference("MRN-1") != subjects.reference("MRN-2")
    assert len(reference) == 32
    (tmp_path / "keys" / "master.key").unlink()
    (tmp_path / "vault" / "subjects.sealed").unlink()
    create_key(tmp_path / "keys" / "master.key")
    with Subjects.open(site) as subjects:
        assert subjects.reference("MRN-1") != reference


def test_vault_does_not_open_with_another_master_key(site):
    Subjects.open(site).close()
    (site.root / "keys" / "master.key").unlink()
    create_key(site.root / "keys" / "master.key")
    with pytest.raises(SiteError, match="another key"):
        Subjects.open(site)


def test_secrets_are_hidden_and_stay_in_the_process(site):
    with Subjects.open(site) as subjects:
        subjects.ensure(["a"])
        secret = subjects.get("a")
        assert repr(secret) == "SubjectSecret()"
        assert "MRN" not in repr(subjects)
        with pytest.raises(TypeError, match="cross"):
            pickle.dumps(secret)


@pytest.mark.serial
def test_many_patients_are_ensured_quickly(site):
    with Subjects.open(site) as subjects:
        began = time.monotonic()
        assert subjects.ensure(f"MRN-{number}" for number in range(20_000)) == 20_000
        assert time.monotonic() - began < 10  # 100,000 take about 1.5 s on a quiet machine
