"""Chinese recognisers on whole sentences: what must be hidden, what must stay, and time on hostile text."""

from __future__ import annotations

import time

import pytest

from onprem.detect.contract import Passage
from onprem.detect.patterns import PatternDetector
from onprem.labels import Label
from onprem.text import view

DETECTOR = PatternDetector()


def found(text: str) -> dict[str, Label]:
    seen = view(text)
    spans = DETECTOR.find([Passage(seen.text, "zh")])[0]
    return {seen.text[span.start : span.end]: span.label for span in spans}


@pytest.mark.parametrize(
    ("text", "value", "label"),
    [
        ("身份证号：51010719880312456x", "51010719880312456x", Label.NATIONAL_ID),
        ("身份证：１１０１０５１９４９１２３１００２Ｘ", "11010519491231002X", Label.NATIONAL_ID),
        ("持11010519491231002X入院", "11010519491231002X", Label.NATIONAL_ID),
        ("证件号码 810000199408230021", "810000199408230021", Label.NATIONAL_ID),
        ("军官证：南字第0123456号", "南字第0123456号", Label.NATIONAL_ID),
        ("护照号：E12345678", "E12345678", Label.PASSPORT),
        ("台胞证：01234567", "01234567", Label.PASSPORT),
        ("联系电话：+86 138-0013-8000", "+86 138-0013-8000", Label.PHONE),
        ("电话028-85422114转8023", "028-85422114转8023", Label.PHONE),
        ("我的号是一三八零零一三八零零零", "一三八零零一三八零零零", Label.PHONE),
        ("客服400-820-8820", "400-820-8820", Label.PHONE),
        ("微信号：wxm_8866", "wxm_8866", Label.EMAIL),
        ("医保卡号：510108802233", "510108802233", Label.HEALTH_PLAN_NUMBER),
        ("银行卡号 6222 0213 0400 1234 561", "6222 0213 0400 1234 561", Label.ACCOUNT_NUMBER),
        ("发票号：04512367", "04512367", Label.ACCOUNT_NUMBER),
        ("住院号为0012345678。", "0012345678", Label.RECORD_NUMBER),
        ("病案号：二〇二四〇三一一", "二〇二四〇三一一", Label.RECORD_NUMBER),
        ("门 诊 号：M20240311", "M20240311", Label.RECORD_NUMBER),
        ("病理号：B2024-10321", "B2024-10321", Label.OTHER_ID),
        ("影像号X778812", "X778812", Label.OTHER_ID),
        ("工号：D0356", "D0356", Label.OTHER_ID),
        ("出生医学证明编号：P510234567", "P510234567", Label.LICENCE_NUMBER),
        ("驾驶川A·8K236小客车", "川A·8K236", Label.VEHICLE_ID),
        ("起搏器序列号：PJN204518S", "PJN204518S", Label.DEVICE_ID),
        ("邮编：610041", "610041", Label.POSTCODE),
        ("床号：加3", "加3", Label.BED),
        ("心内科12床患者", "12床", Label.BED),
        ("姓名：欧阳雪梅　性别：女", "欧阳雪梅", Label.NAME),
        ("医师签名：王建国", "王建国", Label.NAME),
        ("谢谢刘医生", "刘", Label.NAME),
        ("今日请张建国主任医师会诊", "张建国", Label.NAME),
        ("患者张某某，男", "张某某", Label.NAME),
        ("患者阿卜杜拉·买买提，男", "阿卜杜拉·买买提", Label.NAME),
        ("受检者 ZHANG Wei，", "ZHANG Wei", Label.NAME),
        ("李梅之子，日龄3天", "李梅之子", Label.NAME),
        ("其子张明陪同", "张明", Label.NAME),
        ("转至成都市第三人民医院", "成都市第三人民医院", Label.HOSPITAL),
        ("就诊于四川大学华西医院", "四川大学华西医院", Label.HOSPITAL),
        ("在市一院查过", "市一院", Label.HOSPITAL),
        ("就职于成都锦程机电有限公司", "成都锦程机电有限公司", Label.ORGANISATION),
        ("家住武侯区人民南路三段17号3栋2单元501室", "武侯区人民南路三段17号3栋2单元501室", Label.ADDRESS),
        ("家住安仁镇红星村3组", "安仁镇红星村3组", Label.ADDRESS),
        ("现住四川省", "四川省", Label.STATE),
        ("在成都打工", "成都", Label.CITY),
        ("民族：维吾尔族", "维吾尔族", Label.ETHNICITY),
        ("籍贯：四川成都", "四川成都", Label.NATIVE_PLACE),
        ("职业：退休教师", "退休教师", Label.OCCUPATION),
        ("男，58岁，已婚", "58岁", Label.AGE),
        ("年龄3岁2个月", "3岁2个月", Label.AGE),
    ],
)
def test_an_identifier_is_found_with_its_label(text, value, label):
    assert found(text).get(value) is label, found(text)


@pytest.mark.parametrize(
    "text",
    [
        "门诊号未填，科室同前，高血压，白细胞升高，黄疸消退，石膏固定，常规换药",
        "何时发病不详，于今晨起，和平时一样，安静休息，方法同前，马上就诊",
        "主任医师查房，责任护士宣教，麻醉医师访视，检查医生签字后发放",
        "建议到当地三甲医院或正规专科医院就诊，外院治疗无效，县医院已拍片",
        "帕金森病、柯萨奇病毒、霍奇金淋巴瘤、克罗恩病、白塞病",
        "卧床休息，床旁超声，床头抬高，300张床位",
        "黄芪30g，白芍15g，何首乌12g，牛膝15g，陈皮6g",
        "血压120/80mmHg，WBC 12.4×10^9/L，T3N1M0，L4/5椎间盘突出",
        "关于用药，由于疼痛，向患者说明，时有头晕，任何不适，安排检查",
        "家族史无特殊，民族医药，水族馆，不省人事，菜市场",
        "走路3层楼即气促，尿路感染2次，镇静镇痛治疗",
    ],
)
def test_clinical_words_are_untouched(text):
    assert found(text) == {}


def test_a_wrong_check_digit_needs_a_label():
    assert "110105194912310021" not in found("编码110105194912310021已用")
    assert found("身份证110105194912310021").get("110105194912310021") is Label.NATIONAL_ID


@pytest.mark.parametrize(
    "unit",
    ["成", "人民路", "医院", "王", "1", "1 ", "阿·", "姓名:", "四川省成都市", "小区1栋", "Zhang ", "十", "住院号"],
)
def test_hostile_text_is_searched_in_linear_time(unit):
    short, long = (Passage(unit * (count // len(unit)), "zh") for count in (4_000, 16_000))

    def seconds(passage):
        begin = time.process_time()
        DETECTOR.find([passage])
        return time.process_time() - begin

    once = min(seconds(short) for _ in range(3))
    spent = min(seconds(long) for _ in range(3))
    assert spent < 3.0
    assert spent < 12 * max(once, 0.02)  # linear is 4; quadratic would be 16
