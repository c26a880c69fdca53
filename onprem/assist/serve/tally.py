"""What a server tells of itself when it ends: numbers, for the audit log.

Rules: identifiers are counted after each answer, in a thread of their own, so that no answer waits for it; a request
keeps its place until it is counted, so the count is never behind by more than the places, and none is left out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from onprem.assist import marks


class Tally:
    """Counts of one server. Used by its event loop alone."""

    def __init__(self) -> None:
        self._counting = ThreadPoolExecutor(1, thread_name_prefix="marks")
        self.requests = self.refused = self.tokens = 0
        self.users: set[int] = set()
        self._identifiers = {"identifiers.asked": 0, "identifiers.said": 0}

    async def answered(self, asked: Sequence[str], said: str, tokens: int) -> None:
        """Count an answer, and the identifiers in it and in what was asked.

        Raises:
            ModelError: a model of the detectors is missing or damaged.
        """
        self.tokens += tokens
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._counting, marks.identifiers, [*asked, said])
        for counts in (marks.counted(found[:-1], side="asked"), marks.counted(found[-1:], side="said")):
            for code, number in counts.items():
                self._identifiers[code] += number

    def counts(self) -> Mapping[str, int]:
        """Return what the audit event of the end holds."""
        return {
            "requests": self.requests,
            "refused": self.refused,
            "tokens": self.tokens,
            "users": len(self.users),
            **self._identifiers,
        }
