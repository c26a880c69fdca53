"""More kinds of Chinese documents: group chats, shift tables, laboratory lists, ambulance logs, records of Taiwan.

Rules: a line belongs to one split by the hash of its text; names, codes, results and ranges of laboratory items are
shared, and identify nobody.
"""

from __future__ import annotations

from collections.abc import Callable

from onprem.train.generate.zh_forms import of_kind, pool
from onprem.train.generate.zh_noise import traditional
from onprem.train.generate.zh_slots import fill
from onprem.train.generate.zh_writer import Writer

_TIMES = ("{T}", "{T}", "昨天 {T}", "星期三 {T}", "今天", "刚刚", "周日 {T}", "{D} {T}")
_NICKNAMES = (
    "{d1}",
    "{d2}",
    "{n1}",
    "{n2}",
    "{p}",
    "{rn}",
    "{fam}",
    "{p}妈妈",
    "{d1}-{dept}",
    "{bed}{p}家属",
    "{dept}{d2}",
    "平安是福",
    "阳光",
    "护士站",
    "管床医生",
    "老年科小助手",
    "金色年华",
    "安静的石头",
    "群主",
)
_SHIFT_NOTES = (
    "平稳",
    "夜间入睡，无主诉",
    "马上手术，已备皮",
    "高热，已送血培养",
    "黄疸，明晨空腹抽血",
    "引流{nn}ml，色淡",
    "{sy}，{drug}{dose}",
    "待{exam}",
    "{exam}{val}",
    "明日{op}，禁食",
    "白班已换药",
    "周四拆石膏",
    "尿{nn}0ml，利尿后",
    "何时拔管听主任",
    "{T}测体温3{n}.{n}",
    "家属{x}陪",
    "{d1}已看",
)
# code of an item, its name, unit, range
_ITEMS: tuple[tuple[str, str, str, str], ...] = (
    ("WBC", "白细胞计数", "10^9/L", "3.5-9.5"),
    ("HGB", "血红蛋白", "g/L", "115-150"),
    ("PLT", "血小板计数", "10^9/L", "125-350"),
    ("NEUT%", "中性粒细胞百分数", "%", "40-75"),
    ("MONO#", "单核细胞计数", "10^9/L", "0.1-0.6"),
    ("BASO%", "嗜碱性粒细胞百分数", "%", "0-1"),
    ("CRP", "C反应蛋白", "mg/L", "0-10"),
    ("ALT", "丙氨酸氨基转移酶", "U/L", "9-50"),
    ("GGT", "γ-谷氨酰转移酶", "U/L", "10-60"),
    ("TBIL", "总胆红素", "μmol/L", "≤23.0"),
    ("ALB", "白蛋白", "g/L", "40-55"),
    ("TBA", "总胆汁酸", "μmol/L", "0～10"),
    ("CREA", "肌酐(酶法)", "μmol/L", "57-97"),
    ("UA", "尿酸", "μmol/L", "208-428"),
    ("K", "钾", "mmol/L", "3.5-5.3"),
    ("Ca", "总钙", "mmol/L", "2.11-2.52"),
    ("GLU", "葡萄糖", "mmol/L", "3.9-6.1"),
    ("TG", "甘油三酯", "mmol/L", "<1.70"),
    ("HCY", "同型半胱氨酸", "μmol/L", "0-15"),
    ("CK-MB", "肌酸激酶同工酶", "U/L", "0-24"),
    ("cTnI", "高敏肌钙蛋白I", "ng/ml", "<0.04"),
    ("PT", "凝血酶原时间", "s", "9.4-12.5"),
    ("INR", "国际标准化比值", "", "0.8-1.2"),
    ("D-D", "D-二聚体", "mg/L", "0-0.55"),
    ("TSH", "促甲状腺激素", "mIU/L", "0.27-4.20"),
    ("TPOAb", "抗甲状腺过氧化物酶抗体", "IU/ml", "0-34"),
    ("CEA", "癌胚抗原", "ng/ml", "0-5"),
    ("CA125", "糖类抗原125", "U/ml", "0-35"),
    ("HBsAg", "乙肝表面抗原", "S/CO", "阴性"),
    ("RPR", "梅毒甲苯胺红", "", "阴性(-)"),
    ("PRO", "尿蛋白", "", "阴性"),
    ("SG", "比重", "", "1.003-1.030"),
    ("EPI", "上皮细胞", "/HPF", "0-5"),
    ("YEAST", "酵母菌", "/μl", "0-0"),
    ("EBV-DNA", "EB病毒核酸定量", "copies/ml", "<4.0E+02"),
)
_RESULTS = ("{val}", "{val}", "{nn}", "0.{nn}", "<0.{n}", "1.{n}E+03", "阴性(-)", "弱阳性", "{n}+", "未检出", "1:{nn}0")
_AMBULANCE = (
    "{T} 接警，呼救人{x}，电话{mob}",
    "{T} 出车，{plate}，司机{x}，医生{d1}，护士{n1}",
    "{T} 到达现场，{loc}",
    "{T} 患者{p}，{sx}，{age}，{sy}，BP {bp}，SpO2 {nn}%",
    "{T} 予{drug}{dose}，吸氧{n}L/min，监护",
    "{T} 呼之不应，马上按压，电除颤200J一次，肾上腺素1mg静推",
    "{T} 患者平卧，意识转清，心率{nn}次/分",
    "{T} 家属{rn}要求送{H}，签字",
    "{T} 离开现场，返程，路况拥堵",
    "{T} 到达{H}急诊，与{d2}交接",
    "{T} 交接完毕，返站待命，里程{nn}公里",
    "初步印象：{dx}",
    "现场：车祸，单侧下肢畸形，夹板固定，头高位",
    "主诉人：路人{x}，诉患者{sy}约{nn}分钟",
    "转归：送达，病情平稳；空车：否；收费：{nn}元",
)
_TAIWAN = (
    "病历号：{rec}　姓名：{p}　性别：{sx}　生日：{bd}",
    "主诉：{sy}，约{dur}",
    "看诊医师：{d1}　跟诊护理师：{n1}",
    "身分证字号：{lic}　健保卡号：{plan}",
    "通讯处：{loc}　手机：{mob}",
    "病人{p}，{age}，{sx}性，因{sy}至{h}急诊求诊。",
    "家属{x}表示病人平时有{dx}，于诊所拿药。",
    "今日由{rw2}{x}陪同回诊，{exam}报告{val}，续予{drug}{dose}。",
    "照会{dept}{d2}医师，建议安排{exam}。",
    "病房护理师{n1}交班：{bed}{p}，{sy}。",
    "医嘱：{drug} {dose} TIDAC，28天，慢笺三次。",
    "过去病史：高血压、糖尿病，规则于门诊追踪，否认药物过敏。",
    "急诊检伤三级，意识清楚，GCS E4V5M6，马上安排电脑断层。",
    "病患高烧三天，黄疸，双侧水肿，安静休息时仍喘，建议住院。",
    "警卫、看护、志工、社工师均已通知，周三上午停诊。",
    "连续处方笺，饭后半小时温水服用，何时停药请与主治医师讨论。",
    "手术同意书：立同意书人{rn}，与病人关系：{rw}，{D}。",
    "求诊者{xm}（{p}），覆诊日期{D}，{h}。",
    "出院病摘：入院{D}，出院{D2}，主治医师{d1}，住院医师{d2}。",
)


