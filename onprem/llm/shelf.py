"""The shelf: the models that a site may run, each in a folder of its own in `SITE/models`, with a card.

Rules: a model comes onto the shelf by copying, never by reference, and only with the SHA-256 that whoever published it
told; the copy is what is hashed and read, so that nothing can be exchanged in between. A model whose file is not the one
on its card does not load. A licence is named or the model stays out. The file's own chat template is never rendered:
which of our templates fits (`TEMPLATES`) is said on the card. What an `add` that was killed left, the next one removes.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from onprem.config import Site
from onprem.errors import ModelError, OutputError, UsageError
from onprem.llm.gguf import Header, read_header
from onprem.llm.partial import copy_hashed, making, sync, write

Template = Literal["chatml", "llama3", "gemma", "plain"]
TEMPLATES: tuple[Template, ...] = get_args(Template)

FOLDER = "models"
MODEL, CARD = "model.gguf", "card.json"
MAX_CARD_BYTES = 16_384
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
LICENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 .+()-]{0,79}")
SHA256 = re.compile(r"[0-9a-f]{64}")
_PIECE = 4 << 20  # bytes read at a time
_ADDING = ".adding-"  # folders of copies that are being made

# what only the chat template of a family holds, as its model cards say
_MARKS: dict[str, Template] = {
    "<|im_start|>": "chatml",
    "<|start_header_id|>": "llama3",
    "<start_of_turn>": "gemma",
}

Progress = Callable[[int], None]  # bytes done since the last call


class UnsoundFileError(ModelError):
    """A file that was to be added is no GGUF file, is cut off, or claims what cannot be."""


class OtherFileError(ModelError):
    """A file that was to be added has another SHA-256 than was said."""


class NoLicenceError(UsageError):
    """A file that was to be added names no licence, and none was given."""


class Card(BaseModel):
    """What is known of a model on the shelf. Sizes are bytes."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    v: Literal[1] = 1
    name: Annotated[str, Field(pattern=rf"^{NAME.pattern}$")]
    sha256: Annotated[str, Field(pattern=rf"^{SHA256.pattern}$")]
    size: Annotated[int, Field(gt=0)]
    licence: Annotated[str, Field(pattern=rf"^{LICENCE.pattern}$")]
    template: Template
    architecture: Annotated[str, Field(max_length=64)]
    quantisation: str
    parameters: Annotated[int, Field(gt=0)]
    context_length: Annotated[int, Field(ge=0)]  # tokens; 0 where the file does not say
    vocabulary: Annotated[int, Field(ge=0)]
    added: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]


@dataclass(frozen=True, slots=True)
class Asked:
    """How a model is to be put on the shelf. `name`, `licence` and `template` are taken from the file where empty."""

    sha256: str
    name: str = ""
    licence: str = ""
    template: Template | Literal[""] = ""

    def check(self) -> None:
        """Refuse what cannot be.

        Raises:
            UsageError: it says which.
        """
        if not SHA256.fullmatch(self.sha256):
            raise UsageError("a SHA-256 has 64 hexadecimal digits", hint="take it from the page of who made the model")
        if self.name and not NAME.fullmatch(self.name):
            raise UsageError("a model's name is lower case letters, digits, dots and dashes", hint="give --name")
        if self.licence and not LICENCE.fullmatch(self.licence):
            raise UsageError("a licence is a short name, such as Apache-2.0", hint="give --licence")


