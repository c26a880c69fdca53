"""Reversible codes: what was kept is found again, nothing is without the patient's secret, twice is once."""

import itertools
import json
import sqlite3

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onprem.cli.init import make_site
from onprem.errors import SiteError
from onprem.vault import custody
from onprem.vault.codes import LOOKUP, ROWS, Codes, Kept, read_code
from onprem.vault.custody import Holding
from onprem.vault.subjects import Subjects

ONE, OTHER = "a" * 32, "b" * 32
MRN, NAME = "RECORD_NUMBER-00AA11BB22CC33DD", "NAME-FFEEDDCCBBAA9988"


@pytest.fixture
def site(tmp_path):
    return make_site(tmp_path / "site")


@pytest.fixture
def subjects(site):
    with Subjects.open(site) as opened:
        opened.ensure([ONE, OTHER])
        yield opened


def test_a_code_leads_back_to_value_patient_and_numbers(site, subjects):
    with Codes.open(site, subjects) as codes:
        codes.add([(ONE, Kept({MRN: ("QX-9913377",), NAME: ("Oswin", "O. Brambleworth")}, ("P0001",)))])
    with Codes.open(site, subjects) as codes:
        (found,) = codes.reveal([MRN])
        assert (found.label, found.values, found.numbers) == ("RECORD_NUMBER", ("QX-9913377",), ("P0001",))
        assert found.subject == ONE
        (found,) = codes.reveal([NAME])
        assert found.values == ("Oswin", "O. Brambleworth")
        assert list(codes.reveal(["NAME-0000000000000000"])) == []
        assert "QX" not in repr(found) and "Oswin" not in repr(codes)


kept = st.builds(
    Kept,
    st.dictionaries(
        st.sampled_from([MRN, NAME]), st.lists(st.text(max_size=9), min_size=1, max_size=4, unique=True).map(tuple)
    ),
    st.lists(st.text(max_size=5), max_size=4, unique=True).map(tuple),
)


@given(kept, kept, kept)
def test_joining_is_a_union(one, two, three):
    assert one.join(one) == one
    assert one.join(two).join(three) == one.join(two.join(three))
    assert one.join(two).join(two) == one.join(two)
    assert Kept.decode(one.encode()) == one


def test_adding_twice_changes_nothing(site, subjects):
    rows = [(ONE, Kept({MRN: ("1",)}, ("P1",))), (OTHER, Kept({NAME: ("2",)})), (ONE, Kept({NAME: ("3",)}))]
    with Codes.open(site, subjects) as codes:
        codes.add(rows)
        once = [(item.code, item.values, item.numbers) for item in codes.reveal([MRN, NAME])]
        codes.add(rows)
        assert [(item.code, item.values, item.numbers) for item in codes.reveal([MRN, NAME])] == once
        assert once == [(MRN, ("1",), ("P1",)), (NAME, ("2",), ()), (NAME, ("3",), ("P1",))]


def test_spellings_and_numbers_are_bounded(site, subjects):
    with Codes.open(site, subjects) as codes:
        codes.add((ONE, Kept({MRN: (str(number),)}, (str(number),))) for number in range(100))
        (found,) = codes.reveal([MRN])
        assert len(found.values) == 8
        assert len(found.numbers) == 32


def test_a_forgotten_patient_is_unreadable_in_every_copy(site, subjects):
    with Codes.open(site, subjects) as codes:
        codes.add([(ONE, Kept({MRN: ("QX-9913377",)})), (OTHER, Kept({MRN: ("other",), NAME: ("x",)}))])
        copies = {name: (site.folder("vault") / name).read_bytes() for name in (ROWS, LOOKUP)}
        assert codes.forget({ONE}) == 1
        assert [item.values for item in codes.reveal([MRN, NAME])] == [("other",), ("x",)]
        assert codes.of({ONE}) == set()
    subjects.forget([ONE])
    for name, content in copies.items():  # somebody restores the stores from a backup
        (site.folder("vault") / name).write_bytes(content)
    with Codes.open(site, subjects) as codes:
        assert [item.values for item in codes.reveal([MRN])] == [("other",)]
        subjects.ensure([ONE])  # the patient comes again, and gets a new secret
        assert [item.values for item in codes.reveal([MRN])] == [("other",)]


