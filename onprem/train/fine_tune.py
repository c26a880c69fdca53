"""Fine-tunes a pre-trained encoder (BERT's shape, e.g. MiniLM) to tag words, with PyTorch: the thorough tier's learning.

The encoder comes as a folder with `tokenizer.json` and `model.safetensors`; nothing of it is run. Its word embeddings
are not learnt further: a word that the training text never shows stays beside its like. Beside them each piece has a
learnt vector of its form (see `onprem.detect.ner_wordpiece`). Everything is decided by the seed and the number of threads.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from onprem.detect.ner_wordpiece import FORMS, SPECIAL, WINDOW, Laid, WordPieces
from onprem.errors import UsageError
from onprem.progress import Progress
from onprem.train.pieces import EMBEDDINGS, Arrays, read_encoder

HEADS_WIDTH = 32  # MiniLM: 12 heads of 32
_IGNORED = -100  # the gold tag of a piece that is not learnt
_MASKED_INSIDE, _MASKED_OUTSIDE = 0.15, 0.08  # shares of words whose pieces are shown as [MASK]
_DROPOUT = 0.1
_WARM_UP = 0.06  # share of the steps
_POOL = 64  # batches whose windows are sorted by length together


@dataclass(frozen=True, slots=True)
class Base:
    """A pre-trained encoder: the names of its pieces (trimmed) and its weights by their names."""

    names: tuple[str, ...]
    weights: Arrays = field(repr=False)

    @property
    def layers(self) -> int:
        """How many layers the encoder has."""
        return len({name.split(".")[2] for name in self.weights if name.startswith("encoder.layer.")})

    @property
    def width(self) -> int:
        """The length of a piece's vector."""
        return int(self.weights[EMBEDDINGS].shape[1])


def read_base(folder: Path) -> Base:
    """Read an encoder, without the pieces that no word of a Latin script is cut into.

    Raises:
        UsageError: the files are missing or do not have the expected form.

    """
    vocabulary, weights = read_encoder(folder)
    # a line break had no piece: two that nobody used take its place
    stands_for = {"[BREAK]": "[unused1]", "[BLANK]": "[unused2]"}
    special = [stands_for.get(name, name) for name in SPECIAL]
    if not set(special) <= set(vocabulary):
        raise UsageError("the encoder lacks a special piece", hint="give an encoder of BERT's shape, such as MiniLM-L6")
    kept = [name for name in sorted(vocabulary, key=vocabulary.__getitem__) if _latin(name)]
    rows = [vocabulary[name] for name in (*special, *kept)]
    weights[EMBEDDINGS] = weights[EMBEDDINGS][rows]
    return Base((*SPECIAL, *kept), weights)


def _latin(name: str) -> bool:
    text = name.removeprefix("##")
    return not (name.startswith("[") and name.endswith("]") and len(name) > 1) and all(
        ord(character) < 0x250 or 0x370 <= ord(character) < 0x400 or 0x2000 <= ord(character) < 0x2300
        for character in text
    )


class Tagger(nn.Module):
    """The encoder with a vector for the form of each piece and a layer that gives the tags."""

    def __init__(self, base: Base, tags: int) -> None:
        super().__init__()
        width = base.width
        given = {name: torch.from_numpy(np.array(value)) for name, value in base.weights.items() if value.ndim}
        self.words = nn.Embedding.from_pretrained(given[EMBEDDINGS], freeze=True)
        self.forms = nn.Embedding(FORMS, width)
        nn.init.zeros_(self.forms.weight)
        positions = given["embeddings.position_embeddings.weight"][:WINDOW]
        self.positions = nn.Parameter(positions + given["embeddings.token_type_embeddings.weight"][0])
        self.norm = _norm(given, "embeddings.LayerNorm")
        self.layers = nn.ModuleList(_Layer(given, f"encoder.layer.{index}", width) for index in range(base.layers))
        self.dropout = nn.Dropout(_DROPOUT)
        self.out = nn.Linear(width, tags)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, pieces: Tensor, forms: Tensor, present: Tensor) -> Tensor:
        """Return the logits of tags, shape (windows, pieces, tags)."""
        hidden = self.words(pieces) + self.forms(forms) + self.positions[: pieces.shape[1]]
        hidden = self.dropout(self.norm(hidden))
        mask = present[:, None, None, :]
        for layer in self.layers:
            hidden = layer(hidden, mask)
        logits: Tensor = self.out(self.dropout(hidden))
        return logits


