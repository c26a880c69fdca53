"""What Chinese admission notes say of a person beside the name: age, ethnic group, native place, occupation.

Rules: an age is found at every value, the policy decides from which one it is hidden; ethnic group, native place and
occupation need their label, or the fixed run of an admission note (男，58岁，汉族，已婚，农民).
"""

from __future__ import annotations

from onprem.detect.contract import Example, Recogniser
from onprem.detect.recognisers._zh_words import HAN, LINK, any_of, lexicon
from onprem.labels import Label

_ZH = frozenset({"zh"})
_NUMERAL = "[一二三四五六七八九十百两]"
_GROUPS = any_of(
    "汉 蒙古 回 藏 维吾尔 苗 彝 壮 布依 朝鲜 满 侗 瑶 白 土家 哈尼 哈萨克 傣 黎 傈僳 佤 畲 高山 拉祜 水 东乡 "
    "纳西 景颇 柯尔克孜 土 达斡尔 "
    "仫佬 羌 布朗 撒拉 毛南 仡佬 锡伯 阿昌 普米 塔吉克 怒 乌孜别克 俄罗斯 鄂温克 德昂 保安 裕固 京 塔塔尔 独龙 "
    "鄂伦春 赫哲 门巴 珞巴 基诺".split()
)
_JOBS = (
    r"(?:(?:退休|在职|离休|下岗|个体|自由|企业|公司|机关|事业单位|建筑|出租车|货车|公交|小学|中学|大学|高中|"
    r"初中|幼儿园|乡村|学龄前|在校|外来|务工|环卫|"
    r"纺织|煤矿|机械|电力|铁路|银行|国企|外卖|快递|网约车|IT|水产|养殖|果树|餐饮|超市|商场|保险|房产)?"
    r"(?:农民|工人|教师|职员|干部|公务员|司机|学生|会计|个体户|个体|经商|商人|无业|待业|军人|护士|医生|医师|"
    r"律师|工程师|厨师|保安|保洁员|清洁工|技术员|"
    r"家庭主妇|家务|务农|渔民|牧民|矿工|焊工|电工|木工|瓦工|裁缝|售货员|销售|销售员|营业员|服务员|店主|店长|"
    r"老板|经理|民警|警察|记者|编辑|设计师|"
    r"程序员|研究员|儿童|散居儿童|婴幼儿|学龄前儿童|自由职业者?|民工|农民工|工程人员|退休人员|退休|离退休|离休|"
    r"骑手|快递员|环卫工|船员|飞行员|空乘|画家|"
    r"运动员|演员|僧人|道士|村干部|村医|药师|收银员|文员|出纳|司炉工|驾驶员|钳工|车工|纺织工|养殖户|果农|茶农|"
    r"菜农|护工|月嫂|保姆|"
    r"美容师|理发师|摄影师|翻译|导游|主播|教授|讲师|校长|院长|主任))"
)

