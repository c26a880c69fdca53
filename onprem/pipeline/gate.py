"""The leak gate: the written files, reopened, against every value of their patients.

For each record that was written: the values that tables and notes gave for its patient (whole values, digits only,
pinyin, either script) and what was found in its own source are searched in all of its fields; every number that looks
like an identifier on its own must not stand in the source. A hit inside a replacement counts only if the replacement
repeats what it stands for: an invented telephone number may by chance end like somebody's real one. A hit holds the
file. Findings carry a code, a source index and a count, never a value; where in the source a hit comes from is left for
the review (`leaks-N.jsonl`, see `doubts`).
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from onprem.checksums import compact
from onprem.detect.contract import Passage
from onprem.detect.roster import Matcher
from onprem.errors import InputError
from onprem.formats.contract import Chunk, Source
from onprem.labels import Label
from onprem.model import Held, Kind, Raw, Record, Span
from onprem.pipeline.doubts import Asked, Question
from onprem.pipeline.doubts import line as question_line
from onprem.pipeline.find import FoundField, read_found
from onprem.pipeline.known import Value
from onprem.pipeline.plan import Task
from onprem.pipeline.room import Room, Written, read_lines, write_whole
from onprem.policy.contract import Operator
from onprem.text import View, view

VALUE = "value-survives"  # a known value of the patient stands in the output
SHAPE = "shape-survives"  # a number of the source that is an identifier by its shape stands in the output
NAME = "name-survives"  # a known value stands in the name of the output file
COUNT = "records-differ"  # the output does not hold the records that were released
UNREADABLE = "output-unreadable"

_MOVED = frozenset(
    {Operator.SHIFT, Operator.SURROGATE, Operator.KEEP, Operator.BAND, Operator.GENERALISE, Operator.ZIP3}
)
_PLACEHOLDER = re.compile(rf"\[(?:{'|'.join(Label)})(?:-[0-9A-F]+)?\]")  # what redaction and codes leave
_DATES = frozenset({Label.DATE, Label.BIRTH_DATE})
_SURE = 0.85
_ASKED = 50  # records of a source and task that are left for the review
_EDITED = frozenset({"edit"})
_MIN_SHAPE = 6  # characters; a shorter number is in every note


@dataclass(slots=True)
class Gated:
    """What the gate found in one source: counts by code, and the first records concerned (index in the source)."""

    source: int
    codes: Counter[str] = field(default_factory=Counter)
    records: list[int] = field(default_factory=list)
    values: int = 0  # how many values were searched for
    asked: list[str] = field(default_factory=list)  # lines for the review, of the first hits of a task

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
    evidence = _evidence(room, task)
    for source, position in task.pieces:
        verdict = gated.setdefault(source, Gated(source))
        if source in room.written:
            _gate_chunk(room, (source, position), room.written[source], (evidence, verdict))
    lines = [
        json.dumps({"source": g.source, "codes": g.codes, "records": g.records, "values": g.values})
        for g in gated.values()
    ]
    write_whole(room.folder / f"leaks-{task.index:06}.jsonl", [line for g in gated.values() for line in g.asked])
    write_whole(result, lines)
    return records


def read_gated(path: Path) -> Iterator[Gated]:
    """Yield what `gate_task` wrote."""
    for line in path.read_text(encoding="utf-8").splitlines():
        plain = json.loads(line)
        yield Gated(plain["source"], Counter(plain["codes"]), plain["records"], plain["values"])


@dataclass(slots=True)
class _Evidence:
    """What earlier stages left of one record: its subject, what was found, and where replacements stand for what."""

    subject: str | None = field(repr=False)
    found: dict[int, FoundField]
    edits: dict[int, list[tuple[int, int, int, Label]]]  # field index -> (start, end, length of the replacement, label)


def _evidence(room: Room, task: Task) -> dict[tuple[int, int], _Evidence]:
    """Gather the evidence by (source, record). A file that this run did not write has no edits."""
    found = {
        (source, index): _Evidence(subject, fields, {}) for source, index, subject, fields in read_found(room, task)
    }
    edits = room.folder / f"edits-{task.index:06}.jsonl"
    if edits.exists():
        for source, index, fields in read_lines(edits):
            found[source, index].edits = {
                int(at): [(start, end, length, Label(label)) for start, end, length, label in made]
                for at, made in fields.items()
            }
    return found


def _gate_chunk(
    room: Room, piece: tuple[int, int], file: Written, into: tuple[dict[tuple[int, int], _Evidence], Gated]
) -> None:
    evidence, verdict = into
    source, position = piece
    chunk = room.plan.sources[source].chunks[position]
    before_chunk, after_chunk = (bisect_left(file.absent, at) for at in (chunk.first, chunk.first + chunk.count))
    absent = frozenset(file.absent[before_chunk:after_chunk])
    released = [index for index in range(chunk.first, chunk.first + chunk.count) if index not in absent]
    try:
        outputs = list(_slice(*room.reopened(source), chunk.first - before_chunk, len(released)))
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
            _gate_record(room, raws[index], output, (evidence[source, index], verdict))


def _slice(source: Source, chunks: Sequence[Chunk], start: int, count: int) -> Iterator[Record[Raw] | Held]:
    """Yield `count` records of a file from `start`, reading only the chunks that hold them."""
    for chunk in chunks:
        if chunk.first >= start + count:
            break
        if chunk.first + chunk.count > start:
            skip = max(0, start - chunk.first)
            yield from islice(source.read(chunk), skip, start + count - chunk.first)


def _gate_record(room: Room, raw: Record[Raw], output: Record[Raw], into: tuple[_Evidence, Gated]) -> None:
    evidence, verdict = into
    index = _index(raw)
    required = set(room.policy.gates.require)
    values = _own_values(raw, evidence.found)
    if evidence.subject is not None:
        facts = room.known.facts(evidence.subject)
        values += [*facts.roster, *facts.found]
    hidden = [(label, value) for label, value in values if room.policy.rule(label) is not Operator.KEEP]
    wanted = dict.fromkeys(hidden)
    verdict.values += len(wanted)
    matcher = Matcher(wanted, by="gate", fuzzy=False, parts=False)
    # all fields at once, and the file's name; no known value spans a line
    views = [view(item.text) for item in output.fields]
    name = view(room.written[verdict.source].name).text
    fields = _PLACEHOLDER.sub(lambda match: " " * len(match[0]), "\n".join(shown.text for shown in views))
    passage = Passage(f"{fields}\n{name}", "mixed", Kind.CLINICAL)
    hits: list[tuple[str, Span]] = []
    if required & {"known-values", "file-names"}:
        found = [span for span in matcher.find(passage) if room.policy.rule(span.label) is not Operator.KEEP]
        hits += [(NAME if span.start > len(fields) else VALUE, span) for span in found]
    if required & {"checksums", "shapes"}:
        hits += [(SHAPE, span) for span in room.shapes.find([passage])[0] if _survives(room, passage, span, raw)]
    if not hits:
        return
    invented = _invented(raw, output, views, evidence)
    leaks = [(code, span) for code, span in hits if not any(_excuses(place, passage, span) for place in invented)]
    for code, _ in leaks:
        verdict.hit(code, index)
    if leaks and len(verdict.asked) < _ASKED:
        questions = [question for _, span in leaks for question in _sources_of(raw, views, evidence, (span, passage))]
        replaced = {
            at: [Span(start, end, label, 1.0, _EDITED) for start, end, _, label in made]
            for at, made in evidence.edits.items()
        }
        verdict.asked.append(question_line(room, raw, (verdict.source, index, evidence.subject), replaced, questions))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a replacement stands in the passage, what it stands for (compact), and its label."""

    start: int
    end: int
    old: str = field(repr=False)
    label: Label