class _Layer(nn.Module):
    def __init__(self, given: dict[str, Tensor], name: str, width: int) -> None:
        super().__init__()
        self.heads = width // HEADS_WIDTH
        self.query, self.key, self.value = (
            _linear(given, f"{name}.attention.self.{part}") for part in ("query", "key", "value")
        )
        self.attended = _linear(given, f"{name}.attention.output.dense")
        self.norm = _norm(given, f"{name}.attention.output.LayerNorm")
        self.inner = _linear(given, f"{name}.intermediate.dense")
        self.outer = _linear(given, f"{name}.output.dense")
        self.last_norm = _norm(given, f"{name}.output.LayerNorm")
        self.dropout = nn.Dropout(_DROPOUT)

    def forward(self, hidden: Tensor, mask: Tensor) -> Tensor:
        count, length, width = hidden.shape
        query, key, value = (
            part(hidden).view(count, length, self.heads, -1).transpose(1, 2)
            for part in (self.query, self.key, self.value)
        )
        heads = functional.scaled_dot_product_attention(
            query, key, value, attn_mask=mask, dropout_p=_DROPOUT if self.training else 0.0
        )
        hidden = self.norm(hidden + self.dropout(self.attended(heads.transpose(1, 2).reshape(count, length, width))))
        inner = functional.gelu(self.inner(hidden))
        result: Tensor = self.last_norm(hidden + self.dropout(self.outer(inner)))
        return result


def _linear(given: dict[str, Tensor], name: str) -> nn.Linear:
    weight = given[f"{name}.weight"]
    layer = nn.Linear(weight.shape[1], weight.shape[0])
    with torch.no_grad():
        layer.weight.copy_(weight)
        layer.bias.copy_(given[f"{name}.bias"])
    return layer


def _norm(given: dict[str, Tensor], name: str) -> nn.LayerNorm:
    weight = given[f"{name}.weight"]
    layer = nn.LayerNorm(len(weight), eps=1e-12)
    with torch.no_grad():
        layer.weight.copy_(weight)
        layer.bias.copy_(given[f"{name}.bias"])
    return layer


@dataclass(frozen=True, slots=True)
class Sample:
    """One window to learn from: pieces and forms without the two at the ends, the gold tag of each first piece."""

    pieces: npt.NDArray[np.uint16]
    forms: npt.NDArray[np.uint8]
    tags: npt.NDArray[np.int16]  # _IGNORED for pieces that go on a word


