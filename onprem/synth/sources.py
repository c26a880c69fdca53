"""The records that a recipe may see: read, searched for identifiers, and divided into used and never used.

Rules: a record that holds a direct identifier is refused, and counted; a released file with invented names is refused too,
since nothing tells them from real ones: de-identify with a policy that masks. Which records are held out follows from a
keyed digest of their text, so it is the same in every run, and tells nothing to whoever has no key.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from onprem.assist.records import Fields, Item, Records
from onprem.errors import InputError, UsageError
from onprem.formats.contract import ReadOptions
from onprem.labelled import Sentence
from onprem.progress import Progress
from onprem.synth.contract import Source
from onprem.synth.scan import Scan

_TOGETHER = 64  # records that are searched together
_KEY_CHARACTERS = 24  # of a keyed id, in hex
MASKS = "de-identify them first, with a policy that masks: onprem policy list"


@dataclass(frozen=True, slots=True)
class Given:
    """What was found: `used` may be shown to a model, `unseen` never was; so many were `refused`, or `unreadable`."""

    used: tuple[Source, ...] = field(repr=False)
    unseen: tuple[str, ...] = field(repr=False)
    refused: int = 0
    unreadable: int = 0
    digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """How records are taken: `share` of them is held out, `key` makes their ids, `fields` name their text and id."""

    key: bytes = field(repr=False)
    share: float = 0.5
    fields: Fields = field(default_factory=Fields)
    options: ReadOptions = field(default_factory=ReadOptions)
    most: int = 50_000  # records held in memory; the rest is not read


def read_records(given: Path, take: Take, scan: Scan, progress: Progress) -> Given:
    """Return the records of a file or folder that may be used.

    Raises:
        InputError: there is no such file or folder, or no record in it can be read.
        UsageError: every record holds an identifier.
        ModelError: a model of the detectors is missing or damaged.
    """
    records = Records(given, take.fields, take.options)
    progress.stage("records", None)
    used: list[Source] = []
    unseen: list[str] = []
    refused = unreadable = 0
    every = iter(records)
    while window := list(islice(every, _TOGETHER)):
        readable = [item for item in window if not item.error]
        unreadable += len(window) - len(readable)
        for item, spans in zip(readable, scan.found([item.text for item in readable]), strict=True):
            if spans:
                refused += 1
            elif _place(take.key, item.text) < take.share:
                unseen.append(item.text)
            else:
                used.append(Source(item.text, key_of(take.key, item)))
        progress.advance(len(window))
        if len(used) + len(unseen) >= take.most:
            break
    if not used and refused:
        raise UsageError(f"all {refused:,} records hold identifiers", hint=MASKS)
    if not used:
        raise InputError("no record can be used", hint="text, JSON lines, CSV, TSV and Parquet are read")
    return Given(tuple(used), tuple(unseen), refused, unreadable, records.digest())


def key_of(key: bytes, item: Item) -> str:
    """Return the keyed id of a record, by which the hospital alone finds it again."""
    said = f"{item.source}\0{item.record}\0{item.text}".encode("utf-8", "surrogatepass")
    return hmac.digest(key, said, "sha256").hex()[:_KEY_CHARACTERS]


def _place(key: bytes, text: str) -> float:
    """Return a number from 0 to 1 that a text has, the same in every run and for every copy of it."""
    said = hmac.digest(key, b"held out\0" + text.encode("utf-8", "surrogatepass"), "sha256")
    return float(int.from_bytes(said[:8]) / 2**64)


def check_examples(examples: Sequence[Sentence], scan: Scan) -> None:
    """Refuse examples that hold identifiers: a model repeats them.

    Raises:
        UsageError: some do; it tells how many.
        ModelError: a model of the detectors is missing or damaged.
    """
    bad = sum(1 for spans in scan.found([example.text for example in examples]) if spans)
    if bad:
        raise UsageError(f"{bad:,} of {len(examples):,} examples hold identifiers", hint=MASKS)


def examples_digest(examples: Iterable[Sentence]) -> str:
    """Return a SHA-256 over examples, by which a run that goes on knows that they are the same."""
    found = hashlib.sha256()
    for piece in _said(examples):
        found.update(piece.encode("utf-8", "surrogatepass"))
    return found.hexdigest()


def _said(examples: Iterable[Sentence]) -> Iterator[str]:
    for example in examples:
        yield f"{example.text!r}{[(mention.start, mention.end, mention.label) for mention in example.mentions]}"
