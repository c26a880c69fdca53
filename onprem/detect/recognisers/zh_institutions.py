"""Institutions in Chinese records: hospitals and clinics with their short forms, employers, schools.

Rules: a hospital is found with its place prefix, and never from words for any hospital (当地医院, 三甲医院, 外院); the
same holds for companies and schools.
"""

from __future__ import annotations

import re

from onprem.detect.contract import Example, Recogniser
from onprem.detect.recognisers._zh_places import CITY, OF_NAME, PLACES, PROVINCE, SHORT_PROVINCE, START
from onprem.detect.recognisers._zh_words import HAN, any_of
from onprem.labels import Label

_ZH = frozenset({"zh"})
_AMBIGUOUS = ("同济", "浙一", "浙二", "宣武", "新华医院")  # need a preposition before them
_KNOWN_HOSPITAL = any_of(name for name in PLACES["hospital_names"] if name not in _AMBIGUOUS)
_SUFFIX = (
    "(?:医院|醫院|卫生院|卫生服务中心|卫生服务站|卫生室|卫生所|诊所|门诊部|妇幼保健院|妇幼保健所|妇幼保健中心|"
    "妇保院|保健院|疗养院|急救中心|医学中心|医疗中心|血液中心|"
    "体检中心|疾控中心|疾病预防控制中心|康复中心|护理院|护理中心|养老院|敬老院|福利院|养老中心|老年公寓|防治院|"
    "防治所|防治中心|影像中心|检验中心|检验所|透析中心|血站|医务室|中医馆|国医堂|中医堂|大药房|药店|月子中心|"
    "口腔(?!科|医|诊|门|癌|溃|护|黏|粘|腔|卫|内|颌|粘)|安宁疗护中心)"
)
_BRANCH = (
    rf"(?:\(?(?:{OF_NAME}{{1,5}}?|[东西南北总新老])(?:院区|分院|分部|院部|本部|校区)\)?|"
    rf"\(?(?:[东西南北新老总]院|本部)\)?)?"
)
_BODY = rf"(?:{OF_NAME}|[\d()](?!\d{{4}})){{0,18}}?"
_GENERIC_HOSPITAL = re.compile(
    r"^(?:正规|三甲|二甲|三级|二级|一级|甲等|乙等|大型|小型|大|小|专科|专业|权威|当地|本地|外地|外|上级|下级|"
    r"下|上|社区|乡镇|镇|乡|村|县|市|省|区|州|综合性?|其他|其它|别|一家|两家|几家|多家|那家|这家|"
    r"哪家|哪个|什么|一个|个|家|医院|公立|私立|民营|公办|国家|肿瘤|儿童|精神病?|肝病|癫痫病?|传染病|骨科|眼科|"
    r"妇科|妇产科?|男科|皮肤病?|口腔科?|胸科|心血管病?|中西医(?:结合)?|中医|"
    r"西医|军队|部队|地方|基层|高级|普通|好|比较|最好|最近|附近|就近|周边|较|新|老|原|所|定点|医保|指定|教学|"
    r"附属|协作|医联体|转诊|接诊|首诊|人民|专门|各级|各大|各|级|甲|"
    r"规范|有条件|条件|治疗|康复|发热|急诊|急救|互联网|网上|线上|不同|全国|国内|国外|北京|上海|广州|省级|市级|"
    r"县级|区级|街道|单位|学校|工厂|个体|私人|乡村|便民|"
    r"社会|血透|透析|住院|门诊|预约|出院|正式|合作|专|设备|先进|良好|以上|及|和|或|等|、|科|可靠|知名|著名|家|"
    r"复诊|复查|检查|就诊|建议|留意|决定|选择|糖尿病|高血压|胃肠|肛肠|脑科|心理|美容|整形|"
    r"疼痛|结核病?|职业病|风湿|甲状腺|乳腺|不孕不育|生殖|耳鼻喉科?|血液病?|胃病|心脏病?|肾病|神经|消化|呼吸|"
    r"内科|外科|内分泌科?|感染|老年病?|戒毒|烧伤|手外科|脊柱|产科|妇幼|产后|月子|养生|保健|药|平价|连锁|网络)+$"
)


def _named_hospital(value: str) -> bool:
    """Say whether an institution's name holds more than words for any institution."""
    stem = re.sub(_SUFFIX + "$", "", value)
    if not stem or _GENERIC_HOSPITAL.match(stem):
        return False
    return not re.search(
        (
            r"[，,。;；？?！!]|检查|治疗|建议|复查|患者|就诊|正规|当地|哪|什么|三甲|专业|权威|医院(?!.*(?:医院|"
            r"院区|分院|中心|门诊部)$)|附近|一家|大医院"
        ),
        stem,
    )


