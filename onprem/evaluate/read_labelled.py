"""Readers of labelled text: IOB files, brat folders and JSON lines -> sentences with their mentions.

Rules: what is malformed is an InputError that tells the place and never the text; no annotation is dropped but one that
overlaps a longer one, of which the text can have one label only; a file above a size that no labelled text has is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from onprem.errors import InputError
from onprem.labelled import Mention, Sentence, mention_of

_MOST_BYTES = 512 * 2**20
_HINT = "IOB (a word and its tag a line, an empty line between sentences), a folder of brat files, or JSON lines"
_TAG = re.compile(r"(?:([BIESLU])-(\S+)|O)$")
# between these no blank stood: the words of IOB files are cut at every sign
_NONE_BEFORE = frozenset(".,;:!?)]}%'’-/")
_NONE_BEHIND = frozenset("([{-/'’")
_CLOSING = re.compile(r"\s*\n\s*")


def read_labelled(path: Path) -> list[Sentence]:
    """Return the sentences of a file (IOB or JSON lines) or of a folder (brat).

    The sentences of one brat file, and of JSON lines with the same `patient` or `group`, are of one group.

    Raises:
        InputError: it cannot be read, is in no known form, or is malformed.
    """
    if path.is_dir():
        read = list(_brat(path))
    else:
        content = _load(path)
        is_json = content.lstrip()[:1] == "{"
        read = list(_lines(content) if is_json else _iob(content))
    if not read:
        raise InputError("there is no labelled text in it", hint=_HINT)
    return read


def joined(words: Iterable[str]) -> tuple[str, list[tuple[int, int]]]:
    """Return words of an IOB file as text, with a blank between two where there likely was one, and where each stands."""
    text = ""
    places: list[tuple[int, int]] = []
    before = ""
    for word in words:
        if before and word[0] not in _NONE_BEFORE and before[-1] not in _NONE_BEHIND:
            text += " "
        places.append((len(text), len(text) + len(word)))
        text += word
        before = word
    return text, places


def _load(path: Path) -> str:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise InputError("the labelled text is larger than 512 MiB")
        return path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise InputError("the labelled text cannot be read, or is not UTF-8", hint=_HINT) from None


def _lines(content: str) -> Iterator[Sentence]:
    for number, line in enumerate(content.split("\n"), 1):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
            text, spans = found["text"], found["spans"]
            mentions = _apart(mention_of(span) for span in spans)
            if not isinstance(text, str) or any(not 0 <= m.start < m.end <= len(text) for m in mentions):
                raise ValueError
            group = found.get("patient", found.get("group", ""))
            yield Sentence(text, mentions, str(found.get("id", "")), str(group))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise InputError(f"line {number} of the labelled text is malformed", hint=_HINT) from None


def _iob(content: str) -> Iterator[Sentence]:
    """Read IOB1, IOB2 and IOBES; the tag is the last of a line's columns, the word the first."""
    words: list[str] = []
    tags: list[str] = []
    group = 0
    for number, line in enumerate([*content.split("\n"), ""], 1):
        columns = line.split()
        if columns and columns[0].startswith("-DOCSTART-"):
            group += 1
        elif columns:
            if len(columns) < 2 or _TAG.match(columns[-1]) is None:
                raise InputError(f"line {number} of the labelled text is malformed", hint=_HINT)
            words.append(columns[0])
            tags.append(columns[-1])
        elif words:
            text, places = joined(words)
            yield Sentence(text, tuple(_tagged(tags, places)), group=f"document {group}" if group else "")
            words, tags = [], []


def _tagged(tags: list[str], places: list[tuple[int, int]]) -> Iterator[Mention]:
    first = last = -1
    label = ""
    for place, tag in enumerate([*tags, "O"]):
        kind, name = (tag[0], tag[2:]) if tag != "O" else ("O", "")
        if label and (kind in "OBSU" or name != label):
            yield Mention(places[first][0], places[last][1], label)
            label = ""
        if kind != "O":
            if not label:
                first, label = place, name
            last = place


def _brat(folder: Path) -> Iterator[Sentence]:
    """Read text-bound annotations; of a discontinuous one its pieces. A paragraph is a sentence here."""
    found = sorted(folder.glob("*.ann"))
    for path in found:
        text = _load(path.with_suffix(".txt"))
        mentions = _apart(_annotated(_load(path), len(text)))
        start = 0
        for cut in [*_CLOSING.finditer(text), None]:
            end = len(text) if cut is None else cut.start()
            if cut is not None and any(mention.start < cut.end() and end < mention.end for mention in mentions):
                continue
            inside = (Mention(m.start - start, m.end - start, m.label) for m in mentions if start <= m.start < end)
            if text[start:end].strip():
                yield Sentence(text[start:end], tuple(inside), group=path.stem)
            start = end if cut is None else cut.end()


def _annotated(content: str, length: int) -> Iterator[Mention]:
    for number, line in enumerate(content.split("\n"), 1):
        if not line.startswith("T"):
            continue
        try:
            label, _, places = line.split("\t")[1].partition(" ")
            for place in places.split(";"):
                start, end = (int(part) for part in place.split(" "))
                if not 0 <= start < end <= length:
                    raise ValueError
                yield Mention(start, end, label)
        except (IndexError, ValueError):
            raise InputError(f"line {number} of the annotations is malformed", hint=_HINT) from None


def _apart(mentions: Iterable[Mention]) -> tuple[Mention, ...]:
    """Return mentions sorted and without overlap; of two that overlap the longer stays."""
    kept: list[Mention] = []
    for mention in sorted(mentions, key=lambda each: (each.start - each.end, each)):
        if all(mention.end <= other.start or other.end <= mention.start for other in kept):
            kept.append(mention)
    return tuple(sorted(kept))
