"""The leaves of one line of JSON, and their literals written back as the source wrote them.

Only whole, strict JSON (RFC 8259) is understood; between the leaves every byte is kept. The form of a literal says how
characters were escaped, never which characters there were.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from json.decoder import scanstring  # type: ignore[attr-defined]  # the C scanner, not in the stubs
from json.encoder import encode_basestring, encode_basestring_ascii

MAX_DEPTH = 64

_SPACE = re.compile(r"[ \t\r\n]*")
_SCALAR = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null|NaN|-?Infinity")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))")
_STYLED = re.compile(r"\\(?:u([0-9a-f]{4})|(.))|[/<>&'=+`\x7f\u2028\u2029]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_PUNCTUATION = frozenset("/<>&'=+`\x7f\u2028\u2029\"\\\b\f\n\r\t")  # what some writers escape and others do not
_SHORT = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


class NotJson(ValueError):  # noqa: N818 - a result of parsing, always caught
    """The line is not strict JSON, or nests too deep."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a path: a key with its 1-based position in the object, or an index of an array (`key` is None)."""

    key: str | None = field(repr=False)
    position: int


@dataclass(frozen=True, slots=True)
class Leaf:
    """A key or a scalar: where its literal lies in the line, the way to it, and its text."""

    start: int
    end: int
    steps: tuple[Step, ...] = field(repr=False)
    text: str = field(repr=False)
    is_key: bool
    is_string: bool


class LineParser:
    """Parses one line into its leaves, in order. `null` is structure."""

    def __init__(self, line: str) -> None:
        self._line = line
        self._leaves: list[Leaf] = []

    def parse(self) -> list[Leaf]:
        """Return the leaves of an object.

        Raises:
            NotJson: the line is anything else than one JSON object.
        """
        start = self._space(0)
        if self._line[start : start + 1] != "{":
            raise NotJson
        if self._space(self._value(start, (), 0)) != len(self._line):
            raise NotJson
        return self._leaves

    def _space(self, position: int) -> int:
        match = _SPACE.match(self._line, position)
        return match.end() if match else position

    def _value(self, position: int, steps: tuple[Step, ...], depth: int) -> int:
        first = self._line[position : position + 1]
        if first == '"':
            return self._string(position, steps, is_key=False)[1]
        if first in "{[" and first:
            if depth >= MAX_DEPTH:
                raise NotJson
            return (self._object if first == "{" else self._array)(position + 1, steps, depth + 1)
        match = _SCALAR.match(self._line, position)
        if match is None:
            raise NotJson
        if match.group() != "null":
            self._leaves.append(Leaf(position, match.end(), steps, match.group(), is_key=False, is_string=False))
        return match.end()

    def _string(self, position: int, steps: tuple[Step, ...], *, is_key: bool) -> tuple[str, int]:
        try:
            text, end = scanstring(self._line, position + 1, True)
        except ValueError:
            raise NotJson from None  # the decoder's own error quotes the line
        if not is_key:
            self._leaves.append(Leaf(position, end, steps, text, is_key=False, is_string=True))
        return text, end

    def _object(self, position: int, steps: tuple[Step, ...], depth: int) -> int:
        position = self._space(position)
        if self._line[position : position + 1] == "}":
            return position + 1
        keys: set[str] = set()
        while True:
            if self._line[position : position + 1] != '"':
                raise NotJson
            key, end = self._string(position, steps, is_key=True)
            if key in keys:
                raise NotJson  # which of the two a reader takes is not defined
            keys.add(key)
            here = (*steps, Step(key, len(keys)))
            self._leaves.append(Leaf(position, end, here, key, is_key=True, is_string=True))
            position = self._space(end)
            if self._line[position : position + 1] != ":":
                raise NotJson
            position = self._space(self._value(self._space(position + 1), here, depth))
            position, closed = self._separator(position, "}")
            if closed:
                return position

    def _array(self, position: int, steps: tuple[Step, ...], depth: int) -> int:
        position = self._space(position)
        if self._line[position : position + 1] == "]":
            return position + 1
        index = 0
        while True:
            position = self._space(self._value(position, (*steps, Step(None, index)), depth))
            index += 1
            position, closed = self._separator(position, "]")
            if closed:
                return position

    def _separator(self, position: int, close: str) -> tuple[int, bool]:
        mark = self._line[position : position + 1]
        if mark == close:
            return position + 1, True
        if mark != ",":
            raise NotJson
        return self._space(position + 1), False


@dataclass(frozen=True, slots=True)
class Literal:
    """How a string literal was written. `exceptions` holds (index, form) where one style alone does not say it.

    Exceptions come back when the text keeps its length; a literal of mixed escapes that is edited is written in one style,
    with the same meaning.
    """

    ascii: bool = False  # characters beyond ASCII are escaped
    upper: bool = False  # hexadecimal digits are capitals
    slash: bool = False  # "/" is written "\\/"
    extra: frozenset[str] = frozenset()  # punctuation written as \\uXXXX
    length: int = -1  # of the text, when there are exceptions
    exceptions: tuple[tuple[int, str], ...] = ()  # form: "raw", "short", or "u" or "U" for each unit


