"""Policy files: what is accepted, what is refused, how they are found."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onprem.errors import PolicyError
from onprem.labels import Label
from onprem.policy.contract import Operator
from onprem.policy.schema import MAX_POLICY_BYTES, find_policies, list_policies, load, parse, read

SHIPPED = {
    "hipaa-safe-harbor", "hipaa-limited-dataset", "hipaa-expert", "cn-pipl-anonymise", "cn-gbt39725-limited",
    "gdpr-pseudonymise", "gdpr-anonymise", "llm-handoff", "dev-surrogate",
}  # fmt: skip
SMALL = """
name = "own"
title = "our own"
basis = "decision of the privacy officer"
[rules]
NAME = "redact"
DATE = { do = "shift", clause = "local rule 3" }
"""


def test_the_nine_policies_are_shipped_and_valid() -> None:
    assert {policy.name for policy in list_policies()} == SHIPPED


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_a_shipped_policy_has_a_rule_and_a_clause_for_every_label(name: str) -> None:
    policy = load(name)
    assert set(policy.rules) == set(Label)
    assert all(policy.clause(label) for label in Label)
    assert policy.unknown_field == "hold"


def test_a_rule_is_a_word_or_a_table() -> None:
    policy = parse(SMALL, name="own")
    assert policy.rule(Label.NAME) is Operator.REDACT
    assert policy.rule(Label.DATE) is Operator.SHIFT
    assert policy.clause(Label.DATE) == "local rule 3"
    assert policy.rule(Label.PHONE) is Operator.REDACT  # the default
    assert policy.threshold("ner") == 0.0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("", "empty"),
        ("# nothing but a comment", "empty"),
        (SMALL + 'colour = "red"\n', "colour"),
        ('surprise = 1\n' + SMALL, "surprise: unknown key"),
        (SMALL.replace("NAME =", "NAMES ="), "NAMES"),
        (SMALL.replace('"redact"', '"forget"'), "NAME"),
        (SMALL.split("[rules]", maxsplit=1)[0], "rules"),
        (SMALL.split("[rules]", maxsplit=1)[0] + "[rules]\n", "rules"),
        ('default = "keep"\n' + SMALL, "default"),
        ('default = "shift"\n' + SMALL, "default"),
        ('unknown_field = "pass"\n' + SMALL, "unknown_field"),
        (SMALL.replace('NAME = "redact"', 'NAME = "shift"'), "NAME"),
        (SMALL.replace('NAME = "redact"', 'NAME = "zip3"'), "NAME"),
        (SMALL.replace('"own"', '"other"'), "make them agree|says name"),
        (SMALL + "[gates]\nrequire = []\n", "gates"),
        (SMALL + '[gates]\nrequire = ["hope"]\n', "gates"),
        (SMALL + "[thresholds]\nner = 2.0\n", "thresholds"),
        (SMALL + '[[recogniser]]\nname = "x-1"\nlabel = "OTHER_ID"\npattern = "(x"\nexamples = ["a", "b"]\n', "compile"),
        (SMALL + '[[recogniser]]\nname = "x1"\nlabel = "OTHER_ID"\npattern = "(a+)+b"\nexamples = ["a", "b"]\n', "run away"),
        ("name = ", "TOML"),
    ],
)  # fmt: skip
def test_what_is_refused(change: str, words: str) -> None:
    with pytest.raises(PolicyError, match=words) as raised:
        parse(change, name="own")
    assert raised.value.exit_code == 6
    assert raised.value.hint
    assert raised.value.__cause__ is None


def test_a_policy_that_keeps_everything_is_refused() -> None:
    rules = "\n".join(f'{label.value} = "keep"' for label in Label)
    with pytest.raises(PolicyError, match="empty"):
        parse(SMALL.split("[rules]", maxsplit=1)[0] + "[rules]\n" + rules, name="own")


def test_the_site_comes_before_what_is_shipped(tmp_path: Path) -> None:
    own = SMALL.replace('"own"', '"hipaa-safe-harbor"')
    (tmp_path / "hipaa-safe-harbor.toml").write_text(own, encoding="utf-8")
    assert load("hipaa-safe-harbor", site_policies=tmp_path).title == "our own"
    assert load("hipaa-safe-harbor").title != "our own"
    assert set(find_policies(site_policies=tmp_path)) == SHIPPED


def test_an_unknown_name_lists_what_there_is() -> None:
    with pytest.raises(PolicyError) as raised:
        load("no-such-policy")
    assert "hipaa-safe-harbor" in raised.value.hint


def test_names_cannot_lead_out_of_the_folders(tmp_path: Path) -> None:
    (tmp_path / "secret.toml").write_text(SMALL, encoding="utf-8")
    (tmp_path / "site").mkdir()
    with pytest.raises(PolicyError):
        load("../secret", site_policies=tmp_path / "site")


def test_a_file_that_is_too_large_or_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "big.toml").write_bytes(b"#" * (MAX_POLICY_BYTES + 1))
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    for name in ("big", "bytes", "absent"):
        with pytest.raises(PolicyError):
            read(tmp_path / f"{name}.toml")


def test_the_digest_is_of_the_content_not_the_layout() -> None:
    one = parse(SMALL, name="own")
    other = parse("# a comment\n" + SMALL.replace('NAME = "redact"', 'NAME = { do = "redact" }'), name="own")
    changed = parse(SMALL.replace('"redact"', '"mask"'), name="own")
    assert one.digest == other.digest != changed.digest
    assert len(one.digest) == 64


def test_a_policy_cannot_be_changed() -> None:
    policy = load("hipaa-safe-harbor")
    with pytest.raises((TypeError, ValueError)):
        policy.default = Operator.MASK  # type: ignore[misc]


@given(st.text(max_size=300))
def test_any_content_is_accepted_or_refused_with_a_policy_error(content: str) -> None:
    try:
        parse(content, name="own")
    except PolicyError as error:
        assert error.exit_code == 6
