"""A plugin that wants out: every way it knows, tried with raw system calls. Run by test_evil.py, with and without walls.

    python evil.py WALLS PLACE WAY ARGUMENTS

WALLS is `none`, `net` (the egress wall) or `all` (with hygiene and Landlock); PLACE is where the way is tried: `main`, a
`thread` that was started before the walls, a spawned `worker`, a `child` with an empty environment. ARGUMENTS is JSON:
where the listeners are, what to read and write. A way prints what it got; what arrived outside is counted outside.

Nothing of onprem is imported but to raise the walls, so the ways know nothing of them.
"""

import ctypes
import json
import mmap
import os
import platform
import struct
import subprocess
import sys
import threading
from pathlib import Path

X86 = platform.machine() == "x86_64"
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
WAYS = {}


def say(*words):
    sys.stdout.write(" ".join(map(str, words)) + "\n")


def way(function):
    WAYS[function.__name__] = function
    return function


def system(x86, arm, *arguments):
    """Make a raw system call; raise OSError when it fails."""
    values = [
        value if isinstance(value, (bytes, ctypes.Array, ctypes.Structure)) else ctypes.c_long(value)
        for value in arguments
    ]
    return checked(libc.syscall(ctypes.c_long(x86 if X86 else arm), *values))


def checked(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def inet(port):
    return struct.pack("<H", 2) + struct.pack(">H", port) + bytes([127, 0, 0, 1]) + bytes(8)


# sockets


@way
def families(to):
    """Every family, every usual type: print those that open."""
    opened = []
    for family in range(46):
        for kind in (1, 2, 3, 5):
            try:
                os.close(system(41, 198, family, kind, 0))
            except OSError:
                continue
            opened.append(family)
    say("opened", len(set(opened)))


@way
def tcp(to):
    one = system(41, 198, 2, 1, 0)
    system(42, 203, one, inet(to["tcp"]), 16)
    os.write(one, b"out")


@way
def udp(to):
    system(44, 206, system(41, 198, 2, 2, 0), b"out", 3, 0, inet(to["udp"]), 16)


@way
def unix(to):
    one = system(41, 198, 1, 1, 0)
    path = to["unix"].encode()
    system(42, 203, one, struct.pack("<H", 1) + path + b"\0", 3 + len(path))
    os.write(one, b"out")


@way
def abstract(to):
    one = system(41, 198, 1, 1, 0)
    name = b"\0" + to["abstract"].encode()
    system(42, 203, one, struct.pack("<H", 1) + name, 2 + len(name))
    os.write(one, b"out")


@way
def datagram_pair(to):
    """Re-address one end of a pair of datagram sockets to a named one."""
    pair = (ctypes.c_int * 2)()
    system(53, 199, 1, 2, 0, pair)
    path = to["datagram"].encode()
    system(44, 206, pair[0], b"out", 3, 0, struct.pack("<H", 1) + path + b"\0", 3 + len(path))


@way
def inherited(to):
    system(44, 206, to["descriptor"], b"out", 3, 0, 0, 0)


@way
def resolver(to):
    """Ask the C library's resolver, with its name server set to a listener."""
    libc.__res_init()
    libc.__res_state.restype = ctypes.c_void_p
    state = libc.__res_state()
    ctypes.memmove(state + 16, struct.pack("<i", 1) + inet(to["udp"]), 20)  # nscount and nsaddr_list[0] of resolv.h
    ctypes.memmove(state, struct.pack("<ii", 1, 1), 8)  # retrans, retry
    found = ctypes.c_void_p()
    libc.getaddrinfo(b"out.example.test", None, None, ctypes.byref(found))


@way
def io_uring(to):
    """Socket, connect and send as operations of a queue."""
    parameters = ctypes.create_string_buffer(120)
    queue = system(425, 425, 4, parameters)
    told = struct.unpack("30I", parameters.raw)
    entries, completions, sq, cq = told[0], told[1], told[10:20], told[20:30]
    ring = mmap.mmap(queue, max(sq[6] + 4 * entries, cq[5] + 16 * completions), offset=0)
    submitted = mmap.mmap(queue, 64 * entries, offset=0x10000000)
    address, text = ctypes.create_string_buffer(inet(to["tcp"])), ctypes.create_string_buffer(b"out")

    def operate(opcode, descriptor, offset, place, length):
        tail = struct.unpack_from("<I", ring, sq[1])[0]
        slot = tail & struct.unpack_from("<I", ring, sq[2])[0]
        struct.pack_into("<BBHiQQIIQ", submitted, 64 * slot, opcode, 0, 0, descriptor, offset, place, length, 0, 1)
        struct.pack_into("<I", ring, sq[6] + 4 * slot, slot)
        struct.pack_into("<I", ring, sq[1], tail + 1)
        system(426, 426, queue, 1, 1, 1, 0, 0)
        head = struct.unpack_from("<I", ring, cq[0])[0]
        mask = struct.unpack_from("<I", ring, cq[2])[0]
        result = struct.unpack_from("<i", ring, cq[5] + 16 * (head & mask) + 8)[0]
        struct.pack_into("<I", ring, cq[0], head + 1)
        if result < 0:
            raise OSError(-result, os.strerror(-result))
        return result

    one = operate(45, 2, 1, 0, 0)
    operate(16, one, 16, ctypes.addressof(address), 0)
    operate(26, one, 0, ctypes.addressof(text), 3)


@way
def thirty_two_bit(to):
    """Socket, connect and write by `int 0x80`, whose numbers and pointers are those of 32 bits."""
    libc.mmap.restype = ctypes.c_void_p
    low = libc.mmap(None, 4096, 7, 0x62, -1, 0)  # PRIVATE, ANONYMOUS, 32BIT
    # push rbx; mov eax, edi; mov ebx, esi; xchg ecx, edx; int 0x80; pop rbx; ret
    code = bytes.fromhex("53 89f8 89f3 87ca cd80 5b c3")
    ctypes.memmove(low, code, len(code))
    ctypes.memmove(low + 64, inet(to["tcp"]) + b"out", 19)
    enter = ctypes.CFUNCTYPE(ctypes.c_int, *(ctypes.c_uint,) * 4)(low)
    one = enter(359, 2, 1, 0)
    if one < 0:
        raise OSError(-one, os.strerror(-one))
    enter(362, one, low + 64, 16)
    enter(4, one, low + 80, 3)


@way
def x32(to):
    one = system(0x40000000 + 41, 198, 2, 1, 0)
    system(0x40000000 + 42, 203, one, inet(to["tcp"]), 16)
    os.write(one, b"out")


# other programs


@way
def bash(to):
    subprocess.run(["/bin/bash", "-c", f"echo out >/dev/tcp/127.0.0.1/{to['tcp']}"], env={}, check=True)


def static_program(port):
    """A static x86_64 program of 32 instructions that connects and writes."""
    code = bytes.fromhex("b829000000 bf02000000 be01000000 31d2 0f05 89c7")  # socket(2, 1, 0); edi = its result
    calls = []
    for number, length in ((42, 16), (1, 3)):  # connect(edi, address, 16); write(edi, text, 3)
        calls.append(
            (b"\x48\x8d\x35", b"\xba" + struct.pack("<I", length) + b"\xb8" + struct.pack("<I", number) + b"\x0f\x05")
        )
    end = bytes.fromhex("31ff b83c000000 0f05")  # exit(0)
    size = len(code) + sum(len(a) + 4 + len(b) for a, b in calls) + len(end)
    place, data = len(code), inet(port) + b"out"
    for (load, call), offset in zip(calls, (0, 16), strict=True):
        place += len(load) + 4
        code += load + struct.pack("<i", size + offset - place) + call
        place += len(call)
    code += end + data
    base, head = 0x400000, 64 + 56
    header = (
        b"\x7fELF\x02\x01\x01"
        + bytes(9)
        + struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, base + head, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    )
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, base, base, head + len(code), head + len(code), 4096)
    return header + segment + code


