"""The wall around files: Landlock, under which this process and its children reach the files they are meant to.

Rules: what is not listed is denied; a folder that may be written is no folder to run programs from; no device but those
listed; no TCP port, no signal to a process outside, no abstract UNIX socket, as far as the kernel knows these. What the
kernel lacks is left out, never a reason to stop: the egress wall does not depend on it. What it does have must be
enforced, and is tried after it was set. A rule for a path that does not exist is none.

Landlock restricts the calling thread and what it starts, so the wall is raised while there is one thread. Descriptors
that are open already, the standard streams, stay as they are. Reading the attributes of a file (stat) and changing
times or modes of own files are not restricted by Landlock.

Sources: landlock(7), the kernel's Documentation/userspace-api/landlock.rst, include/uapi/linux/landlock.h.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from onprem.errors import OutputError, WallError
from onprem.security.walls import call, kernel

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # the same on every architecture
_GET_VERSION, _PATH_BENEATH = 1, 1
_KNOWN = 7  # the newest version whose rights stand below; a newer kernel grants what it is not asked to restrict

# rights on files: the version each came with
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, REMOVE_DIR, REMOVE_FILE = (1 << bit for bit in range(6))
MAKE_CHAR, MAKE_DIR, MAKE_REG, MAKE_SOCK, MAKE_FIFO, MAKE_BLOCK, MAKE_SYM = (1 << bit for bit in range(6, 13))
REFER, TRUNCATE, IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
_FILES_SINCE = {1: (1 << 13) - 1, 2: REFER, 3: TRUNCATE, 5: IOCTL_DEV}
_PORTS_SINCE = {4: 0b11}  # BIND_TCP, CONNECT_TCP: no rule is ever given, so no port
_SCOPES_SINCE = {6: 0b11}  # ABSTRACT_UNIX_SOCKET, SIGNAL
_ON_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV  # the rights that a rule on no folder may name

READ = READ_FILE | READ_DIR
WRITE = READ | WRITE_FILE | TRUNCATE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | REFER
_RUN = EXECUTE | READ_FILE
_STREAM = READ_FILE | WRITE_FILE | TRUNCATE | IOCTL_DEV

# libraries of the system, and what they, the interpreter and its libraries read in fixed places
_SYSTEM = """/lib /lib32 /lib64 /usr/lib /usr/lib32 /usr/lib64 /usr/local/lib /usr/local/lib64 /nix/store /gnu/store
    /usr/share/locale /usr/share/zoneinfo /usr/share/terminfo /usr/share/crypto-policies
    /etc/ld.so.cache /etc/ld.so.conf /etc/ld.so.conf.d /etc/ld.so.preload /etc/localtime /etc/timezone /etc/os-release
    /etc/locale.alias /etc/terminfo /etc/nsswitch.conf /etc/passwd /etc/group /var/lib/sss/mc/passwd
    /etc/ssl/openssl.cnf /etc/pki/tls/openssl.cnf /etc/crypto-policies
    /proc /sys/devices /sys/bus/pci/devices /sys/class/drm /sys/fs/cgroup /sys/kernel/mm/transparent_hugepage""".split()
_READ_DEVICES = ("/dev/urandom", "/dev/random")
_STREAM_DEVICES = ("/dev/null", "/dev/zero", "/dev/tty")
# what the drivers of GPUs open; their libraries and what they tell of the machine lie in the places above, or here
_GPU_DEVICES = (
    "/dev/nvidiactl",
    "/dev/nvidia-uvm",
    "/dev/nvidia-uvm-tools",
    "/dev/nvidia-caps",
    "/dev/kfd",
    "/dev/dri",
)
_GPU_READS = ("/usr/local/cuda", "/opt/rocm", "/etc/vulkan", "/usr/share/vulkan", "/sys/class/kfd")
_SHARED_MEMORY = "/dev/shm"  # noqa: S108 - where sem_open keeps its semaphores, shm_overview(7)


@dataclass(frozen=True, slots=True)
class Rules:
    """What a command may touch beside the program itself. Paths identify, so they stand in no repr.

    `read` and `write` name folders with all that is in them, or single files. A file in `write` is replaced by rename,
    so the folder that holds it may be written. `empty` names folders in which empty folders may be removed. `workers`
    says that processes of our own are started, which share semaphores; `gpu` that a model is computed, on a GPU if there
    is one.
    """

    read: tuple[Path, ...] = field(default=(), repr=False)
    write: tuple[Path, ...] = field(default=(), repr=False)
    empty: tuple[Path, ...] = field(default=(), repr=False)
    workers: bool = False
    gpu: bool = False


def version() -> int:
    """Return the kernel's version of Landlock, 0 where there is none, it is switched off, or a container hides it."""
    found = call(kernel(), _CREATE, 0, 0, _GET_VERSION)
    return found if found > 0 else 0


_confined: list[int] = []  # the version that was enforced


def confined() -> int:
    """Return the version of Landlock that holds this process since `confine`; 0 for none."""
    return _confined[-1] if _confined else 0


def confine(rules: Rules) -> int:
    """Restrict this process and its children to `rules` and what the program itself needs; return the version.

    Returns 0 where the kernel has no Landlock. Called a second time it does nothing. About 1 ms.

    Raises:
        OutputError: something is to be written right under the root folder, which would let everything be written.
        WallError: there are other threads, the kernel refuses, or the wall does not hold.
    """
    if _confined:
        return _confined[-1]
    known = min(version(), _KNOWN)
    if known == 0:
        return 0
    if len(os.listdir("/proc/self/task")) != 1:  # noqa: PTH208 - threads are not paths
        raise WallError("files cannot be confined: there are other threads", hint="please report this")
    granted = dict(_granted(rules))
    libc = kernel()
    ruleset = _ruleset(libc, known)
    try:
        for path, rights in granted.items():
            _add(libc, ruleset, path, rights & _since(_FILES_SINCE, known))
        # no_new_privs is set by the egress wall; without it the kernel refuses
        if call(libc, _RESTRICT, ruleset, 0) != 0:
            raise WallError("the kernel refuses to confine files", hint="allow landlock(7) in the container's profile")
    finally:
        os.close(ruleset)
    if not files_confined():
        raise WallError("files are confined, but the root folder could still be listed")
    _confined.append(known)
    return known


