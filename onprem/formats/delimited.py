"""CSV and TSV: one row is one record; quoting, line ends, blank lines and encoding are kept.

Paths: `col:<header>` for a header of the known vocabulary that occurs once, else `col#<position>` (1-based). A header
that is not known may itself be an identifier and is written as `column_<position>`. A ragged row is held.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from onprem.errors import OutputError
from onprem.formats import chunks, headers, placing
from onprem.formats.contract import Chunk, Column, Placement, ReadOptions, Sample
from onprem.formats.delimited_layout import Layout, layout_of
from onprem.formats.delimited_rows import Row, Rows, Shape
from onprem.formats.encoding import Encoding, UnreadableInput, detect, detect_file, is_binary, read_head
from onprem.formats.parts import join_parts, open_part
from onprem.formats.placing import Placed
from onprem.model import Clean, Held, Kind, Raw, Reason, Record

_HEAD_BYTES = 262_144
_LONG_HEAD_BYTES = 8_388_608
_ABOVE = 2  # `Chunk.part` of the rows above the header, which are held
_PREFERRED = {".tsv": "\t", ".tab": "\t", ".psv": "|", ".csv": ","}


class DelimitedSource:
    """One CSV or TSV file."""

    def __init__(self, path: Path, source: int, options: ReadOptions) -> None:
        self._path = path
        self._source = source
        self._options = options
        self._encoding = detect_file(path)
        self._layout, self._start = self._laid_out(_HEAD_BYTES)
        if not self._layout.sample:  # the first rows are longer than that
            self._layout, self._start = self._laid_out(_LONG_HEAD_BYTES)
        self._rows = Rows(self._layout.delimiter, quoting=self._layout.quoting)
        self._placed = self._place()
        self._paths = self._named()
        self._by_path = dict(zip(self._paths, self._placed, strict=True))
        self._keys = [(index, item.placement.key) for index, item in enumerate(self._placed) if item.placement.key]

    def _laid_out(self, size: int) -> tuple[Layout, int]:
        """Return the layout, and the byte offset of the first row of data."""
        head = read_head(self._path, size)
        text = _text(head, self._encoding)
        preferred = _PREFERRED.get(self._path.suffix.lower(), "")
        found = layout_of(text, preferred, self._options, complete=len(head) < size)
        layout = found or Layout(",", 0, None, ())
        header = layout.header
        above = layout.preamble + len(header.before) + header.length if header else 0
        return layout, len(self._encoding.mark) + self._encoding.length(text[:above])

    def _place(self) -> list[Placed]:
        width = self._layout.width
        samples = [self._layout.column(index) for index in range(width)]
        return placing.place_columns(self._layout.names(), samples, self._options)

    def _named(self) -> list[str]:
        names = self._layout.names()
        folded = [headers.fold(name) for name in names]
        return [
            f"col:{name}" if item.known and folded.count(fold) == 1 else f"col#{index}"
            for index, (name, fold, item) in enumerate(zip(names, folded, self._placed, strict=True), start=1)
        ]

    def columns(self) -> tuple[Column, ...]:
        """Return the columns as placed."""
        return tuple(
            Column(path, index, item.placement)
            for index, (path, item) in enumerate(zip(self._paths, self._placed, strict=True), start=1)
        )

    def placement(self, path: str) -> Placement:
        """Return what the column at `path` holds."""
        placed = self._by_path.get(path)
        return placed.placement if placed else Placement(Kind.UNKNOWN)

    def chunks(self) -> Iterator[Chunk]:
        """Cut the file at row ends; rows above the header are a chunk of their own."""
        above = self._layout.above
        if above:
            yield Chunk(0, above, len(self._encoding.mark), 0, _ABOVE)
        for chunk in chunks.cut(self._path, self._encoding, self._rows, self._start, self._options):
            yield replace(chunk, first=chunk.first + above)

    def read(self, chunk: Chunk) -> Iterator[Record[Raw] | Held]:
        """Yield one record for each row; a ragged row, or one whose quotes do not balance, is held."""
        if chunk.part == chunks.OVERSIZE:
            yield Held(f"{self._source}:{chunk.first}", "", Reason.TOO_LARGE)
            return
        if chunk.part == _ABOVE:
            yield from (Held(f"{self._source}:{index}", "", Reason.STRUCTURE) for index in range(chunk.count))
            return
        text = chunks.read_text(self._path, self._encoding, chunk)
        may_be_damaged = self._encoding.may_be_damaged(text)
        for index, row in enumerate(self._rows.parse(text), start=chunk.first):
            name = f"{self._source}:{index}"
            reason = self._refusal(row, may_be_damaged=may_be_damaged)
            yield Held(name, "", reason) if reason else self._record(name, row)

    def _refusal(self, row: Row, *, may_be_damaged: bool) -> Reason | None:
        if row.length > self._options.max_record_chars:
            return Reason.TOO_LARGE
        if may_be_damaged and any(self._encoding.damaged(cell) for cell in row.cells):
            return Reason.ENCODING
        if not row.sound:
            return Reason.UNREADABLE
        return Reason.STRUCTURE if len(row.cells) != self._layout.width else None

    def _record(self, name: str, row: Row) -> Record[Raw]:
        cells = row.cells
        fields = tuple([placing.field(*item) for item in zip(self._paths, cells, self._placed, strict=True)])
        keys: dict[str, str] = {}
        for index, kind in self._keys:
            keys.setdefault(kind, cells[index])
        return Record(name, placing.subject(keys), fields, Shape(row.quoted, row.end, row.before, row.after))

    def write(self, chunk: Chunk, records: Iterable[tuple[int, Record[Clean]]], part: Path) -> None:
        """Write the rows of clean records.

        Raises:
            OutputError: a record lacks a cell of its row, a text cannot be encoded, or the disk refuses.
        """
        with open_part(part) as out:
            for _, record in records:
                shape = record.skeleton
                if not isinstance(shape, Shape) or [item.path for item in record.fields] != self._paths:
                    raise OutputError("a record does not have the fields of its source")
                out.write(self._encoding.encode(self._rows.render([item.text for item in record.fields], shape)))
            if not chunk.count:
                blank = chunks.read_text(self._path, self._encoding, chunk)
                out.write(self._encoding.encode("".join(mark for mark in blank if mark in " \r\n")))

    def join(self, parts: Sequence[Path], out: Path) -> None:
        """Write the byte order mark, the header with its unknown names replaced, and the parts."""
        join_parts(self._encoding.mark + self._encoding.encode(self._header()), parts, out)

    def _header(self) -> str:
        header = self._layout.header
        if header is None:
            return ""
        named = [name if item.known else "" for name, item in zip(self._layout.names(), self._placed, strict=True)]
        cells = [
            cell if index <= len(named) and cell.strip() and cell.strip() == named[index - 1] else f"column_{index}"
            for index, cell in enumerate(header.cells, start=1)
        ]
        return self._rows.render(cells, Shape(header.quoted, header.end, header.before))


def _text(head: bytes, encoding: Encoding) -> str:
    body = head[len(encoding.mark) :]
    return encoding.decode(body[: len(body) // 2 * 2] if encoding.codec.startswith("utf-16") else body)


class DelimitedFormat:
    """CSV and TSV, with comma, semicolon, tab or bar."""

    name = "delimited"
    suffixes = (".csv", ".tsv", ".tab", ".psv")

    def sniff(self, head: bytes) -> bool:
        """Say whether the content has a header with known columns, or rows of one width of three or more cells."""
        encoding = detect(head)
        if encoding is None or is_binary(head):
            return False
        options = ReadOptions()
        layout = layout_of(_text(head, encoding), "", options, complete=len(head) < 65_536)
        if layout is None or layout.width < 2:
            return False
        if layout.header is not None:
            return all(len(name) <= 40 for name in layout.header.cells)
        return layout.width >= 3 and len(layout.sample) >= 3 and _all_of_width(_text(head, encoding), layout)

    def open(self, path: Path, source: int, options: ReadOptions) -> DelimitedSource:
        """Open a CSV or TSV file.

        Raises:
            UnreadableInput: it cannot be opened, is binary, or is in no known encoding.
        """
        if is_binary(read_head(path)):
            raise UnreadableInput("an input named as a table is binary", reason=Reason.BINARY)
        return DelimitedSource(path, source, options)


def _all_of_width(text: str, layout: Layout) -> bool:
    rows = list(Rows(layout.delimiter).parse(text))
    return all(len(row.cells) == layout.width for row in rows[:-1])


FORMAT = DelimitedFormat()

_PEOPLE = "patient_id,name,dob,note\np1,Ann Lee,1961-02-03,Seen by Dr. Lee.\np2,Bo Chen,1970-11-30,No complaints.\n"
_ZH = (
    "姓名,身份证号,住院号,现住址,病程记录\r\n"
    "王小明,11010519491231002X,ZY0012345,北京市朝阳区建国路1号,患者今日入院。\r\n"
)
SAMPLES = (
    Sample("plain", ".csv", _PEOPLE.encode, 2),
    Sample("tab", ".tsv", lambda: _PEOPLE.replace(",", "\t").encode(), 2),
    Sample("semicolon, mark, CRLF", ".csv", ("\ufeff" + _PEOPLE.replace(",", ";").replace("\n", "\r\n")).encode, 2),
    Sample("bar in gb18030", ".csv", lambda: _ZH.replace(",", "|").replace("王", "镕").encode("gb18030"), 1),
    Sample("gb18030", ".csv", lambda: _ZH.encode("gb18030"), 1),
    Sample("utf-16", ".csv", lambda: b"\xff\xfe" + _ZH.encode("utf-16-le"), 1),
    Sample(
        "quotes",
        ".csv",
        lambda: b'"name",note\n"Lee, ""Ann""","line one\nline ""two"""\n\n5\' 4" tall,"""\n\n',
        1 + 1,
        1,
    ),
    Sample("no last newline", ".csv", lambda: _PEOPLE.rstrip("\n").encode(), 2),
    Sample("old line ends", ".csv", lambda: _PEOPLE.replace("\n", "\r").encode(), 2),
    Sample("no header", ".csv", _PEOPLE.partition("\n")[2].encode, 2),
    Sample("duplicate headers", ".csv", lambda: b"name,note,note\nLee,seen by Lee,well\n", 1),
    Sample("missing header", ".csv", lambda: b"name,,note\nLee,Zoe,well\nMa,Bo,well\n", 2),
    Sample("header of another width", ".csv", lambda: b"name,note\nLee,Zoe,well\nMa,Bo,well\n", 2),
    Sample("header only", ".csv", lambda: b"name,note\n", 0),
    Sample("empty", ".csv", lambda: b"", 0),
    Sample("ragged", ".csv", (_PEOPLE + "p3,Cy\np4,Di,1950-01-01,well,extra\np5,Ed,1951-01-01,well\n").encode, 5, 2),
    Sample("text after a quote", ".csv", (_PEOPLE + 'p3,"Cy"x,1950-01-01,well\n').encode, 3, 1),
    Sample("open quote", ".csv", (_PEOPLE + 'p3,Cy,1950-01-01,"well\np4,Di,1950-01-01,well\n').encode, 3, 1),
    Sample("NUL", ".csv", lambda: _PEOPLE.replace("Lee.", "Lee\0.").encode(), 2),
    Sample("row of another encoding", ".csv", lambda: _ZH.encode() + _ZH.partition("\n")[2].encode("gb18030"), 2, 1),
    Sample("image", ".csv", lambda: b"\x89PNG\r\n\x1a\n" + bytes(range(256)), 0, refused=True),
)  # fmt: skip
