"""The egress wall, tried from outside: every probe has a control that succeeds without the wall."""

import errno
import os
import platform
import re
import signal
import socket
import struct
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import onprem
from onprem.security import calls, walls

RAISE = "from onprem.security import walls; walls.raise_walls()\n"


ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(onprem.__file__).parents[1])}


def python(code, *, walled, **options):
    program = (RAISE if walled else "") + textwrap.dedent(code)
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False, **options
    )


OPEN = """
import socket, sys
try:
    socket.socket({family}, {kind}).close()
    print("open")
except PermissionError:
    print("denied")
except OSError as error:
    print("errno", error.errno)
"""

KINDS = [
    pytest.param(socket.AF_UNIX, socket.SOCK_STREAM, id="unix"),
    pytest.param(socket.AF_INET, socket.SOCK_STREAM, id="inet-tcp"),
    pytest.param(socket.AF_INET, socket.SOCK_DGRAM, id="inet-udp"),
    pytest.param(socket.AF_INET6, socket.SOCK_STREAM, id="inet6"),
    pytest.param(socket.AF_NETLINK, socket.SOCK_RAW, id="netlink"),
]


@pytest.mark.parametrize(("family", "kind"), KINDS)
def test_socket_denied_and_control_opens(family, kind):
    code = OPEN.format(family=int(family), kind=int(kind))
    assert python(code, walled=True).stdout.strip() == "denied"
    assert python(code, walled=False).stdout.strip() == "open"


@pytest.mark.parametrize("family", [17, 38, 40, 999], ids=["packet", "alg", "vsock", "unknown"])
def test_rare_families_denied_before_the_kernel_looks_at_them(family):
    assert python(OPEN.format(family=family, kind=1), walled=True).stdout.strip() == "denied"


def test_child_program_inherits_the_wall():
    inner = OPEN.format(family=2, kind=1)
    code = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {inner!r}])"
    assert python(code, walled=True).stdout.strip() == "denied"
    assert python(code, walled=False).stdout.strip() == "open"


def test_thread_started_before_the_wall_is_behind_it():
    code = """
    import socket, threading
    from onprem.security import walls
    go, said = threading.Event(), []
    def probe():
        go.wait()
        try:
            socket.socket().close(); said.append("open")
        except PermissionError:
            said.append("denied")
    thread = threading.Thread(target=probe); thread.start()
    {raise_it}
    go.set(); thread.join(); print(said[0])
    """
    assert python(code.format(raise_it="walls.raise_walls()"), walled=False).stdout.strip() == "denied"
    assert python(code.format(raise_it="pass"), walled=False).stdout.strip() == "open"


def test_io_uring_is_absent():
    code = """
    import ctypes
    libc = ctypes.CDLL(None, use_errno=True)
    params = ctypes.create_string_buffer(256)
    result = libc.syscall(425, 1, params)
    print("open" if result >= 0 else ctypes.get_errno())
    """
    assert python(code, walled=True).stdout.strip() == str(errno.ENOSYS)
    if python(code, walled=False).stdout.strip() == str(errno.ENOSYS):
        pytest.skip("this kernel has no io_uring, so there is no control")
    assert python(code, walled=False).stdout.strip() != str(errno.ENOSYS)


def test_datagram_pair_denied_stream_pair_allowed_and_stuck():
    code = """
    import socket
    a, b = socket.socketpair()
    a.sendall(b"x"); assert b.recv(1) == b"x"
    for attempt in (lambda: socket.socketpair(type=socket.SOCK_DGRAM),
                    lambda: socket.socketpair(type=socket.SOCK_SEQPACKET),
                    lambda: a.connect("/run/none"), lambda: a.bind("/tmp/none-onprem")):
        try:
            attempt(); print("open")
        except PermissionError:
            print("denied")
    """
    assert python(code, walled=True).stdout.split() == ["denied"] * 4
    assert (
        "open" in python("import socket; socket.socketpair(type=socket.SOCK_DGRAM); print('open')", walled=False).stdout
    )


