"""Process hygiene: nothing of a record may be left in a core file, a temporary file, a log line or a traceback.

Rules: settled before third-party code is imported; third-party log records and warnings are discarded, because they
quote what they were given; an unexpected failure is told by its type and the place of the code, never by its message.
"""

from __future__ import annotations

import atexit
import ctypes
import logging
import os
import resource
import shutil
import sys
import tempfile
import threading
import traceback
import warnings
from pathlib import Path
from types import TracebackType

from onprem.errors import OnpremError, SiteError, WallError

_PR_GET_DUMPABLE, _PR_SET_DUMPABLE = 3, 4

# No library may look for anything outside, and each worker computes on one core (workers are processes).
OFFLINE = {
    "TLDEXTRACT_PUBLIC_SUFFIX_LIST_URLS": "",
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "DO_NOT_TRACK": "1",
    # onnxruntime 1.32 would keep an identifier of the machine in ~/.cache and queue events for its maker
    "ORT_DISABLE_TELEMETRY": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
}
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OMP_WAIT_POLICY": "PASSIVE",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "BLIS_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
}


def settle() -> None:
    """Apply all of the hygiene that needs no site. Call once per process, workers included, before heavy imports.

    Raises:
        WallError: core files cannot be turned off.
    """
    os.umask(0o077)
    os.environ.update(OFFLINE)
    os.environ.update(ONE_THREAD)
    no_core_files()
    quiet()


def no_core_files() -> None:
    """Turn core files off and make the process unreadable for other processes of the same user.

    Raises:
        WallError: the kernel refuses.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 or libc.prctl(_PR_GET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise WallError("core files cannot be turned off")


def dumpable() -> bool:
    """Return whether the kernel would write a core file of this process, or let others read its memory."""
    return int(ctypes.CDLL(None).prctl(_PR_GET_DUMPABLE, 0, 0, 0, 0)) != 0


def quiet() -> None:
    """Discard third-party log records and warnings; replace every hook that would print an exception's message."""
    logging.disable(sys.maxsize)
    logging.raiseExceptions = False
    logging.lastResort = None
    warnings.showwarning = _discard_warning
    sys.excepthook = _report
    threading.excepthook = _report_thread
    sys.unraisablehook = _report_unraisable
    # multiprocessing prints a child's failure through these two, with the message
    traceback.print_exc = _print_exc
    traceback.print_exception = _print_exception


def quieted() -> bool:
    """Return whether log records of libraries are discarded and every hook that prints an exception is ours."""
    hooks = (sys.excepthook, threading.excepthook, sys.unraisablehook, warnings.showwarning, traceback.print_exception)
    ours = (_report, _report_thread, _report_unraisable, _discard_warning, _print_exception)
    return logging.root.manager.disable >= sys.maxsize and logging.lastResort is None and hooks == ours


def umask() -> int:
    """Return the mask of new files' modes without changing it.

    Raises:
        OSError: /proc is not mounted.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    return int(status.partition("\nUmask:\t")[2].partition("\n")[0], 8)


def temp_is_private() -> bool:
    """Return whether temporary files go to a folder of this user that nobody else may enter."""
    if tempfile.tempdir is None or os.environ.get("TMPDIR") != tempfile.tempdir:
        return False
    try:
        found = Path(tempfile.tempdir).stat()
    except OSError:
        return False
    return found.st_uid == os.geteuid() and not found.st_mode & 0o077


def private_temp(folder: Path | None = None) -> Path:
    """Send temporary files of this process and its children to `folder`, or to a fresh 0700 folder removed at exit.

    Raises:
        SiteError: the folder cannot be made, or others may enter it.
    """
    try:
        if folder is None:
            chosen = Path(tempfile.mkdtemp(prefix="onprem-"))
            atexit.register(_remove, chosen, os.getpid())
        else:
            chosen = folder
            chosen.mkdir(mode=0o700, exist_ok=True)
        if chosen.stat().st_mode & 0o077:
            raise SiteError("the folder for temporary files is open to others", hint=f"chmod 700 {chosen}")
    except OSError:
        raise SiteError(
            "no private folder for temporary files can be made", hint="check TMPDIR and free space"
        ) from None
    os.environ["TMPDIR"] = str(chosen)
    tempfile.tempdir = str(chosen)
    return chosen


def _remove(folder: Path, owner: int) -> None:
    if os.getpid() == owner:  # a forked child must not take it from its parent
        shutil.rmtree(folder, ignore_errors=True)


def place(trace: TracebackType | None) -> str:
    """Return `module:line` of the innermost frame, of this package where there is one: code only, never data."""
    found = "unknown"
    while trace is not None:
        module = str(trace.tb_frame.f_globals.get("__name__", "unknown"))
        if module.partition(".")[0] in ("onprem", "__main__", "__mp_main__") or not found.startswith("onprem"):
            found = f"{module}:{trace.tb_lineno}"
        trace = trace.tb_next
    return found


def describe(error: BaseException) -> str:
    """Return one line without any value: the message of an OnpremError, else the type and the place."""
    if isinstance(error, OnpremError):
        return error.message
    return f"internal error {type(error).__name__} at {place(error.__traceback__)}"


def _say(line: str) -> None:
    if sys.stderr is not None and not sys.stderr.closed:
        sys.stderr.write(f"onprem: error: {line}\n")


def _report(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    _say(error.message if isinstance(error, OnpremError) else f"internal error {kind.__name__} at {place(trace)}")


def _report_thread(arguments: threading.ExceptHookArgs) -> None:
    _say(f"internal error {arguments.exc_type.__name__} in a thread at {place(arguments.exc_traceback)}")


def _report_unraisable(arguments: sys.UnraisableHookArgs) -> None:
    _say(f"internal error {arguments.exc_type.__name__} at {place(arguments.exc_traceback)}")


def _print_exc(*_: object, **__: object) -> None:
    error = sys.exception() if sys.version_info >= (3, 11) else sys.exc_info()[1]
    if error is not None:
        _say(describe(error))


def _print_exception(error: object, *rest: object, **__: object) -> None:
    # both calling forms of the original: (exception) and (type, exception, traceback)
    for candidate in (error, *rest):
        if isinstance(candidate, BaseException):
            _say(describe(candidate))
            return


def _discard_warning(*_: object, **__: object) -> None:
    """Third-party warnings quote their input; there is nowhere safe to show them."""
