"""Ordinary and clinical English in bulk: what must not be mistaken for a name, in any place of a sentence.

Sources, needed only to regenerate the training text: the index of nouns, verbs and adjectives of WordNet 3.0 in
spacy-lookups-data (WordNet licence), and the disease terms of ICD-10-CM in simple-icd-10-cm (ICD-10-CM is a work of the
United States government; the package is under the MIT licence). Words that are also names are left out.
"""

from __future__ import annotations

import gzip
import json
import re
from functools import cache
from importlib.resources import files
from xml.etree import ElementTree

from onprem.errors import InputError
from onprem.train.generate.contract import SPLITS, Split, split_of
from onprem.train.generate.identities_en import pools
from onprem.train.generate.places_en import towns

_CODES = re.compile(r"\s*\([^)]*\)|\s*\[[^\]]*\]|[<>{}\[\]]")
# words of town names that are above all ordinary words
_TOWN_WORDS = """and at beach bay bend big black blue bridge brook castle center centre city clear cove creek cross
crossing dale falls ferry field forest fork forks fort garden glen grand grass gray great green grove harbor head heights
high hill hills hollow home hot house island junction lake landing level little long lower mill mills mine mound mount
mountain mouth new north oak old orchard park pass pine plain plains point port prairie ridge rim river rock rocky round
salt sand sea shore silver south spring springs station stone sugar sulphur summit sun the three town tree two union upper
valley view village walnut water well wells west white wide wild wood woods reform energy hope normal independence""".split()
_LEAST, _MOST = 4, 70  # characters of a disease term


def _resource(package: str, *path: str) -> bytes:
    try:
        return files(package).joinpath(*path).read_bytes()
    except (ModuleNotFoundError, FileNotFoundError):
        raise InputError(
            f"the package {package} is needed to make training text", hint="see docs/detectors-ner.md"
        ) from None


@cache
def _names() -> frozenset[str]:
    every = (pool for split in SPLITS for pool in pools(split).values())
    people = {name.casefold() for pool in every for name in (*pool.female, *pool.male, *pool.family)}
    return frozenset(people | {part.casefold() for town in towns() for part in town.split()})


@cache
def dictionary() -> tuple[str, ...]:
    """Return small English words that are no names, sorted."""
    content = _resource("spacy_lookups_data", "data", "en_lemma_index.json.gz")
    index: dict[str, list[str]] = json.loads(gzip.decompress(content))
    names = _names() - frozenset(_TOWN_WORDS)
    words = {word for kind in ("noun", "verb", "adj", "adv") for word in index[kind]}
    return tuple(
        sorted(
            word
            for word in words
            if word.isascii() and word.isalpha() and word.islower() and len(word) > 3 and word not in names
        )
    )


@cache
def diseases(split: Split) -> tuple[str, ...]:
    """Return disease terms of a split."""
    content = _resource("simple_icd_10_cm", "data", "icd10c-tabular-April-1-2026.xml")
    root = ElementTree.fromstring(content)  # noqa: S314 - as above
    terms: dict[str, None] = {}
    for element in root.iter():
        if element.tag in {"desc", "note"} and element.text:
            term = _CODES.sub("", element.text).replace(", unspecified", "").strip(" :.")
            if _LEAST <= len(term) <= _MOST:
                terms[term] = None
    return tuple(term for term in terms if split_of("disease:" + term.casefold()) == split)
