"""A site with the small real model on its shelf, and `onprem` run on it in a process or at a terminal of its own."""

import fcntl
import hashlib
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import onprem
from onprem.config import find_site
from onprem.llm.shelf import Asked, Shelf

TIMEOUT = 60  # seconds
CTRL_C, CTRL_D = "\x03", "\x04"
_CONTROL = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|[ -/]*[0-~])")


class World:
    """A folder with a site, and ways to run `onprem` in it. Without a `model` the shelf is empty."""

    def __init__(self, folder, model=None):
        self.folder, self.site = folder, folder / "site"
        assert self.run("init").returncode == 0
        if model is not None:
            digest = hashlib.sha256(model.read_bytes()).hexdigest()
            asked = Asked(sha256=digest, name="small", licence="Apache-2.0", template="chatml")
            Shelf(find_site(self.site)).add(model, asked)

    @property
    def environment(self):
        kept = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
        root = str(Path(onprem.__file__).parents[1])
        path = os.pathsep.join(filter(None, (os.environ.get("PYTHONPATH"), root)))
        return kept | {"ONPREM_SITE": str(self.site), "PYTHONPATH": path, "TERM": "xterm"}

    def run(self, *arguments, typed="", check=None):
        program = [sys.executable, "-m", "onprem", *map(str, arguments)]
        done = subprocess.run(
            program, input=typed.encode("utf-8", "surrogateescape"), capture_output=True, check=False,
            cwd=self.folder, env=self.environment, timeout=TIMEOUT,
        )  # fmt: skip
        assert check is None or done.returncode == check, (done.returncode, done.stdout, done.stderr)
        done.stdout, done.stderr = done.stdout.decode(), done.stderr.decode()
        return done

    def at_terminal(self, *arguments):
        return Terminal([sys.executable, "-m", "onprem", *map(str, arguments)], self.folder, self.environment)

    def events(self, action):
        return [event for event in map(json.loads, self.log().splitlines()) if event["action"] == action]

    def log(self):
        return "".join(path.read_text(encoding="utf-8") for path in sorted((self.site / "audit").glob("*.jsonl")))


class Terminal:
    """A program on a terminal of 80 by 24 characters. Use as a context; it is ended with it."""

    def __init__(self, program, folder, environment):
        self.raw = b""
        self._seen = 0
        self._child, self._terminal = pty.fork()
        if self._child == 0:
            signal.signal(signal.SIGHUP, signal.SIG_DFL)
            fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
            os.closerange(3, 256)
            os.chdir(folder)
            os.execve(program[0], program, environment)

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        os.close(self._terminal)
        if self._child:
            os.kill(self._child, signal.SIGKILL)
            os.waitpid(self._child, 0)

    @property
    def screen(self):
        """All that was written so far, without escape sequences of known form."""
        return _CONTROL.sub(b"", self.raw).decode(errors="replace").replace("\r\n", "\n")

    def wait(self, words):
        """Wait until words come that were not waited for before; return what came up to them and behind."""
        until = time.monotonic() + TIMEOUT
        while words not in (came := self.screen[self._seen :]):
            assert self._read(until), f"never came: {words!r} in {came[-500:]!r}"
        self._seen += came.index(words) + len(words)
        return came

    def wait_for_more(self, many):
        """Wait until some more characters come."""
        until, wanted = time.monotonic() + TIMEOUT, len(self.raw) + many
        while len(self.raw) < wanted:
            assert self._read(until), "nothing more came"

    def send(self, number):
        """Send a signal, to a program that waits for what is typed.

        A signal between the prompt and the waiting is seen by Python at the next key only, so there is a pause.
        """
        time.sleep(0.5)
        os.kill(self._child, number)

    def press(self, keys):
        os.write(self._terminal, keys.encode())

    def ended(self):
        """Wait until the program ends; return its exit code."""
        until = time.monotonic() + TIMEOUT
        while self._read(until):
            pass
        while time.monotonic() < until:
            ended, status = os.waitpid(self._child, os.WNOHANG)
            if ended:
                self._child = 0
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.02)
        raise AssertionError(f"did not end after {self.screen[-500:]!r}")

    def _read(self, until):
        if not select.select([self._terminal], [], [], max(0, until - time.monotonic()))[0]:
            return False
        try:
            piece = os.read(self._terminal, 65_536)
        except OSError:  # the program has left the terminal
            return False
        self.raw += piece
        return bool(piece)
