"""No passphrase and no key stands in a command line, an environment, a file or a message, while workers use the vault."""

import base64
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from vault_world import ADA, THREE, VAULT, World


def forms(root):
    """Return the forms in which a secret could show: as typed, in the encodings at hand, the root in hexadecimal."""
    found = [
        root,
        root.hex().encode(),
        root.hex().upper().encode(),
        base64.b64encode(root)[:40],
        repr(root)[2:-1].encode(),
    ]
    for words in (VAULT, ADA, *THREE):
        found += [words.encode(), words.encode("utf-16-le"), words.encode().hex().encode()]
        found.append(base64.b64encode(words.encode())[:16])
    return [form for form in found if len(form) >= 12]


def hits(content, root):
    return [number for number, form in enumerate(forms(root)) if form in content]


def processes(session):
    """Yield the folders in /proc of the processes of a session."""
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and int((folder / "stat").read_text().rpartition(")")[2].split()[3]) == session:
                yield folder
        except (OSError, IndexError):  # ended meanwhile
            continue


def watch(process, pipe):
    """Return what /proc showed of a program's processes while it ran: (lines and environments, pids, pipe's holders)."""
    seen, pids, holders, hidden = {}, set(), set(), set()
    while process.poll() is None:
        for folder in processes(process.pid):
            pids.add(folder.name)
            for name in ("cmdline", "environ"):
                try:
                    seen[folder.name, name] = seen.get((folder.name, name), b"") + (folder / name).read_bytes()
                except PermissionError:
                    hidden.add(folder.name)
                except OSError:
                    continue
            try:
                links = [str(item.readlink()) for item in (folder / "fd").iterdir()]
            except OSError:
                continue
            holders |= {folder.name} if f"pipe:[{pipe}]" in links else set()
        time.sleep(0.02)
    return seen, pids, holders, hidden


@pytest.mark.serial  # on a busy machine a worker is seen before it has begun its own program
@pytest.mark.parametrize("held", ["--passphrase", "--two-of-three"])
def test_no_secret_is_in_proc_or_in_any_file_or_message(tmp_path, held):
    world = World(tmp_path)
    root = (world.site / "keys" / "master.key").read_bytes()
    words = [VAULT] if held == "--passphrase" else list(THREE)
    said = [world.call("vault", "init", held, lines=words, check=0)]
    needed = words[:2]
    said.append(world.call("vault", "enrol", "ada", lines=[*needed, ADA], check=0))
    reading, writing = os.pipe()
    os.write(writing, "".join(f"{line}\n" for line in needed).encode())
    os.close(writing)
    pipe = os.fstat(reading).st_ino
    program = [sys.executable, "-m", "onprem", "--passphrase-fd", str(reading), "deid", str(world.records)]
    started = subprocess.Popen(
        [*program, "--out", str(tmp_path / "out"), "--policy", "ours", "--jobs", "2"],
        env=world.environment,
        cwd=tmp_path,
        pass_fds=[reading],
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    os.close(reading)
    seen, pids, holders, hidden = watch(started, pipe)
    out, err = started.communicate()
    assert started.returncode == 0, err

    main = str(started.pid)
    assert len(pids) >= 3, "both workers were seen"
    assert holders == {main}, "the parent alone holds the pipe of the passphrase"
    if os.geteuid() == 0:
        assert any(b"ONPREM_SITE" in content for (_, name), content in seen.items() if name == "environ")  # the control
    else:
        assert main in hidden  # other processes of the same user cannot look
    assert any(b"deid" in content for (_, name), content in seen.items() if name == "cmdline")
    for content in seen.values():
        assert hits(content, root) == []

    said.append(world.call("vault", "rotate", lines=[*needed, *words], check=0))
    said.append(world.call("vault", "rotate", lines=["wrong words, these", *needed, *words]))
    assert said[-1].returncode == 5
    for content in (out, err, *(item.stdout.encode() + item.stderr.encode() for item in said)):
        assert hits(content, root) == []
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"root.sealed", "codes.sealed", "officers.sealed", "notes.jsonl"} <= {path.name for path in files}
    for path in files:
        assert hits(path.read_bytes(), root) == [], path.name


def test_the_search_finds_what_is_planted():
    root = os.urandom(32)
    for planted in (root, root.hex().encode(), VAULT.encode(), THREE[2].encode(), base64.b64encode(ADA.encode())):
        assert hits(b"before " + planted + b" after", root)
    assert hits(b"nothing of the kind", root) == []
