"""Files are confined by Landlock: what is not given cannot be reached, on each version of it, and what is needed can."""

import os
import pwd
import re
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import onprem
from onprem.errors import OutputError
from onprem.security import landlock

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(onprem.__file__).parents[1])}
VERSION = landlock.version()
NEEDS_LANDLOCK = pytest.mark.skipif(VERSION == 0, reason="this kernel has no Landlock: CONFIG_SECURITY_LANDLOCK")

BEGIN = """
import ctypes, errno, os, sys
from pathlib import Path
from onprem.security import landlock, walls
from onprem.security.landlock import Rules
given, room, outside = map(Path, sys.argv[1:4])
walls.raise_walls()

def attempt(action):
    try:
        action()
    except OSError as error:
        return errno.errorcode[error.errno]
    return "done"
"""


@pytest.fixture
def places(tmp_path):
    given, room, outside = tmp_path / "given", tmp_path / "room", tmp_path / "outside"
    for path in (given, room / "a", room / "b", outside):
        path.mkdir(parents=True)
    (given / "record").write_text("given")
    (outside / "record").write_text("outside")
    return given, room, outside


def python(code, places, **options):
    program = BEGIN + textwrap.dedent(code)
    settings = {"capture_output": True, "text": True, "env": ENVIRONMENT, "timeout": 60, **options}
    return subprocess.run([sys.executable, "-B", "-c", program, *map(str, places)], check=False, **settings)


CONFINE = "landlock.confine(Rules(read=(given,), write=(room,)))\n"
ATTEMPTS = """
for name, action in {
    "read given": lambda: (given / "record").read_text(),
    "list given": lambda: list(given.iterdir()),
    "write given": lambda: (given / "record").write_text("x"),
    "make given": lambda: (given / "new").touch(),
    "write room": lambda: (room / "a" / "new").write_text("x"),
    "make folder": lambda: (room / "c").mkdir(),
    "remove": lambda: (room / "c").rmdir(),
    "read outside": lambda: (outside / "record").read_text(),
    "list outside": lambda: list(outside.iterdir()),
    "write outside": lambda: (outside / "new").write_text("x"),
    "remove outside": lambda: (outside / "record").unlink(),
    "link in room": lambda: (room / "link").symlink_to(outside),
    "pipe in room": lambda: os.mkfifo(room / "pipe"),
    "run room": lambda: os.posix_spawn(room / "a" / "new", ["new"], {}),
    "run shell": lambda: os.posix_spawn("/bin/sh", ["sh", "-c", "true"], {}),
    "read device": lambda: os.close(os.open("/dev/urandom", os.O_RDONLY)),
    "write null": lambda: os.close(os.open("/dev/null", os.O_WRONLY)),
    "other device": lambda: os.close(os.open("/dev/full", os.O_WRONLY)),
    "own status": lambda: Path("/proc/self/status").read_text(),
    "stranger's memory": lambda: os.close(os.open(f"/proc/{os.getppid()}/mem", os.O_RDONLY)),
}.items():
    print(name, attempt(action), sep=": ")
"""
DENIED = {
    "write given",
    "make given",
    "read outside",
    "list outside",
    "write outside",
    "remove outside",
    "link in room",
    "pipe in room",
    "run room",
    "run shell",
    "other device",
    "stranger's memory",
}


@NEEDS_LANDLOCK
def test_only_what_is_given_can_be_reached(places):
    done = python(CONFINE + ATTEMPTS, places)
    found = dict(line.split(": ") for line in done.stdout.splitlines())
    assert {name for name, answer in found.items() if answer == "EACCES"} == DENIED, done.stderr
    assert {answer for name, answer in found.items() if name not in DENIED} == {"done"}


def test_all_of_it_can_be_reached_without(places):
    found = dict(line.split(": ") for line in python(ATTEMPTS, places).stdout.splitlines())
    assert set(found) > DENIED
    # what was written in the folder is no program, which the kernel says after it was allowed to run it
    assert {name for name, answer in found.items() if answer != "done"} <= {"run room", "stranger's memory"}


