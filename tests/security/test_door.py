"""The one door in the walls, tried from inside and outside: it lets in, at one path, who may; nothing else gets out."""

import errno
import fcntl
import functools
import os
import re
import socket
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from test_walls import ALLOW, ARCHITECTURES, EPERM, verdict

import onprem
from onprem.errors import OutputError, UsageError
from onprem.security import calls, door, walls

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(onprem.__file__).parents[1])}
BEGIN = """
import ctypes, errno, os, socket, sys
from onprem.security import door, walls
number = door.open_by(["--socket", sys.argv[1]])
listener = door.opened().listener
listener.setblocking(True)
"""
RAISE = "walls.raise_walls(listening=number)\n"


@pytest.fixture
def path(tmp_path):
    tmp_path.chmod(0o700)
    return tmp_path / "s"


@pytest.fixture(autouse=True)
def closed():
    yield
    door.close()


def python(code, path, *, walled=True, **options):
    program = BEGIN + (RAISE if walled else "") + textwrap.dedent(code)
    settings = {"capture_output": True, "text": True, "timeout": 60, "env": ENVIRONMENT, **options}
    return subprocess.run([sys.executable, "-c", program, path], check=False, **settings)


def begin(code, path):
    """Start a program behind the walls with a door; return once it has said its first line."""
    program = [sys.executable, "-c", BEGIN + RAISE + textwrap.dedent(code), path]
    child = subprocess.Popen(
        program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT
    )
    assert child.stdout.readline() == "ready\n", child.communicate()[1]
    return child


def test_who_connects_is_let_in_and_known(path):
    code = """
    print("ready", flush=True)
    client, _ = listener.accept()
    print(client.recv(5).decode(), door.user_of(client), walls.walls_in_force(), flush=True)
    client.sendall(b"hello")
    """
    child = begin(code, path)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        client.sendall(b"knock")
        assert client.recv(5) == b"hello"
    out, err = child.communicate(timeout=30)
    assert out == f"knock {os.geteuid()} True\n", err
    assert not path.exists()


ATTEMPTS = """
print("ready", flush=True)
sys.stdin.readline()  # somebody waits at the door now
one, other = socket.socketpair()
libc, numbers = walls.kernel(), walls.numbers_here()
def raw(number, *arguments):
    def call():
        found = walls.call(libc, number, *arguments)
        if found < 0:
            raise OSError(-found, "")
    return call
attempts = {
    "socket inet": lambda: socket.socket(socket.AF_INET).close(),
    "socket unix": lambda: socket.socket(socket.AF_UNIX).close(),
    "connect": lambda: one.connect(sys.argv[1]),
    "connect by the door": lambda: listener.connect(sys.argv[1]),
    "bind": lambda: one.bind(sys.argv[1] + "2"),
    "listen on another": lambda: one.listen(),
    "listen again": lambda: listener.listen(),
    "accept on a pair": lambda: one.accept(),
    "accept on a copy of the door": lambda: socket.socket(fileno=os.dup(number)).accept(),
    "accept on a number above 32 bits": raw(numbers.accept[0], number + (1 << 32), 0, 0),
    "accept4 on a number above 32 bits": raw(numbers.accept[1], number + (1 << 32), 0, 0, 0),
    "accept on none": raw(numbers.accept[0], -1, 0, 0),
    "receive descriptors": lambda: one.recvmsg(1, 1024, socket.MSG_DONTWAIT),
}
said = {}
for name, attempt in attempts.items():
    try:
        attempt()
        said[name] = "done"
    except OSError as error:
        said[name] = errno.errorcode[error.errno]
print(said)
client, _ = listener.accept()
print("accepted")
"""


def test_nothing_but_accept_on_this_one_descriptor_is_allowed(path):
    child = begin(ATTEMPTS, path)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        out, err = child.communicate("go\n", timeout=30)
    said, accepted = out.splitlines()
    assert set(eval(said).values()) == {"EPERM"}, err
    assert accepted == "accepted"


def test_the_same_attempts_without_the_walls_are_not_denied(path):
    several = """
clients = [socket.socket(socket.AF_UNIX) for _ in range(4)]
for client in clients:
    client.connect(sys.argv[1])
"""
    done = python(several + ATTEMPTS, path, walled=False, input="go\n")
    said = eval(done.stdout.splitlines()[1])
    assert "EPERM" not in said.values()
    assert {said[name] for name in said if "accept on a copy" in name or "above 32" in name} == {"done"}


def test_a_socket_that_is_handed_in_does_not_come_in(path):
    code = """
    print("ready", flush=True)
    client, _ = listener.accept()
    before = len(os.listdir("/proc/self/fd"))
    try:
        client.recvmsg(9, 1024)
        print("received")
    except PermissionError:
        print("denied", client.recv(9).decode(), len(os.listdir("/proc/self/fd")) - before)
    """
    child = begin(code, path)
    with socket.socket(socket.AF_UNIX) as client, socket.socket(socket.AF_INET) as network:
        client.connect(str(path))
        socket.send_fds(client, [b"take this"], [network.fileno()])
        out, err = child.communicate(timeout=30)
    assert out == "denied take this 0\n", err


