"""What `onprem synth` does for a recipe of rows: sources, model or templates, rows, the privacy gate, the report.

Rules: what was made from records stands as OUT.held until the gate lets it pass, and stays there if it does not. Nothing of
the model's text and nothing of a record is printed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import typer

from onprem.cli import open_site, render, with_model
from onprem.cli.synth_gate import check_free, check_halves, held_of, settle, told
from onprem.errors import InputError, UsageError
from onprem.progress import Progress

if TYPE_CHECKING:
    from onprem.audit.log import Note
    from onprem.config import Site
    from onprem.evaluate.privacy.contract import Result
    from onprem.llm.contract import LLM
    from onprem.llm.shelf import Card
    from onprem.synth.contract import Lang, Recipe, Sources
    from onprem.synth.run import Run, Tally
    from onprem.synth.scan import Scan
    from onprem.synth.sources import Given

HEADER = "synthetic: of no patient, checked by code as docs/synth.md tells, and no clinical claim"
_HOLD_OUT = 0.5  # of the records, where the user says nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command is told."""

    recipe: str
    n: int
    out: Path
    seed: int
    lang: str
    templates: bool
    records: Path | None
    hold_out: float | None
    unseen: Path | None
    examples: Path | None
    vocabulary: tuple[str, ...]
    tables: Path | None
    pack: Path | None
    options: Mapping[str, str]
    resume: bool
    report: Path | None
    at_a_time: int
    model: str | None
    context: int
    gpu_layers: int | None
    threads: int | None
    site: Path | None
    json: bool

    def check(self) -> None:
        """Refuse what cannot be.

        Raises:
            UsageError: it says which.
            OutputError: the output is an input, or lies inside it, or is there already.
        """
        from onprem.assist.batch_out import check_out

        check_halves(self.records, self.unseen, self.hold_out)
        for given in (self.records, self.unseen, self.examples, self.tables, self.pack):
            if given is not None:
                check_out(given, self.out)
        check_free(self.out)


def carry_out(asked: Asked) -> None:
    """Make the rows; raise `typer.Exit(1)` where the gate did not pass, or fewer came than were asked for.

    Raises:
        OnpremError: see `onprem.errors`.
    """
    from onprem.audit.events import Outcome
    from onprem.audit.log import audited
    from onprem.synth.recipes import recipes
    from onprem.synth.run import Job, Run
    from onprem.synth.scan import Scan

    known = recipes()
    if asked.recipe not in known:
        raise UsageError("there is no such recipe", hint=f"the recipes are: patients, ehr, {', '.join(known)}")
    recipe = known[asked.recipe]
    if asked.lang not in recipe.langs:
        raise UsageError("the recipe does not know this language", hint=f"it knows: {', '.join(recipe.langs)}")
    asked.check()
    site = open_site(asked.site)
    with audited(site, "synth") as note, render.bar(json=asked.json) as progress:
        scan = Scan()
        given = _records(site, asked, scan, progress)
        sources = _sources(asked, recipe, given, scan)
        work = recipe.bind(sources)  # what is wrong with the sources is told before a model is loaded
        with _model(site, asked, recipe) as llm:
            card = None if llm is None else llm.card
            run = Run(Job(recipe, sources, work, asked.n, llm, asked.at_a_time), scan)
            digest = _digest(asked, sources, given, llm)
            if card is not None:
                note.digests["model"] = card.sha256
            _rows(asked, run, digest, progress, note)
        result = None if given is None or not run.tally.rows else _gate(asked, given, progress)
        is_short = run.tally.rows < asked.n
        if is_short or (result is not None and not result.passed):
            note.outcome = Outcome.HELD
        if result is not None:
            note.counts |= {"gate.passed": int(result.passed)}
        if asked.report is not None:
            _report(asked.report, recipe, sources, run.tally, card, result)
    _told(asked, run.tally, given, result)
    if is_short or (result is not None and not result.passed):
        raise typer.Exit(1)