@NEEDS_LANDLOCK
@pytest.mark.parametrize("version", range(1, 8))
def test_every_older_version_confines_as_far_as_it_knows(places, version):
    if version > VERSION:
        pytest.skip(f"this kernel has version {VERSION}")
    code = f"landlock.version = lambda: {version}\n" + CONFINE
    code += """
print(landlock.confined(), attempt((outside / "record").read_text), attempt(lambda: (given / "record").write_text("x")))
(room / "a" / "file").write_text("x")
print(attempt(lambda: (room / "a" / "file").rename(room / "b" / "file")))
print(attempt(lambda: os.truncate(outside / "record", 0)))
"""
    confined, moved, cut = python(code, places).stdout.splitlines()
    assert confined == f"{version} EACCES EACCES"
    assert moved == ("done" if version >= 2 else "EXDEV")  # callers copy then, as between file systems
    assert cut == ("EACCES" if version >= 3 else "done")


HOW = ("confined", "free")


@NEEDS_LANDLOCK
def test_ports_sockets_and_signals_are_closed_by_landlock_alone(places):
    if VERSION < 6:
        pytest.skip(f"this kernel has version {VERSION} of Landlock, ports came with 4, signals with 6")
    code = """
    import ctypes, errno, os, socket, sys
    from pathlib import Path
    from onprem.security import landlock
    port, name, victim = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)  # the egress wall is not raised here
    if sys.argv[4] == "confined":
        landlock.confine(landlock.Rules())
    def attempt(action):
        try:
            action()
        except OSError as error:
            return errno.errorcode[error.errno]
        return "done"
    print(attempt(lambda: socket.create_connection(("127.0.0.1", port)).close()),
          attempt(lambda: socket.create_server(("127.0.0.1", 0)).close()),
          attempt(lambda: socket.socket(socket.AF_UNIX).connect("\\0" + name)),
          attempt(lambda: os.kill(victim, 0)))
    """
    name = f"onprem-landlock-{os.getpid()}"
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket(socket.AF_UNIX) as abstract:
        abstract.bind("\0" + name)
        abstract.listen()
        arguments = [str(listener.getsockname()[1]), name, str(os.getpid())]
        program = [sys.executable, "-W", "ignore", "-c", textwrap.dedent(code), *arguments]
        settings = {"capture_output": True, "text": True, "env": ENVIRONMENT, "timeout": 60}
        confined, free = (subprocess.run([*program, how], check=True, **settings).stdout.split() for how in HOW)
    assert confined == ["EACCES", "EACCES", "EPERM", "EPERM"]
    assert free == ["done"] * 4


