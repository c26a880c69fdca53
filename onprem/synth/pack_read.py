"""Reads pack files: those that are shipped, by name, and those of a hospital, by path.

Rules: a file has a bounded size; what is wrong with it is told by key and reason. A pack holds no record, so its own words
may stand in an error.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from onprem.errors import InputError
from onprem.synth.pack import Pack

MAX_PACK_BYTES = 1_000_000
PACKS = Path(__file__).resolve().parent / "packs"
_MOST_TOLD = 5  # errors of a pack that are told at once


def parse(content: str, *, name: str) -> Pack:
    """Read a pack from TOML; `name` is the stem of its file.

    Raises:
        InputError: not TOML, an unknown key, a bad value, something missing, or the pack has another name.
    """
    hint = "see docs/packs.md for the keys"
    try:
        raw: dict[str, Any] = tomllib.loads(content)
        pack = Pack.model_validate(raw)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"pack {name} is not TOML: {error}", hint=hint) from None
    except ValidationError as error:
        raise InputError(f"pack {name}: {_explained(error)}", hint=hint) from None
    if pack.name != name:
        raise InputError(f"pack {name}: it says name = {pack.name!r}", hint="make the file and the name agree")
    return pack


def _explained(error: ValidationError) -> str:
    lines = []
    for item in error.errors(include_url=False, include_input=False)[:_MOST_TOLD]:
        where = ".".join(str(part) for part in item["loc"]) or "pack"
        reason = "unknown key" if item["type"] == "extra_forbidden" else item["msg"].removeprefix("Value error, ")
        lines.append(f"{where}: {reason}")
    return "; ".join(lines)


def read(path: Path) -> Pack:
    """Read a pack file.

    Raises:
        InputError: it cannot be read, is too large, or as `parse`.
    """
    hint = "a pack is a TOML file, see docs/packs.md"
    try:
        with path.open("rb") as file:
            content = file.read(MAX_PACK_BYTES + 1)
    except OSError:
        raise InputError(f"pack {path.stem} cannot be read", hint=hint) from None
    if len(content) > MAX_PACK_BYTES:
        raise InputError(f"pack {path.stem} has more than {MAX_PACK_BYTES:,} bytes", hint=hint)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise InputError(f"pack {path.stem} is not UTF-8", hint=hint) from None
    return parse(text, name=path.stem)


def shipped() -> dict[str, Path]:
    """Return {name: file} of the packs that come with the program."""
    return {path.stem: path for path in sorted(PACKS.glob("[!_]*.toml"))}