def files_confined() -> bool:
    """Try to list the root folder, which anybody may and a confined process may not."""
    try:
        os.close(os.open("/", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
    except PermissionError:
        return True
    return False


def _granted(rules: Rules) -> Iterator[tuple[str, int]]:
    """Return every path with its rights. A path that occurs twice has the rights of both."""
    found: dict[str, int] = {}
    for path, rights in (*_program(), *_named(rules)):
        found[path] = found.get(path, 0) | rights
    return iter(found.items())


def _program() -> Iterator[tuple[str, int]]:
    """Yield what the interpreter, this package and the libraries need."""
    package = Path(__file__).resolve().parents[1]
    yield str(package), READ
    yield str(package.parent), READ_DIR  # modules are found by listing; what else lies there stays unread
    yield str(package.parent / "policies"), READ  # of a source checkout
    for path in (sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix, *_import_path(), *_library_path()):
        yield path, READ
    for path in _SYSTEM:
        yield path, READ
    for path in _READ_DEVICES:
        yield path, READ_FILE
    for path in _STREAM_DEVICES:
        yield path, _STREAM
    if sys.executable:
        yield os.path.realpath(sys.executable), _RUN
        if loader := _loader(sys.executable):
            yield os.path.realpath(loader), _RUN


def _named(rules: Rules) -> Iterator[tuple[str, int]]:
    for path in rules.read:
        yield str(path.resolve()), READ
    for path in rules.write:
        folder = path.resolve()
        while not folder.is_dir():
            folder = folder.parent
        if folder == folder.parent:
            raise OutputError("nothing is written right under the root folder", hint="name a folder that exists")
        yield str(folder), WRITE
    for path in rules.empty:
        yield str(path.resolve()), REMOVE_DIR
    if rules.workers:
        yield _SHARED_MEMORY, WRITE
    if rules.gpu:
        for device in (*_GPU_DEVICES, *map(str, sorted(Path("/dev").glob("nvidia[0-9]*")))):
            yield device, _STREAM | READ_DIR
        for place in _GPU_READS:
            yield os.path.realpath(place), READ


def _import_path() -> Iterator[str]:
    """Yield where modules are imported from; the working folder, which `python -m` puts first, is not meant."""
    foreign = {"/", os.path.realpath("."), os.path.realpath(os.environ.get("HOME", "/"))}
    for path in sys.path:
        if path and os.path.realpath(path) not in foreign:
            yield path


def _library_path() -> Iterator[str]:
    for path in os.environ.get("LD_LIBRARY_PATH", "").split(":"):
        if path.startswith("/") and os.path.realpath(path) != "/":
            yield path


def _loader(program: str) -> str:
    """Return the dynamic loader that the kernel starts a 64-bit program with (elf(5), PT_INTERP); "" for none."""
    try:
        with Path(program).open("rb") as file:
            head = file.read(4_096)
    except OSError:
        return ""
    if head[:5] != b"\x7fELF\x02":
        return ""
    table, size, count = (int.from_bytes(head[at:end], "little") for at, end in ((32, 40), (54, 56), (56, 58)))
    for place in range(table, min(table + size * count, len(head)), size or 56):
        if int.from_bytes(head[place : place + 4], "little") == 3:
            offset = int.from_bytes(head[place + 8 : place + 16], "little")
            length = int.from_bytes(head[place + 32 : place + 40], "little")
            return head[offset : offset + length].rstrip(b"\0").decode("utf-8", "surrogateescape")
    return ""


def _since(rights: dict[int, int], known: int) -> int:
    return sum(bits for first, bits in rights.items() if first <= known)


def _ruleset(libc: ctypes.CDLL, known: int) -> int:
    """Make a ruleset that handles all rights of a version, and return its descriptor."""
    handled = (_since(_FILES_SINCE, known), _since(_PORTS_SINCE, known), _since(_SCOPES_SINCE, known))
    attributes = (ctypes.c_uint64 * 3)(*handled)
    size = 8 * (1 + (known >= min(_PORTS_SINCE)) + (known >= min(_SCOPES_SINCE)))
    ruleset = call(libc, _CREATE, ctypes.addressof(attributes), size, 0)
    if ruleset < 0:
        raise WallError("the kernel refuses to confine files", hint="allow landlock(7) in the container's profile")
    return ruleset


def _add(libc: ctypes.CDLL, ruleset: int, path: str, rights: int) -> None:
    """Allow `rights` on a path and what is beneath it, where it exists."""
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            rights &= _ON_FILES
        packed = rights.to_bytes(8, sys.byteorder) + descriptor.to_bytes(4, sys.byteorder)
        beneath = ctypes.create_string_buffer(packed, len(packed))
        # EINVAL: nothing of what is asked for exists in this version; EBADFD: a pseudo file that needs no rule
        found = call(libc, _ADD, ruleset, _PATH_BENEATH, ctypes.addressof(beneath), 0)
        if rights and found not in (0, -errno.EBADFD):
            raise WallError("a rule for files is refused", hint="please report this, with the kernel's version")
    finally:
        os.close(descriptor)
