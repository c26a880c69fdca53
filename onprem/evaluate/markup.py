"""Gold standards written as markup: i2b2 XML of 2006 and 2014, and text with inline tags.

Rules: no document type, so no entity is expanded; offsets are counted in code points of the text as parsed; errors tell
no text.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator

from onprem.errors import InputError
from onprem.labels import Label

Document = tuple[str, list[tuple[int, int, str]]]

_TAG = re.compile(r"<(/?)([A-Z][A-Z0-9_-]*)>")
_SEPARATOR = re.compile(r"^-{3,}[ \t]*\r?\n", re.MULTILINE)
_HINT = "see docs/measures.md for the forms of a gold standard"


def i2b2(content: str) -> Iterator[Document]:
    """Read i2b2 XML: records with PHI elements (2006), or a text with a list of tags (2014).

    Raises:
        InputError: the XML is malformed, declares a document type, or has neither form.
    """
    if "<!DOCTYPE" in content or "<!ENTITY" in content:
        raise InputError("the gold standard declares a document type", hint="remove the <!DOCTYPE ...> line")
    try:
        root = ET.fromstring(content)  # noqa: S314 - no document type, so no entity expansion
    except (ET.ParseError, ValueError):
        raise InputError("the gold standard is not XML", hint=_HINT) from None
    texts = [root] if root.tag == "TEXT" else list(root.iter("TEXT"))
    if not texts:
        raise InputError("the gold standard has no TEXT element", hint=_HINT)
    tags = root.find("TAGS")
    if tags is not None:
        yield texts[0].text or "", [_tag(tag) for tag in tags]
        return
    for text in texts:
        yield _mixed(text)


def _tag(tag: ET.Element) -> tuple[int, int, str]:
    try:
        return int(tag.attrib["start"]), int(tag.attrib["end"]), tag.attrib.get("TYPE", tag.tag)
    except (KeyError, ValueError):
        raise InputError("a tag of the gold standard has no start or end", hint=_HINT) from None


def _mixed(text: ET.Element) -> Document:
    pieces = [text.text or ""]
    length = len(pieces[0])
    spans: list[tuple[int, int, str]] = []
    for child in text:
        inner = "".join(child.itertext())
        if inner.strip():
            spans.append((length, length + len(inner), child.attrib.get("TYPE", child.tag)))
        pieces += (inner, child.tail or "")
        length += len(inner) + len(pieces[-1])
    return "".join(pieces), spans


def inline(content: str, *, split: bool = True) -> Iterator[Document]:
    """Read text with inline tags, `<TYPE>…</TYPE>`; lines of three dashes separate documents when `split`.

    Angle brackets around a word that is no label and is closed nowhere are text.

    Raises:
        InputError: tags are nested or closed without being open.
    """
    for number, document in enumerate(_SEPARATOR.split(content) if split else [content], 1):
        yield _inline(document, number)


def _inline(document: str, number: int) -> Document:
    closing = {match.group(2) for match in _TAG.finditer(document) if match.group(1)}
    pieces: list[str] = []
    spans: list[tuple[int, int, str]] = []
    length = position = 0
    opened: tuple[str, int] | None = None
    for match in _TAG.finditer(document):
        name = match.group(2)
        if name not in closing and name not in Label.__members__:
            continue
        pieces.append(document[position : match.start()])
        length += match.start() - position
        position = match.end()
        if not match.group(1) and opened is None:
            opened = (name, length)
        elif match.group(1) and opened is not None and opened[0] == name:
            if length > opened[1]:
                spans.append((opened[1], length, name))
            opened = None
        else:
            raise InputError(f"tags of document {number} are nested or not paired", hint=_HINT)
    if opened is not None:
        raise InputError(f"a tag of document {number} is not closed", hint=_HINT)
    pieces.append(document[position:])
    return "".join(pieces), spans
