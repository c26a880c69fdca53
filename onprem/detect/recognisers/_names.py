"""Shapes of personal names in Latin letters, and the word lists that tell a name from a heading."""

# ruff: noqa: E501 - a pattern, a list of labels and an example are each read whole
from __future__ import annotations

import re
from collections.abc import Iterable

from onprem.detect.lexicons import words

_Tree = dict[str, "_Tree"]


def _tree(names: Iterable[str]) -> _Tree:
    tree: _Tree = {}
    for name in names:
        node = tree
        for character in name:
            node = node.setdefault(character, {})
        node[""] = {}
    return tree


def _branch(tree: _Tree) -> str:
    """Return a pattern for the words of a tree, letter by letter: its cost does not grow with their number."""
    branches = [re.escape(character) + _branch(below) for character, below in sorted(tree.items()) if character]
    if not branches:
        return ""
    inside = branches[0] if len(branches) == 1 and "" not in tree else f"(?:{'|'.join(branches)})"
    return f"{inside}?" if "" in tree else inside


def any_case(names: Iterable[str]) -> str:
    """Return a pattern for any of the names (ASCII, in small letters), in any case.

    The first letter is a set, which the engine scans for. The rest ignores case by a flag: that compiles four times as
    fast as a set for every letter, and these patterns stand many times in the expressions of names.
    """
    branches = (f"[{first.upper()}{first}](?ai:{_branch(below)})" for first, below in sorted(_tree(names).items()))
    return f"(?:{'|'.join(branches)})"


def starting(names: Iterable[str], guard: str) -> str:
    """Return a pattern for any of the names; `guard`, which looks back, is tried right after the first letter.

    Its branches begin with plain letters, which the engine gathers into a set to scan for.
    """
    branches = (f"{re.escape(first)}{guard}{_branch(below)}" for first, below in sorted(_tree(names).items()))
    return f"(?:{'|'.join(branches)})"


_U = "A-Z\u00c0-\u00d6\u00d8-\u00de\u0100-\u024f\u1e00-\u1eff"
_L = "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff"
UPPER = f"[{_U}]"
LETTER = f"[{_L}]"
# Smith, O'Brien, D'Angelo, Al-Masri, Smith-Jones, McDonald, LEE; not the possessive 's
WORD = f"{UPPER}{LETTER}{{1,24}}(?:['-](?!s(?!{LETTER})){LETTER}{{1,24}}){{0,3}}|{UPPER}'{UPPER}{LETTER}{{1,24}}(?:-{LETTER}{{1,24}})?"
_INITIALS = rf"{UPPER}\.(?:[ ]?-?{UPPER}\.){{0,3}}|(?!I){UPPER}(?!{LETTER}|['.-])"
_PARTICLE = r"(?:(?i:van|von|der|den|de|del|della|di|da|dos|das|du|la|le|el|al|bin|ibn|bint|binti|abu|ben|ter|ten|zu|zur|san|st\.?|y|e|af|av|mac|mc|ap|o')[ ])"
SUFFIX = r"(?:,?[ ](?:Jr|Sr|JR|SR|Junior|II|III|IV)(?![A-Za-z])\.?)?"


# Words of that list that are also surnames: believed right after a title or a name label.
_ALSO_SURNAMES = frozenset(
    "april august best bone bush case child day english father friend good green head house husband jan judge june law long love major march may mon north page parent power read self "
    "short south street sun temple ward weeks west young christian dean chaplain nurse bishop marshall constable clark knee lung heart brain tongue foot hand blood shock pain rash stout "
    "noon morning may's lane line post stage form fellow master matters side small little light sharp sharpe sell rose lobe savage".split()
)


# Credentials as they are written after a name; those that are also family names in capitals (DO, MA, PA) are left out.
_CREDENTIALS = (
    "ARNP|APRN|B(?:DS|SN|Pharm)|C(?:HPN|MA|NA|NM|NS|RNA)|D(?:CH|DS|GO|MD|NB|NP|PM|PT)|EMT|F(?:AAP|ACC|ACEP|ACG|ACOG|ACP|ACS|ANZCA|CPS|NP|RACGP|RACP|RACS|"
    "RANZCOG|RANZCP|RCA|RCEM|RCOG|RCP|RCPC|RCPath|RCPsych|RCR|RCS|RCSC)|L(?:CSW|MFT|MSW|PC|PN|VN)|M(?:BA|BBCh|BBS|BChB|BE|D|HA|PH|RCGP|RCOG|RCP|RCPCH|"
    "RCPI|RCPsych|RCS|SN|SW)|NP|O(?:T|TR)|P(?:GY|T|h|hD|harmD|syD)|R(?:CP|D|DN|GN|MN|N|NC|Ph|RT|T)|SLP"
)


