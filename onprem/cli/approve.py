"""`onprem approve`: another person approves a release, with the passphrase that they enrolled."""

from __future__ import annotations

from typing import Annotated

import typer

from onprem.cli import JsonOption, SiteOption, open_site, render

_POLICY = typer.Argument(metavar="POLICY", help="The policy of the release.")
_AS = typer.Option("--as", metavar="LOGIN", help="Who approves; their passphrase is asked for.")
_TO = typer.Option("--to", metavar="CODE", help="Who will receive it, as a code.")


def command(
    policy: Annotated[str, _POLICY],
    login: Annotated[str, _AS],
    to: Annotated[str, _TO] = "",
    site: SiteOption = None,
    json: JsonOption = False,
) -> None:
    """Approve a release: gives the reference that `onprem deid --approval` asks for."""
    from onprem.audit.approvals import Wanted, give
    from onprem.audit.log import audited
    from onprem.cli.second_person import check_person, checked_login
    from onprem.policy.access import load_access, permit
    from onprem.policy.schema import load

    opened = open_site(site)
    by = checked_login(login)
    with audited(opened, "approval.ask", purpose="release") as note:
        note.second = by
        folder = opened.folder("policies")
        access = load_access(folder)
        grant = permit(access, "approve", by)
        check_person(opened, by)
        wanted = Wanted(load(policy, site_policies=folder).digest, to, access.approval_days)
        reference = give(opened, wanted, by=by, role=grant.role, access=grant.digest)
        note.role, note.approval = grant.role, reference
    if json:
        render.document({"approval": reference, "policy": policy, "days": access.approval_days}, json=True)
    else:
        render.line(reference)
        render.talk(f"good for {access.approval_days} days: onprem deid ... --policy {policy} --approval {reference}")
