"""Kinds of Chinese documents: which sections follow each other in notes, letters, forms, dialogues and messages.

Rules: every kind is written from the templates of its split; how often each occurs stands in KINDS.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from onprem.train.generate.contract import Split
from onprem.train.generate.zh_forms import pool
from onprem.train.generate.zh_layouts_more import MORE_KINDS
from onprem.train.generate.zh_scene import Draft, Scene
from onprem.train.generate.zh_slots import fill
from onprem.train.generate.zh_writer import Carriers, Writer


def _admission(w: Writer) -> None:
    w.head()
    w.fields(5, 14)
    w.heading("present")
    w.say("present", w.random.randint(1, 4))
    w.plain(2)
    w.heading("history")
    w.say("history", w.random.randint(1, 4))
    w.heading("plain")
    w.plain(3)
    w.sign()


def _mixed(*sections: tuple[str, int, int], signed: float = 0.4, fields: float = 0.3) -> Callable[[Writer], None]:
    def write(w: Writer) -> None:
        random = w.random
        if random.random() < 0.3:
            w.head()
        if random.random() < fields:
            w.fields(3, 9)
        for name, low, high in sections:
            w.say(name, random.randint(low, high))
            if random.random() < 0.5:
                w.plain(2)
        if random.random() < signed:
            w.sign()
        if random.random() < 0.12:
            w.foot()

    return write


def _dialogue(w: Writer) -> None:
    random = w.random
    doctor, patient = random.choice(
        (
            ("医生：", "患者："),
            ("医：", "患："),
            ("医生: ", "病人: "),
            ("D:", "P:"),
            ("问：", "答："),
            ("大夫：", "家属："),
            ("", ""),
        )
    )
    named = random.random()
    for _ in range(random.randint(2, 7)):
        for speaker, name in ((doctor, "doctor_line"), (patient, "patient_line")):
            lines = pool(name, w.split)
            if not lines:
                continue
            if named < 0.15 and speaker == doctor:
                fill(w.scene, w.draft, random.choice(("{d1}：", "{d1}医生：", "{d1}：")))
            elif named < 0.2 and speaker == patient:
                fill(w.scene, w.draft, "{p}：")
            else:
                w.draft.write(speaker)
            fill(w.scene, w.draft, random.choice(lines))
            if random.random() < 0.15 and w.carriers is not None:
                w.carriers(w.scene, w.draft)
            w.draft.write("\n" if speaker or random.random() < 0.7 else "")


def _one(name: str) -> Callable[[Writer], None]:
    return lambda w: w.say(name, 1, between=("",))


def _plain(w: Writer) -> None:
    w.plain(4)
    if w.carriers is not None:
        for _ in range(w.random.randint(1, 3)):
            w.carriers(w.scene, w.draft)


def _form(w: Writer) -> None:
    if w.random.random() < 0.4:
        w.head()
    w.fields(4, 20)
    w.plain(1)
    if w.random.random() < 0.5:
        w.sign()


def _fragments(w: Writer) -> None:
    w.say("fragment", w.random.randint(1, 3), between=("\n", " ", "，"))


def _consultation(w: Writer) -> None:
    """A question to an online service, laid out with its headings, on a carrier where there is one."""
    random = w.random
    for heading, name in (
        ("疾病：", ""),
        ("病情描述：", "query"),
        ("希望获得的帮助：", ""),
        ("患病多久：", ""),
        ("已就诊医院及科室：", "H"),
        ("过敏史：", "D"),
    ):
        if random.random() < 0.3:
            continue
        w.draft.write(heading + random.choice(("\n", "", " \n")))
        if name == "query":
            w.say("query", 1, between=("",))
            if w.carriers is not None and random.random() < 0.6:
                w.carriers(w.scene, w.draft)
        elif name == "H":
            fill(w.scene, w.draft, random.choice(("{H} {dept}", "{H}{dept}", "{H}、{H} {dept}", "{H}")))
        elif name == "D":
            fill(w.scene, w.draft, random.choice(("无（{D}填写）", "有，{drug}（{D}填写）", "无")))
        else:
            fill(
                w.scene,
                w.draft,
                random.choice(
                    ("{dx}", "{sy}、{sy2}", "{dur}", "大于半年", "一周内", "请医生给我一些治疗上的建议", "需要手术吗")
                ),
            )
        w.draft.write("\n")


# kind of document -> how often, how written
KINDS: dict[str, tuple[float, Callable[[Writer], None]]] = {
    "admission": (1.0, _admission),
    "course": (1.2, _mixed(("course", 1, 4))),
    "discharge": (0.8, _mixed(("discharge", 1, 4), ("course", 0, 1))),
    "consult": (0.6, _mixed(("consult", 1, 2), ("present", 0, 1))),
    "operation": (0.7, _mixed(("operation", 1, 4))),
    "nursing": (0.8, _mixed(("nursing", 1, 5))),
    "imaging": (0.7, _mixed(("imaging", 1, 3), fields=0.6)),
    "pathology": (0.5, _mixed(("pathology", 1, 3), fields=0.6)),
    "laboratory": (0.5, _mixed(("lab", 1, 3), fields=0.5)),
    "clinic": (0.8, _mixed(("clinic", 1, 3), ("present", 0, 1))),
    "referral": (0.6, _mixed(("referral", 1, 2), ("present", 0, 2))),
    "consent": (0.6, _mixed(("consent", 1, 4))),
    "dialogue": (1.0, _dialogue),
    "consultation": (0.6, _consultation),
    "message": (0.9, _mixed(("sms", 1, 2), signed=0.0, fields=0.0)),
    "question": (1.0, _one("query")),
    "registry": (0.8, _mixed(("social", 1, 2), signed=0.2, fields=0.2)),
    "form": (1.0, _form),
    "table": (0.6, Writer.table),
    "roll": (0.7, Writer.roll),
    "fragment": (0.6, _fragments),
    "english": (0.5, _mixed(("english", 1, 2), signed=0.2, fields=0.2)),
    "history": (0.5, _mixed(("history", 1, 4), ("present", 0, 2), signed=0.2)),
    "present": (0.8, _mixed(("present", 1, 3), signed=0.2, fields=0.2)),
    "plain": (2.6, _plain),
    **MORE_KINDS,
}


def write(kind: str, split: Split, random: Random, carriers: Carriers | None) -> Draft:
    """Write one document of a kind."""
    writer = Writer(split, Scene(split, random), carriers)
    KINDS[kind][1](writer)
    return writer.draft
