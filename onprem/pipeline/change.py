"""Stage 3, in workers: read a task's records again, de-identify each with what is now known of its patient, write parts.

What a task leaves: one part per chunk (`part-S-C`, clean), `change-N.jsonl` (per chunk: which records were held and why,
counts by label, detector and rule; no value), `edits-N.jsonl` (per released record and field: where a replacement stands
for what; offsets only), `asked-N.jsonl` (what people should look at, see `doubts`; offsets and keyed digests only), for a
reversible policy `coded-N.sealed` (what codes stand for, see `coded`) and with --spans `spans-N.jsonl` (offsets only).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from onprem.detect.ensemble import Prepared
from onprem.errors import OutputError
from onprem.model import Clean, Held, Raw, Reason, Record, Released, Span
from onprem.pipeline.coded import Coded
from onprem.pipeline.deidentify import Found, Patient, Result, deidentify
from onprem.pipeline.doubts import ask
from onprem.pipeline.find import FoundField, prepare_field, read_found
from onprem.pipeline.known import persona_facts
from onprem.pipeline.plan import Task
from onprem.pipeline.room import Room, write_whole
from onprem.policy.contract import Known
from onprem.policy.surrogates import Persona
from onprem.vault.keys import derive
from onprem.vault.subjects import SubjectSecret

_PERSONAS_KEPT = 256


@dataclass(slots=True)
class Tally:
    """Counts of one chunk. Carries no value."""

    source: int
    chunk: int
    records: int = 0
    chars: int = 0
    held: list[tuple[int, str, str]] = field(default_factory=list)  # record, path ("" for all of it), reason
    labels: Counter[str] = field(default_factory=Counter)
    detectors: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)

    def released(self) -> int:
        """Number of records that were written."""
        return self.records - sum(1 for _, path, _ in self.held if not path)

    def plain(self) -> dict[str, Any]:
        """The form in which a tally is kept."""
        return {
            "source": self.source, "chunk": self.chunk, "records": self.records, "chars": self.chars, "held": self.held,
            "labels": self.labels, "detectors": self.detectors, "rules": self.rules,
        }  # fmt: skip

    @classmethod
    def read(cls, plain: dict[str, Any]) -> Tally:
        """Read what `plain` gave."""
        held = [(int(record), str(path), str(reason)) for record, path, reason in plain["held"]]
        counters = (Counter(plain[name]) for name in ("labels", "detectors", "rules"))
        return cls(plain["source"], plain["chunk"], plain["records"], plain["chars"], held, *counters)


@dataclass(slots=True)
class Lines:
    """What a task gathers beside its parts; the lines hold offsets only."""

    spans: list[str] = field(default_factory=list)
    edits: list[str] = field(default_factory=list)
    coded: Coded = field(default_factory=Coded)  # what the codes of a reversible policy stand for; sealed when kept
    asked: list[str] = field(default_factory=list)


def part_path(room: Room, source: int, chunk: int) -> Path:
    """Return where the clean part of a chunk lies."""
    return room.folder / f"part-{source:06}-{chunk:06}"


def change_task(room: Room, task: Task) -> int:
    """De-identify the records of a task; return how many there were. Does nothing when its result exists.

    Raises:
        OutputError: a part cannot be written.
    """
    result = room.folder / f"change-{task.index:06}.jsonl"
    tallies: list[Tally] = []
    if not result.exists():
        lines = Lines()
        found = read_found(room, task)
        for source, chunk in task.pieces:
            tallies.append(_change_chunk(room, (source, chunk), found, lines))
        lines.coded.seal(room, task)
        write_whole(room.folder / f"edits-{task.index:06}.jsonl", lines.edits)
        write_whole(room.folder / f"asked-{task.index:06}.jsonl", lines.asked)
        if room.spec.spans:
            write_whole(room.folder / f"spans-{task.index:06}.jsonl", lines.spans)
        write_whole(result, [json.dumps(tally.plain()) for tally in tallies])
    return sum(room.plan.sources[source].chunks[chunk].count for source, chunk in task.pieces)


def _change_chunk(room: Room, piece: tuple[int, int], found: Iterator[Any], lines: Lines) -> Tally:
    source, position = piece
    chunk = room.plan.sources[source].chunks[position]
    tally = Tally(source, position)
    part = part_path(room, source, position)
    partial = part.with_suffix(".partial")
    opened = room.source(source)
    try:
        opened.write(chunk, _clean(room, opened.read(chunk), found, (tally, lines)), partial)
        partial.replace(part)
    except OSError:
        raise OutputError(
            "a part cannot be written", hint="check free space and permissions of the site's folder"
        ) from None
    return tally


def _clean(
    room: Room, records: Iterator[Record[Raw] | Held], found: Iterator[Any], into: tuple[Tally, Lines]
) -> Iterator[tuple[int, Record[Clean]]]:
    tally, lines = into
    for record in records:
        tally.records += 1
        if isinstance(record, Held):
            tally.held.append((_index(record.record_id), "", record.reason.value))
            continue
        source, index, subject, fields = next(found)
        tally.chars += sum(len(item.text) for item in record.fields)
        if (source, index) != (tally.source, _index(record.id)):  # the source changed between two stages
            tally.held.append((_index(record.id), "", Reason.INTERNAL.value))
            continue
        result = _one(room, record, subject, fields)
        _count(tally, result, index)
        if asked := ask(room, record, (source, index, subject), result, fields):
            lines.asked.append(asked)
        if room.spec.spans:
            lines.spans += _span_lines(tally.source, index, result.spans)
        if isinstance(result.outcome, Released):
            lines.edits.append(_edit_line((tally.source, index), record, result.outcome))
            if room.policy.reversible and subject is not None:
                lines.coded.gather(room, (tally.source, subject), record, result.outcome)
            yield index, result.outcome.record


def _one(room: Room, record: Record[Raw], subject: str | None, fields: dict[int, FoundField]) -> Result:
    prepared: dict[int, tuple[Prepared, Sequence[Span]]] = {
        at: (prepare_field(record.fields[at], item.lang), item.spans()) for at, item in fields.items()
    }
    if room.replay.keeps(record):
        return Result(Held(record.id, "", Reason.REVIEW))
    _, matchers = room.known.matchers(subject)
    persona = _stranger(room, record.id) if subject is None else _persona(room, subject)
    quoted = {at: item.quoted() for at, item in fields.items()}
    return deidentify(record, Found(prepared, quoted), Patient(matchers, persona), room.policy)


def _persona(room: Room, subject: str) -> Persona:
    """Return the patient's persona; the last few are kept, since the records of a patient often stand together."""
    made = room.personas.get(subject)
    if made is None:
        facts, _ = room.known.matchers(subject)
        secret = room.subjects.get(subject)
        made = Persona(secret, persona_facts(facts), day_first=room.site.settings.dates_day_first)
        if len(room.personas) >= _PERSONAS_KEPT:
            room.personas.clear()
        room.personas[subject] = made
    return made


