"""The one importer of llama.cpp's binding: its C functions, and how it turns a JSON schema into a grammar.

Rules: imported in the process of a model and nowhere else. The package's own `__init__` is passed by, because it brings a
template engine and a cache of pickles, and neither has a place here: what a model file says is never rendered, and
nothing is unpickled. What the library logs is read for the few causes we know (`Cause`) and shown to nobody.
"""

from __future__ import annotations

import importlib.util
import sys
import types
from enum import StrEnum
from typing import TYPE_CHECKING

from onprem.errors import ModelError

_PACKAGE = "llama_cpp"


def _without_init() -> None:
    """Put an empty package in place of the binding's own, so that its modules can be imported one by one.

    Raises:
        ModelError: it is not installed.
    """
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.submodule_search_locations is None:
        raise ModelError("llama-cpp-python is not installed", hint="make llama")
    package = types.ModuleType(_PACKAGE)
    package.__path__, package.__spec__ = list(spec.submodule_search_locations), spec
    sys.modules.setdefault(_PACKAGE, package)


_without_init()

from llama_cpp import llama_cpp as C  # noqa: E402, N812 - after the package; C as in its C interface
from llama_cpp.llama_grammar import json_schema_to_gbnf  # noqa: E402

if TYPE_CHECKING:
    import ctypes

__all__ = ["C", "Cause", "heard", "json_schema_to_gbnf", "listen"]


class Cause(StrEnum):
    """Why a model cannot be loaded or computed with, as far as the library's log tells."""

    ARCHITECTURE = "architecture"
    MEMORY = "memory"
    UNSOUND = "unsound"


# what the log holds, in lower case, where it is the cause
_SAID = {
    b"unknown model architecture": Cause.ARCHITECTURE,
    b"unsupported model architecture": Cause.ARCHITECTURE,
    b"failed to allocate": Cause.MEMORY,
    b"unable to allocate": Cause.MEMORY,
    b"out of memory": Cause.MEMORY,
}
_heard: list[Cause] = []


def _hear(_level: int, text: bytes, _data: ctypes.c_void_p) -> None:
    lower = text.lower()
    _heard.extend(cause for words, cause in _SAID.items() if words in lower)


_callback = C.llama_log_callback(_hear)  # kept, because the library keeps its address


def listen() -> None:
    """Let the library log to us alone, and forget what was heard."""
    _heard.clear()
    C.llama_log_set(_callback, None)


def heard() -> Cause:
    """Return the first cause that the log told since `listen`; `UNSOUND` where it told none."""
    return _heard[0] if _heard else Cause.UNSOUND
