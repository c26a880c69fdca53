"""What `onprem summarise` and `onprem extract` share: records in, lines out, one event, one line of what came of it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from onprem.cli import open_site, render, with_model
from onprem.cli.harmless import one_line
from onprem.errors import InputError, UsageError
from onprem.progress import Progress, Silent

if TYPE_CHECKING:
    from onprem.assist.batch import Tally, Work
    from onprem.assist.batch_out import Line, Out
    from onprem.assist.records import Item, Records
    from onprem.config import Site
    from onprem.llm.contract import LLM

HEADER = "a draft by a language model and no clinical claim: a clinician checks it against the record"
_PIPED = Path("-")

InputArgument = Annotated[
    Path, typer.Argument(metavar="INPUT", help="File or folder of records; - reads one text from standard input.")
]
OutOption = Annotated[
    Path | None, typer.Option("--out", metavar="FILE.jsonl", help="Write JSON lines there; for this user alone.")
]
ResumeOption = Annotated[bool, typer.Option("--resume", help="Go on with an --out that was cut short.")]
CutOption = Annotated[bool, typer.Option("--cut", help="Cut a record that does not fit, and say so, not refuse it.")]
TextOption = Annotated[str, typer.Option("--text-field", metavar="NAME", help="Field or column that holds the text.")]
IdOption = Annotated[str, typer.Option("--id-field", metavar="NAME", help="Field or column that names the record.")]
ManyOption = Annotated[
    int, typer.Option("--at-a-time", metavar="N", min=1, max=64, help="Answers that are written at the same time.")
]
ContextOption = Annotated[
    int,
    typer.Option("--context", metavar="N", min=0, help="Tokens of a record and its answer; default: 4,096 at most."),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What both commands are told."""

    given: Path
    out: Path | None
    resume: bool
    cut: bool
    text_field: str
    id_field: str
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
            OutputError: the output is the input, or lies inside it.
        """
        from onprem.assist.batch_out import check_out

        if self.resume and (self.out is None or self.given == _PIPED):
            raise UsageError("--resume goes on with an --out of files", hint="give --out FILE.jsonl as before")
        if self.out is not None and self.given != _PIPED:
            check_out(self.given, self.out)


@dataclass(frozen=True, slots=True)
class Job:
    """What one of the commands does: its event, what its counts are called, and its settings, by which it is known again."""

    action: str
    claims: str  # "sentences" or "values"
    settings: tuple[object, ...]
    work: Callable[[LLM], Work]
    show: Callable[[Line], None]  # for people, on standard output


def carry_out(asked: Asked, job: Job) -> None:
    """Ask the model about every record; raise `typer.Exit(1)` where one failed.

    Raises:
        OnpremError: see `onprem.errors`.
    """
    from onprem.assist.batch import How, Tally, lines, run
    from onprem.audit.events import Outcome
    from onprem.audit.log import audited

    asked.check()
    site = open_site(asked.site)
    with audited(site, job.action) as note:
        records = _records(site, asked)
        tally = Tally()
        with _out(site, asked, job, records) as out:
            render.talk(HEADER)
            with (
                with_model.use(
                    site,
                    asked.model,
                    sequences=asked.at_a_time,
                    context=asked.context,
                    gpu_layers=asked.gpu_layers,
                    threads=asked.threads,
                ) as llm,
                _progress(asked, records) as progress,
            ):
                note.digests["model"] = llm.card.sha256
                for line in out.before if out else ():
                    tally.add(line)
                    progress.advance(1)
                rest = islice(records, tally.records, None)
                produced = lines(llm, job.work(llm), rest, How(asked.at_a_time, cut=asked.cut), tally)
                whole = False
                try:
                    run(produced, out.write if out else _shown(asked, job), tally, progress)
                    whole = True
                finally:
                    if out and tally.records and not whole:
                        render.talk(f"{tally.records:,} records are kept: go on with --resume")
                    note.counts |= tally.counts(job.claims)
            if out:
                out.finish()
        if tally.failed:
            note.outcome = Outcome.HELD
    render.talk(_summary(tally, job.claims))
    if tally.failed:
        raise typer.Exit(1)


def _records(site: Site, asked: Asked) -> Records | Sequence[Item]:
    from onprem.assist.records import Fields, Records, of_text
    from onprem.formats.contract import ReadOptions

    most = site.settings.max_record_chars
    if asked.given == _PIPED:
        try:
            text = sys.stdin.read(most + 1)
            text.encode()
        except UnicodeError:
            raise InputError("standard input is no text", hint="write it in UTF-8") from None
        if len(text) > most:
            raise InputError(f"standard input has more than {most:,} characters", hint="give the records as files")
        return of_text(text)
    options = ReadOptions(max_record_chars=most, chunk_bytes=site.settings.chunk_bytes)
    return Records(asked.given, Fields(asked.text_field, asked.id_field), options)


@contextmanager
def _out(site: Site, asked: Asked, job: Job, records: Records | Sequence[Item]) -> Iterator[Out | None]:
    """Open the file of lines, before the model is loaded."""
    from onprem.assist.batch_out import Out, job_digest
    from onprem.assist.records import Records
    from onprem.llm.shelf import Shelf

    if asked.out is None:
        yield None
        return
    model = Shelf(site).card(with_model.chosen(site, asked.model)).sha256
    inputs = records.digest() if isinstance(records, Records) else "-"
    digest = job_digest(job.action, model, job.settings, asked.cut, asked.context, inputs)
    with Out(asked.out, digest, resume=asked.resume) as out:
        yield out


@contextmanager
def _progress(asked: Asked, records: Records | Sequence[Item]) -> Iterator[Progress]:
    from onprem.assist.records import Records

    if asked.out is None and not asked.json:  # the lines themselves show how far it is
        yield Silent()
        return
    with render.bar(json=asked.json) as progress:
        progress.stage("records", records.count() if isinstance(records, Records) else len(records))
        yield progress


def _shown(asked: Asked, job: Job) -> Callable[[Line], None]:
    from onprem.assist.batch_out import written

    if asked.json:
        return lambda line: render.line(written(line))

    def show(line: Line) -> None:
        name = f"{one_line(line['source'])}, record {line['record'] + 1}"
        if "error" in line:
            render.problem(f"{name}: {line['error']}", _HINTS.get(line["error"], ""))
            return
        render.line(name)
        job.show(line)
        if cut := line.get("cut"):
            render.line(f"  made from the first {cut['kept']:,} of {cut['of']:,} characters of the record")

    return show


_HINTS = {
    "too long": "give --cut to read as much of it as fits, or a longer --context",
    "cut off": "the answer was full before it ended: ask for fewer values, or shorter ones",
    "no brief": "no sentence of the answer was supported by the record",
    "empty record": "there is nothing to read in it",
    "no text field": "name the field that holds the text with --text-field",
}


def _summary(tally: Tally, claims: str) -> str:
    from onprem.assist.batch import interval

    said = f"records {tally.records:,}, failed {tally.failed:,}, {claims} {tally.claims:,}"
    if not tally.claims:
        return said
    low, high = interval(tally.borne_out, tally.claims)
    word = "supported" if claims == "sentences" else "found in the record"
    share = tally.borne_out / tally.claims
    return f"{said}, {word} {tally.borne_out:,} ({share:.1%}, 95 % interval {low:.1%} to {high:.1%})"
