"""A shredded patient: found by reference or number, gone from every store, and a shredding may be repeated."""

import pytest

from onprem.cli.init import make_site
from onprem.errors import SiteError, UsageError
from onprem.vault import shred as shredding
from onprem.vault.codes import Codes, Kept
from onprem.vault.links import Links
from onprem.vault.shred import find, shred
from onprem.vault.subjects import Subjects

MRN, LATER = "RECORD_NUMBER-00AA11BB22CC33DD", "RECORD_NUMBER-1111111111111111"


@pytest.fixture
def site(tmp_path):
    """A site that knows two patients, one of whom was two at first."""
    made = make_site(tmp_path / "site")
    with Links.open(made) as links, Subjects.open(made) as subjects:
        subjects.ensure(links.link([(("patient", "P0001"),), (("national", "110101199003078515"),)]))
        subjects.ensure(links.link([(("patient", "P0001"), ("national", "110101199003078515"), ("record", "QX-7"))]))
        subjects.ensure(links.link([(("patient", "P0002"), ("encounter", "7788"))]))
        with Codes.open(made, subjects) as codes:
            codes.add(
                [
                    (subject_of(links, "P0001"), Kept({MRN: ("QX-7",)}, ("P0001",))),
                    (subject_of(links, "P0002"), Kept({LATER: ("QX-9",)})),
                ]
            )
    return made


def subject_of(links, number):
    return links.subject([("patient", number)])


def derived(site, number):
    with Links.open(site) as links, Subjects.open(site) as subjects:
        return subjects.get(subject_of(links, number)).key("code")


def test_a_patient_is_found_by_number_and_by_every_reference(site):
    by_number = find(site, number="P0001")
    assert by_number.codes == 1
    assert len(by_number.subjects) == len(by_number.references) == 2
    for reference in by_number.references:
        assert find(site, reference=reference) == by_number
    assert find(site, number="110101199003078515") == by_number
    assert find(site, number="qx 7") == by_number
    assert find(site, number="P0003") is None
    assert find(site, reference="0" * 32) is None
    assert "P0001" not in repr(by_number)


def test_a_number_of_two_patients_is_refused_until_its_kind_is_said(site):
    with Links.open(site) as links, Subjects.open(site) as subjects:
        subjects.ensure(links.link([(("encounter", "P0001"),)]))
    with pytest.raises(UsageError, match="several") as caught:
        find(site, number="P0001")
    assert "P0001" not in caught.value.message + caught.value.hint
    assert find(site, number="P0001", kinds=["patient"]).codes == 1


def test_everything_of_the_patient_goes_and_nothing_of_another(site):
    before, other = derived(site, "P0001"), derived(site, "P0002")
    target = find(site, number="P0001")
    (site.folder("work") / "stopped").mkdir()
    done = shred(site, target)
    assert done.counts() == {"secrets": 2, "codes": 1, "numbers": 3, "runs": 1}
    assert find(site, number="P0001") is find(site, reference=target.references[0]) is None
    with Links.open(site) as links, Subjects.open(site) as subjects, Codes.open(site, subjects) as codes:
        assert list(codes.reveal([MRN])) == []
        assert [item.values for item in codes.reveal([LATER])] == [("QX-9",)]
        for subject in target.subjects:
            with pytest.raises(SiteError, match="no secret"):
                subjects.get(subject)
        assert links.subject([("national", "110101199003078515")]) is None
        assert links.subject([("encounter", "7788")]) is not None
    assert derived(site, "P0002") == other
    with Links.open(site) as links, Subjects.open(site) as subjects:  # the patient comes again
        subjects.ensure(links.link([(("patient", "P0001"), ("national", "110101199003078515"))]))
    assert derived(site, "P0001") != before


@pytest.mark.parametrize("last", ["codes", "subjects", "runs", "links"])
def test_a_shredding_that_was_cut_short_is_finished_by_the_next(site, monkeypatch, last):
    target = find(site, number="P0001")

    def stop(*_):
        raise KeyboardInterrupt

    places = {
        "codes": (Codes, "forget"),
        "subjects": (Subjects, "forget"),
        "runs": (shredding, "_remove_runs"),
        "links": (Links, "forget"),
    }
    monkeypatch.setattr(*places[last], stop)
    with pytest.raises(KeyboardInterrupt):
        shred(site, target)
    monkeypatch.undo()
    again = find(site, number="P0001")
    assert again.subjects == target.subjects
    shred(site, again)
    assert find(site, number="P0001") is None


def test_no_page_of_the_patient_is_left_in_any_file(site):
    with Subjects.open(site) as subjects, Codes.open(site, subjects) as codes:
        stores = [subjects._store, codes._rows, codes._lookup]
        sealed = [store._database.execute("SELECT id, value FROM sealed").fetchall() for store in stores]
    everything = b"".join(path.read_bytes() for path in site.folder("vault").iterdir())
    assert all(value in everything for rows in sealed for _, value in rows)  # the control
    shred(site, find(site, number="P0001"))
    left = b"".join(path.read_bytes() for path in site.folder("vault").iterdir())
    gone = [value for rows in sealed for _, value in rows if value not in left]
    assert len(gone) == 2 + 1 + 1  # both secrets, the row of codes, its look-up
    assert not list(site.folder("vault").glob("*-journal"))
