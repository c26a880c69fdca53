"""`onprem ask`: an answer from documents of this machine, with the passages it rests on."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from onprem.cli import JsonOption, SiteOption, open_site, render, with_model
from onprem.cli.harmless import harmless, json_line, one_line
from onprem.cli.with_model import LayersOption, ModelOption, ThreadsOption
from onprem.errors import UsageError

if TYPE_CHECKING:
    from onprem.assist.ask import Found
    from onprem.assist.passages import Library, Passage

MAX_QUESTION = 10_000  # characters
_NAMED = 10  # files with the same reason that are named

_QUESTION = typer.Argument(metavar="QUESTION", help="What to look for; - reads it from standard input.")
_DOCS = typer.Option(
    "--docs", metavar="DIR", help="Folder of documents, with all below it: text, markdown, CSV, JSON lines."
)
_TOP = typer.Option("--top", metavar="N", min=1, max=50, help="Passages to answer from, at most.")


def command(
    question: Annotated[str, _QUESTION],
    docs: Annotated[Path, _DOCS],
    model: ModelOption = None,
    top: Annotated[int, _TOP] = 5,
    gpu_layers: LayersOption = None,
    threads: ThreadsOption = None,
    site: SiteOption = None,
    json: JsonOption = False,
) -> None:
    """Answer a question from your documents, with the passages it rests on, or say that it is not in them.

    What no passage bears out is left out; where nothing is left, the exit code is 1. A question about a patient is better
    piped in: arguments can be seen by others.
    """
    from onprem.assist import marks
    from onprem.assist.ask import ask
    from onprem.assist.passages import read_folder
    from onprem.assist.retrieve import Index
    from onprem.audit.events import Outcome
    from onprem.audit.log import audited

    opened = open_site(site)
    asked = _question(question)
    with audited(opened, "ask") as note:
        library = read_folder(docs)
        note.counts |= {"documents": library.documents, "passages": len(library.passages)}
        _tell_skipped(library)
        index = Index(library.passages)
        with with_model.use(opened, model, gpu_layers=gpu_layers, threads=threads) as llm:
            note.digests["model"] = llm.card.sha256
            render.talk(f"{llm.card.name}, licence {llm.card.licence}; no clinical claim")
            found = ask(llm, index, asked, top=top)
        given = [text for passage in found.given for text in (*passage.heading, passage.text)]
        note.counts |= {"cited": len(found.cited), "answered": int(found.answered), "tokens": found.tokens}
        note.counts |= marks.counted(marks.identifiers([asked, *given]), side="asked")
        note.counts |= marks.counted(marks.identifiers([found.said]), side="said")
        if not found.answered:
            note.outcome = Outcome.HELD
    _tell(found)
    _show(found, library, json=json)
    if not found.answered:
        raise typer.Exit(1)


def _question(given: str) -> str:
    """Return the question, from standard input for a dash.

    Raises:
        UsageError: it is no text, empty or too long.
    """
    try:
        text = (sys.stdin.read(MAX_QUESTION + 1) if given == "-" else given).strip()
        text.encode()
    except UnicodeError:
        raise UsageError("the question is no text", hint="write it in UTF-8") from None
    if not 0 < len(text) <= MAX_QUESTION:
        raise UsageError(f"a question has 1 to {MAX_QUESTION:,} characters")
    return text


def _tell_skipped(library: Library) -> None:
    for reason in dict.fromkeys(item.reason for item in library.skipped):
        names = (one_line(item.file) for item in library.skipped if item.reason == reason)
        render.talk(f"not read, {reason}: {_some(names)}")


def _some(names: Iterable[str]) -> str:
    every = list(names)
    more = f" and {len(every) - _NAMED:,} more" if len(every) > _NAMED else ""
    return ", ".join(every[:_NAMED]) + more


def _tell(found: Found) -> None:
    """Say what was left out on the way to the answer."""
    if found.left_out:
        render.talk(f"{found.left_out} passage(s) did not fit into the model's context and were left out")
    if found.distrusted:
        files = dict.fromkeys(one_line(passage.file) for passage in found.distrusted)
        render.talk(f"{len(found.distrusted)} passage(s) give orders to a model and were left out: {_some(files)}")
    if found.dropped:
        render.talk(f"{found.dropped} sentence(s) of the model were left out: no passage bears them out")
    if found.cut:
        render.talk("the model was not done when its answer was full")


def _show(found: Found, library: Library, *, json: bool) -> None:
    cited = [(number, found.given[number - 1]) for number in sorted(found.cited)]
    closest = [] if found.answered else list(enumerate(found.given, 1))
    if json:
        passages, near = (
            [{"number": number, **_place(passage), "text": passage.text} for number, passage in some]
            for some in (cited, closest)
        )
        distrusted = [_place(passage) for passage in found.distrusted]
        counts = {"left_out": found.left_out, "distrusted": distrusted, "dropped": found.dropped}
        head = {"answered": found.answered, "answer": found.text, "cut": found.cut, "cited": passages, "closest": near}
        read = {"documents": library.documents, "passages": len(library.passages), "skipped": len(library.skipped)}
        render.line(json_line(head | counts | read))
        return
    render.line(harmless(found.text))
    if closest:
        render.talk("the passages that are closest to the question:")
    for number, passage in cited or closest:
        render.line("")
        render.line(one_line(f"[{number}] {_source(passage)}"))
        for text in passage.text.splitlines():
            render.line(f"    {harmless(text)}" if text.strip() else "")


def _source(passage: Passage) -> str:
    row = (f"row {passage.row}",) if passage.row else ()
    return " > ".join((passage.file, *passage.heading, *row))


def _place(passage: Passage) -> dict[str, object]:
    place = {"file": passage.file, "heading": list(passage.heading), "start": passage.start, "end": passage.end}
    return place | ({"row": passage.row} if passage.row else {})
