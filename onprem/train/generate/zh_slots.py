"""What a Chinese template's slots become: a scene of people, places, dates and clinical words, consistent in a document.

Rules: a slot writes through `Draft`, so that a span is laid exactly where its identity is written; titles, relations and
departments stay outside of spans; what is no identifier is written without one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from random import Random

from onprem.labels import Label
from onprem.tagged import Gold, Tagged
from onprem.train.generate.contract import Split
from onprem.train.generate.zh_dates import date_text
from onprem.train.generate.zh_identities import Identities, han_number, words

_SLOT = re.compile(r"\{(\w+)\}")
_SEX_TITLES = {
    True: ("女士", "女士", "女士", "小姐", "阿姨", "大姐", "奶奶", "老师", "老太太"),
    False: ("先生", "先生", "先生", "师傅", "大爷", "叔叔", "大哥", "老师", "老先生"),
}


@dataclass
class Draft:
    """A tagged text being written."""

    pieces: list[str] = field(default_factory=list, repr=False)
    spans: list[Gold] = field(default_factory=list, repr=False)
    length: int = 0

    def write(self, text: str, label: Label | None = None) -> None:
        """Add text; with a label it is an identifier."""
        if label is not None and text:
            self.spans.append(Gold(self.length, self.length + len(text), label))
        self.pieces.append(text)
        self.length += len(text)

    def tagged(self) -> Tagged:
        """Return the text written so far."""
        return Tagged("".join(self.pieces), tuple(self.spans))


Part = tuple[str, str]  # literal text, then the name of the slot behind it ("" at the end)


@cache
def compiled(template: str) -> tuple[Part, ...]:
    """Cut a template into literals and slots."""
    parts = _SLOT.split(template)
    return tuple((parts[i], parts[i + 1] if i + 1 < len(parts) else "") for i in range(0, len(parts), 2))


class Scene:
    """The people, places and days of one document."""

    def __init__(self, split: Split, random: Random) -> None:
        self.random = random
        self.who = Identities(split, random)
        self.female = random.random() < 0.5
        draw = random.random()
        self.age = (
            random.randint(0, 14) if draw < 0.12 else random.randint(90, 103) if draw > 0.95 else random.randint(15, 89)
        )
        self.year = random.randint(2005, 2026)
        self.day = (self.year, random.randint(1, 12), random.randint(1, 28))
        self.birth = (self.year - self.age, random.randint(1, 12), random.randint(1, 28))
        self.patient = self.who.name(self.age)
        self.form = random.randrange(10)  # the habit of this document: how dates are written
        self.relation, self.relative = random.choice(words("names", "relation")), self.who.name()
        self._staff: dict[str, str] = {}
        self._fixed: dict[str, str] = {}

    def fill(self, draft: Draft, template: str) -> None:
        """Write a template with its slots filled."""
        for literal, slot in compiled(template):
            if literal:
                draft.write(literal)
            if slot:
                SLOTS[slot](self, draft)

    def staff(self, key: str) -> str:
        """Return the member of staff known by this key in the document."""
        return self._staff.setdefault(key, self.who.name(self.random.randint(24, 62)))

    def fixed(self, key: str, make: Callable[[], str]) -> str:
        """Return a value that stays the same in the document (a record number, a telephone)."""
        return self._fixed.setdefault(key, make())

    def surname(self, name: str) -> str:
        """Return the surname part of a Han name."""
        return name[:2] if name[:2] in words("names", "compound") else name[0]

    def date(self, *, years: tuple[int, int] = (0, 0), coarse: float = 0.0) -> str:
        """Write a date near the document's day, or some years before it."""
        random = self.random
        year = self.year - random.randint(*years)
        month, day = (
            (random.randint(1, 12), random.randint(1, 28)) if years != (0, 0) or random.random() < 0.5 else self.day[1:]
        )
        return date_text((year, month, day), random, habit=self.form, coarse=coarse)


def _lit(choose: Callable[[Scene], str]) -> Callable[[Scene, Draft], None]:
    return lambda scene, draft: draft.write(choose(scene))


def _tag(label: Label, choose: Callable[[Scene], str]) -> Callable[[Scene, Draft], None]:
    return lambda scene, draft: draft.write(choose(scene), label)


