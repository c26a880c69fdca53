"""`access.toml`: who may do what, and where the ordinary ends. The site's own file comes first, then the shipped one.

Rules: unknown keys are refused; a role that nobody has been given is held by nobody; `*` is everyone who can open the
site. The file's digest goes into the events of what it permitted, so that a weakened rule shows afterwards.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from onprem.errors import AccessError, PolicyError
from onprem.policy.schema import shipped_folder

FILE = "access.toml"
MAX_BYTES = 100_000
_STRICT = ConfigDict(extra="forbid", frozen=True)

Role = Literal["operator", "reviewer", "privacy-officer", "compliance-officer"]
Action = Literal[
    "release", "reveal", "shred", "rotate", "approve", "review-records", "review-audit", "sign-off", "cosign", "retire"
]
Login = Annotated[str, Field(pattern=r"^(\*|[a-z_][a-z0-9_.-]{0,31}\$?|uid:[0-9]{1,10})$")]


class ActionRule(BaseModel):
    """Which roles may do it, whether a second person must agree at the terminal, whether an approval must exist."""

    model_config = _STRICT

    roles: tuple[Role, ...] = ()
    second_person: bool = False
    approval: bool = False  # only `release`: an `approval.give` event of another person, see `onprem approve`


class Hours(BaseModel):
    """Working time on the wall clock of the hospital; what happens outside of it is listed as off-hours."""

    model_config = _STRICT

    opening: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = "07:00"
    closing: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = "19:00"
    days: tuple[Annotated[int, Field(ge=1, le=7)], ...] = (1, 2, 3, 4, 5)  # ISO weekdays, 1 is Monday
    utc_offset_minutes: int = Field(default=0, ge=-14 * 60, le=14 * 60)


class Access(BaseModel):
    """One access.toml, checked."""

    model_config = _STRICT

    roles: Mapping[Role, tuple[Login, ...]]
    actions: Mapping[Action, ActionRule]
    hours: Hours = Hours()
    bulk_records: int = Field(default=10_000, ge=1)  # an event that touches as many is listed as bulk
    approval_days: int = Field(default=7, ge=1, le=365)
    retention_years: int = Field(default=6, ge=6)  # 45 CFR 164.316(b)(2)(i): six years at least
    digest: str = Field(default="", exclude=True)  # SHA-256 of the file, 64 hex digits


@dataclass(frozen=True, slots=True)
class Grant:
    """What was permitted: the role it was permitted under, and what else it needs."""

    role: Role
    second_person: bool
    approval: bool
    digest: str  # of access.toml, for the event


def load_access(site_policies: Path | None = None) -> Access:
    """Read access.toml of the site, or the shipped one where the site has none.

    Raises:
        PolicyError: the file cannot be read or is not accepted; the message names keys only.
    """
    own = site_policies / FILE if site_policies is not None else None
    path = own if own is not None and own.exists() else shipped_folder() / FILE
    try:
        content = path.read_bytes()
        if len(content) > MAX_BYTES:
            raise PolicyError("access.toml is too large", hint=f"see {path}")
        parsed = tomllib.loads(content.decode("utf-8"))
        if "digest" in parsed:
            raise PolicyError("access.toml: digest is not accepted", hint=f"see {path}")
        return Access.model_validate(parsed | {"digest": hashlib.sha256(content).hexdigest()})
    except OSError:
        raise PolicyError("access.toml cannot be read", hint=f"check permissions of {path}") from None
    except UnicodeDecodeError:
        raise PolicyError("access.toml is not UTF-8", hint=f"see {path}") from None
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"access.toml is not TOML: {error}", hint=f"see {path}") from None
    except ValidationError as error:
        where = ", ".join(sorted({".".join(map(str, item["loc"])) for item in error.errors()}))
        raise PolicyError(f"access.toml: {where} is not accepted", hint=f"see {path}") from None


def holds(access: Access, role: Role, login: str) -> bool:
    """Say whether a login has a role."""
    given = access.roles.get(role, ())
    return login in given or "*" in given


def permit(access: Access, action: Action, login: str) -> Grant:
    """Return the grant under which `login` may do `action`, by the first role of the rule that the login has.

    Raises:
        AccessError: nobody has said that this login may.
    """
    rule = access.actions.get(action, ActionRule())
    for role in rule.roles:
        if holds(access, role, login):
            return Grant(role, rule.second_person, rule.approval, access.digest)
    wanted = " or ".join(rule.roles) or "nobody"
    raise AccessError(
        f"{action} is not permitted to you: it takes {wanted}",
        hint=f"access is given in policies/{FILE} of the site by whoever answers for it",
    )


def permit_second(access: Access, action: Action, login: str, first: str) -> Grant:
    """Return the grant of the second person of `action`.

    Raises:
        AccessError: it is the first person again, or someone without a role for it.
    """
    if login == first:
        raise AccessError(f"{action} takes two people", hint="the second person gives their own login and secret")
    return permit(access, action, login)