class Shelf:
    """The models of one site."""

    def __init__(self, site: Site) -> None:
        self._folder = site.root / FOLDER

    def add(self, file: Path, asked: Asked, *, progress: Progress = lambda _: None) -> Card:
        """Copy a model onto the shelf and return its card. A model that is there already stays as it is.

        Raises:
            UsageError: the name is taken by another model, or a name or licence is missing (NoLicenceError) or cannot be.
            ModelError: the file cannot be read, is not sound (UnsoundFileError), or is not the one that the SHA-256 is of
                (OtherFileError).
            OutputError: it cannot be written.
        """
        asked.check()
        name = asked.name or _name_of(file)
        _licence(asked, _header(file))  # before gigabytes are copied
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            with making(self._folder, _ADDING) as partial:
                copy = partial / MODEL
                if _copied(file, copy, progress) != asked.sha256:
                    words = "the file has another SHA-256 than the one that was given"
                    raise OtherFileError(words, hint="copy it again, and check where it comes from")
                card = _card(name, asked, copy, _header(copy))
                write(partial / CARD, (card.model_dump_json(indent=1) + "\n").encode())
                self._put(partial, card)
        except OSError:
            raise OutputError("the model cannot be written", hint=f"check free space of {self._folder}") from None
        return self.card(name)

    def _put(self, partial: Path, card: Card) -> None:
        place = self._folder / card.name
        if place.exists():
            if self.card(card.name).sha256 != card.sha256:
                raise UsageError(f"the name {card.name} is taken by another model", hint="give --name, or remove that")
            return
        partial.rename(place)
        place.chmod(0o500)
        sync(self._folder)

    def names(self) -> list[str]:
        """Return the names of all models, also of those whose card is damaged, in order."""
        return [path.name for path in self._places()]

    def cards(self) -> list[Card]:
        """Return the cards of all models, by name.

        Raises:
            ModelError: a card is damaged.
        """
        return [self.card(name) for name in self.names()]

    def card(self, name: str) -> Card:
        """Return the card of a model.

        Raises:
            ModelError: it is not on the shelf, or its card is damaged.
        """
        path = self._folder / name / CARD
        if not NAME.fullmatch(name) or not path.is_file():
            names = ", ".join(self.names())
            raise ModelError("this model is not on the shelf", hint=f"there are: {names}" if names else _EMPTY)
        try:
            with path.open("rb") as file:
                content = file.read(MAX_CARD_BYTES + 1)
            card = Card.model_validate_json(content if len(content) <= MAX_CARD_BYTES else b"")
        except (OSError, ValidationError):
            raise ModelError(
                f"the card of {name} is damaged", hint=f"onprem model remove {name}, then add it"
            ) from None
        if card.name != name:
            raise ModelError(f"the card of {name} is another model's", hint=f"onprem model remove {name}, then add it")
        return card

    def path(self, name: str) -> Path:
        """Return the file of a model that has the size on its card.

        Raises:
            ModelError: as `card`; or the file is gone or has another size.
        """
        card, path = self.card(name), self._folder / name / MODEL
        if path.is_symlink() or not path.is_file() or path.stat().st_size != card.size:
            raise _changed(name)
        return path

    def verify(self, name: str, *, progress: Progress = lambda _: None) -> Card:
        """Read the whole file of a model and compare it with its card; return that.

        Raises:
            ModelError: as `path`; or the content is another.
        """
        path, card = self.path(name), self.card(name)
        compare(card, path, progress=progress)
        return card

    def remove(self, name: str) -> None:
        """Take a model off the shelf, also one that is damaged.

        Raises:
            ModelError: it is not there.
            OutputError: it cannot be removed.
        """
        place = self._folder / name
        if not NAME.fullmatch(name) or not place.is_dir() or place.is_symlink():
            self.card(name)
        try:
            place.chmod(0o700)
            shutil.rmtree(place)
            sync(self._folder)
        except OSError:
            raise OutputError("the model cannot be removed", hint=f"check permissions of {place}") from None

    def _places(self) -> Iterator[Path]:
        if self._folder.is_dir():
            yield from sorted(path for path in self._folder.iterdir() if NAME.fullmatch(path.name) and path.is_dir())


_EMPTY = "put one there: onprem model add FILE --sha256 DIGEST"


def compare(card: Card, path: Path, *, progress: Progress = lambda _: None) -> None:
    """Read a whole file and compare it with a card.

    Raises:
        ModelError: it cannot be read, or is another one.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
                progress(len(piece))
    except OSError:
        raise ModelError("the model file cannot be read", hint=f"check {path}") from None
    if digest.hexdigest() != card.sha256:
        raise _changed(card.name)


def _changed(name: str) -> ModelError:
    return ModelError(
        f"the file of {name} is not the one that was added", hint=f"onprem model remove {name}, then add it"
    )


def _header(file: Path) -> Header:
    """Read what a file that is to be added says of itself.

    Raises:
        UnsoundFileError: it is not sound, see `read_header`.
        ModelError: it cannot be read.
    """
    try:
        with file.open("rb"):
            pass
    except OSError:
        raise _unreadable(file) from None
    try:
        return read_header(file)
    except ModelError as failure:
        raise UnsoundFileError(failure.message, hint=failure.hint) from None


def _copied(file: Path, copy: Path, progress: Progress) -> str:
    """Copy a file; return the SHA-256 of what was written."""
    try:
        source = file.open("rb")
    except OSError:
        raise _unreadable(file) from None
    with source:
        return copy_hashed(source, copy, progress)


def _unreadable(file: Path) -> ModelError:
    return ModelError("the model file cannot be read", hint=f"check permissions of {file}")


def _name_of(file: Path) -> str:
    name = re.sub(r"[^a-z0-9._-]+", "-", file.name.lower().removesuffix(".gguf")).strip("-._")
    if not NAME.fullmatch(name):
        raise UsageError("the file's name gives no name for the model", hint="give --name")
    return name


def _card(name: str, asked: Asked, copy: Path, header: Header) -> Card:
    """Return the card of a copy.

    Raises:
        UnsoundFileError: a number of the header cannot stand on a card.
    """
    told = {
        "name": name,
        "sha256": asked.sha256,
        "size": copy.stat().st_size,
        "licence": _licence(asked, header),
        "template": asked.template or template_of(header),
        "architecture": header.architecture[:64],
        "quantisation": header.quantisation,
        "parameters": header.parameters,
        "context_length": header.number("context_length"),
        "vocabulary": header.vocabulary,
        "added": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    try:
        return Card.model_validate(told)
    except ValidationError:
        words = "the model file is not sound: one of its numbers cannot be"
        raise UnsoundFileError(words, hint="take the file from its publisher again") from None


def _licence(asked: Asked, header: Header) -> str:
    said = header.values.get("general.license")
    licence = asked.licence or (said if isinstance(said, str) else "")
    if not LICENCE.fullmatch(licence):
        raise NoLicenceError(
            "the file names no licence", hint="look it up where the model comes from, and give --licence"
        )
    return licence


def template_of(header: Header) -> Template:
    """Return which of our templates fits a model, by the marks in its own, which is looked at and never rendered."""
    own = header.values.get("tokenizer.chat_template")
    found = [template for mark, template in _MARKS.items() if isinstance(own, str) and mark in own]
    return found[0] if len(found) == 1 else "plain"
