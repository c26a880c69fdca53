"""The leak gate on its own: files that were released (or claim to be), against the input they were made from.

The input is collected and searched as in a run, so the gate knows every value of every patient; then each output file
is paired with its source: by its digest when this site released it, else by its name. A file that is paired with no
source, or that this site did not release, is a finding: nothing passes because nothing was compared.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from onprem.config import Site
from onprem.model import Finding, Severity
from onprem.pipeline.collect import collect
from onprem.pipeline.find import merge_found
from onprem.pipeline.names import output_names
from onprem.pipeline.plan import Plan, enumerate_inputs
from onprem.pipeline.publish import file_digest, released_store
from onprem.pipeline.room import Room, Spec, Written
from onprem.pipeline.run import MakePool, Pool, join_gated
from onprem.pipeline.summarise import gate_findings
from onprem.progress import Progress

RUN = "verify"


@dataclass(frozen=True, slots=True)
class VerifyRequest:
    """What to verify against what."""

    out: Path = field(repr=False)
    against: tuple[Path, ...] = field(repr=False)
    policy: str
    rosters: tuple[Path, ...] = field(repr=False, default=())
    text_field: str = "text"
    jobs: int = 1


@dataclass(frozen=True, slots=True)
class Verdict:
    """Findings (none: the gate passed), and how much was compared."""

    findings: tuple[Finding, ...]
    files: int
    records: int


def verify(site: Site, request: VerifyRequest, make_pool: MakePool, progress: Progress) -> Verdict:
    """Compare released files with their input.

    Raises:
        InputError: an input or the output does not exist.
    """
    outputs = enumerate_inputs([request.out])
    files = enumerate_inputs(request.against)
    spec = Spec(site.root, RUN, request.policy, text_field=request.text_field)
    folder = site.folder("work") / RUN
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(mode=0o700)
    room = Room(spec, parent=True)
    try:
        collect(room, files, rosters=request.rosters, progress=progress)
        plan = room.plan
        room.close()
        with make_pool(spec, request.jobs) as pool:
            _work(pool, "find", plan, progress)
            merge_found(room, plan.tasks)
            for _ in pool.each("names", [0]):
                room.close()
            written, findings = _pair(room, plan, {file.relative: file.path for file in outputs})
            room.save_written(written)
            room.close()
            _work(pool, "gate", plan, progress)
        findings += gate_findings(join_gated(room, plan))
        compared = sum(plan.sources[source].records - len(item.absent) for source, item in written.items())
    finally:
        room.close()
        shutil.rmtree(folder, ignore_errors=True)
    return Verdict(tuple(findings), len(outputs), compared)


def _work(pool: Pool, stage: str, plan: Plan, progress: Progress) -> None:
    progress.stage(stage, plan.records)
    for records in pool.each(stage, [task.index for task in plan.tasks]):
        progress.advance(records)


def _pair(room: Room, plan: Plan, outputs: dict[str, Path]) -> tuple[dict[int, Written], list[Finding]]:
    """Pair every output file with its source."""
    by_relative = {source.relative: source.index for source in plan.sources if source.held is None}
    by_name = {name: index for index, name in output_names(room).items() if plan.sources[index].held is None}
    written: dict[int, Written] = {}
    findings: list[Finding] = []
    store = released_store(room, readonly=False)
    with store:
        for position, (name, path) in enumerate(sorted(outputs.items()), start=1):
            sealed = store.get(file_digest(path))
            released = None if sealed is None else json.loads(sealed)
            source = by_relative.get(released["relative"]) if released else by_name.get(name)
            if source is None:
                findings.append(_finding("no-source", position, "no input was given that it was made from"))
                continue
            absent = tuple(released["absent"]) if released else ()
            if released is None:
                findings.append(_finding("not-released", position, "this site did not release it in this form"))
            written[source] = Written(source, str(path), name, absent)
    return written, findings


def _finding(code: str, position: int, message: str) -> Finding:
    return Finding(code, Severity.ERROR, f"output {position}", message, "outputs are counted in order of their paths")
