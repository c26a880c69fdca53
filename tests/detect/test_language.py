"""A language that the detectors do not read is told from clinical shorthand."""

import pytest

from onprem.detect.language import language


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("BP 120/80, HR 72, afebrile", "en"),
        ("", "en"),
        ("12345", "en"),
        ("患者张三，男，45岁，CT示肺结节", "zh"),
        ("Patient 王小明 was seen in the clinic today and has no complaints", "mixed"),
        ("Пациент поступил с жалобами на боль", "other"),
        ("患者は昨日から発熱が続いています", "other"),
        ("환자는 어제부터 열이 있다", "other"),
        ("Der Patient wurde mit Fieber und Husten in die Klinik gebracht und ist nicht stabil", "other"),
        ("El paciente fue ingresado por dolor en el pecho y se le dio una dosis de aspirina con agua", "other"),
    ],
)
def test_language(text, expected):
    assert language(text) == expected