def test_reaching_into_other_processes_denied():
    code = """
    import ctypes, platform
    libc = ctypes.CDLL(None, use_errno=True)
    numbers = {"x86_64": (101, 438, 311), "aarch64": (117, 438, 271)}[platform.machine()]
    for number in numbers:
        ctypes.set_errno(0)
        libc.syscall(number, -1, -1, 0, 0, 0, 0); print(ctypes.get_errno())
    """
    assert python(code, walled=True).stdout.split() == [str(errno.EPERM)] * 3
    assert str(errno.EPERM) not in python(code, walled=False).stdout.split()


MACHINE_CODE = """
import ctypes, mmap
# eax = {number}; ebx, ecx, edx = 2 (inet), 1 (stream), 0; int 0x80
code = bytes([0x53, 0xB8, *({number}).to_bytes(4, "little"), 0xBB, 2, 0, 0, 0, 0xB9, 1, 0, 0, 0, 0xBA, 0, 0, 0, 0,
              0xCD, 0x80, 0x5B, 0xC3])
page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write(code)
call = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
print(call())
"""


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the 32-bit entry by int 0x80 exists on x86_64 only")
def test_32_bit_entry_is_killed():
    code = MACHINE_CODE.format(number=359)
    control = python(code, walled=False)
    if control.returncode != 0 or int(control.stdout) < 0:
        pytest.skip("this kernel has no 32-bit entry, so there is no control")
    assert python(code, walled=True).returncode == -signal.SIGSYS


@pytest.mark.skipif(platform.machine() != "x86_64", reason="x32 exists on x86_64 only")
def test_x32_range_is_killed():
    code = "import ctypes; print(ctypes.CDLL(None).syscall(0x40000000 + 41, 2, 1, 0))"
    assert python(code, walled=True).returncode == -signal.SIGSYS
    assert python(code, walled=False).returncode == 0


def test_raising_twice_installs_one_filter():
    code = "walls.raise_walls(); print(open('/proc/self/status').read().split('Seccomp_filters:')[1].split()[0])"
    before = python("print(open('/proc/self/status').read().split('Seccomp_filters:')[1].split()[0])", walled=False)
    assert int(python(code, walled=True).stdout) == int(before.stdout) + 1


def test_self_probe_tells_the_truth():
    assert python("print(walls.walls_in_force())", walled=True).stdout.strip() == "True"
    code = "from onprem.security import walls; print(walls.walls_in_force())"
    assert python(code, walled=False).stdout.strip() == "False"


def test_inherited_socket_is_refused():
    with socket.socket() as inherited:
        done = python("print('started')", walled=True, pass_fds=[inherited.fileno()])
    assert done.returncode != 0
    assert "WallError" in done.stderr
    assert "started" not in done.stdout


def test_network_socket_as_standard_input_is_refused_unix_is_not():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as network:
        assert "WallError" in python("print('started')", walled=True, stdin=network).stderr
    one, other = socket.socketpair(type=socket.SOCK_DGRAM)
    with one, other:  # could be written to any address
        assert "WallError" in python("print('started')", walled=True, stdin=one).stderr
    one, other = socket.socketpair()
    with one, other:
        assert python("print('started')", walled=True, stdin=one).stdout.strip() == "started"


