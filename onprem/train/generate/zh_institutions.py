"""Invented hospitals, clinics, employers and schools, with their short forms.

Rules: a full name belongs to one split by the hash of its text; short forms are shared vocabulary.
"""

from __future__ import annotations

from random import Random

from onprem.train.generate.contract import Split
from onprem.train.generate.zh_people import People
from onprem.train.generate.zh_places import Places
from onprem.train.generate.zh_words import han_number, of_split, words


class Institutions:
    """Draws institutions of one split."""

    def __init__(self, split: Split, random: Random) -> None:
        self.split = split
        self.random = random
        self.people = People(split, random)
        self.places = Places(split, random)

    def hospital(self) -> str:
        """Draw a hospital or clinic with its full name."""
        return of_split(self._hospital, self.split)

    def _hospital(self) -> str:
        r = self.random
        pick = r.choice
        draw = r.random()
        kind = pick(words("hospitals", "kind"))
        branch = (
            pick(
                (
                    "",
                    "",
                    "",
                    "",
                    "",
                    "东院",
                    "西院区",
                    "南院区",
                    "北院",
                    "新院区",
                    "老院区",
                    "（东院区）",
                    "城南分院",
                    "本部",
                    "滨江院区",
                    "总院",
                )
            )
            if r.random() < 0.3
            else ""
        )
        if draw < 0.3:
            return (
                pick(
                    (
                        self.places.city(),
                        self.places.bare_city(),
                        self.places.city(),
                        self.places.county(),
                        pick(words("places", "county")) + "县",
                    )
                )
                + kind
                + branch
            )
        if draw < 0.4:
            return (
                pick((self.places.province(), self.places.short_province(), self.places.short_province() + "省"))
                + kind
                + branch
            )
        if draw < 0.55:
            return pick(words("hospitals", "university")) + pick(words("hospitals", "attached")) + branch
        if draw < 0.75:
            clinic = pick(words("hospitals", "clinic"))
            place = pick(
                (
                    self.places.town(),
                    self.places.county() + self.places.town(),
                    pick(words("places", "village")) + "村",
                    self.places.town() + pick(words("places", "village")) + "村",
                    pick(words("hospitals", "given")),
                    self.places.county(),
                    self.places.city() + pick(words("hospitals", "given")),
                    self.people.surname() + "氏",
                    self.places.bare_city() + pick(words("hospitals", "given")),
                )
            )
            return place + clinic
        if draw < 0.9:
            place = pick(
                (
                    "",
                    "",
                    self.places.bare_city(),
                    self.places.city(),
                    self.places.short_province(),
                    self.places.county(),
                )
            )
            mid = pick(
                (
                    "",
                    "",
                    "",
                    "中西医结合",
                    "骨科",
                    "眼科",
                    "妇产",
                    "口腔",
                    "肿瘤",
                    "肛肠",
                    "儿童",
                    "康复",
                    "中医",
                    "皮肤病",
                    "精神病",
                    "心血管病",
                    "男科",
                    "脑科",
                    "整形美容",
                )
            )
            return place + pick(words("hospitals", "given")) + mid + "医院" + branch
        number = pick(("第" + han_number(r.randint(1, 9)), str(r.randint(101, 999)), "第" + str(r.randint(2, 990))))
        return (
            pick(tuple("解放军 武警 中国人民解放军 联勤保障部队 核工业 煤矿 航天 铁路".split()))
            + number
            + pick(("医院", "医院", "中心医院", "野战医院"))
        )

    def short_hospital(self) -> str:
        """Draw a short form of a hospital's name."""
        r = self.random
        if r.random() < 0.55:
            return r.choice(words("hospitals", "short"))
        number = han_number(r.randint(1, 8))
        place = r.choice(
            (
                self.places.bare_city(),
                self.places.bare_city(),
                r.choice(words("places", "county")),
                self.places.short_province(),
            )
        )
        return r.choice(
            (
                f"{place}{number}院",
                f"{place}市{number}院",
                f"{place}人民医院",
                f"{place}中医院",
                f"{place}中心医院",
                f"{place}附{number}院",
                f"{place}妇幼",
                f"{place}县医院",
                f"{place}市医院",
                f"{place}医院",
                f"{place}{r.choice(words('hospitals', 'given'))}",
                f"{place}大附一院",
                f"{place}儿童医院",
            )
        )

    def organisation(self) -> str:
        """Draw an employer or a school."""
        return of_split(self._organisation, self.split)

    def _organisation(self) -> str:
        r = self.random
        pick = r.choice
        place = pick(
            (
                self.places.bare_city(),
                self.places.bare_city(),
                self.places.short_province(),
                self.places.county(),
                self.places.city(),
                self.places.city(),
                "",
            )
        )
        draw = r.random()
        if draw < 0.5:
            brand = pick(words("organisations", "brand")) + (
                pick(words("organisations", "brand"))[0] if r.random() < 0.15 else ""
            )
            return place + brand + pick(words("organisations", "field")) + pick(words("organisations", "company"))
        if draw < 0.8:
            place = pick(
                (
                    self.places.bare_city(),
                    self.places.county(),
                    self.places.city(),
                    self.places.town(),
                    pick(words("places", "street")),
                )
            )
            return place + pick(words("organisations", "school"))
        place = pick(
            (
                self.places.county(),
                self.places.city(),
                self.places.bare_city(),
                self.places.town(),
                pick(words("places", "village")) + "村",
            )
        )
        return place + pick(words("organisations", "office"))
