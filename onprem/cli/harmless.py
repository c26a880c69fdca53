"""Text of a model or a file, made harmless for a terminal: what would steer it, or hide in it, is shown instead.

Rules: each character is judged alone, so a stream may be cut anywhere; nothing is removed. New lines and tabs stay; other
control characters, of one byte or of eight bits, such as turn the direction of writing or end a line unseen, and the letters
that no terminal shows (tags) become signs that can be seen. In JSON they become JSON's own escapes, so that the value stays.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

_PICTURES = {code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\n\t"} | {0x7F: "\u2421"}
_EIGHT_BITS = {code: f"\\x{code:02x}" for code in range(0x80, 0xA0)}
_DIRECTION = {
    code: f"\\u{code:04x}" for code in (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
}
_UNSEEN = {code: f"\\U{code:08x}" for code in range(0xE0000, 0xE0080)} | {0x2028: "\\u2028", 0x2029: "\\u2029"}
_SHOWN = _PICTURES | _EIGHT_BITS | _DIRECTION | _UNSEEN
# what the writers of JSON leave as it is; what they escape themselves does not come here
_IN_JSON = {code: json.dumps(chr(code))[1:-1] for code in _SHOWN if code > 0x7E} | {0x7F: "\\u007f"}


def harmless(text: str) -> str:
    """Return `text`, or a piece of one, as it may be written to a terminal."""
    return text.translate(_SHOWN)


def one_line(text: str) -> str:
    """Return `text` harmless and on one line, its blanks drawn together."""
    return harmless(" ".join(text.split()))


def in_json(line: str) -> str:
    """Return a line of JSON as it may be written to a terminal, with the same values."""
    return line.translate(_IN_JSON)


def json_line(content: Mapping[str, object]) -> str:
    """Return what is to be printed as a line of JSON, as it may be written to a terminal."""
    return in_json(json.dumps(content, ensure_ascii=False))
