"""CEF, syslog and CSV: every line is read back by its grammar, whatever a value holds."""

import csv
import io
import re

import pytest
from export_world import FORMS, FULL, NO_TIME, ORIGIN, all_entries, entry, lines, many

# R4B (4.3.0) changed a few resources of medication, evidence and the like; its AuditEvent is that of R4 (4.0.1)
from hypothesis import example, given
from hypothesis import strategies as st

from onprem.audit.events import Event, Outcome
from onprem.audit.exports.cef import extension, header
from onprem.audit.exports.contract import severity
from onprem.audit.exports.csv import COLUMNS, FORMULA, row
from onprem.audit.exports.syslog import value
from onprem.errors import AuditError

# CEF


def read_cef(line):
    """Read a CEF line as the standard defines it, character by character: (header fields, extension)."""
    fields, text, place = [], "", 0
    while len(fields) < 7:
        if line[place] == "\\":
            assert line[place + 1] in "\\|"
            text, place = text + line[place + 1], place + 2
        elif line[place] == "|":
            fields.append(text)
            text, place = "", place + 1
        else:
            text, place = text + line[place], place + 1
    return fields, line[place:]


def read_extension(text):
    found = {}
    for key, written in re.findall(r"(?:^| )([A-Za-z0-9]+)=((?:[^=\\]|\\.)*?)(?=$| [A-Za-z0-9]+=)", text):
        assert not re.sub(r"\\[\\=nr]", "", written).count("\\")
        found[key] = re.sub(r"\\(.)", lambda match: {"n": "\n", "r": "\r"}.get(match[1], match[1]), written)
    return found


@many
@given(all_entries)
@example(NO_TIME)
def test_a_cef_line_is_read_back(found):
    (line,) = lines("cef", found)
    fields, rest = read_cef(line)
    event, values = found.event, read_extension(rest)
    assert fields == [
        *("CEF:0", "onprem", "onprem-hospital", found.version, event.action, f"{event.action} {event.outcome}"),
        str({1: 9, 3: 7, 4: 5, 5: 3, 6: 1}[severity(event)]),
    ]
    assert values["suser"] == found.actor
    assert values["externalId"] == str(found.seq)
    assert values["onpremHospitalUtc"] == found.utc
    assert values["deviceExternalId"] == ORIGIN
    labelled = {values[f"{key}Label"]: text for key, text in values.items() if re.fullmatch(r"cs\d", key)}
    said = {"purpose": event.purpose, "recipient": event.recipient, "approval": event.approval}
    said |= {"secondPerson": event.second, "patients": " ".join(event.subjects)}
    assert {key: text for key, text in labelled.items() if key != "digests"} == {k: v for k, v in said.items() if v}


@given(st.text(st.sampled_from('ab|\\=\n\r "]')))
def test_cef_escapes_whatever_a_value_holds(text):
    fields, rest = read_cef("|".join([header(text)] * 7) + f"|key={extension(text)}")
    assert fields == [re.sub(r"[\r\n]", " ", text)] * 7
    assert "\n" not in rest and "\r" not in rest
    assert read_extension(rest) == {"key": text}


def test_cef_times_are_milliseconds():
    assert "rt=1772442000000 " in lines("cef", entry(FULL))[0]
    assert "rt=" not in lines("cef", NO_TIME)[0]


# syslog


SYSLOG = re.compile(
    r"<(?P<pri>\d{1,3})>1 (?P<time>-|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,6}Z) (?P<host>-) (?P<app>[!-~]{1,48}) "
    r"(?P<proc>-) (?P<msgid>[!-~]{1,32}) \[(?P<id>[^ =\]\"]{1,32})"
    r"(?P<params>(?: [^ =\]\"]{1,32}=\"(?:[^\"\\\]]|\\.)*\")*)\] .+"
)


def read_params(text):
    found = re.findall(r' ([^ =\]"]{1,32})="((?:[^"\\\]]|\\.)*)"', text)
    return {name: re.sub(r'\\(["\\\]])', r"\1", written) for name, written in found}


@many
@given(all_entries)
@example(NO_TIME)
def test_a_syslog_line_is_read_back(found):
    (line,) = lines("syslog", found)
    match = SYSLOG.fullmatch(line)
    assert match is not None, line
    params, event = read_params(match["params"]), found.event
    assert match["id"] == "onprem@32473"  # the number that RFC 5612 keeps for documentation
    assert match["time"] in (found.utc, "-")
    assert params["action"] == event.action
    assert params["action"].startswith(match["msgid"])
    assert params["utc"] == found.utc
    assert params.get("subjects", "") == " ".join(event.subjects)
    assert params.get("counts", "") == " ".join(f"{key}={item}" for key, item in sorted(event.counts.items()))


@given(st.text(st.sampled_from('ab\\"]= \n')))
def test_syslog_escapes_whatever_a_value_holds(text):
    written = value(text)
    assert "\n" not in written
    assert not re.search(r'["\]]', re.sub(r"\\.", "", written))
    assert read_params(f' key="{written}"') == {"key": text.replace("\n", " ")}


@pytest.mark.parametrize(
    ("event", "number"),
    [
        (Event("vault.reveal", Outcome.DONE, purpose="break-glass"), 1),
        (Event("deid", Outcome.FAILED, error="InputError"), 3),
        (Event("vault.shred", Outcome.REFUSED, error="AccessError"), 3),
        (Event("audit.list", Outcome.REFUSED, error="UsageError"), 4),
        (Event("deid", Outcome.HELD, purpose="release"), 4),
        (Event("deid", Outcome.DONE, purpose="release"), 5),
        (Event("vault.shred", Outcome.DONE), 5),
        (Event("deid", Outcome.DONE, purpose="dry-run"), 6),
        (Event("audit.ask", Outcome.DONE, purpose="ask.break-glass"), 6),
    ],
)
def test_priority_is_log_audit_with_the_severity(event, number):
    assert lines("syslog", entry(event))[0].startswith(f"<{13 * 8 + number}>1 2026-03-02T09:00:00.000006Z - onprem - ")


# CSV


@many
@given(all_entries)
@example(NO_TIME)
def test_a_csv_record_is_read_back_and_no_cell_begins_as_a_formula(found):
    (line,) = lines("csv", found)
    (cells,) = csv.reader(io.StringIO(line), strict=True)
    shown, event = dict(zip(COLUMNS, cells, strict=True)), found.event
    assert (shown["seq"], shown["utc"], shown["actor"]) == (str(found.seq), found.utc, found.actor)
    assert (shown["outcome"], shown["error"], shown["second"]) == (str(event.outcome), event.error, event.second)
    assert not [cell for cell in cells if re.match(r"[^0-9a-zA-Z_]", cell)]


@given(st.text(min_size=1))
@example("=1+1")
@example("\t=1")
@example("＝1")
def test_a_cell_that_begins_as_a_formula_cannot_be_written(text):
    # for any text whatever, so it does not rest on the forms of the fields
    if text[0] in FORMULA:
        with pytest.raises(AuditError, match="formula") as caught:
            row(["3", text])
        assert str(caught.value) == "a cell of the export would begin like a formula"  # it is not quoted
    else:
        assert next(csv.reader(io.StringIO(row(["3", text]), newline=""), strict=True)) == ["3", text]


def test_csv_has_a_header_and_lines_of_rfc_4180():
    assert FORMS["csv"].head.split(",") == list(COLUMNS)
    assert FORMS["csv"].end == "\r\n"
    assert row(['a,"b"', "c\nd"]) == '"a,""b""","c\nd"'
