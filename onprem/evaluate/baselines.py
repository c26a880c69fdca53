"""Trivial baselines, printed beside every evaluation: a measure that they also reach says nothing.

Rules: no dictionary, no model, no tuning.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from onprem.labels import Label
from onprem.model import Span

_CAPITALISED = re.compile(r"(?<!\w)[^\W\d_]\w*(?:['’-]\w+)*|\d+")


def _nothing(text: str) -> tuple[Span, ...]:  # noqa: ARG001 - the form of a finder
    return ()


def _everything(text: str) -> tuple[Span, ...]:
    return (_span(0, len(text), "everything"),) if text else ()


def _capitals_and_digits(text: str) -> tuple[Span, ...]:
    return tuple(
        _span(match.start(), match.end(), "capitals and digits")
        for match in _CAPITALISED.finditer(text)
        if match.group()[0].isupper() or match.group()[0].isdigit()
    )


def _span(start: int, end: int, name: str) -> Span:
    return Span(start, end, Label.OTHER_ID, 1.0, frozenset({name}))


BASELINES: Mapping[str, Callable[[str], tuple[Span, ...]]] = MappingProxyType(
    {
        "redact nothing": _nothing,
        "redact everything": _everything,
        "capitals and digits": _capitals_and_digits,
    }
)
