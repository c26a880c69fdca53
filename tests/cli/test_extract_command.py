"""`onprem extract` with a real small model: valid lines by a schema, each value with its place or marked."""

import json

import pytest
from summarise_world import CANARY, NOTE, command, last_event, make_site

SCHEMA = {
    "type": "object",
    "required": ["complaint"],
    "properties": {
        "age": {"type": "integer"},
        "sex": {"enum": ["man", "woman"]},
        "complaint": {"type": "string", "maxLength": 60},
        "drugs": {"type": "array", "maxItems": 2, "items": {"type": "string", "maxLength": 40}},
    },
}


@pytest.fixture(scope="module")
def site(tmp_path_factory, smollm2):
    return make_site(tmp_path_factory.mktemp("site") / "site", smollm2)


@pytest.fixture
def schema(tmp_path):
    path = tmp_path / "schema.json"
    path.write_text(json.dumps(SCHEMA))
    return path


def test_each_record_gives_a_valid_line_with_the_place_of_each_value(site, tmp_path, schema):
    from jsonschema import validate

    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "a.txt").write_text(NOTE)
    (notes / "b.txt").write_text("男，58岁，胸痛3天，口服阿司匹林100mg。")
    out = tmp_path / "values.jsonl"
    done = command("extract", notes, "--schema", schema, "--out", out, "--site", site, "--threads", "1")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert [line["source"] for line in lines] == ["a.txt", "b.txt"]
    for line in lines:
        text = (notes / line["source"]).read_text()
        validate(line["values"], SCHEMA)
        assert line["found"] == sum(place["found"] for place in line["spans"])
        assert line["of"] == len(line["spans"])
        for place in line["spans"]:
            assert not place["found"] or 0 <= place["start"] < place["end"] <= len(text)
    assert "found in the record" in done.stderr
    assert CANARY not in done.stderr
    event = last_event(site)
    assert (event["action"], event["outcome"]) == ("extract", "done")
    assert event["counts"]["values"] == sum(line["of"] for line in lines)


def test_a_schema_that_cannot_be_met_is_refused_with_its_place_before_a_model_is_loaded(site, tmp_path, schema):
    (tmp_path / "a.txt").write_text(NOTE)
    schema.write_text(json.dumps({"type": "object", "properties": {"a": {"type": "string", "pattern": "x"}}}))
    done = command("extract", tmp_path / "a.txt", "--schema", schema, "--site", site)
    assert done.returncode == 2
    assert "/properties/a/pattern" in done.stderr
    assert "onprem: hint: " in done.stderr


def test_an_empty_record_is_told_without_an_answer(site, tmp_path, schema):
    (tmp_path / "a.txt").write_text(" \n")
    done = command("extract", tmp_path / "a.txt", "--schema", schema, "--site", site, "--json", "--threads", "1")
    assert done.returncode == 1
    assert json.loads(done.stdout) == {"source": "a.txt", "record": 0, "error": "empty record"}
