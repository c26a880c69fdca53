"""An evil plugin gets out without the walls and does not with them: each way, tried from four places, heard outside.

What counts is what arrives: at listeners, in files, in other processes. Where the host itself cannot do a way, there is
no control, and the test says by which setting.
"""

import contextlib
import ctypes
import errno
import json
import os
import pty
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import evil
import pytest

import onprem

HERE = Path(__file__).parent
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(onprem.__file__).parents[1])}
SECRET = "-----INVENTED KEY 44817234-----"
libc = ctypes.CDLL(None, use_errno=True)


class Outside:
    """Everything beyond the walls: listeners that count, other processes, folders; and what an evil plugin knows of it."""

    def __init__(self, folder):
        self.heard = 0
        self.room, self.elsewhere = folder / "room", folder / "elsewhere"
        for path in (self.room, self.elsewhere / "mount", self.elsewhere / "other"):
            path.mkdir(parents=True)
        self._open, self.processes = [], []
        self.tcp = self._listen(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0))
        self.udp = self._listen(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0))
        name = f"onprem-evil-{os.getpid()}-{time.monotonic_ns()}"
        self._listen(socket.AF_UNIX, socket.SOCK_STREAM, str(folder / "stream"))
        self._listen(socket.AF_UNIX, socket.SOCK_DGRAM, str(folder / "datagram"))
        self._listen(socket.AF_UNIX, socket.SOCK_STREAM, "\0" + name)
        self.to = {
            "tcp": self.tcp.getsockname()[1],
            "udp": self.udp.getsockname()[1],
            "unix": str(folder / "stream"),
            "datagram": str(folder / "datagram"),
            "abstract": name,
            "room": str(self.room),
            "mount": str(self.elsewhere / "mount" / "taken"),
            "folder": str(self.elsewhere / "other"),
            "key": str(self.elsewhere / "id_rsa"),
            "profile": str(self.elsewhere / "profile"),
            "shared": f"/dev/shm/{name}",
            "queue": f"/{name}",
            "number": os.getpid() * 1_000 % 2**30 + time.monotonic_ns() % 1_000,
        }
        (self.elsewhere / "id_rsa").write_text(SECRET)
        (self.elsewhere / "profile").write_text("as it was")
        (self.elsewhere / "other" / "of-somebody-else").touch()

    def _listen(self, family, kind, address):
        listener = socket.socket(family, kind)
        listener.bind(address)
        if kind == socket.SOCK_STREAM:
            listener.listen()
        self._open.append(listener)
        threading.Thread(target=self._count, args=(listener, kind), daemon=True).start()
        return listener

    def _count(self, listener, kind):
        while True:
            try:
                if kind == socket.SOCK_DGRAM:
                    arrived = listener.recv(512)
                else:
                    connection, _ = listener.accept()
                    self._open.append(connection)
                    threading.Thread(target=self._read, args=(connection,), daemon=True).start()
                    continue
            except OSError:
                return
            self.heard += b"out" in arrived

    def _read(self, connection):
        try:
            while arrived := connection.recv(512):
                self.heard += b"out" in arrived
        except OSError:
            return

    def start_sibling(self):
        command = [sys.executable, "-I", HERE / "sibling.py", str(self.to["tcp"])]
        sibling = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.processes.append(sibling)
        number, address = sibling.stdout.readline().split()
        self.to |= {"sibling": sibling.pid, "socket": int(number), "address": int(address)}

    def start_victim(self):
        self.processes.append(subprocess.Popen(["sleep", "60"]))
        self.to["victim"] = self.processes[-1].pid

    def close(self):
        for process in self.processes:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()
        for item in self._open:
            if item.type == socket.SOCK_STREAM:
                with contextlib.suppress(OSError):  # wakes the thread that waits for it
                    item.shutdown(socket.SHUT_RDWR)
            item.close()
        Path(self.to["shared"]).unlink(missing_ok=True)
        libc.mq_unlink(self.to["queue"].encode())
        for found, remove in (
            (libc.shmget(self.to["number"], 0, 0), libc.shmctl),
            (libc.msgget(self.to["number"], 0), libc.msgctl),
        ):
            if found >= 0:
                remove(found, 0, None)


@pytest.fixture
def outside(tmp_path):
    made = Outside(tmp_path)
    yield made
    made.close()


# what is looked at, outside, after a way was tried


def arrived(outside, done):
    deadline = time.monotonic() + (2 if "failed" not in done.stdout and done.returncode == 0 else 0.1)
    while not outside.heard and time.monotonic() < deadline:
        time.sleep(0.01)
    return outside.heard > 0


def said(outside, done):
    return "out" in done.stdout.split()


def told_key(outside, done):
    return SECRET in done.stdout


def told_names(outside, done):
    return "of-somebody-else" in done.stdout


def taken(outside, done):
    return Path(outside.to["mount"]).exists()


def changed(outside, done):
    return (outside.elsewhere / "profile").read_text() != "as it was"


def marked(outside, done):
    return "user.evil" in os.listxattr(outside.elsewhere / "profile")