@NEEDS_LANDLOCK
def test_workers_share_semaphores_and_signals_and_are_confined(places):
    program = places[1] / "work.py"
    program.write_text(
        textwrap.dedent("""
        import os, sys, time
        from concurrent.futures import ProcessPoolExecutor
        from multiprocessing import get_context
        from pathlib import Path
        from onprem.security import hygiene, landlock, walls

        def work(path):
            walls.raise_walls()
            try:
                return Path(path).read_text()
            except PermissionError:
                return "denied"

        if __name__ == "__main__":
            given, room, outside = map(Path, sys.argv[1:4])
            walls.raise_walls()
            hygiene.settle()
            landlock.confine(landlock.Rules(read=(given,), write=(room,), workers=True))
            context = get_context("spawn")
            with ProcessPoolExecutor(2, mp_context=context) as pool:
                print(*pool.map(work, [given / "record", outside / "record"]))
            sleeper = context.Process(target=time.sleep, args=(60,))
            sleeper.start(); sleeper.terminate(); sleeper.join()
            print(sleeper.exitcode)
        """)
    )
    done = subprocess.run(
        [sys.executable, program, *map(str, places)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=ENVIRONMENT,
    )
    assert done.stdout.split() == ["given", "denied", "-15"], done.stderr


@NEEDS_LANDLOCK
def test_shared_memory_is_closed_unless_there_are_workers(places):
    code = """
    import multiprocessing
    landlock.confine(Rules(write=(room,), workers={workers}))
    print(attempt(lambda: multiprocessing.get_context("spawn").Lock()))
    """
    assert python(textwrap.dedent(code).format(workers=False), places).stdout == "EACCES\n"
    assert python(textwrap.dedent(code).format(workers=True), places).stdout == "done\n"


@NEEDS_LANDLOCK
def test_libraries_load_and_work_when_files_are_confined(places):
    code = """
    landlock.confine(Rules(write=(room,)))
    import duckdb, onnxruntime, pyarrow, pyarrow.parquet, spacy, pwd, time, locale, tempfile
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    tempfile.tempdir = str(room)
    assert duckdb.connect().execute("select 42").fetchone() == (42,)
    pyarrow.parquet.write_table(pyarrow.table({"a": [1]}), room / "a.parquet")
    assert pyarrow.parquet.read_table(room / "a.parquet").num_rows == 1
    assert len(spacy.blank("en")("Two words")) == 2
    assert tempfile.TemporaryFile().write(b"x") == 1
    locale.setlocale(locale.LC_ALL, "C.UTF-8")
    print(pwd.getpwuid(os.geteuid()).pw_name, time.localtime().tm_year > 2000, onnxruntime.get_available_providers()[-1:])
    """
    done = python(textwrap.dedent(code), places)
    assert done.stdout.split() == [pwd.getpwuid(os.geteuid()).pw_name, "True", "['CPUExecutionProvider']"], done.stderr


@NEEDS_LANDLOCK
def test_other_threads_are_no_way_round(places):
    code = """
    import threading
    from onprem.errors import WallError
    go = threading.Event()
    threading.Thread(target=go.wait).start()
    try:
        landlock.confine(Rules())
    except WallError as error:
        print(error.message)
    go.set()
    """
    assert "other threads" in python(code, places).stdout


@NEEDS_LANDLOCK
def test_confining_twice_keeps_the_first_rules(places):
    code = CONFINE + "print(landlock.confine(Rules(read=(outside,))), attempt((outside / 'record').read_text))"
    assert python(code, places).stdout.split()[1] == "EACCES"


def test_without_landlock_nothing_is_confined_and_that_can_be_seen(places):
    code = "landlock.version = lambda: 0\n" + CONFINE
    code += "print(landlock.confined(), landlock.files_confined(), attempt((outside / 'record').read_text))"
    assert python(code, places).stdout.split() == ["0", "False", "done"]


@NEEDS_LANDLOCK
def test_the_wall_is_tried_after_it_was_set(places):
    code = "landlock.files_confined = lambda: False\ntry:\n    " + CONFINE.strip()
    code += "\nexcept Exception as error:\n    print(type(error).__name__, landlock.confined())"
    assert python(code, places).stdout.split() == ["WallError", "0"]


def test_nothing_is_written_right_under_the_root_folder():
    with pytest.raises(OutputError, match="root folder"):
        list(landlock._named(landlock.Rules(write=(Path("/no-such-folder/report.html"),))))


def test_a_file_that_is_to_be_written_opens_its_folder_and_no_more(tmp_path):
    target = tmp_path / "reports" / "run.html"
    target.parent.mkdir()
    assert list(landlock._named(landlock.Rules(write=(target,)))) == [(str(target.parent), landlock.WRITE)]
    target.touch()
    assert list(landlock._named(landlock.Rules(write=(target,)))) == [(str(target.parent), landlock.WRITE)]


def test_working_folder_and_home_are_no_place_of_modules(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(sys, "path", ["", str(tmp_path), str(tmp_path / "home"), "/", str(tmp_path / "libraries")])
    assert list(landlock._import_path()) == [str(tmp_path / "libraries")]


def test_loader_of_the_interpreter_is_found():
    assert Path(landlock._loader(sys.executable)).is_file()
    assert landlock._loader(__file__) == ""
    assert landlock._loader("/no/such/program") == ""


def test_rules_hold_paths_in_no_repr():
    assert "secret" not in repr(
        landlock.Rules(read=(Path("/secret"),), write=(Path("/secret"),), empty=(Path("/secret"),))
    )


def test_rights_agree_with_the_kernel_header():
    header = Path("/usr/include/linux/landlock.h")
    if not header.exists():
        pytest.skip(f"kernel headers are not installed: {header}")
    text = header.read_text()
    defined = {name: 1 << int(bit) for name, bit in re.findall(r"LANDLOCK_ACCESS_FS_(\w+)\s+\(1ULL << (\d+)\)", text)}
    assert len(defined) >= 13
    assert {name: getattr(landlock, name) for name in defined} == defined