@way
def memory_program(to):
    """Run a program that stands in no file."""
    one = system(319, 279, b"evil", 0)
    os.write(one, static_program(to["tcp"]))
    if (child := os.fork()) == 0:
        os.execve(f"/proc/self/fd/{one}", ["evil"], {})
    os.waitpid(child, 0)


@way
def dropped_program(to):
    """Write a program into the folder that may be written, and run it."""
    path = Path(to["room"]) / "evil"
    path.write_bytes(static_program(to["tcp"]))
    path.chmod(0o700)
    subprocess.run([path], env={}, check=True)


# another process, which has a socket and sends when its memory says so


@way
def trace(to):
    """Write into the sibling's memory as a debugger."""
    pid = to["sibling"]
    system(101, 117, 16, pid, 0, 0)
    os.waitpid(pid, 0x40000000)
    system(101, 117, 5, pid, to["address"], int.from_bytes(b"go\0\0\0\0\0\0", "little"))
    system(101, 117, 17, pid, 0, 0)


@way
def write_memory(to):
    text = ctypes.create_string_buffer(b"go\0")
    here, there = struct.pack("<QQ", ctypes.addressof(text), 3), struct.pack("<QQ", to["address"], 3)
    system(311, 271, to["sibling"], here, 1, there, 1, 0)


