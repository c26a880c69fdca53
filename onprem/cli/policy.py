"""`onprem policy`: list, show, check and compare policies; tell the site what a column holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from onprem.cli import JsonOption, SiteOption, open_site, render

if TYPE_CHECKING:
    from onprem.policy.schema import Policy

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="List, show, check and compare policies; tell the site about a column.",
)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="A policy's name, or the path of a policy file.")]


def _folder(site: Path | None) -> Path | None:
    """Return the folder of the site's own policies; policies can be read without a site."""
    return None if site is None else open_site(site).folder("policies")


@contextmanager
def _audited(site: Path | None, action: str) -> Iterator[None]:
    """Write an event into the site's log; reading the shipped policies without a site leaves none."""
    if site is None:
        yield
        return
    from onprem.audit.log import audited

    with audited(open_site(site), action):
        yield


def _policy(name: str, site: Path | None) -> Policy:
    from onprem.policy.schema import load, read

    if name.endswith(".toml"):
        return read(Path(name))
    return load(name, site_policies=_folder(site))


@app.command("list")
def list_all(site: SiteOption = None, json: JsonOption = False) -> None:
    """List the policies that can be used: the site's own and those shipped."""
    from onprem.policy.schema import list_policies

    with _audited(site, "policy.list"):
        policies = list_policies(site_policies=_folder(site))
    rows = [(policy.name, policy.title, policy.digest[:12]) for policy in policies]
    render.table(("name", "title", "digest"), rows, json=json)


@app.command("show")
def show(
    name: NameArgument,
    site: SiteOption = None,
    toml: Annotated[bool, typer.Option("--toml", help="The file itself, to start one of your own.")] = False,
    json: JsonOption = False,
) -> None:
    """Show what a policy does with each kind of identifier, and the clause that asks for it."""
    from onprem.labels import MEANING, Label
    from onprem.policy.schema import find_policies

    with _audited(site, "policy.show"):
        policy = _policy(name, site)
    if toml:
        path = Path(name) if name.endswith(".toml") else find_policies(site_policies=_folder(site))[name]
        for text in path.read_text(encoding="utf-8").splitlines():
            render.line(text)
        return
    rows = [(str(label), MEANING[label].words, str(policy.rule(label)), policy.clause(label)) for label in Label]
    render.talk(f"{policy.name}: {policy.title}; {policy.basis}")
    render.talk(f"an unknown field: {policy.unknown_field}; gates: {', '.join(policy.gates.require)}")
    render.table(("label", "what", "rule", "clause"), rows, json=json, title=policy.title)


@app.command("check")
def check_policy(
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="A policy's name or file; default: all.")] = "",
    site: SiteOption = None,
    json: JsonOption = False,
) -> None:
    """Check a policy, or all: weaker than it claims, direct identifiers kept, recognisers that fail their examples."""
    from dataclasses import replace

    from onprem.model import Severity
    from onprem.policy.check import check
    from onprem.policy.schema import list_policies

    with _audited(site, "policy.check"):
        policies = [_policy(name, site)] if name else list_policies(site_policies=_folder(site))
    found = [
        replace(finding, where=f"{policy.name}: {finding.where}") for policy in policies for finding in check(policy)
    ]
    render.findings(found, json=json)
    if any(finding.severity is Severity.ERROR for finding in found):
        raise typer.Exit(1)
    render.talk(f"{len(policies)} {'policy' if len(policies) == 1 else 'policies'} checked: no error")


@app.command("diff")
def diff_policies(first: NameArgument, second: NameArgument, site: SiteOption = None, json: JsonOption = False) -> None:
    """Compare two policies, label by label."""
    from onprem.policy.check import diff

    with _audited(site, "policy.diff"):
        one, other = _policy(first, site), _policy(second, site)
    rows = [(item.where, item.first, item.second) for item in diff(one, other)]
    render.table(
        ("where", one.name, other.name) if one.name != other.name else ("where", "first", "second"), rows, json=json
    )


@app.command("column")
def column(
    header: Annotated[str, typer.Argument(metavar="HEADER", help="The column's header, as it stands in the file.")],
    what: Annotated[
        str,
        typer.Argument(
            metavar="WHAT", help="text, clinical, drop, or a label: NAME, NAME:staff, RECORD_NUMBER:patient."
        ),
    ],
    site: SiteOption = None,
) -> None:
    """Tell the site what a column holds, so that it is no longer held."""
    from onprem.audit.log import audited
    from onprem.formats.columns import save_column

    opened = open_site(site)
    with audited(opened, "policy.column", intent=True):
        save_column(opened.root / "columns.toml", header, what)
    render.talk(f"{opened.settings.name}: the column is placed as {what}")
