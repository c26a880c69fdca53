"""What `onprem chat` reads and writes: at a terminal, or line by line where there is none.

Rules: nothing that a model, a file or a person wrote steers the terminal; identifiers in what is typed are shown with a
sign and a colour, never by colour alone; Ctrl-C stops an answer, a second one the chat; what is left out, cut, stopped or
refused is said in a line. Piped lines are messages and nothing else: no command is read from them.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, BinaryIO

from onprem.assist.conversation import MAX_MESSAGE, Lines, Word, command, with_files
from onprem.cli import render
from onprem.cli.harmless import harmless, json_line, one_line
from onprem.errors import InputError, UsageError
from onprem.llm.contract import LLM, Answer, Ended, Writing

if TYPE_CHECKING:
    from rich.text import Text

    from onprem.assist.session import Session
    from onprem.model import Span

MAX_FILE_BYTES = 2_000_000
_MARKED_LINES = 20  # of a message that are shown with their identifiers
_SIGN = "bold yellow"
_HELP = (
    "/file PATH   put a text file of the working folder before your next message",
    "/reset       let the model forget what was said, and drop the files for the next message",
    "/quit        end the chat; so does Ctrl-D",
    "Ctrl-C       stop an answer; what was said is kept",
    "\\            at the end of a line: the message goes on in the next",
    '"""          on a line of its own: begins lines that are one message, and ends them',
)
_STOPPED = {
    Ended.CANCELLED: "stopped; what was said is kept",
    Ended.LENGTH: "the answer is cut: it was as long as it may be",
    Ended.STUCK: "the model could not go on",
    Ended.TOO_LONG: "the model could not take the message",
}


class Terminal:
    """A chat at a terminal."""

    def __init__(self, llm: LLM, session: Session) -> None:
        self._llm = llm
        self._session = session
        self._answer = render.console(sys.stdout)
        self._talk = render.console(sys.stderr)
        self._files: list[tuple[str, str]] = []
        self._writing: Writing | None = None
        self._cancelled = self._typing = self._over = False

    def run(self) -> None:
        """Hold the chat until the person ends it.

        Raises:
            ModelError: the model's process ended, or a model of the detectors is damaged.
        """
        import readline

        readline.set_auto_history(True)  # in memory, for this chat alone
        with self._interrupts():
            for message in self._messages():
                try:
                    self._take(message)
                except UsageError as refused:
                    self._refuse(refused)

    def _messages(self) -> Iterator[str]:
        """Yield what is typed, a message at a time, until the end of input."""
        lines = Lines()
        while True:
            try:
                message = lines.add(self._typed("... " if lines.open else "you> "))
            except EOFError:
                with suppress(OSError):  # a terminal that is gone
                    self._answer.out("")
                return
            except KeyboardInterrupt:
                if self._over:
                    raise
                self._answer.out("")
                lines.drop()
                render.talk("to end: /quit or Ctrl-D")
                continue
            except UnicodeDecodeError:
                lines.drop()
                render.talk("what was typed is no text in UTF-8, so it was not taken")
                continue
            if message is not None and message.strip():
                if message.strip() == Word.QUIT:
                    return
                yield message

    def _typed(self, prompt: str) -> str:
        self._typing = True
        try:
            return input(prompt)
        finally:
            self._typing = False

    def _take(self, message: str) -> None:
        """Do what a command says, or let the model answer a message.

        Raises:
            UsageError: it is refused, and nothing has changed.
        """
        given = command(message)
        if given is None:
            self._reply(message)
        elif given.word is Word.HELP:
            for line in _HELP:
                render.talk(line)
        elif given.word is Word.FILE:
            self._attach(given.rest)
        else:
            self._session.conversation.reset()
            self._files.clear()
            render.talk("the model has forgotten what was said")

    def _attach(self, named: str) -> None:
        from onprem.assist.passages import read_text

        path = Path(named.strip("'\""))
        if not named:
            raise UsageError("no file is named", hint="/file PATH")
        try:
            text = read_text(path, most=MAX_FILE_BYTES)
        except InputError as error:
            hint = "files below the working folder can be read, in UTF-8, UTF-16 or GB18030"
            raise UsageError(f"the file is not taken: {error.message}", hint=hint) from None
        self._files.append((one_line(path.name), text))
        render.talk(f"goes before your next message: {one_line(path.name)}, {len(text):,} characters")

    def _reply(self, message: str) -> None:
        """Let the model answer a message with the files before it, which go with no other message."""
        files, self._files = self._files, []
        try:
            message.encode()
            whole = with_files(message, files)
            following = self._session.conversation.next(whole)
        except UnicodeEncodeError:
            raise UsageError("the message is no text in UTF-8", hint=_with_dropped("", files)) from None
        except UsageError as refused:
            raise UsageError(refused.message, hint=_with_dropped(refused.hint, files)) from None
        self._mark(message)
        _tell_left_out(following.left_out)
        self._writing, self._cancelled = self._llm.stream(following.request), False
        try:
            answer = self._session.hear(whole, self._writing, lambda piece: self._answer.out(harmless(piece), end=""))
        finally:
            self._writing = None
        self._answer.out("")
        _tell_end(answer)

    def _refuse(self, refused: UsageError) -> None:
        render.talk(refused.message + (f" ({refused.hint})" if refused.hint else ""))

    def _mark(self, message: str) -> None:
        """Show the lines of a message in which there are identifiers, with these marked."""
        if self._session.loading:
            render.talk("loading what looks for identifiers")
        shown = marked(message, self._session.identifiers(message))
        for line in shown[:_MARKED_LINES]:
            self._talk.print(line, soft_wrap=True)
        if len(shown) > _MARKED_LINES:
            render.talk(f"and {len(shown) - _MARKED_LINES:,} more lines with identifiers")

    @contextmanager
    def _interrupts(self) -> Iterator[None]:
        handlers = {signal.SIGINT: self._interrupted, signal.SIGTERM: self._ended, signal.SIGHUP: self._ended}
        kept = {number: before for number in handlers if (before := signal.getsignal(number)) is not signal.SIG_IGN}
        for number in kept:
            signal.signal(number, handlers[number])
        try:
            yield
        finally:
            for number, before in kept.items():
                signal.signal(number, before)

    def _interrupted(self, number: int, frame: FrameType | None) -> None:
        """Stop the answer that is being written; a second time, or at a prompt, interrupt; between these do nothing."""
        if self._writing is not None and not self._cancelled:
            self._cancelled = True
            self._writing.cancel()
        elif self._typing or self._writing is not None:
            signal.default_int_handler(number, frame)

    def _ended(self, number: int, frame: FrameType | None) -> None:
        self._over = True
        signal.default_int_handler(number, frame)