def _stop(exempt: frozenset[str] = frozenset()) -> str:
    return rf"(?!{any_case(words('not_names') - exempt)}(?![{_L}'-]))(?!(?<=[{_L}.,][ ])(?:{_CREDENTIALS})(?![{_L}'-]))"


STOP = _stop()
_STOP_FIRST = _stop(_ALSO_SURNAMES)
PIECE = f"(?:{_INITIALS}|{STOP}(?:{WORD}))"
_FIRST_PIECE = f"(?:{_INITIALS}|{_STOP_FIRST}(?:{WORD}))"
_BETWEEN = rf"(?:[ ]{{1,2}}{_PARTICLE}{{0,2}}|(?<=\.)|-)"
# One to four names in their usual order: J. R. Smith, Maria de la Cruz, Anna S., Jan van der Berg Jr.
NAME = rf"(?:{_PARTICLE}{{0,2}}{PIECE}(?:{_BETWEEN}{PIECE}){{0,3}}{SUFFIX})"
TITLED = rf"(?:{_PARTICLE}{{0,2}}{_FIRST_PIECE}(?:{_BETWEEN}{PIECE}){{0,3}}{SUFFIX})"
MORE = f"{_BETWEEN}{PIECE}"
TWO = rf"(?:{PIECE}(?:{_BETWEEN}{PIECE}){{1,3}}{SUFFIX})"
# Smith, Anna M.; SMITH, JOHN; Van der Berg, Jan
LAST_FIRST = rf"(?:{_PARTICLE}{{0,2}}{PIECE}(?:[ -]{PIECE})?{SUFFIX},[ ]{{0,2}}{PIECE}(?:[ ]{PIECE}){{0,2}})"
# After a strong label the case says nothing: anna lee, SMITH John, o'brien, pat
LOOSE = rf"(?:{STOP}{LETTER}{{1,24}}(?:['-]{LETTER}{{1,24}}){{0,3}}\.?(?:(?:,[ ]{{0,2}}|[ ]{{1,2}}){STOP}{LETTER}{{1,24}}(?:['-]{LETTER}{{1,24}}){{0,3}}\.?){{0,4}})"

# What an eponym is followed by: the words beside which a capitalised surname is no person.
HEADS = any_case(words("eponym_heads_en"))
NOT_EPONYM = rf"(?!(?:['’]s?)?[ -](?:(?:[a-z-]{{1,16}}|[IVX]{{1,4}}|[A-Z])[ -]){{0,2}}{HEADS}(?![A-Za-z]))"


def _first(value: str) -> str:
    found = re.match(rf"{LETTER}+", value)
    return found.group().lower() if found else ""


def given_first(value: str) -> bool:
    """Say whether the first word of a name is a given name."""
    return _first(value) in words("given_names") or _first(value) in words("ambiguous_names")


def given_clear(value: str) -> bool:
    """Say whether the first word is a given name that is no common word, place or eponym."""
    return _first(value) in words("given_names") and _first(value) not in words("ambiguous_names")


def given_any(value: str) -> bool:
    """Say whether any word of a name is a given name."""
    found = {word.lower() for word in re.findall(rf"{LETTER}+", value)}
    return not found.isdisjoint(words("given_names") | words("ambiguous_names"))


def given_after_comma(value: str) -> bool:
    """Say whether `Last, First` has a given name after its comma; a doubtful one needs capitals or an initial beside it."""
    last, _, first = value.partition(",")
    if given_clear(first.strip()):
        return True
    return given_first(first.strip()) and (last.isupper() or re.search(r" [A-Z]\.?$", first) is not None)


def not_everyday(value: str) -> bool:
    """Say whether a name after a label is not one everyday word: in a dialogue a speaker's label is followed by speech."""
    found = value.split()
    word = value.lower().rstrip("'s.,-")
    return len(found) > 1 or word in words("word_surnames") or word not in words("en_everyday")


def plain_surname(value: str) -> bool:
    """Say whether a name in lower case, beside a title, is no word of everyday or clinical language."""
    word = value.lower().removesuffix("'s")
    if word in words("word_surnames"):
        return True
    return word not in words("not_names") and word not in words("en_everyday")


GIVEN_NAMES = sorted(
    (words("given_names") | words("ambiguous_names")) - (words("not_names") - {"april", "august", "june"})
)
CLEAR_NAMES = sorted(words("given_names") - words("ambiguous_names"))
