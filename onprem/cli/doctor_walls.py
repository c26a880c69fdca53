"""What `onprem doctor` checks of the process itself: the walls, hygiene, what the machine does to memory, known answers.

Rules: what is claimed is tried, not remembered; a denial counts with its control, the same attempt before the walls;
every line that is not green says how to repair it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

from onprem.model import Finding, Severity

_THROUGH_ONPREM = "start through the command `onprem`, which raises the walls"


def fine(name: str, message: str) -> Finding:
    """Return a green line."""
    return Finding(name, Severity.INFO, "", message)


def warn(name: str, message: str, fix: str) -> Finding:
    """Return a yellow line."""
    return Finding(name, Severity.WARNING, "", message, fix)


def bad(name: str, message: str, fix: str) -> Finding:
    """Return a red line."""
    return Finding(name, Severity.ERROR, "", message, fix)


def _walls() -> Iterable[Finding]:
    from onprem.security import probes, walls

    before, now = probes.control(), probes.ways_out()
    if not walls.walls_in_force() or now.families:
        yield bad("walls", f"{now.families or 'some'} families of sockets can be opened", _THROUGH_ONPREM)
    elif before is None:
        message = "no socket can be opened, but the probe was not tried without walls"
        yield warn("walls", message, "start through the command `onprem`")
    elif before.families:
        message = f"no socket of any family; {before.families} families could be opened before the walls were raised"
        yield fine("walls", message)
    else:
        yield fine("walls", "no socket of any family; the host itself denied them before the walls were raised")
    for name, still_open, control in (
        ("io_uring", now.io_uring, before is not None and before.io_uring),
        ("32-bit entry", now.thirty_two_bit, before is not None and before.thirty_two_bit),
    ):
        if still_open:
            yield bad(name, "is a way round the walls", _THROUGH_ONPREM)
        else:
            yield fine(name, "closed; it was open before the walls" if control else "closed; the host has none")


def _files() -> Iterable[Finding]:
    from onprem.security import landlock

    kernel, held = landlock.version(), landlock.confined()
    if held and landlock.files_confined():
        yield fine("files", f"confined to what the command was given (Landlock, version {held})")
    elif kernel:
        yield bad("files", f"not confined, though the kernel has Landlock, version {kernel}", _THROUGH_ONPREM)
    else:
        message = "not confined: the kernel has no Landlock, or the container hides it"
        yield warn("files", message, "Linux 5.13 or newer with lsm=landlock,... on its command line")


def _descriptors() -> Iterable[Finding]:
    from onprem.security import walls

    if found := walls.inherited_ways_out():
        fix = f"close them: onprem doctor {' '.join(f'{number}>&-' for number in found)}"
        yield bad("descriptors", f"{len(found)} sockets are open", fix)
    else:
        yield fine("descriptors", "no socket was inherited")


def _memory() -> Iterable[Finding]:
    import resource

    from onprem.security import hygiene

    if resource.getrlimit(resource.RLIMIT_CORE) != (0, 0):
        yield bad("core files", "a crash could write memory to disk", "start through the command `onprem`")
    else:
        yield fine("core files", "off")
    if hygiene.dumpable():
        yield bad("memory", "others of this user could read it", "start through the command `onprem`")
    else:
        yield fine("memory", "cannot be read by other processes")


def _traces() -> Iterable[Finding]:
    from onprem.security import hygiene

    fix = "start through the command `onprem`"
    mask = hygiene.umask()
    private = mask & 0o077 == 0o077
    yield fine("umask", f"{mask:03o}") if private else bad("umask", f"{mask:03o}: others could read new files", fix)
    if hygiene.temp_is_private():
        yield fine("temporary files", "in a private folder")
    else:
        yield bad("temporary files", "others could read them", fix)
    if hygiene.quieted():
        yield fine("loggers", "libraries' logs are discarded; failures are told without values")
    else:
        yield bad("loggers", "a library could log or print values", fix)


def _host() -> Iterable[Finding]:
    from onprem.security import host

    if plain := host.plain_swap():
        yield warn("swap", f"{len(plain)} not encrypted: memory could stay on disk", "swapoff -a, or encrypt it")
    else:
        yield fine("swap", "none, or encrypted, or in memory")
    scope = host.ptrace_scope()
    if scope is None:
        yield warn("ptrace", "the kernel has no Yama", "a kernel with Yama; until then no other program as this user")
    elif scope == 0:
        yield warn("ptrace", "processes of this user may trace each other", "sysctl -w kernel.yama.ptrace_scope=1")
    else:
        yield fine("ptrace", f"restricted (Yama, {scope})")
    if os.geteuid() == 0:
        yield warn("user", "root: the machine's own protection is off", "run as a user of its own")


def _answers() -> Iterable[Finding]:
    from onprem.cli.selftest import ANSWERS
    from onprem.security.selftest import wrong

    if failed := wrong(ANSWERS):
        fix = "this installation computes wrongly: install onprem-hospital again"
        yield bad("self-test", f"{len(failed)} known answers are wrong: {', '.join(failed)}", fix)
    else:
        yield fine("self-test", f"{len(ANSWERS)} known answers are right")


CHECKS: dict[str, Callable[[], Iterable[Finding]]] = {
    "walls": _walls,
    "files": _files,
    "descriptors": _descriptors,
    "core files": _memory,
    "umask": _traces,
    "swap": _host,
    "self-test": _answers,
}