def _chat(w: Writer) -> None:
    """A group chat as copied out: who, when, and what was said."""
    random = w.random
    members = [random.choice(_NICKNAMES) for _ in range(random.randint(2, 4))]
    link = random.choice(("：", ": ", "\n", " "))
    time = random.choice(_TIMES) if random.random() < 0.6 else ""
    for _ in range(random.randint(3, 9)):
        fill(w.scene, w.draft, random.choice(members) + (" " + time if time else "") + link)
        name = random.choice(("sms", "patient_line", "doctor_line", "fragment", "query", "plain"))
        fill(w.scene, w.draft, w.template(name) if pool(name, w.split) else "收到")
        w.draft.write("\n")


def _shift(w: Writer) -> None:
    """A table of a change of shift, which lost its lines."""
    random = w.random
    joint = random.choice(("\t", " ", "  ", "|", ",", "，", " | "))
    notes = of_kind(_SHIFT_NOTES, w.split)
    columns = random.choice(
        (
            ("{bed2}", "{x}", "{dx}", ""),
            ("{bedn}", "{x}", "{sx}", "{age}", "{dx}", ""),
            ("{x}", "{dx}", "{d1}", ""),
            ("{bed2}{x}", "", "{n1}"),
            ("{bedn}", "{x}", "{op}", "第{n}天", ""),
        )
    )
    if random.random() < 0.5:
        fill(w.scene, w.draft, random.choice(("交班 {D} 夜", "{dept}交接班本\n白班→夜班", "床 姓名 诊断 交班内容")))
        w.draft.write("\n")
    for _ in range(random.randint(3, 9)):
        fill(w.scene, w.draft, joint.join(column or random.choice(notes) for column in columns))
        w.draft.write("\n")
    if random.random() < 0.5:
        fill(w.scene, w.draft, random.choice(("交：{n1} 接：{n2}", "{n1}/{n2}", "总{nn} 新{n} 出{n} 术{n}")))


