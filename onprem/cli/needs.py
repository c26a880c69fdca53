"""What each command may touch and relies on: between parsing and running, its files are confined and its answers asked.

Rules: every command has its line in NEEDS, and every path it can be given is named there, which a test compares; a path
that is not named is read only. The output folder is made before the files are confined, so that it alone has to be
writable and not the folder that holds it; it is removed again if nothing came into it. A file that is named for a report
makes the folder that holds it writable. A command whose files are named in what the site keeps sealed confines itself
once it has read their names.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onprem.cli.selftest import FIND, LOG, SEAL, SIGN, STRETCH, require
from onprem.errors import UsageError


@dataclass(frozen=True, slots=True)
class Need:
    """Names of a command's parameters by what happens to the paths in them, and its known answers.

    `make` are folders that the command makes; `run` says that it starts processes of its own; `later` that it confines
    itself by `confine`; `model` that it runs a language model, which may be on a GPU; `here` that files below the working
    folder are named while it runs. The site is written by all.
    """

    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    make: tuple[str, ...] = ()
    run: bool = False
    later: bool = False
    model: bool = False
    here: bool = False
    answers: tuple[str, ...] = ()


NEEDS: dict[str, Need] = {
    "init": Need(make=("site",), answers=LOG + SEAL),
    "deid": Need(
        read=("inputs", "roster", "decisions"),
        write=("spans", "report"),
        make=("out",),
        run=True,
        model=True,
        answers=LOG + SEAL + FIND,
    ),
    "verify": Need(read=("out", "against", "roster"), run=True, answers=LOG + SEAL + FIND),
    "policy list": Need(),
    "policy show": Need(read=("name",)),
    "policy check": Need(read=("name",)),
    "policy diff": Need(read=("first", "second")),
    "policy column": Need(answers=LOG),
    "eval deid": Need(read=("gold",)),
    "eval ner": Need(read=("gold", "model", "vocabulary", "data")),
    "eval relation": Need(read=("gold", "model", "data")),
    "eval classify": Need(read=("gold", "model", "data")),
    "approve": Need(answers=LOG + SEAL + STRETCH),
    "review": Need(write=("decisions",), later=True, answers=LOG + SEAL),  # reads the inputs of a run
    "vault init": Need(answers=LOG + SEAL + STRETCH),
    "vault split": Need(answers=LOG + SEAL + STRETCH),
    "vault rotate": Need(answers=LOG + SEAL + STRETCH),
    "vault status": Need(),
    "vault enrol": Need(answers=LOG + SEAL + STRETCH),
    "vault reveal": Need(answers=LOG + SEAL),
    "vault shred": Need(answers=LOG + SEAL),
    "audit verify": Need(read=("against", "cosigners")),
    "audit list": Need(),
    "audit query": Need(read=("file",)),
    "audit ask": Need(),
    "audit review": Need(read=("against", "cosigners"), answers=LOG),
    "audit signoff": Need(answers=LOG),
    "audit checkpoint": Need(write=("out", "page"), answers=LOG + SIGN),
    "audit cosign": Need(read=("key",), write=("point", "new_key", "page"), answers=LOG + SIGN),
    "audit export": Need(write=("out",), answers=LOG),
    "audit report": Need(read=("against", "cosigners"), write=("out",), answers=LOG),
    "audit seal": Need(answers=LOG),
    "audit retire": Need(write=("to",), answers=LOG),
    "model add": Need(read=("file",), answers=LOG),
    "model list": Need(),
    "model show": Need(),
    "model verify": Need(answers=LOG),
    "model remove": Need(answers=LOG),
    "model bench": Need(model=True),
    "chat": Need(read=("system",), model=True, here=True, answers=LOG + SEAL),
    "ask": Need(read=("docs",), model=True, answers=LOG),
    "summarise": Need(read=("input",), write=("out",), model=True, answers=LOG),
    "extract": Need(read=("input", "schema"), write=("out",), model=True, answers=LOG),
    "serve": Need(write=("socket", "token_file"), model=True, answers=LOG),
    "synth": Need(
        read=("records", "unseen", "examples", "vocabulary", "tables", "domain", "schema", "pack"),
        write=("out", "report"),
        model=True,
        answers=LOG + SEAL + FIND,
    ),
    "screen": Need(read=("synthetic", "seen", "unseen", "canaries"), write=("report",), answers=LOG + FIND),
    "doctor": Need(),
    "train ner": Need(read=("data", "dev", "vocabulary"), write=("out",)),
    "train words": Need(read=("encoder", "data"), write=("out",)),
    "train relation": Need(read=("data", "dev"), write=("out",)),
    "train classify": Need(read=("data", "dev"), write=("out",)),
    "train phi": Need(read=("data", "word_pieces", "encoder"), write=("out",), run=True),
    "train pieces": Need(read=("encoder",), write=("out",)),
}
_STANDARD_OUTPUT = Path("-")
# what `doctor` looks at beside the site: whether swap is encrypted
_DOCTOR_READS = (Path("/sys/class/block"), Path("/sys/dev/block"))


def guard(group: Any, path: str = "") -> Any:  # noqa: ANN401 - the command type is private to typer
    """Let every command below a group begin by `begin`; return the group."""
    find = group.get_command

    def get_command(context: Any, name: str) -> Any:  # noqa: ANN401 - as above
        command = find(context, name)
        if command is None:
            return None
        below = f"{path} {name}".strip()
        return guard(command, below) if hasattr(command, "get_command") else _guarded(command, below)

    group.get_command = get_command
    return group


def _guarded(command: Any, path: str) -> Any:  # noqa: ANN401 - as above
    invoke = command.invoke

    def begun(context: Any) -> Any:  # noqa: ANN401 - as above
        begin(path, context.params)
        return invoke(context)

    command.invoke = begun
    return command


def begin(path: str, given: Mapping[str, object]) -> None:
    """Confine this process to the files that a command may touch, then ask for the known answers it relies on.

    Raises:
        OnpremError: the files cannot be confined (exit codes 4 and 8), or an answer does not come out (70).
        UsageError: the working folder is gone, so names of files mean nothing.
    """
    try:
        Path.cwd()
    except OSError:
        raise UsageError("the working folder is gone or closed to this user", hint="cd to another folder") from None
    need = NEEDS.get(path, Need(read=tuple(given)))
    if not need.later:
        confine(path, given)
    require(need.answers)


def confine(path: str, given: Mapping[str, object], read: Iterable[Path] = ()) -> None:
    """Confine this process to the files that a command may touch; `read` are some that its parameters do not name.

    Raises:
        OnpremError: the files cannot be confined (exit codes 4 and 8).
    """
    from onprem.security import landlock

    need = NEEDS.get(path, Need(read=tuple(given)))
    write, empty = _writable(need, given)
    read = (*read, *_paths(given, need.read), *(_DOCTOR_READS if path == "doctor" else ()))
    if need.here and Path.cwd() != Path("/"):
        read = (*read, Path.cwd())
    workers = need.run and _jobs(given) != 1
    # a run of `deid` asks a model only where its policy says so: the GPU is opened for it if one is named
    gpu = need.model and (not need.run or not (given.get("model") is None and given.get("gpu_layers") is None))
    landlock.confine(landlock.Rules(read, tuple(write), tuple(empty), workers=workers, gpu=gpu))


def _writable(need: Need, given: Mapping[str, object]) -> tuple[list[Path], list[Path]]:
    """Return what may be written, and the folders in which folders that stay empty may be removed."""
    site = [path for path in _paths(given, ("site",)) if path.is_dir() and path.resolve() != Path("/")]
    write, empty = [*site, *(path for path in _paths(given, need.write) if path != _STANDARD_OUTPUT)], []
    if not given.get("dry_run"):
        made = list(_paths(given, need.make))
        inputs = [path.resolve() for path in _paths(given, need.read)]
        write += made
        # an output inside an input is refused by the command: nothing is made there
        empty += _make(path.resolve() for path in made if not {*path.resolve().parents} & {*inputs})
    temp = _temp(site)
    return [*write, temp], [*empty, temp.parent]


def _temp(site: Iterable[Path]) -> Path:
    """Send temporary files into the site, or, where there is none or it is unsound, to a fresh private folder."""
    from onprem.security.hygiene import private_temp

    for folder in (path / "tmp" for path in site):
        if folder.is_dir() and not folder.stat().st_mode & 0o077:
            return private_temp(folder)
    return private_temp()


def _paths(given: Mapping[str, object], names: Iterable[str]) -> Iterable[Path]:
    """Yield the paths that parameters were given; a name of something else is no path unless it exists as one."""
    for name in names:
        value = given.get(name)
        for item in value if isinstance(value, (list, tuple)) else (value,):
            if isinstance(item, Path) or (isinstance(item, str) and item and Path(item).is_file()):
                yield Path(item)


def _make(paths: Iterable[Path]) -> list[Path]:
    """Make the folders that do not exist yet, which are removed at the end if they are still empty.

    Returns the folders that hold what was made. A folder that cannot be made is left to the command to tell.
    """
    above = []
    for path in paths:
        missing = [folder for folder in (path, *path.parents) if not os.path.lexists(folder)]
        if missing:
            with suppress(OSError):
                path.mkdir(mode=0o700, parents=True)
                atexit.register(_remove, missing, os.getpid())
                above.append(missing[-1].parent)
    return above


def _remove(folders: Iterable[Path], owner: int) -> None:
    """Remove folders while they are empty, the innermost first."""
    if os.getpid() == owner:  # a forked child must not take them from its parent
        with suppress(OSError):
            for folder in folders:
                folder.rmdir()


def _jobs(given: Mapping[str, object]) -> object:
    """Return the number of worker processes: as given, else the site's."""
    from onprem.config import find_site
    from onprem.errors import OnpremError

    if given.get("jobs") is not None:
        return given["jobs"]
    try:
        return find_site(next(iter(_paths(given, ("site",))), None)).settings.jobs
    except OnpremError:  # told by the command
        return None