def samples_of(laid: Laid, tags: Sequence[int], generator: np.random.Generator) -> Iterator[Sample]:
    """Cut a document into windows to learn from; where it is longer than one, the first cut is drawn."""
    room = WINDOW - 2
    gold = np.full(len(laid.pieces), _IGNORED, dtype=np.int16)
    gold[laid.first[:-1]] = tags
    pieces, forms = laid.pieces.astype(np.uint16), laid.forms.astype(np.uint8)
    total = len(pieces)
    start = 0
    end = total if total <= room else int(generator.integers(room // 2, room + 1))
    while start < total:
        yield Sample(pieces[start:end], forms[start:end], gold[start:end])
        start, end = end, min(total, end + room)


@dataclass(frozen=True, slots=True)
class Recipe:
    """How is learnt: the rate at its highest, pieces in a batch, how often the samples are read."""

    rate: float = 3e-4
    batch_pieces: int = 4_096
    passes: int = 1
    seed: int = 0


def fine_tune(base: Base, samples: Sequence[Sample], tags: int, recipe: Recipe, *, progress: Progress) -> Arrays:
    """Learn from samples; return the weights by their names in `Tagger`."""
    pieces = WordPieces(base.names)
    torch.manual_seed(recipe.seed)
    random = np.random.Generator(np.random.PCG64(recipe.seed))
    tagger = Tagger(base, tags)
    learnt = [parameter for parameter in tagger.parameters() if parameter.requires_grad]
    plain = [parameter for parameter in learnt if parameter.ndim < 2]
    groups: list[dict[str, Any]] = [
        {"params": [parameter for parameter in learnt if parameter.ndim >= 2], "weight_decay": 0.01},
        {"params": plain, "weight_decay": 0.0},
    ]
    optimiser = torch.optim.AdamW(groups, lr=recipe.rate)
    total = recipe.passes * sum(len(sample.pieces) for sample in samples)
    progress.stage("learn", total)
    read = 0
    tagger.train()
    for batch in _batches(samples, recipe, random):
        shown, forms, gold, present = _padded(batch, pieces, random)
        done = read / total
        rate = recipe.rate * min(1.0, 0.02 + done / _WARM_UP) * max(0.01, (1 - done) / (1 - _WARM_UP))
        for group in optimiser.param_groups:
            group["lr"] = min(rate, recipe.rate)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = tagger(shown, forms, present)
        loss = functional.cross_entropy(logits.float().flatten(0, 1), gold.flatten(), ignore_index=_IGNORED)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(learnt, 1.0)
        optimiser.step()
        size = sum(len(sample.pieces) for sample in batch)
        read += size
        progress.advance(size)
    return {name: value.detach().numpy().copy() for name, value in tagger.state_dict().items()}


def _batches(samples: Sequence[Sample], recipe: Recipe, random: np.random.Generator) -> Iterator[list[Sample]]:
    """Yield batches of windows of like length, in an order that is drawn."""
    for _ in range(recipe.passes):
        order = random.permutation(len(samples)).tolist()
        pooled: list[list[Sample]] = []
        chosen: list[Sample] = []
        size = held = 0
        for place in order:
            chosen.append(samples[place])
            held += len(samples[place].pieces)
            if held < _POOL * recipe.batch_pieces and place != order[-1]:
                continue
            chosen.sort(key=lambda sample: len(sample.pieces))
            batch: list[Sample] = []
            for sample in chosen:
                batch.append(sample)
                size = len(batch) * (len(sample.pieces) + 2)
                if size >= recipe.batch_pieces:
                    pooled.append(batch)
                    batch = []
            if batch:
                pooled.append(batch)
            for index in random.permutation(len(pooled)).tolist():
                yield pooled[index]
            pooled, chosen, held = [], [], 0


def _padded(batch: Sequence[Sample], pieces: WordPieces, random: np.random.Generator) -> tuple[Tensor, ...]:
    """Return pieces (some masked), forms, gold tags and which places hold a piece; shape (windows, longest)."""
    length = 2 + max(len(sample.pieces) for sample in batch)
    shown = np.zeros((len(batch), length), dtype=np.int64)
    forms = np.zeros((len(batch), length), dtype=np.int64)
    gold = np.full((len(batch), length), _IGNORED, dtype=np.int64)
    present = np.zeros((len(batch), length), dtype=bool)
    for index, sample in enumerate(batch):
        end = 1 + len(sample.pieces)
        begins = sample.tags != _IGNORED
        inside = sample.tags > 0
        drawn = random.random(len(sample.pieces)) < np.where(inside, _MASKED_INSIDE, _MASKED_OUTSIDE)
        word = np.cumsum(begins)
        hidden = np.zeros(len(word) and int(word[-1]) + 1, dtype=bool)
        hidden[word[begins & drawn]] = True
        shown[index, 1:end] = np.where(hidden[word], pieces.mask, sample.pieces)
        shown[index, 0], shown[index, end] = pieces.start, pieces.end
        forms[index, 1:end] = sample.forms
        gold[index, 1:end] = sample.tags
        present[index, : end + 1] = True
    return tuple(torch.from_numpy(values) for values in (shown, forms, gold, present))
