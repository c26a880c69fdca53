"""Slots that name or describe people: patient, relatives, staff, newborns, ages, ethnic groups, occupations.

Rules: titles and relations stay outside of spans; a relation without a name is no identifier.
"""

from __future__ import annotations

import re

from onprem.labels import Label
from onprem.train.generate.zh_scene import Draft, Scene, Slot, identity, plain
from onprem.train.generate.zh_words import han_number, words

_DOT = re.compile("[·•・‧.]")  # a name with one has no Chinese surname to be called by
_SEX_TITLES = {
    True: tuple("女士 女士 女士 小姐 阿姨 大姐 奶奶 老师 老太太".split()),
    False: tuple("先生 先生 先生 师傅 大爷 叔叔 大哥 老师 老先生".split()),
}


def _called(scene: Scene, draft: Draft) -> None:
    """The patient as people say: 王先生, 小王, 老王, 王某, 王某某, 王建国."""
    random = scene.random
    name = scene.patient
    if _DOT.search(name) or len(name) > 4 or random.random() < 0.25:
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


def _staff_called(titles: str) -> Slot:
    def write(scene: Scene, draft: Draft) -> None:
        random = scene.random
        name = scene.people.name(random.randint(24, 62)) if random.random() < 0.5 else scene.staff("d1")
        short = random.random() < 0.75 and not _DOT.search(name) and len(name) < 5
        draft.write(scene.surname(name) if short else name, Label.NAME)
        draft.write(random.choice(words("names", titles)))

    return write


def _staff_titled(scene: Scene, draft: Draft) -> None:
    draft.write(scene.staff("d1") if scene.random.random() < 0.6 else scene.people.name(), Label.NAME)
    draft.write(scene.random.choice(words("names", "title_doctor")))


def _relative(scene: Scene, draft: Draft) -> None:
    random = scene.random
    draft.write(random.choice(words("names", "relation")))
    form = random.random()
    if form < 0.12:
        return  # a relation without a name is no identifier
    draft.write(random.choice(("", "", "", "", "叫", "（", " ")) if form > 0.3 else "")
    opened = draft.pieces[-1] == "（"
    draft.write(scene.relative if random.random() < 0.4 else scene.people.name(random.randint(6, 80)), Label.NAME)
    if opened:
        draft.write("）")


def _familiar(scene: Scene, draft: Draft) -> None:
    draft.write(scene.random.choice("小小小老老阿") + scene.people.surname()[:1], Label.NAME)
    if scene.random.random() < 0.2:
        draft.write(scene.random.choice(("医生", "护士", "姐", "哥", "老师")))


def _native(scene: Scene, draft: Draft) -> None:
    random = scene.random
    make = random.choice(
        (
            scene.places.short_province,
            lambda: scene.places.short_province() + scene.places.bare_city(),
            lambda: scene.places.province() + scene.places.city(),
            scene.places.bare_city,
            scene.places.city,
            lambda: scene.places.province() + scene.places.county(),
            lambda: scene.places.city() + scene.places.county(),
            lambda: scene.places.short_province() + random.choice(words("places", "county")),
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


PEOPLE: dict[str, Slot] = {
    "p": identity(Label.NAME, lambda s: s.patient),
    "pc": _called,
    "r": _relative,
    "rn": identity(Label.NAME, lambda s: s.relative),
    "rw": plain(lambda s: s.relation.removeprefix("其")),
    "rw2": plain(
        lambda s: s.random.choice(
            tuple("爸 妈 爸爸 妈妈 老公 老婆 女儿 儿子 父亲 母亲 奶奶 爷爷 妹妹 弟弟 外婆 丈夫 妻子 表哥 舅舅".split())
        )
    ),
    "x": identity(Label.NAME, lambda s: s.people.name(s.random.randint(5, 85))),
    "x2": identity(Label.NAME, lambda s: s.people.name(s.random.randint(5, 85))),
    "xm": identity(Label.NAME, lambda s: s.fixed("xm", s.people.latin_name)),
    "xm2": identity(Label.NAME, lambda s: s.people.latin_name()),
    "fam": _familiar,
    "sur": identity(Label.NAME, lambda s: s.surname(s.patient)),
    "titl": plain(lambda s: s.random.choice(_SEX_TITLES[s.female])),
    "dc": _staff_called("title_doctor"),
    "nc": _staff_called("title_nurse"),
    "dt": _staff_titled,
    "nb": _newborn,
    "sx": plain(lambda s: "女" if s.female else "男"),
    "sxt": plain(lambda s: "女士" if s.female else "先生"),
    "sxe": plain(lambda s: s.random.choice(("Female", "F") if s.female else ("Male", "M"))),
    "age": identity(Label.AGE, age_text),
    "age2": identity(Label.AGE, lambda s: f"{s.random.randint(30, 99)}岁"),
    "agen": identity(Label.AGE, lambda s: str(max(s.age, 1))),
    "ethnic": identity(Label.ETHNICITY, lambda s: s.random.choice(words("profile", "ethnic"))),
    "ethnic2": identity(Label.ETHNICITY, lambda s: s.random.choice(words("profile", "ethnic"))),
    "native": _native,
    "job": identity(Label.OCCUPATION, lambda s: s.random.choice(words("profile", "job"))),
}
for _key in ("d1", "d2", "d3", "d4", "n1", "n2"):
    PEOPLE[_key] = identity(Label.NAME, lambda s, key=_key: s.staff(key))  # type: ignore[misc]
