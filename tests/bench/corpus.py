"""Text for the benchmark: openly licensed clinical notes where they are at hand, else the sample hospital's.

Names, dates and numbers are written into notes that have none, so that there is something to find and replace.
"""

import csv
import json
import random
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "data"


def notes():
    """Return English notes and where they come from."""
    path = SHARED / "aci-bench" / "train.csv"
    if path.is_file():
        with path.open(encoding="utf-8", newline="") as source:
            column = [row["note"] for row in csv.DictReader(source)]
        headers = sample()
        generator = random.Random(5)
        return [
            f"{generator.choice(headers)[:400]}\n{note}" for note in column
        ], "aci-bench (CC BY 4.0), train, with headers"
    return sample(), "examples/gold.jsonl"


def sample():
    """Return the sample hospital's English notes."""
    with (ROOT / "examples" / "gold.jsonl").open(encoding="utf-8") as source:
        texts = [json.loads(line)["text"] for line in source]
    return [text for text in texts if text.isascii() and len(text) > 300]


def documents(characters):
    """Return notes of about `characters` code points in all, no two alike, and where they come from."""
    pool, origin = notes()
    generator = random.Random(11)
    chosen, total = [], 0
    while total < characters:
        note = generator.choice(pool)
        # another number in every copy, so that nothing can be remembered from one to the next
        chosen.append(f"Record {generator.randrange(10**7, 10**8)}\n{note}")
        total += len(chosen[-1])
    return chosen, origin


def write_jsonl(texts, path):
    """Write texts as JSON lines with an id and a patient for every three notes."""
    with path.open("w", encoding="utf-8") as sink:
        for number, text in enumerate(texts):
            sink.write(json.dumps({"id": f"n{number}", "patient": f"p{number // 3}", "text": text}) + "\n")


def write_parquet(path, count, length=320):
    """Write `count` short notes, of about `length` code points each, as Parquet, streaming, in one file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    pool = [note[:length] for note in sample()]
    generator = random.Random(13)
    schema = pa.schema([("patient_id", pa.string()), ("note_text", pa.string())])
    characters = 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for start in range(0, count, 20_000):
            rows = range(start, min(count, start + 20_000))
            texts = [f"{generator.choice(pool)} Visit {row}." for row in rows]
            characters += sum(map(len, texts))
            writer.write_table(
                pa.table({"patient_id": [f"P{row // 4}" for row in rows], "note_text": texts}, schema=schema)
            )
    return characters
