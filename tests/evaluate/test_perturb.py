"""Perturbed copies carry their gold spans exactly."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onprem.dates.move import exact_date
from onprem.evaluate.perturb import PERTURBATIONS, perturb
from onprem.labels import Label
from onprem.tagged import Gold, Tagged, parse

NOTE = parse(
    "Mrs. <NAME>Straße-Quillfeather</NAME> of <CITY>Harrowgate Bottom</CITY> came on <DATE>3 May 2018</DATE>, "
    "phone <PHONE>555-0142</PHONE>; 患者<NAME>欧阳海棠</NAME>于<DATE>2018年5月3日</DATE>复查，血压120/80。"
)


def values(document):
    return [document.text[span.start : span.end] for span in document.spans]


def test_upper_case_grows_and_still_fits():
    (copy,) = perturb([NOTE], "upper case")
    assert values(copy)[0] == "STRASSE-QUILLFEATHER"
    assert values(copy)[-1] == "2018年5月3日"


def test_full_width():
    (copy,) = perturb([NOTE], "full width")
    assert values(copy)[3] == "５５５－０１４２"
    assert len(copy.text) == len(NOTE.text)


def test_date_forms_change_the_form_and_not_the_day():
    english, chinese = (
        parse("on <DATE>3 May 2018</DATE>, <DATE>May</DATE>"),
        parse("于<BIRTH_DATE>2018年5月3日</BIRTH_DATE>"),
    )
    forms = set()
    for seed in range(40):
        for copy in perturb([english, chinese], "date forms", seed=seed):
            assert exact_date(values(copy)[0]) == date(2018, 5, 3)
            forms.add(values(copy)[0])
        assert values(perturb([english], "date forms", seed=seed)[0])[1] == "May"
    assert "3 May 2018" not in forms
    assert {"2018-05-03", "03-MAY-2018", "二〇一八年五月三日", "18年5月3号"} <= forms


@pytest.mark.parametrize("name", PERTURBATIONS)
def test_every_perturbation_changes_something_is_seeded_and_keeps_the_spans(name):
    documents = [NOTE] * 20
    copies = perturb(documents, name, seed=3)
    assert copies == perturb(documents, name, seed=3)
    assert any(copy.text != NOTE.text for copy in copies)
    for copy in copies:
        assert [span.label for span in copy.spans] == [span.label for span in NOTE.spans]
        assert all(abs(len(a) - len(b)) <= 6 for a, b in zip(values(copy), values(NOTE), strict=False))
        assert values(copy)[0][0].lower() in "ssｓ5"  # the name still begins where it began
        assert copy.text[copy.spans[0].start - 1] in " \n\u00a0\u3000"


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=40), st.integers(0, 40), st.integers(0, 40), st.sampled_from(sorted(PERTURBATIONS)))
def test_text_outside_and_inside_is_cut_at_the_same_place(text, a, b, name):
    start, end = sorted((min(a, len(text)), min(b, len(text))))
    document = Tagged(text, (Gold(start, end, Label.NAME),) if end > start else ())
    (copy,) = perturb([document], name)
    if name in {"upper case", "lower case"} and document.spans and copy.spans:
        change = str.upper if name == "upper case" else str.lower
        assert values(copy)[0] == "".join(map(change, text[start:end]))
