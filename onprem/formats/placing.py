"""From headers and sampled values to fields: what each column or key of one source holds, and what each cell is.

A header settles most; values confirm or correct it, always to the safer side; a table as a whole says whether its
people are patients or staff. A cell that does not fit what its column was placed as by values alone is held.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from onprem.formats import headers, values, vocabulary
from onprem.formats.contract import Placement, ReadOptions
from onprem.labels import Label
from onprem.model import Field, Kind
from onprem.text import HAN

_PROSE_CHARS = 48  # a coded or measured cell longer than this is read as text
_HAN_PROSE_CHARS = 30
_KEY_ORDER = ("patient", "record", "national", "plan", "encounter")
_OWN_KEYS = frozenset({"patient", "record", "encounter", "plan"})
_ROW_KEYS = frozenset({"id", "uid", "uuid", "identifier", "编号", "key"})
_PERSONAL = frozenset({Label.BIRTH_DATE, Label.NATIONAL_ID, Label.SSN})


@dataclass(frozen=True, slots=True)
class Placed:
    """A column as placed. `known`: its header may be shown and written.

    `shape`: what a clinical cell must look like; one that does not is of kind `other`.
    """

    placement: Placement
    known: bool
    shape: re.Pattern[str] | None = None
    other: Kind = Kind.UNKNOWN


UNPLACED = Placed(Placement(Kind.UNKNOWN), known=False)


def field(path: str, text: str, placed: Placed) -> Field:
    """Return the field of one cell; a cell that is not what its column holds becomes text or unknown."""
    placement = placed.placement
    kind = placement.kind
    if kind is Kind.CLINICAL:
        if placed.shape is not None and text and (len(text) > _PROSE_CHARS or not placed.shape.fullmatch(text)):
            return Field(path, text, placed.other)
        if len(text) > _HAN_PROSE_CHARS and (len(text) > _PROSE_CHARS or HAN.search(text)):
            return Field(path, text, Kind.TEXT)
    elif kind is Kind.UNKNOWN and not text:
        return Field(path, text, Kind.CLINICAL)  # there is nothing to hold
    return Field(path, text, kind, placement.label)


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
    return settle(names, placed)


def _one(name: str, sample: Sequence[str], *, repeated: bool) -> Placed:
    placement = headers.place_by_values(name, sample)
    if repeated and placement.kind is Kind.CLINICAL:
        alone = headers.place_by_values("", sample)
        placement = alone if alone.kind is not Kind.CLINICAL else placement
    return _shaped(name, sample, Placed(placement, bool(name) and headers.is_known(name)))


def _shaped(name: str, sample: Sequence[str], placed: Placed) -> Placed:
    """Bind the cells of a clinical column to what its values, or its kind of header, promise."""
    if placed.placement.kind is not Kind.CLINICAL:
        return placed
    group = headers.group_of(name)
    if group == "result":
        return replace(placed, shape=values.result_shape(), other=Kind.TEXT)
    return placed if group else replace(placed, shape=values.shape_of(sample))


def settle(names: Sequence[str], placed: Sequence[Placed]) -> list[Placed]:
    """Decide what only the whole table can tell: whose names these are, and which column is the patient's key."""
    found = list(placed)
    folded = [headers.fold(name) for name in names]
    keys = {item.placement.key for item in found}
    labels = {item.placement.label for item in found}
    if not keys & _OWN_KEYS and _is_staff_list(folded, found, labels):
        return [replace(item, placement=_of_staff(item.placement)) for item in found]
    if not keys & {"patient", "record", "encounter"} and Label.NAME in labels and labels & _PERSONAL:
        for index, name in enumerate(folded):
            if name in _ROW_KEYS and found[index].placement.label is Label.OTHER_ID:
                own = Placement(Kind.IDENTIFIER, Label.RECORD_NUMBER, "patient", "patient")
                found[index] = replace(found[index], placement=own)
                break
    numbered = any(item.placement.key == "patient" and item.placement.label is not Label.NAME for item in found)
    if numbered:  # a name is a key only where there is no better one
        found = [
            replace(item, placement=replace(item.placement, key="")) if _is_name_key(item.placement) else item
            for item in found
        ]
    return found


def _is_name_key(placement: Placement) -> bool:
    return placement.label is Label.NAME and bool(placement.key)


def _is_staff_list(folded: Sequence[str], placed: Sequence[Placed], labels: AbstractSet[Label | None]) -> bool:
    numbered = any(
        item.placement.roster == "staff" and item.placement.label in {Label.OTHER_ID, Label.LICENCE_NUMBER}
        for item in placed
    )
    titles = {headers.fold(word) for word in vocabulary.words("staff_attributes")}
    described = not titles.isdisjoint(folded) and not labels & _PERSONAL
    return Label.NAME in labels and (numbered or described)


def _of_staff(placement: Placement) -> Placement:
    return replace(placement, roster="staff" if placement.roster else "", key="")


def place_keys(sampled: Mapping[tuple[str, ...], Sequence[str]], options: ReadOptions) -> dict[tuple[str, ...], Placed]:
    """Place the ways of keys of nested records by names and sampled values; indexes of arrays are "*"."""
    found: dict[tuple[str, ...], Placed] = {}
    for way, sample in sampled.items():
        placed = place_way(way, options)
        if not _told(way, options):
            phrase = _phrase(way)
            placed = _shaped(phrase, sample, Placed(headers.place_by_values(phrase, sample), placed.known))
        found[way] = placed
    return dict(zip(found, settle([_phrase(way) for way in found], list(found.values())), strict=True))


def place_way(way: tuple[str, ...], options: ReadOptions) -> Placed:
    """Place a way of keys by its names alone."""
    if _is_text(way, options):
        return Placed(Placement(Kind.TEXT), known=True)
    keys = [key for key in way if key != "*"]
    if keys and (site := options.columns.get(headers.fold(keys[-1]))) is not None:
        return Placed(site, known=True)
    phrase = _phrase(way)
    placement = (headers.place(phrase) if phrase else None) or Placement(Kind.UNKNOWN)
    return _shaped(phrase, (), Placed(placement, is_named(way, options)))


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


_TRANSPARENT = frozenset({"value", "val", "text", "display", "string", "content", "data", "valuestring"})
_GENERIC = frozenset(
    {"name", "id", "phone", "email", "address", "date", "time", "number", "code", "type", "title", "key"}
)


def _phrase(way: tuple[str, ...]) -> str:
    """Return the keys that say what a leaf holds: its own, with the one above it where its own says too little.

    "value" under "identifier" is an identifier, "name" under "author" is a name of staff; "value" under a key that nobody
    knows says nothing.
    """
    keys = [key for key in way if key != "*"]
    if not keys:
        return ""
    own = headers.fold(keys[-1])
    above = keys[-2] if len(keys) > 1 else ""
    if own in _TRANSPARENT and above:
        placement = headers.place(above)
        if placement is None:
            return ""
        return f"{above} {keys[-1]}" if placement.kind is Kind.CLINICAL else above
    if own in _GENERIC and above and headers.place(f"{above} {keys[-1]}") is not None:
        return f"{above} {keys[-1]}"
    if headers.place(keys[-1]) is None and above and headers.place(f"{above} {keys[-1]}") is not None:
        return f"{above} {keys[-1]}"
    return keys[-1]