def ended(outside, done):
    time.sleep(0.05)
    return outside.processes[-1].poll() is not None


def shared(outside, done):
    return Path(outside.to["shared"]).exists()


def in_memory(outside, done):
    block = libc.shmget(outside.to["number"], 0, 0)
    libc.shmat.restype = ctypes.c_void_p
    return block >= 0 and ctypes.string_at(libc.shmat(block, None, 0o10000), 3) == b"out"


def in_queue(outside, done):
    queue, room = libc.msgget(outside.to["number"], 0), ctypes.create_string_buffer(64)
    return queue >= 0 and libc.msgrcv(queue, room, 3, 0, 0o4000) == 3


def in_named_queue(outside, done):
    return libc.mq_open(outside.to["queue"].encode(), 0o4000) >= 0


def in_key_ring(outside, done):
    libc.syscall.restype = ctypes.c_long
    x86 = evil.X86
    found = libc.syscall(250 if x86 else 219, 10, -4, b"user", outside.to["queue"].encode(), 0)
    if found < 0:
        return False
    libc.syscall(250 if x86 else 219, 9, ctypes.c_long(found), -4)  # unlink
    return True


@dataclass(frozen=True)
class Way:
    """How a way shows, which walls close it, what outside it needs, and the setting that may make it impossible.

    `answer` is the error by which the kernel refuses it; SILENT where the way is a program that is killed or fails.
    """

    shows: Callable[[Outside, subprocess.CompletedProcess], bool]
    walls: str = "net"
    needs: str = ""
    lacking: str = ""
    x86: bool = False
    places: tuple[str, ...] = ("main", "thread", "worker", "child")
    answer: int = 0

    @property
    def told(self):
        refused = self.answer or (errno.EPERM if self.walls == "net" else errno.EACCES)
        return "" if self.answer == SILENT else f"failed: {refused}\n"


SILENT = -1
ONCE = ("main", "worker")
WAYS = {
    "tcp": Way(arrived),
    "udp": Way(arrived),
    "unix": Way(arrived),
    "abstract": Way(arrived),
    "datagram_pair": Way(arrived),
    "resolver": Way(arrived, lacking="hosts: ... dns in /etc/nsswitch.conf", answer=SILENT),
    "io_uring": Way(
        arrived, lacking="CONFIG_IO_URING, or kernel.io_uring_disabled=0 (Linux 5.19 for sockets)", answer=errno.ENOSYS
    ),
    "thirty_two_bit": Way(arrived, lacking="CONFIG_IA32_EMULATION", x86=True, answer=SILENT),
    "x32": Way(arrived, lacking="CONFIG_X86_X32_ABI", x86=True, answer=SILENT),
    "bash": Way(arrived, lacking="bash with /dev/tcp", answer=SILENT),
    "memory_program": Way(arrived, lacking="vm.memfd_noexec=0", x86=True),
    "dropped_program": Way(arrived, lacking="exec on the file system of temporary files", x86=True, answer=SILENT),
    "trace": Way(arrived, needs="sibling", lacking="kernel.yama.ptrace_scope=0"),
    "write_memory": Way(arrived, needs="sibling", lacking="kernel.yama.ptrace_scope=0"),
    "steal_socket": Way(arrived, needs="sibling", lacking="kernel.yama.ptrace_scope=0 (Linux 5.6)"),
    "shared_memory": Way(in_memory, lacking="CONFIG_SYSVIPC", places=ONCE),
    "message_queue": Way(in_queue, lacking="CONFIG_SYSVIPC", places=ONCE),
    "named_queue": Way(in_named_queue, lacking="CONFIG_POSIX_MQUEUE", places=ONCE),
    "key_ring": Way(in_key_ring, lacking="CONFIG_KEYS", places=ONCE),
    "attribute_outside": Way(marked, lacking="user_xattr on the file system of temporary files", places=ONCE),
    "user_namespace": Way(said, lacking="user.max_user_namespaces", places=ONCE),
    "cloned_namespace": Way(said, lacking="user.max_user_namespaces", places=ONCE),
    "new_clone": Way(said, lacking="user.max_user_namespaces (Linux 5.3)", places=ONCE, answer=errno.ENOSYS),
    "mount_folder": Way(said, lacking="user.max_user_namespaces", places=ONCE),
    "open_handle": Way(told_key, lacking="CAP_DAC_READ_SEARCH", places=ONCE),
    "kernel_program": Way(said, lacking="kernel.unprivileged_bpf_disabled=0", places=ONCE),
    "performance_events": Way(said, lacking="kernel.perf_event_paranoid", places=ONCE),
    "user_faults": Way(said, lacking="CONFIG_USERFAULTFD", places=ONCE),
    "memory_file": Way(arrived, "all", needs="sibling", lacking="kernel.yama.ptrace_scope=0", places=ONCE),
    "make_dumpable": Way(said, "all", places=("main",), answer=errno.EPERM),
    "write_outside": Way(taken, "all", places=("main", "worker", "child")),
    "append_outside": Way(changed, "all", places=ONCE),
    "truncate_outside": Way(changed, "all", places=ONCE),
    "rename_outside": Way(taken, "all", places=ONCE),
    "link_outside": Way(taken, "all", places=ONCE),
    "read_key": Way(told_key, "all", places=("main", "worker", "child")),
    "read_by_root_link": Way(told_key, "all", places=ONCE),
    "read_by_link": Way(told_key, "all", lacking="fs.protected_hardlinks=0", places=ONCE, answer=errno.EXDEV),
    "list_folder": Way(told_names, "all", places=ONCE),
    "shared_file": Way(shared, "all", places=ONCE),
    "signal_outside": Way(ended, "all", needs="victim", places=("main",), answer=errno.EPERM),
}
CASES = [pytest.param(name, place, id=f"{name}-{place}") for name, way in WAYS.items() for place in way.places]