PLAIN = Literal()
ASCII = Literal(ascii=True)


def literal_of(raw: str, text: str) -> Literal:
    """Return the form of the string literal `raw` (with its quotes) whose value is `text`."""
    if raw == encode_basestring(text) and not _SURROGATE.search(raw):
        return PLAIN
    if raw == encode_basestring_ascii(text):
        return ASCII
    extra: set[str] = set()
    upper = slash = escaped = False
    for match in _ESCAPE.finditer(raw):
        code, short = match.groups()
        if code is None:
            slash = slash or short == "/"
            continue
        character = chr(int(code, 16))
        upper = upper or code != code.lower()
        escaped = escaped or character >= "\x80"
        if character in _PUNCTUATION:
            extra.add(character)
    style = Literal(escaped and raw.isascii(), upper, slash, frozenset(extra))
    if string_literal(text, style) == raw:
        return style
    base = Literal(ascii=raw.isascii())
    return Literal(ascii=base.ascii, length=len(text), exceptions=_exceptions(raw, text, base))


def _units(raw: str) -> list[tuple[str, str]]:
    """Return (character, form) for each character of the literal's value; a surrogate pair is one character."""
    units: list[tuple[str, str]] = []
    position = 1
    while position < len(raw) - 1:
        match = _ESCAPE.match(raw, position)
        if match is None:
            units.append((raw[position], "raw"))
            position += 1
            continue
        code, short = match.groups()
        position = match.end()
        if code is None:
            units.append((_SHORT[short], "short"))
            continue
        value, form = int(code, 16), "u" if code == code.lower() else "U"
        low = _ESCAPE.match(raw, position) if 0xD800 <= value < 0xDC00 else None
        if low is not None and low.group(1) and 0xDC00 <= int(low.group(1), 16) < 0xE000:
            value = 0x10000 + ((value - 0xD800) << 10) + int(low.group(1), 16) - 0xDC00
            form += "u" if low.group(1) == low.group(1).lower() else "U"
            position = low.end()
        units.append((chr(value), form))
    return units


def _exceptions(raw: str, text: str, base: Literal) -> tuple[tuple[int, str], ...]:
    units = _units(raw)
    if len(units) != len(text):
        raise NotJson
    return tuple(
        (index, form)
        for index, (character, form) in enumerate(units)
        if _one(character, form) != string_literal(character, base)[1:-1]
    )


def _one(character: str, form: str) -> str:
    """Write one character in a form, where that form is possible for it."""
    if form == "raw":
        return character if character >= " " and character not in '"\\' else encode_basestring(character)[1:-1]
    if form == "short":
        short = next((key for key, value in _SHORT.items() if value == character), "")
        return "\\" + short if short else encode_basestring(character)[1:-1]
    code = ord(character)
    units = [code] if code < 0x10000 else [0xD800 + ((code - 0x10000) >> 10), 0xDC00 + ((code - 0x10000) & 0x3FF)]
    forms = form if len(form) == len(units) else form[0] * len(units)
    return "".join(
        f"\\u{unit:04X}" if mark == "U" else f"\\u{unit:04x}" for unit, mark in zip(units, forms, strict=True)
    )


def string_literal(text: str, style: Literal) -> str:
    """Write `text` as a JSON string in the given form; the result always means `text`."""
    if style.exceptions and len(text) == style.length:
        forms = dict(style.exceptions)
        base = Literal(ascii=style.ascii)
        return '"' + "".join(
            _one(character, forms[index]) if index in forms else string_literal(character, base)[1:-1]
            for index, character in enumerate(text)
        ) + '"'  # fmt: skip
    if style.ascii:
        raw = encode_basestring_ascii(text)
    else:
        raw = encode_basestring(text)
        if not raw.isascii():
            raw = _SURROGATE.sub(lambda match: f"\\u{ord(match.group()):04x}", raw)
    if not (style.upper or style.slash or style.extra):
        return raw
    return _STYLED.sub(lambda match: _styled(match, style), raw)


def _styled(match: re.Match[str], style: Literal) -> str:
    code, short = match.groups()
    if code is not None:
        return f"\\u{code.upper()}" if style.upper else match.group()
    character = _SHORT[short] if short else match.group()
    if character in style.extra:
        return f"\\u{ord(character):04X}" if style.upper else f"\\u{ord(character):04x}"
    return "\\/" if character == "/" and style.slash else match.group()


def is_scalar(text: str) -> bool:
    """Say whether `text` can stand in JSON as a number or a truth value without quotes."""
    match = _SCALAR.fullmatch(text)
    return match is not None and text != "null"
