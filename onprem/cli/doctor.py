"""`onprem doctor`: check this machine and the site; each check that fails says how to repair what is wrong."""

from __future__ import annotations

import hashlib
import json as jsonlib
import shutil
import sys
from collections.abc import Callable, Iterable
from importlib import metadata, util
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from onprem.cli import JsonOption, SiteOption, doctor_models, doctor_walls, render
from onprem.cli.doctor_walls import bad as _bad
from onprem.cli.doctor_walls import fine as _fine
from onprem.errors import OnpremError
from onprem.model import Finding, Severity

if TYPE_CHECKING:
    from onprem.config import Site

OWNER = "onprem-hospital"
NEEDED = (
    "cryptography",
    "duckdb",
    "onnxruntime",
    "opencc",
    "presidio_analyzer",
    "pyarrow",
    "pydantic",
    "pypinyin",
    "rich",
    "spacy",
)
MODELS = ("en_phi", "en_phi_thorough", "zh_phi")
_FREE_ERROR, _FREE_WARNING = 200_000_000, 2_000_000_000  # bytes on the site's file system
_COLUMNS = ("check", "state", "finding", "fix")


def command(site: SiteOption = None, json: JsonOption = False) -> None:
    """Check this machine and the site, and say how to repair what is wrong."""
    found = machine()
    opened = None
    if site is not None:
        opened, site_findings = _open(site)
        found += site_findings
    if opened is not None:
        found += _site(opened)
    else:
        found += _guarded("models", models)
    states = {Severity.INFO: "ok", Severity.WARNING: "warning", Severity.ERROR: "error"}
    rows = [(item.code, states[item.severity], item.message, item.hint) for item in found]
    render.table(_COLUMNS, rows, json=json)
    _say(found)
    if opened is not None:
        _log(opened, found)
    if render.worst(found) is Severity.ERROR:
        raise typer.Exit(1)


def machine() -> list[Finding]:
    """Check what does not depend on a site."""
    checks = {
        "python": _python,
        **doctor_walls.CHECKS,
        "distribution": _distribution,
        "libraries": _libraries,
        "text encoding": _encoding,
        "language models": doctor_models.runtime,
    }
    return [finding for name, check in checks.items() for finding in _guarded(name, check)]


def _site(site: Site) -> list[Finding]:
    checks: dict[str, Callable[[], Iterable[Finding]]] = {
        "permissions": lambda: _permissions(site),
        "keys": lambda: _keys(site),
        "vault": lambda: _vault(site),
        "audit log": lambda: _audit(site),
        "policies": lambda: _policies(site),
        "models": models,
        "shelf": lambda: doctor_models.shelf(site),
        "disk": lambda: _disk(site),
    }
    return [finding for name, check in checks.items() for finding in _guarded(name, check)]


