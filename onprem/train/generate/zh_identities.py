"""Invented Chinese identities: people of many groups and generations, places, institutions, numbers, dates.

Rules: an identity that could be memorised (a full name, an institution, a street, an estate, a village) belongs to one
split by the hash of its text; surnames and administrative names are shared vocabulary. Numbers are random; those with a
check digit mostly carry a right one. No identity is taken from a record.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from onprem import checksums
from onprem.train.generate.contract import Split, split_of

_HERE = Path(__file__).resolve().parent
_LEXICONS = _HERE.parent.parent / "detect" / "lexicons"


@cache
def words(section: str, name: str) -> tuple[str, ...]:
    """Return a word list of zh_words.toml; a list of characters comes back as its characters."""
    value = _table("zh_words")[section][name]
    if isinstance(value, list):
        return tuple(value)
    return tuple(value.split()) if " " in value else tuple(value)


@cache
def _table(name: str) -> Mapping[str, Any]:
    folder = _LEXICONS if name == "zh_places" else _HERE
    return tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8"))


@cache
def _places(name: str) -> tuple[str, ...]:
    value = _table("zh_places")[name]
    return tuple(value.split()) if isinstance(value, str) else tuple(value)


def of_split(make: Callable[[], str], split: Split) -> str:
    """Draw until the identity belongs to the split."""
    while True:
        made = make()
        if split_of(made) == split:
            return made


class Identities:
    """Draws identities of one split."""

    def __init__(self, split: Split, random: Random) -> None:
        self.split = split
        self.random = random

    # --- people

    def surname(self) -> str:
        """Draw a Han surname; one in seven is rare, one in twenty-five compound."""
        draw = self.random.random()
        if draw < 0.04:
            return self.random.choice(words("names", "compound"))
        if draw < 0.18:
            return self.random.choice(words("names", "surname_rare"))
        common = words("names", "surname_weight_common")
        return common[min(int(self.random.expovariate(1 / 30)), len(common) - 1)]

    def given(self, age: int, *, single: float = 0.16) -> str:
        """Draw a given name of the style of its generation: one character, two, seldom three or doubled."""
        random = self.random
        draw = random.random()
        if draw < single:
            return random.choice(words("names", "single"))
        style = "older" if age > 58 else "middle" if age > 28 else "young"
        pool = words("names", style)
        if draw < single + 0.15:
            pool = words("names", random.choice(("older", "middle", "young")))
        if draw > 0.97:
            return random.choice(pool) * 2
        if draw > 0.96:
            return "".join(random.choices(pool, k=3))
        return random.choice(pool) + random.choice(pool)

    def name(self, age: int = 40) -> str:
        """Draw the full name of a person: mostly Han, else of an ethnic group, of Korea, or of a foreigner."""
        return of_split(lambda: self._name(age), self.split)

    def _name(self, age: int) -> str:
        draw = self.random.random()
        if draw < 0.86:
            return self.surname() + self.given(age)
        return self._other_name()

    def _other_name(self) -> str:
        random = self.random
        kind = random.randrange(9)
        dot = random.choice("···•・‧.")
        pick = random.choice
        if kind in (0, 1):
            first = pick(words("names", pick(("uyghur_m", "uyghur_f"))))
            return first + dot + pick(words("names", "uyghur_m")) if random.random() < 0.85 else first
        if kind == 2:
            return pick(words("names", "kazakh")) + dot + pick(words("names", "kazakh"))
        if kind in (3, 4):
            return (
                pick(words("names", "tibetan"))
                + (dot if random.random() < 0.1 else "")
                + pick(words("names", "tibetan"))
            )
        if kind == 5:
            one = pick(words("names", "mongol"))
            return one if random.random() < 0.6 and len(one) > 2 else one + pick(words("names", "mongol"))
        if kind == 6:
            return pick(words("names", "yi")) + (dot if random.random() < 0.5 else "") + pick(words("names", "yi"))
        if kind == 7:
            return pick(words("names", "korean"))
        return pick(words("names", "foreign")) + dot + pick(words("names", "foreign"))

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
                f"{surname} {given}", f"{surname} {given}", f"{given} {surname}", f"{surname.upper()} {given}", f"{surname.upper()} {given.upper()}",
                f"{given} {surname.upper()}", f"{surname}, {given}", f"{surname} {hyphen}", f"{surname} {apart}", f"{surname.upper()} {apart.upper()}",
                f"{surname}{given}", f"{given[0]}. {surname}",
            )
        )  # fmt: skip

    # --- places

    def province(self) -> str:
        """Draw a province in full."""
        return self.random.choice(_places("provinces"))

    def short_province(self) -> str:
        """Draw a province without its class."""
        return self.random.choice(_places("short_provinces")[:34])

    def bare_city(self) -> str:
        """Draw a city without its class."""
        while True:
            name = self.random.choice(_places("cities"))
            if not name.endswith(("市", "盟", "区", "州")):
                return name

    def city(self) -> str:
        """Draw a city with 市."""
        return self.bare_city() + "市"

    def county(self) -> str:
        """Draw a district or county."""
        if self.random.random() < 0.45:
            return self.random.choice(_places("districts"))
        kind = self.random.choice(("县", "县", "县", "区", "区", "市", "自治县", "旗"))
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
                    f"{r.choice('ABCDEFG甲乙丙')}{r.choice(('座', '栋'))}{r.randint(101, 2808)}{r.choice(('', '室', '房'))}"
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
                (
                    "路",
                    "路",
                    "路",
                    "街",
                    "大道",
                    "大街",
                    "巷",
                    "胡同",
                    "东路",
                    "西路",
                    "南路",
                    "北路",
                    "中路",
                    "一路",
                    "二路",
                    "东街",
                    "横街",
                    "里",
                )
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
                + r.choice(("村", "村", "村", "社区", "屯", "庄", "寨", "村委会"))
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

    # --- institutions

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
                    (self.city(), self.bare_city(), self.city(), self.county(), pick(words("places", "county")) + "县")
                )
                + kind
                + branch
            )
        if draw < 0.4:
            return pick((self.province(), self.short_province(), self.short_province() + "省")) + kind + branch
        if draw < 0.55:
            return pick(words("hospitals", "university")) + pick(words("hospitals", "attached")) + branch
        if draw < 0.75:
            clinic = pick(words("hospitals", "clinic"))
            place = pick(
                (
                    self.town(),
                    self.county() + self.town(),
                    pick(words("places", "village")) + "村",
                    self.town() + pick(words("places", "village")) + "村",
                    pick(words("hospitals", "given")),
                    self.county(),
                    self.city() + pick(words("hospitals", "given")),
                    self.surname() + "氏",
                    self.bare_city() + pick(words("hospitals", "given")),
                )
            )
            return place + clinic
        if draw < 0.9:
            place = pick(("", "", self.bare_city(), self.city(), self.short_province(), self.county()))
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
            pick(("解放军", "武警", "中国人民解放军", "联勤保障部队", "核工业", "煤矿", "航天", "铁路"))
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
            (self.bare_city(), self.bare_city(), r.choice(words("places", "county")), self.short_province())
        )
        form = r.choice(
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
        return form

    def organisation(self) -> str:
        """Draw an employer or a school."""
        return of_split(self._organisation, self.split)

    def _organisation(self) -> str:
        r = self.random
        pick = r.choice
        place = pick(
            (self.bare_city(), self.bare_city(), self.short_province(), self.county(), self.city(), self.city(), "")
        )
        draw = r.random()
        if draw < 0.5:
            brand = pick(words("organisations", "brand")) + (
                pick(words("organisations", "brand"))[0] if r.random() < 0.15 else ""
            )
            return place + brand + pick(words("organisations", "field")) + pick(words("organisations", "company"))
        if draw < 0.8:
            place = pick((self.bare_city(), self.county(), self.city(), self.town(), pick(words("places", "street"))))
            return place + pick(words("organisations", "school"))
        place = pick(
            (self.county(), self.city(), self.bare_city(), self.town(), pick(words("places", "village")) + "村")
        )
        return place + pick(words("organisations", "office"))

    # --- numbers

    def digits(self, count: int) -> str:
        """Draw a number of `count` digits, the first of them not 0."""
        return str(self.random.randint(1, 9)) + "".join(self.random.choices("0123456789", k=count - 1))

    def resident_id(self, birth: tuple[int, int, int], female: bool) -> str:
        """Make a resident identity card that agrees with birth date and sex; one in twelve has a wrong check digit."""
        r = self.random
        region = r.choice("1234561234568") + str(r.randint(1, 5)) + f"{r.randint(1, 29):02d}{r.randint(1, 30):02d}"
        order = r.randrange(0, 500) * 2 + (0 if female else 1)
        body = f"{region}{birth[0]:04d}{birth[1]:02d}{birth[2]:02d}{order:03d}"
        check = checksums.cn_resident_check_digit(body)
        if r.random() < 0.08:
            check = r.choice("0123456789X")
        number = body + check
        form = r.random()
        if form < 0.08:
            return f"{number[:6]} {number[6:14]} {number[14:]}"
        if form < 0.11:
            return number.lower()
        if form < 0.14:
            return body[:6] + body[8:17]  # the form of 15 digits
        return number

    def mobile(self) -> str:
        """Draw a mobile number in one of its written forms."""
        r = self.random
        number = "1" + r.choice("3456789") + "".join(r.choices("0123456789", k=9))
        form = r.random()
        if form < 0.72:
            return number
        a, b, c = number[:3], number[3:7], number[7:]
        return r.choice(
            (
                f"{a}-{b}-{c}",
                f"{a} {b} {c}",
                f"+86 {number}",
                f"+86-{number}",
                f"{a}****{c}",
                f"86{number}",
                f"{number[:5]} {number[5:]}",
                f"(+86){number}",
                f"{a} {number[3:]}",
                f"{number[:4]}-{number[4:7]}-{number[7:]}",
            )
        )

    def landline(self) -> str:
        """Draw a fixed line with its area code, a service number or an extension."""
        r = self.random
        area = r.choice(("010", "021", "028", "020", "0571", "0755", "0816", "0372", "0991", "0471", "027", "022"))
        number = self.digits(8 if len(area) == 3 else r.choice((7, 8)))
        return r.choice(
            (
                f"{area}-{number}",
                f"({area}){number}",
                f"（{area}）{number}",
                f"{area} {number}",
                f"{area}-{number}转{r.randint(100, 8999)}",
                f"{area}{number}",
                f"{number}",
                f"400-{r.randint(100, 999)}-{r.randint(1000, 9999)}",
                f"{area}—{number}",
            )
        )

    def phone(self) -> str:
        """Draw a telephone number."""
        return self.mobile() if self.random.random() < 0.75 else self.landline()

    def code(self) -> str:
        """Draw a number as hospital systems make them."""
        r = self.random
        year = str(r.randint(2008, 2026))
        letter = r.choice("ABCDEFGHJKLMNPRSTXYZ")
        return r.choice(
            (
                lambda: self.digits(6), lambda: self.digits(8), lambda: self.digits(10), lambda: "00" + self.digits(6), lambda: "000" + self.digits(7),
                lambda: letter + self.digits(7), lambda: letter + year + self.digits(5), lambda: year + self.digits(6), lambda: f"{year}-{r.randint(1, 99999):05d}",
                lambda: f"{r.choice(('ZY', 'MZ', 'BL', 'CT', 'MR', 'US', 'XD', 'JC', 'DR', 'BA', 'P', 'H'))}{self.digits(r.choice((6, 8, 10)))}", lambda: f"{letter}-{self.digits(6)}", lambda: f"{year[2:]}{r.randint(1, 12):02d}{r.randint(1, 28):02d}{self.digits(4)}",
                lambda: self.digits(5), lambda: self.digits(12), lambda: f"{r.choice(('ZY', 'MZ', 'JZ', 'CT', 'BL'))}-{year}-{r.randint(1, 9999):04d}", lambda: "".join(r.choices("〇一二三四五六七八九", k=r.choice((6, 8)))),
                lambda: f"{letter}{letter}{self.digits(9)}", lambda: f"{r.randint(1, 99):02d}-{self.digits(5)}",
            )
        )()  # fmt: skip

    def bank_card(self) -> str:
        """Draw a bank card number, mostly with a right Luhn digit, with or without spaces."""
        r = self.random
        body = r.choice(("6222", "6217", "6228", "6225", "6214", "6230", "4367", "5187")) + self.digits(
            r.choice((11, 14))
        )
        number = next((body + digit for digit in "0123456789" if checksums.luhn(body + digit)), body + "0")
        return " ".join(number[i : i + 4] for i in range(0, len(number), 4)) if r.random() < 0.4 else number

    def passport(self) -> str:
        """Draw the number of a passport or travel permit."""
        r = self.random
        return r.choice(
            (
                f"E{self.digits(8)}",
                f"E{r.choice('ABCDEFGHJK')}{self.digits(7)}",
                f"G{self.digits(8)}",
                f"H{self.digits(10)}",
                f"M{self.digits(8)}",
                self.digits(8),
                f"C{self.digits(8)}",
                f"{r.choice('ABKP')}{self.digits(7)}",
            )
        )

    def plate(self) -> str:
        """Draw a car plate."""
        r = self.random
        letters = "ABCDEFGHJKLMNPQRSTUVWXYZ"
        tail = "".join(r.choices("0123456789" * 3 + letters, k=r.choice((5, 5, 6))))
        return (
            r.choice("京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼")
            + r.choice(letters)
            + r.choice(("", "", "·", "-", " "))
            + tail
        )

    def account(self) -> str:
        """Draw a messenger account."""
        r = self.random
        return r.choice(
            (
                f"wx{self.digits(r.randint(4, 8))}",
                f"{r.choice(words('names', 'pinyin_syllable'))}_{self.digits(4)}",
                f"{r.choice(words('names', 'pinyin_surname')).lower()}{r.choice(words('names', 'pinyin_syllable'))}{self.digits(r.randint(2, 6))}",
                f"wxid_{self.digits(6)}ab",
                self.digits(r.randint(6, 10)),
                self.mobile(),
            )
        )

    def mail(self) -> str:
        """Draw an e-mail address."""
        r = self.random
        user = r.choice(
            (
                self.digits(9),
                r.choice(words("names", "pinyin_surname")).lower()
                + r.choice(words("names", "pinyin_syllable"))
                + r.choice(("", str(r.randint(60, 2010)))),
                f"{r.choice(words('names', 'pinyin_syllable'))}.{r.choice(words('names', 'pinyin_surname')).lower()}",
            )
        )
        return f"{user}@{r.choice(('qq.com', '163.com', '126.com', 'sina.com', 'hospital.org.cn', 'gmail.com', 'outlook.com', '139.com', 'foxmail.com', 'edu.cn'))}"

    def bed(self) -> str:
        """Draw a bed as said in text."""
        r = self.random
        return r.choice(
            (
                f"{r.randint(1, 89)}床",
                f"{r.randint(1, 60)}床",
                f"{r.randint(1, 60)}号床",
                f"加{r.randint(1, 12)}床",
                f"{r.randint(1, 9)}-{r.randint(1, 40)}床",
                f"{r.choice('ABC')}{r.randint(1, 40)}床",
                f"{han_number(r.randint(2, 48))}床",
                f"{r.randint(1, 60):02d}床",
                f"抢救{r.randint(1, 4)}床",
                f"加{han_number(r.randint(1, 9))}床",
            )
        )


_HAN_DIGITS = "〇一二三四五六七八九"


def han_number(value: int) -> str:
    """Write 1 to 9999 in Chinese numerals as spoken (十二, 二十, 一百零三)."""
    if value < 10:
        return _HAN_DIGITS[value]
    if value < 20:
        return "十" + (_HAN_DIGITS[value - 10] if value > 10 else "")
    if value < 100:
        return _HAN_DIGITS[value // 10] + "十" + (_HAN_DIGITS[value % 10] if value % 10 else "")
    if value < 1000:
        rest = value % 100
        return (
            _HAN_DIGITS[value // 100]
            + "百"
            + ("" if not rest else ("零" if rest < 10 else "") + ("一" if 10 <= rest < 20 else "") + han_number(rest))
        )
    rest = value % 1000
    return _HAN_DIGITS[value // 1000] + "千" + ("" if not rest else ("零" if rest < 100 else "") + han_number(rest))


def han_digits(value: int) -> str:
    """Write a number digit by digit in Chinese numerals (二〇二四)."""
    return "".join(_HAN_DIGITS[int(digit)] for digit in str(value))
