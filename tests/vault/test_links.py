"""Numbers that name one patient lead to one subject, for the life of the site."""

import pytest

from onprem.cli.init import make_site
from onprem.vault.links import Links


@pytest.fixture
def site(tmp_path):
    return make_site(tmp_path / "site")


def test_aliases_of_a_row_lead_to_one_subject(site):
    with Links.open(site) as links:
        (subject,) = links.link([(("patient", "P0001"), ("record", "MRN-77"))])
        assert subject is not None
        assert links.subject([("record", "mrn 77")]) == subject
        assert links.subject([("patient", "Ｐ０００１")]) == subject


def test_links_outlive_the_process(site):
    with Links.open(site) as links:
        (subject,) = links.link([(("patient", "P0001"),)])
    with Links.open(site, readonly=True) as links:
        assert links.subject([("patient", "P0001")]) == subject


def test_patient_and_record_numbers_are_interchangeable_when_long_enough(site):
    with Links.open(site) as links:
        first, second = links.link([(("patient", "P0001"),), (("record", "P0001"),)])
        assert first == second
        short, other = links.link([(("patient", "7"),), (("record", "7"),)])
        assert short != other


def test_two_subjects_that_turn_out_to_be_one_become_one(site):
    with Links.open(site) as links:
        first, second = links.link([(("patient", "P0001"),), (("national", "123456789"),)])
        assert first != second
        (both,) = links.link([(("patient", "P0001"), ("national", "123456789"))])
        assert both == first
        assert links.subject([("national", "123456789")]) == first


def test_placeholders_and_insurance_numbers_link_nobody(site):
    with Links.open(site) as links:
        assert list(links.link([(("patient", "N/A"),), (("plan", "FAM-1"),), ()])) == [None, None, None]


def test_nothing_in_the_file_is_in_clear(site):
    with Links.open(site) as links:
        list(links.link([(("patient", "QX9913377"),)]))
    for path in (site.root / "vault").iterdir():
        assert b"9913377" not in path.read_bytes()


def test_every_key_of_a_patient_is_found_and_every_number_forgotten(site):
    with Links.open(site) as links:
        first, second, other = links.link([(("patient", "P0001"),), (("national", "123456789"),), (("patient", "P9"),)])
        list(links.link([(("patient", "P0001"), ("national", "123456789"), ("encounter", "E-1"))]))
        assert links.current(second) == links.current(first) == first
        assert links.merged(first) == {first, second}
        assert links.search(lambda key: key == second) == first
        assert links.search(lambda key: key == "none") is None
        assert links.forget({first, second}) == 3
        for alias in (("patient", "P0001"), ("national", "123456789"), ("encounter", "E-1")):
            assert links.subject([alias]) is None
        assert links.subject([("patient", "P9")]) == other
        assert links.current(second) == second
