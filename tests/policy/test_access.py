"""Who may do what: read strictly, and nobody may do what nobody has permitted."""

import pytest

from onprem.errors import AccessError, PolicyError
from onprem.policy.access import FILE, load_access, permit, permit_second


def site_file(tmp_path, text):
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    return tmp_path


OWN = """
[roles]
privacy-officer = ["ada", "grace"]
[actions]
reveal = { roles = ["privacy-officer"], second_person = true }
"""


def test_as_shipped_everyone_releases_and_nobody_reveals():
    access = load_access()
    assert permit(access, "release", "anyone").role == "operator"
    for action in ("reveal", "shred", "review-records", "sign-off", "cosign", "rotate", "approve"):
        with pytest.raises(AccessError):
            permit(access, action, "anyone")
    assert access.retention_years == 6
    assert len(access.digest) == 64


def test_the_sites_own_file_comes_first(tmp_path):
    access = load_access(site_file(tmp_path, OWN))
    grant = permit(access, "reveal", "ada")
    assert (grant.role, grant.second_person, grant.digest) == ("privacy-officer", True, access.digest)
    with pytest.raises(AccessError, match="privacy-officer"):
        permit(access, "reveal", "mallory")
    with pytest.raises(AccessError, match="nobody"):
        permit(access, "release", "ada")  # the file does not speak of it


def test_the_second_person_is_another_one_with_the_role(tmp_path):
    access = load_access(site_file(tmp_path, OWN))
    assert permit_second(access, "reveal", "grace", "ada").role == "privacy-officer"
    for second in ("ada", "mallory"):
        with pytest.raises(AccessError):
            permit_second(access, "reveal", second, "ada")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not toml",
        OWN + "surprise = 1",
        OWN.replace("reveal", "unveil"),
        OWN.replace("ada", "Ada Lovelace"),
        OWN.replace("privacy-officer", "boss"),
        "retention_years = 5\n" + OWN,
        "digest = 'x'\n" + OWN,
        OWN + "[hours]\nopening = '25:00'",
    ],
)
def test_what_is_not_understood_is_refused_without_its_values(tmp_path, text):
    with pytest.raises(PolicyError) as caught:
        load_access(site_file(tmp_path, text))
    assert "Lovelace" not in caught.value.message
