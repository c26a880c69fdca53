"""What codes stand for reaches the vault of what is released, and of nothing else; twice is once."""

import json
from collections import Counter

import pytest

from onprem.cli.init import make_site
from onprem.errors import OutputError
from onprem.pipeline import run as running
from onprem.pipeline.gate import VALUE, Gated
from onprem.pipeline.run import Request, run
from onprem.progress import Silent
from onprem.scale.local import pool
from onprem.vault.codes import LOOKUP, Codes
from onprem.vault.links import Links
from onprem.vault.sealed import count_rows
from onprem.vault.subjects import Subjects

POLICY = """
name = "ours"
title = "codes that lead back"
basis = "decision of the privacy officer"
tier = "fast"
reversible = true
[rules]
RECORD_NUMBER = "code"
DATE = "shift"
"""
ENGLISH = "Seen on 03/02/2023 with chest pain; aspirin 81 mg was given and the patient went home."
UNREADABLE = "Пациент поступил в отделение с болью в груди и был выписан домой в удовлетворительном состоянии."


@pytest.fixture
def site(tmp_path):
    made = make_site(tmp_path / "site")
    (made.folder("policies") / "ours.toml").write_text(POLICY)
    return made


@pytest.fixture
def records(tmp_path):
    folder = tmp_path / "records"
    folder.mkdir()
    (folder / "patients.csv").write_text("patient_id,mrn\nP0001,40017733\nP0002,40017734\n")
    rows = [
        {"id": "m1", "patient": "P0001", "mrn": "55501111", "text": ENGLISH},
        {"id": "m2", "patient": "P0002", "mrn": "55502222", "text": UNREADABLE},
        {"id": "m3", "patient": "P0009", "mrn": "55503333", "text": ENGLISH},
    ]
    (folder / "messages.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    return folder


def release(site, records, **more):
    request = Request((records,), records.parent / "out", "ours", **more)
    return run(site, request, pool, Silent())


def kept(site):
    """Return every value that the vault knows a code for, and every number it knows of a patient."""
    values, numbers = set(), set()
    with Links.open(site) as links, Subjects.open(site) as subjects, Codes.open(site, subjects) as codes:
        for number in ("P0001", "P0002", "P0009"):
            subject = links.subject([("patient", number)])
            if subject is not None:
                for found in codes.reveal(codes.of({subject})):
                    values |= set(found.values)
                    numbers |= set(found.numbers)
    return values, numbers


def test_codes_of_released_records_are_kept_and_those_of_held_ones_are_not(site, records):
    summary = release(site, records)
    assert summary.held_records == 1
    values, numbers = kept(site)
    assert values == {"P0001", "P0002", "P0009", "40017733", "40017734", "55501111", "55503333"}
    assert {"P0001", "40017733"} <= numbers


def test_codes_of_a_file_that_the_gate_refused_are_not_kept(site, records, monkeypatch):
    gate = running._gate

    def refuse_the_messages(room, plan, workers, progress):
        gated = {item.source: item for item in gate(room, plan, workers, progress)}
        (messages,) = [source.index for source in plan.sources if source.relative.endswith("jsonl")]
        gated.setdefault(messages, Gated(messages)).codes += Counter([VALUE])
        return list(gated.values())

    monkeypatch.setattr(running, "_gate", refuse_the_messages)
    release(site, records)
    assert sorted(path.name for path in (records.parent / "out").iterdir()) == ["patients.csv"]
    assert kept(site)[0] == {"P0001", "P0002", "40017733", "40017734"}


def test_a_dry_run_keeps_nothing(site, records):
    release(site, records, dry_run=True)
    assert count_rows(site.folder("vault") / LOOKUP) == 0


def test_codes_are_kept_before_the_output_appears_and_once_however_often(site, records, monkeypatch):
    def fail(*_):
        assert not (records.parent / "out").exists()
        raise OutputError("the output cannot be written")

    monkeypatch.setattr(running, "publish", fail)
    with pytest.raises(OutputError):
        release(site, records)
    monkeypatch.undo()
    before = kept(site), count_rows(site.folder("vault") / LOOKUP)
    assert before[1] == 7
    release(site, records, resume=True)
    assert (kept(site), count_rows(site.folder("vault") / LOOKUP)) == before


def test_nothing_that_was_gathered_stands_in_clear_in_the_runs_folder(site, records, monkeypatch):
    def stop(*_):
        raise OutputError("the output cannot be written")

    monkeypatch.setattr(running, "publish", stop)
    with pytest.raises(OutputError):
        release(site, records)
    sealed = list(site.folder("work").rglob("coded-*.sealed"))
    assert sealed
    for path in site.folder("work").rglob("*"):
        if path.is_file():
            assert b"55501111" not in path.read_bytes(), path.name


def test_a_run_of_another_epoch_is_another_run(site, records, monkeypatch):
    from onprem.vault import custody
    from onprem.vault.custody import Holding

    def stop(*_):
        raise OutputError("the output cannot be written")

    monkeypatch.setattr(running, "publish", stop)
    with pytest.raises(OutputError):
        release(site, records)
    monkeypatch.undo()
    custody.change(site, Holding("key-file"), new_epoch=True)
    release(site, records, resume=True)
    names = {path.name for path in site.folder("work").iterdir() if path.is_dir()}
    assert len(names) == 1  # the run that stopped was not gone on with under other codes
