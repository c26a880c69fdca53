"""What the gate reads: texts of JSON lines, text files or tables with a text column; tables alone or linked; a card.

Rules: a set is either texts or tables, and all three of a screening are the same; of a JSON line all texts are read but its
provenance, turns as they were spoken; a record that cannot be read stops the screening, because what was left out might be
what was copied. Links are not followed. No value and no file name stands in an error.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from onprem.errors import InputError
from onprem.evaluate.privacy.contract import Guarantee
from onprem.formats.contract import ReadOptions
from onprem.formats.recognise import recognise
from onprem.model import Held, Kind
from onprem.table import Table
from onprem.table_files import SUFFIXES, read_table

PROVENANCE = "provenance"
_CARD = "provenance.json"  # of a folder, and none of the set
# words of the house in a line, which would stand between the turns or spans of a text: read, but after it
_ASIDE = frozenset({"spans", "label", "labels", "act", "topic", "recipe", "lang", "id"})
_SPEAKERS = ("role", "speaker")
_MAX_LINE = 16_000_000  # characters
_MAX_CARD = 1_000_000  # bytes
_UNREAD = "what was left out might be what was copied: repair the file, or take it out of both folders"


def is_tables(given: Path, text_field: str | None) -> bool:
    """Say whether an input is tables: every file of it is one, and no field of them is named as text.

    Raises:
        InputError: there is no such input, or no file in it.
    """
    return text_field is None and all(path.suffix.lower() in SUFFIXES for path in _files(given))


def read_tables(given: Path) -> dict[str, Table]:
    """Return the tables of a file or folder by name; the table of a single file is named "".

    Raises:
        InputError: a file is no table, or two tables have one name.
    """
    files = _files(given)
    if given.is_file():
        return {"": read_table(given)}
    found: dict[str, Table] = {}
    for path in files:
        if path.suffix.lower() not in SUFFIXES:
            raise InputError("a folder of tables holds something else", hint=f"tables are {', '.join(SUFFIXES)}")
        if path.stem in found:
            raise InputError("two tables of a folder have one name")
        found[path.stem] = read_table(path)
    return found


def read_texts(given: Path, text_field: str | None) -> list[str]:
    """Return the texts of a file or folder, in the order of files' names and of records.

    Raises:
        InputError: a file or record cannot be read, or nothing holds a text.
    """
    found = [text for path in _files(given) for text in _texts(path, text_field)]
    if not found:
        raise InputError("an input holds no text", hint="--text-field names the column that holds it")
    return found


def read_card(synthetic: Path) -> Guarantee | None:
    """Return the formal guarantee that the card in a synthetic folder states, None where there is none.

    Of a single file the folder is not looked at: what else lies there is none of the command's business.

    Raises:
        InputError: the card cannot be read.
    """
    path = synthetic / _CARD
    if not synthetic.is_dir() or not path.is_file() or path.is_symlink():
        return None
    try:
        if path.stat().st_size > _MAX_CARD:
            raise InputError("the provenance of the set is too large")
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        raise InputError("the provenance of the set cannot be read") from None
    card = content.get("card") if isinstance(content, dict) else None
    if not isinstance(card, dict):
        return None
    epsilon, delta = card.get("epsilon"), card.get("delta", 0.0)
    if not all(isinstance(each, int | float) and math.isfinite(each) for each in (epsilon, delta)):
        return None
    told = {name: str(card.get(name, "")) for name in ("mechanism", "neighbouring", "noise")}
    return Guarantee(
        float(epsilon or 0.0), float(delta or 0.0), told["mechanism"], told["neighbouring"], "unsafe" in told["noise"]
    )


def row_text(line: dict[str, Any]) -> str:
    """Return the text of a JSON line: what it says first, the words of the house after it."""
    said: list[str] = []
    aside: list[str] = []
    for key, value in line.items():
        if key != PROVENANCE:
            (aside if key in _ASIDE else said).extend(_strings(value, aside))
    return "\n".join([*said, *aside])


def _strings(value: Any, aside: list[str]) -> Iterator[str]:  # noqa: ANN401 - what JSON holds
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each, aside)
    elif isinstance(value, dict):
        speaker = next((value[key] for key in _SPEAKERS if isinstance(value.get(key), str)), None)
        if speaker is not None and isinstance(value.get("text"), str):
            yield f"{speaker}: {value['text']}"
        for key, each in value.items():
            if key in _ASIDE:
                aside.extend(_strings(each, aside))
            elif speaker is None or key not in {"text", *_SPEAKERS}:
                yield from _strings(each, aside)


def _texts(path: Path, text_field: str | None) -> Iterator[str]:
    made = recognise(path)
    if made.name == "jsonl":
        yield from _lines(path, text_field)
        return
    source = made.open(path, 0, ReadOptions(text_field=text_field or "text"))
    wanted = {text_field or "text", "text"}
    for chunk in source.chunks():
        for record in source.read(chunk):
            if isinstance(record, Held):
                raise InputError("a record cannot be read", hint=_UNREAD)
            held = {item.path.removeprefix("col:").strip(): item for item in record.fields}
            found = [item for name, item in held.items() if name in wanted]
            # where no field is named, all free text of a row is its text
            if not found and text_field is None:
                found = [item for item in held.values() if item.kind is Kind.TEXT]
            if not found:
                raise InputError("a record has no text", hint="--text-field names the column that holds it")
            if text := "\n".join(item.text for item in found).strip():
                yield text


def _lines(path: Path, text_field: str | None) -> Iterator[str]:
    try:
        with path.open(encoding="utf-8-sig") as file:
            while line := file.readline(_MAX_LINE + 1):
                if len(line) > _MAX_LINE:
                    raise InputError("a line is too long", hint=_UNREAD)
                if line.strip() and (text := _line_text(line, text_field).strip()):
                    yield text
    except OSError:
        raise InputError("an input cannot be read") from None
    except UnicodeDecodeError:
        raise InputError("a file of JSON lines is not in UTF-8", hint=_UNREAD) from None


def _line_text(line: str, text_field: str | None) -> str:
    try:
        content = json.loads(line)
    except (ValueError, RecursionError):
        raise InputError("a line is no JSON", hint=_UNREAD) from None
    if not isinstance(content, dict):
        raise InputError("a line is no JSON object", hint=_UNREAD)
    if text_field is None or text_field not in content:
        return row_text(content)
    return "\n".join(_strings(content[text_field], []))


def _files(given: Path) -> list[Path]:
    if given.is_file():
        return [given]
    if not given.is_dir():
        raise InputError("an input does not exist, or is no file and no folder", hint="name a file or a folder")
    found = [
        Path(folder) / name
        for folder, _, names in os.walk(given, followlinks=False)
        for name in names
        if name != _CARD and not name.startswith(".")
    ]
    found = sorted(path for path in found if path.is_file() and not path.is_symlink())
    if not found:
        raise InputError("no file was found in an input", hint="text, JSON lines, CSV, TSV and Parquet are read")
    return found
