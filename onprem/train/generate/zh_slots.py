"""What the slots of a Chinese template become; places, days, numbers and clinical words here, people in zh_slots_people.

Rules: departments and clinical words stay outside of spans.
"""

from __future__ import annotations

import re

from onprem.labels import Label
from onprem.train.generate.zh_dates import date_text
from onprem.train.generate.zh_scene import Draft, Scene, Slot, clinical, compiled, identity, plain
from onprem.train.generate.zh_slots_people import PEOPLE
from onprem.train.generate.zh_words import han_number


def _address(scene: Scene, draft: Draft) -> None:
    random = scene.random
    draw = random.random()
    space = " " if random.random() < 0.05 else ""
    if draw < 0.65:
        draft.write(scene.places.province() if random.random() < 0.8 else scene.places.short_province(), Label.STATE)
        draft.write(space)
    if draw < 0.85 and random.random() < 0.85:
        draft.write(scene.places.city(), Label.CITY)
        draft.write(space)
    if random.random() < 0.8:
        draft.write(scene.places.county(), Label.CITY)
        draft.write(space)
    draft.write(scene.places.local_address(), Label.ADDRESS)


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


_BARE_YEAR = re.compile(r"\d{2,4}年")


def _past(scene: Scene, draft: Draft) -> None:
    """A day, month or year some time ago; a bare year is no identifier."""
    text = scene.date(years=(0, 15), coarse=0.5)
    draft.write(text, None if _BARE_YEAR.fullmatch(text) else Label.DATE)


_WHERE: dict[str, Slot] = {
    "addr": _address,
    "loc": identity(Label.ADDRESS, lambda s: s.places.local_address()),
    "city": identity(Label.CITY, lambda s: s.places.bare_city() if s.random.random() < 0.5 else s.places.city()),
    "state": identity(
        Label.STATE, lambda s: s.places.short_province() if s.random.random() < 0.6 else s.places.province()
    ),
    "cty": identity(Label.CITY, lambda s: s.places.county()),
    "vil": identity(
        Label.ADDRESS, lambda s: s.places.town() + s.places.village() if s.random.random() < 0.7 else s.places.village()
    ),
    "h": identity(Label.HOSPITAL, lambda s: s.institutions.hospital()),
    "h2": identity(Label.HOSPITAL, lambda s: s.institutions.hospital()),
    "hs": identity(Label.HOSPITAL, lambda s: s.institutions.short_hospital()),
    "H": identity(
        Label.HOSPITAL,
        lambda s: s.institutions.hospital() if s.random.random() < 0.65 else s.institutions.short_hospital(),
    ),
    "org": identity(Label.ORGANISATION, lambda s: s.institutions.organisation()),
}