def _laboratory(w: Writer) -> None:
    """A list of laboratory items, a line each, mostly with the head and the foot of the form."""
    random = w.random
    joint = random.choice(("\t", " ", "  ", "|", ",", "    "))
    order = random.choice(((1, 0, 4, 5, 2, 3), (0, 1, 4, 2, 3, 5), (0, 4, 5, 3), (1, 4, 2, 3), (1, 4, 5)))
    if random.random() < 0.6:
        w.fields(2, 7)
    if random.random() < 0.5:
        w.draft.write(joint.join(("代码", "项目", "单位", "参考值", "结果", "提示")[index] for index in order) + "\n")
    for number, item in enumerate(random.sample(_ITEMS, random.randint(4, 14)), 1):
        row = (*item, random.choice(_RESULTS), random.choice(("", "", "↑", "↓", "H", "L", "*")))
        lead = f"{number}{joint}" if len(order) > 4 else ""
        fill(w.scene, w.draft, lead + joint.join(row[index] for index in order) + "\n")
    if random.random() < 0.5:
        fill(w.scene, w.draft, random.choice(("检验：{n1} 审核：{n2} {D} {T}", "{n1}/{n2}", "标本黄疸，仅供参考")))


def _ambulance(w: Writer) -> None:
    """The log of an ambulance."""
    random = w.random
    lines = of_kind(_AMBULANCE, w.split)
    joint = random.choice(("\n", "\n", "；", "。"))
    for index in sorted(random.sample(range(len(lines)), min(len(lines), random.randint(4, 10)))):
        fill(w.scene, w.draft, lines[index])
        w.draft.write(joint)


def _taiwan(w: Writer) -> None:
    """A record in the words and characters of Taiwan."""
    random = w.random
    joint = random.choice(("\n", "", " "))
    lines = of_kind(_TAIWAN, w.split)
    for line in random.sample(lines, min(len(lines), random.randint(3, 9))):
        fill(w.scene, w.draft, line)
        w.draft.write(joint)
    w.draft.pieces = [traditional(w.draft.tagged()).text]


# kind of document -> how often, how written
MORE_KINDS: dict[str, tuple[float, Callable[[Writer], None]]] = {
    "chat": (0.8, _chat),
    "shift": (0.6, _shift),
    "items": (0.7, _laboratory),
    "ambulance": (0.3, _ambulance),
    "taiwan": (0.35, _taiwan),
}
