"""Stage 2, in workers: search every text of a task, keep spans by offset, and tell whose record each is.

What a task leaves: `find-N.jsonl` (one line per record: source, index, subject key, per searched field its language, its
spans, which values of it were accepted and which spans were below the policy's threshold, in view offsets; no text),
`found-N.sealed` (values accepted for a patient, to be searched in all of their records) and, where decisions are replayed,
`decided-N.jsonl` (which of them took effect).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import repeat
from typing import Any

from onprem.detect.echo import BY, SCORE
from onprem.detect.ensemble import Prepared, accepted, prepare, settle, spreads
from onprem.labels import Label
from onprem.model import Field, Held, Kind, Raw, Record, Span
from onprem.pipeline.collect import keys_of
from onprem.pipeline.deidentify import searched
from onprem.pipeline.known import STAFF, Facts, Value, full_names
from onprem.pipeline.plan import SourcePlan, Task
from onprem.pipeline.room import Room, read_lines, write_whole
from onprem.vault.links import Alias
from onprem.vault.sealed import SealedStore

_BATCH_CHARS = 100_000
_OWN_NUMBERS = {
    Label.RECORD_NUMBER: "record",
    Label.NATIONAL_ID: "national",
    Label.SSN: "national",
    Label.OTHER_ID: "encounter",
}
_PATH_PIECE = re.compile(r"[0-9A-Za-z]+(?:-[0-9A-Za-z]+)*")
_MIN_PATH_KEY = 3


@dataclass(slots=True)
class Searching:
    """A record in the batch: its prepared fields, by their index in the record."""

    source: int
    record: Record[Raw]
    subject: str | None = field(repr=False)
    fields: dict[int, Prepared] = field(repr=False, default_factory=dict)


@dataclass(frozen=True, slots=True)
class FoundField:
    """What was found in one field, as it was read from its line: offsets in the view."""

    lang: str
    raw: Sequence[Sequence[Any]]
    kept: Sequence[tuple[str, int, int]]
    under: Sequence[Sequence[Any]] = ()  # spans below the policy's threshold for their detector
    echoed: Sequence[Sequence[Any]] | None = ()  # what a language model quoted; None where it was not understood

    def spans(self) -> list[Span]:
        """Return the spans of all detectors, unmerged."""
        return list(map(_read, self.raw))

    def under_spans(self) -> list[Span]:
        """Return the spans that the policy's thresholds left out."""
        return list(map(_read, self.under))

    def quoted(self) -> list[Span] | None:
        """Return the spans that a language model quoted, None where it was not understood."""
        if self.echoed is None:
            return None
        return [Span(start, end, Label(label), SCORE, BY) for start, end, label in self.echoed]

    def values(self, shown: str) -> list[Value]:
        """Return the accepted values; `shown` is the field's view."""
        return [(Label(label), shown[start:end]) for label, start, end in self.kept]


def find_task(room: Room, task: Task) -> int:
    """Search the records of a task; return how many there were. Does nothing when its result exists."""
    result = room.folder / f"find-{task.index:06}.jsonl"
    records = sum(room.plan.sources[source].chunks[chunk].count for source, chunk in task.pieces)
    if result.exists():
        return records
    sealed = room.folder / f"found-{task.index:06}.sealed"
    sealed.unlink(missing_ok=True)
    gathered = _Gathered()
    lines = list(_lines(room, task, gathered))
    with SealedStore(sealed.with_suffix(".partial"), room.key) as store:
        rows = (_row(subject, facts) for subject, facts in gathered.found.items())
        store.put_many(rows)
    sealed.with_suffix(".partial").replace(sealed)
    if room.spec.decisions:
        write_whole(room.folder / f"decided-{task.index:06}.jsonl", [json.dumps(sorted(gathered.decided))])
    write_whole(result, lines)  # last: where it exists, the task is done
    return records


def merge_found(room: Room, tasks: Iterable[Task]) -> None:
    """In the parent, after all tasks: join what was found to the roster. Joining twice changes nothing."""
    for task in tasks:
        path = room.folder / f"found-{task.index:06}.sealed"
        with SealedStore(path, room.key, readonly=True) as store:
            rows = (json.loads(sealed) for sealed in store.values())
            room.known.add((subject, Facts.decode(facts.encode())) for subject, facts in rows)


def read_decided(room: Room) -> set[int]:
    """Return which decisions took effect in any task, by their place in the file."""
    paths = [room.folder / f"decided-{task.index:06}.jsonl" for task in room.plan.tasks] if room.spec.decisions else []
    return {at for path in paths for decided in read_lines(path) for at in decided}


def read_found(room: Room, task: Task) -> Iterator[tuple[int, int, str | None, dict[int, FoundField]]]:
    """Yield what `find_task` wrote, and `echo_task`: source, index of the record, subject, what was found per field."""
    lines = read_lines(room.folder / f"find-{task.index:06}.jsonl")
    # one line per record in both; where no model is asked, there is no second file
    quoted = read_lines(room.folder / f"echo-{task.index:06}.jsonl") if room.spec.echo else repeat({})
    for (source, index, subject, fields), echoed in zip(lines, quoted, strict=bool(room.spec.echo)):
        found = {int(at): FoundField(*found) for at, found in fields.items()}
        yield source, index, subject, found | {int(at): replace(found[int(at)], echoed=echoed[at]) for at in echoed}


def prepare_field(item: Field, lang: str) -> Prepared:
    """Prepare a field for search. A short coded value is in no language, so it is never held for one."""
    if item.kind is Kind.TEXT:
        return prepare(item.text, lang=lang)
    prepared = prepare(item.text, kind=Kind.CLINICAL, lang=lang)
    return prepared if prepared.readable else prepare(item.text, kind=Kind.CLINICAL, lang="zh")


