"""`onprem model`: put language models on the site's shelf; list, show, verify and remove them.

Rules: what a model file says of itself comes from outside: it is cut to a bounded length and made harmless before it is
shown. Every change, and every refusal, is an event of the audit log, by digests and counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from onprem.cli import JsonOption, SiteOption, open_site, render
from onprem.cli.harmless import json_line, one_line
from onprem.cli.model_bench import bench
from onprem.errors import ModelError, OnpremError, UsageError

if TYPE_CHECKING:
    from onprem.audit.log import Note
    from onprem.llm.gguf import Header
    from onprem.llm.shelf import Card, Progress, Shelf, Template
    from onprem.progress import Progress as Bar

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Put language models on the site's shelf; list, show, verify, measure and remove them.",
)

MAX_SHOWN_TEXT = 160  # characters of a text of the file
MAX_SHOWN_KEYS = 200

_FILE = typer.Argument(metavar="FILE", help="The model, in GGUF form; it is copied.")
_SHA256 = typer.Option("--sha256", metavar="DIGEST", help="SHA-256 of the file, as its publisher tells it.")
_NAME = typer.Option("--name", metavar="NAME", help="Name on the shelf; default: from the file's name.")
_LICENCE = typer.Option("--licence", metavar="NAME", help="Licence, such as Apache-2.0; default: what the file names.")
_TEMPLATE = typer.Option(
    "--template", metavar="NAME", help="How prompts are written: chatml, llama3, gemma or plain; default: told apart."
)
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name on the shelf, see `onprem model list`.")]
_NAMES = typer.Argument(metavar="[NAME...]", help="Names on the shelf; default: all.", show_default=False)

_COLUMNS = ("name", "parameters", "quantisation", "bytes", "context", "template", "licence", "added", "state")


@app.command("add")
def add(
    file: Annotated[Path, _FILE],
    sha256: Annotated[str, _SHA256],
    name: Annotated[str, _NAME] = "",
    licence: Annotated[str, _LICENCE] = "",
    template: Annotated[str, _TEMPLATE] = "",
    site: SiteOption = None,
    json: JsonOption = False,
) -> None:
    """Copy a model onto the shelf, if it is the one of that SHA-256, sound, and under a licence."""
    from onprem.audit.log import audited
    from onprem.llm.shelf import SHA256, Asked, Shelf

    opened = open_site(site)
    asked = Asked(sha256.strip().lower(), name, licence, _template(template))
    failure: OnpremError | None = None
    with audited(opened, "model.add", intent=True) as note:
        if SHA256.fullmatch(asked.sha256):
            note.digests["model"] = asked.sha256
        try:
            with render.bar(json=json) as bar:
                card = Shelf(opened).add(file, asked, progress=_mebibytes(bar, "copying", file))
        except (ModelError, UsageError) as error:
            failure = error
            _refused(note, error)
        else:
            note.counts = {"bytes": card.size}
    if failure is not None:
        raise failure
    render.document(_card(card), json=json)


@app.command("list")
def list_all(site: SiteOption = None, json: JsonOption = False) -> None:
    """List the models on the shelf. What is in their files is not read: see `verify`."""
    from onprem.audit.log import audited
    from onprem.llm.shelf import Shelf

    opened = open_site(site)
    shelf = Shelf(opened)
    rows: list[tuple[object, ...]] = []
    with audited(opened, "model.list") as note:
        for name in shelf.names():
            try:
                card = shelf.card(name)
            except ModelError:
                rows.append((name, *(None,) * (len(_COLUMNS) - 2), "the card is damaged"))
                continue
            rows.append((*_row(card, json=json), _state(partial(shelf.path, name))))
        note.counts = {"models": len(rows)}
    render.table(_COLUMNS, rows, json=json)
    if not rows and not json:
        render.talk("there is no model on the shelf; put one there: onprem model add FILE --sha256 DIGEST")


@app.command("show")
def show(name: NameArgument, site: SiteOption = None, json: JsonOption = False) -> None:
    """Show the card of a model, and what its file says of itself, which nobody has checked."""
    from onprem.audit.log import audited
    from onprem.llm.gguf import read_header
    from onprem.llm.shelf import Shelf

    opened = open_site(site)
    shelf = Shelf(opened)
    with audited(opened, "model.show") as note:
        card = shelf.card(name)
        note.digests["model"] = card.sha256
        header = read_header(shelf.path(name))
    said = _said(header)
    if json:
        render.line(json_line({"card": _card(card), "file": said, "keys": _keys(header)}))
        return
    render.document(_card(card), json=False)
    if left := _keys(header) - len(said):
        render.talk(f"{left} more keys are not shown")
    render.table(("the file says", "value"), list(said.items()), json=False, title="what the file says of itself")


@app.command("verify")
def verify(
    names: Annotated[list[str] | None, _NAMES] = None, site: SiteOption = None, json: JsonOption = False
) -> None:
    """Read models whole and compare them with what was added; exit code 1 if one is not the same."""
    from onprem.audit.events import Outcome
    from onprem.audit.log import audited
    from onprem.llm.shelf import Shelf

    opened = open_site(site)
    shelf = Shelf(opened)
    rows: list[tuple[str, str]] = []
    with audited(opened, "model.verify") as note:
        wanted = list(dict.fromkeys(names or shelf.names()))
        if unknown := [name for name in wanted if name not in shelf.names()]:
            shelf.card(unknown[0])  # says so
        for name in wanted:
            with render.bar(json=json) as bar:
                rows.append((name, _state(partial(_verify, shelf, name, bar))))
        changed = sum(state != "ok" for _, state in rows)
        note.counts = {"models": len(rows), "changed": changed}
        if changed:
            note.outcome = Outcome.HELD
    render.table(("name", "state"), rows, json=json)
    if changed:
        render.problem("a model is not the one that was added", "onprem model remove NAME, then add it")
        raise typer.Exit(1)


@app.command("remove")
def remove(name: NameArgument, site: SiteOption = None) -> None:
    """Take a model off the shelf and delete its file."""
    from onprem.audit.log import audited
    from onprem.llm.shelf import Shelf

    opened = open_site(site)
    shelf = Shelf(opened)
    with audited(opened, "model.remove", intent=True) as note:
        try:
            card = shelf.card(name)
        except ModelError:  # a damaged one can be removed; one that is not there is told by `remove`
            note.counts = {"damaged": 1}
        else:
            note.digests["model"], note.counts = card.sha256, {"bytes": card.size}
        shelf.remove(name)
    render.talk(f"{name} is no longer on the shelf")


def _template(given: str) -> Template | Literal[""]:
    """Return a template of ours by its name, "" for none.

    Raises:
        UsageError: there is none of this name.
    """
    from onprem.llm.shelf import TEMPLATES

    found = [template for template in TEMPLATES if template == given]
    if given and not found:
        raise UsageError("there is no such template", hint=f"there are: {', '.join(TEMPLATES)}")
    return found[0] if found else ""


def _refused(note: Note, failure: OnpremError) -> None:
    """Note that nothing was added, and the code of the reason."""
    from onprem.audit.events import Outcome
    from onprem.llm.shelf import NoLicenceError, OtherFileError, UnsoundFileError

    codes = {UnsoundFileError: "unsound", OtherFileError: "digest", NoLicenceError: "licence", ModelError: "unreadable"}
    note.outcome = Outcome.REFUSED
    note.counts = {f"refused.{codes.get(type(failure), 'usage')}": 1}


def _verify(shelf: Shelf, name: str, bar: Bar) -> None:
    shelf.verify(name, progress=_mebibytes(bar, "reading", shelf.path(name)))


def _state(check: Callable[[], object]) -> str:
    """Return "ok", or what a check of a model says is wrong."""
    try:
        check()
    except ModelError as failure:
        return failure.message
    return "ok"


def _mebibytes(bar: Bar, stage: str, file: Path) -> Progress:
    """Begin a stage as long as a file; return what is to be told of bytes, and shows MiB."""
    try:
        size = file.stat().st_size
    except OSError:  # told by what reads it
        size = 0
    bar.stage(f"{stage} (MiB)", -(-size >> 20))
    done = 0

    def progress(count: int) -> None:
        nonlocal done
        bar.advance((-(-min(done + count, size) >> 20)) - (-(-done >> 20)))
        done += count

    return progress


def _card(card: Card) -> dict[str, object]:
    """Return a card as it is shown; its architecture is the file's own word."""
    shown = card.model_dump(exclude={"v", "size"}) | {"bytes": card.size}
    return shown | {"architecture": one_line(card.architecture)}