@way
def memory_file(to):
    one = checked(libc.open(f"/proc/{to['sibling']}/mem".encode(), 2))
    os.pwrite(one, b"go\0", to["address"])


@way
def steal_socket(to):
    process = system(434, 434, to["sibling"], 0)
    os.write(system(438, 438, process, to["socket"], 0), b"out")


@way
def signal_outside(to):
    os.kill(to["victim"], 15)


# files


@way
def write_outside(to):
    one = checked(libc.open(to["mount"].encode(), 0o101, 0o600))
    os.write(one, b"out")


@way
def append_outside(to):
    one = checked(libc.open(to["profile"].encode(), 0o2001))
    os.write(one, b"out")


@way
def truncate_outside(to):
    checked(libc.truncate(to["profile"].encode(), 0))


@way
def rename_outside(to):
    inside = Path(to["room"]) / "moved"
    inside.write_bytes(b"out")
    checked(libc.rename(bytes(inside), to["mount"].encode()))


@way
def link_outside(to):
    inside = Path(to["room"]) / "linked"
    inside.write_bytes(b"out")
    checked(libc.link(bytes(inside), to["mount"].encode()))


@way
def attribute_outside(to):
    checked(libc.setxattr(to["profile"].encode(), b"user.evil", b"out", 3, 0))


@way
def read_key(to):
    say(os.read(checked(libc.open(to["key"].encode(), 0)), 99).decode())


@way
def read_by_root_link(to):
    say(os.read(checked(libc.open(b"/proc/self/root" + to["key"].encode(), 0)), 99).decode())


@way
def read_by_link(to):
    link = Path(to["room"]) / "link"
    checked(libc.link(to["key"].encode(), bytes(link)))
    say(os.read(checked(libc.open(bytes(link), 0)), 99).decode())


@way
def list_folder(to):
    say(*(path.name for path in Path(to["folder"]).iterdir()))


# what processes share by name


@way
def shared_file(to):
    one = checked(libc.open(to["shared"].encode(), 0o101, 0o600))
    os.write(one, b"out")


@way
def shared_memory(to):
    block = checked(libc.shmget(to["number"], 64, 0o1600))
    libc.shmat.restype = ctypes.c_void_p
    place = libc.shmat(block, None, 0)
    if place == 2**64 - 1:
        raise OSError(ctypes.get_errno(), "shmat")
    ctypes.memmove(place, b"out", 3)


