"""Public bodies, shops and services in Chinese records, and the numbers of their documents; identity cards of Hong Kong.

Rules: a body is found with its place or its own name before it, never from words for any such body (辖区派出所, 当地法院).
"""

from __future__ import annotations

import re

from onprem.detect.contract import Example, Recogniser
from onprem.detect.recognisers._zh_places import CITY, OF_NAME, PROVINCE, SHORT_PROVINCE
from onprem.labels import Label

_ZH = frozenset({"zh"})
_BODY = (
    "(?:看守所|派出所|拘留所|监狱|戒毒所|殡仪馆|救助(?:管理)?站|血站|法院|检察院|公安(?:分)?局|交警(?:大队|支队|中队)|消防(?:大队|支队|救援站)|"
    "司法鉴定(?:中心|所)|鉴定中心|鉴定所|卫生健康(?:委员会|委|局)|卫健[委局]|医疗保障局|医保局|民政局|人社局|残联|红十字会|"
    "居委会|村委会|居民委员会|村民委员会|街道办(?:事处)?|福利中心|辅具中心|养护中心|托养中心|征兵(?:体检)?站|仲裁委员会|"
    "[支分]公司|营业部|项目部|车间|矿业|煤矿|[一二三四]号井|器械(?:店|行|公司)|家政(?:公司|服务部)?|旅行社|驾校|健身房|超市|饭店|餐厅|酒店|"
    "寺|教堂|清真寺)"
)
_GENERIC = re.compile(
    r"^(?:当地|本地|外地|辖区|附近|所在|所属|该|本|某|各|上级|基层|县|市|区|镇|乡|村|社区|街道|人民|中级|高级|公安|刑警|交通|户籍|现住|居住|居住地|户口|"
    r"居家|家|小|大|一家|这家|那家|去|在|到|由|被|送|经|与|和|向|请|民警|连锁|平价|海鲜|快捷|某家|单位|学校|工地|市级|省级|区级|县级|司法|法医|医学|"
    r"病理|伤残|劳动|物证|生产|维修|包装|装配|铸造|锻造|喷漆|注塑|纺织|食品|加工|医疗|康复|商业|保险|人寿)*"
)


def _named(value: str) -> bool:
    """Say whether something of a name stands before the word for the body."""
    stem = re.sub(_BODY + "$", "", value)
    return len(_GENERIC.sub("", stem, count=1)) >= 2 and not re.search(
        r"患者|医生|家属|本人|我们?|你们?|他们?|她", stem
    )


RECOGNISERS: tuple[Recogniser, ...] = (
    Recogniser(
        name="zh_public_body",
        label=Label.ORGANISATION,
        pattern=(
            rf"(?:^|(?<=[\W致由于在经向到至往与和被送从]))(?P<v>(?![致由于在经向到至往与和被送从])"
            rf"(?:{PROVINCE}|{SHORT_PROVINCE}省?|{CITY}市?|{OF_NAME}{{1,8}}?[省市县区州镇乡旗村])"
            rf"{OF_NAME}{{0,14}}?{_BODY})(?![长员])"
        ),
        score=0.8,
        check=_named,
        needs=(
            *(
                "看守所 派出所 拘留所 监狱 戒毒所 殡仪馆 救助 血站 法院 检察院 公安 交警 消防 "
                "鉴定 卫生健康 卫健 保障局 医保局 民政局 人社局 残联 红十字会 委会 委员会 "
                "街道办 福利中心 辅具 养护 托养 征兵 仲裁 公司 营业部 项目部 车间 矿 号井 "
                "器械 家政 旅行社 驾校 健身房 超市 饭店 餐厅 酒店 寺 教堂"
            ).split(),
        ),
        langs=_ZH,
        examples=(
            Example("羁押于<ORGANISATION>普定县看守所</ORGANISATION>，"),
            Example("致<ORGANISATION>钟祥市救助管理站</ORGANISATION>："),
            Example("<ORGANISATION>白山市浑江区征兵体检站</ORGANISATION> 2025年"),
            Example("由辖区派出所民警送入，向当地法院起诉，在市区超市购买，法医鉴定中心"),
        ),
    ),
    Recogniser(
        name="zh_document_number",
        label=Label.OTHER_ID,
        pattern=(
            r"(?P<v>[\u4e00-\u9fff]{1,12}[〔\[(（【](?:19|20)\d\d[〕\])）】][\u4e00-\u9fff]{0,8}第?\d{1,6}(?:-\d{1,3})?号)"
        ),
        score=0.9,
        needs=("号",),
        langs=_ZH,
        examples=(
            Example("决定书编号：<OTHER_ID>延州人社工认字〔2025〕0067号</OTHER_ID>。"),
            Example("文书号：<OTHER_ID>黔衡司鉴〔2022〕精鉴字第41号</OTHER_ID>"),
            Example("依据2020年第4号文件"),
        ),
        check=lambda value: not re.match(r"国办发|国卫|国发|卫办|卫医|药监|财社|医保发", value),
    ),
    Recogniser(
        name="hong_kong_identity",
        label=Label.NATIONAL_ID,
        pattern=r"[A-Z](?<![A-Za-z\d].)[A-Z]?\d{6}[(（][\dA][)）]",
        score=0.9,
        needs=("number",),
        examples=(Example("香港身份證號碼：<NATIONAL_ID>K582913(4)</NATIONAL_ID>"), Example("A12(3), K58291(4)")),
    ),
    Recogniser(
        name="zh_date_minguo",
        label=Label.DATE,
        pattern=(
            r"(?:民國|民国)\s?(?:\d{1,3}|[〇零一二三四五六七八九十百]{1,5})\s?年\s?"
            r"(?:\d{1,2}|[一二三四五六七八九十]{1,3})\s?月(?:\s?(?:\d{1,2}|[一二三四五六七八九十廿卅]{1,3})\s?[日號号])?"
        ),
        score=0.9,
        needs=("民國", "民国"),
        langs=_ZH,
        examples=(Example("手術日期<DATE>民國113年9月18日</DATE>"), Example("民國113年以前")),
    ),
)
