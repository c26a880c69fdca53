"""`onprem init`: make a site.

The settings file is written last: a folder without it is no site, so an interrupted run can be repeated. An existing
key is never replaced.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from onprem.cli import JsonOption, SiteOption, render
from onprem.errors import OutputError, SiteError, UsageError

if TYPE_CHECKING:
    from onprem.config import Site

SETTINGS = """\
# Settings of this site. Every key is optional; unknown keys are refused. `onprem doctor` checks this file.

# A name for this site, shown in reports.
#name = "hospital"

# The policy used where --policy is not given: a name from `onprem policy list`, or of a file in policies/.
#policy = "hipaa-safe-harbor"

# Worker processes, where --jobs is not given.
#jobs = 1

# A longer record is held, in characters.
#max_record_chars = 16000000

# Work is cut into pieces of about this many bytes.
#chunk_bytes = 200000

# Whether 03/04/2024 is 3 April (true) or March 4 (false).
#dates_day_first = false

# The language model of the shelf that commands use when none is named; with one on the shelf, that one.
#model = ""
"""


def command(site: SiteOption = None, json: JsonOption = False) -> None:
    """Make a site: settings, keys, audit log, private work area."""
    if site is None:
        raise UsageError("no folder is named", hint="onprem init --site DIR")
    if (site / "onprem.toml").exists():
        _check_complete(site)
        _tell(site, made=False, json=json)
        return
    made = make_site(site)
    from onprem.audit.events import Event, Outcome
    from onprem.audit.log import AuditLog

    AuditLog(made).append(Event("site.init", Outcome.DONE))
    _tell(site, made=True, json=json)


def make_site(root: Path) -> Site:
    """Make the folders, keys and settings of a site in `root`, which must be new, empty or a half-made site.

    Raises:
        OutputError: the folder holds something else, or cannot be written.
        SiteError: a key cannot be written.
    """
    from onprem.config import PRIVATE_FOLDERS, find_site
    from onprem.vault import custody
    from onprem.vault.keys import AUDIT, MASTER, create_key, read_key, sync_folder

    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        foreign = [path for path in root.iterdir() if path.name not in (*PRIVATE_FOLDERS, "onprem.toml.new")]
        if foreign:
            raise OutputError("the folder is not empty and is no site", hint="name a new or empty folder")
        root.chmod(0o700)
        for name in PRIVATE_FOLDERS:
            folder = root / name
            folder.mkdir(mode=0o700, exist_ok=True)
            folder.chmod(0o700)
        keys = root / "keys"
        if not custody.exists(keys):
            create_key(keys / MASTER)
        read_key(keys / AUDIT) if (keys / AUDIT).exists() else create_key(keys / AUDIT)
        partial = root / "onprem.toml.new"
        with partial.open("w", encoding="utf-8") as file:
            file.write(SETTINGS)
            file.flush()
            os.fsync(file.fileno())
        partial.chmod(0o600)
        partial.rename(root / "onprem.toml")
        sync_folder(root)
    except OSError:
        raise OutputError("the site cannot be written", hint=f"check permissions and free space of {root}") from None
    made = find_site(root)
    custody.status(made)
    return made


def _check_complete(root: Path) -> None:
    from onprem.config import PRIVATE_FOLDERS, find_site
    from onprem.vault import custody
    from onprem.vault.keys import AUDIT, read_key

    opened = find_site(root)
    for name in PRIVATE_FOLDERS:
        if not (root / name).is_dir():
            raise SiteError("the site lacks a folder", hint=f"restore it, or make it anew: mkdir -m 700 {root / name}")
    custody.status(opened)
    read_key(root / "keys" / AUDIT)


def _tell(root: Path, *, made: bool, json: bool) -> None:
    if json:
        render.document({"site": str(root), "made": made}, json=True)
    elif made:
        render.talk(f"site made: {root}")
        render.talk("keep a copy of its keys folder apart from the data; without the keys nothing can be linked again")
        render.talk("to hold the vault by passphrases: onprem vault init --passphrase, or --two-of-three")
    else:
        render.talk("nothing to do: the folder is a site already")
