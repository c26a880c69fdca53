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
_OLD = 90  # years; 45 CFR 164.514(b)(2)(i)(C): ages over 89 go into one band


class Rules(Protocol):
    """The part of a policy that an evaluation needs."""

    def rule(self, label: Label) -> Operator:
        """Return the operator of a label."""


def hidden_labels(policy: Rules) -> frozenset[Label]:
    """Return the labels that `policy` replaces."""
    return frozenset(label for label in Label if policy.rule(label) is not Operator.KEEP)


def stays_under(policy: Rules) -> Callable[[Label, str], bool]:
    """Return a test whether a value of a hidden label stays: an age under 90 under `band`, a bare year under `year`."""
    rules = {label: policy.rule(label) for label in Label}

    def stays(label: Label, value: str) -> bool:
        if label is Label.AGE and rules[label] is Operator.BAND:
            numbers = [int(number) for number in _NUMBER.findall(value)]
            return bool(numbers) and max(numbers) < _OLD
        if label is Label.DATE and rules[label] is Operator.YEAR:
            return _YEAR.fullmatch(value) is not None
        return False

    return stays
