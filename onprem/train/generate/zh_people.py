"""Invented people: Han names of several generations, names of ethnic groups, of Korea and of foreigners, pinyin.

Rules: a full name belongs to one split by the hash of its text; surnames are shared vocabulary.
"""

from __future__ import annotations

from random import Random

from onprem.train.generate.contract import Split
from onprem.train.generate.zh_words import all_surnames, common_characters, of_split, words


class People:
    """Draws names of one split."""

    def __init__(self, split: Split, random: Random) -> None:
        self.split = split
        self.random = random

    def surname(self) -> str:
        """Draw a Han surname: half by frequency, the others evenly among all, so that rare ones are met often."""
        draw = self.random.random()
        if draw < 0.05:
            return self.random.choice(words("names", "compound"))
        if draw < 0.45:
            return self.random.choice(all_surnames())
        common = words("names", "surname_weight_common")
        return common[min(int(self.random.expovariate(1 / 30)), len(common) - 1)]

    def given(self, age: int, *, single: float = 0.16) -> str:
        """Draw a given name of the style of its generation: one character, two, seldom three or doubled.

        Some characters come from all that are in common use, since people are named 年, 有 and 是 too.
        """
        random = self.random
        draw = random.random()
        style = "older" if age > 58 else "middle" if age > 28 else "young"
        pool = words("names", style)
        if draw < single:
            return random.choice(words("names", "single") if random.random() < 0.75 else common_characters())
        if draw < single + 0.15:
            pool = words("names", random.choice(("older", "middle", "young")))
        if draw > 0.97:
            return random.choice(pool) * 2
        if draw > 0.96:
            return "".join(random.choices(pool, k=3))
        first, second = (random.choice(pool if random.random() < 0.82 else common_characters()) for _ in range(2))
        return first + second

    def name(self, age: int = 40) -> str:
        """Draw the full name of a person: mostly Han, else of an ethnic group, of Korea, or of a foreigner."""
        return of_split(lambda: self._name(age), self.split)

    def _name(self, age: int) -> str:
        draw = self.random.random()
        if draw < 0.86:
            return self.surname() + self.given(age)
        return self.other_name()

    def other_name(self) -> str:
        """Draw a name that is not surname and given name: of an ethnic group, of Korea, of a foreigner."""
        random = self.random
        dot = random.choice("···•・‧.")
        pick = random.choice
        kind = pick(tuple("uyghur uyghur kazakh tibetan tibetan mongol yi korean foreign".split()))
        if kind == "uyghur":
            first = pick(words("names", pick(("uyghur_m", "uyghur_f"))))
            return first + dot + pick(words("names", "uyghur_m")) if random.random() < 0.85 else first
        one, two = pick(words("names", kind)), pick(words("names", kind))
        if kind == "korean" or (kind == "mongol" and random.random() < 0.6 and len(one) > 2):
            return one
        dotted = {"kazakh": 1.0, "foreign": 1.0, "tibetan": 0.1, "yi": 0.5, "mongol": 0.0}[kind]
        return one + (dot if random.random() < dotted else "") + two

    def latin_name(self) -> str:
        """Draw a name in Latin letters: pinyin in either order and case, or a foreigner's."""
        return of_split(self._latin_name, self.split)

    def _latin_name(self) -> str:
        random = self.random
        pick = random.choice
        if random.random() < 0.3:
            first, last = pick(words("names", "latin_first")), pick(words("names", "latin_last"))
            return pick(
                (
                    f"{first} {last}",
                    f"{last}, {first}",
                    f"{first} {pick('ABCDEJLMRS')}. {last}",
                    f"{first} {last}".upper(),
                )
            )
        surname = pick(words("names", "pinyin_surname"))
        syllables = random.choices(words("names", "pinyin_syllable"), k=random.choice((1, 2, 2)))
        given = "".join(syllables).capitalize()
        hyphen = "-".join(part.capitalize() for part in syllables)
        apart = " ".join(part.capitalize() for part in syllables)
        return pick(
            (
                f"{surname} {given}",
                f"{surname} {given}",
                f"{given} {surname}",
                f"{surname.upper()} {given}",
                f"{surname.upper()} {given.upper()}",
                f"{given} {surname.upper()}",
                f"{surname}, {given}",
                f"{surname} {hyphen}",
                f"{surname} {apart}",
                f"{surname.upper()} {apart.upper()}",
                f"{surname}{given}",
                f"{given[0]}. {surname}",
            )
        )
