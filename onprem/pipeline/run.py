"""A run from inputs to output: the order of the stages, what is kept for --resume, and the summary.

1. The request is checked and gives the run its name; a lock keeps a second process out of it.
2. `collect`, then `find` by workers, then what was found joins the roster; decisions of reviewers are replayed in both.
   Where the policy asks for it, a language model reads the free text as well (`echo`).
3. `names` and `change` by workers, then the parts are assembled.
4. The leak gate by workers; files with a hit go to the held area.
5. `publish`, the spans file, the list of held records, the questions for `onprem review`. The run's folder is removed.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from onprem.config import Site
from onprem.detect.echo import Echo
from onprem.errors import InputError, PolicyError, ResourceError
from onprem.pipeline import touched
from onprem.pipeline.change import Tally
from onprem.pipeline.coded import keep_codes
from onprem.pipeline.collect import collect
from onprem.pipeline.decisions import decision_keys, decode, file_digest, read_file, write_file
from onprem.pipeline.doubts import leave
from onprem.pipeline.echo import echo_task
from onprem.pipeline.find import merge_found, read_decided
from onprem.pipeline.gate import Gated, read_gated
from onprem.pipeline.plan import InputFile, Plan, check_output, enumerate_inputs
from onprem.pipeline.publish import assemble, publish, read_tallies, write_held, write_spans
from onprem.pipeline.room import DECISIONS, Room, Spec, run_name, write_whole
from onprem.pipeline.summarise import summarise
from onprem.policy.schema import load
from onprem.progress import Progress
from onprem.summary import Replayed, RunSummary
from onprem.vault import custody
from onprem.vault.keys import derive


class Pool(Protocol):
    """Carries out the tasks of a stage; `onprem.scale` makes one."""

    def each(self, stage: str, tasks: Sequence[int]) -> Iterator[int]:
        """Yield the number of records of each task as it is done."""


Declare = Callable[[Sequence[str]], None]
MakePool = Callable[[Spec, int], AbstractContextManager[Pool]]


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asked for. Paths identify, so a request has no repr of them and never leaves the parent."""

    inputs: tuple[Path, ...] = field(repr=False)
    out: Path = field(repr=False)
    policy: str
    rosters: tuple[Path, ...] = field(repr=False, default=())
    lang: str = "auto"
    text_field: str = "text"
    spans: Path | None = field(repr=False, default=None)
    jobs: int = 1
    resume: bool = False
    dry_run: bool = False
    decisions: Path | None = field(repr=False, default=None)
    echo: Echo | None = field(repr=False, default=None)  # for a policy that asks for it


def run(
    site: Site, request: Request, make_pool: MakePool, progress: Progress, declare: Declare = lambda _: None
) -> RunSummary:
    """Carry out a request. `declare` is told the references of the run's patients before anything is published.

    Raises:
        OnpremError: the run could not begin, or stopped; what was done is kept for --resume.
    """
    started = datetime.now(UTC)
    clock = time.monotonic()
    if not request.dry_run:
        check_output(request.inputs, request.out, resume=request.resume)
    files = enumerate_inputs(request.inputs)
    decided = None if request.decisions is None else read_file(request.decisions)
    if decided is not None:
        decode(decided, decision_keys(site))  # refused before anything is made
    spec = _spec(site, request, files, decided)
    working = custody.at_work(site)
    with working, _folder(site, spec, resume=request.resume) as room, make_pool(spec, request.jobs) as pool:
        if decided is not None:
            write_file(room.folder / DECISIONS, decided)  # the run's own copy, for workers and --resume
        plan = _collected(room, request, files, progress)
        if plan.sources and all(source.held is not None for source in plan.sources):
            _end(room)
            raise InputError(
                "no input can be read"
                if len(plan.sources) > 1
                else f"the input cannot be read: {plan.sources[0].held}",
                hint="see the formats and encodings in `onprem deid --help`; check permissions",
            )
        _find(room, plan, pool, progress)
        _echo(room, plan, request.echo, progress)
        tallies = _change(room, plan, pool, progress)
        gated = _gate(room, plan, pool, progress)
        declare(touched.references(room))
        asked = _publish(room, request, tallies, frozenset(item.source for item in gated if item.codes))
        replayed = None if decided is None else _replayed(room, decided)
        seconds = time.monotonic() - clock
        summary = summarise(room, tallies, gated, started=started.isoformat(timespec="seconds"), seconds=seconds)
        _end(room)
    return replace(summary, jobs=request.jobs, dry_run=request.dry_run, asked=asked, replayed=replayed)


def _replayed(room: Room, decided: bytes) -> Replayed:
    effective = room.replay.effective(read_decided(room))
    return Replayed(effective, len(room.replay) - effective, file_digest(decided))


