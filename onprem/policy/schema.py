"""The model of a policy file: which operator each label gets, under which clause, and what a release needs.

Unknown keys are refused, an empty policy is refused, and every label has a rule or falls under a default that is never
`keep`. A policy is found by the stem of its file: the site's own first, then those shipped.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from onprem.errors import PolicyError
from onprem.labels import Label
from onprem.model import Tier
from onprem.policy.contract import Operator
from onprem.policy.patterns import check_pattern

MAX_POLICY_BYTES = 1_000_000

Claim = Literal["hipaa-safe-harbor", "hipaa-limited-dataset", "gdpr-anonymise", "pipl-anonymise", ""]
Gate = Literal["known-values", "checksums", "shapes", "metadata", "file-names"]
_STRICT = ConfigDict(extra="forbid", frozen=True)
_DATES = frozenset({Label.DATE, Label.BIRTH_DATE})
# Operators that make sense only for some labels; the others take every label.
_ONLY_FOR: dict[Operator, frozenset[Label]] = {
    Operator.SHIFT: _DATES,
    Operator.YEAR: _DATES,
    Operator.BAND: frozenset({Label.AGE}),
    Operator.ZIP3: frozenset({Label.POSTCODE}),
    Operator.GENERALISE: frozenset(
        {
            Label.ADDRESS, Label.CITY, Label.STATE, Label.POSTCODE, Label.NATIVE_PLACE, Label.ETHNICITY,
            Label.OCCUPATION, Label.HOSPITAL, Label.ORGANISATION, Label.DATE, Label.BIRTH_DATE, Label.AGE,
        }
    ),
}  # fmt: skip


def _spelled_out(value: object) -> object:
    """Let `NAME = "redact"` stand for `NAME = { do = "redact" }`."""
    return {"do": value} if isinstance(value, str) else value


class Rule(BaseModel):
    """What happens to one label, and the clause that asks for it."""

    model_config = _STRICT

    do: Operator
    clause: str = ""


class AgeRule(BaseModel):
    """How ages are banded: `width` in years (0: ages below `top` stay as they are), `top` and over in one band."""

    model_config = _STRICT

    width: int = Field(default=0, ge=0, le=50)
    top: int = Field(default=90, ge=18, le=120)


class Gates(BaseModel):
    """What the written files must pass before they are released."""

    model_config = _STRICT

    require: tuple[Gate, ...] = Field(
        default=("known-values", "checksums", "shapes", "metadata", "file-names"), min_length=1
    )


class CustomRecogniser(BaseModel):
    """A pattern of the hospital's own: a regular expression over the normalised text, with examples it must pass.

    The group `v`, if present, is the identifier. An example marks its identifier with tags,
    `MRN <OTHER_ID>X-12</OTHER_ID>`; an example without a tag must not match.
    """

    model_config = _STRICT

    name: str = Field(pattern=r"[a-z][a-z0-9-]{1,40}")
    label: Label
    pattern: str = Field(min_length=2, max_length=1_000)
    score: float = Field(default=0.85, ge=0.0, le=1.0)
    examples: tuple[str, ...] = Field(min_length=2)

    @model_validator(mode="after")
    def _compiles(self) -> CustomRecogniser:
        check_pattern(self.pattern)
        return self


class Policy(BaseModel):
    """One policy, checked. Frozen; `digest` names its content in audit events."""

    model_config = _STRICT

    name: str = Field(pattern=r"[a-z0-9][a-z0-9-]{1,60}")
    title: str = Field(min_length=3, max_length=200)
    basis: str = Field(min_length=3, max_length=1_000)  # the law or standard, in words
    claims: Claim = ""  # the standard `policy check` holds it to
    default: Operator = Operator.REDACT  # for labels without a rule
    unknown_field: Literal["hold", "suppress"] = "hold"
    keep_city: bool = False  # `generalise` leaves the city of an address, not only its province or state
    keep_times: bool = True  # the time of day inside a date or timestamp stays when its date is shifted
    tier: Tier = "thorough"  # the models that search free text
    echo: bool = False  # a language model of the site quotes further identifiers out of free text
    reversible: bool = False  # the vault keeps what a `code` stands for, so that `onprem vault reveal` can lead back
    rules: Mapping[Label, Annotated[Rule, BeforeValidator(_spelled_out)]] = Field(min_length=1)
    age: AgeRule = AgeRule()
    thresholds: Mapping[str, Annotated[float, Field(ge=0.0, le=1.0)]] = Field(default_factory=dict)  # by detector
    gates: Gates = Gates()
    recogniser: tuple[CustomRecogniser, ...] = ()

    @model_validator(mode="after")
    def _sound(self) -> Policy:
        if self.default in {Operator.KEEP, *_ONLY_FOR}:
            raise ValueError(f"default = {self.default.value!r} cannot serve every label; use redact, mask or suppress")
        for label, rule in self.rules.items():
            if label not in _ONLY_FOR.get(rule.do, frozenset(Label)):
                raise ValueError(f"rules.{label.value}: {rule.do.value} is not made for it")
        if self.reversible and self.claims in {"gdpr-anonymise", "pipl-anonymise"}:
            raise ValueError(f"reversible: what can be led back is not anonymous, and claims = {self.claims!r}")
        if all(self.rule(label) is Operator.KEEP for label in Label):
            raise ValueError("a policy that keeps everything is empty")
        names = [item.name for item in self.recogniser]
        if len(names) != len(set(names)):
            raise ValueError("two recognisers have the same name")
        return self

    def rule(self, label: Label) -> Operator:
        """Return the operator for `label`: its rule, else the default."""
        found = self.rules.get(label)
        return self.default if found is None else found.do

    def clause(self, label: Label) -> str:
        """Return the clause a rule names; empty where it names none."""
        found = self.rules.get(label)
        return "" if found is None else found.clause

    def threshold(self, detector: str) -> float:
        """Return the lowest score at which spans of `detector` count; 0 unless the policy says otherwise."""
        return self.thresholds.get(detector, 0.0)

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) of the canonical form: sorted keys, defaults written out, comments and layout left out."""
        content = self.model_dump(mode="json")
        if not self.echo:  # so that approvals and decisions for policies from before there was this key stay good
            del content["echo"]
        return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def parse(content: str, *, name: str) -> Policy:
    """Read a policy from TOML.

    Raises:
        PolicyError: not TOML, an unknown key, a bad value, or `name` is not the policy's own name.
    """
    try:
        raw: dict[str, Any] = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"policy {name} is not TOML: {error}", hint="see docs/policies.md") from None
    if not raw:
        raise PolicyError(f"policy {name} is empty", hint="start from a shipped policy: onprem policy show NAME --toml")
    try:
        policy = Policy.model_validate(raw)
    except ValidationError as error:
        raise PolicyError(f"policy {name}: {_explain(error)}", hint="see docs/policies.md for the keys") from None
    if policy.name != name:
        raise PolicyError(
            f"policy {name}: the file is named {name}.toml but says name = {policy.name!r}", hint="make them agree"
        )
    return policy