def test_child_program_has_no_door(path):
    code = """
    import subprocess
    inner = "import os; from onprem.security import walls; " \\
        "print(walls.call(walls.kernel(), walls.numbers_here().accept[0], {}, 0, 0), walls.inherited_ways_out())"
    subprocess.run([sys.executable, "-c", inner.format(number)], close_fds=False, check=True)
    """
    assert python(code, path).stdout.split() in (["-9", "[]"], ["-88", "[]"])  # EBADF, ENOTSOCK


@ARCHITECTURES
def test_filter_with_a_door_on_each_architecture(numbers, monkeypatch):
    here = numbers.architecture
    assert {verdict(numbers, here, number, (7, 0)) for number in numbers.accept} == {EPERM}
    monkeypatch.setattr(walls, "filter_program", functools.partial(walls.filter_program, listening=7))
    for number in numbers.accept:
        assert verdict(numbers, here, number, (7, 0)) == ALLOW
        for other in (0, 6, 8, 7 << 32, 7 + (1 << 32), 2**64 - 1, 2**32 - 1):
            assert verdict(numbers, here, number, (other, 7)) == EPERM
    denied = {*numbers.denied, *numbers.denied_with_door} - {*numbers.accept}
    assert {verdict(numbers, here, number, (7, 0)) for number in denied} == {EPERM}
    assert verdict(numbers, here, numbers.socketpair, (1, 1)) == ALLOW
    assert verdict(numbers, here, numbers.socketpair, (2, 1)) == EPERM


@pytest.mark.parametrize(
    ("column", "header"),
    [(0, "/usr/include/x86_64-linux-gnu/asm/unistd_64.h"), (1, "/usr/include/asm-generic/unistd.h")],
    ids=["x86_64", "aarch64"],
)
def test_numbers_of_the_calls_denied_with_a_door_agree_with_the_kernel_headers(column, header):
    if not Path(header).exists():
        pytest.skip(f"kernel headers are not installed: {header}")
    found = re.findall(r"^#define __NR_(\w+)\s+(\d+)", Path(header).read_text(), re.MULTILINE)
    defined = {name: int(number) for name, number in found}
    for name, pair in calls.DENIED_WITH_DOOR.items():
        assert defined[name] == pair[column]


def test_walls_are_not_raised_beside_another_socket_or_with_a_door_of_another_kind(path):
    with socket.socket() as network:
        done = python("print('started')", path, pass_fds=[network.fileno()])
        assert "WallError" in done.stderr
        assert not done.stdout
    for kind in ("socket.AF_INET", "socket.AF_UNIX, socket.SOCK_DGRAM"):
        other = f"other = socket.socket({kind}); door.close(); walls.raise_walls(listening=other.fileno()); print('started')"
        done = python(other, path, walled=False)
        assert "WallError" in done.stderr
        assert not done.stdout


def test_door_is_closed_to_others_until_it_listens_for_its_group(path, monkeypatch):
    seen = []
    give = os.chown

    def chown(*arguments):
        with socket.socket(socket.AF_UNIX) as client:
            seen.append((stat.S_IMODE(path.lstat().st_mode), client.connect_ex(str(path))))
        give(*arguments)

    monkeypatch.setattr(os, "chown", chown)
    before = os.umask(0)
    try:
        door.open_by(["--socket", str(path), "--group", str(os.getgid())])
        assert os.umask(0) == 0
    finally:
        os.umask(before)
    assert seen == [(0o600, errno.ECONNREFUSED)]
    assert stat.S_IMODE(path.lstat().st_mode) == door.opened().mode == 0o660
    assert path.lstat().st_gid == os.getgid()


def test_group_that_only_a_directory_service_knows_is_given_by_its_number(path):
    number = 3_999_999_999
    assert f":{number}:" not in Path("/etc/group").read_text()
    if os.geteuid() == 0:
        door.open_by(["--socket", str(path), "--group", str(number)])
        assert path.lstat().st_gid == number
    else:
        with pytest.raises(UsageError, match="not in the group"):
            door.open_by(["--socket", str(path), "--group", str(number)])
        assert not path.exists()


def test_without_a_group_it_is_for_this_user_alone(path):
    before = os.umask(0)
    try:
        door.open_by([f"--socket={path}"])
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.lstat().st_mode) == door.opened().mode == 0o600


