"""The words of `headers.toml`, loaded once: headers by group, parts of compound headers, closed vocabularies, names."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib.resources import files
from typing import Any

from onprem.formats.contract import Placement
from onprem.labels import Label
from onprem.model import Kind


@lru_cache(maxsize=1)
def _content() -> dict[str, Any]:
    return tomllib.loads((files("onprem.formats") / "headers.toml").read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def placements() -> dict[str, Placement]:
    """Return what each group of headers means, by the group's name."""
    return {
        name: Placement(
            Kind(group["kind"]),
            Label(group["label"]) if "label" in group else None,
            group.get("roster", ""),
            group.get("key", ""),
        )
        for name, group in _content()["group"].items()
    }


@lru_cache(maxsize=1)
def names() -> dict[str, tuple[str, ...]]:
    """Return the headers of each group, as written in the file."""
    return {name: tuple(group.get("names", "").split("|")) for name, group in _content()["group"].items()}


@lru_cache(maxsize=1)
def ambiguous() -> dict[str, dict[str, str]]:
    """Return the headers that only values can tell: {header: {what the values look like, or "else": group}}."""
    return {str(key): dict(value) for key, value in _content()["ambiguous"].items()}


def words(section: str) -> frozenset[str]:
    """Return a list of words of the file."""
    return _words(section)


@lru_cache(maxsize=64)
def _words(section: str) -> frozenset[str]:
    return frozenset(word.strip() for word in _content()["words"][section].split("|") if word.strip())


@lru_cache(maxsize=1)
def heads() -> dict[str, dict[str, str]]:
    """Return the last words of compound headers and the group each stands for, by language ("en", "zh")."""
    return {
        lang: {word.strip(): group for group, listed in table.items() for word in listed.split("|")}
        for lang, table in _content()["head"].items()
    }


def closed() -> frozenset[str]:
    """Return values of closed clinical vocabularies (sex, yes and no, positive and negative), in lower case."""
    return _words("closed")


def units() -> frozenset[str]:
    """Return units of measurement and forms that may stand in brackets after a header, in lower case."""
    return _words("brackets")


def absent() -> frozenset[str]:
    """Return values that say that there is none."""
    return _words("absent")


def surnames() -> frozenset[str]:
    """Return common Chinese surnames of one character."""
    return frozenset("".join(_words("surnames")))


def compound_surnames() -> frozenset[str]:
    """Return Chinese surnames of two characters."""
    return _words("compound_surnames")


def given_names() -> frozenset[str]:
    """Return common given names and surnames in Latin letters, in lower case."""
    return _words("given_names")
