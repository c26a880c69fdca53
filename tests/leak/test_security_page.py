"""SECURITY.md claims nothing that no test shows: every threat names a test, and every test id on the page exists."""

import re

import pytest
from canaries import ROOT

PAGE = ROOT / "SECURITY.md"
IDS = sorted(set(re.findall(r"(tests/[\w/]+\.py)::(\w+)", PAGE.read_text(encoding="utf-8"))))


def test_page_has_ids():
    assert len(IDS) > 30


@pytest.mark.parametrize(("file", "name"), IDS, ids=str)
def test_id_on_the_page_exists(file, name):
    assert f"\ndef {name}(" in (ROOT / file).read_text(encoding="utf-8")


def test_every_row_of_a_threat_names_a_test():
    threats = PAGE.read_text(encoding="utf-8").split("## Threats")[1].split("## What is not claimed")[0]
    rows = [
        line for line in threats.splitlines() if line.startswith("| ") and not line.startswith(("| threat", "|---"))
    ]
    assert rows
    assert all("tests/" in row for row in rows)
