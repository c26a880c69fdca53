"""Readers of gold standards: JSON lines, i2b2 XML, brat and inline tags -> tagged documents.

Rules: no annotation is ever dropped: a label that is not known here counts as OTHER_ID; overlapping annotations become
one that covers both; what is malformed is an InputError that tells the place and never the text.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from onprem.errors import InputError
from onprem.evaluate import markup
from onprem.labels import Label
from onprem.tagged import Gold, Tagged

Annotation = tuple[int, int, str]  # start, end, label as the corpus calls it

_TEXT = ("text", "full_text", "content")
_SPANS = ("spans", "entities", "annotations", "label")
_START = ("start", "start_position", "start_offset", "begin")
_END = ("end", "end_position", "end_offset")
_LABEL = ("label", "entity_type", "type", "tag")
_HINT = "see docs/measures.md for the forms of a gold standard"


@lru_cache(maxsize=1)
def _foreign() -> dict[str, Label]:
    table = tomllib.loads((files("onprem.evaluate") / "foreign_labels.toml").read_text(encoding="utf-8"))
    return {name: Label[label] for label, names in table.items() for name in names}


def map_label(name: str) -> Label:
    """Return the label for what another corpus calls `name`; OTHER_ID when it is known nowhere."""
    folded = name.strip().upper().replace(" ", "_").replace("-", "_")
    return Label.__members__.get(folded) or _foreign().get(folded, Label.OTHER_ID)


def read_gold(path: Path) -> list[Tagged]:
    """Read a gold standard: a file, or a folder of brat pairs, XML or tagged text files.

    Raises:
        InputError: it cannot be read, is in no known form, or is malformed.
    """
    if path.is_dir():
        return list(_read_folder(path))
    content = _load(path)
    suffix = path.suffix.lower()
    head = content.lstrip("\ufeff \t\r\n")
    if suffix == ".ann":
        return [_brat(_load(path.with_suffix(".txt")), content)]
    if suffix in {".jsonl", ".ndjson", ".json"} or head[:1] in {"{", "["}:
        return list(_json(content))
    if suffix == ".xml" or head.startswith("<?xml"):
        return [tagged(text, annotations) for text, annotations in markup.i2b2(content)]
    return [tagged(text, annotations) for text, annotations in markup.inline(content)]


def tagged(text: str, annotations: Iterable[Annotation]) -> Tagged:
    """Return a tagged document; overlapping annotations are united under the label of the longest.

    Raises:
        InputError: an annotation is empty or lies outside the text.
    """
    united: list[tuple[int, int, int, str]] = []  # start, end, length of the longest, its label
    for start, end, label in sorted(annotations):
        if not 0 <= start < end <= len(text):
            raise InputError("an annotation of the gold standard lies outside its text", hint=_HINT)
        if united and start < united[-1][1]:
            first, last, longest, name = united.pop()
            size, chosen = max((longest, name), (end - start, label), key=lambda item: item[0])
            united.append((first, max(last, end), size, chosen))
        else:
            united.append((start, end, end - start, label))
    return Tagged(text, tuple(Gold(start, end, map_label(name)) for start, end, _, name in united))


def _load(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError:
        raise InputError("the gold standard cannot be read", hint=f"see {path}") from None
    except UnicodeDecodeError:
        raise InputError("the gold standard is not UTF-8", hint=f"see {path}") from None


def _read_folder(folder: Path) -> Iterator[Tagged]:
    names = sorted(path for path in folder.iterdir() if path.is_file())
    annotations = [path for path in names if path.suffix == ".ann"]
    chosen = annotations or [path for path in names if path.suffix.lower() in {".xml", ".txt", ".jsonl", ".json"}]
    if not chosen:
        raise InputError("the folder holds no gold standard", hint=_HINT)
    for path in chosen:
        yield from read_gold(path)


def _json(content: str) -> Iterator[Tagged]:
    """Read JSON lines, or one JSON array, of documents with spans or with inline tags (`tagged`)."""
    if content.lstrip().startswith("["):
        for number, item in enumerate(_array(content), 1):
            yield _document(item, number)
        return
    for number, line in enumerate(content.split("\n"), 1):
        if line.strip():
            try:
                item = json.loads(line)
            except (ValueError, RecursionError):
                raise InputError(f"line {number} of the gold standard is not JSON", hint=_HINT) from None
            yield _document(item, number)


def _array(content: str) -> list[object]:
    try:
        items = json.loads(content)
    except (ValueError, RecursionError):
        raise InputError("the gold standard is not JSON", hint=_HINT) from None
    if not isinstance(items, list):
        raise InputError("the gold standard is not a list of documents", hint=_HINT)
    return items


def _document(item: object, number: int) -> Tagged:
    wrong = InputError(f"document {number} of the gold standard has not the expected keys", hint=_HINT)
    if not isinstance(item, dict):
        raise wrong
    if isinstance(item.get("tagged"), str):
        (only,) = markup.inline(item["tagged"], split=False)
        return tagged(*only)
    text = _first(item, _TEXT)
    spans = _first(item, _SPANS)
    if not isinstance(text, str) or not isinstance(spans, list):
        raise wrong
    return tagged(text, [_annotation(span, wrong) for span in spans])


def _annotation(span: object, wrong: InputError) -> Annotation:
    if isinstance(span, dict):
        start, end, label = _first(span, _START), _first(span, _END), _first(span, _LABEL)
    elif isinstance(span, list) and len(span) == 3:
        start, end, label = span
    else:
        raise wrong
    if type(start) is not int or type(end) is not int or not isinstance(label, str):
        raise wrong
    return start, end, label


def _first(item: dict[str, object], names: tuple[str, ...]) -> object:
    return next((item[name] for name in names if name in item), None)


def _brat(text: str, annotations: str) -> Tagged:
    """Read brat stand-off annotations (text-bound `T` lines); a discontinuous one counts as its pieces."""
    pieces: list[Annotation] = []
    for number, line in enumerate(annotations.split("\n"), 1):
        if not line.startswith("T"):
            continue
        try:
            label, _, places = line.split("\t")[1].partition(" ")
            for place in places.split(";"):
                start, end = place.split(" ")
                pieces.append((int(start), int(end), label))
        except (IndexError, ValueError):
            raise InputError(f"line {number} of the annotations is malformed", hint=_HINT) from None
    return tagged(text, pieces)