def test_libraries_keep_working_behind_the_wall(tmp_path):
    program = tmp_path / "work.py"
    program.write_text(
        textwrap.dedent("""
        import asyncio, multiprocessing
        from concurrent.futures import ProcessPoolExecutor
        from onprem.security import walls

        def square(value):
            return value * value, walls.walls_in_force()

        if __name__ == "__main__":
            walls.raise_walls()
            asyncio.run(asyncio.sleep(0))
            context = multiprocessing.get_context("spawn")
            with ProcessPoolExecutor(2, mp_context=context) as pool:
                assert list(pool.map(square, [2, 3])) == [(4, True), (9, True)]
            lock, queue = context.Lock(), context.SimpleQueue()
            with lock:
                queue.put(1)
            assert queue.get() == 1
            import duckdb, pyarrow, spacy
            assert duckdb.connect().execute("select 42").fetchone() == (42,)
            assert pyarrow.table({"a": [1]}).num_rows == 1
            assert len(spacy.blank("en")("Two words")) == 2
            print("all")
        """)
    )
    done = subprocess.run(
        [sys.executable, program], capture_output=True, text=True, timeout=120, check=False, env=ENVIRONMENT
    )
    assert done.stdout.strip() == "all", done.stderr


# The program itself, run by a small interpreter of classic BPF, so that both architectures are covered on either.


def verdict(numbers, architecture, number, arguments=(0, 0)):
    data = struct.pack("<IIQQQ", number, architecture, 0, *arguments)
    accumulator, position, program = 0, 0, walls.filter_program(numbers)
    while True:
        opcode, if_true, if_false, operand = program[position]
        position += 1
        if opcode == 0x20:
            accumulator = struct.unpack_from("<I", data, operand)[0]
        elif opcode == 0x54:
            accumulator &= operand
        elif opcode == 0x05:
            position += operand
        elif opcode == 0x15:
            position += if_true if accumulator == operand else if_false
        elif opcode == 0x35:
            position += if_true if accumulator >= operand else if_false
        elif opcode == 0x45:
            position += if_true if accumulator & operand else if_false
        else:
            assert opcode == 0x06
            return operand


ALLOW, KILL, EPERM, ENOSYS = 0x7FFF0000, 0x80000000, 0x50000 | errno.EPERM, 0x50000 | errno.ENOSYS
ARCHITECTURES = pytest.mark.parametrize("numbers", walls.NUMBERS.values(), ids=walls.NUMBERS)


@ARCHITECTURES
def test_filter_program_on_each_architecture(numbers):
    here = numbers.architecture
    for family in range(64):
        assert verdict(numbers, here, numbers.socket, (family, 1)) == EPERM
        assert verdict(numbers, here, numbers.socketpair, (family, 1)) == (ALLOW if family == 1 else EPERM)
    assert verdict(numbers, here, numbers.socketpair, (1, 1 | 0o2000000)) == ALLOW  # SOCK_CLOEXEC
    assert verdict(numbers, here, numbers.socketpair, (1, 2 | 0o2000000)) == EPERM
    assert all(verdict(numbers, here, number) == EPERM for number in numbers.denied)
    assert all(verdict(numbers, here, number) == ENOSYS for number in numbers.absent)
    for other in (0x40000003, 0x40000028, 0xC000003E, 0xC00000B7, 0):
        if other != here:
            assert verdict(numbers, other, numbers.socket) == KILL
    untouched = set(range(calls.FIRST_UNKNOWN)) - {numbers.socketpair, *numbers.denied, *numbers.absent}
    assert all(verdict(numbers, here, number) == ALLOW for number in untouched)


@ARCHITECTURES
def test_calls_newer_than_the_table_are_absent_and_x32_is_killed(numbers):
    here = numbers.architecture
    newer = (calls.FIRST_UNKNOWN, 500, 512, 1_000, 0x3FFFFFFF)
    assert {verdict(numbers, here, number) for number in newer} == {ENOSYS}
    beyond = {verdict(numbers, here, number) for number in (0x40000000, 0x40000000 + 41, 0xFFFFFFFF)}
    assert beyond == ({KILL} if numbers.x32 else {ENOSYS})


