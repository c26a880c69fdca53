"""JSON lines: one line is one record; only the literals that change are rewritten, every other byte is kept.

Paths: `text`; `patient.name[0]` for nested known keys; `#3` for the value of an unknown third key and `key:#3` for that key
itself, so that an unknown key, which may be a name, is never written unseen. Blank lines are structure, not records.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from onprem.errors import OutputError
from onprem.formats import chunks, placing
from onprem.formats.contract import Chunk, Column, Placement, ReadOptions, Sample
from onprem.formats.encoding import Encoding, UnreadableInput, detect, detect_file, is_binary, read_head
from onprem.formats.json_leaves import Leaf, LineParser, Literal, NotJson, Step, is_scalar, literal_of, string_literal
from onprem.formats.parts import join_parts, open_part
from onprem.formats.placing import Placed
from onprem.model import Clean, Field, Held, Kind, Raw, Reason, Record

_BLANK = " \t\r"
_SAMPLE_LINES = 200


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a leaf stands in its line and how its literal was written."""

    path: str
    form: Literal | None  # None: a number or truth value
    key_position: int = 0  # of an unknown key, 1-based
    empty: bool = False  # the literal was ""


@dataclass(frozen=True, slots=True)
class Line:
    """A line without its leaves: `pieces[i]` comes before `slots[i]`, the last piece ends the line."""

    pieces: tuple[str, ...]
    slots: tuple[Slot, ...]


class _Lines:
    """The scanner of lines."""

    def scan(self, text: str, *, final: bool) -> tuple[int, int]:
        """Count the lines of `text` that are not blank."""
        end = len(text) if final else text.rfind("\n") + 1
        return sum(1 for line in text[:end].split("\n") if line.strip(_BLANK)), end

    def skip(self, text: str, state: int) -> tuple[int, int]:
        """Find the end of the line."""
        return text.find("\n") + 1 or -1, state


