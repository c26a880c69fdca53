"""What identifies in what is said to a model and by it: found, counted and marked, never written down.

Text with identifiers may be given to a model, because it stays on site; that it was is said on the screen and, in
numbers alone, in the audit log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from onprem.model import Span

if TYPE_CHECKING:
    from onprem.detect.ensemble import Ensemble


@cache
def _ensemble() -> Ensemble:
    from onprem.detect.ensemble import Ensemble

    return Ensemble.load(tier="fast")


def identifiers(texts: Sequence[str]) -> list[tuple[Span, ...]]:
    """Return the identifiers of each text, in offsets of it.

    Raises:
        ModelError: a model of the detectors is missing or damaged.
    """
    return _ensemble().find(texts)


def counted(found: Sequence[Sequence[Span]], *, side: str) -> Mapping[str, int]:
    """Return how many identifiers stand in some texts, as an audit event counts them; `side` is "asked" or "said"."""
    return {f"identifiers.{side}": sum(map(len, found))}
