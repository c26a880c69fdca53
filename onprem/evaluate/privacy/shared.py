"""What synthetic rows share with real records: phrases, long runs, and most of one record with a few words changed.

Rules: what a row shares with seen records is told beside what it shares with as many never-used ones, because records of
one kind resemble each other. A long run that stands in a seen record, and not for the most part in never-used ones, is a
copy, and one is too many; so is a long row whose distinctive phrases mostly stand in one such record.

Source: A. Broder, On the resemblance and containment of documents, SEQUENCES (1997).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from onprem.evaluate.privacy.chance import Difference, Floats, Ints, Items, difference
from onprem.evaluate.privacy.contract import Length
from onprem.evaluate.privacy.tokens import Corpus, among, grams

PHRASE = Length(8, 12)
SHORT_PHRASE = Length(3, 4)  # of which near copies are told
NEAR = 0.7  # share of a row's distinctive phrases that stand in one record
_LEAST = 9  # distinctive phrases, below which a row tells nothing
_COMMON = 0.01  # share of the records, above which a phrase distinguishes nothing
_COMMON_LEAST = 20  # records
_BLOCK = 1000  # rows that are compared at a time

Flags = npt.NDArray[np.bool_]


def phrases(rows: Corpus, seen: Corpus, unseen: Corpus, seed: int) -> Difference:
    """Return which share of a row's phrases stands in seen records, minus the same with never-used ones."""
    return difference(grams(rows, PHRASE), grams(seen, PHRASE), grams(unseen, PHRASE), seed)


def copied_runs(rows: Corpus, real: Corpus, other: Corpus, length: Length, phrase: Length = PHRASE) -> Flags:
    """Say of each row whether it shares a run of tokens with a real record that is not mostly known from `other`.

    A run is known where more than half of its phrases stand in `other`: a letterhead of all records stays one where a few
    words of one of them follow it.
    """
    runs, own = grams(rows, length), grams(rows, phrase)
    known = among(own.ids, np.unique(grams(other, phrase).ids))
    before = np.concatenate([[0], np.cumsum(known)])
    of = np.where(rows.han, length.characters - phrase.characters, length.words - phrase.words)[runs.owners] + 1
    # runs and phrases of a row are in the order of their places: run number k of a row begins with its phrase number k
    place = _first(own)[runs.owners] + np.arange(len(runs.ids)) - _first(runs)[runs.owners]
    hit = among(runs.ids, np.unique(grams(real, length).ids))
    hit &= 2 * (before[place + of] - before[place]) <= of
    flags = np.zeros(len(rows), bool)
    flags[runs.owners[hit]] = True
    return flags


def _first(items: Items) -> Ints:
    """Return of each owner the place of its first item."""
    first = np.zeros(items.count, np.int64)
    owners, places = np.unique(items.owners, return_index=True)
    first[owners] = places
    return first


@dataclass(frozen=True, slots=True)
class Near:
    """Pairs of a row and a record that it mostly repeats, for the rows that can be judged."""

    rows: Ints
    records: Ints
    count: int  # records

    def items(self) -> Items:
        """Return the pairs as items: a row is held by the records that it is near to."""
        return Items(self.rows.astype(np.uint64), self.records, self.count)

    def flags(self, count: int) -> Flags:
        """Say of each of `count` rows whether it is near to a record."""
        flags = np.zeros(count, bool)
        flags[self.rows] = True
        return flags


@dataclass(frozen=True, slots=True)
class Judgeable:
    """Rows that hold enough distinctive phrases, and what those are."""

    rows: Ints
    own: Items
    sizes: Ints  # distinctive phrases of each row


def judgeable(rows: Corpus, *real: Corpus) -> Judgeable:
    """Return the rows that can be near to a record: what is common among the real records distinguishes nobody."""
    own = grams(rows, SHORT_PHRASE)
    unique = np.unique(own.ids)
    held = np.zeros(len(unique), np.int64)
    records = 0
    for corpus in real:
        held += np.bincount(_pairs(unique, grams(corpus, SHORT_PHRASE))[0], minlength=len(unique))
        records += len(corpus)
    rare = held <= max(_COMMON_LEAST, _COMMON * records)
    pairs = np.unique(np.stack([np.searchsorted(unique, own.ids), own.owners]), axis=1)
    pairs = pairs[:, rare[pairs[0]]]
    sizes = np.bincount(pairs[1], minlength=len(rows))
    return Judgeable(np.flatnonzero(sizes >= _LEAST), Items(unique[pairs[0]], pairs[1], len(rows)), sizes)


def near(known: Judgeable, real: Corpus) -> Near:
    """Return which rows repeat most of the distinctive phrases of which record."""
    from scipy.sparse import csr_matrix

    unique, place = np.unique(known.own.ids, return_inverse=True)
    pairs = _pairs(unique, grams(real, SHORT_PHRASE))
    ones = np.ones(pairs.shape[1], np.float32)
    held = csr_matrix((ones, (pairs[0], pairs[1])), shape=(len(unique), len(real)))
    shape = (known.own.count, len(unique))
    own = csr_matrix((np.ones(len(place), np.float32), (known.own.owners, place)), shape=shape)
    rows, records = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for start in range(0, len(known.rows), _BLOCK):
        block = known.rows[start : start + _BLOCK]
        both = (own[block] @ held).tocoo()
        enough = both.data >= NEAR * known.sizes[block][both.row]
        rows.append(block[both.row[enough]])
        records.append(both.col[enough].astype(np.int64))
    return Near(np.concatenate(rows), np.concatenate(records), len(real))


def _pairs(unique: npt.NDArray[np.uint64], items: Items) -> Ints:
    """Return (place among `unique`, owner) of the items that are among them, each once."""
    hit = among(items.ids, unique)
    return np.unique(np.stack([np.searchsorted(unique, items.ids[hit]), items.owners[hit]]), axis=1)


def near_difference(known: Judgeable, seen: Near, unseen: Near, seed: int) -> Difference:
    """Return the share of rows that are near to a seen record, minus the same with never-used ones."""
    rows = Items(known.rows.astype(np.uint64), known.rows, known.own.count)
    return difference(rows, seen.items(), unseen.items(), seed)


def found_share(real: Corpus, rows: Corpus, length: Length) -> Floats:
    """Return of each real record which share of its phrases stands anywhere in the rows; 0 for one that has none."""
    own = grams(real, length)
    hit = among(own.ids, np.unique(grams(rows, length).ids))
    of = np.bincount(own.owners, minlength=len(real))
    return np.asarray(np.bincount(own.owners[hit], minlength=len(real)) / np.maximum(of, 1))