class JsonLinesSource:
    """One file of JSON lines."""

    def __init__(self, path: Path, source: int, options: ReadOptions) -> None:
        self._path = path
        self._source = source
        self._options = options
        self._encoding = detect_file(path)
        self._placed: dict[tuple[Step, ...], tuple[str, Placed]] = {}
        self._by_path: dict[str, Placed] = {}
        self._patterns = placing.place_keys(self._sampled(), options)

    def _sampled(self) -> dict[tuple[str, ...], list[str]]:
        """Return {way of keys: values} of the first lines; indexes of arrays are "*"."""
        text = self._encoding.decode(_even(read_head(self._path), self._encoding)[len(self._encoding.mark) :])
        found: dict[tuple[str, ...], list[str]] = {}
        for line in text.split("\n")[:_SAMPLE_LINES]:
            try:
                leaves = LineParser(line.strip(_BLANK)).parse()
            except NotJson:
                continue  # cut by the end of the head, or held when it is read
            for leaf in leaves:
                if not leaf.is_key:
                    found.setdefault(_way(leaf.steps), []).append(leaf.text)
        return found

    def columns(self) -> tuple[Column, ...]:
        """Return the keys of the first lines, in the order in which they were met."""
        return tuple(
            Column(self._general_path(way), position, placed.placement)
            for position, (way, placed) in enumerate(self._patterns.items(), start=1)
        )

    def _general_path(self, way: tuple[str, ...]) -> str:
        steps = []
        for index, key in enumerate(way):
            known = key != "*" and self._names(way[: index + 1])
            steps.append("[*]" if key == "*" else "." + (self._shown(key) if known else "#"))
        return "".join(steps).removeprefix(".")

    def placement(self, path: str) -> Placement:
        """Return what the field at `path` was placed as when it was read."""
        placed = self._by_path.get(path)
        return placed.placement if placed else Placement(Kind.UNKNOWN)

    def chunks(self) -> Iterator[Chunk]:
        """Cut the file at line ends."""
        return chunks.cut(self._path, self._encoding, _Lines(), len(self._encoding.mark), self._options)

    def read(self, chunk: Chunk) -> Iterator[Record[Raw] | Held]:
        """Yield one record for each line that is not blank."""
        if chunk.part == chunks.OVERSIZE:
            yield Held(f"{self._source}:{chunk.first}", "", Reason.TOO_LARGE)
            return
        text = chunks.read_text(self._path, self._encoding, chunk)
        may_be_damaged = self._encoding.may_be_damaged(text)
        index = chunk.first
        before = ""
        for start, end in _lines(text):
            line = text[start:end]
            if not line.strip(_BLANK + "\n"):
                before += line
                continue
            # blank lines at the end of the chunk stay with its last record
            after = text[end:] if index == chunk.first + chunk.count - 1 else ""
            name = f"{self._source}:{index}"
            if may_be_damaged and self._damaged(line):
                yield Held(name, "", Reason.ENCODING)
            else:
                yield self._record(name, line, before, after)
            index += 1
            before = ""

    def _damaged(self, line: str) -> bool:
        return any(self._encoding.damaged(part) for part in (line, *line.split('"')))

    def _record(self, name: str, line: str, before: str, after: str) -> Record[Raw] | Held:
        if len(line) > self._options.max_record_chars:
            return Held(name, "", Reason.TOO_LARGE)
        try:
            leaves = LineParser(line.rstrip(_BLANK + "\n")).parse()
            fields, keys, shape = self._taken_apart(line, leaves)
        except NotJson:
            return Held(name, "", Reason.UNREADABLE)
        if len({slot.path for slot in shape.slots}) != len(shape.slots):
            return Held(name, "", Reason.STRUCTURE)
        if before or after:
            pieces = list(shape.pieces)
            pieces[0], pieces[-1] = before + pieces[0], pieces[-1] + after
            shape = Line(tuple(pieces), shape.slots)
        return Record(name, placing.subject(keys), tuple(fields), shape)

    def _taken_apart(self, line: str, leaves: list[Leaf]) -> tuple[list[Field], dict[str, str], Line]:
        pieces: list[str] = []
        slots: list[Slot] = []
        fields: list[Field] = []
        keys: dict[str, str] = {}
        position = 0
        for leaf in leaves:
            path, placed = self._place(leaf.steps)
            if leaf.is_key:
                if placed.known:
                    continue
                path = f"key:{path}"
            pieces.append(line[position : leaf.start])
            position = leaf.end
            form = literal_of(line[leaf.start : leaf.end], leaf.text) if leaf.is_string else None
            slots.append(Slot(path, form, leaf.steps[-1].position if leaf.is_key else 0, not leaf.text))
            if leaf.is_key:
                fields.append(Field(path, leaf.text, Kind.UNKNOWN))
                continue
            fields.append(placing.field(path, leaf.text, placed))
            if placed.placement.key:
                keys.setdefault(placed.placement.key, leaf.text)
        pieces.append(line[position:])
        return fields, keys, Line(tuple(pieces), tuple(slots))

    def _place(self, steps: tuple[Step, ...]) -> tuple[str, Placed]:
        found = self._placed.get(steps)
        if found is None:
            way = _way(steps)
            path = ""
            for index, step in enumerate(steps):
                known = step.key is not None and self._names(way[: index + 1])
                if step.key is None:
                    path += f"[{step.position}]"
                else:
                    path += "." + (self._shown(step.key) if known else f"#{step.position}")
            placed = self._patterns.get(way) or placing.place_way(way, self._options)
            if steps[-1].key is not None:
                placed = replace(placed, known=self._names(way))
            found = (path.removeprefix("."), placed)
            if len(self._placed) < 100_000:  # arrays and unknown keys are endless; this is a cache
                self._placed[steps] = found
                self._by_path[found[0]] = placed
        return found

    def _names(self, way: tuple[str, ...]) -> bool:
        return placing.is_named(way, self._options)

    def _shown(self, key: str) -> str:
        return "text" if key == self._options.text_field else key

    def write(self, chunk: Chunk, records: Iterable[tuple[int, Record[Clean]]], part: Path) -> None:
        """Write the lines of clean records; blank lines stay with the record that follows them.

        Raises:
            OutputError: a record lacks a leaf of its line, a text cannot be encoded, or the disk refuses.
        """
        with open_part(part) as out:
            for _, record in records:
                out.write(self._encoding.encode(_rendered(record)))
            if not chunk.count:
                blank = chunks.read_text(self._path, self._encoding, chunk)
                out.write(self._encoding.encode("".join(mark for mark in blank if mark in " \t\r\n")))

    def join(self, parts: Sequence[Path], out: Path) -> None:
        """Write the byte order mark and the parts."""
        join_parts(self._encoding.mark, parts, out)