RECOGNISERS: tuple[Recogniser, ...] = (
    Recogniser(
        name="zh_age",
        label=Label.AGE,
        pattern=(
            r"(?<![\d.])(?P<v>(?:\d{1,3}(?:\.\d)?|半)\s?(?:多|余|几)?\s?(?:周岁|足岁|虚岁|岁|歲)(?:半|多|余)?"
            r"(?:零?\s?\d{1,2}\s?个?月(?:零?\s?\d{1,2}\s?天)?)?)"
        ),
        score=0.95,
        needs=("岁", "歲"),
        examples=(
            Example("男，<AGE>58岁</AGE>"),
            Example("年龄<AGE>3岁2个月</AGE>"),
            Example("<AGE>92 周岁</AGE>"),
            Example("岁月静好"),
        ),
    ),
    Recogniser(
        name="zh_age_numerals",
        label=Label.AGE,
        pattern=(
            rf"(?P<v>(?:{_NUMERAL}{{1,5}}(?:多|几|余)?)\s?(?:周岁|虚岁|岁|歲)(?:半|多)?(?:零?{_NUMERAL}{{1,3}}个月)?)"
        ),
        score=0.95,
        needs=("岁", "歲"),
        langs=_ZH,
        examples=(
            Example("今年<AGE>五十八岁</AGE>"),
            Example("<AGE>八十多岁</AGE>"),
            Example("岁岁平安"),
        ),
    ),
    Recogniser(
        name="zh_age_infant",
        label=Label.AGE,
        pattern=(
            r"(?P<v>(?<![\d.])\d{1,3}\s?(?:月龄|天龄|日龄|周龄|小时龄)|"
            r"(?<![\d.])\d{1,2}\s?个?月(?:零?\s?\d{1,2}\s?天)?(?=大(?![便小])|\s?(?:男|女)(?:婴|孩|宝))"
            r"|(?<=[男女],)\s?\d{1,3}\s?(?:天|个月|月|日|小时|周)(?:\s?\d{1,2}\s?(?:天|日))?(?=[,;。 ]|$)"
            r"|(?<=生后)\d{1,3}\s?(?:天|小时|分钟|个月|周)(?=[,;。入因]))"
        ),
        score=0.85,
        needs=("月", "天", "日", "龄", "小时", "周", "分钟"),
        langs=_ZH,
        examples=(
            Example("患儿女，<AGE>8月龄</AGE>"),
            Example("患儿，男，<AGE>3天</AGE>，因皮肤黄染入院"),
            Example("术后3天，服药2个月"),
        ),
    ),
    Recogniser(
        name="zh_age_labelled",
        label=Label.AGE,
        pattern=(
            rf"(?:年\s?龄|年齡|实足年龄|月龄|日龄){LINK}"
            r"(?P<v>\d{1,3}(?:\.\d)?(?:\s?(?:Y|y|岁|周岁|个月|月|天|日|小时|M|"
            r"D)(?![a-zA-Z]))?(?:\s?\d{1,2}\s?(?:个月|月|天|M))?)(?![\d.\-])"
        ),
        score=0.95,
        needs=("年", "月龄", "日龄"),
        clinical=True,
        examples=(
            Example("年龄：<AGE>58</AGE>"),
            Example("年 龄 <AGE>3月</AGE> 性别 女"),
            Example("年龄相关性黄斑变性"),
        ),
    ),
    Recogniser(
        name="zh_ethnic_group",
        label=Label.ETHNICITY,
        pattern=(
            rf"(?:(?:民\s?族|族别)\s{{0,3}}[:为是]?\s{{0,4}}|[,、。;:\s(男女岁性]|^)(?P<v>{_GROUPS}族)(?![^,、。"
            rf";:\s)/|已未离丧职农工退初小本大男女人患文民籍婚因无]|自治)"
        ),
        score=0.9,
        needs=("族",),
        examples=(
            Example("民族：<ETHNICITY>汉族</ETHNICITY>"),
            Example("男，58岁，<ETHNICITY>维吾尔族</ETHNICITY>，已婚"),
            Example("民族医药，水族馆，家族史无特殊"),
        ),
    ),
    Recogniser(
        name="zh_ethnic_group_labelled",
        label=Label.ETHNICITY,
        pattern=rf"(?:民\s?族|族别)\s{{0,3}}[:为是]\s{{0,4}}(?P<v>{_GROUPS}族?)(?!{HAN})",
        score=0.9,
        needs=("民", "族别"),
        examples=(Example("民族: <ETHNICITY>汉</ETHNICITY> "), Example("民族医学")),
    ),
    Recogniser(
        name="zh_native_place",
        label=Label.NATIVE_PLACE,
        pattern=(
            rf"(?:籍\s?贯|出\s?生\s?地点?|祖籍|原籍|国籍地|生于|出生于|长大于|生长于|原户籍|籍貫){LINK}"
            rf"(?P<v>(?:{any_of(lexicon('zh_places')['short_provinces'])}|{HAN}{{1,4}}(?:省|市|县|州))"
            rf"(?:(?:省|市|自治区|维吾尔自治区|壮族自治区|回族自治区)?{HAN}{{0,8}}?(?:市|县|区|州|镇|乡|村|旗|"
            rf"盟)){{0,3}}(?:省|市)?(?:{HAN}{{2,3}}(?=[,;。\s|]|$))?)"
        ),
        score=0.9,
        needs=("籍", "出", "生于", "长大于", "生长于"),
        langs=_ZH,
        examples=(
            Example("籍贯：<NATIVE_PLACE>四川成都</NATIVE_PLACE>"),
            Example("出生地 <NATIVE_PLACE>湖南省长沙市</NATIVE_PLACE>，职业"),
            Example("生于原籍，久居当地"),
        ),
    ),
    Recogniser(
        name="zh_native_place_labelled",
        label=Label.NATIVE_PLACE,
        pattern=(
            rf"(?:籍\s?贯|出\s?生\s?地点?|籍貫)\s{{0,3}}[:：]\s{{0,4}}(?P<v>(?!不详|无|未|同|本地|"
            rf"当地){HAN}{{2,20}})(?=[,;。|\s]|$)"
        ),
        score=0.85,
        needs=("籍", "出"),
        examples=(Example("出生地：<NATIVE_PLACE>广汉</NATIVE_PLACE>。"), Example("籍贯：不详")),
    ),
    Recogniser(
        name="zh_occupation",
        label=Label.OCCUPATION,
        pattern=rf"(?:职\s?业|職業|从事|工种)\s{{0,3}}[:为是]?\s{{0,4}}(?P<v>{_JOBS})",
        score=0.9,
        needs=("职", "職業", "从事", "工种"),
        examples=(
            Example("职业：<OCCUPATION>退休教师</OCCUPATION>"),
            Example("职业 <OCCUPATION>农民</OCCUPATION> 住址"),
            Example("职业暴露，从事体力劳动"),
        ),
    ),
    Recogniser(
        name="zh_occupation_labelled",
        label=Label.OCCUPATION,
        pattern=(
            rf"(?:职\s?业|職業)\s{{0,2}}:\s{{0,4}}(?P<v>(?!不详|不便|无(?!业)|未|其他){HAN}{{2,10}})(?=[,;。|\s(/]|"
            rf"$)"
        ),
        score=0.85,
        needs=("职", "職業"),
        examples=(Example("职业：<OCCUPATION>铝合金安装</OCCUPATION>，"), Example("职业：不详")),
    ),
    Recogniser(
        name="zh_occupation_run",
        label=Label.OCCUPATION,
        pattern=(
            rf"(?:已婚|未婚|离异|丧偶|离婚|族|再婚)[,、\s]{{1,2}}(?:[初高]中|小学|大专|本科|文盲)?(?:文化|"
            rf"学历)?[,、\s]{{0,2}}(?P<v>{_JOBS})(?=[,、。;\s])"
        ),
        score=0.85,
        needs=("婚", "族", "丧偶", "离异"),
        langs=_ZH,
        examples=(
            Example("男，58岁，汉族，已婚，<OCCUPATION>农民</OCCUPATION>，因咳嗽入院"),
            Example("已婚，工作压力大"),
        ),
    ),
)
