"""Write the lock files (*.txt) from the lists of direct requirements (*.in), with hashes: `make lock`.

Rules: only wheels; every file that a supported target would install is named by hash; no index, no path. The resolver
is pip itself (`pip install --dry-run --report`), asked once for each target. Versions stay as they are locked unless
`--upgrade` is given. Run on a connected machine; nothing of this is installed.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
LISTS = ("runtime", "test", "dev", "train", "thorough", "bench", "llama-build")
# The first target resolves the versions; the others add the hashes of their own wheels, where there are any.
TARGETS = tuple((python, machine) for machine in ("x86_64", "aarch64") for python in ("3.11", "3.12", "3.13"))
GLIBC = range(36, 16, -1)  # manylinux_2_17 to manylinux_2_36 (Debian 12)

Locked = dict[str, tuple[str, set[str]]]  # name -> version, hashes


def resolve(requirements: Path, constraints: Path | None, python: str, machine: str) -> Locked:
    """Ask pip which wheels it would install on a target; raises CalledProcessError where it finds none."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed"]
        command += ["--only-binary", ":all:", "--target", folder, "--python-version", python, "--implementation", "cp"]
        for minor in GLIBC:
            command += ["--platform", f"manylinux_2_{minor}_{machine}"]
        command += ["--platform", f"manylinux2014_{machine}", "--report", str(report), "-r", str(requirements)]
        command += ["-c", str(constraints)] if constraints else []
        subprocess.run(command, check=True, capture_output=True, cwd=HERE)  # noqa: S603 - our own arguments
        items = json.loads(report.read_text(encoding="utf-8"))["install"]
    locked: Locked = {}
    for item in items:
        name = re.sub(r"[-_.]+", "-", item["metadata"]["name"]).lower()
        locked[name] = (item["metadata"]["version"], {item["download_info"]["archive_info"]["hashes"]["sha256"]})
    return locked


def lock(name: str, constraints: Path | None) -> None:
    """Write one lock file."""
    requirements, output = HERE / f"{name}.in", HERE / f"{name}.txt"
    locked: Locked = {}
    for python, machine in TARGETS:
        pins = HERE / f".{name}.pins"
        pins.write_text("".join(f"{key}=={version}\n" for key, (version, _) in locked.items()), encoding="utf-8")
        try:
            found = resolve(requirements, pins if locked else constraints, python, machine)
        except subprocess.CalledProcessError:
            if not locked:
                raise
            print(f"{name}: no complete set of wheels for Python {python} on {machine}", file=sys.stderr)  # noqa: T201
            continue
        finally:
            pins.unlink()
        for key, (version, hashes) in found.items():
            kept = locked.setdefault(key, (version, set()))
            kept[1].update(hashes)
    lines = [f"# Locked from {name}.in by requirements/lock.py; edit that file and run `make lock`."]
    for key, (version, hashes) in sorted(locked.items()):
        lines.append(" \\\n".join([f"{key}=={version}", *(f"    --hash=sha256:{value}" for value in sorted(hashes))]))
    output.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    """Lock every list; versions come from the lock files that stand, from a constraints file, or fresh."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions that the lists allow")
    parser.add_argument("--constraint", type=Path, help="a file of versions to take")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        pins = Path(folder) / "pins.txt"
        pins.write_text("" if given.upgrade else given.constraint.read_text() if given.constraint else _standing())
        for name in LISTS:
            lock(name, pins)


def _standing() -> str:
    found: dict[str, str] = {}
    for name in LISTS:
        path = HERE / f"{name}.txt"
        if path.is_file():
            found |= dict(re.findall(r"^([a-z0-9-]+)==(\S+)", path.read_text(encoding="utf-8"), re.MULTILINE))
    return "".join(f"{key}=={version}\n" for key, version in found.items())


if __name__ == "__main__":
    main()
