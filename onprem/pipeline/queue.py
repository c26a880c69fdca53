"""The questions of one run, opened for a person: each place with its record, read again from the input.

Rules: what is shown comes from the input as it stands; a record whose file or content has changed since the run is not
shown; nothing is written; one record at a time is in memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from onprem.config import Site
from onprem.errors import InputError, SiteError, UsageError
from onprem.formats.contract import Source
from onprem.model import Held, Raw, Record
from onprem.pipeline.decisions import Keys
from onprem.pipeline.doubts import ASKINGS, FILE, HEADING, Asked, Asking, Heading, Question, state
from onprem.pipeline.known import STAFF
from onprem.pipeline.plan import SourcePlan
from onprem.pipeline.replay import own_key
from onprem.pipeline.room import Room, Spec, format_of
from onprem.vault.sealed import SealedStore

_RUN = re.compile(r"[0-9a-f]{16}")
_CHANGED = "the input has changed since the run, so it is not shown: run `onprem deid` again"
_UNREADABLE = "this cannot be read as a record, so there is no text to show"


@dataclass(frozen=True, slots=True)
class Item:
    """One question on one record. `samples` are further cells of the same column: (record, field)."""

    asking: Asking
    question: Question
    samples: tuple[tuple[int, int], ...] = ()

    @property
    def place(self) -> tuple[str, int, int, int]:
        """The record's digest, the field and the offsets: what a decision on it is about."""
        return self.asking.digest, self.question.field, self.question.start, self.question.end


@dataclass(frozen=True, slots=True)
class Shown:
    """What may be shown of an item: its record (None where it is not shown, then `why` says why) and its field's text."""

    record: Record[Raw] | None = field(repr=False, default=None)
    text: str = field(repr=False, default="")
    samples: tuple[str, ...] = field(repr=False, default=())
    why: str = ""


class Queue:
    """The questions of a run in the order in which they are put. Use as a context manager, or call `close`."""

    def __init__(self, room: Room, heading: Heading, asked: tuple[Asking, ...]) -> None:
        self.heading = heading
        self.items = tuple(sorted(_items(asked), key=_order))
        self._room = room
        self._sources = {source.index: source for source in heading.sources}
        self._last: tuple[tuple[int, int], Record[Raw] | Held | None] | None = None
        self._opened: tuple[int, Source] | None = None

    @classmethod
    def open(cls, site: Site, run: str) -> Queue:
        """Open what a run left.

        Raises:
            UsageError: there is no such run, or it left nothing to look at.
            SiteError: what it left is damaged.
        """
        path = site.folder("held") / run / FILE
        if not _RUN.fullmatch(run) or not path.exists():
            others = ", ".join(runs(site)[:5])
            raise UsageError(
                "this run left nothing to look at" if _RUN.fullmatch(run) else "this is no name of a run",
                hint=f"runs with something to look at: {others}"
                if others
                else "`onprem deid` says the name of its run",
            )
        room = Room(Spec(site.root, run, ""))
        with SealedStore(path, room.key, readonly=True) as store:
            heading, asked = store.get(b"heading"), store.get(b"asked")
        if heading is None or asked is None:
            raise SiteError("what the run left is damaged", hint="run `onprem deid` again")
        read = HEADING.validate_json(heading)
        room.spec = Spec(site.root, run, read.policy, read.lang, read.text_field)
        return cls(room, read, ASKINGS.validate_json(asked))

    def __enter__(self) -> Queue:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close what was opened."""
        self._last = self._opened = None
        self._room.close()

    @property
    def run(self) -> str:
        """The run's name."""
        return self._room.spec.run

    @property
    def keys(self) -> Keys:
        """The site's keys of decisions."""
        return self._room.decision_keys

    def teach(self, subject: str, text: str) -> str:
        """Return a text sealed as one that is taught of a patient, or of STAFF; "" for a patient who was forgotten."""
        own = None if subject == STAFF else own_key(self._room.subjects, subject)
        return "" if own is None and subject != STAFF else self.keys.teach(subject, text, own)

    def subjects(self) -> list[str]:
        """Return the keys of the patients whose records may be shown, each once, in order."""
        return sorted({item.asking.subject for item in self.items if item.asking.subject is not None})

    def inputs(self) -> list[Path]:
        """Return the files that records may be read from again."""
        sources = {item.asking.source for item in self.items}
        return [Path(source.path) for source in self.heading.sources if source.index in sources]

    def file(self, item: Item) -> str:
        """Return the path of an item's file below its input. A path identifies: for the screen alone."""
        return self._sources[item.asking.source].relative

    def same(self, item: Item) -> list[Item]:
        """Return the other items of its kind and label in which the same text stands."""
        mine = item.question
        return [
            other
            for other in self.items
            if other is not item
            and mine.same
            and (other.question.same, other.question.asked, other.question.label) == (mine.same, mine.asked, mine.label)
        ]

    def show(self, item: Item) -> Shown:
        """Read an item's record again."""
        asking, question = item.asking, item.question
        if not asking.digest:
            return Shown(why=_UNREADABLE)
        record = self._read(asking.source, asking.record)
        if not isinstance(record, Record) or self.keys.digest(record) != asking.digest:
            return Shown(why=_CHANGED)
        text = record.fields[question.field].text if question.field >= 0 else ""
        samples = tuple(
            other.fields[at].text
            for index, at in item.samples
            if isinstance(other := self._read(asking.source, index), Record) and at < len(other.fields)
        )
        return Shown(record, text, samples)

    def _read(self, source: int, index: int) -> Record[Raw] | Held | None:
        if self._last is None or self._last[0] != (source, index):
            self._last = (source, index), self._read_again(source, index)
        return self._last[1]

    def _read_again(self, source: int, index: int) -> Record[Raw] | Held | None:
        """Return a record of an input; None where the file is gone or has changed."""
        planned = self._sources[source]
        if state(Path(planned.path)) != self.heading.states.get(source):
            return None
        try:
            for chunk in planned.chunks:
                if chunk.first <= index < chunk.first + chunk.count:
                    return next(islice(self._source(planned).read(chunk), index - chunk.first, None), None)
        except (InputError, OSError):  # it was replaced by a file of the same size and time
            return None
        return None

    def _source(self, planned: SourcePlan) -> Source:
        if self._opened is None or self._opened[0] != planned.index:
            opened = format_of(planned).open(Path(planned.path), planned.index, self._room.options)
            self._opened = planned.index, opened
        return self._opened[1]


def runs(site: Site) -> list[str]:
    """Return the names of the runs that left something to look at, the newest first."""
    found = [path for path in site.folder("held").glob(f"*/{FILE}") if _RUN.fullmatch(path.parent.name)]
    return [path.parent.name for path in sorted(found, key=lambda path: -path.stat().st_mtime_ns)]


def _items(asked: tuple[Asking, ...]) -> Iterator[Item]:
    """Yield an item per question; the cells of one column are one item with samples."""
    columns: dict[tuple[int, str], list[tuple[Asking, Question]]] = {}
    for asking in asked:
        for question in asking.questions:
            if question.asked is Asked.FIELD:
                columns.setdefault((asking.source, question.path), []).append((asking, question))
            else:
                yield Item(asking, question)
    for cells in columns.values():
        (asking, question), *others = cells
        yield Item(asking, question, tuple((other.record, cell.field) for other, cell in others))


def _order(item: Item) -> tuple[int, int, int, int, int]:
    question = item.question
    return (
        list(Asked).index(question.asked), item.asking.source, item.asking.record, question.field, question.start
    )  # fmt: skip