def _guarded(name: str, check: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """Run one check; what it raises is its finding."""
    try:
        return list(check())
    except OnpremError as failure:
        return [Finding(name, Severity.ERROR, "", failure.message, failure.hint)]
    except OSError as failure:
        return [Finding(name, Severity.ERROR, "", f"cannot be checked: {type(failure).__name__}", "check permissions")]


def _python() -> Iterable[Finding]:
    yield _fine("python", f"Python {'.'.join(map(str, sys.version_info[:3]))}")


def _distribution() -> Iterable[Finding]:
    """Refuse another distribution that owns the module `onprem`: the name is taken on the public registry."""
    owners = set(metadata.packages_distributions().get("onprem", ())) | {
        name for item in metadata.distributions() if (name := item.metadata["Name"]) == "onprem"
    }
    home = Path(__file__).resolve().parents[2]
    if foreign := sorted(owners - {OWNER}):
        fix = f"pip uninstall {' '.join(foreign)}, then install {OWNER} again"
        yield _bad("distribution", f"another distribution owns the module onprem: {', '.join(foreign)}", fix)
    elif not owners and not (home / "pyproject.toml").exists():
        message = f"no distribution owns the module onprem at {home}"
        yield _bad("distribution", message, f"install {OWNER} from its wheel")
    else:
        yield _fine("distribution", OWNER if owners else "a source checkout")


def _libraries() -> Iterable[Finding]:
    missing = [name for name in NEEDED if util.find_spec(name) is None]
    if missing:
        yield _bad("libraries", f"missing: {', '.join(missing)}", "install from the hash-locked requirements")
    else:
        yield _fine("libraries", "all are installed")


def _encoding() -> Iterable[Finding]:
    if sys.getfilesystemencoding() != "utf-8" or (sys.stdout.encoding or "utf-8").lower().replace("-", "") != "utf8":
        message = "the terminal or file names are not UTF-8; Chinese text may be shown escaped"
        yield Finding("text encoding", Severity.WARNING, "", message, "export LANG=C.UTF-8")
    else:
        yield _fine("text encoding", "UTF-8")


def models() -> Iterable[Finding]:
    """Compare each shipped model's files with the digests of its card."""
    home = Path(__file__).resolve().parents[1] / "models"
    for folder in (home / name for name in MODELS):
        if not (folder / "meta.json").is_file():
            yield _bad("models", f"{folder.name} is missing", "install again, or make it: onprem train phi")
            continue
        try:
            digests: dict[str, str] = jsonlib.loads((folder / "meta.json").read_text(encoding="utf-8"))["digests"]
            found = {path.name: _sha256(path) for path in folder.rglob("*") if path.is_file()}
            wrong = [name for name, digest in digests.items() if found.get(name) != digest]
        except (ValueError, KeyError, TypeError, AttributeError, OSError):
            yield _bad("models", f"{folder.name}: the card or a file cannot be read", f"install {OWNER} again")
            continue
        if wrong or not digests:
            yield _bad("models", f"{folder.name}: {len(wrong)} file(s) differ from the card", f"install {OWNER} again")
        else:
            yield _fine("models", f"{folder.name}: {len(digests)} file(s) agree with the card")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _open(root: Path) -> tuple[Site | None, list[Finding]]:
    from onprem.config import find_site
    from onprem.security.hygiene import private_temp

    try:
        site = find_site(root)
        if site.folder("tmp").is_dir() and not site.folder("tmp").stat().st_mode & 0o077:
            private_temp(site.folder("tmp"))
    except OnpremError as failure:
        return None, [_bad("site", failure.message, failure.hint)]
    return site, [_fine("site", "settings are valid")]


def _permissions(site: Site) -> Iterable[Finding]:
    from onprem.config import PRIVATE_FOLDERS

    wrong = 0
    for path in (site.root, *(site.folder(name) for name in PRIVATE_FOLDERS)):
        if not path.is_dir() or path.is_symlink():
            wrong += 1
            yield _bad("permissions", f"{path.name} is missing or a link", f"mkdir -m 700 {path}")
        elif path.stat().st_mode & 0o077:
            wrong += 1
            yield _bad("permissions", f"{path.name} is open to others", f"chmod 700 {path}")
    for path in (*site.folder("keys").glob("*"), *site.folder("vault").glob("*")):
        if path.stat().st_mode & 0o077:
            wrong += 1
            yield _bad("permissions", f"{path.name} is open to others", f"chmod 600 {path}")
    if not wrong:
        yield _fine("permissions", "folders and keys are private")


def _keys(site: Site) -> Iterable[Finding]:
    from onprem.vault import custody
    from onprem.vault.keys import AUDIT, read_key

    read_key(site.folder("keys") / AUDIT)
    status = custody.status(site)
    held = {"key-file": "a key file", "passphrase": "a passphrase", "two-of-three": "two of three passphrases"}
    yield _fine("keys", f"the vault is held by {held[status.held]}; key files can be read by you alone")
    if status.leftovers:
        message = f"a change was cut short: {status.leftovers} key file(s) should be gone"
        yield Finding("keys", Severity.WARNING, "", message, "onprem vault rotate")


def _vault(site: Site) -> Iterable[Finding]:
    from onprem.vault import custody
    from onprem.vault.sealed import count_rows
    from onprem.vault.subjects import FILE, Subjects

    if not (site.folder("vault") / FILE).exists():
        yield _fine("vault", "empty: no run has been made yet")
        return
    if custody.locked(site):
        patients = count_rows(site.folder("vault") / FILE)
        yield _fine("vault", f"locked, so not looked into: {patients} patients")
        return
    with Subjects.open(site, readonly=True) as subjects:
        yield _fine("vault", f"opens with the key file: {len(subjects)} patients")


def _audit(site: Site) -> Iterable[Finding]:
    from onprem.audit.verify import check

    state = check(site)
    for item in state.findings:
        if item.severity is not Severity.INFO:
            fix = "onprem audit verify --against CHECKPOINT" if item.severity is Severity.ERROR else ""
            yield Finding("audit log", item.severity, item.where, f"{item.code} at {item.where}: {item.message}", fix)
    if state.sound:
        yield _fine("audit log", f"verifies: {state.tree.size} lines")


def _policies(site: Site) -> Iterable[Finding]:
    from onprem.policy.access import load_access
    from onprem.policy.schema import find_policies, load

    folder = site.folder("policies")
    own = [name for name, path in find_policies(site_policies=folder).items() if path.parent == folder]
    names = list(dict.fromkeys([site.settings.policy, *own]))
    for name in names:
        load(name, site_policies=folder)
    yield _fine("policies", f"{len(names)} load: {', '.join(names)}")
    access = load_access(folder)
    named = sum(1 for logins in access.roles.values() if logins)
    yield _fine("access", f"access.toml is sound; {named} of {len(access.roles)} roles are given to someone")


def _disk(site: Site) -> Iterable[Finding]:
    free = shutil.disk_usage(site.root).free
    message = f"{free / 1e9:.1f} GB free where the site is"
    if free < _FREE_ERROR:
        yield _bad("disk", message, "free disk space: runs need about twice the size of their input")
    elif free < _FREE_WARNING:
        yield Finding("disk", Severity.WARNING, "", message, "runs need about twice the size of their input")
    else:
        yield _fine("disk", message)


def _say(found: list[Finding]) -> None:
    """Count what is wrong: on a small screen the table has scrolled away."""
    told = []
    for severity, word in ((Severity.ERROR, "error"), (Severity.WARNING, "warning")):
        if names := [item.code for item in found if item.severity is severity]:
            told.append(f"{len(names)} {word}{'s' * (len(names) > 1)}: {', '.join(dict.fromkeys(names))}")
    render.talk(f"{'; '.join(told)}; each has its fix in the table" if told else "nothing is wrong")


def _log(site: Site, found: list[Finding]) -> None:
    from onprem.audit.events import Event, Outcome
    from onprem.audit.log import AuditLog

    wrong = sum(item.severity is Severity.ERROR for item in found)
    AuditLog(site).append(Event("doctor.run", Outcome.HELD if wrong else Outcome.DONE, counts={"errors": wrong}))
