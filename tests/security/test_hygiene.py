"""Process hygiene, each rule tried in a process of its own with an invented value that must not come out."""

import os
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import onprem
from onprem.errors import OnpremError, SiteError
from onprem.security import hygiene

VALUE = "Oswin Brambleworth"
SETTLE = "from onprem.security import hygiene; hygiene.settle()\n"


ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(onprem.__file__).parents[1])}


def settled(code, *, settle=True, **options):
    program = f"VALUE = {VALUE!r}\n" + (SETTLE if settle else "") + textwrap.dedent(code)
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False, **options
    )


FAILURES = {
    "exception": "raise ValueError(VALUE)",
    "cause": "try:\n    raise KeyError(VALUE)\nexcept KeyError as e:\n    raise RuntimeError(VALUE) from e",
    "thread": (
        "import threading\ndef work():\n    raise ValueError(VALUE)\n"
        "t = threading.Thread(target=work); t.start(); t.join()"
    ),
    "unraisable": "class Odd:\n    def __del__(self):\n        raise ValueError(VALUE)\nOdd()",
    "warning": "import warnings; warnings.simplefilter('always'); warnings.warn(VALUE)",
    "log": "import logging; logging.basicConfig(); logging.getLogger('presidio-analyzer').critical(VALUE)",
    "log without handler": "import logging; logging.getLogger('other').error(VALUE)",
    "log format": "import logging; logging.basicConfig(); logging.getLogger('x').error('%d', VALUE)",
    "print_exc": "import traceback\ntry:\n    raise ValueError(VALUE)\nexcept ValueError:\n    traceback.print_exc()",
    "print_exception": (
        "import traceback\ntry:\n    raise ValueError(VALUE)\nexcept ValueError as e:\n    traceback.print_exception(e)"
    ),
}


@pytest.mark.parametrize("name", FAILURES)
def test_no_failure_shows_a_value_and_control_does(name):
    done = settled(FAILURES[name])
    assert VALUE not in done.stdout + done.stderr
    control = settled(FAILURES[name], settle=False)
    assert VALUE in control.stdout + control.stderr


@pytest.mark.parametrize("name", ["exception", "thread", "unraisable", "print_exc"])
def test_a_failure_is_told_by_type_and_place(name):
    assert "internal error ValueError" in settled(FAILURES[name]).stderr


def test_failure_of_a_spawned_process_shows_no_value(tmp_path):
    program = tmp_path / "work.py"
    program.write_text(
        textwrap.dedent(f"""
        import multiprocessing
        from onprem.security import hygiene

        def work():
            hygiene.settle()
            raise ValueError({VALUE!r})

        if __name__ == "__main__":
            hygiene.settle()
            child = multiprocessing.get_context("spawn").Process(target=work)
            child.start(); child.join()
            print(child.exitcode)
        """)
    )
    done = subprocess.run(
        [sys.executable, program], capture_output=True, text=True, timeout=60, check=False, env=ENVIRONMENT
    )
    assert done.stdout.strip() == "1"
    assert VALUE not in done.stderr
    assert "internal error ValueError" in done.stderr


def test_core_files_off_and_memory_unreadable():
    code = """
    import resource, os, subprocess, sys
    print(resource.getrlimit(resource.RLIMIT_CORE), hygiene.dumpable(), oct(os.umask(0)))
    """
    assert settled(code).stdout.strip() == "(0, 0) False 0o77"
    assert (
        settled("from onprem.security import hygiene; print(hygiene.dumpable())", settle=False).stdout.strip() == "True"
    )


def test_offline_switches_and_one_thread():
    code = "import os; print(os.environ['TLDEXTRACT_PUBLIC_SUFFIX_LIST_URLS'] == '', os.environ['OMP_NUM_THREADS'])"
    assert settled(code).stdout.strip() == "True 1"


def test_library_for_models_leaves_no_identifier_of_the_machine(tmp_path):
    """onnxruntime 1.32 keeps one in ~/.cache and queues events for its maker, unless told before it is imported."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": ENVIRONMENT["PYTHONPATH"], "CI": ""}
    seen = {}
    for settle in (True, False):
        home = tmp_path / str(settle)
        home.mkdir()
        settings = {**environment, "HOME": str(home), "XDG_CACHE_HOME": str(home / "cache")}
        done = settled("import onnxruntime; print('imported')", settle=settle, env=settings)
        assert done.stdout.strip() == "imported", done.stderr
        seen[settle] = [path.name for path in home.rglob("*") if path.is_file()]
    assert seen[True] == []
    if not seen[False]:
        pytest.skip("this build of onnxruntime keeps nothing, so there is no control")


def test_what_doctor_asks_of_hygiene_is_true_after_settling_and_false_before(tmp_path):
    code = "print(hygiene.quieted(), oct(hygiene.umask()), hygiene.temp_is_private())"
    environment = {**ENVIRONMENT, "TMPDIR": str(tmp_path)}
    assert settled("hygiene.private_temp()\n" + code, env=environment).stdout.split() == ["True", "0o77", "True"]
    before = "import os; os.umask(0o022)\nfrom onprem.security import hygiene\n" + code
    assert settled(before, settle=False, env=environment).stdout.split() == ["False", "0o22", "False"]


def test_fresh_private_temp_is_private_and_removed_at_exit(tmp_path):
    code = """
    import tempfile, os
    chosen = hygiene.private_temp()
    handle = tempfile.NamedTemporaryFile(delete=False); handle.write(VALUE.encode()); handle.close()
    print(oct(chosen.stat().st_mode & 0o777), handle.name.startswith(str(chosen)), os.environ["TMPDIR"] == str(chosen))
    """
    done = settled(code, env={**os.environ, "TMPDIR": str(tmp_path)})
    assert done.stdout.strip() == "0o700 True True"
    assert list(tmp_path.iterdir()) == []


def test_child_processes_use_the_private_temp(tmp_path):
    code = """
    import subprocess, sys
    hygiene.private_temp()
    print(subprocess.run([sys.executable, "-c", "import tempfile; print(tempfile.gettempdir())"],
                         capture_output=True, text=True).stdout)
    """
    done = settled(code, env={**os.environ, "TMPDIR": str(tmp_path)})
    assert done.stdout.strip().startswith(f"{tmp_path}/onprem-")


def test_open_temp_folder_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    folder = tmp_path / "tmp"
    folder.mkdir()
    folder.chmod(0o755)
    with pytest.raises(SiteError, match="open to others"):
        hygiene.private_temp(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755


def test_describe_gives_own_messages_and_hides_foreign_ones():
    assert hygiene.describe(OnpremError("the site is missing")) == "the site is missing"
    try:
        int(VALUE)
    except ValueError as error:
        told = hygiene.describe(error)
    assert VALUE not in told
    assert told.startswith("internal error ValueError at test_hygiene:")