def _clinical(name: str) -> Callable[[Scene, Draft], None]:
    return lambda scene, draft: draft.write(scene.random.choice(words("clinical", name)))


def _called(scene: Scene, draft: Draft) -> None:
    """The patient as people say: 王先生, 小王, 老王, 王某, 王某某, 王建国."""
    random = scene.random
    name = scene.patient
    if "·" in name or len(name) > 4 or random.random() < 0.25:
        draft.write(name, Label.NAME)
        return
    surname = scene.surname(name)
    draw = random.random()
    if draw < 0.55:
        draft.write(surname, Label.NAME)
        draft.write(random.choice(_SEX_TITLES[scene.female]))
    elif draw < 0.7:
        draft.write(random.choice("小老") + surname, Label.NAME)
    elif draw < 0.8:
        draft.write(surname + random.choice(("某", "某某", "某某", "XX", "xx", "**", "×")), Label.NAME)
    elif draw < 0.9 and len(name) > 2:
        draft.write(name[1:] if len(name) == 3 else name, Label.NAME)
    else:
        draft.write(name, Label.NAME)
        draft.write(random.choice(_SEX_TITLES[scene.female]))


def _staff_called(titles: str) -> Callable[[Scene, Draft], None]:
    def write(scene: Scene, draft: Draft) -> None:
        random = scene.random
        name = scene.who.name(random.randint(24, 62)) if random.random() < 0.5 else scene.staff("d1")
        short = random.random() < 0.75 and "·" not in name and len(name) < 5
        draft.write(scene.surname(name) if short else name, Label.NAME)
        draft.write(random.choice(words("names", titles)))

    return write


def _staff_titled(scene: Scene, draft: Draft) -> None:
    draft.write(scene.staff("d1") if scene.random.random() < 0.6 else scene.who.name(), Label.NAME)
    draft.write(scene.random.choice(words("names", "title_doctor")))


def _relative(scene: Scene, draft: Draft) -> None:
    random = scene.random
    draft.write(random.choice(words("names", "relation")))
    form = random.random()
    if form < 0.12:
        return  # a relation without a name is no identifier
    draft.write(random.choice(("", "", "", "", "叫", "（", " ")) if form > 0.3 else "")
    opened = draft.pieces[-1] == "（"
    draft.write(scene.relative if random.random() < 0.4 else scene.who.name(random.randint(6, 80)), Label.NAME)
    if opened:
        draft.write("）")


def _familiar(scene: Scene, draft: Draft) -> None:
    draft.write(scene.random.choice("小小小老老阿") + scene.who.surname()[:1], Label.NAME)
    if scene.random.random() < 0.2:
        draft.write(scene.random.choice(("医生", "护士", "姐", "哥", "老师")))


def _address(scene: Scene, draft: Draft) -> None:
    random, who = scene.random, scene.who
    draw = random.random()
    space = " " if random.random() < 0.05 else ""
    if draw < 0.65:
        draft.write(who.province() if random.random() < 0.8 else who.short_province(), Label.STATE)
        draft.write(space)
    if draw < 0.85 and random.random() < 0.85:
        draft.write(who.city(), Label.CITY)
        draft.write(space)
    if random.random() < 0.8:
        draft.write(who.county(), Label.CITY)
        draft.write(space)
    draft.write(who.local_address(), Label.ADDRESS)


def _native(scene: Scene, draft: Draft) -> None:
    random, who = scene.random, scene.who
    make = random.choice(
        (
            who.short_province,
            lambda: who.short_province() + who.bare_city(),
            lambda: who.province() + who.city(),
            who.bare_city,
            who.city,
            lambda: who.province() + who.county(),
            lambda: who.city() + who.county(),
            lambda: who.short_province() + random.choice(words("places", "county")),
        )
    )
    draft.write(make(), Label.NATIVE_PLACE)


def _newborn(scene: Scene, draft: Draft) -> None:
    mother = scene.patient
    draft.write(mother + "之" + scene.random.choice(("女", "女") if scene.female else ("子", "子")), Label.NAME)


