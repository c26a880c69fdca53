"""Places and institutions in Chinese records: province, city, address, hospital, employer, school.

Rules: a province stays a span of its own (policies may keep it); a hospital is found with its place prefix, and never
from words for any hospital (当地医院, 三甲医院, 外院); an address needs its label or a part that only addresses have.
"""

from __future__ import annotations

import re

from onprem.detect.contract import Example, Recogniser
from onprem.detect.recognisers._zh_words import HAN, any_of, han_except, label, lexicon
from onprem.labels import Label

_ZH = frozenset({"zh"})
_PLACES = lexicon("zh_places")
_PROVINCE = any_of(_PLACES["provinces"])
_SHORT_PROVINCE = any_of(_PLACES["short_provinces"])
_CITY_NAMES = tuple(_PLACES["cities"].split())
_CITY = any_of(_CITY_NAMES)
_DISTRICT = any_of(_PLACES["districts"].split())
_STOPS = (
    "进離离謝谢據据检檢系居询詢位在去到至于往经由从赴被把让给我你他她您的了是为后及与跟因自又也就刚今昨有转送住看找"
    "问说叫请这那哪某各每患者"
    "於從給讓說問請這與轉獨"
)  # in no name
_BEFORE = "现和或同等家当前本曾已其回来向将入都时再该"  # in names, but one may also begin behind them
# a character of a place's or institution's own name
_H = han_except(_STOPS)
_NUM = r"[\d一二三四五六七八九十百零〇]"
_START = (
    rf"(?<!{han_except(_STOPS + _BEFORE)})(?![年月日号])(?!回[^龙民族春兴]|来[^宾安凤])"  # where such a name may begin
)

