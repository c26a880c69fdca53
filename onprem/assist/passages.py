"""The text files of a folder as passages: a few sentences each, under their headings, with their place in the file.

Rules: a passage is a slice of its file's text, or of that of a row, and all of that text is in some passage but headings and
blanks; a passage never reaches over a heading or a row; links are not followed; a file that is not read is named with the
reason; a folder that is too large is refused, never read in part.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from onprem.assist.rows import LINES, TABLES, rows
from onprem.errors import InputError
from onprem.formats.encoding import SAMPLE_BYTES, detect, has_binary_text, is_binary, unreadable
from onprem.text import HAN

MARKDOWN, PLAIN = frozenset({".md", ".markdown"}), frozenset({".txt", ".text"})
READ = MARKDOWN | PLAIN | TABLES | LINES
MAX_FILE_BYTES = 8_000_000
MAX_FILES, MAX_TOTAL = 10_000, 64_000_000  # of one folder with all below it: documents, and characters in them
MAX_ENTRIES = 100_000  # that are looked at
MAX_HEADING = 300  # characters; a longer line is text
# of a passage, in code points; a Han character counts as two, as it takes about two letters' worth of tokens
ENOUGH, MOST = 300, 600

_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*\r?\n?")
_FENCE = re.compile(r" {0,3}(```+|~~~+)")
_CLOSING = "\"'”’」』》）)\\]】"
# a sentence, or the rest of a line; runs are bounded, so that no text takes more than a look at each character
_UNIT = re.compile(
    rf"\S.*?(?:[.!?]{{1,3}}[{_CLOSING}]{{0,3}}(?=\s)|[。！？；]{{1,3}}[{_CLOSING}]{{0,3}}|$)", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Passage:
    """A slice of a file's text: `start` and `end` are code points of it, without the byte order mark.

    Where there is a `row`, they are code points of its text, as `rows` gives it.
    """

    file: str = field(repr=False)  # below the folder, as POSIX writes paths
    heading: tuple[str, ...] = field(repr=False)  # from the document's title down
    start: int
    end: int
    text: str = field(repr=False)
    row: int = 0  # of a table, or line of JSON lines, from 1


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file or folder that is not read."""

    file: str = field(repr=False)
    reason: str


@dataclass(frozen=True, slots=True)
class Library:
    """What a folder holds."""

    documents: int
    passages: tuple[Passage, ...]
    skipped: tuple[Skipped, ...]


def read_folder(folder: Path) -> Library:
    """Read the files of text, markdown, tables and JSON lines in a folder and below it, in the order of their names.

    Raises:
        InputError: there is no such folder, it holds no such file, or it is too large.
    """
    if not folder.is_dir():
        raise InputError("there is no such folder", hint="give --docs the folder that holds the documents")
    documents = total = 0
    passages: list[Passage] = []
    skipped: list[Skipped] = []
    for path, reason in _files(folder):
        name = path.relative_to(folder).as_posix()
        if reason:
            skipped.append(Skipped(name, reason))
            continue
        try:
            text = read_text(path)
        except InputError as error:
            skipped.append(Skipped(name, error.message))
            continue
        documents, total = documents + 1, total + len(text)
        if documents > MAX_FILES or total > MAX_TOTAL:
            most = f"{MAX_FILES:,} documents or {MAX_TOTAL // 1_000_000} million characters"
            raise InputError(f"the folder holds more than {most}", hint="name a smaller folder")
        passages += split(text, name)
    if not passages:
        raise InputError("the folder holds no text", hint=f"read are: {', '.join(sorted(READ))}")
    return Library(documents, tuple(passages), tuple(skipped))


