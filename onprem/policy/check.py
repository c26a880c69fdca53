"""Lint of policies: is a policy at least as strict as the standard it claims, and do its own recognisers work.

A finding names labels, rules and clauses, never a value of a record. `diff` tells two policies apart by label.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from onprem.labels import MEANING, Label
from onprem.model import Finding, Severity
from onprem.policy.contract import Operator
from onprem.policy.patterns import check_pattern
from onprem.policy.schema import CustomRecogniser, Policy
from onprem.tagged import parse

# How much of a value an operator leaves, from all to nothing. A claim sets the least strict operator per label.
_GONE = frozenset({Operator.REDACT, Operator.MASK, Operator.SUPPRESS})
_INVENTED = _GONE | {Operator.SURROGATE}
_COARSE = _GONE | {Operator.GENERALISE}
_DATES = frozenset({Label.DATE, Label.BIRTH_DATE})
_SAFE_HARBOR: dict[Label, frozenset[Operator]] = dict.fromkeys(Label, _INVENTED) | {
    Label.STATE: frozenset(Operator),
    Label.ETHNICITY: frozenset(Operator),
    Label.OCCUPATION: frozenset(Operator),
    Label.NATIVE_PLACE: _INVENTED | {Operator.GENERALISE},
    Label.ADDRESS: _INVENTED | {Operator.GENERALISE},
    Label.CITY: _INVENTED | {Operator.GENERALISE},
    Label.POSTCODE: _INVENTED | {Operator.ZIP3, Operator.GENERALISE},
    Label.DATE: _GONE | {Operator.YEAR, Operator.GENERALISE},
    Label.BIRTH_DATE: _GONE | {Operator.YEAR, Operator.GENERALISE},
    Label.AGE: _GONE | {Operator.BAND, Operator.GENERALISE},
}
_MAY_STAY = frozenset(
    {
        Label.DATE, Label.BIRTH_DATE, Label.AGE, Label.CITY, Label.STATE, Label.POSTCODE, Label.NATIVE_PLACE,
        Label.ETHNICITY, Label.OCCUPATION, Label.ORGANISATION, Label.HOSPITAL, Label.BED,
    }
)  # fmt: skip
_LIMITED: dict[Label, frozenset[Operator]] = {
    label: frozenset(Operator) if label in _MAY_STAY else _INVENTED | {Operator.CODE} for label in Label
} | {Label.ADDRESS: _INVENTED | {Operator.GENERALISE}}
# No key may lead back, and quasi-identifiers must at least be coarse.
_ANONYMOUS: dict[Label, frozenset[Operator]] = dict.fromkeys(Label, _GONE) | {
    Label.STATE: frozenset(Operator) - {Operator.CODE},
    Label.ADDRESS: _COARSE,
    Label.CITY: _COARSE,
    Label.NATIVE_PLACE: _COARSE,
    Label.ETHNICITY: _COARSE,
    Label.OCCUPATION: _COARSE,
    Label.POSTCODE: _COARSE | {Operator.ZIP3},
    Label.DATE: _COARSE | {Operator.YEAR},
    Label.BIRTH_DATE: _COARSE | {Operator.YEAR},
    Label.AGE: _COARSE | {Operator.BAND},
}
CLAIMS: dict[str, dict[Label, frozenset[Operator]]] = {
    "hipaa-safe-harbor": _SAFE_HARBOR,
    "hipaa-limited-dataset": _LIMITED,
    "gdpr-anonymise": _ANONYMOUS,
    "pipl-anonymise": _ANONYMOUS,
}


def check(policy: Policy) -> list[Finding]:
    """Return what is wrong or doubtful with a policy; empty when there is nothing to say.

    ERROR: weaker than what it claims, or a recogniser that fails its own example. WARNING: a direct identifier kept.
    INFO: labels left to the default.
    """
    findings = [*_claim(policy), *_kept(policy), *_ages(policy)]
    if policy.claims and policy.tier != "thorough":
        message = "a release is searched by the fast models only"
        findings.append(Finding("policy.tier", Severity.WARNING, "tier", message, 'tier = "thorough"'))
    for recogniser in policy.recogniser:
        findings += _examples(recogniser)
    missing = [label.value for label in Label if label not in policy.rules]
    if missing:
        message = f"{len(missing)} labels fall under the default, {policy.default.value}: {', '.join(missing)}"
        findings.append(Finding("policy.default", Severity.INFO, policy.name, message))
    if len(policy.gates.require) < len(Policy.model_fields["gates"].default.require):
        message = "a release does not pass every gate"
        findings.append(Finding("policy.gates", Severity.WARNING, policy.name, message, "require all gates"))
    return findings


def _claim(policy: Policy) -> list[Finding]:
    allowed = CLAIMS.get(policy.claims)
    if allowed is None:
        return []
    return [
        Finding(
            "policy.weak",
            Severity.ERROR,
            f"rules.{label.value}",
            f"{policy.rule(label).value} is weaker than {policy.claims} asks for ({MEANING[label].words})",
            "one of: " + ", ".join(sorted(operator.value for operator in allowed[label])),
        )
        for label in Label
        if policy.rule(label) not in allowed[label]
    ]


def _kept(policy: Policy) -> list[Finding]:
    return [
        Finding(
            "policy.keep",
            Severity.WARNING,
            f"rules.{label.value}",
            f"a direct identifier is kept: {MEANING[label].words} ({', '.join(MEANING[label].clauses)})",
            "redact it, code it or make a surrogate",
        )
        for label in Label
        if policy.rule(label) is Operator.KEEP and not MEANING[label].quasi
    ]


def _ages(policy: Policy) -> list[Finding]:
    """Ages must be banded at 90 under Safe Harbor, and a birth date must not undo what the age rule does."""
    findings = []
    if policy.claims == "hipaa-safe-harbor" and policy.age.top > 90:
        message = "ages over 89 must be one band (164.514(b)(2)(i)(C))"
        findings.append(Finding("policy.age", Severity.ERROR, "age.top", message, "top = 90"))
    kept = {Operator.KEEP, Operator.SHIFT, Operator.SURROGATE}
    if policy.rule(Label.AGE) is Operator.BAND and policy.rule(Label.BIRTH_DATE) in kept:
        message = "a birth date to the day shows the age that the age rule bands"
        findings.append(
            Finding("policy.age", Severity.INFO, "rules.BIRTH_DATE", message, "year, if ages must stay hidden")
        )
    return findings


def _examples(recogniser: CustomRecogniser) -> list[Finding]:
    """Run a recogniser on its own examples: tagged ones must be found exactly, others not at all."""
    pattern = check_pattern(recogniser.pattern)
    group: str | int = "v" if "v" in pattern.groupindex else 0
    findings: list[Finding] = []
    tagged = 0
    for number, example in enumerate(recogniser.examples, 1):
        where = f"recogniser {recogniser.name}, example {number}"
        try:
            gold = parse(example)
        except ValueError as error:
            findings.append(Finding("policy.example", Severity.ERROR, where, f"the tags do not fit: {error}"))
            continue
        tagged += bool(gold.spans)
        wanted = {(span.start, span.end) for span in gold.spans if span.label is recogniser.label}
        found = {match.span(group) for match in pattern.finditer(gold.text)}
        if found != wanted:
            what = "not found" if wanted - found else "found something that is not marked"
            findings.append(Finding("policy.example", Severity.ERROR, where, what, "repair the pattern or the example"))
    if tagged in {0, len(recogniser.examples)}:
        message = "needs an example that must be found and one that must not"
        where = f"recogniser {recogniser.name}"
        findings.append(Finding("policy.example", Severity.WARNING, where, message))
    return findings


@dataclass(frozen=True, slots=True)
class Difference:
    """One point in which two policies differ."""

    where: str
    first: str
    second: str


def diff(first: Policy, second: Policy) -> list[Difference]:
    """Return the points in which two policies differ: rules by label, then settings."""
    rules = [
        Difference(label.value, first.rule(label).value, second.rule(label).value)
        for label in Label
        if first.rule(label) is not second.rule(label)
    ]
    one, other = first.model_dump(mode="json"), second.model_dump(mode="json")
    skipped = {"name", "title", "basis", "rules", "recogniser"}
    settings = [
        Difference(key, _shown(one[key]), _shown(other[key]))
        for key in one
        if key not in skipped and one[key] != other[key]
    ]
    names = [{item.name for item in policy.recogniser} for policy in (first, second)]
    if names[0] != names[1]:
        settings.append(Difference("recogniser", ", ".join(sorted(names[0])), ", ".join(sorted(names[1]))))
    return rules + settings


def _shown(value: object) -> str:
    return re.sub(r"['{}\[\]]", "", str(value))
