"""How near each real record is to its nearest synthetic row: cosine of weighted words and word pairs.

Rules: what almost every text says weighs nothing and is left out, so the cost stays with what distinguishes.

Source: G. Salton, C. Buckley, Term-weighting approaches in automatic text retrieval, IPM 24 (1988).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from onprem.evaluate.privacy.chance import Floats
from onprem.evaluate.privacy.contract import Length
from onprem.evaluate.privacy.tokens import Corpus, grams

if TYPE_CHECKING:
    from onprem.evaluate.privacy.chance import Ids, Ints

_COMMON = 0.1  # share of the texts, above which a term is left out
_COMMON_LEAST = 50  # texts
_BLOCK = 500  # records that are compared at a time
_TERMS = (Length(1, 2), Length(2, 3))


def nearest(rows: Corpus, *real: Corpus) -> list[Floats]:
    """Return of each real record the cosine with its nearest row, 0 to 1, a list for each corpus."""
    terms = [_terms(corpus) for corpus in (rows, *real)]
    unique, inverse = np.unique(np.concatenate([ids for ids, _ in terms]), return_inverse=True)
    places = np.split(inverse, np.cumsum([len(ids) for ids, _ in terms])[:-1])
    counts = [
        _counts(place, owners, (len(corpus), len(unique)))
        for place, (_, owners), corpus in zip(places, terms, (rows, *real), strict=True)
    ]
    texts = sum(matrix.shape[0] for matrix in counts)
    having = np.sum([np.bincount(matrix.indices, minlength=len(unique)) for matrix in counts], axis=0)
    # a term of one text alone joins no two
    kept = np.flatnonzero((having > 1) & (having <= max(_COMMON_LEAST, _COMMON * texts)))
    rarity = (np.log(texts / having[kept]) + 1.0).astype(np.float32)
    weighted = [_weighted(matrix[:, kept], rarity) for matrix in counts]
    made = weighted[0].T.tocsr()
    return [_best(matrix, made) for matrix in weighted[1:]]


def _terms(corpus: Corpus) -> tuple[Ids, Ints]:
    found = [grams(corpus, length) for length in _TERMS]
    return np.concatenate([items.ids for items in found]), np.concatenate([items.owners for items in found])


def _counts(places: Ints, owners: Ints, shape: tuple[int, int]) -> Any:  # noqa: ANN401 - SciPy has no types
    from scipy.sparse import csr_matrix

    made = csr_matrix((np.ones(len(places), np.float32), (owners, places)), shape=shape)
    made.sum_duplicates()
    return made


def _weighted(counts: Any, rarity: Any) -> Any:  # noqa: ANN401 - as above
    """Return the matrix with logarithmic counts times rarity, each text of length 1."""
    made = counts.tocsr()
    made.data = (1.0 + np.log(made.data)) * rarity[made.indices]
    lengths = np.sqrt(np.asarray(made.multiply(made).sum(axis=1))).ravel()
    made.data /= np.repeat(np.maximum(lengths, 1e-12), np.diff(made.indptr)).astype(np.float32)
    return made


def _best(real: Any, made: Any) -> Floats:  # noqa: ANN401 - as above
    found = []
    for start in range(0, real.shape[0], _BLOCK):
        block = (real[start : start + _BLOCK] @ made).max(axis=1)
        found.append(np.asarray(block.todense(), dtype=np.float64).ravel())
    return np.minimum(np.concatenate(found), 1.0) if found else np.zeros(0)
