"""Numbers that identify a person in Chinese records: identity cards, permits, telephones, cards, accounts.

Rules: a resident identity card with a right check digit needs no context; every other number needs its label or a form
that only it has. GB 11643-1999 (identity card); telephone plan of the Ministry of Industry and Information Technology.
"""

from __future__ import annotations

import re

from onprem import checksums
from onprem.detect.contract import Example, Recogniser
from onprem.detect.recognisers._zh_words import CODE, LINK, any_of, label
from onprem.labels import Label

_ZH = frozenset({"zh"})
_SEPARATOR = r"[ \-]?"
_SPOKEN = "[〇零○幺一二三四五六七八九]"
_AREA_CODE = r"0(?:10|2[0-57-9]|[3-9]\d{2})"


def _resident(value: str) -> bool:
    return checksums.cn_resident(value)


def _legacy_resident(value: str) -> bool:
    """Check the form of a 15-digit identity card (before 1999): region, YYMMDD, sequence."""
    digits = checksums.compact(value)
    return bool(re.fullmatch(r"[1-8][1-7]\d{4}\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}", digits))


def _not_all_same(value: str) -> bool:
    return len(set(checksums.compact(value))) > 2


_MOBILE = (
    r"(?<![\d.])(?P<v>(?:\(?(?:\+|00)?86\)?[ \-]?)?1[3-9]\d(?:[ \-]?\d{4}[ \-]?\d{4}|[ \-]\d{3}[ \-]\d{2}[ \-]\d{3}"
    r"|\d[ \-]\d{3}[ \-]\d{4}|\d{2}[ \-]\d{3}[ \-]\d{3}|(?:[\d*xX]{4}|\*{2,6})\d{4}))(?!\d)"
)
_LANDLINE = (
    rf"(?<![\d.])(?P<v>(?:(?:\+|00)86[ \-]?)?(?:\({_AREA_CODE}\)\s?|{_AREA_CODE}[ \-]{{1,3}})[1-9]\d{{2,3}}[ "
    rf"\-]?\d{{4}}"
    r"(?:\s?(?:转|轉|-|ext\.?|分机|x)\s?\d{1,6})?)(?!\d)"
)
_PHONE_LABELS = label(
    *(
        "电话 手机 手机号 联系电话 联系方式 电话号码 手机号码 家庭电话 单位电话 办公电话 座机 联系手机 热线 "
        "急诊电话 咨询电话 随访电话 家属电话 本人电话 紧急联系电话 致电 拨打 回拨 電話 手機 聯絡電話 Tel TEL tel "
        "Mobile 分机 内线 短号 预约电话 总机"
    ).split()
)

