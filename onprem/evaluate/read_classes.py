"""Readers of labelled texts and pairs: JSON lines (see `onprem.labelled`), brat with relations, and TSV for whole texts.

Rules: a row that cannot be read refuses the file; the error names the line, never what stands on it. Files are read whole
and are at most 256 MiB. A pair of brat needs its two entities in one line of the text, which becomes the pair's text; with
`kinds`, pairs of such entities that no relation joins are read as pairs without a relation.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from onprem.errors import InputError
from onprem.labelled import Classed, Mention, Pair, mention_of

_LARGEST = 256 * 2**20  # bytes
_HINT = 'JSON lines with "text", "head", "tail" and "label", or a folder of brat (.txt with .ann)'
_CLASSED_HINT = 'JSON lines with "text" and "label", or TSV with the columns text, label and perhaps group'
_ENTITY = re.compile(r"^(T\d+)\t(\S+) (\d+) (\d+)\t")
_PIECES = re.compile(r"^T\d+\t\S+ \d+ \d+;")
_RELATION = re.compile(r"^R\d+\t(\S+) \S+?:(T\d+) \S+?:(T\d+)\s*$")


def read_pairs(path: Path, kinds: tuple[str, str] | None = None) -> list[Pair]:
    """Return the pairs of a file of JSON lines, or of a file or folder of brat. `kinds` are entity types of head and tail.

    Raises:
        InputError: it cannot be read, or is not what it should be.
    """
    if path.is_dir():
        found = [pair for each in sorted(path.rglob("*.ann")) for pair in _brat(each, kinds)]
    elif path.suffix == ".ann":
        found = list(_brat(path, kinds))
    else:
        found = [_pair(line, number) for number, line in _json_lines(path, _HINT)]
    if not found:
        raise InputError("there is no pair in it", hint=_HINT)
    return found


def read_classed(path: Path) -> list[Classed]:
    """Return the labelled texts of a file of JSON lines, or of TSV with a header.

    Raises:
        InputError: as `read_pairs`.
    """
    if path.suffix.lower() in {".tsv", ".tab"}:
        found = list(_tsv(path))
    else:
        found = [_classed(line, number) for number, line in _json_lines(path, _CLASSED_HINT)]
    if not found:
        raise InputError("there is no text in it", hint=_CLASSED_HINT)
    return found


def _read(path: Path, hint: str) -> str:
    try:
        if path.stat().st_size > _LARGEST:
            raise InputError("the file is larger than 256 MiB", hint="cut it into several")
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise InputError("the file cannot be read as UTF-8 text", hint=hint) from None


def _json_lines(path: Path, hint: str) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(_read(path, hint).split("\n"), 1):
        if not line.strip():
            continue
        try:
            content = json.loads(line)
        except (ValueError, RecursionError):
            raise InputError(f"line {number} is not JSON", hint=hint) from None
        if not isinstance(content, dict):
            raise InputError(f"line {number} is no object", hint=hint)
        yield number, content


def _texts(line: dict[str, Any], number: int, hint: str) -> tuple[str, str, str, str]:
    """Return text, label, id and group of a line."""
    values = [line.get("text"), line.get("label"), line.get("id", ""), line.get("patient", line.get("group", ""))]
    if not all(isinstance(value, str) for value in values[:2]) or not values[0]:
        raise InputError(f"line {number} has no text or no label", hint=hint)
    if not all(isinstance(value, (str, int)) for value in values[2:]):
        raise InputError(f"line {number} has an id or a patient that is no text", hint=hint)
    text, label, name, group = (str(value) for value in values)
    return text, label, name, group


def _pair(line: dict[str, Any], number: int) -> Pair:
    text, label, name, group = _texts(line, number, _HINT)
    try:
        head, tail = (mention_of(_object(line.get(role))) for role in ("head", "tail"))
    except ValueError:
        raise InputError(f"line {number} has no head or no tail with start, end and label", hint=_HINT) from None
    if not _inside(head, text) or not _inside(tail, text) or (head.start < tail.end and tail.start < head.end):
        raise InputError(f"line {number} has a head or tail outside the text, or one on the other", hint=_HINT)
    return Pair(text, head, tail, label, name, group)


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("no object")
    return value


def _inside(mention: Mention, text: str) -> bool:
    return 0 <= mention.start < mention.end <= len(text)


def _classed(line: dict[str, Any], number: int) -> Classed:
    text, label, name, group = _texts(line, number, _CLASSED_HINT)
    return Classed(text, label, name, group)


def _tsv(path: Path) -> Iterator[Classed]:
    rows = csv.DictReader(io.StringIO(_read(path, _CLASSED_HINT)), delimiter="\t", quoting=csv.QUOTE_NONE)
    if not {"text", "label"} <= set(rows.fieldnames or ()):
        raise InputError("the first line does not name the columns text and label", hint=_CLASSED_HINT)
    try:
        for number, row in enumerate(rows, 2):
            if not row["text"] or row["label"] is None:
                raise InputError(f"line {number} has no text or no label", hint=_CLASSED_HINT)
            yield Classed(row["text"], row["label"], row.get("id") or "", row.get("patient") or row.get("group") or "")
    except csv.Error:
        raise InputError("the file is not TSV", hint=_CLASSED_HINT) from None


def _brat(path: Path, kinds: tuple[str, str] | None) -> Iterator[Pair]:
    """Yield the pairs of one document of brat, each in its line of the text; the document is the group."""
    text = _read(path.with_suffix(".txt"), _HINT)
    entities, relations = _marks(_read(path, _HINT))
    if any(not _inside(entity, text) for entity in entities.values()):
        raise InputError("an entity of brat lies outside its text", hint=_HINT)
    pairs = dict(relations)
    for one, head in entities.items():
        for other, tail in entities.items():
            if (head.label, tail.label) == kinds and one != other and (other, one) not in relations:
                pairs.setdefault((one, other), "")
    for place, ((one, other), label) in enumerate(sorted(pairs.items())):
        # an entity of several pieces has been left out
        if one in entities and other in entities and (found := _in_line(text, entities[one], entities[other])):
            yield Pair(*found, label, f"{path.stem}-{place}", path.stem)


def _marks(content: str) -> tuple[dict[str, Mention], dict[tuple[str, str], str]]:
    """Return the entities of one piece and the relations of an .ann file."""
    entities: dict[str, Mention] = {}
    relations: dict[tuple[str, str], str] = {}
    for number, line in enumerate(content.split("\n"), 1):
        if line.startswith("T"):
            if found := _ENTITY.match(line):
                entities[found[1]] = Mention(int(found[3]), int(found[4]), found[2])
            elif not _PIECES.match(line):
                raise InputError(f"line {number} of an .ann file is no entity of brat", hint=_HINT)
        elif line.startswith("R"):
            if not (found := _RELATION.match(line)):
                raise InputError(f"line {number} of an .ann file is no relation of brat", hint=_HINT)
            relations[found[2], found[3]] = found[1]
    return entities, relations


def _in_line(text: str, head: Mention, tail: Mention) -> tuple[str, Mention, Mention] | None:
    """Return the line in which two entities stand, and where in it; None where they are on two lines or on each other."""
    first, last = min(head.start, tail.start), max(head.end, tail.end)
    if "\n" in text[first:last] or (head.start < tail.end and tail.start < head.end):
        return None
    begin = text.rfind("\n", 0, first) + 1
    end = text.find("\n", last)
    line = text[begin : len(text) if end < 0 else end]

    def moved(mention: Mention) -> Mention:
        return Mention(mention.start - begin, mention.end - begin, mention.label)

    return line, moved(head), moved(tail)
