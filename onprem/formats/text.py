"""Plain text: one file is one record with one field, `text`; byte order mark, line ends and encoding are kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from onprem.errors import OutputError
from onprem.formats.contract import Chunk, Column, Placement, ReadOptions, Sample
from onprem.formats.encoding import (
    UTF8,
    Encoding,
    UnreadableInput,
    detect,
    has_binary_text,
    is_binary,
    read_head,
    unreadable,
)
from onprem.formats.parts import join_parts, open_part
from onprem.model import Clean, Field, Held, Kind, Raw, Reason, Record

PATH = "text"


class TextSource:
    """One text file."""

    def __init__(self, path: Path, source: int, options: ReadOptions) -> None:
        self._path = path
        self._id = f"{source}:0"
        self._options = options

    def columns(self) -> tuple[Column, ...]:
        """Return nothing: text has no columns."""
        return ()

    def placement(self, path: str) -> Placement:  # noqa: ARG002 - one answer for the one path
        """Return free text."""
        return Placement(Kind.TEXT)

    def chunks(self) -> Iterator[Chunk]:
        """Yield the whole file as one chunk; nothing for a file without text."""
        size = _size(self._path)
        if size > 4 or (size and not _is_mark(read_head(self._path, 4))):
            yield Chunk(0, 1, 0, size)

    def read(self, chunk: Chunk) -> Iterator[Record[Raw] | Held]:
        """Yield the record, or Held when it is too large, binary, or in no one known encoding."""
        if chunk.length > 4 * self._options.max_record_chars + 4:
            yield Held(self._id, "", Reason.TOO_LARGE)
            return
        data = read_head(self._path, chunk.length + 1)
        encoding = detect(data, complete=True)
        if encoding is None or (encoding.codec.startswith("utf-16") and len(data) % 2):
            yield Held(self._id, "", Reason.BINARY if is_binary(data) else Reason.ENCODING)
            return
        text = encoding.decode(data[len(encoding.mark) :])
        if reason := self._refusal(text, encoding):
            yield Held(self._id, "", reason)
            return
        yield Record(self._id, None, (Field(PATH, text),), encoding)

    def _refusal(self, text: str, encoding: Encoding) -> Reason | None:
        if has_binary_text(text):
            return Reason.BINARY
        if encoding.damaged(text):
            return Reason.ENCODING
        return Reason.TOO_LARGE if len(text) > self._options.max_record_chars else None

    def write(self, chunk: Chunk, records: Iterable[tuple[int, Record[Clean]]], part: Path) -> None:  # noqa: ARG002
        """Write the clean text with the input's byte order mark, in its encoding.

        Raises:
            OutputError: a replacement cannot be encoded, the record is not of this format, or the disk refuses.
        """
        with open_part(part) as out:
            for _, record in records:
                encoding = record.skeleton
                if not isinstance(encoding, Encoding) or [item.path for item in record.fields] != [PATH]:
                    raise OutputError("a record does not have the fields of its source")
                out.write(encoding.mark + encoding.encode(record.fields[0].text))

    def join(self, parts: Sequence[Path], out: Path) -> None:
        """Write the parts, or what a file without text has (a byte order mark, nothing)."""
        head = b"" if parts else read_head(self._path, 4)
        join_parts(head if _is_mark(head) else b"", parts, out)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise unreadable(error) from None


def _is_mark(head: bytes) -> bool:
    found = detect(head, complete=True) if head else None
    return found is not None and found.mark == head


class TextFormat:
    """Plain text; the last resort when content looks like nothing else."""

    name = "text"
    suffixes = (".txt", ".text", ".note")

    def sniff(self, head: bytes) -> bool:
        """Say whether the content is text at all."""
        return not is_binary(head)

    def open(self, path: Path, source: int, options: ReadOptions) -> TextSource:
        """Open a text file.

        Raises:
            UnreadableInput: it cannot be opened, or is binary.
        """
        if is_binary(read_head(path)):
            raise UnreadableInput("an input named as text is binary", reason=Reason.BINARY)
        return TextSource(path, source, options)


FORMAT = TextFormat()

_ZH = "姓名：王小明 男 45岁\r\n主诉：胸闷三天，2024年3月5日入院。\r\n"
SAMPLES = (
    Sample("ascii", ".txt", lambda: b"Seen by Dr. Lee on 3/5/2024.\n", 1),
    Sample("no last newline", ".txt", "Zoë İpek, 45 y".encode, 1),
    Sample("byte order mark", ".txt", lambda: b"\xef\xbb\xbf" + _ZH.encode(), 1),
    Sample("gb18030", ".txt", lambda: _ZH.encode("gb18030"), 1),
    Sample("utf-16 with mark", ".txt", lambda: b"\xff\xfe" + _ZH.encode("utf-16-le"), 1),
    Sample("utf-16 without mark", ".txt", lambda: "Seen by Dr. Lee.\r\n".encode("utf-16-be"), 1),
    Sample("a NUL and a combining mark", ".txt", "Jose\u0301 Li\0 was seen in clinic today.\n".encode, 1),
    Sample("empty", ".txt", lambda: b"", 0),
    Sample("mark only", ".txt", lambda: UTF8.mark + b"\xef\xbb\xbf", 0),
    Sample("two encodings", ".txt", lambda: _ZH.encode("gb18030") + _ZH.encode(), 1, held=1),
    Sample("cut character", ".txt", lambda: _ZH.encode()[:-3] + b"\xe5\xbc", 1, held=1),
    Sample("latin-1", ".txt", lambda: "Lefèvre, Zoë, née Müller\n".encode("latin-1"), 1, held=1),
    Sample("image", ".txt", lambda: b"\x89PNG\r\n\x1a\n" + bytes(range(256)), 0, refused=True),
    Sample("noise", ".txt", lambda: bytes(range(256)) * 8, 0, refused=True),
)
