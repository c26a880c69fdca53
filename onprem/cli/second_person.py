"""Who may use the vault: the person at the terminal by access.toml, and where it says so a second one beside them.

The second person gives a login and the passphrase that they enrolled (`onprem vault enrol`). The event names both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from onprem.cli import passphrase
from onprem.errors import AccessError, UsageError

if TYPE_CHECKING:
    from onprem.audit.log import Note
    from onprem.config import Site
    from onprem.policy.access import Access, Action

LOGIN = re.compile(r"[a-z_][a-z0-9_.-]{0,31}\$?|uid:[0-9]{1,10}")


@dataclass(frozen=True, slots=True)
class Agreed:
    """Under which role it is done, by whose agreement (empty: nobody else's), under which access.toml."""

    role: str
    second: str
    digest: str

    def note(self, note: Note) -> None:
        """Write it into an event."""
        note.role = self.role
        note.second = self.second
        note.digests["access"] = self.digest


def allowed(site: Site, action: Action) -> Agreed:
    """Return the grant of the person at the terminal, where no second one is asked for.

    Raises:
        AccessError: access.toml does not permit it.
    """
    from onprem.audit.log import actor
    from onprem.policy.access import permit

    grant = permit(_access(site), action, actor())
    return Agreed(grant.role, "", grant.digest)


def agreed(site: Site, action: Action, *, second: str) -> Agreed:
    """Return the grant of the person at the terminal and of the second person, if the rule asks for one.

    `second` is the login of the second person; where it is empty it is asked for.

    Raises:
        AccessError: access.toml does not permit it, or the second person's passphrase is not right.
        SiteError: the vault is locked.
    """
    from onprem.audit.log import actor
    from onprem.policy.access import permit, permit_second

    access = _access(site)
    grant = permit(access, action, actor())
    if not grant.second_person:
        return Agreed(grant.role, "", grant.digest)
    login = checked_login(second or passphrase.answer("login of the second person"))
    permit_second(access, action, login, actor())
    check_person(site, login)
    return Agreed(grant.role, login, grant.digest)


def check_person(site: Site, login: str) -> None:
    """Ask for the passphrase that `login` has enrolled.

    Raises:
        AccessError: the login has none, or it is not the right one.
        SiteError: the vault is locked.
    """
    from onprem.vault.officers import Officers

    with Officers.open(site) as officers:
        if not officers.enrolled(login):
            raise AccessError(f"{login} has no passphrase here", hint=f"onprem vault enrol {login}")
        if not officers.check(login, passphrase.secret(f"passphrase of {login}")):
            raise AccessError(f"that is not the passphrase of {login}", hint="the attempt is in the audit log")


def break_glass(site: Site) -> Agreed:
    """Return what stands for a grant in an emergency: nobody's role, nobody's agreement."""
    return Agreed("operator", "", _access(site).digest)


def checked_login(given: str) -> str:
    """Return a login name.

    Raises:
        UsageError: it is none.
    """
    if not LOGIN.fullmatch(given):
        raise UsageError("that is no login name", hint="as access.toml writes it")
    return given


def _access(site: Site) -> Access:
    from onprem.policy.access import load_access

    return load_access(site.folder("policies"))