def _row(subject: str, facts: Facts) -> tuple[bytes, bytes]:
    return subject.encode(), json.dumps([subject, facts.encode().decode()]).encode()


@dataclass(slots=True)
class _Gathered:
    """What a task gathers beside its lines: values accepted for patients, and which decisions took effect."""

    found: dict[str, Facts] = field(repr=False, default_factory=dict)
    decided: set[int] = field(default_factory=set)

    def join(self, subject: str, facts: Facts) -> None:
        """Join facts to those of a patient."""
        self.found[subject] = self.found.get(subject, Facts()).join(facts)


def _lines(room: Room, task: Task, gathered: _Gathered) -> Iterator[str]:
    batch: list[Searching] = []
    size = 0
    for record, planned in records_of(room, task):
        waiting = Searching(planned.index, record, _subject(room, record, planned))
        for at, item in enumerate(record.fields):
            if searched(item, room.policy):
                waiting.fields[at] = prepare_field(item, room.spec.lang)
                size += len(item.text)
        batch.append(waiting)
        if size >= _BATCH_CHARS:
            yield from _search(room, batch, gathered)
            batch, size = [], 0
    yield from _search(room, batch, gathered)


def records_of(room: Room, task: Task) -> Iterator[tuple[Record[Raw], SourcePlan]]:
    """Yield the records of a task that can be read, in order, each with its source."""
    for source, chunk in task.pieces:
        planned = room.plan.sources[source]
        for record in room.source(source).read(planned.chunks[chunk]):
            if not isinstance(record, Held):
                yield record, planned


def _search(room: Room, batch: Sequence[Searching], gathered: _Gathered) -> Iterator[str]:
    passages = [item.passage for waiting in batch for item in waiting.fields.values() if item.readable]
    results = iter(room.ensemble.search(passages))
    for waiting in batch:
        fields: dict[str, Any] = {}
        values: list[Value] = []
        numbers: list[Alias] = []
        names: list[str] = []
        decided = room.replay.of(waiting.record)
        gathered.decided.update(room.replay.kept(decided))
        for at, item in waiting.fields.items():
            if not item.readable:
                fields[str(at)] = ("other", [], [])
                continue
            spans, under = _parted(room, next(results))
            spans, done = room.replay.change(spans, decided, field=at, shown=item.view)
            gathered.decided.update(done)
            kept = [span for span in settle(item.passage, spans) if spreads(span)]
            plain_kept = [(span.label.value, span.start, span.end) for span in kept]
            fields[str(at)] = (item.passage.lang, list(map(_plain, spans)), plain_kept, list(map(_plain, under)))
            values += accepted(item.passage, kept)
            if waiting.subject is None:
                numbers += _numbers(item, spans)
                names += [item.passage.text[s.start : s.end] for s in spans if s.label is Label.NAME]
        if waiting.subject is None:
            by_number = _only(room.links.subject([alias]) for alias in dict.fromkeys(numbers))
            waiting.subject = by_number or _only(map(room.known.named, dict.fromkeys(full_names(names))))
        if waiting.subject is not None and values:
            gathered.join(waiting.subject, Facts((), tuple(dict.fromkeys(values))))
        for subject, facts in room.replay.taught(decided):
            if subject != STAFF and waiting.subject is not None:  # their key may be another by now
                gathered.join(waiting.subject, facts)
        yield json.dumps([waiting.source, _index(waiting.record), waiting.subject, fields])


def _subject(room: Room, record: Record[Raw], planned: SourcePlan) -> str | None:
    """Tell whose record this is by its own key fields, else by the path of its file."""
    own = keys_of(record, room.source(planned.index)) if planned.columns else ()
    if own:
        return room.links.subject(own)
    if record.subject is not None:
        return room.links.subject([("patient", record.subject)])
    if planned.records != 1:
        return None
    pieces = _PATH_PIECE.findall(planned.relative.rpartition(".")[0] or planned.relative)
    pieces += [part for piece in pieces for part in piece.split("-") if part != piece]
    keys = [piece for piece in pieces if len(piece) >= _MIN_PATH_KEY and _has_digit(piece)]
    return _only(room.links.subject([("patient", key)]) for key in keys)


def _numbers(item: Prepared, spans: Iterable[Span]) -> list[Alias]:
    return [
        (_OWN_NUMBERS[span.label], item.passage.text[span.start : span.end])
        for span in spans
        if span.label in _OWN_NUMBERS
    ]


def _only(subjects: Iterable[str | None]) -> str | None:
    """Return the one patient that all hints lead to; None when there is none or more than one."""
    distinct = {subject for subject in subjects if subject is not None}
    return distinct.pop() if len(distinct) == 1 else None


def _has_digit(piece: str) -> bool:
    return any(character.isdigit() for character in piece)


def _parted(room: Room, spans: Iterable[Span]) -> tuple[list[Span], list[Span]]:
    """Part spans into those that reach the policy's threshold for one of their detectors, and the others."""
    parted: tuple[list[Span], list[Span]] = [], []
    for span in spans:
        counts = any(span.score >= room.policy.threshold(name.split("/")[0]) for name in span.by)
        parted[not counts].append(span)
    return parted


def _index(record: Record[Raw]) -> int:
    return int(record.id.rpartition(":")[2])


def _read(plain: Sequence[Any]) -> Span:
    start, end, label, score, by = plain
    return Span(start, end, Label(label), score, frozenset(by.split("|")))


def _plain(span: Span) -> tuple[int, int, str, float, str]:
    return span.start, span.end, span.label.value, round(span.score, 3), "|".join(sorted(span.by))
