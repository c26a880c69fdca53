"""Build llama-cpp-python from source and install it beside this Python: a step of `make demo` and `make test`.

Rules: the source and what builds it are named by hash (llama.txt, llama-build.txt), and the tools live in an environment
that is thrown away. llama.cpp alone is built, without its common code, tools and servers, so that no library of it can
reach a network. The wheel is kept in .wheels under a key of all that it was made from, and built again only when that
changes. Standard library only.

    ONPREM_LLAMA_WHEEL=FILE   install this wheel, build nothing
    CMAKE_ARGS=-DGGML_CUDA=ON   added to the arguments here: another device, or other instructions of the processor
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCE, TOOLS = HERE / "llama.txt", HERE / "llama-build.txt"
WHEELS = HERE.parent / ".wheels"

# GGML_NATIVE=OFF: for any x86_64 with AVX2, FMA, F16C and BMI2 (2013 and later), any aarch64; a wheel can be carried.
# GGML_OPENMP=ON: with a passive wait policy (onprem.security.hygiene) its threads sleep while they wait. llama.cpp's own
# spin, and on a machine whose cores are busy two of them then write 1 token in the time of 40.
CMAKE_ARGS = """
-DGGML_NATIVE=OFF -DGGML_OPENMP=ON -DGGML_CCACHE=OFF
-DLLAMA_BUILD_COMMON=OFF -DLLAMA_BUILD_TOOLS=OFF -DLLAMA_BUILD_SERVER=OFF -DLLAMA_BUILD_APP=OFF
-DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF
-DBUILD_SHARED_LIBS=ON -DCMAKE_PLATFORM_NO_VERSIONED_SONAME=ON
-DCMAKE_INSTALL_LIBDIR=llama_cpp/lib -DCMAKE_INSTALL_RPATH=$ORIGIN
""".split()
# settings of scikit-build-core: what CMake is to configure, and what of the result is no part of the wheel
SETTINGS = {
    "SKBUILD_CMAKE_SOURCE_DIR": "vendor/llama.cpp",
    "SKBUILD_WHEEL_EXCLUDE": "include/**;bin/**;llama_cpp/lib/cmake/**;llama_cpp/lib/pkgconfig/**;llama_cpp/server/**",
}
COMPILERS = ("c++", "g++", "clang++")


class BuildError(Exception):
    """What went wrong, in a line for the terminal."""


def arguments() -> str:
    """Return the arguments for CMake, those of the environment last, so that they win."""
    return " ".join([*CMAKE_ARGS, *os.environ.get("CMAKE_ARGS", "").split()])


def place() -> Path:
    """Return the folder of the wheel: its name tells the version, the machine, and a digest of what it is made from."""
    source, tools = (
        re.sub(r"^#.*\n", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE) for path in (SOURCE, TOOLS)
    )
    version = source.partition("==")[2].split()[0]
    digest = hashlib.sha256("\0".join([source, tools, arguments(), repr(SETTINGS)]).encode()).hexdigest()[:12]
    return WHEELS / f"llama-cpp-python-{version}-{platform.machine()}-{digest}"


def wheel() -> Path:
    """Return the wheel to install, built where there is none yet."""
    if given := os.environ.get("ONPREM_LLAMA_WHEEL"):
        if not Path(given).is_file():
            raise BuildError("ONPREM_LLAMA_WHEEL names no file")
        return Path(given).resolve()
    if not (found := sorted(place().glob("*.whl"))):
        build(place())
        found = sorted(place().glob("*.whl"))
    return found[0]


def build(folder: Path) -> None:
    """Build the wheel into a folder, which appears by rename."""
    if not any(shutil.which(name) for name in (os.environ.get("CXX", ""), *COMPILERS) if name):
        raise BuildError(
            "llama.cpp is built from source, which needs a compiler for C and C++ (Debian: apt-get install g++); "
            "or give a wheel that was built elsewhere: ONPREM_LLAMA_WHEEL=FILE"
        )
    say(f"building llama.cpp, once: about 4 minutes on two cores; kept in {WHEELS.name}")
    WHEELS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".building-", dir=WHEELS) as made:
        tools, out = Path(made) / "tools", Path(made) / "out"
        venv.create(tools, with_pip=True)
        pip = [str(tools / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
        path = f"{tools / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        environment = {**os.environ, **SETTINGS, "CMAKE_ARGS": arguments(), "PATH": path}
        run([*pip, "install", "--quiet", "--require-hashes", "--only-binary", ":all:", "-r", str(TOOLS)], environment)
        # pip's own cache of built wheels does not ask what arguments they were built with
        offer = ["--no-cache-dir", "--no-deps", "--no-build-isolation", "--require-hashes"]
        run([*pip, "wheel", "--quiet", *offer, "--wheel-dir", str(out), "-r", str(SOURCE)], environment)
        if folder.exists():  # built by another `make` meanwhile
            return
        out.rename(folder)


def install(file: Path) -> None:
    """Install a wheel into this environment, unless it is there."""
    if installed() == hashlib.sha256(file.read_bytes()).hexdigest():
        return
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    run([*pip, "--no-deps", "--no-index", "--force-reinstall", str(file)], dict(os.environ))


def installed() -> str:
    """Return the SHA-256 of the wheel that is installed, as pip noted it (PEP 610); empty where none is."""
    try:
        note = importlib.metadata.distribution("llama-cpp-python").read_text("direct_url.json")
    except importlib.metadata.PackageNotFoundError:
        return ""
    return str(json.loads(note or "{}").get("archive_info", {}).get("hash", "")).removeprefix("sha256=")


def run(command: list[str], environment: dict[str, str]) -> None:
    """Run a command; raises BuildError where it fails, after what it said itself."""
    if subprocess.run(command, check=False, env=environment).returncode:  # noqa: S603 - our own arguments
        raise BuildError(f"this failed: {' '.join(command)}")


def say(words: str) -> None:
    """Tell how it stands."""
    print(f"llama: {words}", file=sys.stderr, flush=True)  # noqa: T201


def main() -> int:
    """Install the wheel; return the exit code."""
    try:
        install(wheel())
    except BuildError as error:
        say(str(error))
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
