"""Recipes of disease packs: one for each pack that is shipped, and `pack` for a file of the hospital's own.

Rules: the recipe holds nothing of a disease; its options are the same for every pack. Scores and severities are computed
from the portrait, and beside them from what the dialogue revealed. No row is a clinical claim; the pack's notice says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import get_args

from onprem.errors import UsageError
from onprem.synth.contract import Asker, Lang, Line, Made, Rejected, Sources, Steps
from onprem.synth.pack import Bands, Pack
from onprem.synth.pack_portrait import draw, measure
from onprem.synth.pack_read import read, shipped
from onprem.synth.pack_sum import summarise
from onprem.synth.pack_walk import Plan, plan
from onprem.synth.pack_write import Share, Writer, Written, turn_lines
from onprem.synth.scan import searched
from onprem.synth.turns import told

NOTHING_WRITTEN = "no turn by the model"
_MOST_TALKS = 20
_OPTIONS = {
    "talks": f"dialogues with each portrait, 1 to {_MOST_TALKS} (1)",
    "bands": "another division of the score, named in the pack's variants",
    "writes": "whose turns the model writes: patient, or both (patient)",
    "turns": "turns that the model writes in a dialogue, at most, of each of the two; 0: all (0)",
}


@dataclass(frozen=True, slots=True)
class Settings:
    """The options of a run, read."""

    talks: int = 1
    bands: Bands | None = None
    share: Share = field(default_factory=Share)


@dataclass
class PackRecipe:
    """The recipe of a pack file; without one, of the file that the option `pack` names."""

    name: str
    path: Path | None = field(default=None, repr=False)
    smallest: int = 100_000_000
    needs: tuple[str, ...] = ()

    @property
    def version(self) -> int:
        """The version of the pack; of the recipe for packs of the hospital's own."""
        return self._pack.version if self._pack else 1

    @property
    def about(self) -> str:
        """What it makes."""
        return self._pack.about if self._pack else "dialogues of a disease pack of your own: --pack FILE"

    @property
    def langs(self) -> tuple[Lang, ...]:
        """The languages that the pack speaks."""
        return tuple(self._pack.speech) if self._pack else get_args(Lang)

    @property
    def options(self) -> Mapping[str, str]:
        """The options that `--set` takes."""
        return _OPTIONS

    @cached_property
    def _pack(self) -> Pack | None:
        return read(self.path) if self.path else None

    def bind(self, sources: Sources) -> Talks:
        """Return the work.

        Raises:
            UsageError: an option is not known or not one of its values, or the pack does not speak the language.
            InputError: the pack cannot be read or is not sound.
        """
        given = dict(sources.options)
        pack = self._pack
        if pack is None:
            if not given.get("pack"):
                raise UsageError("no pack is named", hint="--pack FILE")
            pack = read(Path(given.pop("pack")))
        if sources.lang not in pack.speech:
            raise UsageError(
                f"pack {pack.name} does not speak {sources.lang}", hint="it speaks " + ", ".join(pack.speech)
            )
        return Talks(pack, sources, _settings(pack, given))


def _settings(pack: Pack, given: Mapping[str, str]) -> Settings:
    for name in given:
        if name not in _OPTIONS:
            raise UsageError(f"there is no option {name!r}", hint="the options are: " + ", ".join(_OPTIONS))
    talks = _number(given, "talks", 1)
    if not 1 <= talks <= _MOST_TALKS:
        raise UsageError("talks is out of bounds", hint=f"1 to {_MOST_TALKS}")
    writes = given.get("writes", "patient")
    if writes not in ("patient", "both"):
        raise UsageError("writes is not known", hint="patient or both")
    bands = given.get("bands")
    variants = pack.scales[pack.main].variants
    if bands is not None and bands not in variants:
        raise UsageError(
            f"pack {pack.name} has no such bands", hint="it has: " + (", ".join(variants) or "no variants")
        )
    share = Share(doctor=writes == "both", most=_number(given, "turns", 0))
    return Settings(talks, None if bands is None else variants[bands], share)


def _number(given: Mapping[str, str], name: str, default: int) -> int:
    said = given.get(name, str(default))
    if not said.isascii() or not said.isdigit() or len(said) > 4:
        raise UsageError(f"{name} is a number", hint="see: onprem synth list")
    return int(said)


class Talks:
    """A pack bound to its sources: attempt `number` is a dialogue of the portrait `number // talks`."""

    def __init__(self, pack: Pack, sources: Sources, settings: Settings) -> None:
        self._pack = pack
        self._sources = sources
        self._settings = settings
        self._writer = Writer(pack, sources.lang, settings.share)

    def write(self, number: int, asker: Asker) -> Steps:
        """Return attempt `number`, its turns said by a model in other words."""
        made = self._plan(number)
        written = yield from self._writer.write(made, asker, self._sources.rng(number, "examples"))
        if not written.by:
            return Rejected(NOTHING_WRITTEN)
        line = self._line(number, made, written)
        line |= {"written_turns": len(written.by), "fallback_turns": written.fallback}
        line["refused_turns"] = dict(sorted(written.why.items()))
        return Made(line, passed=("topics planned", "meaning kept", "safe words"), invented=(_by_code(line),))

    def fill(self, number: int) -> Made | Rejected:
        """Return attempt `number` in the phrases of the pack."""
        made = self._plan(number)
        line = self._line(number, made, Written([step.text for step in made.steps]))
        return Made(line, passed=("topics planned",), invented=(_by_code(line),))

    def told(self, line: Line) -> str:
        """Return what is said."""
        return told(line)

    def _portrait(self, number: int) -> dict[str, str]:
        return draw(self._pack, self._sources.rng(number // self._settings.talks, "portrait"))

    def _plan(self, number: int) -> Plan:
        return plan(self._pack, self._sources.lang, self._portrait(number), self._sources.rng(number, "plan"))

    def _line(self, number: int, made: Plan, written: Written) -> Line:
        pack, bands = self._pack, self._settings.bands
        portrait = self._portrait(number)
        main = pack.scales[pack.main]
        true, revealed = (measure(pack, main, values, bands) for values in (portrait, made.revealed))
        risk = measure(pack, pack.scales[pack.risk], portrait).band if pack.risk else None
        lang = self._sources.lang
        return {
            "turns": turn_lines(made, written),
            "portrait": portrait,
            "score": true.score,
            "severity": true.band,
            "revealed": made.revealed,
            "revealed_score": revealed.score,
            "revealed_severity": revealed.band,
            "risk": risk,
            "red_flag": made.flag.id if made.flag else None,
            "summary": summarise(pack, lang, made.revealed, self._sources.rng(number, "summary")),
            "topics": list(made.topics),
            "pack": {"name": pack.name, "version": pack.version, "digest": pack.digest},
            "patient": f"{pack.name}-{self._sources.seed}-{number // self._settings.talks}",
        }


def _by_code(line: Line) -> str:
    """Return all of a line that the pack and code put there: names of items and values in a row look like identifiers.

    It is one text, in which whatever is found there stands; what a model wrote is not in it.
    """
    turns = [turn | {"text": ""} if "by" in turn else turn for turn in line["turns"]]
    return "\n".join(searched(line | {"turns": turns}))


RECIPES = (*(PackRecipe(name, path) for name, path in shipped().items()), PackRecipe("pack"))
