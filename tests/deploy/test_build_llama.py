"""How llama.cpp is built and installed: what it is made from, when it is built again, and what its libraries can reach."""

import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "requirements"))
import build_llama

NETWORK = {
    "socket",
    "connect",
    "bind",
    "listen",
    "accept",
    "accept4",
    "send",
    "sendto",
    "recv",
    "recvfrom",
    "getaddrinfo",
}
DYNAMIC_SYMBOLS = 11  # SHT_DYNSYM


def run(**changes):
    environment = {key: value for key, value in os.environ.items() if key not in ("CMAKE_ARGS", "ONPREM_LLAMA_WHEEL")}
    return subprocess.run(
        [sys.executable, build_llama.__file__],
        capture_output=True,
        check=False,
        text=True,
        env={**environment, **changes},
    )


def asked_of_others(path):
    """Return the names of the functions that a library takes from other libraries (ELF, 64 bits, little-endian)."""
    raw = path.read_bytes()
    assert raw[:6] == b"\x7fELF\x02\x01"
    (table,), (size, count) = struct.unpack_from("<Q", raw, 0x28), struct.unpack_from("<HH", raw, 0x3A)
    sections = [struct.unpack_from("<IIQQQQIIQQ", raw, table + number * size) for number in range(count)]
    names = set()
    for _, kind, _, _, offset, length, link, *_, entry in sections:
        if kind == DYNAMIC_SYMBOLS:
            texts = sections[link][4]
            for at in range(offset, offset + length, entry):
                name, _, _, defined_in = struct.unpack_from("<IBBH", raw, at)
                if defined_in == 0:
                    names.add(raw[texts + name : raw.index(b"\0", texts + name)].decode())
    return names


@pytest.fixture(scope="module")
def libraries():
    """What the installed wheel holds, found without loading it."""
    code = "import importlib.util as u; print(u.find_spec('llama_cpp').submodule_search_locations[0])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return sorted((Path(done.stdout.strip()) / "lib").iterdir())


def test_only_the_libraries_that_a_model_needs_are_installed(libraries):
    names = {path.name for path in libraries}
    assert {"libllama.so", "libggml.so", "libggml-base.so", "libggml-cpu.so"} <= names
    assert all(name.startswith(("libllama.so", "libggml")) for name in names)  # no server, no common code, no curl


def test_no_library_asks_for_a_way_to_the_network(libraries):
    for path in libraries:
        names = asked_of_others(path)
        assert "memcpy" in names or "strlen" in names or "memset" in names or path.name == "libggml.so"
        assert not names & NETWORK


def test_the_reader_of_libraries_sees_a_socket_where_there_is_one():
    done = subprocess.run(
        [sys.executable, "-c", "import _socket; print(_socket.__file__)"], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip("this Python has its sockets built in")
    assert {"socket", "connect", "getaddrinfo"} <= asked_of_others(Path(done.stdout.strip()))


def test_other_arguments_make_another_wheel(monkeypatch):
    monkeypatch.delenv("CMAKE_ARGS", raising=False)
    usual = build_llama.place()
    monkeypatch.setenv("CMAKE_ARGS", "-DGGML_CUDA=ON")
    assert build_llama.arguments().endswith(" -DGGML_CUDA=ON")
    assert build_llama.place() != usual and build_llama.place().parent == usual.parent


@pytest.mark.parametrize("file", ["SOURCE", "TOOLS"])
def test_another_source_or_other_tools_make_another_wheel(monkeypatch, tmp_path, file):
    usual, changed = build_llama.place(), tmp_path / "changed.txt"
    changed.write_text(getattr(build_llama, file).read_text().replace("sha256:", "sha256:0"))
    monkeypatch.setattr(build_llama, file, changed)
    assert build_llama.place() != usual


def test_a_wheel_that_is_given_is_taken(monkeypatch, tmp_path):
    given = tmp_path / "llama_cpp_python-0.3.36-py3-none-any.whl"
    given.write_bytes(b"")
    monkeypatch.setenv("ONPREM_LLAMA_WHEEL", str(given))
    assert build_llama.wheel() == given


def test_a_given_wheel_that_is_not_there_is_told():
    done = run(ONPREM_LLAMA_WHEEL="/nowhere/llama.whl")
    assert (done.returncode, done.stderr) == (2, "llama: ONPREM_LLAMA_WHEEL names no file\n")


def test_without_a_compiler_it_says_what_to_install(tmp_path):
    # arguments of their own, so that no wheel is there
    done = run(PATH=str(tmp_path), CXX="", CMAKE_ARGS="-DNO_COMPILER=1")
    assert done.returncode == 2
    assert "needs a compiler" in done.stderr and "apt-get install g++" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_remark_makes_no_other_wheel(monkeypatch, tmp_path):
    usual, remarked = build_llama.place(), tmp_path / "remarked.txt"
    remarked.write_text("# said anew\n" + build_llama.SOURCE.read_text())
    monkeypatch.setattr(build_llama, "SOURCE", remarked)
    assert build_llama.place() == usual


def test_what_is_installed_is_not_installed_again(monkeypatch):
    if not list(build_llama.place().glob("*.whl")) or os.environ.get("ONPREM_LLAMA_WHEEL"):
        pytest.skip("llama.cpp was not built here: `make test` does that")
    monkeypatch.setattr(build_llama, "run", lambda *_: pytest.fail("pip was run"))
    assert build_llama.main() == 0
