"""Numbers that a Chinese hospital gives: admission, clinic, record, examination, specimen, prescription, staff, bed.

Rules: a number needs its label, with or without a colon, and may be written in Chinese numerals; a bed needs the word
床 in a form that means a place, never 卧床, 起床, 床旁 or a count of beds.
"""

from __future__ import annotations

from onprem.detect.contract import Example, Recogniser
from onprem.detect.recognisers._zh_words import CODE, LINK
from onprem.labels import Label

_ZH = frozenset({"zh"})
_SPACED_CODE = rf"(?P<v>\d{{2,9}}(?:[ ]\d{{2,6}}){{1,4}}(?!\d)|{CODE[6:]}"

# a ward's short name glued to the number of a bed is a part of it (外二36床); a department's full name is not (心内科12床)
_UNIT = (
    r"(?:[A-Z]{2,5}\s?|[内外妇产儿骨神心呼消肾血肿胸普泌脑眼耳口皮感急康疼老介烧创肝胆肛乳甲综男女东南西北]{1,3}"
    r"[一二三四五六七八九十]{0,2}(?:病区|区)?)"
)

RECOGNISERS: tuple[Recogniser, ...] = (
    Recogniser(
        name="zh_record_number",
        label=Label.RECORD_NUMBER,
        pattern=(
            r"(?:住\s?院|门\s?诊|門診|急诊|留观|病\s?案|病\s?历|病歷|就诊|挂号|登记|患者|病人|体检|诊疗卡|"
            r"就诊卡|诊疗|建档|档案|"
            r"健康档案|随访|入院|家庭病床|母婴|新生儿|孕产妇|保健手册|保健|手册|研究|受试者|筛选|入组|随机|"
            r"病例|索引|主索引|一卡通|诊察|"
            r"登錄|住院病案|门诊病历|ZY|MZ|BA|ZYH|MZH|BAH|JZH|JZKH|MRN|PID|Patient)"
            rf"\s?(?:号码|号|號碼|號|编号|編號|编码|ID号?|Id|id|卡号|流水号|序号|首页号|No\.?|"
            rf"NO\.?)\s?{LINK}{_SPACED_CODE}"
        ),
        score=0.95,
        needs=("号", "號", "编码", "id", "序号", "No", "NO"),
        examples=(
            Example("住院号：<RECORD_NUMBER>0012345678</RECORD_NUMBER>"),
            Example("住 院 号 <RECORD_NUMBER>ZY-2024-00317</RECORD_NUMBER> 科室"),
            Example("门诊号为<RECORD_NUMBER>M20240311</RECORD_NUMBER>，"),
            Example("病案号<RECORD_NUMBER>一二三四五六</RECORD_NUMBER>"),
            Example("患者ID：<RECORD_NUMBER>88231</RECORD_NUMBER>"),
            Example("住院号未填写，门诊号见首页"),
        ),
    ),
    Recogniser(
        name="zh_record_number_initials",
        label=Label.RECORD_NUMBER,
        pattern=rf"(?<![A-Za-z])(?:ZYH|MZH|BAH|JZH|JZKH|MRN|PID|BLH|ID)(?![A-Za-z]){LINK}{CODE}",
        score=0.9,
        needs=(*"ZYH MZH BAH JZH JZKH MRN PID BLH ID".split(),),
        langs=_ZH,
        examples=(Example("出院 ZYH：<RECORD_NUMBER>203311</RECORD_NUMBER>"), Example("PICC置管")),
    ),
    Recogniser(
        name="zh_study_number",
        label=Label.OTHER_ID,
        pattern=(
            r"(?:检\s?查|檢查|影\s?像|超声|放射|放射科|X线|X光|片|CT|MRI?|MR|DR|DSA|PET|PET-CT|PET/CT|US|ECT|"
            r"心电图?|内镜|胃镜|肠镜|"
            r"脑电图?|肌电图?|病\s?理|冰冻|细胞学|标\s?本|样\s?本|樣本|條碼|条\s?码|条形码|二维码|管|试管|检验|"
            r"化验|报告单?|申请单?|申请|送检|"
            r"蜡块|切片|白片|处\s?方|處方|医嘱|醫囑|手术|麻醉|会诊单?|输血|血袋|献血|取药|发药|配药|缴费|预约|"
            r"排队|叫号|流水|序|采血|"
            r"影像学检查|检查申请|检查流水|基因检测|测序|文库|样品|包裹|快递|运单|病历本|腕带|腕帶|单|單|工单|"
            r"投诉|案件|医疗纠纷|鉴定|病房|不良事件)"
            r"\s?(?:号码|号|號碼|號|编号|編號|编码|编码号|ID号?|流水号|序号|条码|单号|No\.?|NO\.?)\s?"
            rf"{LINK}{_SPACED_CODE}"
        ),
        score=0.9,
        needs=(*"号 號 编号 編號 编码 id 条码 单号 No NO".split(),),
        examples=(
            Example("检查号：<OTHER_ID>CT20240311007</OTHER_ID>"),
            Example("病理号 <OTHER_ID>B2024-10321</OTHER_ID>"),
            Example("标本号<OTHER_ID>20240311 0078</OTHER_ID>"),
            Example("影像号为<OTHER_ID>X778812</OTHER_ID>"),
            Example("手术编号见附表"),
        ),
    ),
    Recogniser(
        name="zh_barcode",
        label=Label.OTHER_ID,
        pattern=(
            r"(?:条形码|條碼|条\s?码|二维码|腕带码|追溯码|Barcode|barcode|病理片|血袋)"
            rf"{LINK}(?P<v>(?=[A-Za-z\-]{{0,8}}\d)[A-Za-z\d][A-Za-z\d\-]{{4,30}})"
        ),
        score=0.9,
        needs=("条形码", "條碼", "码", "barcode", "病理片", "血袋"),
        examples=(Example("条码：<OTHER_ID>100238844</OTHER_ID>"), Example("条码模糊")),
    ),
    Recogniser(
        name="zh_staff_number",
        label=Label.OTHER_ID,
        pattern=(
            r"(?:工\s?号|工號|职工号|职工编号|员工号|员工编号|医师编码|医师代码|医生编码|医生工号|胸牌号?|警号|"
            r"学号|学籍号|编制号|操作员|"
            rf"用户名|登录名|账户名|账号|帐号)(?:号码?)?{LINK}(?P<v>(?=[A-Za-z\-_]{{0,12}}\d)[A-Za-z\d][A-Za-z"
            rf"\d\-_]{{2,20}})"
        ),
        score=0.9,
        needs=(*"工 员工 医师编码 医师代码 医生编码 胸牌 警号 学 编制号 操作员 用户名 登录名 账 帐号".split(),),
        examples=(Example("工号：<OTHER_ID>D0356</OTHER_ID>"), Example("工号牌遗失")),
    ),
    Recogniser(
        name="zh_bed_labelled",
        label=Label.BED,
        pattern=(
            r"(?:床\s?号|床號|床位号?|病床号?|床位|病床)(?:编号)?\s{0,3}(?:[:=为是#]|No\.?)?\s{0,4}"
            r"(?P<v>(?:[A-Za-z]{0,2}\d{1,4}(?:[\-/]\d{1,3})?|加\s?\d{1,3}|[一二三四五六七八九十]{1,4}|"
            r"加[一二三四五六七八九十]{1,2}|"
            r"[东西南北]\d{1,3})(?:\s?号?床)?)(?![\d张个余])"
        ),
        score=0.95,
        needs=("床",),
        examples=(
            Example("床号：<BED>12</BED>"),
            Example("床号 <BED>加3床</BED>"),
            Example("床位号：<BED>A07</BED>"),
            Example("开放床位，卧床休息"),
        ),
    ),
    Recogniser(
        name="zh_bed",
        label=Label.BED,
        pattern=(
            rf"(?<![\d.\-~第共有设置A-Z])(?P<v>{_UNIT}?(?:抢救|监护|观察|留观|隔离|预约)?(?:(?:\d{{1,2}}|"
            r"[A-Z])-)?(?:[A-Z]{0,2}\d{1,3}|加\s?\d{1,2}|"
            r"[一二三四五六七八九]?十[一二三四五六七八九]?|"
            r"加[一二三四五六七八九十]{1,2}|[二三四五六七八九](?=号))\s?(?:号病?床|床))(?![位旁边单头垫上下前铺栏面])"
        ),
        score=0.9,
        needs=("床",),
        langs=_ZH,
        examples=(
            Example("心内科<BED>12床</BED>患者"),
            Example("<BED>加5床</BED>，"),
            Example("转<BED>外二36床</BED>，<BED>ICU 5床</BED>，<BED>女二病区6床</BED>，<BED>胸外加3床</BED>"),
            Example("<BED>3-12床</BED>"),
            Example("卧床3天，下床活动，300张床，床旁超声"),
        ),
    ),
    Recogniser(
        name="zh_room",
        label=Label.BED,
        pattern=(
            r"(?:病房|房间|病室|房号|诊室号)\s{0,3}(?:号)?\s{0,3}[:为是]\s{0,3}(?P<v>[A-Z]{0,2}\d{1,4}(?:\-\d{1,3})"
            r"?)(?!\d)"
        ),
        score=0.85,
        needs=("病房", "房间", "病室", "房号", "诊室号"),
        examples=(Example("病房：<BED>1203</BED>"), Example("病房3人间")),
    ),
)
