"""What an English tagger knows before it has seen a label: vectors of words, and a network that read them in context.

Both were distilled from MiniLM-L6 by `onprem.train.words` and lie in `onprem/models/en_words`: 16-bit numbers and a list of
words, nothing that is run. They are put into a spaCy pipeline whose parts are all spaCy's own, so that what is trained from
it loads into plain spaCy.
"""

from __future__ import annotations

import zipfile
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from onprem.errors import ModelError

if TYPE_CHECKING:
    from spacy.language import Language

FILES = ("words.txt", "vectors.npz", "network.npz")
WIDTH = 96
_ROWS = (3000, 1500, 1500, 1000)  # of the tables of hashed features
_DEPTH = 4  # convolutions; a word sees so many on either side


def network(*, vectors: bool) -> dict[str, Any]:
    """Return the configuration of the network that reads words (spaCy's own architecture)."""
    return {
        "@architectures": "spacy.Tok2Vec.v2",
        "embed": {
            "@architectures": "spacy.MultiHashEmbed.v2",
            "width": WIDTH,
            "attrs": ["NORM", "PREFIX", "SUFFIX", "SHAPE"],
            "rows": list(_ROWS),
            "include_static_vectors": vectors,
        },
        "encode": {
            "@architectures": "spacy.MaxoutWindowEncoder.v2",
            "width": WIDTH,
            "depth": _DEPTH,
            "window_size": 1,
            "maxout_pieces": 3,
        },
    }


def pipeline(lang: str, words: Path | None) -> Language:
    """Return a pipeline with an untrained tagger; `words` is the folder of what it knows before, None for nothing.

    Raises:
        ModelError: the folder is damaged.
    """
    import spacy

    nlp = spacy.blank(lang)
    if words is not None:
        give_vectors(nlp, words)
    parser = {
        "@architectures": "spacy.TransitionBasedParser.v2",
        "state_type": "ner",
        "extra_state_tokens": False,
        "hidden_width": 64,
        "maxout_pieces": 2,
        "use_upper": True,
        "tok2vec": network(vectors=words is not None),
    }
    nlp.add_pipe("ner", config={"model": parser})
    return nlp


def give_vectors(nlp: Language, words: Path) -> None:
    """Give a pipeline's vocabulary the vectors of a folder, each for a word in small letters, capitals, and with a capital.

    spaCy could look a word up by its small form, but does not keep on disk that it should.

    Raises:
        ModelError: the folder is damaged.
    """
    from spacy.vectors import Vectors

    try:
        names = (words / FILES[0]).read_text(encoding="utf-8").split("\n")
        with np.load(words / FILES[1], allow_pickle=False) as given:
            table = given["vectors"].astype(np.float32)
        if len(names) != len(table):
            raise ValueError
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        raise _damaged() from None
    vectors = Vectors(strings=nlp.vocab.strings, data=table, keys=names, name="onprem words")
    known = set(names)
    for row, name in enumerate(names):
        for form in (name.capitalize(), name.upper()):
            if form not in known:
                known.add(form)
                vectors.add(form, row=row)
    for form in sorted(known):
        nlp.vocab.strings.add(form)
    nlp.vocab.vectors = vectors


def give_weights(nlp: Language, words: Path) -> None:
    """Give an initialised pipeline's network the weights of a folder.

    Raises:
        ModelError: the folder is damaged, or is of another network.
    """
    try:
        with np.load(words / FILES[2], allow_pickle=False) as given:
            for key, node, name in parameters(reader(nlp)):
                value = given[key].astype(np.float32)
                if value.shape != node.get_param(name).shape:
                    raise ValueError
                node.set_param(name, value)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        raise _damaged() from None


def reader(nlp: Language) -> Any:  # noqa: ANN401 - thinc publishes no types
    """Return the part of a pipeline's tagger that reads words, without the layer that fits it to the parser."""
    return model_of(nlp).get_ref("tok2vec").layers[0]


def model_of(nlp: Language) -> Any:  # noqa: ANN401 - thinc publishes no types
    """Return the model of a pipeline's tagger."""
    pipe: Any = nlp.get_pipe("ner")
    return pipe.model


def parameters(model: Any) -> list[tuple[str, Any, str]]:  # noqa: ANN401 - thinc publishes no types
    """Return (key, node, name) of each weight of a network, in the network's order."""
    found = []
    for place, node in enumerate(model.walk()):
        found += [(f"{place}.{name}", node, name) for name in sorted(node.param_names) if node.has_param(name)]
    return found


def shipped(lang: str) -> Path | None:
    """Return the folder of the words that this package brings for a language, None where there are none."""
    folder = Path(str(files("onprem.models") / f"{lang}_words"))
    return folder if all((folder / name).is_file() for name in FILES) else None


def _damaged() -> ModelError:
    return ModelError("the words that taggers begin with are damaged", hint="install the package again")
