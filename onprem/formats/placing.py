"""From headers and sampled values to fields: what each column or key of one source holds, and what each cell is.

A header settles most; values confirm or correct it, always to the safer side; a table as a whole says whether its people
are patients or staff. A cell that does not fit what its column was placed as by values alone is unknown, thus held.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from onprem.formats import headers, values
from onprem.formats.contract import Placement, ReadOptions
from onprem.labels import Label
from onprem.model import Field, Kind

_PROSE_CHARS = 48  # a coded or measured cell longer than this is read as text
_KEY_ORDER = ("patient", "record", "national", "plan", "encounter")
_STAFF_LABELS = frozenset({Label.LICENCE_NUMBER})


@dataclass(frozen=True, slots=True)
class Placed:
    """A column as placed. `known`: its header may be shown and written. `shape`: what its cells must look like."""

    placement: Placement
    known: bool
    shape: re.Pattern[str] | None = None


UNPLACED = Placed(Placement(Kind.UNKNOWN), known=False)


def field(path: str, text: str, placed: Placed) -> Field:
    """Return the field of one cell; a cell that is not what its column holds becomes text or unknown."""
    placement = placed.placement
    if placement.kind is Kind.CLINICAL:
        if placed.shape is not None and text and not placed.shape.fullmatch(text):
            return Field(path, text, Kind.UNKNOWN)
        if len(text) > _PROSE_CHARS:
            return Field(path, text, Kind.TEXT)
    return Field(path, text, placement.kind, placement.label)


def subject(keys: Mapping[str, str]) -> str | None:
    """Return the key of the patient of a record, by the strongest kind of key that it has."""
    return next((keys[kind].strip() for kind in _KEY_ORDER if keys.get(kind, "").strip()), None)


def place_columns(names: Sequence[str], samples: Sequence[Sequence[str]], options: ReadOptions) -> list[Placed]:
    """Place the columns of one table by their headers ("" for none) and sampled values.

    Two columns of one name are each placed by their values as well, and take the safer of the two answers.
    """
    folded = [headers.fold(name) for name in names]
    placed: list[Placed] = []
    for name, fold, sample in zip(names, folded, samples, strict=True):
        site = options.columns.get(fold) if fold else None
        if name and name.strip() == options.text_field:
            placed.append(Placed(Placement(Kind.TEXT), known=True))
        elif site is not None:
            placed.append(Placed(site, known=True))
        else:
            placed.append(_one(name, sample, repeated=folded.count(fold) > 1))
    return settle(placed)


def _one(name: str, sample: Sequence[str], *, repeated: bool) -> Placed:
    placement = headers.place_by_values(name, sample)
    by_header = headers.place(name) if name else None
    if repeated and placement.kind is Kind.CLINICAL:
        alone = headers.place_by_values("", sample)
        placement = alone if alone.kind is not Kind.CLINICAL else placement
    shape = values.shape_of(sample) if placement.kind is Kind.CLINICAL and by_header is None else None
    return Placed(placement, bool(name) and headers.is_known(name), shape)


def settle(placed: Sequence[Placed]) -> list[Placed]:
    """Decide what only the whole table can tell: whose names these are, and whether `id` is the patient's key."""
    placements = [item.placement for item in placed]
    about_patients = any(
        item.key or item.label in {Label.BIRTH_DATE, Label.NATIONAL_ID, Label.SSN} for item in placements
    )
    staff = not about_patients and any(
        item.roster == "staff" and item.kind is Kind.IDENTIFIER and item.label is not Label.HOSPITAL
        for item in placements
    )
    if staff:
        return [_with(item, lambda found: replace(found, roster="staff" if found.roster else "")) for item in placed]
    return list(placed)


def _with(item: Placed, change: Callable[[Placement], Placement]) -> Placed:
    return replace(item, placement=change(item.placement))


def place_keys(sampled: Mapping[tuple[str, ...], Sequence[str]], options: ReadOptions) -> dict[tuple[str, ...], Placed]:
    """Place the ways of keys of nested records by their names and sampled values; indexes of arrays are "*"."""
    found: dict[tuple[str, ...], Placed] = {}
    for way, sample in sampled.items():
        placed = place_way(way, options)
        if not _told(way, options):
            placement = headers.place_by_values(_phrase(way), sample)
            shape = values.shape_of(sample) if placement.kind is Kind.CLINICAL and _header(way) is None else None
            placed = Placed(placement, placed.known, shape)
        found[way] = placed
    return dict(zip(found, settle(list(found.values())), strict=True))


def place_way(way: tuple[str, ...], options: ReadOptions) -> Placed:
    """Place a way of keys by its names alone."""
    if _is_text(way, options):
        return Placed(Placement(Kind.TEXT), known=True)
    keys = [key for key in way if key != "*"]
    if keys and (site := options.columns.get(headers.fold(keys[-1]))) is not None:
        return Placed(site, known=True)
    placement = _header(way)
    return Placed(placement or Placement(Kind.UNKNOWN), is_named(way, options))


def _told(way: tuple[str, ...], options: ReadOptions) -> bool:
    keys = [key for key in way if key != "*"]
    return _is_text(way, options) or bool(keys and headers.fold(keys[-1]) in options.columns)


def is_named(way: tuple[str, ...], options: ReadOptions) -> bool:
    """Say whether the last key of `way` is of the known vocabulary (or the site's), so that it may be shown."""
    key = way[-1]
    if key == "text" != options.text_field:
        return False  # the path `text` belongs to the field the user named
    return key == options.text_field or headers.is_known(key) or headers.fold(key) in options.columns


def _is_text(way: tuple[str, ...], options: ReadOptions) -> bool:
    return way == (options.text_field,)


def _phrase(way: tuple[str, ...]) -> str:
    """Return the shortest tail of the keys that the vocabulary knows; the last key when it knows none."""
    keys = [key for key in way if key != "*"]
    if not keys:
        return ""
    for size in (1, 2, 3):
        phrase = " ".join(keys[-size:])
        if headers.place(phrase) is not None:
            return phrase
    return keys[-1]


def _header(way: tuple[str, ...]) -> Placement | None:
    phrase = _phrase(way)
    return headers.place(phrase) if phrase else None