def _excuses(place: _Place, passage: Passage, span: Span) -> bool:
    """Say whether a hit is an accident of a replacement: it does not repeat what it stands for, or is a month's name."""
    if not (place.start <= span.start and span.end <= place.end):
        return False
    if place.label in _DATES and span.label not in _DATES:
        return True  # "May 9" became "May 21", and the patient's name is May
    return compact(passage.text[span.start : span.end]) not in place.old


def _survives(room: Room, passage: Passage, span: Span, raw: Record[Raw]) -> bool:
    """Say whether a number that is an identifier by its shape also stands in the source."""
    if span.score < _SURE or room.policy.rule(span.label) in _MOVED:
        return False
    shape = compact(passage.text[span.start : span.end])
    if len(shape) < _MIN_SHAPE or not any(map(str.isdigit, shape)):
        return False
    return any(shape in compact(view(item.text).text) for item in raw.fields)


def _invented(raw: Record[Raw], output: Record[Raw], views: Sequence[View], evidence: _Evidence) -> list[_Place]:
    """Return where replacements stand in the passage."""
    places: list[_Place] = []
    base = 0
    for at, (before, after, shown) in enumerate(zip(raw.fields, output.fields, views, strict=True)):
        made = evidence.edits.get(at, [])
        grown = sum(length - (end - start) for start, end, length, _ in made)
        if shown.offsets is None and len(after.text) == len(before.text) + grown:  # else: typed anew, no exemption
            moved = 0
            for start, end, length, label in made:
                old = compact(view(before.text[start:end]).text)
                places.append(_Place(base + start + moved, base + start + moved + length, old, label))
                moved += length - (end - start)
        base += len(shown.text) + 1
    return places


def _sources_of(
    raw: Record[Raw], views: Sequence[View], evidence: _Evidence, hit: tuple[Span, Passage]
) -> Iterator[Question]:
    """Yield where in the source a hit comes from: outside of replacements the text moved along with them.

    A hit in the name of the file comes from no field.
    """
    span, passage = hit
    base = 0
    for at, (before, shown) in enumerate(zip(raw.fields, views, strict=True)):
        if base <= span.start and span.end <= base + len(shown.text):
            start, end = shown.original(span.start - base, span.end - base)
            found, repeats = _unmoved((start, end), evidence.edits.get(at, []))
            if repeats or view(before.text[slice(*found)]).text == passage.text[span.start : span.end]:
                reason = "repeats" if repeats else ""
                yield Question(Asked.LEAK, at, *found, label=span.label, score=1.0, by=("gate",), reason=reason)
            else:  # the field was typed anew, so its places have no counterpart
                yield Question(Asked.LEAK, at, label=span.label, by=("gate",))
            return
        base += len(shown.text) + 1
    yield Question(Asked.LEAK, label=span.label, by=("gate",))


def _unmoved(place: tuple[int, int], made: Sequence[tuple[int, int, int, Label]]) -> tuple[tuple[int, int], bool]:
    """Return the place in the source of a place in the output; True where it is what a replacement stands for."""
    moved = 0
    for start, end, length, _ in made:
        if start + moved <= place[0] and place[1] <= start + moved + length:
            return (start, end), True
        if start + moved + length > place[0]:
            break
        moved += length - (end - start)
    return (place[0] - moved, place[1] - moved), False


def _own_values(raw: Record[Raw], found: dict[int, FoundField]) -> list[Value]:
    values: list[Value] = []
    for at, item in enumerate(raw.fields):
        if item.kind is Kind.IDENTIFIER and item.label is not None and item.text.strip():
            values.append((item.label, item.text.strip()))
        elif at in found:
            values += found[at].values(view(item.text).text)
    return values


def _index(record: Record[Raw]) -> int:
    return int(record.id.rpartition(":")[2])