def test_nothing_readable_on_disk(site, subjects):
    with Codes.open(site, subjects) as codes:
        codes.add([(ONE, Kept({MRN: ("QX-9913377",)}, ("P00011223344",)))])
    for name in (ROWS, LOOKUP):
        content = (site.folder("vault") / name).read_bytes()
        for plain in (
            b"9913377",
            b"P00011223344",
            b"00AA11BB22CC33DD",
            bytes.fromhex("00AA11BB22CC33DD"),
            ONE.encode(),
        ):
            assert plain not in content


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_byte_of_a_row_can_be_changed(site, subjects, data):
    with Codes.open(site, subjects) as codes:
        codes.add([(ONE, Kept({MRN: ("QX-9913377",)}, ("P1",)))])
    name = data.draw(st.sampled_from([ROWS, LOOKUP]))
    path = site.folder("vault") / name
    before = path.read_bytes()
    database = sqlite3.connect(path)
    ((row, value),) = database.execute("SELECT id, value FROM sealed").fetchall()
    changed = bytearray(value)
    changed[data.draw(st.integers(0, len(value) - 1))] ^= data.draw(st.integers(1, 255))
    database.execute("UPDATE sealed SET value = ? WHERE id = ?", (bytes(changed), row))
    database.commit()
    database.close()
    with Codes.open(site, subjects) as codes, pytest.raises(SiteError, match="damaged") as caught:
        list(codes.reveal([MRN]))
    assert "9913377" not in caught.value.message + caught.value.hint
    path.write_bytes(before)


def test_no_row_opens_under_another_patient(site, subjects):
    with Codes.open(site, subjects) as codes:
        codes.add([(ONE, Kept({MRN: ("1",)})), (OTHER, Kept({NAME: ("2",)}))])
    database = sqlite3.connect(site.folder("vault") / ROWS)
    rows = database.execute("SELECT id, value FROM sealed").fetchall()
    for (row, _), (_, value) in itertools.permutations(rows, 2):
        database.execute("UPDATE sealed SET value = ? WHERE id = ?", (value, row))
    database.commit()
    database.close()
    with Codes.open(site, subjects) as codes:
        for code in (MRN, NAME):
            with pytest.raises(SiteError, match="damaged"):
                list(codes.reveal([code]))


def test_a_holder_of_the_store_key_cannot_read_a_row_without_the_patients_secret(site, subjects):
    with Codes.open(site, subjects) as codes:
        codes.add([(ONE, Kept({MRN: ("QX-9913377",)}))])
        (inner,) = codes._rows.values()
    assert inner.startswith(ONE.encode())
    assert b"9913377" not in inner and b"QX" not in inner


def test_codes_outlive_a_new_wrapping_and_a_new_epoch(site, subjects):
    with Codes.open(site, subjects) as codes:
        codes.add([(ONE, Kept({MRN: ("1",)}))])
    custody.change(site, Holding("key-file"), new_epoch=True)
    with Subjects.open(site, epoch=1) as later, Codes.open(site, later) as codes:
        assert [item.values for item in codes.reveal([MRN])] == [("1",)]
        codes.add([(ONE, Kept({NAME: ("2",)}))])
        assert codes.of({ONE}) == {MRN, NAME}


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("[RECORD_NUMBER-00AA11BB22CC33DD]", MRN),
        ("  RECORD_NUMBER-00AA11BB22CC33DD \n", MRN),
        ("[SSN-00AA11BB22CC33DD]", "SSN-00AA11BB22CC33DD"),
        ("[RECORD_NUMBER-00aa11bb22cc33dd]", None),
        ("[RECORD_NUMBER-00AA11BB]", None),
        ("40017733", None),
        ("seen by [NAME-FFEEDDCCBBAA9988] today", None),
        ("", None),
    ],
)
def test_what_a_code_looks_like(line, code):
    assert read_code(line) == code


def test_a_kept_row_is_plain_json():
    assert json.loads(Kept({MRN: ("é",)}, ("1",)).encode()) == [{MRN: ["é"]}, ["1"]]
