"""What one part of a claim needs to be borne out: words, runs of Han characters, numbers with what they are of, persons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from onprem.assist.ground_read import Token
from onprem.assist.ground_words import MARKS, words

KIN = MARKS.index("kin")


class Wanted:
    """What a part of the claim needs."""

    def __init__(self, own: Sequence[Token]) -> None:
        self.tokens = list(own)
        self.persons = [
            token
            for token in own
            if (token.unit == "age" or token.key in {"#male", "#female"}) and token.marks[KIN] == 0
        ]
        rest = [token for token in own if not any(token is person for person in self.persons)]
        self.words = [token for token in rest if token.kind == "word" and not token.plain and token.key != "@use"]
        self.numbers = [token for token in rest if token.kind == "number"]
        self.often = [token for token in rest if token.kind == "often"]
        self.use = [token for token in rest if token.key == "@use"]
        self.han = list(_runs(rest))
        self.ordered = any(token.word in words().ordered or token.key == "@switch" for token in self.words) or any(
            word in _text(run) for run in self.han for word in words().ordered if not word.isascii()
        )

    @property
    def only_person(self) -> bool:
        """Whether it is of the patient's age and sex alone."""
        return bool(self.persons) and not (self.words or self.numbers or self.often or self.han)

    @property
    def empty(self) -> bool:
        """Whether it needs nothing."""
        return not (
            self.words or self.numbers or self.often or self.han or any(not token.plain for token in self.persons)
        )

    @property
    def alone(self) -> bool:
        """Whether it is one word or run of Han characters, which says little without what stands before it."""
        return not self.numbers and len(self.words) + len(self.han) <= 1


def owner_of(number: Token, tokens: Sequence[Token]) -> frozenset[str]:
    """Return the words that a number is of: those before it up to the number before, else those after it."""
    place = next(index for index, token in enumerate(tokens) if token is number)
    after: list[Token] = []
    for token in tokens[place + 1 :]:
        if token.kind == "number":
            break
        after.append(token)
    if after and after[0].word == "of":  # "10 mg of lisinopril"
        return _content(after)
    end = place
    while end > 0:
        begin = end
        while begin > 0 and tokens[begin - 1].kind != "number":
            begin -= 1
        if found := _content(tokens[begin:end]):
            return found
        end = begin - 1
    return _content(after)


def _content(tokens: Sequence[Token]) -> frozenset[str]:
    """Return the words of some tokens, and the pairs of their Han characters."""
    found = {token.key for token in tokens if token.kind == "word" and not token.plain and token.key[:1] != "#"}
    for run in _runs(tokens):
        text = _text(run)
        found |= {text[at : at + 2] for at in range(len(text) - 1)} or {text}
    return frozenset(found)


def _runs(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """Yield runs of Han characters that need support."""
    run: list[Token] = []
    for token in tokens:
        if token.kind == "han" and not token.plain and (not run or run[-1].end == token.start):
            run.append(token)
            continue
        if run:
            yield run
        run = [token] if token.kind == "han" and not token.plain else []
    if run:
        yield run


def _text(run: Sequence[Token]) -> str:
    return "".join(token.key for token in run)
