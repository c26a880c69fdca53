"""Second persons: their own passphrase and no other, in any writing, bound to their login."""

import sqlite3
import unicodedata

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from onprem.cli.init import make_site
from onprem.errors import SiteError
from onprem.vault.officers import FILE, Officers
from onprem.vault.wrapping import Cost

CHEAP = Cost(memory_kib=8, passes=1, lanes=1)
text = st.text(min_size=1, max_size=40)


@pytest.fixture
def site(tmp_path):
    return make_site(tmp_path / "site")


def test_only_the_enrolled_passphrase_of_the_login_is_right(site):
    with Officers.open(site) as officers:
        officers.enrol("wei.zhang", "nine green lanterns", CHEAP)
        officers.enrol("ada", "mill stream under ice", CHEAP)
    with Officers.open(site) as officers:
        assert officers.check("wei.zhang", "nine green lanterns")
        assert not officers.check("ada", "nine green lanterns")
        assert not officers.check("nobody", "nine green lanterns")
        assert officers.enrolled("ada") and not officers.enrolled("nobody")
        assert len(officers) == 2


def test_a_new_passphrase_takes_the_place_of_the_old(site):
    with Officers.open(site) as officers:
        officers.enrol("ada", "mill stream under ice", CHEAP)
        officers.enrol("ada", "forty blue ladders", CHEAP)
        assert officers.check("ada", "forty blue ladders")
        assert not officers.check("ada", "mill stream under ice")
        assert len(officers) == 1


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text, text)
def test_any_text_in_any_composition(site, right, wrong):
    assume(unicodedata.normalize("NFC", right) != unicodedata.normalize("NFC", wrong))
    with Officers.open(site) as officers:
        officers.enrol("ada", right, CHEAP)
        assert officers.check("ada", unicodedata.normalize("NFD", right))
        assert not officers.check("ada", wrong)


def test_verifiers_cannot_be_exchanged(site):
    with Officers.open(site) as officers:
        officers.enrol("ada", "mill stream under ice", CHEAP)
        officers.enrol("bo", "nine green lanterns", CHEAP)
    database = sqlite3.connect(site.folder("vault") / FILE)
    (first, one), (second, other) = database.execute("SELECT id, value FROM sealed").fetchall()
    database.executemany("UPDATE sealed SET value = ? WHERE id = ?", [(other, first), (one, second)])
    database.commit()
    database.close()
    with Officers.open(site) as officers:
        for login in ("ada", "bo"):
            with pytest.raises(SiteError, match="damaged"):
                officers.check(login, "nine green lanterns")


def test_nothing_readable_on_disk(site):
    with Officers.open(site) as officers:
        officers.enrol("wei.zhang", "nine green lanterns", CHEAP)
    content = (site.folder("vault") / FILE).read_bytes()
    for plain in (b"wei.zhang", b"nine green lanterns", b"salt", b"memory_kib"):
        assert plain not in content