RECOGNISERS: tuple[Recogniser, ...] = (
    Recogniser(
        name="zh_resident_id",
        label=Label.NATIONAL_ID,
        pattern=r"(?<![\dA-Za-z])(?P<v>[1-9](?:[ \-]?\d){16}[ \-]?[\dXx])(?![\dA-Za-z])",
        score=0.99,
        check=_resident,
        needs=("number",),
        clinical=True,
        examples=(
            Example("持<NATIONAL_ID>11010519491231002X</NATIONAL_ID>办理入院"),
            Example("号码 <NATIONAL_ID>110105 19491231 002x</NATIONAL_ID>。"),
            Example("条码 110105194912310021 扫描失败"),
        ),
    ),
    Recogniser(
        name="zh_resident_id_labelled",
        label=Label.NATIONAL_ID,
        pattern=(
            r"(?:身份证(?:件)?|身份證|证件|公民身份|户口簿|居住证|居留证|居留许可|永居证|SFZH|社会保障|证号)"
            rf"(?:号码|号|號碼|號|编号|末四位|后四位|后六位)?{LINK}(?:居民身份证|身份证)?[:/\s]{{0,3}}"
            r"(?P<v>[A-Z]{0,3}\d[\dXx*\- ]{2,22}[\dXx])(?![\d])"
        ),
        score=0.95,
        needs=(*"身份 证件 户口簿 居住证 居留 永居 SFZH 社会保障 证号".split(),),
        examples=(
            Example("身份证号：<NATIONAL_ID>510107198803124567</NATIONAL_ID>"),
            Example("身份证号码为 <NATIONAL_ID>5101 0719 8803 1245 67</NATIONAL_ID>，"),
            Example("证件号<NATIONAL_ID>810000199408230021</NATIONAL_ID>"),
            Example("身份证后四位<NATIONAL_ID>123X</NATIONAL_ID>"),
            Example("身份证复印件2份"),
        ),
    ),
    Recogniser(
        name="zh_resident_id_legacy",
        label=Label.NATIONAL_ID,
        pattern=r"(?:身份证|证件|身份證|老证)[^\d\n]{0,8}(?P<v>\d{6}[ ]?\d{6}[ ]?\d{3})(?!\d)",
        score=0.95,
        check=_legacy_resident,
        needs=("身份", "证件", "老证"),
        examples=(Example("身份证（旧）：<NATIONAL_ID>110105491231002</NATIONAL_ID>"), Example("证件照2张")),
    ),
    Recogniser(
        name="zh_permit",
        label=Label.PASSPORT,
        pattern=(
            r"(?:护照|護照|通行证|通行證|回乡证|台胞证|港澳居民|旅行证|Passport|passport|PASSPORT)"
            rf"(?:号码|号|號碼|號)?(?: ?[Nn]o\.?| ?NO\.?)?{LINK}(?P<v>[A-Za-z]{{0,2}}\d[\dA-Za-z]{{5,11}})(?!["
            rf"\dA-Za-z])"
        ),
        score=0.95,
        needs=(*"护照 護照 通行证 通行證 回乡证 台胞证 港澳居民 旅行证 passport".split(),),
        examples=(
            Example("护照号：<PASSPORT>E12345678</PASSPORT>"),
            Example("港澳通行证<PASSPORT>H1234567890</PASSPORT>"),
            Example("台胞证号码<PASSPORT>01234567</PASSPORT>"),
            Example("护照已过期"),
        ),
    ),
    Recogniser(
        name="zh_passport_shape",
        label=Label.PASSPORT,
        pattern=r"(?<![\dA-Za-z])(?P<v>(?:E[A-HJ-NP-Z]\d{7}|E\d{8}|G\d{8}|[HM]\d{8}(?:\d{2})?))(?![\dA-Za-z])",
        score=0.8,
        needs=("number",),
        langs=_ZH,
        examples=(Example("持<PASSPORT>EA1234567</PASSPORT>入境"), Example("批号 EX123")),
    ),
    Recogniser(
        name="zh_officer_card",
        label=Label.NATIONAL_ID,
        pattern=r"(?P<v>[军海空武政后参陆南北沈兰成济广文装警火战士東廣軍東中西海總总]字第\s?\d{5,10}\s?[号號])",
        score=0.95,
        needs=("字第",),
        examples=(Example("军官证：<NATIONAL_ID>军字第2001988号</NATIONAL_ID>"), Example("卫医字第号尚未核发")),
    ),
    Recogniser(
        name="zh_mobile",
        label=Label.PHONE,
        pattern=_MOBILE,
        score=0.95,
        needs=("number",),
        clinical=True,
        examples=(
            Example("电话<PHONE>13800138000</PHONE>"),
            Example("手机 <PHONE>+86 138-0013-8000</PHONE>。"),
            Example("<PHONE>138****8000</PHONE>"),
            Example("白细胞13800，红细胞4.5"),
        ),
    ),
    Recogniser(
        name="zh_landline",
        label=Label.PHONE,
        pattern=_LANDLINE,
        score=0.9,
        needs=("number",),
        examples=(
            Example("电话<PHONE>028-85422114</PHONE>"),
            Example("(<PHONE>0571-8765 4321转805</PHONE>)"),
            Example("血压010 120/80"),
        ),
    ),
    Recogniser(
        name="zh_service_number",
        label=Label.PHONE,
        pattern=r"(?<![\d\-])(?P<v>[48]00[ \-]?\d{3,4}[ \-]?\d{3,4})(?![\d])",
        score=0.75,
        check=lambda value: len(checksums.compact(value)) == 10,
        needs=("400", "800"),
        langs=_ZH,
        examples=(Example("客服<PHONE>400-820-8820</PHONE>"), Example("400ml 800mg")),
    ),
    Recogniser(
        name="zh_phone_labelled",
        label=Label.PHONE,
        pattern=(
            rf"{_PHONE_LABELS}(?:\(.{{1,6}}\)|号码?|本人|家属)?\s?{LINK}"
            r"(?P<v>\(?\+?\d[\d \-()*]{1,20}\d(?:\s?[转轉]\s?\d{1,6})?)(?!\d|岁|次|mg|ml|分钟|年|月)"
        ),
        score=0.9,
        check=_not_all_same,
        needs=(*"电话 手机 联系方式 座机 热线 电 手機 tel mobile 分机 内线 短号 总机 拨".split(),),
        examples=(
            Example("联系电话：<PHONE>85422114</PHONE>"),
            Example("科室电话<PHONE>6123</PHONE>"),
            Example("电话随访3次"),
        ),
    ),
    Recogniser(
        name="zh_phone_spoken",
        label=Label.PHONE,
        pattern=rf"(?P<v>[幺一]{_SEPARATOR}[三四五六七八九](?:[ ,、]?{_SPOKEN}){{9}})(?!{_SPOKEN})",
        score=0.9,
        needs=("幺", "一"),
        langs=_ZH,
        examples=(
            Example("打我电话<PHONE>一三八零零一三八零零零</PHONE>"),
            Example("一三五七九隔日服用"),
        ),
    ),
    Recogniser(
        name="zh_fax",
        label=Label.FAX,
        pattern=rf"(?:传真|傳真|FAX|Fax)(?:号码|号)?{LINK}(?P<v>[\d(+][\d \-()]{{5,18}}\d)",
        score=0.9,
        needs=("传真", "傳真", "fax"),
        examples=(Example("传真：<FAX>021-64370045</FAX>"), Example("传真件已收")),
    ),
    Recogniser(
        name="zh_messenger",
        label=Label.EMAIL,
        pattern=(
            r"(?:微信号?|微信ID|WeChat|wechat|VX|vx|V信|QQ号?码?|QQ群|qq|企鹅号|钉钉号?|支付宝账?号?|抖音号?|"
            r"邮箱|电子邮件)"
            r"(?:号码?|账号|帐号)?\s{0,2}(?:[:=为是]|同手机号?)?\s{0,2}(?P<v>[A-Za-z0-9][A-Za-z0-9_.\-]{4,30}"
            r"(?:@[A-Za-z0-9_.\-]{3,40})?)"
        ),
        score=0.9,
        needs=(*"微信 wechat vx V信 qq 企鹅号 钉钉 支付宝 抖音 邮箱 电子邮件".split(),),
        examples=(
            Example("微信号：<EMAIL>wxm_8866</EMAIL>"),
            Example("QQ<EMAIL>345678912</EMAIL>"),
            Example("可微信联系"),
        ),
    ),
    Recogniser(
        name="zh_plan_number",
        label=Label.HEALTH_PLAN_NUMBER,
        pattern=(
            r"(?:医保卡?|社保卡?|医疗保险(?:证|卡)?|社会保障卡?|社会保险|新农合(?:证)?|农合证?|合作医疗证?|"
            r"医疗证|电脑号|个人编号|"
            r"参保|YBKH|YBH|医保个人|健康卡|保险单|保单|公费医疗证?)(?:(?:编号|号码|账号|卡号|证号|号|"
            r"卡)(?:后四位)?|(?=:))"
            rf"{LINK}(?P<v>[A-Za-z]{{0,4}}\d(?:[ \-]?[\d*]){{3,24}}[A-Za-z]?(?![\d%])|{CODE[6:]}"
        ),
        score=0.9,
        check=lambda value: sum(c.isdigit() or c in "〇零○幺一二三四五六七八九*" for c in value) >= 4,
        needs=(
            *"医保 社保 保险 社会保障 农合 合作医疗 医疗证 电脑号 个人编号 参保 YBKH YBH 健康卡 保单 公费医疗".split(),
        ),
        examples=(
            Example("医保卡号：<HEALTH_PLAN_NUMBER>510108802233</HEALTH_PLAN_NUMBER>"),
            Example("社保号<HEALTH_PLAN_NUMBER>SB20114578</HEALTH_PLAN_NUMBER>"),
            Example("医保报销比例70%"),
        ),
    ),
    Recogniser(
        name="zh_account",
        label=Label.ACCOUNT_NUMBER,
        pattern=(
            r"(?:银行卡|银行账|银行帐|账户|帐户|账|帐|(?<![保诊康疗])卡|储蓄卡|信用卡|借记卡|发票|票据|收据|"
            r"结算单|预交金|"
            r"交易|流水|订单|押金条|电子票)"
            rf"(?:号码|单号|代码|编号|流水号|号){LINK}(?P<v>\d(?:[ \-]?\d){{3,30}}(?![\d])|{CODE[6:]}"
        ),
        score=0.85,
        needs=(*"卡号 账 帐 发票 票据 收据 结算单 预交金 交易 流水 订单 押金条 电子票".split(),),
        examples=(
            Example("银行卡号：<ACCOUNT_NUMBER>6222 0213 0400 1234 567</ACCOUNT_NUMBER>"),
            Example("发票号码<ACCOUNT_NUMBER>04512367</ACCOUNT_NUMBER>"),
            Example("银行卡已绑定"),
        ),
    ),
    Recogniser(
        name="zh_bank_card",
        label=Label.ACCOUNT_NUMBER,
        pattern=r"(?<![\d.])(?P<v>(?:62|4\d|5[1-5]|35|37)\d{2}(?:[ \-]?\d{4}){2,3}[ \-]?\d{1,4})(?![\d])",
        score=0.85,
        check=lambda value: 15 <= len(checksums.compact(value)) <= 19 and checksums.luhn(value),
        needs=("number",),
        examples=(
            Example("转入<ACCOUNT_NUMBER>6222021304001234561</ACCOUNT_NUMBER>"),
            Example("编码6222021304001234569无效"),
        ),
    ),
    Recogniser(
        name="zh_licence",
        label=Label.LICENCE_NUMBER,
        pattern=(
            r"(?:执业证书?|执业医师证?|医师执业|护士执业|资格证书?|资格|驾驶证|驾照|出生医学证明|出生证|"
            r"出生证明|死亡证明|结婚证|离婚证|"
            r"残疾证|残疾人证|证书|准生证|生育服务证|退伍证|学生证|工作证|会员证|营业执照|许可证|献血证|诊断证明)"
            rf"(?:编码|编号|号码|证号|号|书号){LINK}(?P<v>[A-Za-z]{{0,4}}\d[\dA-Za-z\-]{{4,24}})(?![\d])"
        ),
        score=0.9,
        needs=("证", "驾照", "执业", "资格", "营业执照"),
        examples=(
            Example("出生医学证明编号：<LICENCE_NUMBER>P510234567</LICENCE_NUMBER>"),
            Example("执业证书编码<LICENCE_NUMBER>110510000012345</LICENCE_NUMBER>"),
            Example("证明复查3次"),
        ),
    ),
    Recogniser(
        name="zh_plate",
        label=Label.VEHICLE_ID,
        pattern=(
            r"(?P<v>[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]\s?[A-HJ-NP-Z][· \-]?"
            r"(?=[A-HJ-NP-Z\d]{0,4}\d)[A-HJ-NP-Z\d]{4,5}[A-HJ-NP-Z\d挂学警港澳])(?![A-Za-z\d])"
        ),
        score=0.9,
        needs=tuple("京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"),
        examples=(
            Example("车牌<VEHICLE_ID>川A·8K236</VEHICLE_ID>"),
            Example("驾驶<VEHICLE_ID>粤BD12345</VEHICLE_ID>"),
            Example("新A型流感"),
        ),
    ),
    Recogniser(
        name="zh_device",
        label=Label.DEVICE_ID,
        pattern=(
            r"(?:序列号|序列號|出厂编号|设备编号|机身号|植入物编号|植入物条码|起搏器编号|支架编号|假体编号|"
            r"产品编号|SN|S/N|UDI|IMEI|器械编号|"
            rf"设备号|机器号){LINK}(?P<v>(?=[A-Za-z\-/]{{0,12}}\d)[A-Za-z\d][A-Za-z\d\-/]{{3,39}}[A-Za-z\d])"
        ),
        score=0.85,
        needs=(*"序列 编号 机身号 植入物 UDI IMEI SN S/N 设备号 机器号".split(),),
        examples=(
            Example("起搏器序列号：<DEVICE_ID>PJN204518S</DEVICE_ID>"),
            Example("序列号未贴"),
        ),
    ),
    Recogniser(
        name="zh_postcode",
        label=Label.POSTCODE,
        pattern=rf"(?:{any_of(('邮编', '邮政编码', '郵編', '邮码'))}){LINK}(?P<v>\d{{6}})(?!\d)",
        score=0.95,
        needs=("邮", "郵"),
        examples=(Example("邮编：<POSTCODE>610041</POSTCODE>"), Example("邮寄报告")),
    ),
)
