"""Kinds of Chinese documents: which sections follow each other, how fields, tables, headers and signatures are laid out.

Rules: sentences come from the templates of the split; labels of form fields are the vocabulary of hospital forms and are
shared; every kind draws its separators, order and line breaks anew.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from random import Random

from onprem.train.generate.contract import Split, split_of
from onprem.train.generate.zh_findings import finding
from onprem.train.generate.zh_slots import Draft, Scene

_HERE = Path(__file__).resolve().parent

# label of a form field -> template of its value
_FIELDS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("姓名", "患者姓名", "姓 名", "病人姓名", "姓　名", "患者"), "{p}"),
    (("性别", "性 别"), "{sx}"),
    (("年龄", "年 龄"), "{age}"),
    (("年龄",), "{agen}"),
    (("民族", "民 族"), "{ethnic}"),
    (("职业", "职 业"), "{job}"),
    (("婚姻", "婚姻状况", "婚否"), "已婚"),
    (("籍贯", "出生地", "籍 贯"), "{native}"),
    (("出生日期", "生日", "出生年月"), "{bd}"),
    (("身份证号", "身份证", "身份证号码", "证件号码", "公民身份号码", "ID Card"), "{id}"),
    (("住址", "现住址", "家庭住址", "地址", "户籍地址", "通讯地址", "户口地址", "家庭地址", "联系地址"), "{addr}"),
    (("电话", "联系电话", "手机", "手机号", "联系方式", "家庭电话", "单位电话", "Tel"), "{tel}"),
    (("工作单位", "单位", "单位名称", "工作单位及地址"), "{org}"),
    (("邮编", "邮政编码"), "{post}"),
    (("联系人", "联系人姓名", "家属姓名", "紧急联系人"), "{rn}"),
    (("关系", "与患者关系"), "{rw}"),
    (("联系人电话", "家属电话"), "{mob}"),
    (("科室", "科别", "病区", "就诊科室", "申请科室", "科 室"), "{dept}"),
    (("床号", "床位", "床 号", "床位号"), "{bedn}"),
    (("住院号", "病案号", "病历号", "登记号", "患者ID", "ID号", "住 院 号", "门诊号", "就诊号", "ID", "病人ID", "就诊卡号", "住院ID", "索引号"), "{rec}"),
    (("检查号", "影像号", "病理号", "标本号", "条码号", "申请单号", "流水号", "超声号", "内镜号", "样本编号", "医嘱号", "处方号", "报告编号", "X线号", "CT号"), "{oid}"),
    (("医保卡号", "社保号", "医保号", "医保编号", "农合证号", "健康卡号", "社会保障号"), "{plan}"),
    (("入院日期", "入院时间", "就诊日期", "检查日期", "报告日期", "日期", "记录日期", "采样日期", "出院日期", "手术日期", "申请日期", "打印日期"), "{D}"),
    (("入院时间", "记录时间", "检查时间", "报告时间", "采集时间", "打印时间"), "{D} {T}"),
    (("主治医师", "主管医师", "接诊医师", "主任医师", "住院医师", "经治医师", "管床医生", "医师", "首诊医师", "会诊医师", "开单医生", "主诊医师"), "{d1}"),
    (("责任护士", "护士", "主管护士"), "{n1}"),
    (("病史陈述者", "供史者", "陈述者"), "患者本人"),
    (("病史陈述者", "供史者", "陈述者"), "{rn}"),
    (("费别", "付费方式"), "医保"),
    (("临床诊断", "诊断", "入院诊断", "初步诊断"), "{dx}"),
    (("过敏史", "药物过敏"), "无"),
    (("银行卡号", "卡号", "发票号", "收据号"), "{acct}"),
    (("微信", "微信号", "QQ"), "{wx}"),
    (("邮箱", "电子邮箱", "E-mail"), "{mail}"),
    (("护照号", "护照号码", "通行证号"), "{passp}"),
    (("车牌号", "车牌"), "{plate}"),
    (("医院", "医院名称", "就诊医院", "送检单位", "转入医院", "医疗机构"), "{h}"),
    (("执业证书编号", "出生证编号", "驾驶证号"), "{lic}"),
    (("设备编号", "序列号", "植入物编号"), "{dev}"),
    (("英文名", "姓名拼音", "Name"), "{xm}"),
    (("军官证", "军官证号"), "{mil}"),
    (("学校", "就读学校"), "{org}"),
)  # fmt: skip
_SIGNATURES: tuple[str, ...] = (
    "医师签名：{d1}", "{d1}/{d2}", "医师：{d1}　　日期：{D}", "签名：{d1}\n{D}", "记录者：{d1}", "住院医师：{d1}\n主治医师：{d2}\n主任医师：{d3}", "上级医师签名：{d2} 经治医师签名：{d1}",
    "报告医师：{d1} 审核医师：{d2}", "{d1}\n{D} {T}", "护士签名：{n1} {T}", "书写者：{d1} 审签：{d2} {D}", "主管医师签字：{d1}", "{D} {d1}", "报告人：{d1}  审核：{d2}  {D}", "医生签名{d1}",
    "电子签名：{d1} {D} {T}", "责任护士/{n1} 护士长/{n2}", "（{d1}）", "——{d1}", "{dept} {d1}", "送检：{d1} 检验：{n1} 审核：{n2}", "经治：{d1} 上级：{d2}", "签字：{rn}（{rw}） {D}", "Doctor: {xm2}",
    "主任：{d1}，主治：{d2}，住院：{d3}", "质控医师{d1} 质控护士{n1} 质控日期{D}", "录入：{n1} 核对：{n2}", "{h}\n{D}", "医师 {d1} 审核 {d2}", "{d1} {d2}",
)  # fmt: skip
_HEADERS: tuple[str, ...] = (
    "{h}\n", "{h}入院记录\n", "{h}\n病程记录\n", "{h}检验报告单\n", "{h}{dept}\n", "{h} 门诊病历\n", "{h}出院小结\n", "{h}影像诊断报告书\n", "{h}病理诊断报告\n", "{h}　住院病历　第{n}页\n", "{h}知情同意书\n",
    "{h}护理记录单\n", "{h}（{h2}）\n", "{h}　姓名：{p}　住院号：{rec}\n", "{p}　{sx}　{age}　{dept}　{bed}　{rec}\n", "打印时间：{D} {T}　第{n}页\n", "{h}急诊病历 {D}\n",
)  # fmt: skip
_FOOTERS: tuple[str, ...] = (
    "\n{h} 电话：{land}", "\n地址：{addr} 邮编：{post}", "\n第{n}页 住院号：{rec} 姓名：{p}", "\n本报告仅供临床参考 {D}", "\n打印人：{n1} {D} {T}", "\n咨询电话：{land} {hs}", "\n{p} {rec} 第{n}页",
)  # fmt: skip
_CLAUSE = re.compile(r"(?:\{\w+\}|[^，。；：、\s{}])+[，。；：、\s]*")
_MIXABLE = (
    "present",
    "history",
    "course",
    "nursing",
    "clinic",
    "discharge",
    "referral",
    "consent",
    "sms",
    "query",
    "patient_line",
    "social",
    "plain",
)
_HEADINGS = {
    "present": ("现病史：", "【现病史】", "现病史:\n", "现病史\n", ""), "history": ("", "既往史：", "【既往史】", "既往/个人/家族史：\n"), "plain": ("", "", "体格检查：", "【查体】", "辅助检查：", "处理意见："),
}  # fmt: skip


@cache
def pool(name: str, split: Split) -> tuple[str, ...]:
    """Return the templates of a section that belong to a split."""
    table = tomllib.loads((_HERE / "zh_templates.toml").read_text(encoding="utf-8"))
    return tuple(line for line in table[name].strip().split("\n") if split_of(line) == split)


@cache
def _lines(lines: tuple[str, ...], split: Split) -> tuple[str, ...]:
    return tuple(line for line in lines if split_of(line) == split) or lines[:1]


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
        parts = _CLAUSE.findall(line)
        if draw < 0.74 and len(parts) > 1:
            parts.pop(random.randrange(len(parts)))
        elif draw < 0.82:
            random.shuffle(parts)
        elif draw < 0.94:
            parts += _CLAUSE.findall(random.choice(pool(random.choice(_MIXABLE), self.split) or lines))
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
            self.scene.fill(self.draft, self.template(name))
            self.draft.write(joint)

    def heading(self, name: str) -> None:
        """Write a section heading, or none."""
        self.draft.write(self.random.choice(_HEADINGS[name]))

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
        chosen = random.sample(_FIELDS, random.randint(low, min(high, len(_FIELDS))))
        if random.random() < 0.6 and _FIELDS[0] not in chosen:
            chosen.insert(0, _FIELDS[0])
        for labels, value in chosen:
            self.draft.write(random.choice(labels) + link)
            if random.random() < 0.04:
                self.draft.write(random.choice(("", "不详", "无", "/", "______", "未提供")))
            else:
                self.scene.fill(self.draft, value)
            self.draft.write(joint)
        self.draft.write(random.choice(("\n", "\n", "\n\n", " ", "")))

    def table(self) -> None:
        """Write a table that lost its layout: a row of headings, then rows of values."""
        random = self.random
        chosen = random.sample(_FIELDS, random.randint(3, 8))
        joint = random.choice(("\t", " ", "  ", "|", ",", "，", "\n", " | "))
        self.draft.write(joint.join(random.choice(labels) for labels, _ in chosen) + "\n")
        for _ in range(random.randint(1, 4)):
            scene = Scene(self.split, random)
            for index, (_, value) in enumerate(chosen):
                self.draft.write(joint if index else "")
                scene.fill(self.draft, value)
            self.draft.write("\n")

    def roll(self) -> None:
        """Write a list of people: duty rota, ward list, participants, phone list."""
        random = self.random
        kind = random.randrange(6)
        joint = random.choice(("、", "，", " ", "\n", "/", "；"))
        if kind == 0:
            self.draft.write(
                random.choice(
                    (
                        "参加人员：",
                        "值班人员：",
                        "到会医师：",
                        "今日值班：",
                        "手术人员：",
                        "抢救人员：",
                        "参会：",
                        "考勤：",
                    )
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
            self.scene.fill(self.draft, template)
        self.draft.write(random.choice(("\n", "。", "")))

    def sign(self) -> None:
        """Write a signature."""
        self.draft.write(self.random.choice(("\n", "\n", "　　", "  ", "\n\n")))
        self.scene.fill(self.draft, self.random.choice(_lines(_SIGNATURES, self.split)))

    def head(self) -> None:
        """Write the header of a page."""
        self.scene.fill(self.draft, self.random.choice(_lines(_HEADERS, self.split)))

    def foot(self) -> None:
        """Write the footer of a page."""
        self.scene.fill(self.draft, self.random.choice(_lines(_FOOTERS, self.split)))


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
                w.scene.fill(w.draft, random.choice(("{d1}：", "{d1}医生：", "{d1}：")))
            elif named < 0.2 and speaker == patient:
                w.scene.fill(w.draft, "{p}：")
            else:
                w.draft.write(speaker)
            w.scene.fill(w.draft, random.choice(lines))
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
            w.scene.fill(w.draft, random.choice(("{H} {dept}", "{H}{dept}", "{H}、{H} {dept}", "{H}")))
        elif name == "D":
            w.scene.fill(w.draft, random.choice(("无（{D}填写）", "有，{drug}（{D}填写）", "无")))
        else:
            w.scene.fill(
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
}


def write(kind: str, split: Split, random: Random, carriers: Carriers | None) -> Draft:
    """Write one document of a kind."""
    writer = Writer(split, Scene(split, random), carriers)
    KINDS[kind][1](writer)
    return writer.draft
