"""What a disease pack declares: items of a portrait, scales computed from them, topics of a talk, red flags, and phrases.

A pack is one TOML file (docs/packs.md). Nothing of a disease stands in code: the same code draws portraits, walks topics and
writes dialogues for every pack (`pack_portrait`, `pack_walk`, `pack_write`).

Rules: unknown keys are errors; whatever a name refers to exists; a red flag is asked after in a mandatory topic; every
language has all phrases that a dialogue can need, or the pack is refused as a whole.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from onprem.synth.contract import Lang
from onprem.synth.pack_speech import Speech

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,40}$")]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
When = Mapping[Name, tuple[Name, ...]]  # item: values, of which one is met
Bands = Mapping[Name, int]  # name: the lowest score of the band, ascending
Portrait = Mapping[str, str]  # item: value
_STRICT = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
_NEAR_ONE = 1e-6


class Item(BaseModel):
    """A question of the portrait: its values from the least to the most burdensome, how often each occurs, its points.

    Values that belong together are drawn together: each factor is a standard normal variable of the portrait, `load` says
    how much of the item's own variable it is (its correlation), and two items correlate by the products of their loads.
    """

    model_config = _STRICT

    id: Name
    values: tuple[Name, ...] = Field(min_length=2, max_length=12)
    shares: tuple[Share, ...]  # of the values, sum 1
    points: tuple[int, ...] = ()  # of the values; 0, 1, 2, … unless given
    load: Mapping[Name, Annotated[float, Field(ge=-1.0, le=1.0)]] = Field(default_factory=dict)  # by factor
    hides: Annotated[float, Field(ge=0.0, le=0.9)] = 0.0  # chance that it is understated or evaded at first

    @model_validator(mode="after")
    def _sound(self) -> Item:
        if len(set(self.values)) != len(self.values):
            raise ValueError(f"item {self.id}: a value stands twice")
        if len(self.shares) != len(self.values) or abs(sum(self.shares) - 1) > _NEAR_ONE:
            raise ValueError(f"item {self.id}: shares are one for each value, and their sum is 1")
        if self.points and len(self.points) != len(self.values):
            raise ValueError(f"item {self.id}: points are one for each value")
        if sum(load * load for load in self.load.values()) > 1 + _NEAR_ONE:
            raise ValueError(f"item {self.id}: the squares of its loads exceed 1")
        return self

    def point(self, value: str) -> int:
        """Return the points of a value."""
        place = self.values.index(value)
        return self.points[place] if self.points else place


class ScaleRule(BaseModel):
    """What a scale adds, or at least says, where all items of `when` have one of the values named."""

    model_config = _STRICT

    when: When = Field(min_length=1)
    add: int = 0
    at_least: str = ""  # name of a band

    def holds(self, values: Portrait) -> bool:
        """Say whether it applies; an item that is not known does not meet it."""
        return all(values.get(item) in allowed for item, allowed in self.when.items())


class Scale(BaseModel):
    """A score, the sum of the points of its items and of its rules, and the band that it falls into."""

    model_config = _STRICT

    id: Name
    items: tuple[Name, ...] = Field(min_length=1)
    bands: Bands = Field(min_length=2)
    variants: Mapping[Name, Bands] = Field(default_factory=dict)  # other bands, for `--set bands=NAME`
    rules: tuple[ScaleRule, ...] = ()

    @model_validator(mode="after")
    def _sound(self) -> Scale:
        for bands in (self.bands, *self.variants.values()):
            lowest = list(bands.values())
            if lowest != sorted(set(lowest)):
                raise ValueError(f"scale {self.id}: bands ascend")
            if any(rule.at_least and rule.at_least not in bands for rule in self.rules):
                raise ValueError(f"scale {self.id}: a rule names a band that is none")
        return self


class Topic(BaseModel):
    """A topic of the talk: the items it asks after, in this order, and which topics may follow, by weight."""

    model_config = _STRICT

    id: Name
    items: tuple[Name, ...] = Field(min_length=1)
    next: Mapping[Name, Annotated[float, Field(gt=0.0)]] = Field(default_factory=dict)
    mandatory: bool = False  # every talk has it, unless a red flag has ended it before
    earliest: int = Field(default=0, ge=0)  # topics that come before it


class Flag(BaseModel):
    """A red flag: met by one of the values named, it ends the talk with a fixed sentence that hands it to a person."""

    model_config = _STRICT

    id: Name
    when: When = Field(min_length=1)
    say: Mapping[Lang, Annotated[str, Field(min_length=10, max_length=500)]]

    def met(self, values: Portrait) -> bool:
        """Say whether a value that is known meets it."""
        return any(values.get(item) in allowed for item, allowed in self.when.items())


class Chances(BaseModel):
    """How often the doctor does what is not a must."""

    model_config = _STRICT

    open: Share = 0.5  # the first item of a topic is asked after by an open question
    again: Share = 0.7  # what was understated or evaded is asked after once more; a red flag's item always is
    empathy: Share = 0.6
    recap: Share = 0.5
    advice: Share = 0.5
    hesitate: Share = 0.2  # of the patient


class Pack(BaseModel):
    """A pack, checked."""

    model_config = _STRICT

    name: Name
    version: int = Field(ge=1)
    about: str = Field(min_length=3, max_length=200)
    notice: str = Field(min_length=3, max_length=1_000)  # what rows of it are not
    sources: tuple[str, ...] = ()
    main: Name  # the scale that is `score` and `severity`
    risk: str = ""  # the scale that is `risk`
    topics: tuple[int, int]  # least and most of a talk, where enough are reachable
    start: Name
    item: tuple[Item, ...] = Field(min_length=1)
    scale: tuple[Scale, ...] = Field(min_length=1)
    topic: tuple[Topic, ...] = Field(min_length=1)
    flag: tuple[Flag, ...] = ()
    chances: Chances = Chances()
    speech: Mapping[Lang, Speech] = Field(min_length=1)

    @model_validator(mode="after")
    def _sound(self) -> Pack:
        for kind, named in (("item", self.item), ("scale", self.scale), ("topic", self.topic), ("flag", self.flag)):
            _once(kind, [each.id for each in named])
        if not 1 <= self.topics[0] <= self.topics[1]:
            raise ValueError("topics = [least, most]")
        self._scales()
        self._graph()
        if not set(self.scales[self.main].items) <= set(self.asked):
            raise ValueError("every item of the main scale belongs to a topic")
        for flag in self.flag:
            self._when(f"flag {flag.id}", flag.when)
            for item in flag.when:
                if not any(item in topic.items and topic.mandatory for topic in self.topic):
                    raise ValueError(f"flag {flag.id}: the topic of {item} must be mandatory")
        for lang, speech in self.speech.items():
            if missing := [flag.id for flag in self.flag if lang not in flag.say]:
                raise ValueError(f"flag {missing[0]}: nothing to say in {lang}")
            speech.check(lang, {item: self.items[item].values for item in self.asked})
        return self

    def _scales(self) -> None:
        for scale in self.scale:
            self._known(f"scale {scale.id}", scale.items, self.items)
            for rule in scale.rules:
                self._when(f"scale {scale.id}", rule.when)
            for bands in (scale.bands, *scale.variants.values()):
                if min(bands.values()) > sum(min(map(each.point, each.values)) for each in self._of(scale)):
                    raise ValueError(f"scale {scale.id}: the lowest score falls below the first band")
        self._known("main and risk", tuple(filter(None, (self.main, self.risk))), self.scales)

    def _graph(self) -> None:
        by_id = {topic.id: topic for topic in self.topic}
        self._known("start", (self.start,), by_id)
        _once("item of the topics", [item for topic in self.topic for item in topic.items])
        for topic in self.topic:
            self._known(f"topic {topic.id}", topic.items, self.items)
            self._known(f"topic {topic.id}", topic.next, by_id)
        reached, new = {self.start}, [self.start]
        while new:
            follow = [each for each in by_id[new.pop()].next if each not in reached]
            reached.update(follow)
            new += follow
        if lost := [each for each in by_id if each not in reached and not by_id[each].mandatory]:
            raise ValueError(f"topic {lost[0]}: no topic leads to it")

    def _known(self, who: str, names: Sequence[str] | Mapping[str, object], known: Mapping[str, object]) -> None:
        for name in names:
            if name not in known:
                raise ValueError(f"{who}: {name} is not declared")

    def _when(self, who: str, when: When) -> None:
        self._known(who, when, self.items)
        for item, values in when.items():
            if not values or not set(values) <= set(self.items[item].values):
                raise ValueError(f"{who}: not all are values of {item}")

    def _of(self, scale: Scale) -> list[Item]:
        return [self.items[each] for each in scale.items]

    @cached_property
    def items(self) -> dict[str, Item]:
        """Items by their id, in order."""
        return {item.id: item for item in self.item}

    @cached_property
    def scales(self) -> dict[str, Scale]:
        """Scales by their id, in order."""
        return {scale.id: scale for scale in self.scale}

    @cached_property
    def asked(self) -> tuple[str, ...]:
        """Items that some topic asks after, in order of the topics."""
        return tuple(item for topic in self.topic for item in topic.items)

    @cached_property
    def flagged(self) -> frozenset[str]:
        """Items on which a red flag rests."""
        return frozenset(item for flag in self.flag for item in flag.when)

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) of what the pack declares, comments and layout left out."""
        return hashlib.sha256(json.dumps(self.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()


def _once(kind: str, names: Sequence[str]) -> None:
    if twice := [name for place, name in enumerate(names) if name in names[:place]]:
        raise ValueError(f"{kind} {twice[0]} stands twice")