@way
def message_queue(to):
    queue = checked(libc.msgget(to["number"], 0o1600))
    checked(libc.msgsnd(queue, struct.pack("<q", 1) + b"out", 3, 0))


@way
def named_queue(to):
    queue = checked(libc.mq_open(to["queue"].encode(), 0o101, 0o600, None))
    checked(libc.mq_send(queue, b"out", 3, 0))


@way
def key_ring(to):
    system(248, 217, b"user", to["queue"].encode(), b"out", 3, -4)


@way
def terminal_input(to):
    checked(libc.ioctl(0, 0x540E, 0))  # TIOCSCTTY: it is this session's terminal
    for character in b"out\n":
        checked(libc.ioctl(0, ctypes.c_ulong(0x5412), bytes([character])))
    threading.Event().wait(0.3)  # the terminal hangs up when this process ends


# what only opens something: the kernel's word counts


@way
def user_namespace(to):
    checked(libc.unshare(0x10000000 | 0x40000000))
    say("out")


@way
def cloned_namespace(to):
    child = system(56, 220, 0x10000000 | 17, 0, 0, 0, 0)
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    say("out")


@way
def new_clone(to):
    child = system(435, 435, struct.pack("<8Q", 0x10000000, 0, 0, 0, 17, 0, 0, 0), 64)
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    say("out")


@way
def mount_folder(to):
    libc.unshare(0x10000000 | 0x00020000)  # as a user may; root need not
    checked(libc.mount(b"none", to["room"].encode(), b"tmpfs", 0, None))
    say("out")


@way
def open_handle(to):
    handle = ctypes.create_string_buffer(struct.pack("<II", 128, 0) + bytes(128))
    mounted = ctypes.c_int()
    checked(libc.name_to_handle_at(-100, to["key"].encode(), handle, ctypes.byref(mounted), 0))
    room = os.open(to["room"], os.O_RDONLY)
    say(os.read(checked(libc.open_by_handle_at(room, handle, 0)), 99).decode())


@way
def kernel_program(to):
    system(321, 280, 0, struct.pack("<IIII", 2, 4, 4, 1) + bytes(112), 128)  # BPF_MAP_CREATE, an array
    say("out")


@way
def performance_events(to):
    attributes = (
        struct.pack("<IIQ", 1, 112, 0) + bytes(24) + struct.pack("<Q", 1 << 5) + bytes(64)
    )  # software, exclude_kernel
    system(298, 241, attributes, 0, -1, -1, 0)
    say("out")


@way
def user_faults(to):
    system(323, 282, 1)  # UFFD_USER_MODE_ONLY
    say("out")


@way
def make_dumpable(to):
    checked(libc.prctl(4, 1, 0, 0, 0))
    say("out")


def attempt(name, to):
    try:
        WAYS[name](to)
    except OSError as error:
        say("failed:", error.errno)
    sys.stdout.flush()


def raise_walls(which, to):
    if which == "none":
        return
    from onprem.security import hygiene, landlock, walls

    walls.raise_walls()
    if which == "all":
        hygiene.settle()
        landlock.confine(landlock.Rules(read=(Path(__file__),), write=(Path(to["room"]),)))


def main(which, place, name, to):
    go, thread = threading.Event(), None
    if place == "thread":
        thread = threading.Thread(target=lambda: (go.wait(), attempt(name, to)))
        thread.start()
    try:
        raise_walls(which, to)
    finally:
        go.set()
    if place == "main":
        attempt(name, to)
    elif place == "thread":
        thread.join()
    elif place == "worker":
        import multiprocessing

        worker = multiprocessing.get_context("spawn").Process(target=attempt, args=(name, to))
        worker.start()
        worker.join()
    else:
        subprocess.run([sys.executable, "-I", __file__, "none", "main", name, json.dumps(to)], env={}, check=False)


if __name__ == "__main__":
    main(*sys.argv[1:4], json.loads(sys.argv[4]))