_GENERIC_BODY = re.compile(
    r"^(?:保险|一家|这家|那家|某|该|本|原|其|我们|他们|自己|外贸|外资|国有|私营|民营|建筑|电脑|互联网|网络|"
    r"科技|贸易|食品|服装|物流|快递|装修|广告|旅行|旅游|房地产|汽车|电子|化工|印刷|家具|鞋|玩具|制药|医药|大型|"
    r"小型|上市|股份|"
    r"有限|责任|分|子|总|母|大|小|中|高|初|重点|全日制|职业|技术|技工|师范|医科|老年|民办|公办|当地|乡镇|镇|村|"
    r"社区|派出|各|几|多|家|所|个|一|二|两|三|年|级|上|读|在|附近|附属|实验|国际|双语|寄宿|特殊|教育|幼|保健|"
    r"卫生|就业|"
    r"公安|司法|工商|税务|供电|烟草|邮政|商业|农业|投资|水泥|钢铁|造纸|纺织|塑料|电镀|蓄电池|农药|化肥|煤|矿|"
    r"劳务|劳务派遣|外卖|家政|安保|保安|物业|搬家|出租车|公交|运输|医疗器械|生物|制造|加工|机械|能源)*"
    r"(?:公司|集团|厂|学校|大学|学院|中学|小学|幼儿园|银行|研究院|研究所|事务所|酒店|宾馆|商场|超市|有限公司|"
    r"股份有限公司)$"
)


def _named_body(value: str) -> bool:
    """Say whether an employer's or school's name holds more than words for any company or school."""
    return _GENERIC_BODY.match(value) is None and not re.search(r"[，,。;；]|医生|医院|患者", value)


