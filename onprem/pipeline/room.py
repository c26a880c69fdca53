"""The folder of one run under SITE/work, and what a process needs to work in it.

Everything in the folder is either sealed (plan, roster, values), or holds no value (spans by offset, counts), or is
clean (parts, assembled files). A stage's result appears by rename, so what exists is whole. The folder is removed when
the run ends well, and kept for --resume when it does not.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from onprem.config import Site, find_site
from onprem.detect.contract import Detector, Example, Recogniser
from onprem.detect.ensemble import LANGUAGES, Ensemble, pattern_detector
from onprem.errors import SiteError
from onprem.formats.contract import Chunk, Format, ReadOptions, Source
from onprem.formats.recognise import formats
from onprem.labels import Label
from onprem.pipeline.decisions import Keys, decision_keys, decode, read_file
from onprem.pipeline.known import KnownStore
from onprem.pipeline.plan import Plan, SourcePlan
from onprem.pipeline.replay import Replay, own_key
from onprem.policy.contract import Operator
from onprem.policy.schema import Policy, load
from onprem.policy.surrogates import Persona
from onprem.vault import custody
from onprem.vault.keys import derive
from onprem.vault.links import Links
from onprem.vault.sealed import SealedStore
from onprem.vault.subjects import Subjects

DECISIONS = "decisions.jsonl"  # the copy in the run's folder

_PLAN = TypeAdapter(Plan)


@dataclass(frozen=True, slots=True)
class Written:
    """A file to be gated: where it is, its name in the output, and which records are absent from it, as they were held."""

    source: int
    path: str = field(repr=False)
    name: str = field(repr=False)
    absent: tuple[int, ...] = ()


_TYPED = frozenset({Operator.SHIFT, Operator.KEEP})  # operators whose result is still a date, a number
_WRITTEN = TypeAdapter(dict[int, Written])


@dataclass(frozen=True, slots=True)
class Spec:
    """What a run was asked to do. Crosses to workers; holds no path of an input and no value."""

    site: Path
    run: str  # folder name under SITE/work
    policy: str
    lang: str = "auto"
    text_field: str = "text"
    spans: bool = False  # keep the final spans for --spans
    decisions: bool = False  # replay what reviewers decided: DECISIONS in the run's folder
    epoch: int | None = None  # of codes and shifts; None: the site's present one
    echo: str = ""  # SHA-256 of the language model that reads free text; "" for none


@dataclass
class Room:
    """The run's folder, opened by one process. Stores open on first use."""

    spec: Spec
    parent: bool = False  # the parent writes links, subjects and the roster; workers read
    personas: dict[str, Persona] = field(default_factory=dict, repr=False)  # of the last few patients
    _stage: str = ""
    _sources: dict[int, Source] = field(default_factory=dict, repr=False)
    _reopened: dict[int, tuple[Source, tuple[Chunk, ...]]] = field(default_factory=dict, repr=False)

    @cached_property
    def site(self) -> Site:
        """The site."""
        return find_site(self.spec.site)

    @property
    def folder(self) -> Path:
        """The run's own folder, below the site's work area."""
        return self.site.folder("work") / self.spec.run

    @cached_property
    def key(self) -> bytes:
        """The key under which this run's values are sealed."""
        return derive(custody.root(self.site), f"run/{self.spec.run}")

    @cached_property
    def epoch(self) -> int:
        """The epoch in which this run's codes and shifts are made: that of its beginning."""
        return custody.epoch(self.site) if self.spec.epoch is None else self.spec.epoch

    @cached_property
    def policy(self) -> Policy:
        """The policy, checked when it was loaded."""
        return load(self.spec.policy, site_policies=self.site.folder("policies"))

    @cached_property
    def decision_keys(self) -> Keys:
        """The site's keys of decisions."""
        return decision_keys(self.site)

    @cached_property
    def replay(self) -> Replay:
        """What reviewers decided, ready to be replayed; empty where none was given."""
        content = read_file(self.folder / DECISIONS) if self.spec.decisions else None
        decisions = () if content is None else decode(content, self.decision_keys)
        return Replay(decisions, self.decision_keys, self.policy.digest, lambda key: own_key(self.subjects, key))

    @cached_property
    def links(self) -> Links:
        """The site's links between patients' numbers."""
        return Links.open(self.site, readonly=not self.parent)

    @cached_property
    def subjects(self) -> Subjects:
        """The vault of subject secrets."""
        return Subjects.open(self.site, epoch=self.epoch, readonly=not self.parent)

    @cached_property
    def known(self) -> KnownStore:
        """The run's sealed roster."""
        return KnownStore(self.folder / "known.sealed", self.key, readonly=not self.parent)

    def open_stores(self) -> None:
        """Make the stores that workers will read, so that they exist even when no table fills them."""
        _ = self.links, self.subjects, self.known

    @cached_property
    def ensemble(self) -> Ensemble:
        """The detectors, loaded when a text is first searched."""
        langs = LANGUAGES if self.spec.lang == "auto" else (self.spec.lang,)
        return Ensemble.load(recognisers=own_recognisers(self.policy), langs=langs, tier=self.policy.tier)

    @cached_property
    def plan(self) -> Plan:
        """The plan that `collect` sealed."""
        with SealedStore(self.folder / "plan.sealed", self.key, readonly=True) as store:
            sealed = store.get(b"plan")
        if sealed is None:
            raise SiteError("a run's folder is damaged", hint="run again without --resume")
        return _PLAN.validate_json(sealed)

    def save_plan(self, plan: Plan) -> None:
        """Seal the plan."""
        with SealedStore(self.folder / "plan.sealed", self.key) as store:
            store.put_many([(b"plan", _PLAN.dump_json(plan))])

    @cached_property
    def models(self) -> tuple[tuple[str, str], ...]:
        """Name and digest of the models that search, for the report and the audit event."""
        from onprem.detect.ner import digests_of

        langs = LANGUAGES if self.spec.lang == "auto" else (self.spec.lang,)
        echo = (("echo", self.spec.echo),) if self.spec.echo else ()
        return tuple(item for lang in langs for item in digests_of(lang, self.policy.tier)) + echo

    @cached_property
    def shapes(self) -> Detector:
        """Patterns alone, for the leak gate."""
        return pattern_detector(own_recognisers(self.policy))

    @cached_property
    def written(self) -> dict[int, Written]:
        """The files that `save_written` named for the leak gate, by source."""
        with SealedStore(self.folder / "plan.sealed", self.key, readonly=True) as store:
            sealed = store.get(b"written")
        return {} if sealed is None else _WRITTEN.validate_json(sealed)

    def save_written(self, written: dict[int, Written]) -> None:
        """Seal which files the leak gate reopens."""
        with SealedStore(self.folder / "plan.sealed", self.key) as store:
            store.put_many([(b"written", _WRITTEN.dump_json(written))])

    def reopened(self, source: int) -> tuple[Source, tuple[Chunk, ...]]:
        """Open a written file as its source's format, with its chunks; kept while the process works on it."""
        if source not in self._reopened:
            self._reopened.clear()
            opened = format_of(self.plan.sources[source]).open(Path(self.written[source].path), source, self.options)
            self._reopened[source] = opened, tuple(opened.chunks())
        return self._reopened[source]

    @cached_property
    def options(self) -> ReadOptions:
        """How formats read in this run."""
        from onprem.formats.columns import load_columns

        return ReadOptions(
            text_field=self.spec.text_field,
            columns=load_columns(self.site.root / "columns.toml"),
            max_record_chars=self.site.settings.max_record_chars,
            chunk_bytes=self.site.settings.chunk_bytes,
            typed=frozenset(label for label in Label if self.policy.rule(label) in _TYPED),
        )

    def source(self, index: int) -> Source:
        """Open a source of the plan; kept open while the process works on it."""
        if index not in self._sources:
            self._sources.clear()
            planned = self.plan.sources[index]
            self._sources[index] = format_of(planned).open(Path(planned.path), index, self.options)
        return self._sources[index]

    def enter(self, stage: str) -> None:
        """Begin a stage: what the parent has written since the last one is opened anew."""
        if stage != self._stage:
            self.forget()
            self._stage = stage

    def forget(self) -> None:
        """Close the stores and files, keep the detectors."""
        self.close()
        for name in ("plan", "written"):
            self.__dict__.pop(name, None)

    def close(self) -> None:
        """Close what was opened."""
        self._sources.clear()
        self._reopened.clear()
        self.personas.clear()
        for name in ("links", "subjects", "known"):
            if name in self.__dict__:
                self.__dict__.pop(name).close()


def own_recognisers(policy: Policy) -> tuple[Recogniser, ...]:
    """Return the policy's own recognisers in the form the pattern detector takes."""
    return tuple(
        Recogniser(item.name, item.label, item.pattern, item.score, tuple(map(Example, item.examples)))
        for item in policy.recogniser
    )


def format_of(planned: SourcePlan) -> Format:
    """Return the format that the plan names."""
    return formats()[planned.format]


def write_whole(path: Path, lines: Iterator[str] | list[str]) -> None:
    """Write lines to `path` so that it exists only when it is complete."""
    partial = path.with_name(path.name + ".partial")
    with partial.open("w", encoding="utf-8", newline="\n") as file:
        for line in lines:
            file.write(line)
            file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def read_lines(path: Path) -> Iterator[Any]:
    """Yield the JSON values of a file of lines that `write_whole` wrote."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def run_name(spec: Spec, request: dict[str, object], key: bytes) -> str:
    """Return a run's folder name: a keyed digest of everything that decides its result."""
    asked = asdict(spec) | {"site": "", "run": ""} | request
    return hashlib.blake2b(json.dumps(asked, sort_keys=True, default=str).encode(), key=key, digest_size=8).hexdigest()
