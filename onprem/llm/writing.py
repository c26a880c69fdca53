"""One answer as it is written by a model in another process."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from onprem.errors import UsageError
from onprem.llm.contract import Answer


class Writing:
    """An answer as it is written: see `onprem.llm.contract.Writing`."""

    def __init__(self, *, pump: Callable[[], None], cancel: Callable[[int], None]) -> None:
        self.key = -1
        self._pump = pump
        self._cancel = cancel
        self._pieces: deque[str] = deque()
        self._end: Answer | UsageError | None = None
        self._cancelled = False

    def __iter__(self) -> Iterator[str]:
        """Yield text as it comes; an interrupt between two pieces loses none.

        Raises:
            UsageError: the request cannot be answered as it is.
            ModelError: the model's process ended.
        """
        while True:
            while self._pieces:
                yield self._pieces.popleft()
            if isinstance(self._end, UsageError):
                raise self._end
            if self._end is not None:
                return
            self._pump()

    def cancel(self) -> None:
        """End the answer where it is. Idempotent."""
        if self._end is None and not self._cancelled:
            self._cancelled = True
            self._cancel(self.key)

    @property
    def answer(self) -> Answer:
        """The whole answer; waits for it.

        Raises:
            UsageError, ModelError: as iterating.
        """
        while self._end is None:
            self._pump()
        if isinstance(self._end, UsageError):
            raise self._end
        return self._end

    def take(self, text: str) -> None:
        """Take a piece of text."""
        self._pieces.append(text)

    def finish(self, end: Answer | UsageError) -> None:
        """Take the whole answer, or why there is none."""
        self._end = end
