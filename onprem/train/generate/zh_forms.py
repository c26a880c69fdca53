"""Fields, headers, footers and signatures of Chinese forms, and the pools of sentence templates by split.

Rules: a template belongs to one split by the hash of its text; labels of form fields are shared vocabulary.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path

from onprem.train.generate.contract import Split, split_of

_HERE = Path(__file__).resolve().parent

# label of a form field -> template of its value
FIELDS: tuple[tuple[tuple[str, ...], str], ...] = (
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
    (tuple("住址 现住址 家庭住址 地址 户籍地址 通讯地址 户口地址 家庭地址 联系地址".split()), "{addr}"),
    (tuple("电话 联系电话 手机 手机号 联系方式 家庭电话 单位电话 Tel".split()), "{tel}"),
    (("工作单位", "单位", "单位名称", "工作单位及地址"), "{org}"),
    (("邮编", "邮政编码"), "{post}"),
    (("联系人", "联系人姓名", "家属姓名", "紧急联系人"), "{rn}"),
    (("关系", "与患者关系"), "{rw}"),
    (("联系人电话", "家属电话"), "{mob}"),
    (("科室", "科别", "病区", "就诊科室", "申请科室", "科 室"), "{dept}"),
    (("床号", "床位", "床 号", "床位号"), "{bedn}"),
    (
        (
            "住院号",
            "病案号",
            "病历号",
            "登记号",
            "患者ID",
            "ID号",
            "住 院 号",
            "门诊号",
            "就诊号",
            "ID",
            "病人ID",
            "就诊卡号",
            "住院ID",
            "索引号",
        ),
        "{rec}",
    ),
    (
        tuple(
            (
                "检查号 影像号 病理号 标本号 条码号 申请单号 流水号 超声号 内镜号 样本编号 医嘱号 处方号 报告编号 "
                "X线号 CT号"
            ).split()
        ),
        "{oid}",
    ),
    (("医保卡号", "社保号", "医保号", "医保编号", "农合证号", "健康卡号", "社会保障号"), "{plan}"),
    (
        tuple(
            (
                "入院日期 入院时间 就诊日期 检查日期 报告日期 日期 记录日期 采样日期 出院日期 手术日期 申请日期 "
                "打印日期"
            ).split()
        ),
        "{D}",
    ),
    (("入院时间", "记录时间", "检查时间", "报告时间", "采集时间", "打印时间"), "{D} {T}"),
    (
        tuple(
            (
                "主治医师 主管医师 接诊医师 主任医师 住院医师 经治医师 管床医生 医师 首诊医师 会诊医师 开单医生 "
                "主诊医师"
            ).split()
        ),
        "{d1}",
    ),
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
)
SIGNATURES: tuple[str, ...] = (
    "{n1}",
    "{d1}",
    "{d1}",
    "{d1}记",
    "{n1}记录",
    "{d1}代记，{d2}审阅",
    "{d1} 初写　{d2} 审核",
    "{d1}诊，{D}",
    "{d1}医师 {D}",
    "随访{n1} {D}",
    "记：{n1}",
    "{d1}/{d2} {D}",
    "{d2}\n{d1}",
    "{D}　{d1}主任医师",
    "送检人{x} {D}",
    "检查医生：{d1}　护士：{n1}",
    "处方：{d1} 复核：{n1} 调配：{n2}",
    "报告：{d1}　{D}",
    "医师签名：{d1}",
    "{d1}/{d2}",
    "医师：{d1}　　日期：{D}",
    "签名：{d1}\n{D}",
    "记录者：{d1}",
    "住院医师：{d1}\n主治医师：{d2}\n主任医师：{d3}",
    "上级医师签名：{d2} 经治医师签名：{d1}",
    "报告医师：{d1} 审核医师：{d2}",
    "{d1}\n{D} {T}",
    "护士签名：{n1} {T}",
    "书写者：{d1} 审签：{d2} {D}",
    "主管医师签字：{d1}",
    "{D} {d1}",
    "报告人：{d1}  审核：{d2}  {D}",
    "医生签名{d1}",
    "电子签名：{d1} {D} {T}",
    "责任护士/{n1} 护士长/{n2}",
    "（{d1}）",
    "——{d1}",
    "{dept} {d1}",
    "送检：{d1} 检验：{n1} 审核：{n2}",
    "经治：{d1} 上级：{d2}",
    "签字：{rn}（{rw}） {D}",
    "Doctor: {xm2}",
    "主任：{d1}，主治：{d2}，住院：{d3}",
    "质控医师{d1} 质控护士{n1} 质控日期{D}",
    "录入：{n1} 核对：{n2}",
    "{h}\n{D}",
    "医师 {d1} 审核 {d2}",
    "{d1} {d2}",
)
HEADERS: tuple[str, ...] = (
    "{h}\n",
    "{h}入院记录\n",
    "{h}\n病程记录\n",
    "{h}检验报告单\n",
    "{h}{dept}\n",
    "{h} 门诊病历\n",
    "{h}出院小结\n",
    "{h}影像诊断报告书\n",
    "{h}病理诊断报告\n",
    "{h}　住院病历　第{n}页\n",
    "{h}知情同意书\n",
    "{h}护理记录单\n",
    "{h}（{h2}）\n",
    "{h}　姓名：{p}　住院号：{rec}\n",
    "{p}　{sx}　{age}　{dept}　{bed}　{rec}\n",
    "打印时间：{D} {T}　第{n}页\n",
    "{h}急诊病历 {D}\n",
)
FOOTERS: tuple[str, ...] = (
    "\n{h} 电话：{land}",
    "\n地址：{addr} 邮编：{post}",
    "\n第{n}页 住院号：{rec} 姓名：{p}",
    "\n本报告仅供临床参考 {D}",
    "\n打印人：{n1} {D} {T}",
    "\n咨询电话：{land} {hs}",
    "\n{p} {rec} 第{n}页",
)
CLAUSE = re.compile(r"(?:\{\w+\}|[^，。；：、\s{}])+[，。；：、\s]*")
MIXABLE = tuple(
    "present history course nursing clinic discharge referral consent sms query patient_line social plain".split()
)
HEADINGS = {
    "present": ("现病史：", "【现病史】", "现病史:\n", "现病史\n", ""),
    "history": ("", "既往史：", "【既往史】", "既往/个人/家族史：\n"),
    "plain": ("", "", "体格检查：", "【查体】", "辅助检查：", "处理意见："),
}


@cache
def templates() -> dict[str, tuple[str, ...]]:
    """Return the templates of every section, from all files `zh_templates*.toml`."""
    sections: dict[str, tuple[str, ...]] = {}
    for path in sorted(_HERE.glob("zh_templates*.toml")):
        for name, text in tomllib.loads(path.read_text(encoding="utf-8")).items():
            sections[name] = sections.get(name, ()) + tuple(text.strip().split("\n"))
    return sections


@cache
def pool(name: str, split: Split) -> tuple[str, ...]:
    """Return the templates of a section that belong to a split."""
    return tuple(line for line in templates()[name] if split_of(line) == split)


@cache
def of_kind(lines: tuple[str, ...], split: Split) -> tuple[str, ...]:
    """Return the lines of a kind (signatures, headers, footers) that belong to a split."""
    return tuple(line for line in lines if split_of(line) == split) or lines[:1]
