"""Lays out one Chinese document: sentences, form fields, tables, rolls, headers, footers, signatures.

Rules: sentences come from the templates of the split; separators, order and line breaks are drawn anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from onprem.train.generate.contract import Split
from onprem.train.generate.zh_findings import finding
from onprem.train.generate.zh_forms import (
    CLAUSE,
    FIELDS,
    FOOTERS,
    HEADERS,
    HEADINGS,
    MIXABLE,
    SIGNATURES,
    of_kind,
    pool,
)
from onprem.train.generate.zh_scene import Draft, Scene
from onprem.train.generate.zh_slots import fill

Carriers = Callable[[Scene, Draft], bool]


class Writer:
    """Lays out one document of a scene."""

    def __init__(self, split: Split, scene: Scene, carriers: Carriers | None) -> None:
        self.split, self.scene, self.random = split, scene, scene.random
        self.draft = Draft()
        self.carriers = carriers

    def template(self, name: str) -> str:
        """Draw a template of a section; sometimes with its clauses shuffled, dropped, or mixed with another's."""
        random = self.random
        lines = pool(name, self.split)
        line = random.choice(lines)
        draw = random.random()
        if draw < 0.62:
            return line
        parts: list[str] = CLAUSE.findall(line)
        if draw < 0.74 and len(parts) > 1:
            parts.pop(random.randrange(len(parts)))
        elif draw < 0.82:
            random.shuffle(parts)
        elif draw < 0.94:
            parts += CLAUSE.findall(random.choice(pool(random.choice(MIXABLE), self.split) or lines))
            random.shuffle(parts)
            parts = parts[: random.randint(1, 5)]
        else:
            return random.choice(parts)
        return "".join(parts)

    def say(self, name: str, count: int, *, between: Sequence[str] = ("", "", "\n")) -> None:
        """Write `count` sentences of a section."""
        lines = pool(name, self.split)
        joint = self.random.choice(between)
        for _ in range(count if lines else 0):
            fill(self.scene, self.draft, self.template(name))
            self.draft.write(joint)

    def heading(self, name: str) -> None:
        """Write a section heading, or none."""
        self.draft.write(self.random.choice(HEADINGS[name]))

    def plain(self, most: int) -> None:
        """Write up to `most` passages without identifiers: clinical findings, sentences, or a carrier's."""
        random = self.random
        for _ in range(random.randint(0, most)):
            draw = random.random()
            if draw < 0.25 and self.carriers is not None and self.carriers(self.scene, self.draft):
                continue
            if draw < 0.65:
                self.draft.write(finding(random))
            else:
                self.say("plain", 1)

    def fields(self, low: int, high: int) -> None:
        """Write a run of form fields in one of the layouts: lines, wide spaces, table bars, tabs, glued."""
        random = self.random
        link = random.choice(("：", "：", "：", ":", ": ", " ", "： ", "=", "", "\t"))
        joint = random.choice(("\n", "\n", "  ", " ", "　", "，", "；", "\t", " | ", "\n\n", "    ", ", ", "/"))
        if link == "" and joint in ("，", "/"):
            joint = " "
        if link == " " and joint == " ":
            joint = "  "
        chosen = random.sample(FIELDS, random.randint(low, min(high, len(FIELDS))))
        if random.random() < 0.6 and FIELDS[0] not in chosen:
            chosen.insert(0, FIELDS[0])
        for labels, value in chosen:
            self.draft.write(random.choice(labels) + link)
            if random.random() < 0.04:
                self.draft.write(random.choice(("", "不详", "无", "/", "______", "未提供")))
            else:
                fill(self.scene, self.draft, value)
            self.draft.write(joint)
        self.draft.write(random.choice(("\n", "\n", "\n\n", " ", "")))

    def table(self) -> None:
        """Write a table that lost its layout: a row of headings, then rows of values."""
        random = self.random
        chosen = random.sample(FIELDS, random.randint(3, 8))
        joint = random.choice(("\t", " ", "  ", "|", ",", "，", "\n", " | "))
        self.draft.write(joint.join(random.choice(labels) for labels, _ in chosen) + "\n")
        for _ in range(random.randint(1, 4)):
            scene = Scene(self.split, random)
            for index, (_, value) in enumerate(chosen):
                self.draft.write(joint if index else "")
                fill(scene, self.draft, value)
            self.draft.write("\n")

    def roll(self) -> None:
        """Write a list of people: duty rota, ward list, participants, phone list."""
        random = self.random
        kind = random.randrange(6)
        joint = random.choice(("、", "，", " ", "\n", "/", "；"))
        if kind == 0:
            self.draft.write(
                random.choice(
                    tuple("参加人员： 值班人员： 到会医师： 今日值班： 手术人员： 抢救人员： 参会： 考勤：".split())
                )
            )
        template = random.choice(
            (
                "{x}",
                "{x}",
                "{x}（{dept}）",
                "{x} {mob}",
                "{bed2}{x}",
                "{bed2} {x} {dx}",
                "{x}{titl}",
                "{dt}",
                "{x}，{age}，{dx}",
                "{D} {x} {dept}",
                "{x}({sx},{age})",
                "{h} {x}",
            )
        )
        for index in range(random.randint(2, 7)):
            self.draft.write(joint if index else "")
            fill(self.scene, self.draft, template)
        self.draft.write(random.choice(("\n", "。", "")))

    def sign(self) -> None:
        """Write a signature."""
        self.draft.write(self.random.choice(("\n", "\n", "　　", "  ", "\n\n")))
        fill(self.scene, self.draft, self.random.choice(of_kind(SIGNATURES, self.split)))

    def head(self) -> None:
        """Write the header of a page."""
        fill(self.scene, self.draft, self.random.choice(of_kind(HEADERS, self.split)))

    def foot(self) -> None:
        """Write the footer of a page."""
        fill(self.scene, self.draft, self.random.choice(of_kind(FOOTERS, self.split)))
