"""What a site has said about columns: SITE/columns.toml, one line for each header.

    "随访号" = "RECORD_NUMBER:patient"
    "score_7" = "clinical"

The file may hold headers that are identifiers themselves; it stays in the site's private folder.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

from onprem.errors import PolicyError, SiteError
from onprem.formats import headers
from onprem.formats.contract import Placement
from onprem.labels import Label
from onprem.model import Kind

_HINT = "say text, clinical, drop or a label such as NAME, RECORD_NUMBER:patient or NAME:staff"
_KEYS = {
    Label.NATIONAL_ID: "national",
    Label.SSN: "national",
    Label.RECORD_NUMBER: "record",
    Label.HEALTH_PLAN_NUMBER: "plan",
}


def placement_of(what: str) -> Placement:
    """Return what a word about a column means.

    Raises:
        PolicyError: the word is not known.
    """
    word, _, whose = what.strip().partition(":")
    if word.lower() in {"text", "clinical"} and not whose:
        return Placement(Kind(word.lower()))
    if word.lower() == "drop" and not whose:
        return Placement(Kind.UNKNOWN)
    if word.upper() not in Label.__members__ or whose not in {"", "patient", "staff"}:
        raise PolicyError("columns.toml: what a column holds is not understood", hint=_HINT)
    label = Label[word.upper()]
    return Placement(Kind.IDENTIFIER, label, whose, _KEYS.get(label, "") if whose == "patient" else "")


def load_columns(path: Path) -> dict[str, Placement]:
    """Read columns.toml into {folded header: placement}; a missing file says nothing.

    Raises:
        PolicyError: the file is not TOML or has a word that is not known.
        SiteError: the file cannot be read.
    """
    return {headers.fold(header): placement_of(what) for header, what in _read(path).items()}


def _read(path: Path) -> dict[str, str]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError:
        raise SiteError("columns.toml cannot be read", hint="check its permissions") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise PolicyError("columns.toml is not TOML in UTF-8", hint='each line is: "header" = "what"') from None
    if not all(isinstance(what, str) for what in content.values()):
        raise PolicyError("columns.toml: a header without quotes, or a value that is no word", hint=_HINT)
    return content


def save_column(path: Path, header: str, what: str) -> None:
    """Add or change one line of columns.toml, by rename.

    Raises:
        PolicyError: `what` is not known, or the header has no letter or digit.
        SiteError: the file cannot be written.
    """
    placement_of(what)
    folded = headers.fold(header)
    if not folded:
        raise PolicyError("a column without a name cannot be told about", hint="name the column in the file first")
    kept = {old: word for old, word in _read(path).items() if headers.fold(old) != folded}
    lines = [
        f"{_quoted(name)} = {_quoted(word)}\n" for name, word in sorted((kept | {header.strip(): what.strip()}).items())
    ]
    fresh = path.with_name(path.name + ".new")
    try:
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            out.writelines(lines)
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(path)
    except OSError:
        raise SiteError("columns.toml cannot be written", hint="check the site's permissions") from None


def _quoted(text: str) -> str:
    escaped = "".join(
        f"\\u{ord(character):04x}" if character < " " or character in '"\\\x7f' else character for character in text
    )
    return f'"{escaped}"'
