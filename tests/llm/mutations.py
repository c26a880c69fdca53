"""More than two hundred model files that are broken in one place each, made from a real model in the same way every time.

The real model is cut to one block and its first 1,024 tokens, so that a file has 4 MB and still loads and answers; what is
cut is true in every other way: its keys, types, tokeniser and weights are the real model's. Each mutation changes a copy of
the parts, or of the bytes that they make.
"""

from __future__ import annotations

import math
import random
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from gguf_world import text, value

TOKENS = 1_024
_FORMS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d", 8: "text"}
_BLOCKS = {0: (1, 4), 1: (1, 2), 3: (32, 20), 8: (32, 34)}  # type -> weights and bytes of a block, as far as they occur
FLIPS = 40  # of the mutations are bytes changed by chance


@dataclass
class Parts:
    """A model file in parts. A tensor is (name, shape, type, data, offset or None for where it belongs)."""

    metadata: dict[str, tuple[object, object]] = field(repr=False)
    tensors: list[tuple[str, tuple[int, ...], int, bytes, int | None]] = field(repr=False)
    version: int = 3
    magic: bytes = b"GGUF"
    counts: tuple[int, int] | None = None
    alignment: int = 32

    def copy(self) -> Parts:
        return replace(self, metadata=dict(self.metadata), tensors=list(self.tensors))

    def bytes(self) -> bytes:
        counts = self.counts or (len(self.tensors), len(self.metadata))
        made = [self.magic + struct.pack("<IQQ", self.version, *counts)]
        made += [text(name) + value(form, item) for name, (form, item) in self.metadata.items()]
        data: list[bytes] = []
        at = 0
        for name, shape, kind, content, offset in self.tensors:
            told = at if offset is None else offset
            made.append(text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, told))
            data.append(content + b"\0" * (-len(content) % self.alignment))
            at += len(data[-1])
        head = b"".join(made)
        return head + b"\0" * (-len(head) % self.alignment) + b"".join(data)

    @property
    def header_bytes(self) -> int:
        """How many bytes stand before the first tensor's."""
        return len(replace(self, tensors=[(*item[:3], b"", item[4]) for item in self.tensors]).bytes())


class _Reading:
    def __init__(self, content: bytes) -> None:
        self._content, self.at = content, 0

    def number(self, form: str) -> int:
        (found,) = struct.unpack_from(f"<{form}", self._content, self.at)
        self.at += struct.calcsize(f"<{form}")
        return found

    def text(self) -> str:
        length = self.number("Q")
        self.at += length
        return self._content[self.at - length : self.at].decode()

    def one(self, form: str) -> object:
        return self.text() if form == "text" else self.number(form)

    def value(self) -> tuple[object, object]:
        kind = self.number("I")
        if kind != 9:
            return _FORMS[kind], self.one(_FORMS[kind])
        form = _FORMS[self.number("I")]
        return ("array", form), [self.one(form) for _ in range(self.number("Q"))]


