"""A server in a process of its own with a stand-in for the model, and clients of it."""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx2
import openai

import onprem

ENTRY = Path(__file__).with_name("serve_entry.py")
HEAD = b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\n"
ASKED = [{"role": "user", "content": "good morning"}]


class Server:
    """A server in a process of its own, with a stand-in for the model."""

    def __init__(self, folder, *arguments, limits=None):
        self.folder, self.site = folder, folder / "site"
        self.path, self.token_file = folder / "run" / "s", self.site / "serve.token"
        (folder / "run").mkdir(mode=0o700, exist_ok=True)
        if not self.site.exists():
            subprocess.run([sys.executable, "-m", "onprem", "init", "--site", self.site], env=self.env, check=True)
            for name in ("gate", "heard"):
                os.mkfifo(self.site / "tmp" / name)
        # both ends are open here, so that neither side ever waits for the other to open its own
        self.gate, self.ear = (os.open(self.site / "tmp" / name, os.O_RDWR) for name in ("gate", "heard"))
        environment = self.env | {"ONPREM_TEST_LIMITS": json.dumps(limits or {})}
        program = [sys.executable, ENTRY, "serve", "--socket", self.path, "--site", self.site, *arguments]
        self.process = subprocess.Popen(
            [*map(str, program)], env=environment, text=True, stderr=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.begun = "" if "slow-to-load" in arguments else self.process.stderr.readline()
        if self.begun.endswith("no clinical claim\n"):
            self.begun += self.process.stderr.readline()
        self.token = self.token_file.read_text().strip() if self.token_file.exists() else ""

    @property
    def env(self):
        kept = {key: value for key, value in os.environ.items() if not key.startswith("ONPREM_")}
        root = str(Path(onprem.__file__).parents[1])
        return kept | {"PYTHONPATH": root, "ONPREM_TEST_ROOM": str(self.site / "tmp")}

    @contextlib.contextmanager
    def client(self, token=None):
        transport = httpx2.HTTPTransport(uds=str(self.path))
        with (
            httpx2.Client(transport=transport) as http,
            openai.OpenAI(
                base_url="http://site/v1", api_key=token or self.token, http_client=http, max_retries=0, timeout=30
            ) as client,
        ):
            yield client

    def chat(self, content, **more):
        with self.client() as client:
            asked = [{"role": "user", "content": content}]
            return client.chat.completions.create(model="scripted", messages=asked, **more)

    def raw(self, *parts, close=True):
        """Send bytes as they are; return all that comes until the server closes."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(30)
            client.connect(str(self.path))
            for part in parts:
                client.sendall(part)
            if close:
                client.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: client.recv(65_536), b""))

    def heard(self):
        assert select.select([self.ear], [], [], 30)[0], "nothing happened"
        return os.read(self.ear, 100).decode().strip()

    def open_gate(self):
        os.write(self.gate, b"go\n")

    def end(self, number=signal.SIGTERM):
        """End the server; return as `ended`."""
        self.process.send_signal(number)
        return self.ended()

    def ended(self):
        """Wait for the end; return the exit code, what was printed, and the last event of the log."""
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out + self.begun + err, self.events()[-1]

    def kill(self):
        self.process.kill()
        self.process.communicate()
        os.close(self.gate)
        os.close(self.ear)

    def events(self):
        lines = [line for path in sorted(self.site.glob("audit/*.jsonl")) for line in path.read_text().splitlines()]
        return [json.loads(line) for line in lines]
