"""Invented addresses: provinces and cities as they are, and below them streets, estates, villages and rooms.

Rules: streets, estates and villages belong to one split by the hash of their text; administrative names are shared.
"""

from __future__ import annotations

from random import Random

from onprem.train.generate.contract import Split
from onprem.train.generate.zh_words import han_number, of_split, places, words


class Places:
    """Draws places of one split."""

    def __init__(self, split: Split, random: Random) -> None:
        self.split = split
        self.random = random

    def province(self) -> str:
        """Draw a province in full."""
        return self.random.choice(places("provinces"))

    def short_province(self) -> str:
        """Draw a province without its class."""
        return self.random.choice(places("short_provinces")[:34])

    def bare_city(self) -> str:
        """Draw a city without its class."""
        while True:
            name = self.random.choice(places("cities"))
            if not name.endswith(("市", "盟", "区", "州")):
                return name

    def city(self) -> str:
        """Draw a city with 市."""
        return self.bare_city() + "市"

    def county(self) -> str:
        """Draw a district or county."""
        if self.random.random() < 0.45:
            return self.random.choice(places("districts"))
        kind = self.random.choice(tuple("县 县 县 区 区 市 自治县 旗".split()))
        return self.random.choice(words("places", "county")) + kind

    def town(self) -> str:
        """Draw a town, township or subdistrict."""
        return self.random.choice(words("places", "town")) + self.random.choice(("镇", "镇", "镇", "乡", "街道"))

    def _number(self, most: int) -> str:
        value = self.random.randint(1, most)
        if value < 100 and self.random.random() < 0.12:
            return han_number(value)
        return str(value)

    def house(self) -> str:
        """Draw what stands behind a street or an estate: house, building, unit, floor, room."""
        r, n = self.random, self._number
        return r.choice(
            (
                lambda: f"{n(20)}栋{n(4)}单元{r.randint(1, 33)}{r.randint(1, 4):02d}室",
                lambda: f"{n(20)}号楼{n(6)}单元{r.randint(1, 33)}{r.randint(1, 4):02d}",
                lambda: f"{n(30)}幢{r.randint(1, 33)}{r.randint(1, 8):02d}室",
                lambda: f"{n(12)}-{r.randint(1, 5)}-{r.randint(101, 3304)}",
                lambda: f"{n(9)}栋{r.randint(101, 3304)}号",
                lambda: (
                    f"{r.choice('ABCDEFG甲乙丙')}{r.choice(('座', '栋'))}{r.randint(101, 2808)}"
                    f"{r.choice(('', '室', '房'))}"
                ),
                lambda: f"{n(5)}期{n(20)}栋{r.randint(101, 3304)}",
                lambda: f"{n(12)}栋{n(4)}单元{n(33)}楼{n(6)}号",
                lambda: f"{n(20)}号{r.randint(101, 902)}室",
            )
        )()

    def street(self) -> str:
        """Draw a street with its house number."""
        r = self.random

        def make() -> str:
            name = r.choice(words("places", "street"))
            if r.random() < 0.25:
                name = (
                    r.choice(words("places", "street")) + r.choice("东西南北中")
                    if r.random() < 0.6
                    else name + r.choice(words("places", "street"))[0]
                )
            kind = r.choice(
                tuple("路 路 路 街 大道 大街 巷 胡同 东路 西路 南路 北路 中路 一路 二路 东街 横街 里".split())
            )
            return name + kind

        name = of_split(make, self.split)
        part = r.choice(("", "", "", "", "一段", "三段", "二段", "东段", "南段"))
        number = r.choice(
            (
                f"{self._number(999)}号",
                f"{self._number(999)}号",
                f"{self._number(600)}弄{self._number(99)}号",
                f"{self._number(200)}号院",
                f"{r.randint(1, 300)}号附{r.randint(1, 20)}号",
                f"{r.randint(1, 200)}-{r.randint(1, 20)}号",
            )
        )
        return name + part + number

    def estate(self) -> str:
        """Draw a housing estate."""
        r = self.random
        return of_split(
            lambda: (
                r.choice(words("places", "estate"))
                + r.choice(("", "", r.choice(words("places", "estate"))))
                + r.choice(words("places", "estate_kind"))
            ),
            self.split,
        )

    def village(self) -> str:
        """Draw a village with its group."""
        r = self.random
        name = of_split(
            lambda: (
                r.choice(words("places", "village"))
                + r.choice(("", "", r.choice(("新", "大", "上", "下", "东", "西", "小"))))
                + r.choice(tuple("村 村 村 社区 屯 庄 寨 村委会".split()))
            ),
            self.split,
        )
        return name + r.choice(
            (
                "",
                "",
                f"{self._number(20)}组",
                f"{self._number(12)}社",
                f"{self._number(9)}队",
                f"{self._number(300)}号",
                f"第{self._number(12)}村民小组",
                f"{self._number(15)}组{r.randint(1, 90)}号",
            )
        )

    def local_address(self) -> str:
        """Draw an address below the county."""
        r = self.random
        draw = r.random()
        if draw < 0.3:
            return self.street() + (self.house() if r.random() < 0.6 else "")
        if draw < 0.45:
            return self.street() + self.estate() + self.house()
        if draw < 0.65:
            return self.estate() + self.house()
        if draw < 0.95:
            return self.town() + self.village()
        return (
            self.town()
            + r.choice(("正街", "老街", "街上", "政府宿舍", "中学家属院", "粮站旁", "集镇"))
            + r.choice(("", f"{self._number(99)}号"))
        )
