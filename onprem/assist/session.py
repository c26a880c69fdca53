"""One chat with a model from its first message to its last: the conversation, and what the audit log is told of it.

Rules: what was said is kept also when its writing fails; identifiers are looked for in a thread of their own, whose models
are loaded while the first message is typed; nothing is told of a conversation but numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from onprem.assist import marks
from onprem.assist.conversation import Conversation
from onprem.llm.contract import Answer, Ended, Writing

if TYPE_CHECKING:
    from onprem.model import Span

Found = list[tuple["Span", ...]]


class Session:
    """A conversation that is being held. Use once, from one thread; `close` it."""

    def __init__(self, conversation: Conversation) -> None:
        """Begin to load what looks for identifiers."""
        self.conversation = conversation
        self._marking = ThreadPoolExecutor(1, thread_name_prefix="marks")
        self._loaded = self._find([""])
        self._found: list[Future[Found]] = []
        self._tokens = self._stopped = 0

    @property
    def loading(self) -> bool:
        """Whether what looks for identifiers is not there yet."""
        return not self._loaded.done()

    def identifiers(self, text: str) -> tuple[Span, ...]:
        """Return the identifiers in a text.

        Raises:
            ModelError: a model of the detectors is missing or damaged.
        """
        return self._find([text]).result()[0]

    def hear(self, asked: str, writing: Writing, write: Callable[[str], None]) -> Answer:
        """Give an answer to `write` piece by piece as it comes, and keep the turn; return the whole.

        Raises:
            ModelError: the model's process ended; what it had said is kept.
        """
        said: list[str] = []
        answer = None
        try:
            for piece in writing:
                said.append(piece)
                write(piece)
            answer = writing.answer
        finally:
            self._keep(asked, answer or Answer("".join(said), Ended.CANCELLED, 0, len(said)))
        return answer

    def counts(self) -> Mapping[str, int]:
        """Return what the audit event holds, once all that was said has been looked through.

        Raises:
            ModelError: a model of the detectors is missing or damaged.
        """
        found = [future.result() for future in self._found]
        return {
            "turns": len(self.conversation.turns),
            "tokens": self._tokens,
            "stopped": self._stopped,
            **marks.counted([asked for asked, _ in found], side="asked"),
            **marks.counted([said for _, said in found], side="said"),
        }

    def close(self) -> None:
        """End the thread."""
        self._marking.shutdown()

    def _keep(self, asked: str, answer: Answer) -> None:
        self.conversation.add(asked, answer)
        self._tokens += answer.tokens
        self._stopped += answer.ended is Ended.CANCELLED
        self._found.append(self._find([asked, answer.text]))

    def _find(self, texts: Sequence[str]) -> Future[Found]:
        return self._marking.submit(marks.identifiers, texts)