def _records(site: Site, asked: Asked, scan: Scan, progress: Progress) -> Given | None:
    from onprem.formats.contract import ReadOptions
    from onprem.synth.sources import Take, read_records
    from onprem.vault import custody
    from onprem.vault.keys import derive

    if asked.records is None:
        return None
    share = 0.0 if asked.unseen is not None else asked.hold_out or _HOLD_OUT
    options = ReadOptions(max_record_chars=site.settings.max_record_chars, chunk_bytes=site.settings.chunk_bytes)
    take = Take(key=derive(custody.root(site), "synthetic rows"), share=share, options=options)
    given = read_records(asked.records, take, scan, progress)
    if given.refused or given.unreadable:
        render.talk(f"{given.refused:,} records hold identifiers and {given.unreadable:,} cannot be read: not used")
    if asked.unseen is None:
        if not given.unseen:
            raise InputError("the records are too few to hold some out", hint="give more, or others with --unseen")
        return given
    from dataclasses import replace

    other = read_records(asked.unseen, replace(take, share=0.0), scan, progress)
    return replace(given, unseen=tuple(source.text for source in other.used))


def _sources(asked: Asked, recipe: Recipe, given: Given | None, scan: Scan) -> Sources:
    """Return what the recipe draws from.

    Raises:
        UsageError: something that it needs is missing, or the examples hold identifiers.
        InputError: something cannot be read.
    """
    from onprem.evaluate.read_labelled import read_labelled
    from onprem.synth.contract import Sources
    from onprem.synth.sources import check_examples
    from onprem.synth.vocabulary import read_vocabulary

    examples = () if asked.examples is None else tuple(read_labelled(asked.examples))
    check_examples(examples, scan)
    sources = Sources(
        lang=cast("Lang", asked.lang),
        seed=asked.seed,
        vocabulary=tuple(term for named in asked.vocabulary for term in read_vocabulary(named)),
        examples=examples,
        records=() if given is None else given.used,
        tables=asked.tables,
        options=asked.options if asked.pack is None else {**asked.options, "pack": str(asked.pack)},
    )
    for name in recipe.needs:
        if not getattr(sources, name):
            raise UsageError(f"the recipe needs --{name}", hint="see: onprem synth list")
    return sources


@contextmanager
def _model(site: Site, asked: Asked, recipe: Recipe) -> Iterator[LLM | None]:
    """Load the model, if one is to be had and suits; else say that templates write."""
    from onprem.llm.shelf import Shelf
    from onprem.synth.contract import suits

    shelf = Shelf(site)
    if asked.templates or (asked.model is None and not shelf.cards()):
        if not asked.templates:
            render.talk("there is no model on the shelf: templates write the rows, and each row says so")
        yield None
        return
    card = shelf.card(with_model.chosen(site, asked.model))
    if not suits(recipe, card):
        words = (
            f"the model has {card.parameters / 1e6:,.0f}M parameters and the recipe takes {recipe.smallest / 1e6:,.0f}M"
        )
        render.talk(f"{words}: templates write the rows, and each row says so")
        yield None
        return
    with with_model.use(
        site,
        asked.model,
        sequences=asked.at_a_time,
        context=asked.context,
        gpu_layers=asked.gpu_layers,
        threads=asked.threads,
    ) as llm:
        yield llm


def _digest(asked: Asked, sources: Sources, given: Given | None, llm: LLM | None) -> str:
    """Return the digest by which a run that goes on knows that it is the same."""
    from onprem.assist.batch_out import job_digest
    from onprem.synth.sources import examples_digest

    vocabulary = hashlib.sha256(repr(sources.vocabulary).encode()).hexdigest()
    model = None if llm is None else (llm.card.sha256, asked.at_a_time, llm.context)
    held = None if given is None else (given.digest, len(given.used), len(given.unseen))
    fixed = (asked.recipe, asked.n, asked.seed, asked.lang, sorted(asked.options.items()))
    read = [_state(path) for path in (asked.tables, asked.pack) if path is not None]
    return job_digest("synth", fixed, read, vocabulary, examples_digest(sources.examples), model, held)


