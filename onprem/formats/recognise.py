"""Which format a file is in: by suffix first, then by content, which has the last word when the two contradict.

A file that is neither understood nor plain text is refused, never read as something it may not be: markup and escapes
can hide a name from every detector.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import cast

from onprem import families
from onprem.formats.contract import Format
from onprem.formats.encoding import UnreadableInput, detect, is_binary, read_head
from onprem.model import Reason

# Formats that are text but not plain text; facts from each format's specification.
_MARKUP = re.compile(r"\s*(?:<\?xml|<!doctype|<html|<[a-z:]+(?:\s[^>]*)?>|\{\\rtf|(?:MSH|FHS|BHS)\|)", re.IGNORECASE)
_JSON = re.compile(r"\s*[\[{]\s*[\[{\"\d\]}]")
_MARKUP_SUFFIXES = frozenset(".xml .html .htm .xhtml .rtf .hl7 .json .yaml .yml .eml .svg .tex .ipynb".split())


@lru_cache(maxsize=1)
def formats() -> dict[str, Format]:
    """Return the formats of the family, by name."""
    found = cast("dict[str, Format]", families.members("onprem.formats", "FORMAT"))
    return {member.name: member for member in found.values()}


@lru_cache(maxsize=1)
def _by_suffix() -> dict[str, Format]:
    return {suffix: member for member in formats().values() for suffix in member.suffixes}


def recognise(path: Path) -> Format:
    """Return the format of a file.

    Raises:
        UnreadableInput: it cannot be opened, is binary under a text suffix, or is of no known format.
    """
    head = read_head(path)
    suffix = path.suffix.lower()
    named = _by_suffix().get(suffix)
    parquet = formats()["parquet"]
    if parquet.sniff(head):
        return parquet
    if named is parquet:
        if not head:
            return formats()["text"]  # an empty file is an empty file
        raise UnreadableInput("an input named as Parquet is not Parquet", reason=Reason.UNREADABLE)
    if is_binary(head):
        raise UnreadableInput(
            "an input is binary", hint="text, JSON lines, CSV, TSV and Parquet are read", reason=Reason.BINARY
        )
    return _textual(head, named, suffix)


def _textual(head: bytes, named: Format | None, suffix: str) -> Format:
    text = _start(head)
    jsonl, delimited = formats()["jsonl"], formats()["delimited"]
    if named is not None and named.name != "text":
        return jsonl if named is delimited and jsonl.sniff(head) else named
    if _MARKUP.match(text):
        raise UnreadableInput(
            "an input holds markup that is not read yet", hint="text, JSON lines, CSV, TSV and Parquet are read"
        )
    if named is not None:
        return named
    if jsonl.sniff(head):
        return jsonl
    if suffix in _MARKUP_SUFFIXES or _JSON.match(text):
        raise UnreadableInput("an input is of no known format", hint="text, JSON lines, CSV, TSV and Parquet are read")
    return delimited if delimited.sniff(head) else formats()["text"]


def _start(head: bytes) -> str:
    encoding = detect(head)
    if encoding is None:
        return ""
    body = head[len(encoding.mark) :][:4096]
    return encoding.decode(body[: len(body) // 2 * 2] if encoding.codec.startswith("utf-16") else body)
