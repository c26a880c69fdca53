"""Which encoding a file is in, and lossless decoding of it: UTF-8, UTF-16, GB18030, with or without byte order mark.

Rules: decoding never loses a byte (what does not decode becomes an escape that marks its record as damaged); what is
written is in the input's encoding; a text that cannot be encoded is an error, never a question mark.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from onprem.errors import InputError, OutputError
from onprem.model import Reason

SAMPLE_BYTES = 65_536
_BLOCK = 1_048_576

_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\x84\x31\x95\x33", "gb18030"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_UTF32_MARKS = (b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")
_ESCAPED = re.compile("[\udc80-\udcff]")  # what surrogateescape makes of bytes that do not decode
_NOT_ASCII = re.compile(rb"[\x80-\xff]")
_HAN_IN_UTF8 = re.compile(rb"(?:[\xe3-\xe9][\x80-\xbf]{2}){2}")
_CONTROL = re.compile("[\x01-\x08\x0e-\x1a\x1c-\x1f\x7f]")

# First bytes of what hospitals keep beside text; facts from each format's specification.
_BINARY_STARTS = (
    b"\x89PNG\r\n",
    b"\xff\xd8\xff",
    b"GIF8",
    b"%PDF-",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ\x00",
    b"(\xb5/\xfd",
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!\x1a\x07",
    b"\x7fELF",
    b"MZ\x90\x00",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b"SQLite format 3\x00",
    b"II*\x00",
    b"MM\x00*",
    b"RIFF",
    b"OggS",
    b"ID3",
    b"\x00\x00\x01\x00",
    b"ARROW1",
    b"ORC",
    b"Obj\x01",
)


class UnreadableInput(InputError):  # noqa: N818 - a kind of InputError, which its name says
    """A file as a whole cannot be read; `reason` says why in the vocabulary of held records."""

    def __init__(self, message: str, *, hint: str = "", reason: Reason = Reason.UNREADABLE) -> None:
        super().__init__(message, hint=hint)
        self.reason = reason

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (self.message, self.hint, self.reason.value))


def _rebuild(message: str, hint: str, reason: str) -> UnreadableInput:
    return UnreadableInput(message, hint=hint, reason=Reason(reason))


@dataclass(frozen=True, slots=True)
class Encoding:
    """An encoding and the byte order mark that the file begins with (b"" for none)."""

    codec: str  # "utf-8", "utf-16-le", "utf-16-be" or "gb18030"
    mark: bytes = b""

    @property
    def errors(self) -> str:
        """The error handler under which decoding keeps every byte."""
        return "surrogatepass" if self.codec.startswith("utf-16") else "surrogateescape"

    def decode(self, data: bytes) -> str:
        """Return the text of `data`; bytes that do not decode are escaped (see `damaged`)."""
        return data.decode(self.codec, self.errors)

    def length(self, text: str) -> int:
        """Return how many bytes `text`, as `decode` made it, has in the file."""
        return len(text) if text.isascii() and self.codec[:5] != "utf-1" else len(text.encode(self.codec, self.errors))

    def damaged(self, text: str) -> bool:
        """Say whether a record or cell, as `decode` made it, holds bytes of another encoding."""
        if text.isascii() or self.codec.startswith("utf-16"):
            return False
        if _ESCAPED.search(text):
            return True
        return self.codec == "gb18030" and holds_utf8_lines(text.encode("gb18030"))

    def may_be_damaged(self, text: str) -> bool:
        """Say quickly whether any record of a chunk may be damaged, so that each is to be looked at."""
        if text.isascii() or self.codec.startswith("utf-16"):
            return False
        if _ESCAPED.search(text):
            return True
        return self.codec == "gb18030" and _HAN_IN_UTF8.search(text.encode("gb18030")) is not None

    def encode(self, text: str) -> bytes:
        """Return the bytes of a clean text.

        Raises:
            OutputError: the text has a character that the encoding lacks; the caller holds the record.
        """
        try:
            return text.encode(self.codec, "surrogatepass" if self.codec.startswith("utf-16") else "strict")
        except UnicodeEncodeError:
            raise OutputError("a replacement cannot be written in the encoding of the input") from None


UTF8 = Encoding("utf-8")


def detect(head: bytes, *, complete: bool = False) -> Encoding | None:
    """Return the encoding of a file that begins with `head`, or None when it is none of those known.

    `complete` says that `head` is the whole file; otherwise a character cut at its end is forgiven. A file in UTF-8
    with lines of another encoding is UTF-8: its records are damaged one by one.
    """
    mark = next((item for item in _MARKS if head.startswith(item[0])), None)
    if head.startswith(_UTF32_MARKS) or mark:
        return Encoding(mark[1], mark[0]) if mark and not head.startswith(_UTF32_MARKS) else None
    if b"\0" in head and (codec := _utf16_by_nulls(head)):
        return Encoding(codec)
    if _decodes(head, "utf-8", complete=complete):
        return UTF8
    if codec := _utf16_by_script(head):
        return Encoding(codec)
    utf8, gb18030 = _lines_by_encoding(head, complete=complete)
    if gb18030 > utf8:
        return Encoding("gb18030")
    return UTF8 if utf8 else None


def _decodes(data: bytes, codec: str, *, complete: bool) -> bool:
    try:
        data.decode(codec)
    except UnicodeDecodeError as error:
        return not complete and error.start >= len(data) - 3 and "unexpected end" in error.reason + _cut(error)
    return True


def _cut(error: UnicodeDecodeError) -> str:
    # the multibyte codecs say "incomplete multibyte sequence" for a cut character
    return "unexpected end" if "incomplete" in error.reason else ""


def _utf16_by_nulls(head: bytes) -> str:
    """Latin text in UTF-16 has its NULs on one side only."""
    units = len(head) // 2
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if units and odd >= units * 0.2 and even * 20 <= odd:
        return "utf-16-le"
    if units and even >= units * 0.2 and odd * 20 <= even:
        return "utf-16-be"
    return ""


def _utf16_by_script(head: bytes) -> str:
    """Chinese text in UTF-16: in one byte order nearly every unit is Han, full-width or Latin; in the other few are."""
    even = head[: len(head) // 2 * 2]
    if len(even) < 8:
        return ""
    shares = {codec: _plausible_share(even.decode(codec, "surrogatepass")) for codec in ("utf-16-le", "utf-16-be")}
    for codec, share in shares.items():
        if share >= 0.97 and min(shares.values()) < 0.7:
            return codec
    return ""


def _plausible_share(text: str) -> float:
    plausible = sum(
        "\u4e00" <= unit <= "\u9fff" or unit in "\t\r\n" or " " <= unit <= "~" or "\u2010" <= unit <= "\u2026"
        or "\u3000" <= unit <= "\u303f" or "\uff00" <= unit <= "\uffef"
        for unit in text
    )  # fmt: skip
    return plausible / max(1, len(text))


def _lines_by_encoding(head: bytes, *, complete: bool) -> tuple[int, int]:
    """Count the lines beyond ASCII that are UTF-8 and those that are GB18030."""
    utf8 = gb18030 = 0
    lines = head.split(b"\n")
    for index, line in enumerate(lines):
        if not _NOT_ASCII.search(line):
            continue
        last = index == len(lines) - 1
        if _decodes(line, "utf-8", complete=complete or not last):
            utf8 += 1
        elif looks_gb18030(line, complete=complete or not last):
            gb18030 += 1
    return utf8, gb18030


def looks_gb18030(data: bytes, *, complete: bool = True) -> bool:
    """Say whether bytes beyond ASCII decode as GB18030 and are mostly symbols or the common characters of GB 2312.

    Bytes of UTF-8, Latin-1 or Big5 often decode as GB18030 too, but then as rare characters.
    """
    if not _decodes(data, "gb18030", complete=complete):
        return False
    common = rare = position = 0
    while found := _NOT_ASCII.search(data, position):
        start = found.start()
        trail = data[start + 1] if start + 1 < len(data) else 0
        if 0x30 <= trail <= 0x39:  # four-byte form
            rare += 1
            position = start + 4
            continue
        if trail >= 0xA1 and (0xA1 <= data[start] <= 0xA9 or 0xB0 <= data[start] <= 0xD7):
            common += 1
        else:
            rare += 1
        position = start + 2
    return common >= 2 * rare


def _is_utf8_han(data: bytes) -> bool:
    return bool(_HAN_IN_UTF8.search(data)) and _decodes(data, "utf-8", complete=True)


def holds_utf8_lines(data: bytes) -> bool:
    """Say whether some line of a GB18030 file is Chinese in UTF-8 instead."""
    return any(_is_utf8_han(line) for line in data.split(b"\n")) if _HAN_IN_UTF8.search(data) else False


def is_binary(head: bytes) -> bool:
    """Say whether content is no text: a known signature, or control characters that text does not have."""
    if head.startswith(_BINARY_STARTS) or head[128:132] == b"DICM" or head[4:8] == b"ftyp":
        return True
    encoding = detect(head)
    if encoding is None:
        return b"\0" in head
    text = encoding.decode(head[: len(head) // 2 * 2] if encoding.codec.startswith("utf-16") else head)
    return has_binary_text(text)


def has_binary_text(text: str) -> bool:
    """Say whether more than one character in a hundred is a control character or NUL (a stray one is text)."""
    strange = len(_CONTROL.findall(text)) + text.count("\0")
    return strange > 2 and strange * 100 > len(text)


def read_head(path: Path, size: int = SAMPLE_BYTES) -> bytes:
    """Return the first bytes of a file.

    Raises:
        UnreadableInput: the file cannot be opened.
    """
    try:
        with path.open("rb") as file:
            return file.read(size)
    except OSError as error:
        raise unreadable(error) from None


def unreadable(error: OSError) -> UnreadableInput:
    """Turn an operating system error into one without a file name."""
    if isinstance(error, PermissionError):
        return UnreadableInput("an input cannot be opened: permission denied", hint="check who may read it")
    if isinstance(error, FileNotFoundError):
        return UnreadableInput("an input does not exist", hint="check the path")
    if isinstance(error, IsADirectoryError):
        return UnreadableInput("an input is a folder where a file is needed")
    return UnreadableInput(f"an input cannot be read (errno {error.errno})")


def detect_file(path: Path) -> Encoding:
    """Return the encoding of a file, from its head or, when that is ASCII only, from around its first other byte.

    Raises:
        UnreadableInput: the file cannot be opened, or is in no known encoding.
    """
    head = read_head(path)
    complete = len(head) < SAMPLE_BYTES
    if not complete and head.isascii() and b"\0" not in head:
        head = _beyond_ascii(path)
    encoding = detect(head, complete=complete)
    if encoding is None:
        raise UnreadableInput(
            "an input is in no known encoding",
            hint="UTF-8, UTF-16 and GB18030 are read; convert the file first",
            reason=Reason.ENCODING,
        )
    if encoding.codec.startswith("utf-16") and path.stat().st_size % 2:
        raise UnreadableInput("an input in UTF-16 ends within a character", reason=Reason.ENCODING)
    return encoding


def _beyond_ascii(path: Path) -> bytes:
    """Return whole lines around the first byte beyond ASCII; b"" when there is none."""
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                if found := _NOT_ASCII.search(block):
                    file.seek(-len(block) + found.start(), 1)
                    return file.read(SAMPLE_BYTES)
    except OSError as error:
        raise unreadable(error) from None
    return b""