def age_text(scene: Scene) -> str:
    """Write an age in one of its forms; infants in months and days."""
    random = scene.random
    age = scene.age if random.random() < 0.6 else random.randint(1, 99)
    if age < 3 and random.random() < 0.7:
        return random.choice(
            (
                f"{random.randint(1, 30)}天",
                f"{random.randint(1, 11)}个月",
                f"{random.randint(1, 11)}月",
                f"{random.randint(1, 2)}岁{random.randint(1, 11)}个月",
                f"{random.randint(1, 11)}月龄",
                f"{random.randint(1, 2)}岁半",
                f"{random.randint(1, 11)}月{random.randint(1, 28)}天",
            )
        )
    draw = random.random()
    if draw < 0.82:
        return f"{age}岁"
    if draw < 0.88:
        return f"{age}周岁"
    if draw < 0.92:
        return f"{age} 岁"
    return (han_number(age) if age else "半") + random.choice(("岁", "岁", "多岁" if age % 10 == 0 and age else "岁"))


def _value(scene: Scene) -> str:
    return f"{scene.random.randint(1, 48)}.{scene.random.randint(0, 9)}"


def _duration(scene: Scene) -> str:
    r = scene.random
    return r.choice(
        (
            f"{r.randint(1, 30)}天",
            f"{r.randint(1, 11)}个月",
            f"{r.randint(1, 30)}年",
            f"{r.randint(1, 8)}周",
            f"{r.randint(1, 23)}小时",
            "半月",
            "半年",
            "1周",
            "数日",
            "3月余",
            "十余年",
            "两天",
            "一周",
            f"{r.randint(1, 9)}月",
            f"{han_number(r.randint(1, 20))}年",
            f"{r.randint(2, 9)}+年",
            "多年",
            f"{r.randint(1, 30)}日",
        )
    )


def _dose(scene: Scene) -> str:
    r = scene.random
    return r.choice(
        (
            f"{r.choice((2.5, 5, 10, 20, 25, 50, 75, 100, 200, 500))}mg",
            f"0.{r.randint(1, 9)}g",
            f"{r.randint(1, 5)}片",
            f"{r.randint(1, 4)}粒",
            f"{r.randint(2, 30)}U",
            f"{r.randint(1, 3)}g",
            f"{r.choice((10, 20, 100, 250))}ml",
            f"{r.randint(1, 2)}支",
        )
    )


_R = Label.RECORD_NUMBER
_WHO: dict[str, Callable[[Scene, Draft], None]] = {
    "p": _tag(Label.NAME, lambda s: s.patient),
    "pc": _called,
    "r": _relative,
    "rn": _tag(Label.NAME, lambda s: s.relative),
    "rw": _lit(lambda s: s.relation.removeprefix("其")),
    "rw2": _lit(
        lambda s: s.random.choice(
            (
                "爸",
                "妈",
                "爸爸",
                "妈妈",
                "老公",
                "老婆",
                "女儿",
                "儿子",
                "父亲",
                "母亲",
                "奶奶",
                "爷爷",
                "妹妹",
                "弟弟",
                "外婆",
                "丈夫",
                "妻子",
                "表哥",
                "舅舅",
            )
        )
    ),
    "x": _tag(Label.NAME, lambda s: s.who.name(s.random.randint(5, 85))),
    "x2": _tag(Label.NAME, lambda s: s.who.name(s.random.randint(5, 85))),
    "xm": _tag(Label.NAME, lambda s: s.fixed("xm", s.who.latin_name)),
    "xm2": _tag(Label.NAME, lambda s: s.who.latin_name()),
    "fam": _familiar,
    "sur": _tag(Label.NAME, lambda s: s.surname(s.patient)),
    "titl": _lit(lambda s: s.random.choice(_SEX_TITLES[s.female])),
    "dc": _staff_called("title_doctor"),
    "nc": _staff_called("title_nurse"),
    "dt": _staff_titled,
    "nb": _newborn,
    "sx": _lit(lambda s: "女" if s.female else "男"),
    "sxt": _lit(lambda s: "女士" if s.female else "先生"),
    "sxe": _lit(lambda s: s.random.choice(("Female", "F") if s.female else ("Male", "M"))),
    "age": _tag(Label.AGE, age_text),
    "age2": _tag(Label.AGE, lambda s: f"{s.random.randint(30, 99)}岁"),
    "agen": _tag(Label.AGE, lambda s: str(max(s.age, 1))),
    "ethnic": _tag(Label.ETHNICITY, lambda s: s.random.choice(words("profile", "ethnic"))),
    "ethnic2": _tag(Label.ETHNICITY, lambda s: s.random.choice(words("profile", "ethnic"))),
    "native": _native,
    "job": _tag(Label.OCCUPATION, lambda s: s.random.choice(words("profile", "job"))),
}
for _key in ("d1", "d2", "d3", "d4", "n1", "n2"):
    _WHO[_key] = _tag(Label.NAME, lambda s, key=_key: s.staff(key))  # type: ignore[misc]