RECOGNISERS: tuple[Recogniser, ...] = (
    Recogniser(
        name="zh_hospital",
        label=Label.HOSPITAL,
        pattern=(
            rf"(?P<v>(?:{PROVINCE}|{SHORT_PROVINCE}省?|{CITY}市?|中国|解放军|武警|航天|核工业|煤矿|铁路|"
            rf"联勤保障部队|{START}{OF_NAME}{{1,8}}?(?:[省市县区州镇乡旗村]|街道|大学|医学院))"
            rf"{_BODY}{_SUFFIX}(?:{_BODY}(?:附属)?{_BODY}医院)?{_BRANCH})"
        ),
        score=0.9,
        check=_named_hospital,
        needs=(
            *(
                "医院 醫院 卫生 诊所 门诊部 保健 妇保院 疗养院 急救中心 医学中心 医疗中心 血液中心 体检中心 "
                "疾控中心 预防控制 康复中心 护理 养老 敬老院 福利院 老年公寓 防治 影像中心 检验 透析中心 血站 "
                "医务室 中医 国医堂 药房 药店 月子中心 口腔 安宁"
            ).split(),
        ),
        langs=_ZH,
        examples=(
            Example("转至<HOSPITAL>成都市第三人民医院</HOSPITAL>"),
            Example("于<HOSPITAL>四川大学华西医院</HOSPITAL>行手术"),
            Example("<HOSPITAL>浦东新区周浦镇社区卫生服务中心</HOSPITAL>"),
            Example("建议到当地三甲医院复查，去县医院看看"),
        ),
    ),
    Recogniser(
        name="zh_hospital_plain",
        label=Label.HOSPITAL,
        pattern=rf"(?:^|(?<=[\W在去到至于往经由从赴入来及和与转送回是]))(?P<v>{OF_NAME}{{2,10}}?{_SUFFIX}{_BRANCH})",
        score=0.8,
        check=lambda value: (
            _named_hospital(value)
            and not re.search(
                (
                    r"科|病|检|诊(?!所)|药(?!房|店)|口腔$|专家|医保|预防|抗|做|进行|需|可|能|好|家$|查|住院|"
                    r"规律|一般|比较|"
                    r"最|去|要|选|要求|请"
                ),
                value,
            )
        ),
        needs=(*"医院 醫院 卫生院 卫生室 诊所 门诊部 中医馆 国医堂 大药房 养老院 月子中心 护理院 保健院".split(),),
        langs=_ZH,
        examples=(
            Example("转<HOSPITAL>仁济医院</HOSPITAL>治疗"),
            Example("去大医院看看，在正规医院治疗，各级医院"),
        ),
    ),
    Recogniser(
        name="zh_hospital_short",
        label=Label.HOSPITAL,
        pattern=(
            rf"(?P<v>(?:{SHORT_PROVINCE}省?|{CITY}市?|{START}{OF_NAME}{{0,4}}?[省市县区州])(?:第?[一二三四五六七"
            rf"八九十]{{1,2}}(?:人民)?(?:医院|院)|人民医院|中心医院|中医(?:医)?院|妇幼(?:保健院)?|立医院|"
            rf"肿瘤医院|儿童医院|医院)(?=[^\u4e00-\u9fff]|就|住|行|复|检|查|门|做|治|手|出|转|诊|的|看|给|急|"
            rf"内|外|心|神|消|呼|肿|骨|妇|儿|$)"
            rf"|(?:{START}{OF_NAME}{{1,4}}?(?:大|医大?|大学))?附(?:属)?[一二三四五六][人民]{{0,2}}(?:医院|院)|"
            rf"{_KNOWN_HOSPITAL}"
            rf""
            rf""
            rf""
            rf"(?:医院)?(?:{OF_NAME}{{1,4}}院区)?|(?<=[在去到至于往经由从赴来转])(?:同济|浙一|浙二|宣武)(?:医院)?)"
        ),
        score=0.8,
        check=lambda value: (
            value not in {"省医院", "市医院", "县医院", "区医院", "州医院"}
            and not re.search(r"^(?:外|当地|本|各|该|我|城)[省市县区州](?:级)?医院$", value)
        ),
        needs=("院", "妇幼", *PLACES["hospital_names"]),
        langs=_ZH,
        examples=(
            Example("在<HOSPITAL>市一院</HOSPITAL>就诊"),
            Example("去<HOSPITAL>省人民医院</HOSPITAL>复查"),
            Example("曾就诊于<HOSPITAL>华西</HOSPITAL>"),
            Example("外院，我院，入院，出院，住院"),
        ),
    ),
    Recogniser(
        name="zh_employer",
        label=Label.ORGANISATION,
        pattern=(
            rf"{START}(?P<v>{OF_NAME}{{2,20}}?(?:(?:股份)?有限(?:责任)?公司|集团(?:公司|有限公司)?|分公司|"
            rf"律师事务所|会计师事务所|合作社)(?:{OF_NAME}{{1,6}}分公司)?)"
        ),
        score=0.85,
        check=_named_body,
        needs=("公司", "集团", "事务所", "合作社"),
        langs=_ZH,
        examples=(
            Example("就职于<ORGANISATION>成都锦程机电有限公司</ORGANISATION>"),
            Example("在一家公司上班，保险公司"),
        ),
    ),
    Recogniser(
        name="zh_school",
        label=Label.ORGANISATION,
        pattern=(
            rf"(?P<v>(?:{PROVINCE}|{SHORT_PROVINCE}|{CITY}市?|{START}{OF_NAME}{{1,5}}?[市县区镇乡村]|"
            rf"(?<=[在读于是]){OF_NAME}{{2,4}})(?:{OF_NAME}|第?[一二三四五六七八九十\d]{{1,3}}){{0,10}}?"
            r"(?:大学|学院|中学|小学|幼儿园|学校|一中|二中|三中|实验小学|高中|派出所|村委会|居委会|街道办|"
            r"公安局|供电局|税务局|教育局|财政局|信用社|研究所|研究院|"
            r"[机纺钢水化电造食服鞋玩铸砖]\S{0,4}厂))(?!附属|医院|华西|毕业证|生(?!活)|学历|文化|"
            r"[一二三四五六]附院)"
        ),
        score=0.8,
        check=_named_body,
        needs=(*"大学 学院 中学 小学 幼儿园 学校 中 派出所 村委会 居委会 街道办 局 信用社 研究 厂".split(),),
        langs=_ZH,
        examples=(
            Example("就读于<ORGANISATION>成都市实验小学</ORGANISATION>"),
            Example("小学文化，大学本科"),
        ),
    ),
    Recogniser(
        name="zh_employer_labelled",
        label=Label.ORGANISATION,
        pattern=(
            rf"(?:工作\s?单位(?:及地址|名称)?|单位名称|就职单位|所在单位|就读学校|学校名称|学校|单\s?位|單位|"
            rf"單位名稱|GZDW|DW)\s{{0,3}}[:=]\s{{0,4}}"
            rf"(?P<v>(?!无|不详|未|退休|个体|自由|同|务农|/|-|mmol|mg|g/){HAN}(?:{HAN}|"
            rf"[A-Za-z\d()·\-]){{2,40}}?)(?=\s{{0,3}}(?:[,，。;、\n|]|电话|邮编|地址|联系|职业|住址|\s{{2,}}|"
            rf"$)|\s)"
        ),
        score=0.85,
        needs=("单", "学校", "DW"),
        langs=_ZH,
        examples=(
            Example("工作单位：<ORGANISATION>红星机械厂三车间</ORGANISATION> 电话"),
            Example("单位：mmol/L，工作单位：无"),
        ),
    ),
)