def _spec(site: Site, request: Request, files: Sequence[InputFile], decided: bytes | None) -> Spec:
    policy = load(request.policy, site_policies=site.folder("policies"))
    if policy.echo and request.echo is None:
        raise PolicyError(f"policy {policy.name} asks for a language model", hint="onprem deid ... --model NAME")
    columns = site.root / "columns.toml"
    asked: dict[str, object] = {
        "files": [(str(file.path), *_state(file.path)) for file in files],
        "rosters": [(str(path), *_state(path)) for path in request.rosters],
        "columns": _state(columns) if columns.exists() else (),
        "out": str(request.out.resolve()),
        "policy digest": policy.digest,
        "dry": request.dry_run,
        "decisions digest": "" if decided is None else file_digest(decided),
    }
    spec = Spec(
        site.root, "", request.policy, request.lang, request.text_field, request.spans is not None, decided is not None
    )
    model = request.echo.digest if policy.echo and request.echo is not None else ""
    spec = replace(spec, epoch=custody.epoch(site), echo=model)
    key = derive(custody.root(site), "run name")
    return replace(spec, run=run_name(spec, asked, key))


def _state(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        return 0, 0
    return status.st_size, status.st_mtime_ns


@contextmanager
def _folder(site: Site, spec: Spec, *, resume: bool) -> Iterator[Room]:
    """Make or reopen the run's folder under a lock; keep it when the run stops early, so that --resume finds it."""
    folder = site.folder("work") / spec.run
    lock = os.open(site.folder("work") / f"{spec.run}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ResourceError("this run is going on in another process", hint="wait for it to end") from None
        if folder.exists() and not resume:
            shutil.rmtree(folder)
        folder.mkdir(mode=0o700, exist_ok=True)
        room = Room(spec, parent=True)
        try:
            yield room
        finally:
            room.close()
    except OSError:
        raise ResourceError(
            "the site's work folder cannot be written", hint="check free space and permissions"
        ) from None
    finally:
        os.close(lock)


def _end(room: Room) -> None:
    room.close()
    shutil.rmtree(room.folder)
    room.folder.with_name(f"{room.spec.run}.lock").unlink(missing_ok=True)


def _once(room: Room, stage: str) -> bool:
    """Say whether a stage of the parent is still to be done; `_done` marks it."""
    return not (room.folder / f"{stage}.done").exists()


def _done(room: Room, stage: str) -> None:
    write_whole(room.folder / f"{stage}.done", [])


def _collected(room: Room, request: Request, files: Sequence[InputFile], progress: Progress) -> Plan:
    if _once(room, "collect"):
        collect(room, files, rosters=request.rosters, progress=progress)
        room.known.add(room.replay.taught())
        _done(room, "collect")
    plan = room.plan
    room.close()  # workers open the stores read-only
    return plan


def _each(pool: Pool, stage: str, plan: Plan, progress: Progress) -> None:
    progress.stage(stage, plan.records)
    for records in pool.each(stage, [task.index for task in plan.tasks]):
        progress.advance(records)


def _find(room: Room, plan: Plan, pool: Pool, progress: Progress) -> None:
    if _once(room, "find"):
        _each(pool, "find", plan, progress)
        merge_found(room, plan.tasks)
        room.close()
        _done(room, "find")
    if _once(room, "names"):
        for _ in pool.each("names", [0]):
            _done(room, "names")


def _echo(room: Room, plan: Plan, echo: Echo | None, progress: Progress) -> None:
    if room.spec.echo and echo is not None and _once(room, "echo"):
        progress.stage("echo", plan.records)
        for task in plan.tasks:
            progress.advance(echo_task(room, task, echo))
        room.close()
        _done(room, "echo")


def _change(room: Room, plan: Plan, pool: Pool, progress: Progress) -> list[Tally]:
    if _once(room, "change"):
        _each(pool, "change", plan, progress)
        assemble(room, read_tallies(room))
        room.close()
        _done(room, "change")
    return read_tallies(room)


def _gate(room: Room, plan: Plan, pool: Pool, progress: Progress) -> list[Gated]:
    if _once(room, "gate"):
        _each(pool, "gate", plan, progress)
        _done(room, "gate")
    return join_gated(room, plan)


def join_gated(room: Room, plan: Plan) -> list[Gated]:
    """Return what the gate found, by source."""
    joined: dict[int, Gated] = {}
    for task in plan.tasks:
        for item in read_gated(room.folder / f"gate-{task.index:06}.jsonl"):
            whole = joined.setdefault(item.source, Gated(item.source))
            whole.codes += item.codes
            whole.records += item.records
            whole.values += item.values
    return [joined[source] for source in sorted(joined)]


def _publish(room: Room, request: Request, tallies: Sequence[Tally], refused: frozenset[int]) -> int:
    """Publish; return how many questions there are for `onprem review`, which a dry run leaves as well."""
    held = [(tally.source, *row) for tally in tallies for row in tally.held]
    held += [(source.index, 0, "", source.held.value) for source in room.plan.sources if source.held is not None]
    if not request.dry_run:
        keep_codes(room, refused)
        publish(room, request.out, refused)
        write_held(room, held)
        if request.spans is not None:
            write_spans(room, request.spans)
    return leave(room, held, room.site.folder("held") / room.spec.run)