_WHERE: dict[str, Callable[[Scene, Draft], None]] = {
    "addr": _address,
    "loc": _tag(Label.ADDRESS, lambda s: s.who.local_address()),
    "city": _tag(Label.CITY, lambda s: s.who.bare_city() if s.random.random() < 0.5 else s.who.city()),
    "state": _tag(Label.STATE, lambda s: s.who.short_province() if s.random.random() < 0.6 else s.who.province()),
    "cty": _tag(Label.CITY, lambda s: s.who.county()),
    "vil": _tag(
        Label.ADDRESS, lambda s: s.who.town() + s.who.village() if s.random.random() < 0.7 else s.who.village()
    ),
    "h": _tag(Label.HOSPITAL, lambda s: s.who.hospital()),
    "h2": _tag(Label.HOSPITAL, lambda s: s.who.hospital()),
    "hs": _tag(Label.HOSPITAL, lambda s: s.who.short_hospital()),
    "H": _tag(Label.HOSPITAL, lambda s: s.who.hospital() if s.random.random() < 0.65 else s.who.short_hospital()),
    "org": _tag(Label.ORGANISATION, lambda s: s.who.organisation()),
}

_WHEN: dict[str, Callable[[Scene, Draft], None]] = {
    "D": _tag(Label.DATE, lambda s: s.date()),
    "D2": _tag(Label.DATE, lambda s: s.date()),
    "Dp": _tag(Label.DATE, lambda s: s.date(years=(0, 15), coarse=0.5)),
    "Dp2": _tag(Label.DATE, lambda s: s.date(years=(0, 15), coarse=0.5)),
    "Dm": _tag(
        Label.DATE,
        lambda s: date_text((s.year, s.random.randint(1, 12), s.random.randint(1, 30)), s.random, habit=10, coarse=0.0),
    ),
    "Ds": _tag(
        Label.DATE,
        lambda s: date_text((s.year, s.random.randint(1, 12), s.random.randint(1, 28)), s.random, habit=11, coarse=0.0),
    ),
    "Dy": _tag(Label.DATE, lambda s: f"{s.year - s.random.randint(0, 30)}年"),
    "Df": _tag(
        Label.DATE,
        lambda s: s.random.choice(
            (
                "春节",
                "国庆节",
                "中秋节",
                "元旦",
                "端午节",
                "清明节",
                "除夕",
                "元宵节",
                "国庆",
                "五一",
                "重阳节",
                "大年初二",
                "腊月二十三",
            )
        ),
    ),
    "T": _lit(
        lambda s: s.random.choice(
            (
                f"{s.random.randint(0, 23):02d}:{s.random.randint(0, 59):02d}",
                f"{s.random.randint(0, 23)}时{s.random.randint(1, 59)}分",
                f"{s.random.randint(1, 12)}点{s.random.choice(('', '半', '20分', '左右'))}",
                f"上午{s.random.randint(7, 11)}点",
                f"下午{s.random.randint(1, 6)}时",
                f"凌晨{s.random.randint(1, 5)}点许",
                f"{s.random.randint(0, 23):02d}:{s.random.randint(0, 59):02d}:{s.random.randint(0, 59):02d}",
            )
        )
    ),
    "bd": _tag(Label.BIRTH_DATE, lambda s: date_text(s.birth, s.random, habit=s.form, coarse=0.0)),
}