def read_text(path: Path, *, most: int = MAX_FILE_BYTES) -> str:
    """Return the text of a file without its byte order mark; what it is encoded in is found out.

    Raises:
        InputError: it cannot be opened, is no regular file, has more than `most` bytes, or is no text throughout.
    """
    try:
        # a pipe in a document's place must not block
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise InputError("no regular file")
            content = file.read(most + 1)
    except OSError as error:
        raise unreadable(error) from None
    if len(content) > most:
        raise InputError(f"larger than {most / 1_000_000:g} MB", hint="split the file")
    if is_binary(content[:SAMPLE_BYTES]):
        raise InputError("binary content")
    encoding = detect(content, complete=True)
    if encoding is None or (encoding.codec.startswith("utf-16") and len(content) % 2):
        raise InputError("in no known encoding", hint="UTF-8, UTF-16 and GB18030 are read")
    text = encoding.decode(content[len(encoding.mark) :])
    if has_binary_text(text):
        raise InputError("binary content")
    if encoding.damaged(text) or not _is_text(text):
        raise InputError("in several encodings", hint="UTF-8, UTF-16 and GB18030 are read, one in a file")
    return text


def split(text: str, file: str) -> Iterator[Passage]:
    """Yield the passages of a text in order; the suffix of its file's name says what it is."""
    suffix = PurePosixPath(file).suffix.lower()
    if suffix in TABLES | LINES:
        for row, own in rows(text, suffix):
            for first, last in _packed(own, 0, len(own)):
                yield Passage(file, (), first, last, own[first:last], row)
        return
    for heading, start, end in _sections(text) if suffix in MARKDOWN else (((), 0, len(text)),):
        for first, last in _packed(text, start, end):
            yield Passage(file, heading, first, last, text[first:last])


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # half a character, which UTF-16 may hold
        return False
    return True


def _files(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield each file with the reason why it is not to be read, "" for none."""
    todo, entries = [folder], 0
    while todo:
        here = todo.pop()
        below = []
        try:
            with os.scandir(here) as scanned:
                found = sorted(scanned, key=lambda entry: entry.name)
        except OSError:
            yield here, "a folder that cannot be opened"
            continue
        entries += len(found)
        if entries > MAX_ENTRIES:
            raise InputError(f"the folder holds more than {MAX_ENTRIES:,} files", hint="name a smaller folder")
        for entry in found:
            path = here / entry.name
            if entry.is_symlink():
                yield path, "a link"
            elif entry.is_dir(follow_symlinks=False):
                below.append(path)
            else:
                yield path, "" if path.suffix.lower() in READ else "no text, markdown, table or JSON lines"
        todo += reversed(below)


def _sections(text: str) -> Iterator[tuple[tuple[str, ...], int, int]]:
    """Yield (heading path, start, end) of what stands under each heading of a markdown text."""
    path: list[tuple[int, str]] = []
    fence, begun, at = "", 0, 0
    for line in text.splitlines(keepends=True):
        if mark := _FENCE.match(line):
            if not fence:
                fence = mark[1]
            elif line.strip().startswith(fence):
                fence = ""
        elif not fence and len(line) <= MAX_HEADING and (heading := _HEADING.fullmatch(line)):
            yield tuple(title for _, title in path), begun, at
            depth = len(heading[1])
            path = [*(above for above in path if above[0] < depth), (depth, heading[2])]
            begun = at + len(line)
        at += len(line)
    yield tuple(title for _, title in path), begun, at


def _packed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of passages: sentences together up to MOST, a paragraph apart once there is ENOUGH."""
    first = last = size = 0  # first == last: nothing yet
    for begun, over in _units(text, start, end):
        own, blank = _size(text[begun:over]), begun - last
        parted = size >= ENOUGH and text.count("\n", last, begun) > 1
        if first < last and (parted or size + blank + own > MOST):
            yield first, last
            first = last
        if first == last:
            first, size, blank = begun, 0, 0
        last, size = over, size + blank + own
    if first < last:
        yield first, last


def _units(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of sentences or lines without the blanks around them, none of them larger than MOST."""
    for found in _UNIT.finditer(text, start, end):
        begun, over = found.start(), found.start() + len(found[0].rstrip())
        while _size(text[begun : min(over, begun + MOST + 1)]) > MOST:
            cut = begun + MOST // 2  # of that length, whatever the characters
            blank = text.rfind(" ", begun + 1, cut)
            yield begun, (cut if blank < 0 else blank)
            begun = cut if blank < 0 else blank + 1
        if begun < over:
            yield begun, over


def _size(text: str) -> int:
    return len(text) + len(HAN.findall(text))
