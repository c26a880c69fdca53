"""`onprem vault`: who holds the keys, what a code stands for, forgetting a patient. No secret is ever an argument."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from onprem.cli import JsonOption, SiteOption, open_site, passphrase, render, vault_patients
from onprem.errors import UsageError

if TYPE_CHECKING:
    from onprem.config import Site
    from onprem.vault.custody import Holding, Status
    from onprem.vault.wrapping import Held

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Hold the vault's keys; reveal a code; shred a patient."
)
app.command("reveal")(vault_patients.reveal)
app.command("shred")(vault_patients.shred)

YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
_WORDS = {"key-file": "a key file", "passphrase": "a passphrase", "two-of-three": "any two of three passphrases"}


@app.command("init")
def init(
    site: SiteOption = None,
    one: Annotated[bool, typer.Option("--passphrase", help="Hold it by one passphrase.")] = False,
    three: Annotated[bool, typer.Option("--two-of-three", help="Hold it by any two of three passphrases.")] = False,
    json: JsonOption = False,
) -> None:
    """Wrap a site's plain key: under a new key file, or under passphrases; the plain one is removed."""
    if one and three:
        raise UsageError("--passphrase and --two-of-three exclude each other")
    held: Held = "passphrase" if one else "two-of-three" if three else "key-file"
    opened = open_site(site)
    _change(opened, "vault.init", held, json=json)


@app.command("split")
def split(site: SiteOption = None, json: JsonOption = False) -> None:
    """Hold the vault by any two of three passphrases from now on."""
    _change(open_site(site), "vault.split", "two-of-three", json=json)


@app.command("rotate")
def rotate(
    site: SiteOption = None,
    new_epoch: Annotated[
        bool, typer.Option("--new-epoch", help="Later releases get other codes and other shifts.")
    ] = False,
    yes: YesOption = False,
    json: JsonOption = False,
) -> None:
    """Wrap the root key anew, under a new key file or new passphrases; codes, shifts and links stay."""
    opened = open_site(site)
    if new_epoch:
        question = "Later releases will not fit together with earlier ones."
        passphrase.confirmed(question, yes=yes)
    _change(opened, "vault.rotate", None, new_epoch=new_epoch, json=json)


def _change(site: Site, action: str, held: Held | None, *, new_epoch: bool = False, json: bool) -> None:
    """Change how the root is held (None: as now), under the rule of `rotate`."""
    from onprem.audit.log import audited
    from onprem.cli.second_person import allowed
    from onprem.vault import custody

    with audited(site, action, intent=True) as note:
        allowed(site, "rotate").note(note)
        before = custody.status(site)
        custody.root(site)  # asked for before the new passphrases are
        if action == "vault.init" and not before.plain:
            _finish(site, before)
        after = custody.change(site, _new(held or before.held), new_epoch=new_epoch)
        note.counts = {"wrapping": after.wrapping, "epoch": after.epoch}
    if json:
        render.document(_shown(after), json=True)
        return
    render.talk(f"the vault is held by {_WORDS[after.held]} now" + (f", epoch {after.epoch}" if new_epoch else ""))
    if before.plain:
        render.talk("copies of keys/master.key, in backups too, still open the vault: destroy them")
    else:
        render.talk("copies of the keys folder from before still open the vault with what opened it then: destroy them")


def _finish(site: Site, held: Status) -> NoReturn:
    """Remove what a `vault init` that was cut short left over; there is nothing else to do at such a site.

    Raises:
        UsageError: there is nothing to finish.
        Exit: it was finished.
    """
    from onprem.vault import custody

    if custody.tidy(site) == 0:
        hint = "onprem vault rotate, or onprem vault split"
        raise UsageError(f"the vault is held by {_WORDS[held.held]} already", hint=hint)
    render.talk(f"what was cut short is finished: the vault is held by {_WORDS[held.held]}")
    raise typer.Exit(0)


def _new(held: Held) -> Holding:
    """Ask for what a new wrapping is under."""
    from onprem.vault.custody import Holding

    labels = {"key-file": (), "passphrase": ("passphrase of the vault",)}
    three = tuple(f"passphrase of the {which} holder" for which in ("first", "second", "third"))
    return Holding(held, tuple(passphrase.new_secret(label) for label in labels.get(held, three)))


@app.command("status")
def status(site: SiteOption = None, json: JsonOption = False) -> None:
    """Show how the key is held and how much the vault holds; asks for nothing."""
    from onprem.audit.log import audited
    from onprem.vault import codes, custody, officers, subjects
    from onprem.vault.sealed import count_rows

    opened = open_site(site)
    with audited(opened, "vault.status") as note:
        found = custody.status(opened)
        folder = opened.folder("vault")
        counts = {
            "patients": count_rows(folder / subjects.FILE),
            "reversible_codes": count_rows(folder / codes.LOOKUP),
            "patients_with_codes": count_rows(folder / codes.ROWS),
            "officers": count_rows(folder / officers.FILE),
        }
        note.counts = {"wrapping": found.wrapping, "epoch": found.epoch} | counts
    render.document(_shown(found) | counts, json=json)
    if found.leftovers:
        render.talk(
            f"a change was cut short: {found.leftovers} old key file(s) remain; finish with: onprem vault rotate"
        )


def _shown(found: Status) -> dict[str, object]:
    cost = found.cost
    return {
        "held_by": found.held,
        "plain_key_file": found.plain,
        "wrapping": found.wrapping,
        "epoch": found.epoch,
        "argon2id": "" if cost is None else f"{cost.memory_kib} KiB, {cost.passes} passes, {cost.lanes} lanes",
    }


@app.command("enrol")
def enrol(
    login: Annotated[str, typer.Argument(metavar="[LOGIN]", help="Whose; yours if not given.")] = "",
    replace: Annotated[bool, typer.Option("--replace", help="A forgotten passphrase: do not ask for it.")] = False,
    site: SiteOption = None,
) -> None:
    """Set the passphrase by which a second person agrees to a reveal or a shredding."""
    from onprem.audit.log import actor, audited
    from onprem.cli.second_person import allowed, checked_login
    from onprem.errors import AccessError
    from onprem.vault.officers import Officers

    opened = open_site(site)
    whose = checked_login(login or actor())
    with audited(opened, "vault.enrol", intent=True) as note:
        allowed(opened, "rotate").note(note)
        note.second = whose
        with Officers.open(opened) as officers:
            known = officers.enrolled(whose)
            if known and not replace and not officers.check(whose, passphrase.secret(f"present passphrase of {whose}")):
                raise AccessError("that is not the present passphrase", hint="if it is lost: --replace")
            officers.enrol(whose, passphrase.new_secret(f"passphrase of {whose}"))
            note.counts = {"new": int(not known), "replaced": int(known and replace)}
    render.talk(f"{whose} can be a second person now")