@pytest.mark.parametrize("kind", ["file", "folder", "link to nothing", "living socket", "datagram socket"])
def test_what_stands_at_the_path_stays(path, kind):
    with socket.socket(socket.AF_UNIX) as living, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as datagram:
        match kind:
            case "file":
                path.write_text("kept")
            case "folder":
                path.mkdir()
            case "link to nothing":
                path.symlink_to(path.parent / "nothing")
            case "living socket":
                living.bind(str(path))
                living.listen()
            case "datagram socket":
                datagram.bind(str(path))
        before = path.lstat()
        with pytest.raises(OutputError):
            door.open_by(["--socket", str(path)])
    assert path.lstat() == before
    assert door.opened() is None


def test_dead_socket_of_this_user_is_replaced_and_of_another_is_not(path):
    for owner in (os.geteuid(), 54_321):
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(path))
        if owner != os.geteuid():
            if os.geteuid() != 0:
                pytest.skip("only root can make a socket of another user")
            os.chown(path, owner, -1)
            with pytest.raises(OutputError, match="is taken"):
                door.open_by(["--socket", str(path)])
        else:
            door.open_by(["--socket", str(path)])
            door.close()


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o1777])
def test_folder_that_others_may_write_is_refused(path, mode):
    path.parent.chmod(mode)
    with pytest.raises(OutputError, match="others could exchange"):
        door.open_by(["--socket", str(path)])


def test_folder_above_that_others_may_write_is_refused_unless_they_cannot_rename_in_it(path):
    inner = path.parent / "inner"
    inner.mkdir(mode=0o700)
    path.parent.chmod(0o777)
    with pytest.raises(OutputError, match="others could exchange"):
        door.open_by(["--socket", str(inner / "s")])
    path.parent.chmod(0o1777)
    assert door.open_by(["--socket", str(inner / "s")]) is not None


def test_link_on_the_way_is_followed_once(path):
    inner = path.parent / "inner"
    inner.mkdir(mode=0o700)
    (path.parent / "link").symlink_to(inner)
    door.open_by(["--socket", str(path.parent / "link" / "s")])
    assert door.opened().path == inner.resolve() / "s"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--socket", "{}/none/s"], OutputError),
        (["--socket", ""], UsageError),
        (["--socket", "{}/"], UsageError),
        (["--socket", "{}/.."], UsageError),
        (["--socket", "{}/" + "s" * 107], UsageError),
        (["--socket", "{}/a", "--socket={}/b"], UsageError),
        (["--socket", "{}/s", "--group", "no-such-group"], UsageError),
        (["--socket", "{}/s", "--group", ""], UsageError),
        (["--socket", "{}/s", "--group", "-1"], UsageError),
        (["--socket", "{}/s", "--group", "4294967295"], UsageError),
        (["--socket", "{}/s", "--group", "99999999999"], UsageError),
    ],
)
def test_wrong_usage_is_told_and_leaves_nothing(path, arguments, error):
    with pytest.raises(error) as told:
        door.open_by([argument.format(path.parent) for argument in arguments])
    assert told.value.hint
    assert not list(path.parent.iterdir())
    assert door.opened() is None


@pytest.mark.parametrize(
    "arguments", [[], ["--help"], ["--socket"], ["--", "--socket", "{}"], ["--socket", "{}", "-h"]]
)
def test_no_door_where_none_is_asked_for(path, arguments):
    assert door.open_by([argument.format(path) for argument in arguments]) is None
    assert not path.exists()


def test_two_starts_in_one_folder_do_not_take_each_others_socket_for_dead(path):
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        with pytest.raises(OutputError, match="is starting"):
            door.open_by(["--socket", str(path)])
    finally:
        os.close(folder)


def test_only_its_own_file_is_removed_at_the_end(path):
    door.open_by(["--socket", str(path)])
    path.unlink()
    path.write_text("kept")
    door.close()
    assert path.read_text() == "kept"


def test_forked_child_leaves_the_door_to_its_parent(path):
    code = """
    if (child := os.fork()) == 0:
        sys.exit()
    os.waitpid(child, 0)
    print(os.path.exists(sys.argv[1]))
    """
    assert python(code, path).stdout == "True\n"
    assert not path.exists()


def test_door_that_cannot_be_opened_is_told_from_behind_the_walls(path):
    code = (
        "import sys; from onprem.__main__ import run; from onprem.security import walls\n"
        "print(run(['serve', '--socket', sys.argv[1]]), walls.walls_in_force())"
    )
    path.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, env=ENVIRONMENT, check=False
    )
    assert done.stdout == f"{OutputError.exit_code} True\n"
    assert "onprem: error: the path of the socket is taken\nonprem: hint: " in done.stderr


def test_no_other_command_opens_a_door(path):
    code = (
        "import sys; from onprem.__main__ import run; from onprem.security import door\n"
        "run(['init', '--socket', sys.argv[1]]); run(['--version', 'serve', '--socket', sys.argv[1]])"
    )
    subprocess.run([sys.executable, "-c", code, path], capture_output=True, env=ENVIRONMENT, check=True)
    assert not path.exists()