@ARCHITECTURES
def test_calls_told_apart_by_their_arguments(numbers):
    here = numbers.architecture
    threads, forked = 0x3D0F00, 0x01200011  # flags of pthread_create and of fork in the C library
    assert verdict(numbers, here, numbers.clone, (threads, 0)) == ALLOW
    assert verdict(numbers, here, numbers.clone, (forked, 0)) == ALLOW
    for namespace in (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000):
        assert verdict(numbers, here, numbers.clone, (forked | namespace, 0)) == EPERM
    for request in (0x5412, 0x541C, 0x5423, 0x100005412):  # the kernel looks at the low word alone
        assert verdict(numbers, here, numbers.ioctl, (0, request)) == EPERM
    for request in (0x5401, 0x5402, 0x5413, 0x541B):  # TCGETS, TCSETS, TIOCGWINSZ, FIONREAD
        assert verdict(numbers, here, numbers.ioctl, (0, request)) == ALLOW
    assert verdict(numbers, here, numbers.prctl, (4, 0)) == ALLOW  # PR_SET_DUMPABLE
    assert verdict(numbers, here, numbers.prctl, (4, 1)) == EPERM
    assert verdict(numbers, here, numbers.prctl, (0x59616D61, 1)) == EPERM
    assert verdict(numbers, here, numbers.prctl, (38, 1)) == ALLOW


@pytest.mark.parametrize(
    ("column", "header"),
    [(0, "/usr/include/x86_64-linux-gnu/asm/unistd_64.h"), (1, "/usr/include/asm-generic/unistd.h")],
    ids=["x86_64", "aarch64"],
)
def test_numbers_agree_with_the_kernel_headers(column, header):
    if not Path(header).exists():
        pytest.skip(f"kernel headers are not installed: {header}")
    found = re.findall(r"^#define __NR(?:3264)?_(\w+)\s+(\d+)", Path(header).read_text(), re.MULTILINE)
    defined = {name: int(number) for name, number in reversed(found)}
    groups = (*calls.DENIED.values(), calls.ABSENT, calls.SINGLE)
    listed = {name: pair[column] for group in groups for name, pair in group.items()}
    known = {name: number for name, number in listed.items() if number is not None and number <= max(defined.values())}
    assert len(known) > 80
    assert {name: defined.get(name) for name in known} == known
    assert not {name for name, number in listed.items() if number is None} & {*defined}


def test_no_call_stands_in_the_table_twice():
    for column in (0, 1):
        groups = (*calls.DENIED.values(), calls.ABSENT, calls.SINGLE)
        numbers = [pair[column] for group in groups for pair in group.values() if pair[column] is not None]
        assert len(numbers) == len(set(numbers))
        assert max(numbers) < calls.FIRST_UNKNOWN


def test_every_denied_call_is_denied_by_the_kernel_and_newer_ones_are_absent():
    code = """
    import ctypes
    here = walls.numbers_here()
    libc = walls.kernel()
    print({walls.call(libc, number, -1, -1, -1, -1) for number in here.denied})
    print(walls.call(libc, 470), walls.call(libc, 4_000))
    """
    assert python(code, walled=True).stdout.split() == [f"{{-{errno.EPERM}}}", f"-{errno.ENOSYS}", f"-{errno.ENOSYS}"]


def test_threads_and_children_still_start_without_clone3():
    code = """
    import os, subprocess, sys, threading
    said = []
    thread = threading.Thread(target=said.append, args=("thread",)); thread.start(); thread.join()
    print(*said, subprocess.run([sys.executable, "-c", "print('child')"], capture_output=True, text=True).stdout.strip())
    if (child := os.fork()) == 0:
        os._exit(7)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), os.system("exit 3") >> 8)
    """
    assert python(code, walled=True).stdout.split() == ["thread", "child", "7", "3"]


def test_raising_the_walls_takes_a_small_part_of_the_time_a_command_needs_to_start():
    """About 0.6 ms on a fast core; compared with the start of Python itself, so that a slow machine is no fault."""
    code = """
    import time
    from onprem.security import walls
    before = time.process_time_ns(); walls.raise_walls(); print((time.process_time_ns() - before) / before)
    """
    assert min(float(python(code, walled=False).stdout) for _ in range(7)) < 0.1