def _row(card: Card, *, json: bool) -> tuple[object, ...]:
    """Return the row of a card, without its state; for people, large numbers are rounded."""
    numbers = (card.parameters, card.size) if json else (_count(card.parameters), _giga(card.size))
    return (
        card.name, numbers[0], card.quantisation, numbers[1], card.context_length, card.template, card.licence,
        card.added if json else card.added[:10],
    )  # fmt: skip


def _count(number: int) -> str:
    return f"{number / 1e9:.1f}B" if number >= 1e9 else f"{number / 1e6:.0f}M" if number >= 1e6 else str(number)


def _giga(size: int) -> str:
    return f"{size / 2**30:.2f} GiB" if size >= 2**30 else f"{size / 2**20:.1f} MiB"


def _keys(header: Header) -> int:
    return len(header.values) + len(header.lengths)


def _said(header: Header) -> dict[str, object]:
    """Return what a file says of itself: the first keys, in order, cut and harmless; of a list its length alone."""

    def shown() -> Iterator[tuple[str, object]]:
        for key in sorted({*header.values, *header.lengths})[:MAX_SHOWN_KEYS]:
            if key in header.lengths:
                yield _cut(key), f"a list of {header.lengths[key]}"
            else:
                value = header.values[key]
                plain = isinstance(value, int) or (isinstance(value, float) and isfinite(value))
                yield _cut(key), value if plain else _cut(str(value))  # JSON knows no infinite number

    return dict(shown())


def _cut(text: str) -> str:
    """Return a text of a model file as it may be shown."""
    more = f"… ({len(text)} characters)" if len(text) > MAX_SHOWN_TEXT else ""
    return one_line(text[:MAX_SHOWN_TEXT]) + more


app.command("bench")(bench)
