"""What a run leaves for people to look at: what it held, guesses that it acted on unsurely, guesses that it dropped.

Rules it keeps:

1. No text is copied: a question is a place (source, record, field, offsets), a label, a score and keyed digests. The
   review opens the inputs again. What is kept after the run is sealed under the run's key, since paths identify.
2. Only guesses are asked about. What the roster, a pattern with its checksum or a title found is not put to a vote.
3. Bounded: of more questions than a person can answer, those that matter most are kept and the others counted.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from pydantic import TypeAdapter

from onprem.detect.resolve import tier
from onprem.formats.contract import Chunk
from onprem.labels import Label
from onprem.model import Held, Kind, Raw, Record, Span
from onprem.pipeline.deidentify import Result
from onprem.pipeline.find import FoundField
from onprem.pipeline.plan import SourcePlan
from onprem.pipeline.room import Room
from onprem.policy.contract import Operator
from onprem.policy.schema import Policy
from onprem.text import View, view
from onprem.vault.sealed import SealedStore

Place = tuple[int, int, str | None]  # source, index of the record, key of its patient

FILE = "review.sealed"
SURE = 0.8  # a guess with this probability is not asked about; below it, it does not spread to a patient's other notes
MOST = 5_000  # questions of one run
_SAMPLES = 3  # cells of a held column, records of a held kind
_OTHERS = 200  # replaced places of one field that are kept, to be shown as replaced


class Asked(StrEnum):
    """What a question is about, in the order in which questions are put."""

    LEAK = "leak"  # the gate found a known value in the written file
    HELD = "held"  # a record, or a file, that is held
    FIELD = "field"  # a column that nobody can place
    MISSED = "missed"  # a guess that was dropped: nothing is replaced here
    DOUBTFUL = "doubtful"  # a guess that was acted on, below SURE


@dataclass(frozen=True, slots=True)
class Question:
    """One place to look at. Offsets are of the field's original text; `field` is -1 where all of a record is meant."""

    asked: Asked
    field: int = -1
    start: int = 0
    end: int = 0
    label: Label | None = None
    score: float = 0.0
    by: tuple[str, ...] = ()
    same: str = ""  # keyed digest of the text: equal where the text is
    reason: str = ""  # why it is held, or was dropped: "refuted" or "threshold"
    path: str = ""  # of a column that nobody can place
    count: int = 1  # cells or records that it stands for


@dataclass(frozen=True, slots=True)
class Asking:
    """The questions on one record; `replaced` says where, in the fields asked about, something is replaced anyway."""

    source: int
    record: int
    digest: str = ""  # keyed, of the record's content; "" where nothing can be read
    subject: str | None = field(repr=False, default=None)
    replaced: Mapping[int, tuple[tuple[int, int, Label], ...]] = field(default_factory=dict)
    questions: tuple[Question, ...] = ()


@dataclass(frozen=True, slots=True)
class Heading:
    """What the review must know of its run. Sealed: paths identify."""

    policy: str
    digest: str  # of the policy
    rules: Mapping[Label, Operator]
    lang: str
    text_field: str
    sources: tuple[SourcePlan, ...] = field(repr=False)  # those with questions, and of them the chunks with questions
    states: Mapping[int, tuple[int, int]]  # size in bytes and time of the last change in nanoseconds, by source
    left: int = 0  # questions beyond MOST


HEADING = TypeAdapter(Heading)
ASKING = TypeAdapter(Asking)
ASKINGS = TypeAdapter(tuple[Asking, ...])


def ask(room: Room, record: Record[Raw], place: Place, result: Result, found: Mapping[int, FoundField]) -> str:
    """Return the line of questions on a record that was changed, "" for none."""
    policy = room.policy
    asked: list[Question] = []
    if isinstance(result.outcome, Held):
        first = next((at for at, item in enumerate(record.fields) if item.kind is Kind.TEXT and item.text.strip()), -1)
        asked.append(Question(Asked.HELD, first, reason=result.outcome.reason.value))
    for at, settled in result.settled.items():
        asked += _guesses(record.fields[at].text, at, settled, (found[at], policy))
    held = dict(result.held_fields)
    asked += [
        Question(Asked.FIELD, at, 0, len(item.text), reason=held[item.path].value, path=item.path)
        for at, item in enumerate(record.fields)
        if item.path in held
    ]
    return line(room, record, place, result.settled, asked) if asked else ""


def line(
    room: Room, record: Record[Raw], place: Place, replaced: Mapping[int, Sequence[Span]], asked: Iterable[Question]
) -> str:
    """Return a line of questions on a record, with its keyed digests; no value."""
    keys = room.decision_keys
    texts = [item.text for item in record.fields]
    questions = [
        replace(item, same=keys.same(texts[item.field][item.start : item.end])) if item.start < item.end else item
        for item in asked
    ]
    others = {
        at: tuple((span.start, span.end, span.label) for span in spans if _changes(span, room.policy))[:_OTHERS]
        for at, spans in replaced.items()
        if any(item.field == at for item in questions)
    }
    asking = Asking(place[0], place[1], keys.digest(record), place[2], others, tuple(questions))
    return ASKING.dump_json(asking).decode("ascii")


def _changes(span: Span, policy: Policy) -> bool:
    return policy.rule(span.label) is not Operator.KEEP


