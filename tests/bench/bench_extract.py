"""Extraction to a schema over many notes with a real model: how much is valid, and whether every place is right.

    python tests/bench/bench_extract.py ../shared/data/mts-dialog/TrainingSet.csv .models/MODEL.gguf --notes 200

Reads the column `section_text` (or `note`) of a CSV file, asks `onprem extract` for the values of SCHEMA, and checks each
line again by other code than the command's own: that it is JSON, that its values fit the schema, and that the text at each
place is the value. `--brief` measures `onprem summarise` beside it. Prints figures, never text.

MTS-Dialog: CC BY 4.0, abachaa/MTS-Dialog. ACI-Bench: CC BY 4.0, wyim/aci-bench.
"""

# ruff: noqa: T201 - a program that prints its result

import argparse
import csv
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import unicodedata
from collections import Counter
from decimal import Decimal
from pathlib import Path

from jsonschema import Draft202012Validator

from onprem.config import find_site
from onprem.llm.shelf import Asked, Shelf

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = {
    "type": "object",
    "required": ["complaint"],
    "properties": {
        "age": {"type": "integer"},
        "sex": {"enum": ["male", "female"]},
        "complaint": {"type": "string", "maxLength": 60},
        "smoker": {"type": "boolean"},
        "drugs": {
            "type": "array",
            "maxItems": 4,
            "items": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {"type": "string", "maxLength": 40},
                    "dose": {"type": "string", "maxLength": 30},
                },
            },
        },
    },
}


def main():
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("data", type=Path)
    asked.add_argument("model", type=Path)
    asked.add_argument("--notes", type=int, default=200)
    asked.add_argument("--at-a-time", type=int, default=8)
    asked.add_argument("--template", default="chatml")
    asked.add_argument("--licence", default="Apache-2.0")
    asked.add_argument("--threads", type=int, default=None)
    asked.add_argument("--brief", action="store_true")
    given = asked.parse_args()
    notes = read(given.data, given.notes)
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder) / "site"
        onprem("init", "--site", site)
        digest = hashlib.sha256(given.model.read_bytes()).hexdigest()
        wanted = Asked(sha256=digest, licence=given.licence, template=given.template)
        Shelf(find_site(site)).add(given.model, wanted)
        rows = Path(folder) / "notes.jsonl"
        rows.write_text("".join(json.dumps({"text": note}) + "\n" for note in notes), encoding="utf-8")
        schema = Path(folder) / "schema.json"
        schema.write_text(json.dumps(SCHEMA), encoding="utf-8")
        common = [rows, "--site", site, "--at-a-time", given.at_a_time]
        common += ["--threads", given.threads] if given.threads else []
        lines, seconds = run("extract", [*common, "--schema", schema], Path(folder) / "values.jsonl")
        values(lines, notes, seconds)
        if given.brief:
            lines, seconds = run("summarise", common, Path(folder) / "briefs.jsonl")
            briefs(lines, notes, seconds)


def read(path, many):
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row.get("section_text") or row.get("note") or "" for row in csv.DictReader(file)]
    notes = [text for text in rows if 200 <= len(text) <= 4_000][:many]
    if len(notes) < many:
        raise SystemExit(f"only {len(notes)} notes of 200 to 4,000 characters")
    return notes


def onprem(*arguments):
    program = [sys.executable, "-m", "onprem", *map(str, arguments)]
    path = os.pathsep.join(filter(None, (os.environ.get("PYTHONPATH"), str(ROOT))))
    done = subprocess.run(program, check=False, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": path})
    if done.returncode not in (0, 1):
        raise SystemExit(f"onprem ended with {done.returncode}: {done.stderr.strip()}")
    return done.stderr.strip().splitlines()


def run(name, arguments, out):
    begun = time.monotonic()
    print(onprem(name, *arguments, "--out", out)[-1])
    return out.read_text(encoding="utf-8").splitlines(), time.monotonic() - begun


def values(lines, notes, seconds):
    validator = Draft202012Validator(SCHEMA)
    read_back = [json.loads(line) for line in lines]
    answered = [(line, note) for line, note in zip(read_back, notes, strict=True) if "values" in line]
    fit = sum(validator.is_valid(line["values"]) for line, _ in answered)
    places = [(line["values"], place, note) for line, note in answered for place in line["spans"]]
    found = [item for item in places if item[1]["found"]]
    right = sum(is_there(at(whole, place["path"]), note[place["start"] : place["end"]]) for whole, place, note in found)
    print(f"lines of JSON: {len(read_back)} of {len(notes)}; errors: {dict(Counter(errors(read_back)))}")
    print(f"values fit the schema: {fit} of {len(answered)}")
    print(
        f"values: {len(places)}; found in the note: {len(found)}; text at the place is the value: {right} of {len(found)}"
    )
    print(f"seconds: {seconds:.0f}")


def briefs(lines, notes, seconds):
    read_back = [json.loads(line) for line in lines]
    spans = [
        (place, note)
        for line, note in zip(read_back, notes, strict=True)
        for sentence in line.get("sentences", ())
        for place in sentence.get("spans", ())
    ]
    inside = sum(0 <= start < end <= len(note) for (start, end), note in spans)
    said, held = sum(line.get("of", 0) for line in read_back), sum(line.get("supported", 0) for line in read_back)
    kinds = Counter({})
    for line in read_back:
        kinds.update(line.get("unsupported", {}))
    print(f"lines of JSON: {len(read_back)} of {len(notes)}; errors: {dict(Counter(errors(read_back)))}")
    print(f"sentences: {said}; supported: {held}; not, by kind: {dict(kinds.most_common())}")
    print(f"places inside their note: {inside} of {len(spans)}; seconds: {seconds:.0f}")


def errors(lines):
    return (line["error"] for line in lines if "error" in line)


def at(value, pointer):
    for step in pointer.split("/")[1:]:
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value


def is_there(value, text):
    """Compare by other means than the command does."""
    if isinstance(value, str):
        return bare(value) == bare(text)
    words = dict(
        zip("one two three four five six seven eight nine ten eleven twelve".split(), range(1, 13), strict=True)
    )
    said = words.get(text.lower(), re.sub(r",(?=\d{3})", "", text).replace(",", "."))
    return Decimal(str(said)) == Decimal(str(value))


def bare(text):
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


if __name__ == "__main__":
    main()
