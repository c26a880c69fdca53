"""`onprem audit checkpoint` and `cosign`: what the log is, signed by the site and by a second person, to keep elsewhere."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from onprem.cli import JsonOption, SiteOption, open_site, render
from onprem.errors import AccessError, AuditError, OutputError, UsageError

if TYPE_CHECKING:
    from onprem.config import Site

_OUT = typer.Option("--out", metavar="FILE", help="Where to write it; keep it outside the site.")
_PAGE = typer.Option("--page", metavar="FILE.html", help="Write a page to print and file, with the text and a QR code.")
_QR = typer.Option("--qr", help="Show the QR code on the terminal as well.")
_CHECKPOINT = typer.Argument(metavar="[CHECKPOINT]", help="The checkpoint to cosign.", show_default=False)
_KEY = typer.Option("--key", metavar="FILE", help="The cosigner's key, on a medium of their own.")
_NEW_KEY = typer.Option("--new-key", metavar="FILE", help="Make a key there, and print the line others trust it by.")
_NAME = typer.Option("--name", metavar="LOGIN", help="The cosigner's name.")


def checkpoint(
    out: Annotated[Path, _OUT],
    page: Annotated[Path | None, _PAGE] = None,
    qr: Annotated[bool, _QR] = False,
    site: SiteOption = None,
    json: JsonOption = False,
) -> None:
    """Sign size and root of the log as it stands; keep the file outside the site."""
    from onprem.audit.checkpoint import sign
    from onprem.audit.log import audited
    from onprem.audit.verify import check

    opened = open_site(site)
    for path in (out, page):
        if path is not None:
            _check_new(opened, path)
    with audited(opened, "audit.checkpoint") as note:
        state = check(opened)
        if not state.sound:
            raise AuditError("the audit log does not verify, so it is not signed", hint="onprem audit verify")
        text = sign(opened, state.tree.size, state.tree.root(), state.last_utc)
        _write(out, text)
        note.counts = {"lines": state.tree.size}
        note.digests = {"checkpoint": state.tree.root().hex()}
        if page is not None:
            _write_page(page, text, size=state.tree.size, last=state.last_utc)
    if json:
        render.document({"file": str(out), "lines": state.tree.size, "root": state.tree.root().hex()}, json=True)
    else:
        render.talk(f"checkpoint of {state.tree.size} lines written: {out}")
    if qr and not json:
        from onprem.report.checkpoint_page import qr_lines

        for row in qr_lines(text.decode()):
            render.line(row)


def _check_new(site: Site, path: Path) -> None:
    if path.resolve().is_relative_to(site.root):
        raise OutputError("a checkpoint inside the site proves nothing", hint="name a file outside the site")
    if path.exists():
        raise OutputError("the checkpoint file exists already", hint="name a new file")


def _write_page(path: Path, text: bytes, *, size: int, last: str) -> None:
    from onprem.report.checkpoint_page import render_checkpoint

    written = text.decode()
    _write(path, render_checkpoint(written, log=written.partition("\n")[0], size=size, last=last).encode())


def _write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, in the place of one that there was."""
    partial = path.with_name(f".{path.name}.new")
    try:
        with partial.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.rename(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise OutputError("the checkpoint cannot be written", hint=f"check the folder of {path}") from None


def cosign(
    point: Annotated[Path | None, _CHECKPOINT] = None,
    key: Annotated[Path | None, _KEY] = None,
    new_key: Annotated[Path | None, _NEW_KEY] = None,
    name: Annotated[str, _NAME] = "",
    page: Annotated[Path | None, _PAGE] = None,
    site: SiteOption = None,
    json: JsonOption = False,
) -> None:
    """Add a second person's signature to a checkpoint that the log agrees with, by a key on other media."""
    opened = open_site(site)
    if not name:
        raise UsageError("the cosigner is not named", hint="give --name LOGIN")
    if new_key is not None and point is None and key is None:
        _make_key(opened, new_key, name, json=json)
    elif point is not None and key is not None and new_key is None:
        _cosign(opened, point, key, name)
        if page is not None:
            _page_of(opened, point, page)
    else:
        raise UsageError("give a checkpoint and --key FILE, or --new-key FILE alone", hint="onprem audit cosign --help")


def _make_key(site: Site, path: Path, name: str, *, json: bool) -> None:
    from onprem.audit.checkpoint import cosigner
    from onprem.audit.log import audited
    from onprem.vault.keys import create_key, read_key

    _check_medium(site, path.parent)
    with audited(site, "audit.cosign", purpose="new-key"):
        cosigner(name, bytes(32))  # refuses an unfit name before a key is made
        create_key(path)
        line = cosigner(name, read_key(path)).text()
    render.document({"cosigner": line}, json=True) if json else render.line(line)
    render.talk("keep the line above where the site's owner cannot change it; verify with --cosigners FILE")


def _check_medium(site: Site, folder: Path) -> None:
    """Refuse a key in the site; say so where it lies on the same file system."""
    if folder.resolve().is_relative_to(site.root):
        raise OutputError(
            "a cosigner's key inside the site proves nothing", hint="name a file on a medium of their own"
        )
    if folder.exists() and folder.stat().st_dev == site.root.stat().st_dev:
        render.talk("warning: the key lies on the site's own file system, where the site's owner may read it")


def _cosign(site: Site, path: Path, key: Path, name: str) -> None:
    from onprem.audit.checkpoint import cosign as add_cosignature
    from onprem.audit.checkpoint import read, read_bounded
    from onprem.audit.log import actor, audited
    from onprem.audit.verify import check
    from onprem.policy.access import load_access, permit
    from onprem.vault.keys import read_key

    _check_medium(site, key.parent)
    with audited(site, "audit.cosign") as note:
        if name == actor():
            raise AccessError("a cosignature takes a second person", hint="give the name and key of another person")
        grant = permit(load_access(site.folder("policies")), "cosign", name)
        note.role, note.second, note.digests["access"] = grant.role, name, grant.digest
        state = check(site, path)
        known = read(path)
        if not state.sound:
            raise AuditError("the log does not agree with the checkpoint", hint="onprem audit verify --against FILE")
        _write(path, add_cosignature(read_bounded(path), name, read_key(key)))
        note.counts = {"lines": known.size}
        note.digests["checkpoint"] = known.root.hex()
    render.talk(f"cosigned by {name}: {path}")


def _page_of(site: Site, point: Path, page: Path) -> None:
    from onprem.audit.checkpoint import read, read_bounded

    _check_new(site, page)
    known = read(point)
    _write_page(page, read_bounded(point), size=known.size, last=known.last)
