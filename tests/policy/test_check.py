"""Lint and comparison of policies."""

from __future__ import annotations

import pytest

from onprem.labels import Label
from onprem.model import Severity
from onprem.policy.check import check, diff
from onprem.policy.contract import Operator
from onprem.policy.schema import Policy, find_policies, load, parse, shipped_folder

SAFE_HARBOR = (shipped_folder() / "hipaa-safe-harbor.toml").read_text(encoding="utf-8")


def changed(old: str, new: str) -> Policy:
    assert old in SAFE_HARBOR
    return parse(SAFE_HARBOR.replace(old, new), name="hipaa-safe-harbor")


def with_recogniser(pattern: str, examples: str) -> Policy:
    table = f"""
[[recogniser]]
name = "study-number"
label = "OTHER_ID"
pattern = '{pattern}'
examples = {examples}
"""
    return parse(SAFE_HARBOR + table, name="hipaa-safe-harbor")


@pytest.mark.parametrize("name", list(find_policies()))
def test_shipped_policies_have_no_error_and_no_warning(name: str) -> None:
    assert [item for item in check(load(name)) if item.severity is not Severity.INFO] == []


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ('NAME = { do = "redact"', 'NAME = { do = "keep"', "rules.NAME"),
        ('NAME = { do = "redact"', 'NAME = { do = "code"', "rules.NAME"),
        ('\nDATE = { do = "year"', '\nDATE = { do = "shift"', "rules.DATE"),
        ('BIRTH_DATE = { do = "year"', 'BIRTH_DATE = { do = "keep"', "rules.BIRTH_DATE"),
        ('AGE = { do = "band"', 'AGE = { do = "keep"', "rules.AGE"),
        ('CITY = { do = "redact"', 'CITY = { do = "keep"', "rules.CITY"),
        ('POSTCODE = { do = "zip3"', 'POSTCODE = { do = "keep"', "rules.POSTCODE"),
        ('HOSPITAL = { do = "redact"', 'HOSPITAL = { do = "keep"', "rules.HOSPITAL"),
        ('RECORD_NUMBER = { do = "redact"', 'RECORD_NUMBER = { do = "code"', "rules.RECORD_NUMBER"),
        ("top = 90", "top = 100", "age.top"),
    ],
)
def test_weaker_than_safe_harbor_is_an_error(old: str, new: str, where: str) -> None:
    errors = [item for item in check(changed(old, new)) if item.severity is Severity.ERROR]
    assert [item.where for item in errors] == [where]
    assert errors[0].hint


def test_a_direct_identifier_kept_is_a_warning_even_without_a_claim() -> None:
    content = SAFE_HARBOR.replace('claims = "hipaa-safe-harbor"', "").replace(
        'PHONE = { do = "redact"', 'PHONE = { do = "keep"'
    )
    found = check(parse(content, name="hipaa-safe-harbor"))
    assert [(item.code, item.where) for item in found if item.severity is Severity.WARNING] == [
        ("policy.keep", "rules.PHONE")
    ]


def test_labels_without_a_rule_are_named() -> None:
    lines = [line for line in SAFE_HARBOR.splitlines() if not line.startswith("PHOTO")]
    policy = parse("\n".join(lines), name="hipaa-safe-harbor")
    assert any(item.code == "policy.default" and "PHOTO" in item.message for item in check(policy))


def test_fewer_gates_are_a_warning() -> None:
    policy = changed('require = ["known-values", "checksums"', 'require = ["checksums"')
    assert any(item.code == "policy.gates" for item in check(policy))


def test_a_claim_that_the_fast_models_alone_search_for_is_a_warning() -> None:
    found = check(changed('tier = "thorough"', 'tier = "fast"'))
    assert [(item.code, item.severity) for item in found] == [("policy.tier", Severity.WARNING)]


def test_the_thorough_models_are_the_default() -> None:
    lines = [line for line in SAFE_HARBOR.splitlines() if not line.startswith("tier")]
    assert parse("\n".join(lines), name="hipaa-safe-harbor").tier == "thorough"


GOOD = '["study <OTHER_ID>ST-1234</OTHER_ID> began", "ST elevation"]'


def test_a_recogniser_that_passes_its_examples() -> None:
    assert check(with_recogniser(r"ST-\d{4}", GOOD)) == []
    assert check(with_recogniser(r"study (?P<v>ST-\d{4})", GOOD)) == []


@pytest.mark.parametrize(
    ("pattern", "examples", "words"),
    [
        (r"ST-\d{5}", GOOD, "not found"),
        (r"ST\S*", GOOD, "not marked"),
        (r"ST-\d{4}", '["a <OTHER_ID>ST-1234", "ST elevation"]', "tags"),
        (r"ST-\d{4}", '["a <OTHER_ID>ST-1234</OTHER_ID>", "<OTHER_ID>ST-1111</OTHER_ID>"]', "must not"),
    ],
)
def test_a_recogniser_that_fails_its_examples(pattern: str, examples: str, words: str) -> None:
    assert any(words in item.message for item in check(with_recogniser(pattern, examples)))


def test_diff_names_what_differs_and_nothing_else() -> None:
    policy = load("hipaa-safe-harbor")
    assert diff(policy, policy) == []
    found = {item.where: (item.first, item.second) for item in diff(policy, load("hipaa-expert"))}
    assert found["NAME"] == ("redact", "surrogate")
    assert found["claims"] == ("hipaa-safe-harbor", "")
    assert "PHOTO" not in found
    for label in Label:
        assert (label.value in found) is (policy.rule(label) is not load("hipaa-expert").rule(label))


def test_every_operator_is_used_by_a_shipped_policy_or_left_to_sites() -> None:
    used = {load(name).rule(label) for name in find_policies() for label in Label}
    assert set(Operator) - used == {Operator.MASK}