_NUMBERS: dict[str, Callable[[Scene, Draft], None]] = {
    "id": _tag(Label.NATIONAL_ID, lambda s: s.who.resident_id((max(s.birth[0], 1900), *s.birth[1:]), s.female)),
    "mil": _tag(
        Label.NATIONAL_ID,
        lambda s: (
            f"{s.random.choice(('军', '海', '空', '政', '后', '武', '南', '北', '广'))}字第{s.who.digits(s.random.choice((6, 7, 8)))}号"
        ),
    ),
    "passp": _tag(Label.PASSPORT, lambda s: s.who.passport()),
    "rec": _tag(_R, lambda s: s.fixed("rec", s.who.code)),
    "oid": _tag(Label.OTHER_ID, lambda s: s.who.code()),
    "oid4": _tag(Label.OTHER_ID, lambda s: s.who.digits(4)),
    "plan": _tag(
        Label.HEALTH_PLAN_NUMBER,
        lambda s: s.who.code() if s.random.random() < 0.6 else s.who.digits(s.random.choice((9, 10, 12, 18))),
    ),
    "acct": _tag(Label.ACCOUNT_NUMBER, lambda s: s.who.bank_card() if s.random.random() < 0.5 else s.who.code()),
    "lic": _tag(
        Label.LICENCE_NUMBER,
        lambda s: (
            s.random.choice("ABCPST") + s.who.digits(9)
            if s.random.random() < 0.5
            else s.who.digits(s.random.choice((12, 15)))
        ),
    ),
    "dev": _tag(
        Label.DEVICE_ID,
        lambda s: (
            "".join(s.random.choices("ABCDEFGHJKLMNPRSTX", k=s.random.choice((2, 3))))
            + s.who.digits(s.random.choice((6, 8, 9)))
            + s.random.choice(("", "S", "H"))
        ),
    ),
    "plate": _tag(Label.VEHICLE_ID, lambda s: s.who.plate()),
    "mob": _tag(Label.PHONE, lambda s: s.who.mobile()),
    "mob2": _tag(Label.PHONE, lambda s: s.who.mobile()),
    "land": _tag(Label.PHONE, lambda s: s.who.landline()),
    "tel": _tag(Label.PHONE, lambda s: s.who.phone()),
    "mail": _tag(Label.EMAIL, lambda s: s.who.mail()),
    "mail2": _tag(Label.EMAIL, lambda s: s.who.mail()),
    "wx": _tag(Label.EMAIL, lambda s: s.who.account()),
    "post": _tag(Label.POSTCODE, lambda s: s.who.digits(6)),
    "bed": _tag(Label.BED, lambda s: s.fixed("bed", s.who.bed)),
    "bed2": _tag(Label.BED, lambda s: s.who.bed()),
    "bedn": _tag(
        Label.BED,
        lambda s: s.random.choice(
            (
                str(s.random.randint(1, 70)),
                f"{s.random.randint(1, 60):02d}",
                f"加{s.random.randint(1, 9)}",
                s.who.bed(),
                f"{s.random.choice('ABC')}{s.random.randint(1, 40):02d}",
                f"{s.random.randint(1, 12):02d}{s.random.randint(1, 40):02d}",
            )
        ),
    ),
}

_PLAIN: dict[str, Callable[[Scene, Draft], None]] = {
    "dept": _clinical("department"),
    "dx": _clinical("disease"), "dx2": _clinical("disease"),
    "sy": _clinical("symptom"), "sy2": _clinical("symptom"), "sy3": _clinical("symptom"),
    "drug": _clinical("drug"), "drug2": _clinical("drug"),
    "exam": _clinical("exam"), "op": _clinical("operation"),
    "n": _lit(lambda s: str(s.random.randint(1, 9))),
    "nn": _lit(lambda s: str(s.random.randint(10, 200))),
    "val": _lit(_value),
    "bp": _lit(lambda s: f"{s.random.randint(80, 220)}/{s.random.randint(40, 120)}"),
    "dur": _lit(_duration),
    "dose": _lit(_dose),
}  # fmt: skip

SLOTS: dict[str, Callable[[Scene, Draft], None]] = {**_WHO, **_WHERE, **_WHEN, **_NUMBERS, **_PLAIN}
