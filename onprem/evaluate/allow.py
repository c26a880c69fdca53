"""What a policy leaves as it is, so that an evaluation counts it neither as missed nor as over-redacted.

Rules: only what the policy's own operator would leave; a value that cannot be read is not excused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Protocol

from onprem.labels import Label
from onprem.policy.contract import Operator

_NUMBER = re.compile(r"\d+")
_YEAR = re.compile(r"\s*(?:19|20)\d\d\s*年?\s*")


class Bands(Protocol):
    """How a policy bands ages: `width` in years, 0 where ages below `top` stay as they are."""

    @property
    def width(self) -> int:
        """Width of a band, years."""

    @property
    def top(self) -> int:
        """The age from which on there is one band."""


class Rules(Protocol):
    """The part of a policy (onprem.policy.schema.Policy) that an evaluation needs."""

    @property
    def age(self) -> Bands:
        """How ages are banded."""

    def rule(self, label: Label) -> Operator:
        """Return the operator of a label."""


def hidden_labels(policy: Rules) -> frozenset[Label]:
    """Return the labels that `policy` replaces."""
    return frozenset(label for label in Label if policy.rule(label) is not Operator.KEEP)


def stays_under(policy: Rules) -> Callable[[Label, str], bool]:
    """Return a test whether a value of a hidden label stays: an age below the top band, a bare year under `year`."""
    rules = {label: policy.rule(label) for label in Label}
    top = 0 if policy.age.width else policy.age.top

    def stays(label: Label, value: str) -> bool:
        if label is Label.AGE and rules[label] is Operator.BAND:
            numbers = [int(number) for number in _NUMBER.findall(value)]
            return bool(numbers) and max(numbers) < top
        if label is Label.DATE and rules[label] is Operator.YEAR:
            return _YEAR.fullmatch(value) is not None
        return False

    return stays
