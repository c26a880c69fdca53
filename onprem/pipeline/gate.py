"""The leak gate: the written files, reopened, against every value of their patients.

For each record that was written: the values that tables and notes gave for its patient (whole values, digits only,
pinyin, either script) and what was found in its own source are searched in all of its fields; every number that looks
like an identifier on its own must not stand in the source. A hit holds the file. Findings carry a code, a source index
and a count, never a value.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from onprem.checksums import compact
from onprem.detect.contract import Passage
from onprem.detect.ensemble import accepted
from onprem.detect.roster import Matcher
from onprem.errors import InputError
from onprem.formats.contract import Chunk, Source
from onprem.model import Held, Kind, Raw, Record, Span
from onprem.pipeline.find import prepare_field, read_found
from onprem.pipeline.known import Value
from onprem.pipeline.plan import Task
from onprem.pipeline.room import Room, Written, write_whole
from onprem.policy.contract import Operator
from onprem.text import view

VALUE = "value-survives"  # a known value of the patient stands in the output
SHAPE = "shape-survives"  # a number of the source that is an identifier by its shape stands in the output
COUNT = "records-differ"  # the output does not hold the records that were released
UNREADABLE = "output-unreadable"

_MOVED = frozenset({Operator.SHIFT, Operator.SURROGATE, Operator.KEEP, Operator.BAND, Operator.GENERALISE, Operator.ZIP3})
_SURE = 0.85
_MIN_SHAPE = 6  # characters; a shorter number is in every note


@dataclass(slots=True)
class Gated:
    """What the gate found in one source: counts by code, and the first records concerned (index in the source)."""

    source: int
    codes: Counter[str] = field(default_factory=Counter)
    records: list[int] = field(default_factory=list)

    def hit(self, code: str, record: int) -> None:
        """Count one finding."""
        self.codes[code] += 1
        if len(self.records) < 20 and record not in self.records:
            self.records.append(record)


def gate_task(room: Room, task: Task) -> int:
    """Check the records of a task in the written files; return how many there were. Keeps its result under the run."""
    result = room.folder / f"gate-{task.index:06}.jsonl"
    records = sum(room.plan.sources[source].chunks[chunk].count for source, chunk in task.pieces)
    if result.exists():
        return records
    gated: dict[int, Gated] = {}
    found = {index_of: rest for index_of, rest in _found(room, task)}
    for source, position in task.pieces:
        verdict = gated.setdefault(source, Gated(source))
        if source in room.written:
            _gate_chunk(room, (source, position), room.written[source], (found, verdict))
    lines = [json.dumps({"source": g.source, "codes": g.codes, "records": g.records}) for g in gated.values()]
    write_whole(result, lines)
    return records


def read_gated(path: Path) -> Iterator[Gated]:
    """Yield what `gate_task` wrote."""
    for line in path.read_text(encoding="utf-8").splitlines():
        plain = json.loads(line)
        yield Gated(plain["source"], Counter(plain["codes"]), plain["records"])


Finds = dict[tuple[int, int], tuple[str | None, dict[int, tuple[str, list[Span]]]]]


def _found(room: Room, task: Task) -> Iterator[tuple[tuple[int, int], tuple[str | None, dict[int, tuple[str, list[Span]]]]]]:
    """Pair what stage 2 wrote with (source, record): lines are in the order of the task's readable records."""
    lines = read_found(room, task)
    for source, position in task.pieces:
        for record in room.source(source).read(room.plan.sources[source].chunks[position]):
            if not isinstance(record, Held):
                index, subject, fields = next(lines)
                yield (source, index), (subject, fields)


def _gate_chunk(room: Room, piece: tuple[int, int], file: Written, into: tuple[Finds, Gated]) -> None:
    found, verdict = into
    source, position = piece
    chunk = room.plan.sources[source].chunks[position]
    absent = frozenset(file.absent)
    released = [index for index in range(chunk.first, chunk.first + chunk.count) if index not in absent]
    before = chunk.first - sum(1 for index in file.absent if index < chunk.first)
    try:
        outputs = list(_slice(*room.reopened(source), before, len(released)))
    except InputError:
        verdict.hit(UNREADABLE, chunk.first)
        return
    if len(outputs) != len(released):
        verdict.hit(COUNT, chunk.first)
        return
    raws = {_index(raw): raw for raw in room.source(source).read(chunk) if not isinstance(raw, Held)}
    for index, output in zip(released, outputs, strict=True):
        if isinstance(output, Held):
            verdict.hit(UNREADABLE, index)
        else:
            _gate_record(room, raws[index], output, (found[source, index], verdict))


def _slice(source: Source, chunks: Sequence[Chunk], start: int, count: int) -> Iterator[Record[Raw] | Held]:
    """Yield `count` records of a file from `start`, reading only the chunks that hold them."""
    for chunk in chunks:
        if chunk.first >= start + count:
            break
        if chunk.first + chunk.count > start:
            skip = max(0, start - chunk.first)
            yield from islice(source.read(chunk), skip, start + count - chunk.first)


def _gate_record(
    room: Room, raw: Record[Raw], output: Record[Raw], into: tuple[tuple[str | None, dict[int, tuple[str, list[Span]]]], Gated]
) -> None:
    (subject, fields), verdict = into
    index = _index(raw)
    values = _own_values(room, raw, fields)
    if subject is not None:
        facts = room.known.facts(subject)
        values += [*facts.roster, *facts.found]
    hidden = [(label, value) for label, value in values if room.policy.rule(label) is not Operator.KEEP]
    matcher = Matcher(dict.fromkeys(hidden), by="gate", fuzzy=False, parts=False)
    # all fields at once; no known value spans a line
    passage = Passage("\n".join(view(item.text).text for item in output.fields), "mixed", Kind.CLINICAL)
    for span in matcher.find(passage):
        if room.policy.rule(span.label) is not Operator.KEEP:
            verdict.hit(VALUE, index)
    source_text = ""
    for span in room.shapes.find([passage])[0]:
        if span.score < _SURE or room.policy.rule(span.label) in _MOVED:
            continue
        shape = compact(passage.text[span.start : span.end])
        if len(shape) < _MIN_SHAPE or not any(map(str.isdigit, shape)):
            continue
        source_text = source_text or "\n".join(compact(view(item.text).text) for item in raw.fields)
        if shape in source_text:
            verdict.hit(SHAPE, index)


def _own_values(room: Room, raw: Record[Raw], fields: dict[int, tuple[str, list[Span]]]) -> list[Value]:
    values: list[Value] = []
    for at, item in enumerate(raw.fields):
        if item.kind is Kind.IDENTIFIER and item.label is not None and item.text.strip():
            values.append((item.label, item.text.strip()))
        elif at in fields:
            values += accepted(prepare_field(item, room.spec.lang).passage, fields[at][1])
    return values


def _index(record: Record[Raw]) -> int:
    return int(record.id.rpartition(":")[2])


