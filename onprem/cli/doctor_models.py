"""What `onprem doctor` looks at of language models: whether they can be computed, where, and that none was exchanged."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import metadata, util
from typing import TYPE_CHECKING

from onprem.cli.doctor_walls import bad, fine
from onprem.errors import OnpremError
from onprem.model import Finding, Severity

if TYPE_CHECKING:
    from onprem.config import Site

_NAME = "language models"


def runtime() -> Iterable[Finding]:
    """Say whether llama.cpp is installed, and how models would be computed on this machine."""
    from onprem.llm import placing

    if util.find_spec("llama_cpp") is None:
        message = "llama-cpp-python is not installed: ask, chat, summarise, extract and serve need it"
        yield Finding(_NAME, Severity.WARNING, "", message, "make llama")
        return
    threads, gpu = placing.physical_cores(), placing.has_gpu()
    where = "a GPU is seen (onprem model bench tells whether it is used)" if gpu else "no GPU is seen"
    free = placing.free_memory() / (1 << 30)
    version = metadata.version("llama-cpp-python")
    cores = f"{threads} thread{'s' * (threads > 1)}, one a physical core"
    yield fine(_NAME, f"llama-cpp-python {version}; {cores}; {where}; {free:.1f} GiB of memory are free")


def shelf(site: Site) -> Iterable[Finding]:
    """Compare the size of each model on the shelf with its card; `onprem model verify` reads them whole."""
    from onprem.llm.shelf import Shelf

    models = Shelf(site)
    names = models.names()
    sound = True
    for name in names:
        try:
            models.path(name)
        except OnpremError as failure:
            sound = False
            yield bad("shelf", failure.message, failure.hint)
    if not sound:
        return
    said = f"{len(names)} on the shelf: {', '.join(names)}" if names else "none on the shelf"
    yield fine("shelf", said)