def run(outside, walls, place, name, **options):
    way = WAYS.get(name)
    if way is not None and way.needs:
        getattr(outside, f"start_{way.needs}")()
    program = [sys.executable, "-B", HERE / "evil.py", walls, place, name, json.dumps(outside.to)]
    settings = {"stdin": subprocess.DEVNULL, **options}
    return subprocess.run(
        program, capture_output=True, text=True, env=ENVIRONMENT, cwd=outside.room, timeout=60, check=False, **settings
    )


_controls = {}  # by way: whether it gets out without the walls


@pytest.mark.parametrize(("name", "place"), CASES)
def test_way_out_is_open_without_the_walls_and_closed_with_them(outside, tmp_path_factory, name, place):
    way = WAYS[name]
    if way.x86 and not evil.X86:
        pytest.skip("machine code for x86_64")
    if way.walls == "all" and not _landlock():
        pytest.skip("this kernel has no Landlock: CONFIG_SECURITY_LANDLOCK, lsm=landlock")
    if (name, place) not in _controls:
        other = Outside(tmp_path_factory.mktemp("control"))
        try:
            _controls[name, place] = way.shows(other, run(other, "none", place, name))
        finally:
            other.close()
    if not _controls[name, place] and way.lacking:
        pytest.skip(f"this host cannot do it, so there is no control: {way.lacking}")
    assert _controls[name, place]
    done = run(outside, way.walls, place, name)
    assert not way.shows(outside, done)
    assert outside.heard == 0
    assert done.stdout == way.told
    assert "WallError" not in done.stderr  # the walls were raised


def _landlock():
    from onprem.security import landlock

    return landlock.version()


def test_no_family_opens_from_any_place(outside):
    control = run(outside, "none", "main", "families").stdout.split()
    assert control[0] == "opened"
    assert int(control[1]) >= 3  # unix, inet, netlink at the least
    for place in ("main", "thread", "worker", "child"):
        assert run(outside, "net", place, "families").stdout.split() == ["opened", "0"]


def test_inherited_socket_is_a_way_out_so_the_walls_refuse_it(outside):
    with socket.create_connection(("127.0.0.1", outside.to["tcp"])) as lent:
        outside.to["descriptor"] = lent.fileno()
        done = run(outside, "none", "main", "inherited", pass_fds=[lent.fileno()])
        assert arrived(outside, done)
        outside.heard = 0
        done = run(outside, "net", "main", "inherited", pass_fds=[lent.fileno()])
        assert "WallError" in done.stderr
        assert not arrived(outside, done)


def test_foreign_program_run_behind_the_filter_alone_has_no_socket(outside):
    """Without Landlock a dropped program runs, and the filter holds it all the same."""
    if not evil.X86:
        pytest.skip("machine code for x86_64")
    done = run(outside, "net", "main", "dropped_program")
    assert (outside.room / "evil").exists()
    assert not arrived(outside, done)


def test_program_may_not_run_from_a_folder_that_may_be_written(outside):
    if not evil.X86:
        pytest.skip("machine code for x86_64")
    if not _landlock():
        pytest.skip("this kernel has no Landlock: CONFIG_SECURITY_LANDLOCK, lsm=landlock")
    done = run(outside, "all", "main", "dropped_program")
    assert (outside.room / "evil").exists()
    assert done.stdout == "failed: 13\n"  # EACCES


def test_terminal_of_the_user_gets_no_input(outside):
    def typed(walls):
        master, slave = pty.openpty()
        try:
            program = [sys.executable, "-B", HERE / "evil.py", walls, "main", "terminal_input", json.dumps(outside.to)]
            process = subprocess.Popen(
                program,
                stdin=slave,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=ENVIRONMENT,
                start_new_session=True,
            )
            seen = b""
            while process.poll() is None:
                if select.select([master], [], [], 0.05)[0]:
                    seen += os.read(master, 99)  # the terminal echoes what is typed
            return b"out" in seen
        finally:
            os.close(master)
            os.close(slave)

    if not typed("none"):
        pytest.skip("this host cannot do it, so there is no control: dev.tty.legacy_tiocsti=1")
    assert not typed("net")