def cut(path: Path) -> Parts:
    """Read a real model and cut it: one block, the first tokens, the merges that they need."""
    content = path.read_bytes()
    reading = _Reading(content)
    reading.at = 8
    tensors, keys = reading.number("Q"), reading.number("Q")
    metadata = {}
    for _ in range(keys):
        name = reading.text()
        metadata[name] = reading.value()
    told = []
    for _ in range(tensors):
        name = reading.text()
        shape = tuple(reading.number("Q") for _ in range(reading.number("I")))
        told.append((name, shape, reading.number("I"), reading.number("Q")))
    start = -(-reading.at // 32) * 32
    kept = []
    for name, shape, kind, offset in told:
        if name.startswith("blk.") and not name.startswith("blk.0."):
            continue
        less = (shape[0], TOKENS) if name == "token_embd.weight" else shape
        block, size = _BLOCKS[kind]
        at = start + offset
        kept.append((name, less, kind, content[at : at + math.prod(less) // block * size], None))
    tokens = metadata["tokenizer.ggml.tokens"][1][:TOKENS]
    known = set(tokens)
    merges = [merge for merge in metadata["tokenizer.ggml.merges"][1] if merge.replace(" ", "") in known]
    metadata["tokenizer.ggml.tokens"] = (("array", "text"), tokens)
    metadata["tokenizer.ggml.merges"] = (("array", "text"), merges)
    form, kinds = metadata["tokenizer.ggml.token_type"]
    metadata["tokenizer.ggml.token_type"] = (form, kinds[:TOKENS])
    metadata["llama.block_count"] = ("I", 1)
    metadata["llama.vocab_size"] = ("I", TOKENS)
    return Parts(metadata, kept)


# a mutation takes a copy of the parts and its own random numbers, and returns the bytes of a file
Mutation = Callable[[Parts, random.Random], bytes]


def corpus() -> list[tuple[str, Mutation]]:
    """Return the mutations by name, always the same."""
    named = [*_beginning(), *_values(), *_hyper(), *_vocabulary(), *_tensors(), *_data(), *_cuts(), *_templates()]
    return [*named, *((f"flip-{n:02}", _flip) for n in range(FLIPS))]


def made(parts: Parts, name: str, mutation: Mutation) -> bytes:
    """Return the file of a mutation; its random numbers depend on its name alone."""
    return mutation(parts.copy(), random.Random(name))


def _put(raw: bytes, at: int, content: bytes) -> bytes:
    return raw[:at] + content + raw[at + len(content) :]


def _bytes(at: int, content: bytes) -> Mutation:
    return lambda parts, rng: _put(parts.bytes(), at, content)


def _with(**metadata: tuple[object, object] | None) -> Mutation:
    """Set keys of the metadata (`__` stands for a dot); None removes one."""

    def mutation(parts: Parts, rng: random.Random) -> bytes:
        for name, item in metadata.items():
            key = name.replace("__", ".")
            if item is None:
                del parts.metadata[key]
            else:
                parts.metadata[key] = item
        return parts.bytes()

    return mutation


def _beginning() -> Iterator[tuple[str, Mutation]]:
    for at in range(4):
        yield f"magic-{at}", _bytes(at, b"\xff")
    for number in (0, 1, 4, 2**32 - 1, 3 << 24):
        yield f"version-{number}", _bytes(4, struct.pack("<I", number))
    for number in (0, 1, 9, 2**31, 2**63, 2**64 - 1):
        yield f"tensors-{number}", _bytes(8, struct.pack("<Q", number))
        yield f"keys-{number}", _bytes(16, struct.pack("<Q", number))


def _values() -> Iterator[tuple[str, Mutation]]:
    """Lengths and types inside the metadata."""

    def length(of: str, change: int) -> Mutation:
        def mutation(parts: Parts, rng: random.Random) -> bytes:
            raw = parts.bytes()
            at = raw.index(text(of)) + len(text(of)) + 4
            at += 4 if parts.metadata[of][0] != "text" else 0
            (said,) = struct.unpack_from("<Q", raw, at)
            return _put(raw, at, struct.pack("<Q", (said + change) % 2**64))

        return mutation

    def kind(of: str, number: int) -> Mutation:
        def mutation(parts: Parts, rng: random.Random) -> bytes:
            raw = parts.bytes()
            return _put(raw, raw.index(text(of)) + len(text(of)), struct.pack("<I", number))

        return mutation

    for change in (-1, 1, 2**31, 2**62, 2**64 - 400):
        yield f"text-length-{change}", length("tokenizer.chat_template", change)
        yield f"list-length-{change}", length("tokenizer.ggml.tokens", change)
        yield f"numbers-length-{change}", length("tokenizer.ggml.token_type", change)
    for number in (6, 7, 9, 13, 2**32 - 1):
        yield f"kind-of-number-{number}", kind("llama.feed_forward_length", number)
        yield f"kind-of-text-{number}", kind("general.name", number)
    yield "alignment-0", _with(general__alignment=("I", 0))
    yield "alignment-odd", _with(general__alignment=("I", 33))
    yield "alignment-64", _with(general__alignment=("I", 64))
    yield "alignment-text", _with(general__alignment=("text", "32"))
    for name in ("lhama", "", "x" * 5_000, "gemma", "qwen2", "mamba", "bert", "t5", "clip", "phi3"):
        yield f"architecture-{name[:8]}", _with(general__architecture=("text", name))
    yield "no-architecture", _with(general__architecture=None)


def _hyper() -> Iterator[tuple[str, Mutation]]:
    numbers = {
        "block_count": (0, 2, 2**31 - 1, 2**32 - 1),
        "attention.head_count": (0, 7, 2**31, 2**32 - 1),
        "attention.head_count_kv": (0, 2, 10, 2**32 - 1),
        "embedding_length": (0, 575, 2**32 - 1),
        "feed_forward_length": (0, 1_535, 2**32 - 1),
        "context_length": (0, 1, 2**32 - 1),
        "rope.dimension_count": (0, 63, 65, 2**32 - 1),
        "vocab_size": (0, 7, 2**32 - 1),
    }
    for name, tried in numbers.items():
        for number in tried:
            yield f"{name}-{number}", _with(**{f"llama__{name.replace('.', '__')}": ("I", number)})
    for name in ("attention.head_count", "embedding_length", "block_count"):
        yield f"no-{name}", _with(**{f"llama__{name.replace('.', '__')}": None})
        yield f"text-{name}", _with(**{f"llama__{name.replace('.', '__')}": ("text", "9")})
    yield "negative-context", _with(llama__context_length=("i", -5))
    for number in (0.0, -1.0, math.nan, math.inf):
        yield f"eps-{number}", _with(llama__attention__layer_norm_rms_epsilon=("f", number))
        yield f"freq-{number}", _with(llama__rope__freq_base=("f", number))


def _vocabulary() -> Iterator[tuple[str, Mutation]]:
    def tokens(change: Callable[[list[object], random.Random], list[object]]) -> Mutation:
        def mutation(parts: Parts, rng: random.Random) -> bytes:
            form, items = parts.metadata["tokenizer.ggml.tokens"]
            parts.metadata["tokenizer.ggml.tokens"] = (form, change(list(items), rng))
            return parts.bytes()

        return mutation

    many = ("array", "text")
    yield "tokens-none", tokens(lambda items, rng: [])
    yield "tokens-fewer", tokens(lambda items, rng: items[:-100])
    yield "tokens-more", tokens(lambda items, rng: [*items, *(f"more{n}" for n in range(500))])
    yield "tokens-alike", tokens(lambda items, rng: ["a"] * len(items))
    yield "tokens-empty", tokens(lambda items, rng: [""] * len(items))
    yield "tokens-no-utf8", tokens(lambda items, rng: [b"\xff\xfe" + str(n).encode() for n in range(len(items))])
    yield "tokens-long", tokens(lambda items, rng: [*items[:-1], "y" * 1_000_000])
    yield "tokens-mixed", tokens(lambda items, rng: rng.sample(items, len(items)))
    yield "tokens-missing", _with(tokenizer__ggml__tokens=None)
    yield "tokens-numbers", _with(tokenizer__ggml__tokens=(("array", "I"), [1] * TOKENS))
    for number in (TOKENS, 2**31, 2**32 - 2):
        yield (
            f"bos-{number}",
            _with(tokenizer__ggml__bos_token_id=("I", number), tokenizer__ggml__add_bos_token=("?", True)),
        )
        yield f"eos-{number}", _with(tokenizer__ggml__eos_token_id=("I", number))
    for name in ("llama", "bert", "t5", "rwkv", "plamo2", "none", "no_vocab", "nonsense", ""):
        yield f"tokeniser-{name}", _with(tokenizer__ggml__model=("text", name))
    yield "pre-nonsense", _with(tokenizer__ggml__pre=("text", "nonsense"))
    yield "merges-missing", _with(tokenizer__ggml__merges=None)
    yield "merges-unknown", _with(tokenizer__ggml__merges=(many, ["zz qq"] * 50))
    yield "merges-no-blank", _with(tokenizer__ggml__merges=(many, ["", " ", "ab", "a b c"]))
    yield "types-missing", _with(tokenizer__ggml__token_type=None)
    yield "types-fewer", _with(tokenizer__ggml__token_type=(("array", "i"), [1] * 10))
    yield "types-nonsense", _with(tokenizer__ggml__token_type=(("array", "i"), [-77] * TOKENS))
    yield "types-all-control", _with(tokenizer__ggml__token_type=(("array", "i"), [3] * TOKENS))
    yield "scores-fewer", _with(tokenizer__ggml__scores=(("array", "f"), [math.nan] * 3))


def _tensors() -> Iterator[tuple[str, Mutation]]:
    def tensor(number: int, **changes: object) -> Mutation:
        def mutation(parts: Parts, rng: random.Random) -> bytes:
            name, shape, kind, data, offset = parts.tensors[number]
            item = {"name": name, "shape": shape, "kind": kind, "data": data, "offset": offset} | changes
            parts.tensors[number] = (item["name"], item["shape"], item["kind"], item["data"], item["offset"])
            return parts.bytes()

        return mutation

    def gone(number: int) -> Mutation:
        def mutation(parts: Parts, rng: random.Random) -> bytes:
            del parts.tensors[number]
            return parts.bytes()

        return mutation

    def renamed(first: int, second: int) -> Mutation:
        """Exchange the names of two tensors: each is then of another shape, or of the same and means another."""

        def mutation(parts: Parts, rng: random.Random) -> bytes:
            one, other = parts.tensors[first], parts.tensors[second]
            parts.tensors[first], parts.tensors[second] = (other[0], *one[1:]), (one[0], *other[1:])
            return parts.bytes()

        return mutation

    for kind in (0, 1, 2, 4, 24, 27, 99, 2**32 - 1):
        yield f"type-{kind}", tensor(2, kind=kind)
    for offset in (0, 32, 8, 2**40, 2**63, 2**64 - 32):
        yield f"offset-{offset}", tensor(4, offset=offset)
    for shape in (
        (),
        (0,),
        (576, 1_536),
        (1_536 * 576,),
        (1_536, 1),
        (2**40, 2**40),
        (32,),
        (1, 1, 1, 1, 1),
        (32, 27_648),
    ):
        yield f"shape-{'x'.join(map(str, shape))}", tensor(2, shape=shape)
    yield "name-empty", tensor(3, name="")
    yield "name-long", tensor(3, name="n" * 300)
    yield "name-twice", tensor(3, name="token_embd.weight")
    yield "name-other", tensor(3, name="blk.7.ffn_gate.weight")
    for number in (0, 1, 2, 6, 9, 10):
        yield f"without-{number}", gone(number)
    yield "swapped-of-one-shape", renamed(3, 4)
    yield "swapped-of-other-shapes", renamed(0, 2)


def _data() -> Iterator[tuple[str, Mutation]]:
    def data(number: int, fill: Callable[[int, random.Random], bytes]) -> Mutation:
        def mutation(parts: Parts, rng: random.Random) -> bytes:
            name, shape, kind, content, offset = parts.tensors[number]
            parts.tensors[number] = (name, shape, kind, fill(len(content), rng), offset)
            return parts.bytes()

        return mutation

    for number in (0, 1, 2, 8):
        yield f"data-ones-{number}", data(number, lambda size, rng: b"\xff" * size)  # every number of these is NaN
        yield f"data-noise-{number}", data(number, lambda size, rng: rng.randbytes(size))
    yield "data-zeros", data(0, lambda size, rng: bytes(size))


def _cuts() -> Iterator[tuple[str, Mutation]]:
    for share in (0.0, 0.05, 0.3, 0.7, 0.99, 1.0):
        yield f"cut-header-{share}", lambda parts, rng, share=share: parts.bytes()[: int(parts.header_bytes * share)]
    for keep in (0.2, 0.9, 0.999):
        yield f"cut-{keep}", lambda parts, rng, keep=keep: parts.bytes()[: int(len(parts.bytes()) * keep)]
    yield "longer", lambda parts, rng: parts.bytes() + rng.randbytes(5_000)


TEMPLATES = {
    "class": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "loop": "{% for x in range(10**9) %}{{ x }}{% endfor %}",
    "open": "{{ cycler.__init__.__globals__.os.system('touch PLANTED') }}",
    "broken": "{% if %}{{",
}


def _templates() -> Iterator[tuple[str, Mutation]]:
    for name, template in TEMPLATES.items():
        yield f"template-{name}", _with(tokenizer__chat_template=("text", template))


def _flip(parts: Parts, rng: random.Random) -> bytes:
    """Change one to four bytes of the header, most of them where the structure is, and not in the vocabulary."""
    raw = bytearray(parts.bytes())
    tokens = raw.index(b"tokenizer.ggml.tokens")
    last = raw.index(b"token_embd.weight")
    for _ in range(rng.randint(1, 4)):
        at = rng.choice(
            (rng.randrange(24, tokens), rng.randrange(last, parts.header_bytes), rng.randrange(parts.header_bytes))
        )
        raw[at] = rng.randrange(256)
    return bytes(raw)
