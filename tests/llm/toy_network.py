"""A network whose numbers are a hash of all the tokens before: any token that is missing, doubled or another's shows."""

import hashlib

import numpy as np

TOKENS, END = 40, 39


def numbers(tokens):
    """The numbers of the token that follows some tokens."""
    digest = hashlib.sha256(repr(list(tokens)).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "little")).random(TOKENS, dtype=np.float32)


class ToyNetwork:
    """Keeps what each sequence holds, and what was computed."""

    def __init__(self, *, cells=10**9, forgets=True):
        self.held = {}
        self.computed = 0
        self.steps = 0
        self.most_rows = 0
        self._cells = cells
        self._forgets = forgets  # whether the end of a sequence can be forgotten, or only all of it

    def piece(self, token):
        return f"{token} ".encode()

    def ends(self, token):
        return token == END

    def compute(self, rows):
        wanted = []
        for row in rows:
            held = self.held.setdefault(row.sequence, [])
            assert row.position == len(held)
            held.append(row.token)
            if row.wanted:
                wanted.append(numbers(held))
        self.computed += len(rows)
        self.steps += 1
        self.most_rows = max(self.most_rows, len(rows))
        assert sum(map(len, self.held.values())) <= self._cells
        return np.array(wanted, np.float32).reshape(-1, TOKENS)

    def keep(self, sequence, count):
        held = self.held.setdefault(sequence, [])
        assert count <= len(held)
        whole = count in (0, len(held)) or self._forgets
        del held[count if whole else 0 :]
        return whole

    def share(self, source, target, count):
        self.held[target] = self.held.get(source, [])[:count] if self._forgets else []
        return self._forgets and len(self.held[target]) == count

    def clear(self):
        self.held.clear()


class Likeliest:
    """Chooses the token of the largest number; counts whether it was closed."""

    def __init__(self):
        self.closed = False

    def choose(self, logits):
        return int(logits.argmax())

    def close(self):
        self.closed = True


def slowly(prompt, most, context):
    """What is answered to one prompt by itself: the tokens, and why it ended."""
    tokens, said = list(prompt), []
    while True:
        token = int(numbers(tokens).argmax())
        if token == END:
            return said, "stop"
        said.append(token)
        tokens.append(token)
        if len(said) >= most or len(tokens) >= context:
            return said, "length"
