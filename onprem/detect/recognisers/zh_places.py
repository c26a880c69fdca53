"""Places in Chinese records: province, city, district, address by label, street, estate and village.

Rules: a province stays a span of its own (policies may keep it); an address needs its label or a part that only
addresses have (栋, 单元, 号, 村…组).
"""

from __future__ import annotations

import re

from onprem.detect.contract import Example, Recogniser
from onprem.detect.recognisers._zh_places import (
    CITY_NAMES,
    DISTRICT,
    NUMERAL,
    OF_NAME,
    PLACES,
    PROVINCE,
    SHORT_PROVINCE,
    START,
)
from onprem.detect.recognisers._zh_words import HAN, any_of, label
from onprem.labels import Label

_ZH = frozenset({"zh"})
_BARE_CITIES = tuple(name for name in CITY_NAMES if not name.endswith(("市", "盟")) and len(name) <= 4)
_IN = "[在去到于赴往从回住自]"
_PROVINCE_2 = "(?:" + "|".join(name for name in PLACES["short_provinces"] if len(name) == 2) + ")"
# a city without its class counts behind a preposition of place or a province
_BEHIND = "|".join(f"(?<={before}{'.' * count})" for before in (_IN, _PROVINCE_2, "省") for count in (2, 3, 4))
_STREET = (
    rf"{OF_NAME}{{1,22}}?(?:路|街|大道|巷|胡同|弄|道|里|街道|横街|支路|段|线)(?:[东西南北中]|{NUMERAL}{{1,3}})?(?:路|"
    rf"段|里|巷|弄|街|横街|支弄|条)?"
)
_HOUSE = (
    rf"(?:\s?{NUMERAL}{{1,5}}(?:[-\-之]{NUMERAL}{{1,4}})?\s?(?:号|號)(?:院|附{NUMERAL}{{1,3}}号|大院|楼)?|"
    rf"\s?[A-Za-z\d]{{1,4}}(?:栋|幢|座|号楼|单元|室|户|层|楼|房|期|区|弄|组|队)|\s?{NUMERAL}{{1,4}}(?:栋|幢|座|"
    rf"号楼|单元|室|户|层|楼|房|期|区|弄|组|队|社)|(?:\s?\d{{1,4}}[-\-]){{1,4}}\d{{1,4}}(?:室|号)?|"
    rf"[甲乙丙丁东西南北](?:座|栋|区|单元|楼)|(?<=[栋幢座元期楼])\s?\d{{3,4}})"
)
_ESTATE_KIND = (
    "小区 花园 家园 公寓 苑 新村 嘉园 花苑 公馆 名城 新城 国际城 广场 大厦 家属院 家属楼 宿舍 社区 庄园 山庄 "
    "华府 府 庭 居 园 里 城 湾 郡 邸 轩 阁 院 半岛 人家 天下"
).split()
_ESTATE = rf"{OF_NAME}{{1,24}}?{any_of(_ESTATE_KIND)}"
_VILLAGE = (
    rf"{OF_NAME}{{1,18}}?(?:镇|乡|街道|苏木|农场|林场|团场){OF_NAME}{{0,8}}(?:村(?!医)|社区|居委会|屯|寨|庄|连|"
    rf"队|嘎查)(?:委会|"
    rf"民委员会)?(?:{NUMERAL}{{1,3}}(?:组|社|队|号|屯))?(?:\s?{NUMERAL}{{1,4}}号)?"
)
_ADDRESS_LABEL = label(
    *(
        "住址 地址 现住址 家庭住址 家庭地址 居住地址 户籍地址 户口地址 户口所在地 户籍所在地 联系地址 通讯地址 "
        "通信地址 邮寄地址 收货地址 单位地址 现住 常住地址 常住地 居住地 暂住地 暂住地址 户籍地 户籍 家住 现居 "
        "现居住 送货地址 ZZ XZZ JTZZ 長住地址 現住址"
    ).split()
)

RECOGNISERS: tuple[Recogniser, ...] = (
    Recogniser(
        name="zh_province",
        label=Label.STATE,
        pattern=PROVINCE,
        score=0.9,
        needs=("省", "自治区", "特别行政区", "北京市", "天津市", "上海市", "重庆市"),
        langs=_ZH,
        examples=(Example("现住<STATE>四川省</STATE>"), Example("不省人事")),
    ),
    Recogniser(
        name="zh_city",
        label=Label.CITY,
        pattern=(
            rf"(?P<v>{any_of(name for name in CITY_NAMES if not name.endswith('市'))}(?:(?:苗族侗族|土家族苗族|"
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
        pattern=rf"(?P<v>{DISTRICT}|(?<=[省市州盟]){OF_NAME}{{1,5}}?(?:自治县|县|区|旗|市)(?!院|场|委|立|域|别|分))",
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
            rf"(?:\([^()\n]{{1,12}}\)|于|在|为|是)?\s{{0,3}}[:]?\s{{0,4}}(?:{PROVINCE}|{SHORT_PROVINCE}省?)?\s?"
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
        pattern=rf"{START}(?P<v>{_STREET}{_HOUSE}(?:{_ESTATE})?(?:{_HOUSE}){{0,5}})",
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
            rf"{START}(?P<v>{_ESTATE}\s?(?:[A-Za-z]?\d{{1,3}}|[一二三四五六七八九十]{{1,3}}|[A-Z])\s?(?:栋|幢|座|"
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
        pattern=rf"{START}(?P<v>{_VILLAGE})",
        score=0.85,
        needs=("镇", "乡", "街道", "苏木", "农场", "林场", "团场"),
        langs=_ZH,
        check=lambda value: not re.search(r"镇静|镇痛|镇咳|镇吐|镇定|家乡|老乡|医院|卫生", value),
        examples=(
            Example("家住<ADDRESS>大邑县安仁镇红星村3组</ADDRESS>"),
            Example("镇静，镇痛，乡村医生"),
        ),
    ),
)
