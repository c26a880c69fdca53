"""`onprem summarise` with a real small model: a brief that the record bears out, in a table of records and alone."""

import json
import stat

import pytest
from summarise_world import CANARY, NOTE, command, last_event, make_site


@pytest.fixture(scope="module")
def site(tmp_path_factory, smollm2):
    return make_site(tmp_path_factory.mktemp("site") / "site", smollm2)


def test_a_table_gives_a_line_for_each_record_and_says_what_share_was_supported(site, tmp_path):
    table = tmp_path / "notes.jsonl"
    rows = [{"id": "v1", "text": NOTE}, {"id": "v2", "text": ""}]
    table.write_text("".join(json.dumps(row) + "\n" for row in rows))
    out = tmp_path / "briefs.jsonl"
    done = command("summarise", table, "--out", out, "--site", site, "--unsupported", "mark", "--threads", "1")
    assert done.returncode == 1, done.stderr  # the second record failed
    assert done.stdout == ""
    first, second = map(json.loads, out.read_text().splitlines())
    assert second == {"source": "notes.jsonl", "record": 1, "id": "v2", "error": "empty record"}
    assert first["id"] == "v1"
    assert first["supported"] == sum(sentence["supported"] for sentence in first["sentences"]) > 0
    for sentence in first["sentences"]:
        for start, end in sentence.get("spans", []):
            assert 0 <= start < end <= len(NOTE)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert "no clinical claim" in done.stderr
    assert "records 2, failed 1" in done.stderr
    assert "95 % interval" in done.stderr
    assert CANARY not in done.stderr
    event = last_event(site)
    assert (event["action"], event["outcome"]) == ("summarise", "held")
    assert event["counts"]["records"] == 2
    assert event["counts"]["failed"] == 1
    assert event["counts"]["sentences"] == first["of"]
    assert event["counts"]["supported"] == first["supported"]
    assert event["counts"]["identifiers.asked"] > 0
    assert len(event["digests"]["model"]) == 64
    again = command("summarise", table, "--out", out, "--site", site)
    assert again.returncode == 4
    assert "there already" in again.stderr


def test_a_text_that_is_piped_in_gives_sentences_with_their_places(site):
    done = command("summarise", "-", "--site", site, "--threads", "1", input=NOTE)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "-, record 1"
    assert lines[-1].startswith("  supported: ")
    assert any(line.endswith("]") for line in lines[1:-1])


def test_a_record_that_does_not_fit_is_refused_and_with_cut_is_cut_and_says_so(site, tmp_path):
    long = tmp_path / "long.txt"
    long.write_text(NOTE + " The patient slept well." * 400)
    refused = command("summarise", long, "--site", site, "--json", "--context", "512", "--threads", "1")
    assert refused.returncode == 1
    assert json.loads(refused.stdout) == {"source": "long.txt", "record": 0, "error": "too long"}
    cut = command("summarise", long, "--site", site, "--json", "--context", "512", "--cut", "--threads", "1")
    line = json.loads(cut.stdout)
    assert 0 < line["cut"]["kept"] < line["cut"]["of"] == len(long.read_text())


# what is refused before a model is loaded


def test_resume_without_an_output_is_wrong_usage(site, tmp_path):
    (tmp_path / "a.txt").write_text(NOTE)
    done = command("summarise", tmp_path / "a.txt", "--resume", "--site", site)
    assert done.returncode == 2
    assert "--out" in done.stderr


def test_an_output_in_the_input_is_refused(site, tmp_path):
    (tmp_path / "a.txt").write_text(NOTE)
    done = command("summarise", tmp_path, "--out", tmp_path / "o.jsonl", "--site", site)
    assert done.returncode == 4
    assert CANARY not in done.stderr


def test_an_input_that_is_not_there_is_an_input_error(site, tmp_path):
    done = command("summarise", tmp_path / "none", "--site", site)
    assert done.returncode == 3
