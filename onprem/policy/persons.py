"""Invented names: every part of a name is replaced on its own, so that all its spellings stay one person.

`Smith, John`, `John Smith`, `Mr Smith` and `SMITH` agree; so do 王小明, 小明, 王先生 and Wang Xiaoming. Titles stay, as
do punctuation and the case pattern; a part that is one typing error away from a known name of the patient counts as
that name; no part of the patient's known names, nor of the name that is replaced, is ever used as a replacement.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from onprem.policy.choices import Choices, words
from onprem.policy.han_names import split_han
from onprem.text import HAN, fold, view

_WORD = re.compile(r"(?!(?<=')s\b)[^\W\d_]+(?:'(?!s\b)[^\W\d_]+)*")
_PINYIN = re.compile(
    r"(?:(?:zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw])?"
    r"(?:iang|iong|uang|ang|eng|ing|ong|ian|iao|uai|uan|ai|ei|ao|ou|an|en|in|un|ia|ie|iu|ua|ui|uo|ue|er|[aoeiuv]))+"
)
_HAN_RUN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
_TITLES = frozenset(words("en", "titles"))
_DEGREES = frozenset(words("en", "degrees"))
_SMALL_WORDS = frozenset(words("en", "small_words"))
_PARTICLES = frozenset(words("en", "particles"))


def _near(one: str, other: str) -> bool:
    """Whether two folded words of five letters or more are one edit (or one swap of neighbours) apart."""
    if min(len(one), len(other)) < 5 or abs(len(one) - len(other)) > 1 or one == other:
        return one == other
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    a, b = one[start:], other[start:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:] and len(a) > 1 < len(b))


def _cased(word: str, old: str) -> str:
    if len(old) > 1 and old.isupper():
        return word.upper()
    return word.lower() if old.islower() else word


def _is_title(text: str, match: re.Match[str]) -> bool:
    """Whether a word of a name field is a title, a degree or a small word, and not a name that looks like one.

    Degrees are upper case after a comma or beside mixed case (Linh Tran, DO; but Linh Do and LINH DO are names), small
    words lower case.
    """
    word, folded = match[0], fold(match[0])
    if folded in _TITLES:
        return True
    if folded in _SMALL_WORDS:
        return word.islower()
    before = text[: match.start()].rstrip()
    return folded in _DEGREES and word.isupper() and (before.endswith(",") or not text.isupper())


def _name_words(text: str) -> list[str]:
    """Return the folded words of a name, without titles and particles."""
    found = [fold(match[0]) for match in _WORD.finditer(text) if not _is_title(text, match)]
    return [word for word in found if word not in _PARTICLES] or found


class Names:
    """The names of one patient's world. Built once per patient; it holds the known names, so it has no useful repr."""

    __slots__ = (
        "_canonical",
        "_choices",
        "_given",
        "_han_given_names",
        "_han_known",
        "_never",
        "_people",
        "_pinyin",
        "_seen",
        "_sex",
    )

    def __init__(self, choices: Choices, known: Iterable[str], *, sex: str) -> None:
        self._choices = choices
        self._sex = sex
        self._seen: dict[str, str] = {}
        self._pinyin: dict[str, str] | None = None
        self._han_known: list[str] = []
        self._han_given_names: set[str] = set()
        self._canonical: dict[str, str] = {}
        self._given: set[str] = set()
        self._never: set[str] = set()
        self._people: set[frozenset[str]] = set()  # parts of each known full name
        for name in known:
            self._learn(view(name).text)

    def _learn(self, name: str) -> None:
        if HAN.search(name):
            self._han_known += [run for run in _HAN_RUN.findall(name) if len(run) <= 6]
            self._never |= set(self._han_known)
            self._han_given_names |= {split_han(known)[2] for known in self._han_known} - {""}
            return
        parts = _name_words(name)
        self._never |= set(parts)
        self._canonical |= {part: part for part in parts}
        self._people.add(frozenset(parts))
        if len(parts) > 1:
            surname_first = "," in name
            self._given |= set(parts[1:] if surname_first else parts[:-1])

    def replace(self, text: str) -> str:
        """Return `text`, which is a name with or without titles, with every part of it invented."""
        made = self._seen.get(text)
        if made is None:
            shown = view(text).text
            if HAN.search(shown):
                made = self._latin(_HAN_RUN.sub(lambda match: self._han(match[0], whole=shown), shown))
            else:
                made = self._latin(shown)
            if len(self._seen) < 10_000:  # staff names of a long run: memory stays flat
                self._seen[text] = made
        return made

    def key(self, text: str) -> str:
        """Return the canonical form of a name, for codes: the same for its orders, cases and typing errors.

        A part of a known name (Mr Smith, 王先生, J. Smith) counts as that name where only one known person has it.
        """
        shown = view(text).text
        if HAN.search(shown):
            return self._han_key(shown)
        parts = {self._known_form(part) for part in _name_words(shown)}
        long = {part for part in parts if len(part) > 1}
        fits = [person for person in self._people if long and long <= person]
        if len(fits) > 1:
            initials = parts - long
            fits = [person for person in fits if all(any(part[0] == letter for part in person) for letter in initials)]
        return " ".join(sorted(fits[0] if len(fits) == 1 else parts)) or fold(shown)

    def _han_key(self, shown: str) -> str:
        keys = []
        for run in _HAN_RUN.findall(shown):
            _, surname, given, _ = split_han(run)
            known = {name for name in self._han_known if name.startswith(surname) and name.endswith(given)}
            keys.append(known.pop() if len(known) == 1 and (surname or given) else surname + given)
        return " ".join(keys)

    # English and other alphabetic names

    def _known_form(self, part: str) -> str:
        if part in self._canonical:
            return part
        return next((name for name in self._canonical if _near(part, name)), part)

    def _latin(self, text: str) -> str:
        pieces: list[str] = []
        position = 0
        own = frozenset(_name_words(text))  # Grace Hopper is never Helen Grace
        for match in _WORD.finditer(text):
            word = match[0]
            if HAN.match(word) or _is_title(text, match):
                continue
            pieces.append(text[position : match.start()])
            position = match.end()
            if fold(word) in _PARTICLES and re.match(r"[\s'-]+\w", text[position:]):
                position += len(re.match(r"[\s'-]+", text[position:]).group())  # type: ignore[union-attr]
                continue
            pieces.append(self._latin_word(word, own))
        pieces.append(text[position:])
        return "".join(pieces)

    def _latin_word(self, word: str, own: frozenset[str]) -> str:
        folded = fold(word)
        if len(folded) == 1:
            return self._initial(word, folded)
        spoken = len(word) == 3 and set(folded) & set("aeiouy")  # LEE is a name, JDR are initials
        if 1 < len(word) <= 3 and word.isupper() and not spoken and folded not in self._canonical:
            return "".join(self._initial(letter, fold(letter)) for letter in word)
        if self._han_known and _PINYIN.fullmatch(folded) and (spelled := self._spelled().get(folded)) is not None:
            return _cased(spelled, word)
        return _cased(self._latin_part(self._known_form(folded), own), word)

    def _latin_part(self, part: str, own: frozenset[str] = frozenset()) -> str:
        purpose, pool = "surname", words("en", "surnames")
        folded_female, folded_male = _folded_given()
        if part in self._given or part in folded_female or part in folded_male:
            sex = (
                self._sex
                if part in self._given
                else "F"
                if part in folded_female
                else "M"
                if part in folded_male
                else ""
            )
            sex = sex or (
                "F"
                if part in folded_female
                else "M"
                if part in folded_male
                else "FM"[self._choices.number("sex", part, 2)]
            )
            purpose, pool = f"given-{sex}", words("en", "female" if sex == "F" else "male")
        never = {name.capitalize() for name in (*self._never, *own, part)}
        taken: set[str] = set()
        for other in sorted(self._canonical) if part in self._canonical else ():
            chosen = self._choices.pick(purpose, other, pool, never=never | taken)
            if other == part:
                return chosen
            taken.add(chosen)
        return self._choices.pick(purpose, part, pool, never=never)

    def _initial(self, letter: str, folded: str) -> str:
        known = [name for name in self._canonical if name.startswith(folded)]
        known.sort(key=lambda name: (name not in self._given, name))  # an initial is mostly of a given name
        if known:
            return _cased(self._latin_part(known[0])[0], letter if letter.islower() else letter.upper())
        drawn = self._choices.pick("initial", folded, "ABCDEFGHJKLMNPRSTW", never={folded.upper()})
        return drawn.lower() if letter.islower() else drawn

    # Chinese names

    def _han(self, run: str, *, whole: str) -> str:
        if "·" in whole and len(_HAN_RUN.findall(whole)) > 1 and not split_han(run)[3]:
            return self._choices.pick("ethnic", run, words("zh", "ethnic"), never={run})
        if run in self._han_given_names:
            return self._han_given(run)
        prefix, surname, given, title = split_han(run)
        return (
            prefix + (self._han_surname(surname) if surname else "") + (self._han_given(given) if given else "") + title
        )

    def _han_surname(self, surname: str) -> str:
        pool = words("zh", "compound_surnames" if len(surname) == 2 else "surnames")
        never = {surname} | {known[: len(surname)] for known in self._han_known}
        return self._choices.pick("han-surname", surname, pool, never=never)

    def _han_given(self, given: str) -> str:
        if set(given) <= {"某"}:
            return given
        female, male = words("zh", "female"), words("zh", "male")
        sex = self._sex
        if not sex or not any(known.endswith(given) for known in self._han_known):
            scores = sum((character in female) - (character in male) for character in given)
            sex = "F" if scores > 0 else "M" if scores < 0 else "FM"[self._choices.number("han-sex", given, 2)]
        pool = female if sex == "F" else male
        used = set(given) | set("".join(self._han_known))
        return "".join(
            self._choices.pick(f"han-given-{index}", given, pool, never=used) for index, _ in enumerate(given[:2])
        )

    def _spelled(self) -> dict[str, str]:
        """Return {pinyin of a part of a known Chinese name: pinyin of its replacement}, made on first need."""
        if self._pinyin is None:
            from pypinyin import lazy_pinyin

            self._pinyin = {}
            for name in self._han_known:
                _, surname, given, _ = split_han(name)
                for part, made in (
                    (surname, self._han_surname(surname) if surname else ""),
                    (given, self._han_given(given) if given else ""),
                ):
                    old, new = lazy_pinyin(part), lazy_pinyin(made)
                    if old and new:
                        self._pinyin["".join(old)] = "".join(new).capitalize()
                        if len(old) == len(new):
                            self._pinyin |= {
                                a: b.capitalize() for a, b in zip(old, new, strict=True) if a not in self._pinyin
                            }
                if surname and given:
                    both = (
                        "".join(lazy_pinyin(surname + given)),
                        "".join(lazy_pinyin(self._han_surname(surname) + self._han_given(given))),
                    )
                    self._pinyin[both[0]] = both[1].capitalize()
        return self._pinyin


def _folded_given() -> tuple[frozenset[str], frozenset[str]]:
    return _FOLDED or _fill_folded()


_FOLDED: tuple[frozenset[str], frozenset[str]] | None = None


def _fill_folded() -> tuple[frozenset[str], frozenset[str]]:
    global _FOLDED  # noqa: PLW0603 - a constant that is read from package data on first use
    _FOLDED = (
        frozenset(name.lower() for name in words("en", "female")),
        frozenset(name.lower() for name in words("en", "male")),
    )
    return _FOLDED