def _stranger(room: Room, record: str) -> Persona:
    """Return the persona of a record that names no patient. Its secret is of this run alone, and gone with it."""
    secret = SubjectSecret(derive(room.key, f"unlinked/{record}"))
    return Persona(secret, Known(), day_first=room.site.settings.dates_day_first)


def _count(tally: Tally, result: Result, index: int) -> None:
    if isinstance(result.outcome, Held):
        tally.held.append((index, result.outcome.path, result.outcome.reason.value))
        return
    for path, reason in result.held_fields:
        tally.held.append((index, path, reason.value))
    for _, edits in result.outcome.edits:
        for edit in edits:
            tally.rules[edit.rule] += 1
    for _, spans in result.spans:
        for span in spans:
            tally.labels[span.label.value] += 1
            for detector in {name.split("/")[0] for name in span.by}:
                tally.detectors[detector] += 1


def _edit_line(place: tuple[int, int], record: Record[Raw], released: Released) -> str:
    """Write where replacements stand: [source, record, {field index: [[start, end, new length, label], ...]}]."""
    by_path = dict(released.edits)
    fields = {
        str(at): [
            (edit.span.start, edit.span.end, len(edit.replacement), edit.span.label.value)
            for edit in by_path[item.path]
        ]
        for at, item in enumerate(record.fields)
        if item.path in by_path
    }
    return json.dumps([*place, fields])


def _span_lines(source: int, record: int, spans: Sequence[tuple[str, Sequence[Span]]]) -> Iterator[str]:
    for path, found in spans:
        for span in found:
            yield json.dumps(
                {
                    "source": source, "record": record, "path": path, "start": span.start, "end": span.end,
                    "label": span.label.value, "score": round(span.score, 3), "by": sorted(span.by),
                },
                ensure_ascii=False,
            )  # fmt: skip


def _index(record_id: str) -> int:
    return int(record_id.rpartition(":")[2])