_BARE_CITIES = tuple(name for name in _CITY_NAMES if not name.endswith(("市", "盟")) and len(name) <= 4)
_IN = "[在去到于赴往从回住自]"
_PROVINCE_2 = "(?:" + "|".join(name for name in _PLACES["short_provinces"] if len(name) == 2) + ")"
# a city without its class counts behind a preposition of place or a province
_BEHIND = "|".join(f"(?<={before}{'.' * count})" for before in (_IN, _PROVINCE_2, "省") for count in (2, 3, 4))
_STREET = (
    rf"{_H}{{1,22}}?(?:路|街|大道|巷|胡同|弄|道|里|街道|横街|支路|段|线)(?:[东西南北中]|{_NUM}{{1,3}})?(?:路|"
    rf"段|里|巷|弄|街|横街|支弄|条)?"
)
_HOUSE = (
    rf"(?:\s?{_NUM}{{1,5}}(?:[-\-之]{_NUM}{{1,4}})?\s?(?:号|號)(?:院|附{_NUM}{{1,3}}号|大院|楼)?|"
    rf"\s?[A-Za-z\d]{{1,4}}(?:栋|幢|座|号楼|单元|室|户|层|楼|房|期|区|弄|组|队)|\s?{_NUM}{{1,4}}(?:栋|幢|座|"
    rf"号楼|单元|室|户|层|楼|房|期|区|弄|组|队|社)|(?:\s?\d{{1,4}}[-\-]){{1,4}}\d{{1,4}}(?:室|号)?|"
    rf"[甲乙丙丁东西南北](?:座|栋|区|单元|楼)|(?<=[栋幢座元期楼])\s?\d{{3,4}})"
)
_ESTATE_KIND = (
    "小区 花园 家园 公寓 苑 新村 嘉园 花苑 公馆 名城 新城 国际城 广场 大厦 家属院 家属楼 宿舍 社区 庄园 山庄 "
    "华府 府 庭 居 园 里 城 湾 郡 邸 轩 阁 院 半岛 人家 天下"
).split()
_ESTATE = rf"{_H}{{1,24}}?{any_of(_ESTATE_KIND)}"
_VILLAGE = (
    rf"{_H}{{1,18}}?(?:镇|乡|街道|苏木|农场|林场|团场){_H}{{0,8}}(?:村(?!医)|社区|居委会|屯|寨|庄|连|队|嘎查)(?:委会|"
    rf"民委员会)?(?:{_NUM}{{1,3}}(?:组|社|队|号|屯))?(?:\s?{_NUM}{{1,4}}号)?"
)
_AMBIGUOUS = ("同济", "浙一", "浙二", "宣武", "新华医院")  # need a preposition before them
_KNOWN_HOSPITAL = any_of(name for name in _PLACES["hospital_names"] if name not in _AMBIGUOUS)
_ADDRESS_LABEL = label(
    *(
        "住址 地址 现住址 家庭住址 家庭地址 居住地址 户籍地址 户口地址 户口所在地 户籍所在地 联系地址 通讯地址 "
        "通信地址 邮寄地址 收货地址 单位地址 现住 常住地址 常住地 居住地 暂住地 暂住地址 户籍地 户籍 家住 现居 "
        "现居住 送货地址 ZZ XZZ JTZZ 長住地址 現住址"
    ).split()
)
_SUFFIX = (
    "(?:医院|醫院|卫生院|卫生服务中心|卫生服务站|卫生室|卫生所|诊所|门诊部|妇幼保健院|妇幼保健所|妇幼保健中心|"
    "妇保院|保健院|疗养院|急救中心|医学中心|医疗中心|血液中心|"
    "体检中心|疾控中心|疾病预防控制中心|康复中心|护理院|护理中心|养老院|敬老院|福利院|养老中心|老年公寓|防治院|"
    "防治所|防治中心|影像中心|检验中心|检验所|透析中心|血站|医务室|中医馆|国医堂|中医堂|大药房|药店|月子中心|"
    "口腔(?!科|医|诊|门|癌|溃|护|黏|粘|腔|卫|内|颌|粘)|安宁疗护中心)"
)
_BRANCH = (
    rf"(?:\(?(?:{_H}{{1,5}}?|[东西南北总新老])(?:院区|分院|分部|院部|本部|校区)\)?|\(?(?:[东西南北新老总]院|本部)\)?)?"
)
_BODY = rf"(?:{_H}|[\d()](?!\d{{4}})){{0,18}}?"
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
        name="zh_province",
        label=Label.STATE,
        pattern=_PROVINCE,
        score=0.9,
        needs=("省", "自治区", "特别行政区", "北京市", "天津市", "上海市", "重庆市"),
        langs=_ZH,
        examples=(Example("现住<STATE>四川省</STATE>"), Example("不省人事")),
    ),
    Recogniser(
        name="zh_city",
        label=Label.CITY,
        pattern=(
            rf"(?P<v>{any_of(name for name in _CITY_NAMES if not name.endswith('市'))}(?:(?:苗族侗族|土家族苗族|"
            rf"布依族苗族|彝族|藏族羌族|藏族|蒙古族|哈尼族彝族|白族|傣族景颇族|傣族|朝鲜族|回族|哈萨克|蒙古)?(?:市|"
            rf"自治州|州|地区|盟)))(?!场)"
        ),
        score=0.9,
        needs=("市", "州", "地区", "盟"),
        langs=_ZH,
        examples=(Example("现住<CITY>成都市</CITY>"), Example("菜市场")),
    ),
    Recogniser(
        name="zh_city_bare",
        label=Label.CITY,
        pattern=rf"(?P<v>{any_of(_BARE_CITIES)})(?:{_BEHIND})(?![肽片丸胶液药])",
        score=0.8,
        needs=("han",),
        langs=_ZH,
        examples=(Example("在<CITY>成都</CITY>打工"), Example("四川<CITY>绵阳</CITY>人"), Example("在长期")),
    ),
    Recogniser(
        name="zh_district",
        label=Label.CITY,
        pattern=rf"(?P<v>{_DISTRICT}|(?<=[省市州盟]){_H}{{1,5}}?(?:自治县|县|区|旗|市)(?!院|场|委|立|域|别|分))",
        score=0.85,
        needs=("区", "县", "旗", "市"),
        langs=_ZH,
        examples=(Example("<CITY>武侯区</CITY>"), Example("病区，心前区")),
    ),
    Recogniser(
        name="zh_address_labelled",
        label=Label.ADDRESS,
        pattern=(
            rf"{_ADDRESS_LABEL}"
            rf""
            rf""
            rf""
            rf""
            rf"(?:\([^()\n]{{1,12}}\)|于|在|为|是)?\s{{0,3}}[:]?\s{{0,4}}(?:{_PROVINCE}|{_SHORT_PROVINCE}省?)?\s?"
            rf"(?P<v>(?!地址|所在地|不详|无|未|同|本地|当地|[县市区]?城[内区镇]|农村|城市|附近|地区|环境|址|"
            rf"家中|市区|楼房|平房|固定|者|时间|较|一|两|宿舍|高|低)(?:{HAN}|[A-Za-z\d#()·\-/ ]){{2,60}}?)"
            r"(?=\s{0,3}(?:[,，。;、\n|]|邮编|邮政|电话|联系|手机|身份|职业|单位|工作|入院|出生|民族|籍贯|户口|"
            r"科室|婚姻|与患者|\s{2,}|$))"
        ),
        score=0.9,
        check=lambda value: re.search(r"[路街巷村组号栋室镇乡县区市园苑弄队屯寨道里楼]|\d", value) is not None,
        needs=("址", "地", "住", "户籍", "现居", "ZZ"),
        langs=_ZH,
        examples=(
            Example("现住址：四川省<ADDRESS>成都市武侯区人民南路三段17号3栋2单元501室</ADDRESS> 电话"),
            Example("地址：不详；住址变更"),
        ),
    ),
    Recogniser(
        name="zh_address_street",
        label=Label.ADDRESS,
        pattern=rf"{_START}(?P<v>{_STREET}{_HOUSE}(?:{_ESTATE})?(?:{_HOUSE}){{0,5}})",
        score=0.85,
        needs=(*"路 街 大道 巷 胡同 弄 道 里 段".split(),),
        langs=_ZH,
        check=lambda value: (
            re.search(r"[号號弄栋幢座元室]|\d-\d", value) is not None
            and not re.search(r"[管腹尿肠气吸化阴产胆]道|[通旁尿]路|思路|[椎肠动静]\S?段", value)
        ),
        examples=(
            Example("家住<ADDRESS>武侯区人民南路三段17号3栋2单元501室</ADDRESS>"),
            Example("住在<ADDRESS>中山东一路23弄5号302室</ADDRESS>。"),
            Example("走路3层楼即气促，尿路感染2次"),
        ),
    ),
    Recogniser(
        name="zh_address_estate",
        label=Label.ADDRESS,
        pattern=(
            rf"{_START}(?P<v>{_ESTATE}\s?(?:[A-Za-z]?\d{{1,3}}|[一二三四五六七八九十]{{1,3}}|[A-Z])\s?(?:栋|幢|座|"
            rf"号楼|期|号院|单元|-\d{{1,3}}-\d{{2,4}})(?:{_HOUSE}){{0,5}})"
        ),
        score=0.85,
        needs=(*"栋 幢 座 号楼 期 号院 单元 -".split(),),
        langs=_ZH,
        check=lambda value: (
            re.search(r"[栋幢座号楼院元]|\d-\d|(?:小区|花园|家园|公寓|苑|新村|城).*期", value) is not None
            and not re.search(r"病房|医院|住院|门诊|康复|临床|分期|单元格", value)
        ),
        examples=(
            Example("住<ADDRESS>锦绣花园3栋2单元501室</ADDRESS>"),
            Example("居家康复1期，I期临床"),
        ),
    ),
    Recogniser(
        name="zh_address_village",
        label=Label.ADDRESS,
        pattern=rf"{_START}(?P<v>{_VILLAGE})",
        score=0.85,
        needs=("镇", "乡", "街道", "苏木", "农场", "林场", "团场"),
        langs=_ZH,
        check=lambda value: not re.search(r"镇静|镇痛|镇咳|镇吐|镇定|家乡|老乡|医院|卫生", value),
        examples=(
            Example("家住<ADDRESS>大邑县安仁镇红星村3组</ADDRESS>"),
            Example("镇静，镇痛，乡村医生"),
        ),
    ),
    Recogniser(
        name="zh_hospital",
        label=Label.HOSPITAL,
        pattern=(
            rf"(?P<v>(?:{_PROVINCE}|{_SHORT_PROVINCE}省?|{_CITY}市?|中国|解放军|武警|航天|核工业|煤矿|铁路|"
            rf"联勤保障部队|{_START}{_H}{{1,8}}?(?:[省市县区州镇乡旗村]|街道|大学|医学院))"
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
        pattern=rf"(?:^|(?<=[\W在去到至于往经由从赴入来及和与转送回是]))(?P<v>{_H}{{2,10}}?{_SUFFIX}{_BRANCH})",
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
            rf"(?P<v>(?:{_SHORT_PROVINCE}省?|{_CITY}市?|{_START}{_H}{{0,4}}?[省市县区州])(?:第?[一二三四五六七"
            rf"八九十]{{1,2}}(?:人民)?(?:医院|院)|人民医院|中心医院|中医(?:医)?院|妇幼(?:保健院)?|立医院|"
            rf"肿瘤医院|儿童医院|医院)(?=[^\u4e00-\u9fff]|就|住|行|复|检|查|门|做|治|手|出|转|诊|的|看|给|急|"
            rf"内|外|心|神|消|呼|肿|骨|妇|儿|$)"
            rf"|(?:{_START}{_H}{{1,4}}?(?:大|医大?|大学))?附(?:属)?[一二三四五六][人民]{{0,2}}(?:医院|院)|"
            rf"{_KNOWN_HOSPITAL}"
            rf""
            rf""
            rf""
            rf"(?:医院)?(?:{_H}{{1,4}}院区)?|(?<=[在去到至于往经由从赴来转])(?:同济|浙一|浙二|宣武)(?:医院)?)"
        ),
        score=0.8,
        check=lambda value: (
            value not in {"省医院", "市医院", "县医院", "区医院", "州医院"}
            and not re.search(r"^(?:外|当地|本|各|该|我|城)[省市县区州](?:级)?医院$", value)
        ),
        needs=("院", "妇幼", *_PLACES["hospital_names"]),
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
            rf"{_START}(?P<v>{_H}{{2,20}}?(?:(?:股份)?有限(?:责任)?公司|集团(?:公司|有限公司)?|分公司|"
            rf"律师事务所|会计师事务所|合作社)(?:{_H}{{1,6}}分公司)?)"
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
            rf"(?P<v>(?:{_PROVINCE}|{_SHORT_PROVINCE}|{_CITY}市?|{_START}{_H}{{1,5}}?[市县区镇乡村]|"
            rf"(?<=[在读于是]){_H}{{2,4}})(?:{_H}|第?[一二三四五六七八九十\d]{{1,3}}){{0,10}}?"
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