def marked(message: str, found: tuple[Span, ...]) -> list[Text]:
    """Return the lines of a message in which there are identifiers, each identifier in brackets behind its label."""
    from rich.text import Text

    lines, at = [], 0
    for line in message.split("\n"):
        shown, done = Text("  "), 0
        for span in sorted(found, key=lambda span: span.start):
            start, end = max(span.start - at, done), min(span.end - at, len(line))
            if start < end:
                shown.append(harmless(line[done:start]))
                shown.append(f"[{span.label} {harmless(line[start:end])}]", style=_SIGN)
                done = end
        if done:
            lines.append(shown.append(harmless(line[done:])))
        at += len(line) + 1
    return lines


def by_lines(llm: LLM, session: Session, *, json: bool) -> bool:
    """Answer each line of standard input; return whether all were answered.

    Raises:
        ModelError: the model's process ended.
    """
    fine = True
    for message in _lines(sys.stdin.buffer):
        try:
            if message is None:
                raise UsageError(f"a line is no text in UTF-8, or has more than {MAX_MESSAGE:,} characters")
            following = session.conversation.next(message)
        except UsageError as refused:
            fine = False
            render.talk(refused.message)
            if json:
                render.line(json_line({"answer": None, "ended": "refused", "left_out": 0}))
            continue
        _tell_left_out(following.left_out)
        answer = session.hear(message, llm.stream(following.request), lambda _: None)
        if json:
            said = {"answer": answer.text, "ended": str(answer.ended), "left_out": following.left_out}
            render.line(json_line(said))
        else:
            render.line(harmless(answer.text))
            _tell_end(answer)
    return fine


def _lines(stream: BinaryIO) -> Iterator[str | None]:
    """Yield the lines that are not blank; None for one that cannot be taken."""
    most = 4 * MAX_MESSAGE
    while line := stream.readline(most):
        whole = line.endswith(b"\n") or len(line) < most
        while not whole:
            whole = (rest := stream.readline(most)).endswith(b"\n") or not rest
            line = b"\xff"
        try:
            text = line.decode().removesuffix("\n").removesuffix("\r")
        except UnicodeDecodeError:
            yield None
            continue
        if text.strip():
            yield text if len(text) <= MAX_MESSAGE else None


def _with_dropped(hint: str, files: Sequence[tuple[str, str]]) -> str:
    return "; ".join(filter(None, (hint, f"its {len(files)} file(s) are dropped" if files else "")))


def _tell_left_out(turns: int) -> None:
    if turns:
        render.talk(f"the conversation is longer than the model's context: its oldest {turns} turn(s) are left out")


def _tell_end(answer: Answer) -> None:
    if answer.ended in _STOPPED:
        render.talk(_STOPPED[answer.ended])
