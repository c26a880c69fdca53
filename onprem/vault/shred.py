"""Forgetting a patient: everything by which the site could make or explain a code or shift of theirs.

What goes: the patient's secret (and with it codes, shifts and surrogates of every epoch), what released codes stood for,
the numbers that lead to the patient, and the folders of runs that stopped half way, which hold values of all their
patients. What stays: released files; backups and snapshots of the site; references in the audit log, by law. The order
lets a shredding that was cut short be repeated: the numbers, by which the patient is found, go last.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field

from onprem.config import Site
from onprem.errors import ResourceError, UsageError
from onprem.vault.codes import Codes
from onprem.vault.links import LINKING, Links
from onprem.vault.subjects import Subjects


@dataclass(frozen=True, slots=True)
class Target:
    """One patient to be forgotten: every key that stands or stood for them, and their references in the audit log."""

    subjects: frozenset[str] = field(repr=False)
    references: tuple[str, ...]  # the present one first
    codes: int


@dataclass(frozen=True, slots=True)
class Shredded:
    """What was deleted."""

    secrets: int
    codes: int
    numbers: int
    runs: int

    def counts(self) -> dict[str, int]:
        """Return it as an event keeps it."""
        return {"secrets": self.secrets, "codes": self.codes, "numbers": self.numbers, "runs": self.runs}


def find(site: Site, *, reference: str = "", number: str = "", kinds: Sequence[str] = LINKING) -> Target | None:
    """Find a patient by audit reference or by a number as a table writes it; None if the vault knows none.

    Raises:
        UsageError: the number leads to several patients.
        SiteError: the vault is locked or unsound.
    """
    with Links.open(site) as links, Subjects.open(site) as subjects, Codes.open(site, subjects) as codes:
        if reference:
            found = {links.search(lambda key: subjects.reference(key) == reference)} - {None}
        else:
            found = {links.subject([(kind, number)]) for kind in kinds} - {None}
        if len(found) > 1:
            raise UsageError("the number leads to several patients", hint="say whose number it is: --kind")
        if not found:
            return None
        current = str(found.pop())
        all_keys = links.merged(current)
        references = [subjects.reference(key) for key in (current, *sorted(all_keys - {current}))]
        return Target(frozenset(all_keys), tuple(references), len(codes.of(all_keys)))


def shred(site: Site, target: Target) -> Shredded:
    """Delete all that `target` names. May be repeated. The caller keeps runs out (`custody.at_rest`).

    Raises:
        SiteError: the vault is locked or unsound.
        ResourceError: a folder of a stopped run cannot be removed.
    """
    with Links.open(site) as links, Subjects.open(site) as subjects:
        with Codes.open(site, subjects) as codes:
            forgotten = codes.forget(target.subjects)
        secrets = subjects.forget(target.subjects)
        runs = _remove_runs(site)
        return Shredded(secrets, forgotten, links.forget(target.subjects), runs)


def _remove_runs(site: Site) -> int:
    folders = [path for path in site.folder("work").iterdir() if path.is_dir()]
    try:
        for folder in folders:
            shutil.rmtree(folder)
    except OSError:
        raise ResourceError("the folder of a stopped run cannot be removed", hint="remove what is in work/") from None
    return len(folders)
