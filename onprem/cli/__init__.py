"""The command line: one file per command, imported when it is asked for, so that `onprem --help` starts quickly.

A command's module defines `command` (a function) or `app` (a `typer.Typer` with subcommands). Its line of help stands
in COMMANDS and must begin its docstring, which a test compares. A command function only parses, calls and renders; it
returns None, or raises `typer.Exit(1)` when records are held or a gate failed.
"""

from __future__ import annotations

import importlib
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_group

from onprem import __version__
from onprem.errors import EXIT_CODES

if TYPE_CHECKING:
    from onprem.audit.log import Note
    from onprem.config import Site

COMMANDS: dict[str, str] = {
    "init": "Make a site: settings, keys, audit log, private work area.",
    "deid": "De-identify files or folders: safe records out, doubtful records held.",
    "verify": "Search released files for what should not be in them: the leak gate on its own.",
    "policy": "List, show, check and compare policies; tell the site about a column.",
    "eval": "Measure de-identification, taggers and classifiers against gold, with intervals.",
    "approve": "Approve a release: gives the reference that `onprem deid --approval` asks for.",
    "review": "Look at what a run held or was not sure about, and decide; shows text, needs the role for it, is logged.",
    "model": "Put language models on the site's shelf; list, show, verify, measure and remove them.",
    "chat": "Talk with the site's model, at a terminal or by a message on each line of standard input.",
    "ask": "Answer a question from your documents, with the passages it rests on, or say that it is not in them.",
    "summarise": "Summarise records: a brief of each, with the places of the record that each sentence rests on.",
    "extract": "Extract values from records by a JSON schema, each with its place in the record.",
    "serve": "Let programs of this host use the site's model, on a UNIX socket, in the form of OpenAI's interface.",
    "vault": "Hold the vault's keys; reveal a code; shred a patient.",
    "audit": "Verify, read and review the audit log; sign and keep it.",
    "doctor": "Check this machine and the site, and say how to repair what is wrong.",
    "synth": "Make synthetic patients, notes, labelled sentences or dialogues; screen them if they were made from records.",
    "screen": "Measure whether a synthetic set betrays the records it was made from: PASS or FAIL, with every number.",
    "train": "Train small models on labelled text, synthetic or real; make the models that the package ships.",
}

SiteOption = Annotated[
    Path | None,
    typer.Option("--site", envvar="ONPREM_SITE", metavar="DIR", help="Folder of the site.", show_default=False),
]
JsonOption = Annotated[bool, typer.Option("--json", help="JSON lines on standard output.")]


class LazyGroup(TyperGroup):
    """The root command: knows every command's name and line of help, and imports a command's file when it is run."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401, ARG002 - the context type is private to typer
        """Return the names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401, ARG002 - as above
        """Import and return a command, None if there is none of this name."""
        return load(cmd_name) if cmd_name in COMMANDS else None

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401, ARG002 - as above
        """Write the table of commands without importing any, then the table of exit codes."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(code), words) for code, words in EXIT_CODES.items()])


def load(name: str) -> Any:  # noqa: ANN401 - the command type is private to typer
    """Import the module of a command and return the command object."""
    module = importlib.import_module(f"onprem.cli.{name}")
    if hasattr(module, "app"):
        command: Any = get_group(_plain(module.app))
    else:
        single = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
        single.command(name)(module.command)
        command = get_command(single)
    command.name = name
    command.help = textwrap.dedent(command.help or module.__doc__ or "").strip()
    return command


def _plain(app: typer.Typer) -> typer.Typer:
    app.rich_markup_mode = None
    return app


def _show_version(asked: bool) -> None:
    if asked:
        from onprem.cli import render

        render.line(f"onprem {__version__}")
        raise typer.Exit


def _root(
    version: Annotated[  # noqa: ARG001 - its callback has done what it asks for
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version.")
    ] = False,
    passphrase_fd: Annotated[
        int | None,
        typer.Option("--passphrase-fd", metavar="N", help="Read passphrases from descriptor N, a line each."),
    ] = None,
) -> None:
    """De-identify hospital records on site, with no network, and prove it."""
    if passphrase_fd is not None:
        from onprem.cli import passphrase

        passphrase.read_from(passphrase_fd)


def root() -> Any:  # noqa: ANN401 - the command type is private to typer
    """Build the root command."""
    app = typer.Typer(
        cls=LazyGroup,
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["--help", "-h"], "max_content_width": 110},
    )
    app.callback()(_root)
    group = get_group(app)
    group.commands = dict.fromkeys(COMMANDS)  # type: ignore[assignment]  # names alone, for suggestions
    return group


def open_site(given: Path | None) -> Site:
    """Open the site of a command, check that it is private, and send temporary files into it.

    Raises:
        SiteError: no site is named, the folder is no site, or others may enter it.
        PolicyError: onprem.toml has an unknown key or a bad value.
    """
    from onprem.cli import passphrase
    from onprem.config import find_site
    from onprem.errors import SiteError
    from onprem.security.hygiene import private_temp
    from onprem.vault import custody

    site = find_site(given)
    if site.root.stat().st_mode & 0o077:
        raise SiteError("the site is open to others", hint=f"chmod 700 {site.root}")
    private_temp(site.folder("tmp"))
    custody.open_by(passphrase.open_vault)  # a vault that passphrases hold is opened when something first needs it
    return site


def open_if_named(given: Path | None) -> Site | None:
    """Open the site of a command that goes without one, if one is named.

    Raises:
        SiteError, PolicyError: as `open_site`.
    """
    return None if given is None else open_site(given)


@contextmanager
def logged(site: Site | None, action: str) -> Iterator[Note]:
    """Log a command for which a site may be named: its end is an event there; without a site nobody reads the note.

    Raises:
        AuditError: the event cannot be written.
    """
    from onprem.audit.log import Note, audited

    if site is None:
        yield Note()
        return
    with audited(site, action) as note:
        yield note
