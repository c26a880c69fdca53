"""The process of one model, as seen from outside: started, written to, read from, ended.

Rules: what it is started with tells nothing of a record; its environment is the few names it needs; its end, however it
came, is one error that names the signal and no more.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from onprem.errors import ModelError, ResourceError
from onprem.llm import wire
from onprem.llm.contract import Ended
from onprem.llm.told import CODES

_END_S = 5.0  # how long a process may take to end

# all that a model's process has of the environment; what else there is could change what is loaded or computed
_ENVIRONMENT = """PATH HOME LANG LC_ALL LC_CTYPE TMPDIR LD_LIBRARY_PATH PYTHONPATH PYTHONDONTWRITEBYTECODE VIRTUAL_ENV
    CUDA_VISIBLE_DEVICES HIP_VISIBLE_DEVICES""".split()


class Process:
    """The process of one model, and the two pipes to it."""

    def __init__(self) -> None:
        environment = {name: value for name in _ENVIRONMENT if (value := os.environ.get(name)) is not None}
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "onprem.llm.child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # what native code says when it gives up may hold anything
                bufsize=0,
                env=environment,
                process_group=0,  # an interrupt at the terminal is not for it
            )
        except OSError:
            raise ResourceError("the model's process cannot be started", hint="check free memory and limits") from None
        if self._process.stdin is None or self._process.stdout is None:
            raise AssertionError
        self._in, self._out = self._process.stdin, self._process.stdout
        self._reader = wire.Reader(self._out.fileno())
        self.pid = self._process.pid
        self.ended = False

    def send(self, frame: wire.Frame) -> None:
        """Send a frame.

        Raises:
            ModelError: the process has ended.
        """
        if self.ended:
            raise _gone(None)
        try:
            wire.write(self._in.fileno(), frame)
        except wire.Closed:
            raise _gone(self.end()) from None

    def receive(self) -> dict[str, Any]:
        """Wait for the next frame.

        Raises:
            ModelError: the process has ended.
        """
        if self.ended:
            raise _gone(None)
        try:
            frame = self._reader.read()
        except wire.Closed:
            raise _gone(self.end()) from None
        if not _is_known(frame):
            self._process.kill()
            self.end()
            raise ModelError("the model's process says what is not understood", hint="onprem model verify")
        return frame

    def end(self) -> int | None:
        """End the process; return how it ended, None where it had to be killed. Idempotent."""
        self.ended = True
        self._in.close()
        try:
            return self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            return None
        finally:
            self._out.close()


# what each frame of a model's process holds; it is believed no further than it keeps to this
_FORMS: Mapping[str, Mapping[str, type | tuple[type, ...]]] = {
    "ready": {"seconds": (int, float), "gpu_layers": int, "offload": bool, "system": str},
    "failed": {"code": str},
    "count": {"id": int, "count": int},
    "raw": {"id": int, "seconds": (int, float)},
    "piece": {"id": int, "text": str},
    "refused": {"id": int, "code": str},
    "answer": {"id": int, "text": str, "ended": str, "prompt_tokens": int, "tokens": int, "reused": int},
}


def _is_known(frame: Mapping[str, Any]) -> bool:
    said = str(frame.get("is"))
    form = _FORMS.get(said)
    if form is None or not all(isinstance(frame.get(name), kind) for name, kind in form.items()):
        return False
    return ("code" not in form or frame["code"] in CODES[said]) and ("ended" not in form or frame["ended"] in {*Ended})


def _gone(code: int | None) -> ModelError:
    if code is None or code >= 0:
        return ModelError("the model's process has ended", hint="run it again; onprem model verify checks the file")
    name = signal.Signals(-code).name if -code in {*signal.Signals} else f"signal {-code}"
    hints = {
        "SIGKILL": "memory may have run out: take a smaller model, or a shorter --context",
        "SIGILL": "this build of llama.cpp needs AVX2; docs/models.md tells how to build for older machines",
    }
    return ModelError(f"the model's process was ended by {name}", hint=hints.get(name, "onprem model verify"))