def _explain(error: ValidationError) -> str:
    """Say which keys are wrong and why; a policy holds no record, so its own words may be shown."""
    lines = []
    for item in error.errors(include_url=False):
        where = ".".join(str(part) for part in item["loc"]) or "policy"
        reason = "unknown key" if item["type"] == "extra_forbidden" else item["msg"].removeprefix("Value error, ")
        lines.append(f"{where}: {reason}")
    return "; ".join(lines)


def shipped_folder() -> Path:
    """Return the folder of shipped policies: package data of an installed wheel, else the checkout's own.

    Raises:
        PolicyError: neither is there.
    """
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "policies", package.parent / "policies"):
        if (folder / "hipaa-safe-harbor.toml").is_file():
            return folder
    raise PolicyError("the shipped policies are missing", hint="install onprem-hospital again from its bundle")


def find_policies(*, site_policies: Path | None = None) -> dict[str, Path]:
    """Return {name: file} of every policy, those of the site before those shipped, in order of name."""
    found = {path.stem: path for path in sorted(shipped_folder().glob("*.toml"))}
    if site_policies is not None and site_policies.is_dir():
        found |= {path.stem: path for path in sorted(site_policies.glob("*.toml"))}
    for reserved in ("access", "waivers"):  # settings of other commands that live in the same folder
        found.pop(reserved, None)
    return dict(sorted(found.items()))


def load(name: str, *, site_policies: Path | None = None) -> Policy:
    """Load a policy by name, the site's own first.

    Raises:
        PolicyError: there is no such policy, it cannot be read, or it is invalid.
    """
    found = find_policies(site_policies=site_policies)
    path = found.get(name)
    if path is None:
        raise PolicyError(f"there is no policy named {name!r}", hint="the policies are: " + ", ".join(found))
    return read(path)


def read(path: Path) -> Policy:
    """Read a policy file; its name is the stem of the file.

    Raises:
        PolicyError: it cannot be read or is invalid.
    """
    try:
        content = path.read_bytes()
    except OSError:
        raise PolicyError(f"policy {path.stem} cannot be read", hint=f"see {path}") from None
    if len(content) > MAX_POLICY_BYTES:
        raise PolicyError(f"policy {path.stem} is larger than {MAX_POLICY_BYTES} bytes", hint=f"see {path}")
    try:
        return parse(content.decode("utf-8"), name=path.stem)
    except UnicodeDecodeError:
        raise PolicyError(f"policy {path.stem} is not UTF-8", hint=f"see {path}") from None


def list_policies(*, site_policies: Path | None = None) -> list[Policy]:
    """Load every policy, in order of name.

    Raises:
        PolicyError: one of them is invalid.
    """
    return [read(path) for path in find_policies(site_policies=site_policies).values()]
