"""Subjects with known secrets, and a way to run a policy on tagged text."""

from __future__ import annotations

import hashlib
import hmac
from datetime import date

from hypothesis import settings

from onprem.labels import Label
from onprem.model import Span
from onprem.policy.contract import Known
from onprem.policy.operators import edits_for
from onprem.policy.schema import Policy, load
from onprem.policy.surrogates import Persona
from onprem.tagged import parse
from onprem.text import apply_edits

settings.register_profile("shared machine", deadline=None)  # other work runs beside the tests
settings.load_profile("shared machine")

AS_OF = date(2026, 11, 22)


class FixedSubject:
    """A subject whose secret a test chooses."""

    def __init__(self, secret: bytes) -> None:
        self.secret = secret

    def key(self, purpose: str) -> bytes:
        return hmac.digest(self.secret, purpose.encode(), hashlib.sha256)


def make_persona(seed: int = 1, *values: tuple[Label, str], sex: str = "") -> Persona:
    return Persona(FixedSubject(seed.to_bytes(8, "big")), Known(tuple(values), sex), as_of=AS_OF)


def spans_of(tagged: str) -> tuple[str, tuple[Span, ...]]:
    gold = parse(tagged)
    return gold.text, tuple(Span(s.start, s.end, s.label, 0.9, frozenset({"test"})) for s in gold.spans)


def run_policy(tagged: str, policy: Policy | str, persona: Persona, lang: str = "en") -> str:
    rules = load(policy) if isinstance(policy, str) else policy
    text, spans = spans_of(tagged)
    return apply_edits(text, edits_for(text, spans, policy=rules, persona=persona, lang=lang))