_WHEN: dict[str, Slot] = {
    "D": identity(Label.DATE, lambda s: s.date()),
    "D2": identity(Label.DATE, lambda s: s.date()),
    "Dp": _past,
    "Dp2": _past,
    "Dm": identity(
        Label.DATE,
        lambda s: date_text((s.year, s.random.randint(1, 12), s.random.randint(1, 30)), s.random, habit=10, coarse=0.0),
    ),
    "Ds": identity(
        Label.DATE,
        lambda s: date_text((s.year, s.random.randint(1, 12), s.random.randint(1, 28)), s.random, habit=11, coarse=0.0),
    ),
    "Dy": plain(lambda s: f"{s.year - s.random.randint(0, 30)}年"),
    "Df": identity(
        Label.DATE,
        lambda s: s.random.choice(
            tuple("春节 国庆节 中秋节 元旦 端午节 清明节 除夕 元宵节 国庆 五一 重阳节 大年初二 腊月二十三".split())
        ),
    ),
    "T": plain(
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
    "bd": identity(Label.BIRTH_DATE, lambda s: date_text(s.birth, s.random, habit=s.form, coarse=0.0)),
}

_NUMBERS: dict[str, Slot] = {
    "id": identity(Label.NATIONAL_ID, lambda s: s.codes.resident_id((max(s.birth[0], 1900), *s.birth[1:]), s.female)),
    "mil": identity(
        Label.NATIONAL_ID,
        lambda s: (
            f"{s.random.choice(('军', '海', '空', '政', '后', '武', '南', '北', '广'))}字第"
            f"{s.codes.digits(s.random.choice((6, 7, 8)))}号"
        ),
    ),
    "passp": identity(Label.PASSPORT, lambda s: s.codes.passport()),
    "rec": identity(Label.RECORD_NUMBER, lambda s: s.fixed("rec", s.codes.code)),
    "oid": identity(Label.OTHER_ID, lambda s: s.codes.code()),
    "oid4": identity(Label.OTHER_ID, lambda s: s.codes.digits(4)),
    "plan": identity(
        Label.HEALTH_PLAN_NUMBER,
        lambda s: s.codes.code() if s.random.random() < 0.6 else s.codes.digits(s.random.choice((9, 10, 12, 18))),
    ),
    "acct": identity(
        Label.ACCOUNT_NUMBER, lambda s: s.codes.bank_card() if s.random.random() < 0.5 else s.codes.code()
    ),
    "lic": identity(
        Label.LICENCE_NUMBER,
        lambda s: (
            s.random.choice("ABCPST") + s.codes.digits(9)
            if s.random.random() < 0.5
            else s.codes.digits(s.random.choice((12, 15)))
        ),
    ),
    "dev": identity(
        Label.DEVICE_ID,
        lambda s: (
            "".join(s.random.choices("ABCDEFGHJKLMNPRSTX", k=s.random.choice((2, 3))))
            + s.codes.digits(s.random.choice((6, 8, 9)))
            + s.random.choice(("", "S", "H"))
        ),
    ),
    "plate": identity(Label.VEHICLE_ID, lambda s: s.codes.plate()),
    "mob": identity(Label.PHONE, lambda s: s.codes.mobile()),
    "mob2": identity(Label.PHONE, lambda s: s.codes.mobile()),
    "land": identity(Label.PHONE, lambda s: s.codes.landline()),
    "tel": identity(Label.PHONE, lambda s: s.codes.phone()),
    "mail": identity(Label.EMAIL, lambda s: s.codes.mail()),
    "mail2": identity(Label.EMAIL, lambda s: s.codes.mail()),
    "wx": identity(Label.EMAIL, lambda s: s.codes.account()),
    "post": identity(Label.POSTCODE, lambda s: s.codes.digits(6)),
    "bed": identity(Label.BED, lambda s: s.fixed("bed", s.codes.bed)),
    "bed2": identity(Label.BED, lambda s: s.codes.bed()),
    "bedn": identity(
        Label.BED,
        lambda s: s.random.choice(
            (
                str(s.random.randint(1, 70)),
                f"{s.random.randint(1, 60):02d}",
                f"加{s.random.randint(1, 9)}",
                s.codes.bed(),
                f"{s.random.choice('ABC')}{s.random.randint(1, 40):02d}",
                f"{s.random.randint(1, 12):02d}{s.random.randint(1, 40):02d}",
            )
        ),
    ),
}

_PLAIN: dict[str, Slot] = {
    "dept": clinical("department"),
    "dx": clinical("disease"),
    "dx2": clinical("disease"),
    "sy": clinical("symptom"),
    "sy2": clinical("symptom"),
    "sy3": clinical("symptom"),
    "drug": clinical("drug"),
    "drug2": clinical("drug"),
    "exam": clinical("exam"),
    "op": clinical("operation"),
    "n": plain(lambda s: str(s.random.randint(1, 9))),
    "nn": plain(lambda s: str(s.random.randint(10, 200))),
    "val": plain(_value),
    "bp": plain(lambda s: f"{s.random.randint(80, 220)}/{s.random.randint(40, 120)}"),
    "dur": plain(_duration),
    "dose": plain(_dose),
}

SLOTS: dict[str, Slot] = {**PEOPLE, **_WHERE, **_WHEN, **_NUMBERS, **_PLAIN}


def fill(scene: Scene, draft: Draft, template: str) -> None:
    """Write a template with its slots filled."""
    for literal, slot in compiled(template):
        if literal:
            draft.write(literal)
        if slot:
            SLOTS[slot](scene, draft)