def _even(head: bytes, encoding: Encoding) -> bytes:
    return head[: len(head) // 2 * 2] if encoding.codec.startswith("utf-16") else head


def _way(steps: tuple[Step, ...]) -> tuple[str, ...]:
    return tuple("*" if step.key is None else step.key for step in steps)


def _lines(text: str) -> Iterator[tuple[int, int]]:
    position = 0
    while position < len(text):
        end = text.find("\n", position) + 1 or len(text)
        yield position, end
        position = end


def _rendered(record: Record[Clean]) -> str:
    line = record.skeleton
    if not isinstance(line, Line) or [slot.path for slot in line.slots] != [item.path for item in record.fields]:
        raise OutputError("a record does not have the fields of its source")
    written: list[str] = []
    for piece, slot, item in zip(line.pieces, line.slots, record.fields, strict=False):
        written += (piece, _literal(slot, item))
    written.append(line.pieces[-1])
    return "".join(written)


def _literal(slot: Slot, item: Field) -> str:
    if slot.key_position:
        return string_literal(item.text or f"key_{slot.key_position}", slot.form or Literal())
    if slot.form is None:
        if not item.text:
            return "null"
        return item.text if is_scalar(item.text) else string_literal(item.text, Literal(ascii=item.text.isascii()))
    if not item.text and not slot.empty and item.kind is Kind.UNKNOWN:
        return "null"
    return string_literal(item.text, slot.form)


class JsonLinesFormat:
    """JSON lines (one object on each line)."""

    name = "jsonl"
    suffixes = (".jsonl", ".ndjson", ".jsonlines")

    def sniff(self, head: bytes) -> bool:
        """Say whether the first line that is not blank is a JSON object."""
        encoding = detect(head)
        if encoding is None:
            return False
        text = encoding.decode(_even(head, encoding)[len(encoding.mark) :]).lstrip(" \t\r\n")
        line, newline, _ = text.partition("\n")
        try:
            return bool(LineParser(line.strip(_BLANK)).parse())
        except NotJson:
            # the head may have cut the line; a pretty-printed object has its first break right after the brace
            return not newline and line.startswith('{"') and len(head) >= 65_536

    def open(self, path: Path, source: int, options: ReadOptions) -> JsonLinesSource:
        """Open a file of JSON lines.

        Raises:
            UnreadableInput: it cannot be opened, is binary, or is in no known encoding.
        """
        if is_binary(read_head(path)):
            raise UnreadableInput("an input named as JSON lines is binary", reason=Reason.BINARY)
        return JsonLinesSource(path, source, options)


FORMAT = JsonLinesFormat()

_GOOD = '{"id": "n1", "patient": "p7", "text": "Seen by Dr. Lee.\\nPlan: rest"}\n'
_LINE = '{"text": "王小明"}\n'
_NESTED = (
    '{"patient": {"name": ["Ann", "Lee"], "age": 41, "alive": true, "x": null}, '
    '"text": "", "王小明": [1.50, {"a": "b"}]}\n'
)
SAMPLES = (
    Sample("plain", ".jsonl", (_GOOD * 3).encode, 3),
    Sample(
        "escaped",
        ".jsonl",
        lambda: b'{"text": "\\u738b\\u5c0f\\u660e a\\/b \\u003cp\\u003e"}\r\n{"text":"\\u00E9 \\u0130 \\uD83D\\uDE00"}',
        2,
    ),
    Sample("mixed escapes", ".jsonl", '{"text": "\\u738b小\\u660E \\u0041da/ms\\/"}\n'.encode, 1),
    Sample("blank lines", ".jsonl", lambda: b"\n \r\n" + _GOOD.encode() + b"\n\n" + _GOOD.encode() + b"\n\t\n", 2),
    Sample("blank lines only", ".jsonl", lambda: b"\n\r\n  \n", 0),
    Sample("nested", ".jsonl", _NESTED.encode, 1),
    Sample("gb18030", ".jsonl", lambda: '{"姓名": "王小明", "病程记录": "患者今日入院。"}\n'.encode("gb18030"), 1),
    Sample("utf-16", ".jsonl", lambda: b"\xfe\xff" + (_GOOD * 2).encode("utf-16-be"), 2),
    Sample("lone surrogate and NUL", ".jsonl", lambda: b'{"text": "a\\ud83d b\\u0000c \\udc00"}\n', 1),
    Sample("empty", ".jsonl", lambda: b"", 0),
    Sample("trailing garbage", ".jsonl", (_GOOD + '{"text": "Lee"} Lee\n{"text": "Lee"\n[1]\n"Lee"\n').encode, 5, 4),
    Sample("duplicate keys", ".jsonl", lambda: b'{"text": "a", "text": "Lee"}\n' + _GOOD.encode(), 2, 1),
    Sample("deep", ".jsonl", lambda: b'{"text": ' + b"[" * 5000 + b"]" * 5000 + b"}\n" + _GOOD.encode(), 2, 1),
    Sample("raw control character", ".jsonl", lambda: b'{"text": "a\x00b"}\n' + _GOOD.encode(), 2, 1),
    Sample("line of another encoding", ".jsonl", lambda: _LINE.encode() * 2 + _LINE.encode("gb18030"), 3, 1),
    Sample("image", ".jsonl", lambda: b"\x89PNG\r\n\x1a\n" + bytes(range(256)), 0, refused=True),
)  # fmt: skip
