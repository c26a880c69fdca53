"""`onprem synth` for recipes of rows, as a user runs it."""

import json

import pytest
from model_world import World

TERMS = "\n".join(
    f"{first} {last}\t{label}"
    for label, lasts in (("disease", ("gastritis", "asthma", "fracture")), ("drug", ("tablets", "syrup")))
    for first in ("acute", "chronic", "mild", "severe", "recurrent")
    for last in lasts
)
VISITS = [
    f"The patient came with {complaint} since {days} days. Examination showed {finding}. We gave {drug} and asked to return."
    for days, (complaint, finding, drug) in enumerate(
        (
            (complaint, finding, drug)
            for complaint in (
                "a dry cough",
                "low back pain",
                "a burning rash",
                "loose stools",
                "an earache",
                "dizziness",
            )
            for finding in ("a red throat", "tender muscles", "no abnormality", "a swollen ankle", "a dull eardrum")
            for drug in ("paracetamol 500 mg", "ibuprofen 400 mg", "loratadine 10 mg", "an ointment")
        ),
        start=2,
    )
]


def rows_of(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    made = World(tmp_path_factory.mktemp("synth"))
    (made.folder / "terms.tsv").write_text(TERMS + "\n", encoding="utf-8")
    return made


def test_the_list_names_every_recipe(world):
    names = {json.loads(line)["recipe"] for line in world.run("synth", "list", "--json", check=0).stdout.splitlines()}
    asked = "patients ehr note ner relation instruct selfchat consult depression diabetes pack"
    assert names == set(asked.split())


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("recipe", ["note", "selfchat", "consult", "depression", "diabetes"])
def test_every_recipe_writes_from_templates_and_says_so(world, recipe, lang):
    out = world.folder / f"{recipe}-{lang}.jsonl"
    done = world.run("synth", recipe, "--n", "4", "--lang", lang, "--out", out, "--json", check=0)
    assert "no model on the shelf" in done.stderr and "no clinical claim" in done.stderr
    rows = rows_of(out)
    assert len(rows) == 4 == json.loads(done.stdout.splitlines()[-1])["rows"]
    assert {row["provenance"]["origin"] for row in rows} == {"template"}
    assert {row["provenance"]["lang"] for row in rows} == {lang}


@pytest.mark.parametrize("recipe", ["ner", "relation"])
def test_recipes_of_sentences_take_a_vocabulary(world, recipe):
    out = world.folder / f"{recipe}.jsonl"
    refused = world.run("synth", recipe, "--n", "5", "--out", out, "--templates", check=2)
    assert "--vocabulary" in refused.stderr
    world.run("synth", recipe, "--n", "5", "--out", out, "--templates", "--vocabulary", "terms.tsv", check=0)
    for row in rows_of(out):
        for span in row.get("spans", [row.get("head"), row.get("tail")]):
            assert row["text"][span["start"] : span["end"]].strip()


def test_a_vocabulary_of_one_name_and_examples_with_identifiers_are_refused(world):
    (world.folder / "one.tsv").write_text("asthma\tdisease\n", encoding="utf-8")
    out = world.folder / "refused.jsonl"
    done = world.run("synth", "ner", "--out", out, "--templates", "--vocabulary", "one.tsv", check=2)
    assert "hint" in done.stderr
    text = "Seen by Dr. Margaret Thornfield, phone 020 7946 0018, for asthma."
    line = json.dumps(
        {"text": text, "spans": [{"start": text.index("asthma"), "end": len(text) - 1, "label": "disease"}]}
    )
    (world.folder / "named.jsonl").write_text(line + "\n", encoding="utf-8")
    done = world.run(
        "synth", "ner", "--out", out, "--templates", "--vocabulary", "terms.tsv", "--examples", "named.jsonl", check=2
    )
    assert "1 of 1 examples hold identifiers" in done.stderr and "Thornfield" not in done.stderr
    assert not out.exists()


def test_rows_from_records_get_their_name_only_through_the_gate(world):
    folder = world.folder / "visits"
    folder.mkdir()
    lines = [json.dumps({"id": str(number), "text": text}) for number, text in enumerate(VISITS)]
    (folder / "visits.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    out, report = world.folder / "questions.jsonl", world.folder / "questions.html"
    done = world.run("synth", "instruct", "--records", "visits", "--n", "8", "--out", out, "--report", report, "--json")
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["records_used"] + said["records_never_used"] == len(VISITS)
    held = out.with_name(out.name + ".held")
    # questions quote their records, so the gate must not let them pass
    assert done.returncode == 1 and said["privacy_gate"] != "PASS" and held.exists() and not out.exists()
    assert all(row["provenance"]["records"] for row in rows_of(held))
    page = report.read_text(encoding="utf-8")
    assert "Synthetic data report" in page and "ibuprofen" not in page
    (event,) = world.events("synth")[-1:]
    assert event["outcome"] == "held" and event["counts"]["gate.passed"] == 0
    # and it is not made again over what stands there
    again = world.run("synth", "instruct", "--records", "visits", "--n", "8", "--out", out, check=4)
    assert "did not pass the gate" in again.stderr and held.exists()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("pack", "--set", "pack=own.toml"), "--pack"),
        (("pack",), "--pack"),
        (("depression", "--set", "talks"), "NAME=VALUE"),
        (("depression", "--set", "nothing=1"), "there is no option"),
        (("selfchat", "--unseen", "visits"), "--records"),
        (("selfchat", "--n", "0"), "--n is at least 1"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_made(world, given, words):
    done = world.run("synth", *given, "--out", "never.jsonl", check=2)
    assert words in done.stderr and "hint" in done.stderr
    assert not list(world.folder.glob("never.jsonl*"))


def test_an_unfinished_run_goes_on_and_another_job_is_refused(world):
    out = world.folder / "again.jsonl"
    world.run("synth", "selfchat", "--n", "6", "--out", out, "--templates", check=0)
    whole = out.read_bytes()
    partial = out.with_name(out.name + ".partial")
    out.unlink()
    lines = whole.splitlines(keepends=True)
    partial.write_bytes(b"".join(lines[:3]) + lines[3][:40])
    done = world.run("synth", "selfchat", "--n", "6", "--out", out, "--templates", "--resume", check=4)
    assert "another job" in done.stderr  # whoever made the partial file did not say which job it is of


def test_the_real_model_writes_rows(world, smollm2, tmp_path):
    site = World(tmp_path, smollm2)
    (site.folder / "terms.tsv").write_text(TERMS + "\n", encoding="utf-8")
    out = site.folder / "rows.jsonl"
    site.run("synth", "ner", "--n", "3", "--out", out, "--vocabulary", "terms.tsv", "--at-a-time", "4")
    rows = rows_of(out)
    assert rows and {row["provenance"]["origin"] for row in rows} == {"model"}
    assert all(len(row["provenance"]["model"]) == 64 for row in rows)
