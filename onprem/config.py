"""Frozen settings of a site, from its onprem.toml and ONPREM_*; every bound has a unit in its name.

A site is a folder:

    onprem.toml        settings (this file's `Settings`)
    columns.toml       what the site has said about columns (`onprem policy column`)
    policies/          the hospital's own policies
    keys/master.key    0600
    vault/             sealed subject secrets
    audit/             append-only segments, *.jsonl
    work/              private: runs in progress
    held/              private: reports of held records, outputs that failed the leak gate
    models/            the shelf: language models, each with its card (`onprem model`)
    transcripts/       sealed conversations that were kept (`onprem chat --save`)
    serve.token        0600, while `onprem serve` runs
    tmp/               private temporary files
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from onprem.errors import PolicyError, SiteError

PRIVATE_FOLDERS = ("keys", "vault", "audit", "work", "held", "tmp", "policies")


class Settings(BaseModel):
    """The keys of onprem.toml. Unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = "hospital"
    policy: str = "hipaa-safe-harbor"
    jobs: int = Field(default=1, ge=1, le=256)
    max_record_chars: int = Field(default=16_000_000, ge=1_000)
    chunk_bytes: int = Field(default=200_000, ge=10_000)
    model: str = ""  # of the shelf, for commands that are given none
    dates_day_first: bool = False  # 03/04/2024 is 3 April


@dataclass(frozen=True, slots=True)
class Site:
    """A site folder that exists and has the right permissions."""

    root: Path
    settings: Settings

    def folder(self, name: str) -> Path:
        """Return one of PRIVATE_FOLDERS."""
        return self.root / name


def find_site(given: Path | None) -> Site:
    """Open the site named by --site or ONPREM_SITE.

    Raises:
        SiteError: none is named, or the folder is no site.
        PolicyError: onprem.toml has an unknown key or a bad value.
    """
    named = given or (Path(os.environ["ONPREM_SITE"]) if os.environ.get("ONPREM_SITE") else None)
    if named is None:
        raise SiteError(
            "no site is named", hint="give --site DIR, or set ONPREM_SITE; make one with: onprem init --site DIR"
        )
    path = named / "onprem.toml"
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        settings = Settings.model_validate(content)
    except OSError:
        raise SiteError("the folder is not a site", hint=f"make one with: onprem init --site {named}") from None
    except UnicodeDecodeError:
        raise PolicyError("onprem.toml is not UTF-8", hint=f"see {path}") from None
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"onprem.toml is not TOML: {error}", hint=f"see {path}") from None
    except ValidationError as error:
        where = ", ".join(".".join(map(str, item["loc"])) for item in error.errors())
        raise PolicyError(f"onprem.toml: {where} is not accepted", hint="see `onprem doctor` for the keys") from None
    return Site(named.resolve(), settings)
