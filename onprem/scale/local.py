"""Workers on this machine: one process each, behind the same walls, fed with a stage's name and a task's number.

A worker opens the run's folder itself, so no value of a record and no path crosses between processes. Where passphrases
hold the vault, the root key crosses by the private pipe that starts a worker, and by no other way. An exception that
comes back has a message of ours; a worker that dies ends the run with a hint, and nothing that was done is lost.
"""

from __future__ import annotations

import atexit
import gc
import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from typing import Protocol

from onprem.config import find_site
from onprem.errors import OnpremError, ResourceError
from onprem.pipeline.room import Room, Spec
from onprem.pipeline.work import work
from onprem.security import hygiene, walls
from onprem.vault import custody


class Pool(Protocol):
    """Carries out the tasks of a stage."""

    def each(self, stage: str, tasks: Sequence[int]) -> Iterator[int]:
        """Yield the number of records of each task as it is done, in any order."""


class _Here:
    def __init__(self, spec: Spec) -> None:
        _collect_seldom()
        self.room = Room(spec)

    def each(self, stage: str, tasks: Sequence[int]) -> Iterator[int]:
        for task in tasks:
            yield _guarded(self.room, stage, task)
        self.room.forget()


class _Processes:
    def __init__(self, executor: ProcessPoolExecutor, jobs: int) -> None:
        self._executor = executor
        self._ahead = 2 * jobs  # tasks handed out ahead of need; keeps the queue short on long runs

    def each(self, stage: str, tasks: Sequence[int]) -> Iterator[int]:
        waiting = iter(tasks)
        running: set[Future[int]] = set()
        try:
            for task in waiting:
                running.add(self._executor.submit(_task, stage, task))
                if len(running) >= self._ahead:
                    done, running = wait(running, return_when=FIRST_COMPLETED)
                    yield from (future.result() for future in done)
            for future in running:
                yield future.result()
        except BrokenProcessPool:
            raise ResourceError(
                "a worker was killed", hint="most often memory ran out: use fewer --jobs, then --resume"
            ) from None


@contextmanager
def pool(spec: Spec, jobs: int) -> Iterator[Pool]:
    """Yield a pool of `jobs` workers for a run; one job is done in this process."""
    if jobs == 1:
        here = _Here(spec)
        try:
            yield here
        finally:
            here.room.close()
        return
    context = multiprocessing.get_context("spawn")
    # a spawned worker reads its arguments from a private pipe: what is lent stands in no command line or environment
    lent = custody.lend(find_site(spec.site))
    with (
        ProcessPoolExecutor(jobs, mp_context=context, initializer=_begin, initargs=(spec, lent)) as executor,
        ExitStack() as unless_done,
    ):
        unless_done.callback(executor.shutdown, wait=False, cancel_futures=True)
        for _ in range(jobs):
            executor.submit(_load)  # while the parent reads what tables say
        yield _Processes(executor, jobs)
        unless_done.pop_all()


_room: Room | None = None


def _begin(spec: Spec, lent: bytes | None) -> None:
    global _room  # noqa: PLW0603 - a worker process serves one run
    walls.raise_walls()
    hygiene.settle()
    custody.take(spec.site, lent)
    _collect_seldom()
    _room = Room(spec)


def _collect_seldom() -> None:
    """Look for cycles of garbage less often: a record leaves none, and a look at all that the detectors hold is dear.

    The interpreter would look at all of it once more when it ends; `freeze` keeps it from that.
    """
    gc.set_threshold(10_000, 50, 50)
    atexit.unregister(gc.freeze)
    atexit.register(gc.freeze)


def _load() -> None:
    """Load the detectors. What goes wrong here goes wrong again, and is told, when the first text is searched."""
    if _room is not None:
        _ = _room.ensemble


def _task(stage: str, task: int) -> int:
    if _room is None:
        raise ResourceError("a worker did not start", hint="run again with --resume")
    _room.enter(stage)
    return _guarded(_room, stage, task)


def _guarded(room: Room, stage: str, task: int) -> int:
    """Do one task; whatever goes wrong leaves this process as a message of ours, without the cause."""
    try:
        return work(room, stage, task)
    except OnpremError:
        raise
    except MemoryError:
        raise ResourceError("memory ran out", hint="use fewer --jobs, then --resume") from None
    except OSError:
        raise ResourceError(
            "a file of the run cannot be read or written", hint="check free space, then --resume"
        ) from None
    except Exception as error:  # noqa: BLE001 - the boundary of a worker: no foreign message may cross it
        raise OnpremError(
            hygiene.describe(error), hint="nothing was released; please report the place named above"
        ) from None
