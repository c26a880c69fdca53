"""`onprem serve`: the site's model for other programs of this host."""

from __future__ import annotations

import signal
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from onprem.cli import SiteOption, open_site, render, with_model
from onprem.cli.with_model import LayersOption, ModelOption, ThreadsOption
from onprem.errors import UsageError

if TYPE_CHECKING:
    from onprem.security.door import Door

_SEQUENCES = 8  # answers that are written at a time

_SOCKET = typer.Option("--socket", metavar="PATH", help="UNIX socket to make, in a folder of its own.")
_GROUP = typer.Option("--group", metavar="NAME", help="Group of this host that may connect; default: this user alone.")
_TOKEN = typer.Option(
    "--token-file",
    metavar="FILE",
    help="Where the token is left; default: serve.token in the site.",
    show_default=False,
)


def command(
    socket: Annotated[Path, _SOCKET],
    model: ModelOption = None,
    group: Annotated[str | None, _GROUP] = None,
    token_file: Annotated[Path | None, _TOKEN] = None,
    gpu_layers: LayersOption = None,
    threads: ThreadsOption = None,
    site: SiteOption = None,
) -> None:
    """Let programs of this host use the site's model, on a UNIX socket, in the form of OpenAI's interface.

    No network is opened. Ends by SIGTERM or Ctrl-C; running answers are given a few seconds.
    """
    from onprem.assist import marks
    from onprem.assist.serve.connection import Limits
    from onprem.assist.serve.server import Server
    from onprem.assist.serve.tally import Tally
    from onprem.assist.serve.token_file import FILE, lent
    from onprem.audit.log import audited
    from onprem.security.door import trusted

    # until the server has its own: what was begun is taken back
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    opened, tally = open_site(site), Tally()
    with ExitStack() as held:
        with audited(opened, "serve.open") as note:
            door = _door(socket)
            path = opened.root / FILE if token_file is None else trusted(token_file.parent) / token_file.name
            marks.identifiers([""])  # a damaged detector is told now, and not after the first answer
            llm = held.enter_context(
                with_model.use(opened, model, sequences=_SEQUENCES, gpu_layers=gpu_layers, threads=threads)
            )
            # the site is closed to the group, so the token is for it only where another place is named
            token = held.enter_context(lent(path, None if token_file is None else door.gid))
            render.talk(f"{llm.card.name}, licence {llm.card.licence}; no clinical claim")
            note.digests["model"] = llm.card.sha256
            note.counts["group"] = int(door.gid is not None)
        whom = "this user alone" if group is None else f"group {group}"
        where = f"serving {llm.card.name} on {door.path}, the one door in the walls, mode {door.mode:04o}"
        with audited(opened, "serve.close") as note:
            note.digests["model"] = llm.card.sha256
            try:
                server = Server(door, llm, token, tally, Limits())
                server.answer(lambda: render.talk(f"{where}: for {whom}, with the token in {path}"))
            finally:
                note.counts |= tally.counts()


def _door(asked: Path) -> Door:
    """Return the door that was opened before the walls were raised.

    Raises:
        UsageError: there is none, or it is another.
    """
    from onprem.security.door import opened

    door = opened()
    if door is None or Path(door.given) != asked:
        hint = "onprem serve --socket PATH, with `serve` as the first word and --socket given once"
        raise UsageError("the socket can only be made before the walls are raised", hint=hint)
    return door