def _guesses(text: str, at: int, settled: Sequence[Span], judged: tuple[FoundField, Policy]) -> Iterator[Question]:
    """Yield the doubtful guesses of a field that are acted on, then those that were dropped."""
    found, policy = judged
    for span in settled:
        if tier(span) == 1 and span.score < SURE and _changes(span, policy):
            yield _question(Asked.DOUBTFUL, at, span, "")
    raw = [(span, "refuted") for span in found.spans() if tier(span) == 1]
    raw += [(span, "threshold") for span in found.under_spans()]
    if not raw:
        return
    shown: View = view(text)
    taken = [(span.start, span.end) for span in settled]
    for span, reason in sorted(raw, key=lambda item: -item[0].score):
        start, end = shown.original(span.start, span.end)
        if _changes(span, policy) and not any(start < other and one < end for one, other in taken):
            taken.append((start, end))
            yield _question(Asked.MISSED, at, replace(span, start=start, end=end), reason)


def _question(asked: Asked, at: int, span: Span, reason: str) -> Question:
    by = tuple(sorted(span.by))
    return Question(asked, at, span.start, span.end, span.label, round(span.score, 3), by, reason=reason)


def leave(room: Room, held: Iterable[tuple[int, int, str, str]], folder: Path) -> int:
    """In the parent, at the end of a run: seal its questions in `folder`; return how many. None leaves no file.

    `held` is the list of what is held: (source, record, path, reason).
    """
    target = folder / FILE
    target.unlink(missing_ok=True)
    cells, whole = Counter[tuple[int, str]](), dict[tuple[int, str], list[int]]()
    for source, record, path, reason in held:
        if path:
            cells[source, path] += 1
        else:
            whole.setdefault((source, reason), []).append(record)
    counted = Counter[Asked]()
    rows = _rows(room, cells, whole, counted)
    kept = heapq.nsmallest(MOST, rows, key=_weight)
    if not kept:
        return 0
    by_record: dict[tuple[int, int], Asking] = {}
    for asking in kept:
        before = by_record.get((asking.source, asking.record))
        both = asking if before is None else _with(before, asking)
        by_record[asking.source, asking.record] = both
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    asked = tuple(by_record[place] for place in sorted(by_record))
    heading = _heading(room, asked, counted.total() - len(kept))
    with SealedStore(target, room.key) as store:
        store.put_many([(b"heading", HEADING.dump_json(heading)), (b"asked", ASKINGS.dump_json(asked))])
    return len(kept)


def _rows(
    room: Room, cells: Counter[tuple[int, str]], whole: Mapping[tuple[int, str], Sequence[int]], counted: Counter[Asked]
) -> Iterator[Asking]:
    """Yield an `Asking` per question. A column is asked about a few times, a kind of unreadable record once a file."""
    sampled = Counter[tuple[int, str]]()
    readable: set[tuple[int, str]] = set()
    for asking in _lines(room):
        for question in asking.questions:
            place = asking.source, question.path
            if question.asked is Asked.FIELD:
                sampled[place] += 1
                if sampled[place] > _SAMPLES:
                    continue
                question = replace(question, count=cells[place])  # noqa: PLW2901 - the same question, counted
            if question.asked is Asked.HELD:
                readable.add((asking.source, question.reason))
            counted[question.asked] += 1
            yield replace(asking, questions=(question,))
    for (source, reason), records in sorted(whole.items()):
        if (source, reason) not in readable:
            counted[Asked.HELD] += 1
            yield Asking(source, records[0], questions=(Question(Asked.HELD, reason=reason, count=len(records)),))


def _lines(room: Room) -> Iterator[Asking]:
    for task in room.plan.tasks:
        for stem in ("leaks", "asked"):
            path = room.folder / f"{stem}-{task.index:06}.jsonl"
            if path.exists():
                with path.open("rb") as file:
                    yield from map(ASKING.validate_json, file)


def _weight(asking: Asking) -> tuple[int, float, int, int]:
    """Order questions by how much they matter: what leaks or is held, then likely misses, then unlikely hits."""
    (question,) = asking.questions
    score = -question.score if question.asked is Asked.MISSED else question.score
    return list(Asked).index(question.asked), score, asking.source, asking.record


def _with(one: Asking, other: Asking) -> Asking:
    replaced = {**other.replaced, **one.replaced}
    digest = one.digest or other.digest
    return replace(one, digest=digest, replaced=replaced, questions=one.questions + other.questions)


def _heading(room: Room, asked: Sequence[Asking], left: int) -> Heading:
    wanted: dict[int, list[int]] = {}
    for asking in asked:  # in order of source and record
        wanted.setdefault(asking.source, []).append(asking.record)
    sources = tuple(
        replace(
            source,
            chunks=tuple(chunk for chunk in source.chunks if _holds(chunk, wanted[source.index])),
        )
        for source in room.plan.sources
        if source.index in wanted
    )
    policy, spec = room.policy, room.spec
    rules = {label: policy.rule(label) for label in Label}
    states = {source.index: state(Path(source.path)) for source in sources}
    return Heading(policy.name, policy.digest, rules, spec.lang, spec.text_field, sources, states, left)


def state(path: Path) -> tuple[int, int]:
    """Return size (bytes) and time of the last change (nanoseconds) of a file; zeros where it cannot be told."""
    try:
        status = path.stat()
    except OSError:
        return 0, 0
    return status.st_size, status.st_mtime_ns


def _holds(chunk: Chunk, records: Sequence[int]) -> bool:
    """Say whether any of the records, in ascending order, lies in the chunk."""
    at = bisect_left(records, chunk.first)
    return at < len(records) and records[at] < chunk.first + chunk.count
