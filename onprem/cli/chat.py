"""`onprem chat`: a conversation with the site's model at this terminal, and transcripts that were kept of others."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from onprem.cli import JsonOption, SiteOption, open_site, render, with_model
from onprem.cli.harmless import harmless, in_json, one_line
from onprem.cli.with_model import LayersOption, ModelOption, ThreadsOption
from onprem.errors import InputError, UsageError

if TYPE_CHECKING:
    from onprem.assist.conversation import Conversation
    from onprem.audit.log import Note
    from onprem.config import Site
    from onprem.llm.contract import LLM

MAX_SEED = 2**32 - 2
MAX_SYSTEM_BYTES = 200_000

_SYSTEM = typer.Option("--system", metavar="FILE", help="Text that the model is told first.")
_SAVE = typer.Option("--save", help="Keep a transcript, sealed by the site's vault; else nothing is written.")
_SEED = typer.Option("--seed", min=0, max=MAX_SEED, help="The same conversation and seed give the same answers.")
_MOST = typer.Option(
    "--max-tokens", metavar="N", min=1, help="Tokens of an answer; a quarter of the context at most.", show_default=True
)
_LIST = typer.Option("--list", help="List the transcripts that were kept.")
_SHOW = typer.Option("--show", metavar="NAME", help="Print a transcript.")


def command(
    model: ModelOption = None,
    system: Annotated[Path | None, _SYSTEM] = None,
    save: Annotated[bool, _SAVE] = False,
    seed: Annotated[int, _SEED] = 0,
    max_tokens: Annotated[int, _MOST] = 1_024,
    listed: Annotated[bool, _LIST] = False,
    show: Annotated[str, _SHOW] = "",
    gpu_layers: LayersOption = None,
    threads: ThreadsOption = None,
    site: SiteOption = None,
    json: JsonOption = False,
) -> None:
    """Talk with the site's model, at a terminal or by a message on each line of standard input.

    Makes no clinical claim. Identifiers in what you type are marked and counted; nothing is written unless you --save.
    """
    if listed or show:
        if save or system is not None or (listed and show):
            raise UsageError("--list and --show stand alone")
        _list(open_site(site), json=json) if listed else _show(open_site(site), show, json=json)
        return
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    if terminal and json:
        raise UsageError("--json is for piped messages", hint="onprem chat --json < MESSAGES")
    from onprem.assist import transcript
    from onprem.assist.conversation import Conversation
    from onprem.audit.events import Outcome
    from onprem.audit.log import audited

    for ending in (signal.SIGTERM, signal.SIGHUP):  # so that what was said is counted, and kept where that was asked
        if signal.getsignal(ending) is not signal.SIG_IGN:
            signal.signal(ending, signal.default_int_handler)
    opened = open_site(site)
    with audited(opened, "chat") as note:
        told = "" if system is None else _read(system)
        key = transcript.prepare(opened) if save else None  # a passphrase is asked for now, and not after the chat
        with with_model.use(opened, model, gpu_layers=gpu_layers, threads=threads) as llm:
            note.digests["model"] = llm.card.sha256
            to_end = "; /help for help, /quit or Ctrl-D to end" if terminal else ""
            render.talk(f"{llm.card.name}, licence {llm.card.licence}; no clinical claim{to_end}")
            conversation = Conversation(llm, system=told, seed=seed, most=max_tokens)
            name = ""
            try:
                fine = _hold(llm, conversation, note, terminal=terminal, json=json)
                if not fine:
                    note.outcome = Outcome.HELD
            finally:
                if key is not None and conversation.turns:
                    card = llm.card
                    kept = transcript.Transcript(card.name, card.sha256, seed, told, tuple(conversation.turns))
                    name = transcript.save(opened, key, kept)
                note.counts["saved"] = int(bool(name))
    if name:
        render.talk(f"the transcript is kept, sealed; to read it: onprem chat --show {name}")
    if not fine:
        raise typer.Exit(1)


def _hold(llm: LLM, conversation: Conversation, note: Note, *, terminal: bool, json: bool) -> bool:
    """Hold the conversation; return whether every message was answered. The note gets its counts, however it ends."""
    from onprem.assist.session import Session
    from onprem.cli.chat_screen import Terminal, by_lines

    session = Session(conversation)
    try:
        if not terminal:
            return by_lines(llm, session, json=json)
        Terminal(llm, session).run()
        return True
    finally:
        session.close()
        note.counts |= session.counts()


def _read(path: Path) -> str:
    """Return the text of a file for --system.

    Raises:
        InputError: it cannot be read.
    """
    from onprem.assist.passages import read_text

    try:
        return read_text(path, most=MAX_SYSTEM_BYTES).strip()
    except InputError as error:
        raise InputError(f"the file of --system is not taken: {error.message}", hint=error.hint) from None


def _list(site: Site, *, json: bool) -> None:
    from onprem.assist import transcript
    from onprem.audit.log import audited

    with audited(site, "chat.list") as note:
        found = transcript.names(site)
        note.counts["transcripts"] = len(found)
    render.table(("name", "bytes"), found, json=json)


def _show(site: Site, name: str, *, json: bool) -> None:
    from onprem.assist import transcript
    from onprem.audit.log import audited
    from onprem.llm.contract import Ended

    with audited(site, "chat.show") as note:
        shown = transcript.read(site, name)
        note.digests["model"] = shown.sha256
        note.counts["turns"] = len(shown.turns)
    if json:
        render.line(in_json(transcript.dump(shown)))
        return
    render.line(f"{one_line(name)}: {shown.model}, seed {shown.seed}")
    if shown.system:
        render.line(f"\nsystem> {harmless(shown.system)}")
    for turn in shown.turns:
        render.line(f"\nyou> {harmless(turn.asked)}")
        render.line(
            f"\n{shown.model}> {harmless(turn.said)}" + ("" if turn.ended is Ended.STOP else f" [{turn.ended}]")
        )