def _state(path: Path) -> tuple[tuple[str, int, int], ...]:
    """Return the names, sizes and times of a file, or of the files of a folder."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    told = [(file.name, file.stat()) for file in files if file.is_file()]
    return tuple((name, state.st_size, state.st_mtime_ns) for name, state in told)


def _rows(asked: Asked, run: Run, digest: str, progress: Progress, note: Note) -> None:
    from onprem.assist.batch_out import Out

    path = asked.out if asked.records is None else held_of(asked.out)
    render.talk(HEADER)
    with Out(path, digest, resume=asked.resume, counted=run.seen) as out:
        try:
            run.make(out, progress)
        finally:
            note.counts |= {
                "rows": run.tally.rows,
                "attempts": run.tally.attempts,
                "rejected": run.tally.reasons.total(),
                "tokens": run.tally.tokens,
            }
            if run.tally.rows and path.with_name(path.name + ".partial").exists():
                render.talk(f"{run.tally.rows:,} rows are kept: go on with --resume")


def _gate(asked: Asked, given: Given, progress: Progress) -> Result:
    """Screen what was made; give it its name where it passes."""
    from onprem.assist.batch_out import read_lines
    from onprem.evaluate.privacy.reading import row_text
    from onprem.evaluate.privacy.texts import screen_texts

    progress.stage("privacy gate", None)
    rows = [row_text(line) for line in read_lines(held_of(asked.out))]
    result = screen_texts(rows, [source.text for source in given.used], list(given.unseen), progress=progress)
    settle(asked.out, result)
    return result


def _report(
    path: Path, recipe: Recipe, sources: Sources, tally: Tally, card: Card | None, result: Result | None
) -> None:
    from onprem.report.page import write_page
    from onprem.report.screen_page import sections
    from onprem.report.svg import Charts
    from onprem.report.synth_page import Made, render_made

    made = Made(
        recipe=recipe.name,
        version=recipe.version,
        about=recipe.about,
        origin="template" if card is None else "model",
        model="" if card is None else card.name,
        model_digest="" if card is None else card.sha256,
        lang=sources.lang,
        seed=sources.seed,
        rows=tally.rows,
        attempts=tally.attempts,
        tokens=tally.tokens,
        seconds=tally.seconds,
        rows_now=tally.made_now,
        reasons=tally.reasons,
        dropped=tally.dropped,
        gave_up=tally.gave_up,
    )
    charts = Charts()
    write_page(path, render_made(made, () if result is None else sections(result, charts), charts))


def _told(asked: Asked, tally: Tally, given: Given | None, result: Result | None) -> None:
    rate = 60 * tally.made_now / tally.seconds if tally.seconds > 0 else 0.0
    said: dict[str, object] = {
        "rows": tally.rows,
        "attempts": tally.attempts,
        "yield": round(tally.rows / tally.attempts, 4) if tally.attempts else 0.0,
        "rows_per_minute": round(rate, 1) if rate < 100 else round(rate),
        "tokens": tally.tokens,
        "rejected": _reasons(tally.reasons),
        "dropped": _reasons(tally.dropped),
    }
    if given is not None and result is not None:
        said |= {"records_used": len(given.used), "records_never_used": len(given.unseen)}
        said["privacy_gate"] = str(result.verdict)
    render.document(said, json=asked.json)
    if result is not None:
        told(asked.out, result)
    if tally.rows < asked.n:
        render.talk(f"fewer rows than asked for: {tally.rows:,} of {asked.n:,}; the reasons stand above")


def _reasons(counted: Mapping[str, int]) -> str:
    return (
        ", ".join(f"{reason} {count:,}" for reason, count in sorted(counted.items(), key=lambda item: -item[1]))
        or "none"
    )
